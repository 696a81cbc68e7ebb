/*
 * Arranging steps: see steps.h. Must never lose one that was not named.
 */
#include <string.h>

#include "arena.h"
#include "policy/steps.h"
#include "banned.h"

void
steps_arg(struct arena *a, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(a, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs].name = name;
	s->args[s->nargs++].value = value == NULL ? "" : arena_strdup(a, value);
}

void
steps_report(struct arena *a, struct step *s, const char *name)
{
	s->keeps = arena_array(a, 1, sizeof(*s->keeps));
	s->keeps[s->nkeeps++] = (struct keep){0, name, VALUE_TEXT};
}

void
steps_set_part(struct plan *p, size_t from, enum step_part part)
{
	for (; from < p->nsteps; from++)
		p->steps[from].part = part;
}

void
steps_set_conn(struct plan *p, size_t from, enum step_conn conn)
{
	for (; from < p->nsteps; from++)
		p->steps[from].conn = conn;
}

void
steps_set_undo(struct plan *p, size_t from, const char *undo)
{
	for (; from < p->nsteps; from++)
		p->steps[from].undo = undo;
}

void
steps_drop(struct plan *p, size_t from, enum step_kind kind, const char *node)
{
	size_t to = from;

	for (; from < p->nsteps; from++)
		if (p->steps[from].kind != kind || strcmp(p->steps[from].node, node) != 0)
			p->steps[to++] = p->steps[from];
	p->nsteps = to;
}

void
steps_sort(struct plan *p, size_t from)
{
	struct step s;
	size_t i, k;

	for (i = from + 1; i < p->nsteps; i++) {
		s = p->steps[i];
		for (k = i; k > from && p->steps[k - 1].wave > s.wave; k--)
			p->steps[k] = p->steps[k - 1];
		p->steps[k] = s;
	}
}
