/*
 * pause and resume. Pausing is safing: no second person, its cost is shown. Resuming makes a
 * mistake permanent: always approved.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "banned.h"

/* The nodes named, or with "all" every replica in the state that matters. */
static int
targets(
    struct context *c, int argc, char **argv, int held, const char ***out, size_t *n, struct err *e)
{
	const struct node *x;
	const char **names =
	    arena_array(c->arena, c->topology->nnodes + (size_t)argc, sizeof(*names));
	size_t i;
	int k, is_all = argc == 2 && strcmp(argv[1], "all") == 0;

	*n = 0;
	for (k = 1; k < argc && !is_all; k++) {
		if (topology_find(c->topology, argv[k]) == NULL) {
			err_set(
			    e, ERR_USAGE, "no node is called \"%s\"; nothing was done", argv[k]);
			return err_hint(e, "topology lists the nodes.");
		}
		names[(*n)++] = argv[k];
	}
	for (i = 0; is_all && i < c->topology->nnodes; i++) {
		x = &c->topology->nodes[i];
		if (x->role == ROLE_REPLICA && (x->hold != HOLD_NONE) == held)
			names[(*n)++] = x->name;
	}
	*out = names;
	if (*n == 0)
		return err_set(
		    e, ERR_USAGE, held ? "no replica is held" : "no replica is there to pause");
	return 0;
}

static int
make(struct context *c, int argc, char **argv, int is_resume, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	const char **names = NULL;
	size_t n = 0;

	if (planning_topology(c, e) != 0 || targets(c, argc, argv, is_resume, &names, &n, e) != 0)
		return -1;
	g.topology = c->topology;
	planning_files(c, &g);
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return is_resume ? policy_plan_resume(c->arena, r->plan, &g, names, n, e)
			 : policy_plan_pause(c->arena, r->plan, &g, names, n, e);
}

static int
pause_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return make(c, argc, argv, 0, r, e);
}

static int
resume_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return make(c, argc, argv, 1, r, e);
}

const struct command command_pause = {
    .name = "pause",
    .args = "NODE...|all",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | NEED_CLUSTER,
    .help = "Hold replicas where they are, and prove it",
    .exec = pause_exec,
};

const struct command command_resume = {
    .name = "resume",
    .args = "NODE...|all",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Let held replicas replay again: what they kept back becomes permanent",
    .exec = resume_exec,
};
