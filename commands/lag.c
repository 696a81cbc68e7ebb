/*
 * lag: how far every replica is behind, and whether it moves at all. Bytes first: the age of the
 * last replayed transaction says little on a quiet primary. Earlier pictures of this session say
 * which way it goes.
 */
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "text.h"
#include "banned.h"

enum { NODE, UPSTREAM, STATE, BYTES, BEHIND, EARLIER, TREND, RECEIVED, REPLAYED, COLUMNS };

#define EARLIER_SHOWN 3
#define STEADY 1024 /* bytes a second */

static const char *
state(const struct node *n)
{
	if (n->reason != NULL)
		return role_name(n->role);
	if (n->hold != HOLD_NONE)
		return hold_name(n->hold);
	return n->is_streaming ? "streaming" : "not streaming";
}

/* "48.0 MB, 32.0 MB in 20.0 s": the pictures before this one, oldest first. */
static const char *
earlier(struct arena *a, const struct node *n)
{
	size_t i = n->npast > EARLIER_SHOWN ? n->npast - EARLIER_SHOWN : 0;
	int64_t since = n->npast == 0 ? 0 : n->seen_ms - n->past[i].ms;
	const char *out = NULL;

	for (; i < n->npast; i++)
		out = out == NULL ? text_bytes(a, n->past[i].bytes)
				  : arena_printf(a, "%s, %s", out, text_bytes(a, n->past[i].bytes));
	return out == NULL
		   ? NULL
		   : arena_printf(a, "%s in %s", out, text_seconds(a, (double)since / 1000));
}

/* Against the oldest picture kept: whether it catches up, and when it would be level. */
static const char *
trend(struct arena *a, const struct node *n)
{
	int64_t ms = n->npast == 0 ? 0 : n->seen_ms - n->past[0].ms, rate;

	if (ms <= 0 || n->lag_bytes < 0)
		return NULL;
	rate = (n->lag_bytes - n->past[0].bytes) * 1000 / ms;
	if (rate > STEADY)
		return arena_printf(a, "falls behind %s/s", text_bytes(a, rate));
	if (rate >= -STEADY)
		return n->lag_bytes == 0 ? "level" : "steady";
	return n->lag_bytes == 0 ? "level"
				 : arena_printf(a, "level in %s",
				       text_seconds(a, (double)n->lag_bytes / (double)-rate));
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
	cells[EARLIER] = earlier(a, n);
	cells[TREND] = trend(a, n);
	cells[RECEIVED] = n->receive.text;
	cells[REPLAYED] = n->replay.text;
}

static int
lag_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {"node", "upstream", "state", "bytes", "behind",
	    "earlier", "trend", "received", "replayed"};
	static const unsigned char numeric[COLUMNS] = {[BYTES] = 1};
	const struct topology *t = c->topology;
	const char **cells = arena_array(c->arena, t->nnodes * COLUMNS, sizeof(*cells));
	size_t i, n = 0;
	int live = listing_live("lag", argc, argv, r, e);

	if (live != 0)
		return live < 0 ? -1 : 0;
	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].role != ROLE_PRIMARY && t->nodes[i].role != ROLE_STANDALONE)
			fill(c->arena, t, &t->nodes[i], cells + COLUMNS * n++);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, n, numeric);
	return 0;
}

const struct command command_lag = {
    .name = "lag",
    .args = "[live [SECONDS]]",
    .max = 2,
    .needs = IN_SHELL | AT_CLI | HAS_JSON | NEED_TOPOLOGY,
    .help = "Show how far every replica is behind",
    .exec = lag_exec,
};
