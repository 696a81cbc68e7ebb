/*
 * hosts [NAME...]: who the machines are, and which servers with which data run there. A host that
 * does not answer, or is not who it was, is a line that says so.
 */
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

enum { HOST, ADDRESS, STATE, INSTANCE, DIRECTORY, FREE, IDENTITY, COLUMNS };

struct listing_of {
	struct context *c;
	const char **cells;
	size_t nrows;
	int exit;
};

static const char **
row(struct listing_of *l, const struct host_config *h)
{
	struct arena *a = l->c->arena;
	const char **cells;
	int i;

	for (i = 0; i < COLUMNS; i++)
		l->cells =
		    arena_grow(a, l->cells, l->nrows * COLUMNS + (size_t)i, sizeof(*l->cells));
	cells = l->cells + COLUMNS * l->nrows++;
	for (i = 0; i < COLUMNS; i++)
		cells[i] = "";
	cells[HOST] = h->name;
	cells[ADDRESS] =
	    h->address == NULL ? h->transport : arena_printf(a, "%s:%d", h->address, h->port);
	return cells;
}

/* The node of the last picture whose data this is. */
static const char *
node_of(const struct context *c, const struct host_facts *host, const struct host_instance *x)
{
	const struct topology *t = ask_last(c->cluster);
	struct host_facts one = *host;
	size_t i;

	one.instances = (struct host_instance *)(uintptr_t)x;
	one.ninstances = 1;
	for (i = 0; t != NULL && i < t->nnodes; i++)
		if (policy_is_instance(&t->nodes[i], x) &&
		    policy_is_on_host(c->cluster_config, &t->nodes[i], &one))
			return t->nodes[i].name;
	return x->engine;
}

static void
list(struct listing_of *l, const struct host_config *h)
{
	struct context *c = l->c;
	const char **cells;
	struct host_facts f;
	struct err e = {0};
	size_t i;

	if (ask_host(c->cluster, c->waiter, c->arena, h->name, &f, &e) != 0) {
		cells = row(l, h);
		cells[STATE] = arena_strdup(c->arena, e.msg);
		cells[IDENTITY] = arena_strdup(c->arena, e.hint);
		l->exit = err_exit(&e);
		return;
	}
	for (i = 0; i < (f.ninstances == 0 ? 1 : f.ninstances); i++) {
		cells = row(l, h);
		cells[STATE] = arena_printf(c->arena, "%s, as %s%s", f.hostname, f.user,
		    f.nunseen > 0 ? "; servers of others run there, unseen" : "");
		cells[IDENTITY] = f.identity;
		if (f.ninstances == 0)
			continue;
		cells[INSTANCE] = node_of(c, &f, &f.instances[i]);
		cells[DIRECTORY] = f.instances[i].data_directory;
		cells[FREE] = f.instances[i].disk_free < 0
				  ? "?"
				  : text_bytes(c->arena, f.instances[i].disk_free);
	}
}

static int
hosts_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[] = {
	    "host", "address", "state", "server", "data directory", "free", "identity"};
	struct listing_of l = {.c = c};
	size_t i;
	const struct host_config here = {.name = "local", .transport = "local"};
	int k, found = 0, is_here = 0;

	for (i = 0; i < c->config->nhosts; i++)
		for (k = argc == 1 ? 0 : 1; k < argc; k++)
			if (argc == 1 || strcmp(argv[k], c->config->hosts[i].name) == 0) {
				list(&l, &c->config->hosts[i]);
				found++;
				break;
			}
	for (k = 1; k < argc; k++)
		is_here |= strcmp(argv[k], "local") == 0;
	for (i = 0; i < c->config->nhosts; i++)
		is_here &= strcmp(c->config->hosts[i].name, "local") != 0;
	if (is_here) {
		list(&l, &here);
		found++;
	}
	if (found < argc - 1 || (found == 0 && c->config->nhosts > 0))
		return err_set(e, ERR_USAGE, "no host section has that name");
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, l.cells, l.nrows, NULL);
	r->view.exit = l.exit;
	return 0;
}

const struct command command_hosts = {
    .name = "hosts",
    .args = "[HOST...]",
    .max = -1,
    .needs = IN_SHELL | HAS_JSON,
    .help = "Show the machines: who they are, which servers with which data run there",
    .exec = hosts_exec,
};
