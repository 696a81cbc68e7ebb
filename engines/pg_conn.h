/*
 * One libpq connection with deadlines: nothing here blocks past its deadline or past a cancel, and
 * one message is one statement. Private to engines/.
 */
#ifndef PG_CONN_H
#define PG_CONN_H

#include <libpq-fe.h>
#include <stdint.h>

#include "config.h"
#include "err.h"
#include "sink.h"
#include "wait.h"

struct pg_conn {
	PGconn *pq;
	char *address; /* conninfo it was opened with, without secrets; owned */
	int is_broken; /* a deadline passed in mid-protocol: never used again */
	void (*notice)(void *ctx, const PGresult *r); /* or NULL: dropped */
	void *notice_ctx;
};

/*
 * Connects (PQconnectStartParams) with `address` as libpq takes it (conninfo or URL), and on top of
 * it fallback user, passfile, application_name, optional database. deadline: now_ms clock. Failure
 * classes by SQLSTATE in e->sqlstate: 57P03 starting (also "the database system is starting up"),
 * 53300 no slots; e->code ERR_CONN. Server text inert-able, never a password.
 */
int pg_open(struct pg_conn **out, struct waiter *w, const char *address,
    const struct person_config *person, const char *database, const char *application_name,
    int64_t deadline, struct err *e);
void pg_close(struct pg_conn *c); /* accepts NULL */
/* One statement, extended protocol, text results. *out is NULL on failure. The server's error
 * goes into e (sqlstate, detail, hint, position). On deadline or cancel the query is cancelled
 * out-of-band and the connection drained for a short while, else marked broken. */
int pg_query(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *sql, int nparams,
    const char *const *params, PGresult **out, struct err *e);
/* Several const statements in one round trip (pipeline mode, a sync after each so that each is its
 * own transaction). results[n] filled as far as it came; stops at the first error. */
int pg_pipeline(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *const *texts,
    size_t n, PGresult **results, struct err *e);
/* One statement whose rows stream through the sink (single-row mode, flat memory); COPY
 * both ways. tag (64 bytes) and *rows are filled. */
int pg_stream(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *sql,
    struct sink *sink, char *tag, int64_t *rows, struct err *e);
/* Fills e from a failed result or connection. Returns -1. */
int pg_error(struct pg_conn *c, const PGresult *r, struct err *e);

#define CLEAN_RESULT __attribute__((cleanup(pg_clear_result)))
void pg_clear_result(PGresult **r);

#endif
