/*
 * What commands share to make plans: see planning.h. Asks, judges, guards; does nothing.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "commands/planning.h"
#include "commands/searching.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

struct plan *
planning_new(struct context *c, const char *text, size_t len)
{
	struct plan *p = arena_alloc(c->arena, sizeof(*p));

	id_new(p->id);
	p->engine = c->engine->name;
	p->incident = c->incident;
	p->requester = c->is_signed ? c->person : "";
	p->reason = "";
	p->text = text;
	p->text_len = len;
	p->session = *c->session;
	p->way_back = "";
	p->undoes = "";
	p->reversible = "";
	text_copy(p->policy, sizeof(p->policy), c->policy->digest);
	if (c->topology != NULL)
		text_copy(p->topology, sizeof(p->topology), c->topology->digest);
	return p;
}

struct judge_input
planning_judge(const struct context *c, const struct plan *p)
{
	return (struct judge_input){.policy = c->policy,
	    .cluster = c->cluster_config,
	    .statements = p->statements,
	    .nstatements = p->nstatements,
	    .session = c->session,
	    .topology = c->topology,
	    .holds = c->holds,
	    .nholds = c->nholds,
	    .is_journal_writable = c->is_journal_writable,
	    .is_signed = c->is_signed,
	    .now = (int64_t)time(NULL)};
}

int
planning_topology(struct context *c, struct err *e)
{
	if (ask_topology(c->cluster, c->waiter, &c->topology, e) != 0)
		return err_wrap(e, "could not look at the replication topology; nothing was run");
	return 0;
}

int
planning_guard(struct context *c, struct plan *p, const struct findings *f, struct err *e)
{
	struct judge_input in = planning_judge(c, p);
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .topology = c->topology,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};

	in.has_dependents = f->nblockers > 0;
	in.no_cascade =
	    c->engine != NULL && c->engine->wording != NULL && c->engine->wording->no_cascade;
	in.dependents = f->blockers;
	in.ndependents = f->nblockers;
	in.estimate = f->estimate;
	policy_judge(c->arena, &in, &p->verdict);
	searching_remember(c, p);
	planning_backups(c, p);
	if (c->topology != NULL)
		text_copy(p->topology, sizeof(p->topology), c->topology->digest);
	/* What is refused has no steps; its world is still compared with that of a filed plan. */
	if (p->verdict.level == LEVEL_REFUSE) {
		policy_world(c->arena, p, c->topology, &p->session, c->holds, c->nholds);
		return 0;
	}
	if (p->verdict.guards & GUARD_HOLD)
		planning_files(c, &g);
	return policy_guard(c->arena, p, &g, e);
}

int
planning_defines(struct context *c, const char *text, const char *name, struct err *e)
{
	struct lexical lx = {0};
	const struct statement *st;
	const struct action *worst;
	struct script s;
	size_t i, k;

	c->engine->lexical(c->session, &lx);
	lx.engine = c->engine;
	if (classify(c->classifier, text, strlen(text), &lx, c->arena, &s, e) != 0)
		return -1;
	for (i = 0; i < s.nstatements; i++) {
		st = &s.statements[i];
		if (st->nactions == 0)
			continue;
		for (k = 0, worst = st->actions; k < st->nactions; k++)
			if (st->actions[k].danger > worst->danger)
				worst = &st->actions[k];
		if (worst->danger >= DANGER_OPAQUE ||
		    (worst->danger > DANGER_WRITE &&
			strncmp(st->actions[0].kind, "create-table", strlen("create-table")) == 0))
			return err_set(e, ERR_REFUSED,
			    "the dump's definition of %s does more than make a table (%s: %s); "
			    "nothing was done",
			    name, worst->kind, worst->why);
	}
	return 0;
}
