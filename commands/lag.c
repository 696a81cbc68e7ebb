/*
 * lag: how far every replica is behind, and whether it moves at all. Bytes first: the age of the
 * last replayed transaction says little on a quiet primary.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "text.h"
#include "banned.h"

enum { NODE, UPSTREAM, STATE, BYTES, BEHIND, RECEIVED, REPLAYED, COLUMNS };

static const char *
state(const struct node *n)
{
	if (n->reason != NULL)
		return role_name(n->role);
	if (n->hold != HOLD_NONE)
		return hold_name(n->hold);
	return n->is_streaming ? "streaming" : "not streaming";
}

static void
fill(struct arena *a, const struct topology *t, const struct node *n, const char **cells)
{
	const struct node *up = topology_find_identity(t, n->upstream);

	cells[NODE] = n->name;
	cells[UPSTREAM] = up == NULL ? NULL : up->name;
	cells[STATE] = state(n);
	cells[BYTES] = n->lag_bytes < 0 ? NULL : arena_printf(a, "%lld", (long long)n->lag_bytes);
	cells[BEHIND] = n->lag_ms < 0 ? NULL : text_seconds(a, (double)n->lag_ms / 1000);
	cells[RECEIVED] = n->receive.text;
	cells[REPLAYED] = n->replay.text;
}

static int
lag_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {
	    "node", "upstream", "state", "bytes", "behind", "received", "replayed"};
	static const unsigned char numeric[COLUMNS] = {[BYTES] = 1};
	const struct topology *t = c->topology;
	const char **cells = arena_array(c->arena, t->nnodes * COLUMNS, sizeof(*cells));
	size_t i, n = 0;

	(void)argc;
	(void)argv;
	(void)e;
	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].role != ROLE_PRIMARY && t->nodes[i].role != ROLE_STANDALONE)
			fill(c->arena, t, &t->nodes[i], cells + COLUMNS * n++);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, n, numeric);
	return 0;
}

const struct command command_lag = {
    .name = "lag",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | AT_CLI | HAS_JSON | NEED_TOPOLOGY,
    .help = "Show how far every replica is behind",
    .exec = lag_exec,
};
