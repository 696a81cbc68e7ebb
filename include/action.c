/*
 * Names and sums of actions: see action.h.
 */
#include <string.h>

#include "action.h"
#include "arena.h"
#include "text.h"
#include "banned.h"

static const char *const names[] = {
    [DANGER_READ] = "read",
    [DANGER_WRITE] = "write",
    [DANGER_DANGEROUS] = "dangerous",
    [DANGER_OPAQUE] = "opaque",
    [DANGER_DESTRUCTIVE] = "destructive",
};

const char *
danger_name(enum danger d)
{
	return names[d];
}

int
danger_parse(const char *name)
{
	int i;

	for (i = DANGER_READ; i <= DANGER_DESTRUCTIVE; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int
is_first(const struct statement *s, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (strcmp(s->actions[k].kind, s->actions[i].kind) == 0)
			return 0;
	return 1;
}

const char *
statement_kinds(struct arena *a, const struct statement *s)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < s->nactions; i++)
		if (is_first(s, i))
			out = arena_printf(a, "%s%s%s", out, i > 0 ? "," : "", s->actions[i].kind);
	return out;
}

const char *
statement_why(const struct statement *s)
{
	size_t i;

	for (i = 0; i < s->nactions; i++)
		if (s->actions[i].danger == s->danger)
			return s->actions[i].why;
	return "";
}

unsigned
statement_flags(const struct statement *s)
{
	unsigned f = 0;
	size_t i;

	for (i = 0; i < s->nactions; i++)
		f |= s->actions[i].flags;
	return f;
}

unsigned
script_flags(const struct script *s)
{
	unsigned f = 0;
	size_t i;

	for (i = 0; i < s->nstatements; i++)
		f |= statement_flags(&s->statements[i]);
	return f;
}

const char *
object_name(struct arena *a, const struct object *o)
{
	const char *n = text_inert(a, o->name, strlen(o->name), 0);

	if (o->schema == NULL)
		return n;
	return arena_printf(a, "%s.%s", text_inert(a, o->schema, strlen(o->schema), 0), n);
}
