/*
 * What a guarded plan says besides its steps: the nodes it relies on, what cannot be held, the way
 * back, the reversible form. Must never promise a way back that is not there.
 */
#include <string.h>

#include "policy/guarding.h"
#include "banned.h"

#define SHOW 8

void
guard_reason(struct guarding *g, const char *rule, enum level level, const char *sentence)
{
	struct verdict *v = &g->plan->verdict;
	struct reason *more = arena_array(g->arena, v->nreasons + 1, sizeof(*more));

	/* The verdict may live in an array of the judge: this one is ours. */
	memcpy(more, v->reasons, v->nreasons * sizeof(*more));
	more[v->nreasons] = (struct reason){rule, sentence, NULL, level};
	v->reasons = more;
	v->nreasons++;
}

void
guard_reason_first(struct guarding *g, const char *rule, enum level level, const char *sentence)
{
	struct verdict *v = &g->plan->verdict;
	struct reason last;

	guard_reason(g, rule, level, sentence);
	last = v->reasons[v->nreasons - 1];
	memmove(v->reasons + 1, v->reasons, (v->nreasons - 1) * sizeof(last));
	v->reasons[0] = last;
}

static void
add_node(struct guarding *g, const struct node *n, int is_held)
{
	struct plan *p = g->plan;

	p->nodes = arena_grow(g->arena, p->nodes, p->nnodes, sizeof(*p->nodes));
	p->nodes[p->nnodes++] =
	    (struct plan_node){n->name, n->identity, n->incarnation, n->role, is_held};
}

void
guard_nodes(struct guarding *g)
{
	size_t i;

	g->plan->nodes = NULL;
	g->plan->nnodes = 0;
	add_node(g, g->node, 0);
	if (g->primary != NULL && g->primary != g->node && g->nset > 0)
		add_node(g, g->primary, 0);
	for (i = 0; i < g->nset; i++)
		if (g->set[i] != g->node)
			add_node(g, g->set[i], look_is_paused(g->set[i]));
	for (i = 0; i < g->nbelow; i++)
		add_node(g, g->below[i].node, 0);
}

static void
accept(struct guarding *g, const char *what)
{
	struct plan *p = g->plan;

	p->accepted = arena_grow(g->arena, p->accepted, p->naccepted, sizeof(*p->accepted));
	p->accepted[p->naccepted++] = what;
}

void
guard_accepted(struct guarding *g)
{
	const char **names;
	size_t i, n;

	g->plan->accepted = NULL;
	g->plan->naccepted = 0;
	if (!(g->plan->verdict.guards & GUARD_HOLD))
		return;
	n = look_cannot_hold(g->arena, g->in->topology, &names);
	for (i = 0; i < n; i++)
		accept(g, names[i]);
	n = look_not_chosen(g->arena, g->in->topology, g->in->policy, &names);
	for (i = 0; i < n; i++)
		accept(g,
		    arena_printf(g->arena, "replica %s (the policy does not hold it)", names[i]));
}

static void
back(struct guarding *g, enum way_back way, const char *sentence)
{
	g->plan->back = way;
	g->plan->way_back = sentence;
}

static const char *
held_names(struct guarding *g)
{
	const char **names = arena_array(g->arena, g->nset, sizeof(*names));
	size_t i;

	for (i = 0; i < g->nset; i++)
		names[i] = g->set[i]->name;
	return look_join(g->arena, names, g->nset, SHOW);
}

static int
ends_in_rollback(const struct plan *p)
{
	return look_tx_shape(p->statements, p->nstatements) == SHAPE_WRAPPED &&
	       look_is_tx(&p->statements[p->nstatements - 1], "rollback");
}

/* A move into the quarantine schema, letter by letter as the reversible form words it: back again.
 */
static const char *
move_back(struct guarding *g, const struct statement *s)
{
	const struct object *o = &s->actions[0].objects[0];
	const char *aside = g->in->policy->quarantine, *text;

	if (s->nactions != 1 || s->actions[0].nobjects != 1 || o->schema == NULL ||
	    o->name == NULL || strcmp(s->actions[0].kind, "alter-set-schema") != 0)
		return NULL;
	text = arena_printf(g->arena, "ALTER TABLE %s.%s SET SCHEMA %s",
	    g->say->quote(g->arena, o->schema), g->say->quote(g->arena, o->name),
	    g->say->quote(g->arena, aside));
	if (s->len != strlen(text) || memcmp(g->plan->text + s->from, text, s->len) != 0)
		return NULL;
	return arena_printf(g->arena, "ALTER TABLE %s.%s SET SCHEMA %s",
	    g->say->quote(g->arena, aside), g->say->quote(g->arena, o->name),
	    g->say->quote(g->arena, o->schema));
}

/* The whole text is the reversible form of a drop; the schema it may make stays, empty. */
static const char *
out_of_quarantine(struct guarding *g)
{
	const char *all = NULL, *one;
	size_t i;

	if (g->say->quote == NULL || g->in->policy->quarantine == NULL)
		return NULL;
	for (i = 0; i < g->plan->nstatements; i++) {
		const struct statement *s = &g->plan->statements[i];

		if (s->nactions == 1 && strcmp(s->actions[0].kind, "create-schema") == 0)
			continue;
		if ((one = move_back(g, s)) == NULL)
			return NULL;
		all = all == NULL ? one : arena_printf(g->arena, "%s; %s", all, one);
	}
	return all;
}

static const char *
inverse(struct guarding *g)
{
	const char *text = out_of_quarantine(g);

	if (text != NULL)
		return text;
	if (g->say->inverse == NULL || g->plan->nstatements != 1)
		return NULL;
	return g->say->inverse(g->arena, &g->plan->statements[0]);
}

/* True where `undo` knows how to bring back all that is destroyed. */
static int
can_undo(const struct plan *p)
{
	const struct action *act;
	size_t i, k, m;

	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			act = &p->statements[i].actions[k];
			if (act->danger < DANGER_OPAQUE)
				continue;
			for (m = 0; m < act->nobjects && undo_mode(act, &act->objects[m]) == NULL;
			     m++)
				;
			if (m == act->nobjects)
				return 0;
		}
	return 1;
}

static const char *
from_copy(struct guarding *g)
{
	return arena_printf(g->arena,
	    "The safety copy in %s, taken and read again before it runs: `undo` brings it back "
	    "from "
	    "there, for %d days at least.",
	    g->in->policy->safety_copies, g->in->policy->safety_days);
}

static void
gated_way_back(struct guarding *g)
{
	const char *stranded;

	if (g->nset > 0 && !can_undo(g->plan))
		back(g, BACK_REPLICA,
		    arena_printf(g->arena,
			"%s keep%s everything as it was before this, as long as the hold stands; "
			"`undo` does not know this kind of statement: it would be brought back "
			"from "
			"there by hand.",
			held_names(g), g->nset == 1 ? "s" : ""));
	else if (g->nset > 0 && (stranded = undo_stranded(g->arena, g->plan)) != NULL)
		back(g, BACK_REPLICA,
		    arena_printf(g->arena,
			"%s keep%s everything as it was before this, as long as the hold stands; "
			"`undo` cannot bring %s back, with its values, into a table that stays: "
			"that takes a copy from there by hand.",
			held_names(g), g->nset == 1 ? "s" : "", stranded));
	else if (g->nset > 0)
		back(g, BACK_REPLICA,
		    arena_printf(g->arena,
			"%s keep%s everything as it was before this: `undo` brings it back from "
			"there, as long as the hold stands.",
			held_names(g), g->nset == 1 ? "s" : ""));
	else if (g->stays_here)
		back(g, BACK_NONE,
		    "No statement takes it back here; the replicas still have what they had: load "
		    "it from one of them, under the same setting.");
	else if (guard_copies(g))
		back(g, BACK_COPY, from_copy(g));
	else
		back(g, BACK_NONE,
		    guard_wants_copy(g)
			? "No replica is held and the policy names no directory for safety_copies, "
			  "so no copy stays behind: only a backup could bring it back."
			: "No replica is held, so no copy stays behind: only a backup could bring "
			  "it back.");
}

void
guard_way_back(struct guarding *g)
{
	const struct plan *p = g->plan;
	const char *text;

	if (p->danger == DANGER_READ || (p->verdict.guards & GUARD_READ_ONLY))
		back(g, BACK_ROLLBACK, "Nothing lasting happens to rows.");
	else if (ends_in_rollback(p))
		back(g, BACK_ROLLBACK, "It ends with ROLLBACK: nothing lasting happens to rows.");
	else if (p->session.tx == TX_OPEN)
		back(g, BACK_ROLLBACK, "Until you COMMIT, ROLLBACK takes it back.");
	else if (p->verdict.guards & GUARD_HOLD)
		gated_way_back(g);
	else if ((text = inverse(g)) != NULL)
		back(g, BACK_STATEMENT, text);
	else if (guard_copies(g))
		back(g, BACK_COPY, from_copy(g));
	else if (p->verdict.guards & GUARD_COUNT)
		back(g, BACK_ROLLBACK,
		    "Until you type commit, it is rolled back; after that nothing takes it back.");
	else
		back(g, BACK_NONE, "No statement is known that takes it back.");
}

void
guard_reversible(struct guarding *g)
{
	const char *text = NULL;

	g->plan->reversible = "";
	if (!(g->plan->verdict.guards & GUARD_REVERSIBLE) || g->plan->nstatements != 1)
		return;
	if (g->say->reversible != NULL)
		text = g->say->reversible(
		    g->arena, &g->plan->statements[0], g->in->policy->quarantine);
	if (text != NULL)
		g->plan->reversible = text;
}
