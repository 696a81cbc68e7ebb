/*
 * Comparing sets of MySQL's GTIDs: see my_gtid.h. In place, without copies: sets may have thousands
 * of intervals. Must never say that a transaction is there that may not be.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "engines/my_gtid.h"
#include "banned.h"

/* One interval, and whose it is: server and tag as they stand in the text. */
struct gtid {
	const char *server, *tag;
	size_t server_len, tag_len;
	unsigned long long from, to;
};

/* Where the next one is looked for. */
struct gtid_cursor {
	const char *at;
	struct gtid now;
	int is_bad;
};

static int
is_end(char c)
{
	return c == '\0' || c == ',' || c == ':' || c == '\n' || c == ' ';
}

/* "1-5" at *p. */
static int
take_interval(const char **p, struct gtid *g)
{
	char *end;

	if (**p < '0' || **p > '9')
		return 0;
	g->from = g->to = strtoull(*p, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		g->to = strtoull(end + 1, &end, 10);
	if (!is_end(*end) || g->from == 0 || g->to < g->from)
		return 0;
	*p = end;
	return 1;
}

/* The next interval of a set: 1, or 0 at its end and where it cannot be read. */
static int
next(struct gtid_cursor *c)
{
	struct gtid *g = &c->now;

	if (c->is_bad)
		return 0;
	if (*c->at != ':') {
		c->at += strspn(c->at, ", \n");
		if (*c->at == '\0')
			return 0;
		g->server = c->at;
		g->server_len = strcspn(c->at, ":, \n");
		g->tag_len = 0;
		c->at += g->server_len;
	}
	if (*c->at == ':' && (c->at[1] < '0' || c->at[1] > '9')) {
		g->tag = c->at + 1;
		g->tag_len = strcspn(g->tag, ":, \n");
		c->at = g->tag + g->tag_len;
	}
	if (*c->at == ':' && (c->at++, take_interval(&c->at, g)))
		return 1;
	c->is_bad = 1;
	return 0;
}

static int
is_same(const struct gtid *x, const struct gtid *y)
{
	return x->server_len == y->server_len && x->tag_len == y->tag_len &&
	       strncasecmp(x->server, y->server, x->server_len) == 0 &&
	       (x->tag_len == 0 || strncasecmp(x->tag, y->tag, x->tag_len) == 0);
}

/* A server writes its intervals in order, and apart from each other: one holds it or none. */
static int
lies_in(const struct gtid *g, const char *in)
{
	struct gtid_cursor c = {.at = in};

	while (next(&c))
		if (is_same(g, &c.now) && c.now.from <= g->from && g->to <= c.now.to)
			return 1;
	return 0;
}

static int
is_skipped(const struct gtid *g, const char *const *skip)
{
	for (; skip != NULL && *skip != NULL; skip++)
		if (strlen(*skip) == g->server_len &&
		    strncasecmp(*skip, g->server, g->server_len) == 0)
			return 1;
	return 0;
}

const char *
my_gtid_outside(struct arena *a, const char *has, const char *in, const char *const *skip)
{
	struct gtid_cursor c = {.at = has == NULL ? "" : has};
	const struct gtid *g = &c.now;

	while (next(&c)) {
		if (is_skipped(g, skip) || lies_in(g, in == NULL ? "" : in))
			continue;
		return arena_printf(a, "%.*s%s%.*s:%llu%s", (int)g->server_len, g->server,
		    g->tag_len > 0 ? ":" : "", (int)g->tag_len, g->tag_len > 0 ? g->tag : "",
		    g->from, g->to > g->from ? arena_printf(a, "-%llu", g->to) : "");
	}
	return c.is_bad ? "what cannot be read" : NULL;
}
