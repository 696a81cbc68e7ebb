/*
 * Ending the sessions of a server that has just become read-only: those that began before may be in
 * the middle of something. Replicas that read its log, and our own, go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/members.h"
#include "engines/my_driver.h"
#include "engines/my_undo.h"
#include "text.h"
#include "banned.h"

#define CUT_MS 5000
#define CUT_TRIES 20

#define SQL_OTHERS                                                                                 \
	"SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND NOT LIKE 'Binlog Dump%' AND " \
	"COMMAND NOT IN ('Daemon', 'Killed', 'Slave_IO', 'Slave_SQL') AND USER <> 'system user' "  \
	"AND ID <> CONNECTION_ID()"

static int
is_ours(const struct cluster *c, const struct member *m, unsigned long id)
{
	return (c->person != NULL && strcmp(c->operator_node, m->name) == 0 &&
		   mysql_thread_id(my(c->person)->my) == id) ||
	       (c->pen != NULL && mysql_thread_id(my(c->pen)->my) == id);
}

static int
read_ids(struct my_conn *x, struct waiter *w, struct arena *a, unsigned long **out, size_t *n,
    struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	MYSQL_ROW row;

	*out = NULL;
	*n = 0;
	if (my_query(x, w, now_ms() + CUT_MS, SQL_OTHERS, &r, e) < 0)
		return -1;
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		*out = arena_grow(a, *out, *n, sizeof(**out));
		(*out)[(*n)++] = row[0] == NULL ? 0 : strtoul(row[0], NULL, 10);
	}
	return 0;
}

/* How many of the first ones are still there; each is told to go. */
static int
tell(struct cluster *c, struct member *m, struct my_conn *x, struct waiter *w, struct arena *a,
    unsigned long last, size_t *left, struct err *e)
{
	unsigned long *ids;
	char sql[64];
	size_t n, i;

	*left = 0;
	if (read_ids(x, w, a, &ids, &n, e) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		MYSQL_RES *r = NULL;
		struct err gone = {0};

		if (ids[i] > last || ids[i] == 0 || is_ours(c, m, ids[i]))
			continue;
		++*left;
		snprintf(sql, sizeof(sql), "KILL CONNECTION %lu", ids[i]);
		my_query(x, w, now_ms() + CUT_MS, sql, &r, &gone); /* it may have left by itself */
		my_clear_result(&r);
	}
	return 0;
}

/* Numbers rise: whoever came after the first look came in read-only. */
static unsigned long
highest(const unsigned long *ids, size_t n)
{
	unsigned long last = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (ids[i] > last)
			last = ids[i];
	return last;
}

int
my_proc_cut(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct member *m = cluster_member(c, s->node);
	struct conn *x;
	unsigned long *ids, last;
	size_t n, left = 0;
	int tries;

	(void)progress;
	(void)ctx;
	if (m == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was sent", s->node);
	if (member_control(c, m, w, &x, e) < 0 || read_ids(my(x), w, a, &ids, &n, e) != 0)
		return err_wrap(e, "%s", s->node);
	last = highest(ids, n);
	for (tries = 0; tries < CUT_TRIES; tries++) {
		if (tell(c, m, my(x), w, a, last, &left, e) != 0)
			return err_wrap(e, "%s", s->node);
		if (left == 0)
			break;
		if (w->wait(w, -1, 0, now_ms() + 250) < 0)
			return err_set(e, ERR_CANCELLED, "cancelled while sessions were ended");
	}
	text_copy(out->tag, sizeof(out->tag), left == 0 ? "done" : "not done");
	return left == 0 ? 0
			 : err_set(e, ERR_FAILED,
			       "%s: %zu sessions from before did not end: they may be rolling back",
			       s->node, left);
}
