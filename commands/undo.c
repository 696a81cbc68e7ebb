/*
 * undo PLAN: brings back what an earlier plan took, from the replicas it held, or out of a host's
 * quarantine.
 */
#include "arena.h"
#include "commands/filed.h"
#include "commands/planning.h"
#include "banned.h"

static int
undo_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	struct plan *filed;

	(void)argc;
	if (filed_plan(c, argv[1], &filed, e) != 0 || planning_topology(c, e) != 0)
		return -1;
	if (policy_is_remove(filed) != NULL)
		return rm_undo(c, filed, r, e);
	g.topology = c->topology;
	planning_files(c, &g);
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	if (policy_is_table(filed) != NULL)
		return policy_plan_table_back(c->arena, r->plan, &g, filed, e);
	return policy_plan_undo(c->arena, r->plan, &g, filed, filed_xid(c, filed->id), e);
}

const struct command command_undo = {
    .name = "undo",
    .args = "PLAN",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Bring back what a plan took, from the replicas it held, and release them",
    .exec = undo_exec,
};
