/*
 * Streaming one statement's rows and COPY data through a sink, one row in memory at a time: see
 * pg_conn.h. A sink that returns -1 stops the statement on the server too.
 * Must never collect a result: memory stays flat however large it is.
 */
#include <stdlib.h>
#include <string.h>

#include "engines/pg_conn.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

#define COPY_CHUNK 65536

struct stream {
	struct exchange x;
	struct sink *sink;
	int told;    /* columns were handed over for this result */
	int refused; /* the sink wanted no more */
	const char **cells;
	int *lengths;
	int64_t rows;
	char *tag;
};

static void
pass_notice(void *ctx, const PGresult *r)
{
	struct sink *sink = ctx;
	const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (sink->notice != NULL && text != NULL)
		sink->notice(sink, severity == NULL ? "NOTICE" : severity, text);
}

static int
is_numeric(Oid type)
{
	return type == 20 || type == 21 || type == 23 || type == 26 || type == 700 || type == 701 ||
	       type == 790 || type == 1700;
}

static int
tell_columns(struct stream *s, const PGresult *r)
{
	int n = PQnfields(r), i, rc;
	unsigned char *numeric;

	s->told = 1;
	free(s->cells);
	free(s->lengths);
	s->cells = calloc((size_t)n + 1, sizeof(*s->cells));
	s->lengths = calloc((size_t)n + 1, sizeof(*s->lengths));
	numeric = calloc((size_t)n + 1, 1);
	if (s->cells == NULL || s->lengths == NULL || numeric == NULL)
		abort();
	for (i = 0; i < n; i++) {
		s->cells[i] = PQfname(r, i);
		numeric[i] = (unsigned char)is_numeric(PQftype(r, i));
	}
	rc = s->sink->columns == NULL ? 0 : s->sink->columns(s->sink, (size_t)n, s->cells, numeric);
	free(numeric);
	return rc;
}

static int
pass_rows(struct stream *s, const PGresult *r)
{
	int row, i, n = PQnfields(r);

	if (!s->told && n > 0 && tell_columns(s, r) < 0)
		return -1;
	for (row = 0; row < PQntuples(r); row++) {
		for (i = 0; i < n; i++) {
			s->cells[i] = PQgetisnull(r, row, i) ? NULL : PQgetvalue(r, row, i);
			s->lengths[i] = PQgetlength(r, row, i);
		}
		s->rows++;
		if (s->sink->row != NULL &&
		    s->sink->row(s->sink, (size_t)n, s->cells, s->lengths) < 0)
			return -1;
	}
	return 0;
}

static void
stop(struct stream *s)
{
	s->refused = 1;
	exchange_stop(&s->x, -1);
}

static int
copy_out(struct stream *s, struct err *e)
{
	PGconn *pq = s->x.c->pq;
	char *data;
	int n, rc;

	while ((n = PQgetCopyData(pq, &data, 1)) >= 0) {
		if (n == 0) {
			if (exchange_wait(&s->x, POLLIN, e) < 0)
				return -1;
			if (PQconsumeInput(pq) == 0)
				return exchange_error(&s->x, NULL, e);
			continue;
		}
		rc = s->refused || s->sink->copy_out == NULL
			 ? 0
			 : s->sink->copy_out(s->sink, data, (size_t)n);
		PQfreemem(data);
		if (rc < 0)
			stop(s);
	}
	return 0; /* an error shows in the next result */
}

static int
put(struct stream *s, const char *data, int n, struct err *e)
{
	int rc;

	while ((rc = PQputCopyData(s->x.c->pq, data, n)) == 0)
		if (exchange_flush(&s->x, e) < 0)
			return -1;
	return rc < 0 ? -1 : exchange_flush(&s->x, e);
}

static int
copy_in(struct stream *s, struct err *e)
{
	char *chunk = malloc(COPY_CHUNK);
	const char *why = NULL;
	int n = 0;

	if (chunk == NULL)
		abort();
	while (s->x.stopped == 0 && s->sink->copy_in != NULL &&
	       (n = s->sink->copy_in(s->sink, chunk, COPY_CHUNK)) > 0)
		if (put(s, chunk, n, e) < 0)
			break; /* the server's reason is in the next result */
	free(chunk);
	if (s->sink->copy_in == NULL)
		why = "there is no data to copy from";
	else if (n < 0 || s->x.stopped != 0)
		why = "the copy was cancelled";
	if (n < 0)
		s->refused = 1;
	if (PQputCopyEnd(s->x.c->pq, why) < 0)
		return 0;
	return exchange_flush(&s->x, e);
}

static int
take_result(struct stream *s, PGresult *r, struct err *e)
{
	ExecStatusType st = PQresultStatus(r);

	if (st == PGRES_COPY_OUT)
		return copy_out(s, e);
	if (st == PGRES_COPY_IN)
		return copy_in(s, e);
	if (st == PGRES_SINGLE_TUPLE || st == PGRES_TUPLES_OK) {
		if (!s->refused && pass_rows(s, r) < 0)
			stop(s);
	}
	if (st == PGRES_SINGLE_TUPLE || s->tag == NULL)
		return 0;
	if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
		text_copy(s->tag, 64, PQcmdStatus(r));
	if (st == PGRES_COMMAND_OK && PQcmdTuples(r)[0] != '\0')
		s->rows = strtoll(PQcmdTuples(r), NULL, 10);
	return 0;
}

static int
drain(struct stream *s, struct err *e)
{
	struct err failed = {0};
	ExecStatusType st;
	PGresult *r;
	int rc;

	for (;;) {
		if (exchange_ready(&s->x, e) < 0)
			return -1;
		if ((r = PQgetResult(s->x.c->pq)) == NULL)
			break;
		st = PQresultStatus(r);
		if (st == PGRES_FATAL_ERROR || st == PGRES_BAD_RESPONSE)
			rc = (exchange_error(&s->x, r, &failed), 0);
		else
			rc = take_result(s, r, e);
		PQclear(r);
		if (rc < 0)
			return -1;
	}
	if (failed.code == ERR_NONE && PQstatus(s->x.c->pq) == CONNECTION_BAD)
		exchange_error(&s->x, NULL, &failed);
	if (failed.code == ERR_NONE)
		return 0;
	if (s->refused && strcmp(failed.sqlstate, "57014") == 0)
		err_set(&failed, ERR_CANCELLED, "the statement was cancelled");
	if (e != NULL)
		*e = failed;
	return -1;
}

int
pg_stream(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *sql, struct sink *sink,
    char *tag, int64_t *rows, struct err *e)
{
	struct stream s = {.sink = sink, .tag = tag};
	void (*notice)(void *, const PGresult *) = c->notice;
	void *notice_ctx = c->notice_ctx;
	int rc;

	if (tag != NULL)
		tag[0] = '\0';
	if (!exchange_is_usable(c, e))
		return -1;
	exchange_init(&s.x, c, w, deadline);
	if (sink->notice != NULL) {
		c->notice = pass_notice;
		c->notice_ctx = sink;
	}
	if (PQsendQueryParams(c->pq, sql, 0, NULL, NULL, NULL, NULL, 0) != 1 ||
	    PQsetSingleRowMode(c->pq) != 1)
		rc = pg_error(c, NULL, e);
	else if ((rc = exchange_flush(&s.x, e)) < 0)
		c->is_broken = 1;
	else
		rc = drain(&s, e);
	c->notice = notice;
	c->notice_ctx = notice_ctx;
	free(s.cells);
	free(s.lengths);
	if (rows != NULL)
		*rows = s.rows;
	return rc;
}
