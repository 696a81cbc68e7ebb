/*
 * The guard builder: a plan with its statements becomes the guarded plan. It knows when which
 * guard is needed and in which order; how an engine says it is the wording's. Must never leave a
 * gated statement without a connection of its own.
 */
#include <string.h>
#include <strings.h>

#include "policy/guarding.h"
#include "policy/steps.h"
#include "banned.h"

#define DAY_MS 86400000
#define GRACE_MS 5000 /* the server's own limit comes first */

static int
has(const struct guarding *g, unsigned guard)
{
	return (g->plan->verdict.guards & guard) != 0;
}

int
guard_always(const struct guarding *g)
{
	(void)g;
	return 1;
}

int
guard_on_operator(const struct guarding *g)
{
	return g->on_operator;
}

int
guard_on_main(const struct guarding *g)
{
	return !g->on_operator;
}

int
guard_in_open_tx(const struct guarding *g)
{
	return g->on_operator && g->plan->session.tx == TX_OPEN && has(g, GUARD_LIMITS) &&
	       g->say->limit != NULL;
}

int
guard_holds(const struct guarding *g)
{
	return has(g, GUARD_HOLD) && g->nset > 0;
}

/* The position before the statement is worth having even where nobody is held. */
int
guard_fences(const struct guarding *g)
{
	return has(g, GUARD_HOLD) && g->primary != NULL;
}

int
guard_hardens(const struct guarding *g)
{
	return has(g, GUARD_HOLD) && g->nset > 0 && g->primary != NULL;
}

void
guard_build_limit(struct guarding *g)
{
	size_t from = g->plan->nsteps;

	if (g->say->limit == NULL) {
		guard_reason(g, "no-limit", LEVEL_CONFIRM,
		    "No lock limit can be set inside your transaction: it may wait, and let others "
		    "wait, until you press Ctrl-C.");
		return;
	}
	g->say->limit(g->arena, g->plan, g->node, g->in->policy->lock_timeout_ms,
	    g->in->policy->statement_timeout_ms);
	steps_set_part(g->plan, from, PART_MAIN);
	steps_set_conn(g->plan, from, CONN_OPERATOR);
}

static int
statement_timeout(const struct guarding *g)
{
	int ms = g->in->policy->statement_timeout_ms;

	if (!has(g, GUARD_LIMITS) || ms <= 0 || ms > DAY_MS)
		return DAY_MS;
	return ms + GRACE_MS;
}

static void
add_statement(struct guarding *g, size_t no, enum step_conn conn, enum step_kind kind)
{
	const struct statement *x = &g->plan->statements[no];
	struct step *s = plan_add(g->arena, g->plan);

	s->part = PART_MAIN;
	s->type = STEP_TEXT;
	s->kind = kind;
	s->conn = conn;
	s->node = g->node->name;
	s->texts = arena_array(g->arena, 1, sizeof(*s->texts));
	s->texts[0] = arena_strndup(g->arena, g->plan->text + x->from, x->len);
	s->ntexts = 1;
	s->timeout_ms = statement_timeout(g);
	s->why = kind == KIND_BEGIN    ? "opens the transaction, in the operator's own words"
		 : kind == KIND_COMMIT ? "ends the transaction, in the operator's own words"
				       : arena_strdup(g->arena, statement_why(x));
}

void
guard_build_operator(struct guarding *g)
{
	size_t i;

	for (i = 0; i < g->plan->nstatements; i++)
		add_statement(g, i, CONN_OPERATOR, KIND_STATEMENT);
}

void
guard_build_hold(struct guarding *g)
{
	size_t i, from = g->plan->nsteps;

	g->wave++;
	for (i = 0; i < g->nset; i++) {
		g->say->hold(g->arena, g->plan, g->set[i], g->wave);
		/* Who is held already is not asked again, only seen again. */
		if (look_is_paused(g->set[i]))
			steps_drop(g->plan, from, KIND_HOLD, g->set[i]->name);
	}
	steps_set_part(g->plan, from, PART_BEFORE);
	steps_sort(g->plan, from);
}

void
guard_build_fence(struct guarding *g)
{
	size_t from = g->plan->nsteps;

	g->say->fence(g->arena, g->plan, g->primary, g->set, g->nset, 0);
	steps_set_part(g->plan, from, PART_BEFORE);
}

void
guard_build_harden(struct guarding *g)
{
	size_t i, from = g->plan->nsteps;
	const char *why, *room;

	g->wave++;
	for (i = 0; i < g->nset; i++) {
		room = policy_room(g->arena, g->in, g->set[i]);
		if (room != NULL)
			guard_reason(g, arena_printf(g->arena, "room-%s", g->set[i]->name),
			    LEVEL_ALLOW, room);
		if (!policy_harden(g->arena, g->plan, g->in, g->set[i], g->wave, &why))
			guard_reason(g, arena_printf(g->arena, "not-hardened-%s", g->set[i]->name),
			    LEVEL_CONFIRM, policy_not_hardened(g->arena, g->set[i], why));
	}
	steps_set_part(g->plan, from, PART_BEFORE);
	steps_sort(g->plan, from);
}

void
guard_build_enter(struct guarding *g)
{
	const struct site_policy *p = g->in->policy;
	size_t from = g->plan->nsteps;

	g->say->enter(g->arena, g->plan, g->node, &g->plan->session,
	    has(g, GUARD_LIMITS) ? p->lock_timeout_ms : 0,
	    has(g, GUARD_LIMITS) ? p->statement_timeout_ms : 0, g->in_tx, has(g, GUARD_READ_ONLY));
	steps_set_part(g->plan, from, PART_MAIN);
}

static enum step_kind
kind_of(const struct guarding *g, size_t no)
{
	const struct statement *s = &g->plan->statements[no];

	if (g->shape != SHAPE_WRAPPED)
		return KIND_STATEMENT;
	if (no == 0)
		return KIND_BEGIN;
	return no == g->plan->nstatements - 1 && look_is_tx(s, "commit") ? KIND_COMMIT
									 : KIND_STATEMENT;
}

void
guard_build_main(struct guarding *g)
{
	size_t i;

	for (i = g->first; i < g->end; i++)
		add_statement(g, i, CONN_MAIN, kind_of(g, i));
}

void
guard_build_leave(struct guarding *g)
{
	size_t from = g->plan->nsteps;

	/* A pasted text that ends with its own ROLLBACK has ended the transaction by itself. */
	if (g->in_tx && g->shape == SHAPE_WRAPPED && g->end == g->plan->nstatements)
		return;
	g->say->leave(g->arena, g->plan, g->node, g->in_tx);
	steps_set_part(g->plan, from, PART_MAIN);
}

void
guard_build_reprove(struct guarding *g)
{
	size_t i, from = g->plan->nsteps;

	g->wave++;
	for (i = 0; i < g->nset; i++)
		g->say->reprove(g->arena, g->plan, g->primary, g->set[i], g->wave);
	steps_set_part(g->plan, from, PART_AFTER);
	steps_sort(g->plan, from);
}

/* On the operator's own connection: what is bound to it, and what needs no guard of its own. */
static int
is_for_operator(const struct plan *p)
{
	const unsigned guards =
	    GUARD_HOLD | GUARD_LIMITS | GUARD_READ_ONLY | GUARD_OBJECTS | GUARD_COUNT;

	if (p->session.tx != TX_NONE)
		return 1;
	if (p->verdict.level > LEVEL_CONFIRM)
		return 0;
	if ((p->verdict.guards & guards) == 0)
		return 1;
	return p->nstatements == 1 &&
	       (statement_flags(&p->statements[0]) & (ACTION_SESSION | ACTION_TX)) != 0;
}

/* BEGIN without options, in the words both dialects know: then ours can stand in its place. */
static int
is_plain_begin(const struct plan *p)
{
	static const char *const words[] = {
	    "begin", "begin work", "begin transaction", "start transaction"};
	const struct statement *s = &p->statements[0];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (s->len == strlen(words[i]) &&
		    strncasecmp(p->text + s->from, words[i], s->len) == 0)
			return 1;
	return 0;
}

static int
has_no_tx(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nstatements; i++)
		if (statement_flags(&p->statements[i]) & (ACTION_NO_TX | ACTION_CONCURRENTLY))
			return 1;
	return 0;
}

/* Which statements are sent as such, and whether a transaction of ours is around them. */
static void
choose_transaction(struct guarding *g)
{
	const struct plan *p = g->plan;
	int ends;

	g->first = 0;
	g->end = p->nstatements;
	g->shape = look_tx_shape(p->statements, p->nstatements);
	g->in_tx = g->shape == SHAPE_NONE && !has_no_tx(p);
	if (g->shape == SHAPE_WRAPPED && is_plain_begin(p)) {
		g->in_tx = 1;
		g->first = 1;
		if (look_is_tx(&p->statements[p->nstatements - 1], "commit"))
			g->end--;
	}
	ends = g->say->ends_tx != NULL && g->say->ends_tx(p);
	if (ends)
		g->in_tx = 0;
	if (g->on_operator || p->nstatements < 2)
		return;
	if (!ends && (g->in_tx || g->shape == SHAPE_WRAPPED))
		guard_reason(g, "all-or-nothing", p->verdict.level,
		    "All statements run in one transaction: if one fails, none of them happened.");
	else
		guard_reason(g, "one-by-one", p->verdict.level,
		    "A statement of this text cannot run in a transaction, so each is permanent by "
		    "itself: if one fails, those before it have happened. Type it by itself.");
}

static int
choose_nodes(struct guarding *g, struct err *e)
{
	const struct session *s = &g->plan->session;
	const struct topology *t = g->in->topology;
	struct node *made;

	g->node = t == NULL ? NULL : topology_find(t, s->node);
	if (g->node == NULL) {
		made = arena_alloc(g->arena, sizeof(*made));
		made->name = s->node;
		made->identity = s->identity;
		made->incarnation = s->incarnation;
		made->cluster = s->cluster;
		made->role = s->role;
		made->version = s->version;
		g->node = made;
	}
	g->primary = t == NULL ? NULL : topology_primary(t);
	if (!has(g, GUARD_HOLD))
		return 0;
	if (t == NULL || g->primary == NULL)
		return err_set(e, ERR_REFUSED,
		    "who would replay it is not known, so no hold could be proved; nothing was "
		    "sent");
	g->nset = look_hold_set(g->arena, t, g->in->policy, &g->set);
	guard_stays_here(g);
	guard_choose_covered(g);
	return 0;
}

static int
can_be_guarded(const struct plan *p, const struct guard_input *in, struct err *e)
{
	if (p->verdict.level == LEVEL_REFUSE || p->verdict.nreasons == 0)
		return err_set(e, ERR_REFUSED, "%s",
		    p->verdict.nreasons == 0 ? "nobody judged this plan, so it is refused"
					     : p->verdict.reasons[0].sentence);
	if (in->engine == NULL || in->engine->wording == NULL)
		return err_set(e, ERR_REFUSED,
		    "this engine has no words for guards, so nothing can be guarded and nothing "
		    "was "
		    "sent");
	if (p->nstatements == 0)
		return err_set(e, ERR_REFUSED, "there is no statement to guard");
	if (memchr(p->text, '\0', p->text_len) != NULL)
		return err_set(e, ERR_REFUSED,
		    "the text holds a NUL byte, and a server would read only what is before it; "
		    "nothing was sent");
	return 0;
}

int
policy_guard(struct arena *a, struct plan *p, const struct guard_input *in, struct err *e)
{
	struct guarding g = {.arena = a, .plan = p, .in = in};
	const struct guard_row *r;

	if (can_be_guarded(p, in, e) != 0)
		return -1;
	g.say = in->engine->wording;
	g.on_operator = is_for_operator(p);
	if (choose_nodes(&g, e) != 0)
		return -1;
	choose_transaction(&g);
	for (r = guard_rows; r->id != NULL; r++)
		if (r->when(&g))
			r->build(&g);
	/* What runs at once and changes nothing is never compared with a later world. */
	if (p->verdict.level > LEVEL_ALLOW || p->danger > DANGER_READ)
		policy_world(a, p, in->topology, &p->session, in->holds, in->nholds);
	return 0;
}
