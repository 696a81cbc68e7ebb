/*
 * The world a plan relies on, as named facts, and whether it is still the same one. Must never
 * call a difference small: the first one is named, with before and after, and nothing runs.
 */
#include <string.h>

#include "policy/inside.h"
#include "text.h"
#include "banned.h"

#define RANKS 9 /* of facts, see is_of_rank */

static int
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

struct naming {
	struct arena *arena;
	struct plan *plan;
};

static void
add(struct naming *n, const char *what, const char *name, const char *field, const char *value)
{
	plan_add_fact(n->arena, n->plan, arena_printf(n->arena, "%s %s %s", what, name, field),
	    value == NULL ? "" : value);
}

static void
add_node(struct naming *n, const struct topology *t, const struct node *x, int is_acted_on)
{
	const struct node *up = topology_find_identity(t, x->upstream);

	add(n, "node", x->name, "identity", x->identity);
	add(n, "node", x->name, "role", role_name(x->role));
	add(n, "node", x->name, "timeline", arena_printf(n->arena, "%d", x->timeline));
	/* The digest of a topology is over the identity of the upstream, so it is said too. */
	add(n, "node", x->name, "upstream",
	    x->upstream == NULL ? "-"
	    : up == NULL	? x->upstream
				: arena_printf(n->arena, "%s (%s)", up->name, x->upstream));
	if (is_acted_on)
		add(n, "node", x->name, "start", x->incarnation);
}

static void
add_hold(struct naming *n, const struct node *x)
{
	add(n, "hold", x->name, "state", hold_name(x->hold));
	add(n, "hold", x->name, "position", x->replay.text);
	add(n, "hold", x->name, "start", x->incarnation);
}

static void
add_consumer(struct naming *n, const struct consumer *c)
{
	if (c->is_unidentified)
		add(n, "consumer", arena_printf(n->arena, "%s %s", c->what, c->name),
		    arena_printf(n->arena, "on %s", c->node), "not identified");
}

static void
add_topology(struct naming *n, const struct topology *t, const struct session *s)
{
	size_t i;

	for (i = 0; i < t->nnodes; i++) {
		add_node(n, t, &t->nodes[i], strcmp(t->nodes[i].name, s->node) == 0);
		if (look_is_paused(&t->nodes[i]))
			add_hold(n, &t->nodes[i]);
	}
	for (i = 0; i < t->nconsumers; i++)
		add_consumer(n, &t->consumers[i]);
	memcpy(n->plan->topology, t->digest, sizeof(n->plan->topology));
}

static void
add_session(struct naming *n, const struct session *s)
{
	size_t i;

	plan_add_fact(n->arena, n->plan, "session node", s->node == NULL ? "" : s->node);
	plan_add_fact(
	    n->arena, n->plan, "session database", s->database == NULL ? "" : s->database);
	plan_add_fact(n->arena, n->plan, "session database oid",
	    arena_printf(n->arena, "%u", s->database_oid));
	plan_add_fact(n->arena, n->plan, "session user", s->login == NULL ? "" : s->login);
	plan_add_fact(
	    n->arena, n->plan, "session role", s->current_role == NULL ? "" : s->current_role);
	for (i = 0; i < s->nsettings; i++)
		plan_add_fact(n->arena, n->plan,
		    arena_printf(n->arena, "session %s", s->settings[i].name),
		    s->settings[i].value);
}

/* Relations share one space of names; whatever else is named says its type. */
static int
is_relation(const char *type)
{
	static const char *const types[] = {
	    "table", "view", "index", "sequence", "materialized view", "foreign table"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return 1;
	return 0;
}

static const char *
number(struct arena *a, uint32_t v)
{
	return v == 0 ? "none" : arena_printf(a, "%u", v);
}

static void
add_object(struct naming *n, const struct object *o)
{
	const char *name = object_name(n->arena, o);

	if (!is_relation(o->type))
		name = arena_printf(n->arena, "%s %s", o->type, name);
	add(n, "object", name, "oid", number(n->arena, o->oid));
	add(n, "object", name, "relfilenode", number(n->arena, o->relfilenode));
}

static void
add_objects(struct naming *n, const struct plan *p)
{
	const struct action *x;
	size_t i, k, j;

	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			x = &p->statements[i].actions[k];
			for (j = 0; j < x->nobjects; j++)
				add_object(n, &x->objects[j]);
		}
}

/* A recorded hold on a node nobody sees now is a precondition as well. */
static void
add_records(struct naming *n, const struct topology *t, const struct hold *holds, size_t nholds)
{
	size_t i;

	for (i = 0; i < nholds; i++) {
		if (t != NULL && topology_find_identity(t, holds[i].identity) != NULL)
			continue;
		add(n, "hold", holds[i].node, "state", "not seen");
		add(n, "hold", holds[i].node, "position", holds[i].position);
		add(n, "hold", holds[i].node, "start", holds[i].incarnation);
	}
}

/* What an earlier look said goes, but for what CASCADE takes: the command that asked added that. */
static void
forget(struct plan *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nworld; i++)
		if (begins(p->world[i].name, "takes "))
			p->world[n++] = p->world[i];
	p->nworld = n;
}

void
policy_world(struct arena *a, struct plan *p, const struct topology *t, const struct session *s,
    const struct hold *holds, size_t nholds)
{
	struct naming n = {a, p};
	const char *cluster = t != NULL && t->cluster != NULL && t->cluster[0] != '\0' ? t->cluster
			      : s->cluster != NULL				       ? s->cluster
										       : "";

	forget(p);
	plan_add_fact(a, p, "cluster identity", cluster);
	add_session(&n, s);
	add_objects(&n, p);
	if (t != NULL)
		add_topology(&n, t, s);
	add_records(&n, t, holds, nholds);
}

/* More holds than planned are fine; so is a consumer that went away. */
static int
may_differ(const struct plan *before, const char *name, int was_there)
{
	if (begins(name, "hold "))
		return !was_there;
	if (begins(name, "consumer "))
		return was_there;
	/* A plan made before the topology was known relied on none of it. */
	if (begins(name, "node "))
		return !was_there && before->topology[0] == '\0';
	return 0;
}

static int
stale(const char *name, const char *before, const char *now, struct err *e)
{
	err_set(e, ERR_STALE,
	    "%.300s: %.300s -> %.300s; the world changed since the plan was made, and nothing was "
	    "run",
	    name, before, now);
	return err_hint(
	    e, "Type the statement again: a new plan is made for the world as it is now.");
}

static int
differs(const struct plan *before, const struct fact *was, const struct fact *is, struct err *e)
{
	if (was != NULL && is != NULL) {
		if (strcmp(was->value, is->value) == 0)
			return 0;
		return stale(was->name, was->value, is->value, e);
	}
	if (was != NULL)
		return may_differ(before, was->name, 1) ? 0
							: stale(was->name, was->value, "(gone)", e);
	return may_differ(before, is->name, 0) ? 0 : stale(is->name, "(not there)", is->value, e);
}

/* The cause before its consequences: what the sentence names first. */
static int
is_of_rank(const char *name, int rank)
{
	static const char *const first[] = {"session node", "session database", "session ", "node ",
	    "hold ", "consumer ", "object ", "takes "};
	int i;

	for (i = 0; i < RANKS - 1; i++)
		if (begins(name, first[i]))
			return i == rank;
	return rank == RANKS - 1;
}

/* Both lists are sorted by name; the first difference of this rank is the one that is named. */
static int
compare_rank(const struct plan *before, const struct plan *now, int rank, struct err *e)
{
	size_t i = 0, k = 0;
	const struct fact *was, *is;
	int c;

	while (i < before->nworld || k < now->nworld) {
		c = i == before->nworld ? 1
		    : k == now->nworld	? -1
					: strcmp(before->world[i].name, now->world[k].name);
		was = c <= 0 ? &before->world[i] : NULL;
		is = c >= 0 ? &now->world[k] : NULL;
		i += c <= 0;
		k += c >= 0;
		if (is_of_rank(was != NULL ? was->name : is->name, rank) &&
		    differs(before, was, is, e) != 0)
			return -1;
	}
	return 0;
}

int
policy_world_compare(const struct plan *before, const struct plan *now, struct err *e)
{
	int rank;

	for (rank = 0; rank < RANKS; rank++)
		if (compare_rank(before, now, rank, e) != 0)
			return -1;
	if (before->topology[0] != '\0' && strcmp(before->topology, now->topology) != 0)
		return stale("topology digest", before->topology, now->topology, e);
	if (now->policy[0] != '\0' && strcmp(before->policy, now->policy) != 0)
		return stale("policy digest", before->policy, now->policy, e);
	if (now->verdict.level > before->verdict.level)
		return stale("level", level_name(before->verdict.level),
		    now->verdict.nreasons > 0 ? now->verdict.reasons[0].sentence
					      : level_name(now->verdict.level),
		    e);
	if (now->verdict.approvals > before->verdict.approvals)
		return err_set(e, ERR_STALE,
		    "approvals: %d -> %d; more persons must sign now, and nothing was run",
		    before->verdict.approvals, now->verdict.approvals);
	return 0;
}
