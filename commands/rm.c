/*
 * rm HOST:PATH, its undo, and expunge. A data directory goes into quarantine by a rename, never by
 * deleting; what it is and who uses it is asked, what may go is policy's.
 */
#include <string.h>

#include "arena.h"
#include "commands/filed.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

static void
fill(struct context *c, struct guard_input *g, struct remove_input *in)
{
	*g = (struct guard_input){.engine = c->engine,
	    .policy = c->policy,
	    .topology = c->topology,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	*in = (struct remove_input){.guard = g, .cluster = c->cluster_config};
}

/* "h1:/var/lib" into its two parts. */
static int
split(struct context *c, const char *word, const char **host, const char **path, struct err *e)
{
	const char *colon = strchr(word, ':');

	if (word[0] != '-' && colon != NULL && colon != word) {
		*host = arena_strndup(c->arena, word, (size_t)(colon - word));
		*path = colon + 1;
		return 0;
	}
	err_set(e, ERR_USAGE, "rm takes one HOST:PATH and no options; nothing was done");
	return err_hint(e, "It renames into quarantine, so there is nothing to force. hosts "
			   "lists the hosts.");
}

static int
rm_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const char *host = "", *path = "";
	struct guard_input g;
	struct remove_input in;
	struct host_facts h;
	struct path_facts p;

	(void)argc;
	if (split(c, argv[1], &host, &path, e) != 0 ||
	    ask_host(c->cluster, c->waiter, c->arena, host, &h, e) != 0 ||
	    ask_path(c->cluster, c->waiter, c->arena, host, path, &p, e) != 0 ||
	    planning_topology(c, e) != 0)
		return -1;
	fill(c, &g, &in);
	in.host = &h;
	in.path = &p;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	if (policy_plan_remove(c->arena, r->plan, &in, e) != 0)
		return -1;
	planning_backups(c, r->plan);
	return 0;
}

int
rm_undo(struct context *c, const struct plan *filed, struct result *r, struct err *e)
{
	struct guard_input g;
	struct remove_input in;
	struct host_facts h;

	if (ask_host(c->cluster, c->waiter, c->arena, policy_is_remove(filed)->node, &h, e) != 0)
		return -1;
	fill(c, &g, &in);
	in.host = &h;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return policy_plan_restore(c->arena, r->plan, &in, filed, e);
}

static const char *
argument(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return "";
}

static int
expunge_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const struct step *was;
	struct plan *filed;
	struct guard_input g;
	struct remove_input in;
	struct host_facts h;
	struct path_facts p;

	(void)argc;
	if (filed_plan(c, argv[1], &filed, e) != 0)
		return -1;
	if ((was = policy_is_remove(filed)) == NULL)
		return err_set(e, ERR_USAGE,
		    "plan %.8s put nothing into quarantine; nothing was done", filed->id);
	if (ask_host(c->cluster, c->waiter, c->arena, was->node, &h, e) != 0 ||
	    ask_path(c->cluster, c->waiter, c->arena, was->node,
		arena_printf(
		    c->arena, "%s/%s/data", argument(was, "above"), argument(was, "quarantine")),
		&p, e) != 0 ||
	    planning_topology(c, e) != 0)
		return -1;
	fill(c, &g, &in);
	in.host = &h;
	in.path = &p;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return policy_plan_expunge(c->arena, r->plan, &in, filed, e);
}

const struct command command_rm = {
    .name = "rm",
    .args = "HOST:PATH",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Put a data directory into quarantine, when another node holds its data",
    .exec = rm_exec,
};

const struct command command_expunge = {
    .name = "expunge",
    .args = "PLAN",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Remove for good what an rm put into quarantine",
    .exec = expunge_exec,
};
