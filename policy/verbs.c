/*
 * The plans of verbs: pause and resume. Pausing is safing: nobody else is asked, its cost is said.
 * Resuming lets a replica replay what it was kept from, for good: another person approves.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/guarding.h"
#include "policy/steps.h"
#include "text.h"
#include "banned.h"

struct verb {
	struct arena *arena;
	struct plan *plan;
	const struct guard_input *in;
	const struct wording *say;
	const struct node *primary;
	const struct node **nodes;
	size_t n;
};

static void
reason(struct verb *v, const char *rule, enum level level, const char *sentence)
{
	struct verdict *x = &v->plan->verdict;

	x->reasons = arena_grow(v->arena, x->reasons, x->nreasons, sizeof(*x->reasons));
	x->reasons[x->nreasons++] = (struct reason){rule, sentence, NULL, level};
	if (level > x->level)
		x->level = level;
}

/* Each name is a replica that answers, once. */
static int
find_nodes(struct verb *v, const char *const *names, size_t n, struct err *e)
{
	const struct topology *t = v->in->topology;
	const struct node *x;
	size_t i, k;

	if (t == NULL)
		return err_set(e, ERR_REFUSED,
		    "who replicates from whom is not known yet, so nothing was sent");
	v->nodes = arena_array(v->arena, n, sizeof(*v->nodes));
	for (i = 0; i < n; i++) {
		x = topology_find(t, names[i]);
		if (x == NULL)
			return err_set(e, ERR_USAGE,
			    "no node is named \"%.100s\"; nothing was sent", names[i]);
		if (x->role == ROLE_UNKNOWN && x->reason != NULL)
			return err_set(
			    e, ERR_REFUSED, "%s %.300s; nothing was sent", x->name, x->reason);
		if (x->role != ROLE_REPLICA)
			return err_set(e, ERR_REFUSED, "%s is %s, not a replica; nothing was sent",
			    x->name, role_name(x->role));
		for (k = 0; k < v->n && v->nodes[k] != x; k++)
			;
		if (k == v->n)
			v->nodes[v->n++] = x;
	}
	if (v->n == 0)
		return err_set(e, ERR_USAGE, "no node was named; nothing was sent");
	return 0;
}

static int
start(struct verb *v, const char *const *names, size_t n, struct err *e)
{
	if (v->in->engine == NULL || v->in->engine->wording == NULL)
		return err_set(
		    e, ERR_REFUSED, "this engine cannot hold replicas; nothing was sent");
	v->say = v->in->engine->wording;
	memset(&v->plan->verdict, 0, sizeof(v->plan->verdict));
	if (find_nodes(v, names, n, e) != 0)
		return -1;
	v->primary = topology_primary(v->in->topology);
	return 0;
}

static void
finish(struct verb *v)
{
	struct plan *p = v->plan;
	size_t i;

	p->nodes = NULL;
	p->nnodes = 0;
	for (i = 0; i < v->n; i++)
		plan_add_node(v->arena, p, v->nodes[i]->name, v->nodes[i]->identity,
		    v->nodes[i]->incarnation, v->nodes[i]->role, look_is_paused(v->nodes[i]));
	if (p->reversible == NULL)
		p->reversible = "";
	policy_world(v->arena, p, v->in->topology, &p->session, v->in->holds, v->in->nholds);
}

static void
say_cost(struct verb *v)
{
	const struct topology *t = v->in->topology;
	size_t i, left = 0, known = 0;
	const char *room;

	for (i = 0; i < t->nnodes; i++)
		left += t->nodes[i].role == ROLE_REPLICA && !look_is_paused(&t->nodes[i]);
	for (i = 0; i < v->n; i++) {
		room = policy_room(v->arena, v->in, v->nodes[i]);
		if (room != NULL)
			reason(v, arena_printf(v->arena, "room-%s", v->nodes[i]->name), LEVEL_ALLOW,
			    room);
		known += room != NULL;
	}
	reason(v, "pause", LEVEL_ALLOW,
	    known == v->n
		? "It keeps the replicas where they are: readers there see older and older rows, "
		  "the log gathers on their disks. Release them with `resume`, which another "
		  "person approves."
		: "It keeps the replicas where they are: readers there see older and older rows, "
		  "the log gathers on their disks, and how long there is room is not known here. "
		  "Release them with `resume`, which another person approves.");
	if (left <= v->n)
		reason(v, "no-failover-target", LEVEL_ALLOW,
		    "No replica that replays is left: there is nothing to fail over to meanwhile.");
}

/* Only what is not paused yet. */
static void
drop_paused(struct verb *v)
{
	size_t i, n = 0;

	for (i = 0; i < v->n; i++)
		if (!look_is_paused(v->nodes[i]))
			v->nodes[n++] = v->nodes[i];
	v->n = n;
}

static void
add_holds(struct verb *v)
{
	const char *why;
	size_t i, from;

	for (i = 0; i < v->n; i++)
		v->say->hold(v->arena, v->plan, v->nodes[i], 1);
	steps_sort(v->plan, 0);
	if (v->primary != NULL) {
		v->say->fence(v->arena, v->plan, v->primary, v->nodes, v->n, 0);
		from = v->plan->nsteps;
		for (i = 0; i < v->n; i++)
			if (!policy_harden(v->arena, v->plan, v->in, v->nodes[i], 2, &why))
				reason(v,
				    arena_printf(v->arena, "not-hardened-%s", v->nodes[i]->name),
				    LEVEL_ALLOW, policy_not_hardened(v->arena, v->nodes[i], why));
		steps_sort(v->plan, from);
	} else {
		reason(v, "not-hardened", LEVEL_ALLOW,
		    "The one primary was not seen, so the holds cannot be made to survive a "
		    "restart. "
		    "See that nobody restarts the replicas.");
	}
	/* What is paused stays paused, also where another one could not be. */
	steps_set_part(v->plan, 0, PART_BEFORE);
	steps_set_undo(v->plan, 0, NULL);
}

int
policy_plan_pause(struct arena *a, struct plan *p, const struct guard_input *in,
    const char *const *nodes, size_t n, struct err *e)
{
	struct verb v = {.arena = a, .plan = p, .in = in};
	const struct node *freezes;
	const char *manager;

	if (start(&v, nodes, n, e) != 0)
		return -1;
	drop_paused(&v);
	if (v.n == 0)
		return err_set(e, ERR_REFUSED, "%s: paused already; nothing was sent", nodes[0]);
	if ((manager = look_manager(a, in->topology)) != NULL)
		return err_set(e, ERR_REFUSED, "refused: %s", manager);
	freezes = look_freezes_writers(in->topology, v.nodes, v.n);
	if (freezes != NULL && !in->remote_apply_chosen) {
		err_set(e, ERR_REFUSED,
		    "with synchronous_commit = remote_apply, pausing %s freezes every writer; "
		    "nothing "
		    "was sent",
		    freezes->name);
		return err_hint(e, "Choose that explicitly, or pause another replica.");
	}
	p->danger = DANGER_DANGEROUS;
	say_cost(&v);
	add_holds(&v);
	p->back = BACK_STATEMENT;
	p->way_back = "`resume` of the same nodes, when another person agrees.";
	p->is_shown = 1;
	finish(&v);
	return 0;
}

static size_t
depth(const struct topology *t, const struct node *n)
{
	size_t d;

	for (d = 0; n != NULL && d <= t->nnodes; d++)
		n = topology_find_identity(t, n->upstream);
	return d;
}

/* From the top down: a replica gets nothing new before the one above it has replayed. */
static void
sort_by_depth(struct verb *v)
{
	const struct topology *t = v->in->topology;
	const struct node *x;
	size_t i, k;

	for (i = 1; i < v->n; i++) {
		x = v->nodes[i];
		for (k = i; k > 0 && depth(t, v->nodes[k - 1]) > depth(t, x); k--)
			v->nodes[k] = v->nodes[k - 1];
		v->nodes[k] = x;
	}
}

static const struct hold *
hold_of(const struct guard_input *in, const struct node *n)
{
	size_t i;

	for (i = 0; i < in->nholds; i++)
		if (strcmp(in->holds[i].identity, n->identity) == 0)
			return &in->holds[i];
	return NULL;
}

/* Somebody else let it go: what it was kept from is replayed, and nothing is left to decide. */
static int
is_settled(const struct verb *v, const struct node *n)
{
	return v->say->settle != NULL && n->hold == HOLD_NONE && n->target_lsn == NULL;
}

static void
say_settle(struct verb *v, const struct node *n)
{
	reason(v, arena_printf(v->arena, "settle-%s", n->name), LEVEL_CONFIRM,
	    arena_printf(v->arena,
		"%s replays already: somebody released it without `resume`. Nothing is released "
		"now; what would stop it at its next restart is taken away, and the hold is "
		"written off.",
		n->name));
}

static void
say_release(struct verb *v, const struct node *n)
{
	const struct hold *h = hold_of(v->in, n);

	if (n->target_lsn != NULL)
		reason(v, arena_printf(v->arena, "restart-%s", n->name), LEVEL_APPROVE,
		    arena_printf(v->arena,
			"%s was restarted and came up at its recovery target; resuming it would "
			"promote it, so only its settings are reset. Restart its server by hand "
			"afterwards: then it replays.",
			n->name));
	reason(v, arena_printf(v->arena, "resume-%s", n->name), LEVEL_APPROVE,
	    arena_printf(v->arena,
		"%s replays everything it was kept from%s%s, at once and for good; whether its "
		"copy is "
		"still needed is not known here. Compare the data first.",
		n->name, h == NULL || h->plan[0] == '\0' ? "" : ", the statement of plan ",
		h == NULL ? "" : h->plan));
	if (h != NULL && h->plan[0] != '\0' && v->say->skip != NULL)
		reason(v, arena_printf(v->arena, "skip-%s", n->name), LEVEL_APPROVE,
		    arena_printf(v->arena,
			"%s would replay the statement of plan %s, and a reload that followed it "
			"as well, however long that is. %s",
			n->name, h->plan, v->say->skip));
}

int
policy_plan_resume(struct arena *a, struct plan *p, const struct guard_input *in,
    const char *const *nodes, size_t n, struct err *e)
{
	struct verb v = {.arena = a, .plan = p, .in = in};
	const struct node *x;
	const char *left;
	size_t i, from;

	if (start(&v, nodes, n, e) != 0)
		return -1;
	for (i = 0; i < v.n; i++)
		if (!look_is_held(v.nodes[i], in->holds, in->nholds) && !v.nodes[i]->is_hardened)
			return err_set(
			    e, ERR_REFUSED, "%s is not held; nothing was sent", v.nodes[i]->name);
	sort_by_depth(&v);
	p->danger = DANGER_DESTRUCTIVE;
	for (i = 0; i < v.n; i++) {
		from = p->nsteps;
		x = policy_soften(a, p, in, v.nodes[i]);
		if (is_settled(&v, x)) {
			say_settle(&v, x);
			v.say->settle(a, p, x, 0);
		} else {
			say_release(&v, x);
			v.say->release(a, p, x, 0);
		}
		left = policy_left_hard(a, in, x, hold_of(in, x));
		if (left != NULL)
			reason(&v, arena_printf(a, "left-%s", x->name), LEVEL_CONFIRM, left);
		steps_set_part(p, from, PART_MAIN);
	}
	if (p->verdict.level < LEVEL_APPROVE)
		p->danger = DANGER_DANGEROUS;
	else
		p->verdict.approvals = in->policy->approvals < 1 ? 1 : in->policy->approvals;
	p->back = BACK_NONE;
	p->way_back = "What a replica has replayed cannot be taken out of it again.";
	finish(&v);
	return 0;
}
