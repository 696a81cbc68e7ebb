/*
 * Replicas below a held one: where the engine passes on only what was applied, holding the upper
 * one keeps them back too. They are left running, and read before and after. Must never count on it
 * where the engine cannot prove it.
 */
#include <string.h>

#include "policy/guarding.h"
#include "policy/steps.h"
#include "banned.h"

#define SHOW 8

int
guard_covers(const struct guarding *g)
{
	return g->nbelow > 0;
}

void
guard_stays_here(struct guarding *g)
{
	const char *offer;

	if (g->say->stays_here != NULL && g->say->stays_here(&g->plan->session)) {
		g->stays_here = 1;
		g->nset = 0;
		guard_reason(g, "stays-here", g->plan->verdict.level,
		    arena_printf(g->arena,
			"Your session writes into no log: it happens on %s alone, nobody is held, "
			"and every replica keeps what it has and goes on replicating.",
			g->primary->name));
		return;
	}
	offer = g->say->rebuild_here == NULL ? NULL
					     : g->say->rebuild_here(g->arena, g->plan, g->primary);
	if (offer != NULL)
		guard_reason_first(g, "rebuild-here", g->plan->verdict.level, offer);
}

static int
is_in_set(const struct guarding *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < g->nset; i++)
		if (g->set[i] == n)
			return 1;
	return 0;
}

static int
may_be_covered(const struct guarding *g, const struct node *n)
{
	return g->say->covers(g->plan, n) && !look_is_paused(n) && n != g->node;
}

/* The held one above it, with none between them that is not kept back itself; or NULL. */
static const struct node *
held_above(const struct guarding *g, const struct node *n)
{
	const struct node *up = n;
	size_t i;

	for (i = 0; i < g->in->topology->nnodes && may_be_covered(g, up); i++) {
		up = topology_find_identity(g->in->topology, up->upstream);
		if (up == NULL || up->role != ROLE_REPLICA || !is_in_set(g, up))
			return NULL;
		/* Right below the one that writes, nothing above it keeps it back. */
		if (!may_be_covered(g, up) ||
		    topology_find_identity(g->in->topology, up->upstream) == g->primary)
			return up;
	}
	return NULL;
}

static void
say_covered(struct guarding *g)
{
	const char **names = arena_array(g->arena, g->nbelow, sizeof(*names));
	const char **above = arena_array(g->arena, g->nbelow, sizeof(*above));
	size_t i, k, n = 0;

	for (i = 0; i < g->nbelow; i++) {
		names[i] = g->below[i].node->name;
		for (k = 0; k < n && strcmp(above[k], g->below[i].above->name) != 0; k++)
			;
		if (k == n)
			above[n++] = g->below[i].above->name;
	}
	guard_reason(g, "covered-below", g->plan->verdict.level,
	    arena_printf(g->arena,
		"%s replicate%s from %s and get%s only what is applied there: protected by that "
		"hold, left running, and read again before and after.",
		look_join(g->arena, names, g->nbelow, SHOW), g->nbelow == 1 ? "s" : "",
		look_join(g->arena, above, n, SHOW), g->nbelow == 1 ? "s" : ""));
}

void
guard_choose_covered(struct guarding *g)
{
	const struct node **set, *above;
	size_t i, n = 0;

	if (g->say->covers == NULL || g->nset == 0)
		return;
	set = arena_array(g->arena, g->nset, sizeof(*set));
	g->below = arena_array(g->arena, g->nset, sizeof(*g->below));
	for (i = 0; i < g->nset; i++) {
		above = held_above(g, g->set[i]);
		if (above != NULL)
			g->below[g->nbelow++] = (struct covered){g->set[i], above};
		else
			set[n++] = g->set[i];
	}
	g->set = set;
	g->nset = n;
	if (g->nbelow > 0)
		say_covered(g);
}

void
guard_build_cover(struct guarding *g)
{
	size_t i, from = g->plan->nsteps;

	g->wave++;
	for (i = 0; i < g->nbelow; i++)
		g->say->cover(g->arena, g->plan, g->below[i].above, g->below[i].node, g->wave);
	steps_set_part(g->plan, from, PART_BEFORE);
	steps_sort(g->plan, from);
}

void
guard_build_recover(struct guarding *g)
{
	size_t i, from = g->plan->nsteps;

	g->wave++;
	for (i = 0; i < g->nbelow; i++)
		g->say->recover(g->arena, g->plan, g->below[i].above, g->below[i].node, g->wave);
	steps_set_part(g->plan, from, PART_AFTER);
	steps_sort(g->plan, from);
}
