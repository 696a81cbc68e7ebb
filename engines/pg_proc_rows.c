/*
 * Rows from the standby to the primary: one COPY feeds the other, chunk by chunk, in flat memory,
 * and a count with an order-independent checksum says whether both sides are equal.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "text.h"
#include "banned.h"

#define SAY_EVERY_MS 500

struct pipe {
	struct undo *u;
	const char *full;
	char *chunk; /* of libpq, being handed over */
	int len, at;
	int is_over;
	int64_t said_ms;
	struct err err;
};

static void
say_rate(struct pipe *p)
{
	struct undo *u = p->u;
	int64_t ms = now_ms() - u->start_ms, left = u->total - u->done;
	double rate = ms > 0 ? (double)u->done * 1000.0 / (double)ms : 0;

	if (now_ms() - p->said_ms < SAY_EVERY_MS)
		return;
	p->said_ms = now_ms();
	undo_say(u, "copying %s: %s, %s of about %s, %s/s, %s left", p->full,
	    text_many(u->a, u->rows, "row"), text_bytes(u->a, u->done), text_bytes(u->a, u->total),
	    text_bytes(u->a, (int64_t)rate),
	    left > 0 && rate > 0 ? text_seconds(u->a, (double)left / rate) : "little");
}

/* The next piece of the standby's COPY. 1 there is one, 0 the end, -1 an error. */
static int
next_chunk(struct pipe *p)
{
	struct pg_conn *src = p->u->src;
	int n;

	PQfreemem(p->chunk);
	p->chunk = NULL;
	while ((n = PQgetCopyData(src->pq, &p->chunk, 1)) == 0) {
		n = p->u->w->wait(p->u->w, PQsocket(src->pq), POLLIN, now_ms() + 60000);
		if (n < 0)
			return err_set(&p->err, ERR_CANCELLED, "cancelled; rolled back");
		if (n == 0)
			return err_set(&p->err, ERR_CONN,
			    "%s sent no rows for a minute; rolled back", p->u->from->name);
		if (PQconsumeInput(src->pq) == 0)
			return pg_error(src, NULL, &p->err);
	}
	if (n == -2)
		return pg_error(src, NULL, &p->err);
	p->len = n;
	p->at = 0;
	if (n > 0) {
		p->u->done += n;
		p->u->rows++;
		say_rate(p);
	}
	return n > 0;
}

/* As many whole rows as fit; a row bigger than the room is handed over in pieces. */
static int
feed(struct sink *s, char *data, size_t size)
{
	struct pipe *p = s->ctx;
	size_t used = 0, n;
	int rc;

	while (used < size && !p->is_over) {
		if (p->chunk == NULL || p->at == p->len) {
			rc = next_chunk(p);
			if (rc < 0)
				return -1;
			p->is_over = rc == 0;
			continue;
		}
		n = (size_t)(p->len - p->at);
		if (n > size - used)
			n = size - used;
		memcpy(data + used, p->chunk + p->at, n);
		p->at += (int)n;
		used += n;
	}
	return (int)used;
}

static int
start_source(struct undo *u, const char *sql, struct err *e)
{
	PGresult *r;
	int n;

	if (PQsendQuery(u->src->pq, sql) != 1)
		return pg_error(u->src, NULL, e);
	while (PQflush(u->src->pq) == 1 || PQisBusy(u->src->pq)) {
		n = u->w->wait(u->w, PQsocket(u->src->pq), POLLIN, now_ms() + 60000);
		if (n <= 0)
			return err_set(e, n < 0 ? ERR_CANCELLED : ERR_CONN,
			    "%s did not begin to send rows; rolled back", u->from->name);
		if (PQconsumeInput(u->src->pq) == 0)
			return pg_error(u->src, NULL, e);
	}
	r = PQgetResult(u->src->pq);
	if (PQresultStatus(r) != PGRES_COPY_OUT) {
		pg_error(u->src, r, e);
		PQclear(r);
		return err_wrap(e, "%s", u->from->name);
	}
	PQclear(r);
	return 0;
}

/* The COPY's own end: only then is it known that every row was sent. */
static int
finish_source(struct undo *u, struct err *e)
{
	PGresult *r;
	int rc = 0;

	while ((r = PQgetResult(u->src->pq)) != NULL) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			rc = pg_error(u->src, r, e);
		PQclear(r);
	}
	return rc;
}

static const char columns_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) "
    "FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = pg_catalog.to_regclass($1) "
    "AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''";

int
undo_columns(
    struct undo *u, struct pg_conn *conn, const char *full, const char **out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, conn, columns_sql, 1, &full, &r, e) < 0)
		return -1;
	*out = look_text(u->a, r, 0, 0);
	return 0;
}

int
undo_copy(struct undo *u, const char *full, const char *into, struct err *e)
{
	struct pipe p = {.u = u, .full = full};
	struct sink sink = {.copy_in = feed, .ctx = &p};
	const char *columns;
	int rc;

	if (undo_columns(u, u->src, full, &columns, e) < 0)
		return -1;
	if (columns == NULL)
		return 0;
	if (start_source(u,
		arena_printf(u->a, "COPY (SELECT %s FROM ONLY %s) TO STDOUT", columns, full),
		e) < 0)
		return -1;
	rc = pg_stream(u->dst, u->w, INT64_MAX,
	    arena_printf(u->a, "COPY %s (%s) FROM STDIN", into, columns), &sink, NULL, NULL, e);
	PQfreemem(p.chunk);
	if (p.err.code != ERR_NONE) {
		*e = p.err;
		return -1;
	}
	if (rc < 0)
		return err_wrap(e, "%s: loading %s", u->to->name, full);
	return p.is_over ? finish_source(u, e)
			 : err_set(e, ERR_FAILED, "not every row of %s was read", full);
}

int
undo_copy_out(struct undo *u, const char *sql, FILE *f, int64_t *rows, struct err *e)
{
	struct pipe p = {.u = u, .full = u->full};
	int rc;

	*rows = 0;
	if (start_source(u, sql, e) < 0)
		return -1;
	while ((rc = next_chunk(&p)) == 1 && fwrite(p.chunk, 1, (size_t)p.len, f) == (size_t)p.len)
		++*rows;
	PQfreemem(p.chunk);
	if (rc == 1)
		return err_set(e, ERR_FAILED, "could not write the rows: %s", strerror(errno));
	if (rc == 0)
		return finish_source(u, e);
	*e = p.err;
	return -1;
}

int
undo_sum(
    struct undo *u, struct pg_conn *conn, const char *full, struct undo_sum *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, conn,
		arena_printf(u->a,
		    "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(pg_catalog."
		    "hashtextextended(holdfast_row::pg_catalog.text, 0)::pg_catalog.numeric), 0) "
		    "FROM ONLY %s AS holdfast_row",
		    full),
		0, NULL, &r, e) < 0)
		return -1;
	text_copy(out->rows, sizeof(out->rows), PQgetvalue(r, 0, 0));
	text_copy(out->sum, sizeof(out->sum), PQgetvalue(r, 0, 1));
	return 0;
}

int
undo_sequences(struct undo *u, struct err *e)
{
	const char *params[3];
	size_t i;

	for (i = 0; i < u->nitems; i++) {
		CLEAN_RESULT PGresult *r = NULL;

		if (u->items[i].relkind != 'S' || u->items[i].is_skipped)
			continue;
		if (undo_do(u, u->src,
			arena_printf(
			    u->a, "SELECT last_value, is_called FROM %s", u->items[i].full),
			0, NULL, &r, e) < 0)
			return -1;
		params[0] = u->items[i].full;
		params[1] = PQgetvalue(r, 0, 0);
		params[2] = PQgetvalue(r, 0, 1);
		if (undo_do(u, u->dst,
			"SELECT pg_catalog.setval($1::pg_catalog.regclass, "
			"$2::pg_catalog.int8, $3::pg_catalog.bool)",
			3, params, NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* Their rows are made again from what they read; the oldest first, since a later one may read it.
 */
int
undo_views(struct undo *u, struct err *e)
{
	const char *params[1];
	size_t i;

	for (i = 0; i < u->nitems; i++) {
		CLEAN_RESULT PGresult *r = NULL;

		if (u->items[i].relkind != 'm' || u->items[i].is_skipped)
			continue;
		params[0] = arena_printf(u->a, "%u", u->items[i].oid);
		if (undo_do(u, u->src,
			"SELECT relispopulated FROM pg_catalog.pg_class WHERE oid = $1", 1, params,
			&r, e) < 0)
			return -1;
		if (PQntuples(r) == 1 && PQgetvalue(r, 0, 0)[0] == 't' &&
		    undo_do(u, u->dst,
			arena_printf(u->a, "REFRESH MATERIALIZED VIEW %s", u->items[i].full), 0,
			NULL, NULL, e) < 0)
			return -1;
	}
	return 0;
}

const char *
undo_argument(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return NULL;
}
