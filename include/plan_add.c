/*
 * Growing a plan: steps, facts and losses appended in the plan's arena. Both the guard builder and
 * an engine's wording use it, hence it lives below them. Must never look at a server or a clock.
 */
#include <string.h>

#include "arena.h"
#include "plan.h"
#include "banned.h"

struct step *
plan_add(struct arena *a, struct plan *p)
{
	struct step *s;

	p->steps = arena_grow(a, p->steps, p->nsteps, sizeof(*p->steps));
	s = &p->steps[p->nsteps++];
	memset(s, 0, sizeof(*s));
	return s;
}

void
plan_add_node(struct arena *a, struct plan *p, const char *name, const char *identity,
    const char *incarnation, enum role role, int is_held)
{
	p->nodes = arena_grow(a, p->nodes, p->nnodes, sizeof(*p->nodes));
	p->nodes[p->nnodes++] = (struct plan_node){.name = arena_strdup(a, name),
	    .identity = arena_strdup(a, identity),
	    .incarnation = arena_strdup(a, incarnation),
	    .role = role,
	    .is_held = is_held};
}

/* The world stays sorted by name; a fact said twice keeps its last value. */
void
plan_add_fact(struct arena *a, struct plan *p, const char *name, const char *value)
{
	size_t at = 0;

	while (at < p->nworld && strcmp(p->world[at].name, name) < 0)
		at++;
	if (at < p->nworld && strcmp(p->world[at].name, name) == 0) {
		p->world[at].value = arena_strdup(a, value == NULL ? "" : value);
		return;
	}
	p->world = arena_grow(a, p->world, p->nworld, sizeof(*p->world));
	memmove(&p->world[at + 1], &p->world[at], (p->nworld - at) * sizeof(*p->world));
	p->world[at].name = arena_strdup(a, name);
	p->world[at].value = arena_strdup(a, value == NULL ? "" : value);
	p->nworld++;
}

void
plan_add_loss(struct arena *a, struct plan *p, const char *what, const char *detail)
{
	p->losses = arena_grow(a, p->losses, p->nlosses, sizeof(*p->losses));
	p->losses[p->nlosses].what = arena_strdup(a, what);
	p->losses[p->nlosses].detail = arena_strdup(a, detail);
	p->nlosses++;
}

int
plan_promotes(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == KIND_PROMOTE)
			return 1;
	return 0;
}

const char *
plan_target(const struct plan *p)
{
	size_t i;

	if (plan_promotes(p) && p->nnodes > 0)
		return p->nodes[0].name;
	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].conn == CONN_HOST && p->steps[i].part == PART_MAIN &&
		    step_kind_acts(p->steps[i].kind))
			return p->steps[i].node;
	return p->session.node;
}

const char *
plan_target_identity(const struct plan *p)
{
	const char *name = plan_target(p);
	size_t i;

	for (i = 0; name != p->session.node && i < p->nnodes; i++)
		if (strcmp(p->nodes[i].name, name) == 0)
			return p->nodes[i].identity;
	return p->session.identity;
}
