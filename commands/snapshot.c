/*
 * snapshot NODE|HOST:PATH HOST:PATH [--standby NODE]: a verified copy of a data directory: of a
 * server that runs, with its engine's tool, or of a stopped one, file by file.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

struct copying {
	struct context *c;
	struct guard_input guard;
	struct snapshot_input in;
	struct host_facts host, source_facts;
	struct target_facts target;
	struct path_facts source;
};

/* "h1:/var/lib" into its two parts; 0 where it is no such word. */
static int
split(struct context *c, const char *word, const char **host, const char **path)
{
	const char *colon = strchr(word, ':');

	if (word[0] == '-' || colon == NULL || colon == word)
		return 0;
	*host = arena_strndup(c->arena, word, (size_t)(colon - word));
	*path = colon + 1;
	return 1;
}

/* The node, how it is logged in to, and its directory where its host can be asked. */
static int
source_node(struct copying *x, const char *name, struct err *e)
{
	struct context *c = x->c;
	const struct cluster_config *k = c->cluster_config;
	struct err ignored = {0};
	size_t i;

	x->in.node = topology_find(c->topology, name);
	if (x->in.node == NULL) {
		err_set(e, ERR_USAGE, "no node is called \"%.64s\"; nothing was copied", name);
		return err_hint(e, "snapshot NODE HOST:PATH, or snapshot HOST:PATH HOST:PATH");
	}
	for (i = 0; i < k->nnodes; i++)
		if (strcmp(k->nodes[i].name, name) == 0) {
			x->in.login = k->nodes[i].copy;
			x->in.source_host = k->nodes[i].host;
		}
	if (x->in.source_host != NULL && x->in.node->data_directory != NULL &&
	    ask_path(c->cluster, c->waiter, c->arena, x->in.source_host, x->in.node->data_directory,
		&x->source, &ignored) == 0)
		x->in.source = &x->source;
	return 0;
}

static int
source(struct copying *x, const char *word, struct err *e)
{
	struct context *c = x->c;
	const char *path;

	if (!split(c, word, &x->in.source_host, &path))
		return source_node(x, word, e);
	if (ask_path(c->cluster, c->waiter, c->arena, x->in.source_host, path, &x->source, e) != 0)
		return -1;
	x->in.source = &x->source;
	if (strcmp(x->in.source_host, x->host.name) == 0)
		return 0;
	x->in.source_facts = &x->source_facts;
	return ask_host(c->cluster, c->waiter, c->arena, x->in.source_host, &x->source_facts, e);
}

static int
snapshot_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct copying x = {.c = c};
	const char *host = "", *path = "";

	if ((argc != 3 && argc != 5) || !split(c, argv[2], &host, &path) ||
	    (argc == 5 && strcmp(argv[3], "--standby") != 0))
		return err_set(e, ERR_USAGE,
		    "usage: snapshot NODE|HOST:PATH HOST:PATH [--standby NODE]; nothing was "
		    "copied");
	if (planning_topology(c, e) != 0 ||
	    ask_host(c->cluster, c->waiter, c->arena, host, &x.host, e) != 0 ||
	    ask_target(c->cluster, c->waiter, c->arena, host, path, &x.target, e) != 0)
		return -1;
	x.guard = (struct guard_input){.engine = c->engine,
	    .policy = c->policy,
	    .topology = c->topology,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	x.in.guard = &x.guard;
	x.in.cluster = c->cluster_config;
	x.in.host = &x.host;
	x.in.target = &x.target;
	x.in.standby = argc == 5 ? argv[4] : NULL;
	if (source(&x, argv[1], e) != 0)
		return -1;
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	return policy_plan_snapshot(c->arena, r->plan, &x.in, e);
}

const struct command command_snapshot = {
    .name = "snapshot",
    .args = "NODE|HOST:PATH HOST:PATH [--standby NODE]",
    .min = 2,
    .max = 4,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Copy a data directory, verified, to where nothing stands",
    .exec = snapshot_exec,
};
