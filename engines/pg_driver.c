/*
 * PostgreSQL's row of the table of drivers, and its sessions: see driver.h. Must never send a
 * statement of its own.
 */
#include <poll.h>
#include <stdlib.h>

#include "engines/pg_driver.h"
#include "engines/pg_who.h"
#include "engines/pg_wire.h"
#include "banned.h"

/* Where the address names no database: the cluster's, else the one every server has. */
static const char *
usual_database(const struct cluster *c, const char *address)
{
	if (pg_address_has(address, "dbname") || pg_address_has(address, "service") ||
	    getenv("PGDATABASE") != NULL || getenv("PGSERVICE") != NULL)
		return NULL;
	return c->setup.config->database != NULL ? c->setup.config->database : "postgres";
}

int
pg_session_open(struct cluster *c, struct waiter *w, const char *address, const char *database,
    struct pg_conn **out, struct err *e)
{
	char name[160];

	return pg_open(out, w, address, c->setup.person,
	    database != NULL ? database : usual_database(c, address),
	    cluster_application(c, name, sizeof(name)), cluster_deadline(c, LIMIT_CONNECT), e);
}

int
pg_control(
    struct cluster *c, struct member *m, struct waiter *w, struct pg_conn **out, struct err *e)
{
	struct conn *x;

	if (member_control(c, m, w, &x, e) < 0)
		return -1;
	*out = pg(x);
	return 0;
}

static int
open_session(struct cluster *c, struct waiter *w, const char *address, const char *database,
    struct conn **out, struct err *e)
{
	struct pg_conn *x;

	if (pg_session_open(c, w, address, database, &x, e) < 0)
		return -1;
	*out = pg_as_conn(x);
	return 0;
}

static void
close_session(struct conn *x)
{
	pg_close(pg(x));
}

static int
who_is(struct conn *x, struct waiter *w, int64_t deadline, struct who *out, struct err *e)
{
	return pg_who(pg(x), w, deadline, out, e);
}

static int
is_usable(const struct conn *x)
{
	const struct pg_conn *c = (const struct pg_conn *)(const void *)x;

	return c != NULL && !c->is_broken && PQstatus(c->pq) == CONNECTION_OK;
}

/* A server that ended the session in between has left its last words and an end of file on the
 * socket: the words are read first, and only then is the end seen. */
static int
is_alive(struct conn *x)
{
	struct pollfd p = {.events = POLLIN};
	int i;

	if (!is_usable(x))
		return 0;
	p.fd = PQsocket(pg(x)->pq);
	for (i = 0; i < 16 && poll(&p, 1, 0) > 0; i++)
		if (PQconsumeInput(pg(x)->pq) == 0 || !is_usable(x))
			return 0;
	return i < 16;
}

static const char *
address_of(const struct conn *x)
{
	return ((const struct pg_conn *)(const void *)x)->address;
}

const struct driver driver_postgresql = {
    .engine = "postgresql",
    .open = open_session,
    .close = close_session,
    .who = who_is,
    .is_usable = is_usable,
    .is_alive = is_alive,
    .address = address_of,
    .cancel = pg_cancel,
    .look = pg_look_at,
    .draw = pg_draw,
    .forget = pg_forget,
    .session = pg_ask_session,
    .refine = pg_ask_refine,
    .reads = pg_ask_reads,
    .syntax = pg_ask_syntax,
    .dependents = pg_ask_dependents,
    .estimate = pg_ask_estimate,
    .list = pg_ask_list,
    .names = pg_ask_names,
    .fate = pg_ask_fate,
    .rights = pg_ask_rights,
    .logs = pg_ask_logs,
    .dump = pg_ask_dump,
    .standing = pg_ask_standing,
    .attempt = pg_attempt,
    .check_main = pg_refuse_pooler,
    .pen = pg_pen,
    .xact_status = pg_xact_status,
    .procedures = pg_procedures,
};
