/*
 * The pen: an advisory lock on the primary, so that one person acts at a time; and what the server
 * knows of a transaction whose outcome was lost. Must never wait for the lock: whoever has it is
 * named instead.
 */
#include <stdio.h>
#include <string.h>

#include "engines/pg_driver.h"
#include "engines/pg_probe.h"
#include "text.h"
#include "banned.h"

/* "holdfast" as a 64-bit number. pg_locks shows it in two halves. */
#define PEN_KEY "7525352680829580148"

/* Advisory locks belong to one database, so everybody must take it in the same one. */
static const char *const pen_databases[] = {"postgres", "template1", NULL};

static int
open_pen(struct cluster *c, struct waiter *w, struct member *m, struct err *e)
{
	struct pg_conn *x;
	size_t i;

	for (i = 0; pen_databases[i] != NULL; i++) {
		err_clear(e);
		if (pg_session_open(c, w, m->address, pen_databases[i], &x, e) == 0) {
			c->pen = pg_as_conn(x);
			return 0;
		}
		if (strcmp(e->sqlstate, "3D000") != 0 && strcmp(e->sqlstate, "42501") != 0)
			break;
	}
	return err_wrap(e, "%s", m->name);
}

static int
name_holder(struct cluster *c, struct waiter *w, const struct member *m, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *who = "another session", *since = "";

	if (pg_query(pg(c->pen), w, cluster_deadline(c, LIMIT_QUERY),
		"SELECT a.application_name, pg_catalog.to_char(a.backend_start AT TIME ZONE "
		"'UTC', 'HH24:MI:SS\" UTC\"') FROM pg_catalog.pg_locks AS l "
		"JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid "
		"WHERE l.locktype = 'advisory' AND l.granted AND l.classid = " PEN_HIGH
		" AND l.objid = " PEN_LOW " AND l.objsubid = 1 AND l.database = "
		"(SELECT d.oid FROM pg_catalog.pg_database AS d "
		"WHERE d.datname = pg_catalog.current_database())",
		0, NULL, &r, e) == 0 &&
	    PQntuples(r) > 0) {
		who = PQgetvalue(r, 0, 0);
		since = PQgetvalue(r, 0, 1);
	}
	err_set(e, ERR_REFUSED, "%s%s%s is acting on this cluster (lock on %s); nothing was sent",
	    who, since[0] == '\0' ? "" : ", since ", since, m->name);
	return err_hint(e, "one person acts at a time: talk to them, then run it again");
}

int
pg_pen(struct cluster *c, struct waiter *w, struct member *m, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (open_pen(c, w, m, e) < 0)
		return -1;
	if (pg_query(pg(c->pen), w, cluster_deadline(c, LIMIT_QUERY),
		"SELECT pg_catalog.pg_try_advisory_lock(" PEN_KEY ")", 0, NULL, &r, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (PQntuples(r) != 1 || strcmp(PQgetvalue(r, 0, 0), "t") != 0)
		return name_holder(c, w, m, e);
	return 0;
}

int
pg_xact_status(struct cluster *c, struct waiter *w, struct member *m, const char *xid,
    const char **status, struct err *e)
{
	static const char *const known[] = {"committed", "aborted", "in progress", NULL};
	CLEAN_RESULT PGresult *r = NULL;
	struct pg_conn *control;
	size_t i;

	if (pg_control(c, m, w, &control, e) < 0)
		return -1;
	if (pg_query(control, w, cluster_deadline(c, LIMIT_QUERY),
		PQserverVersion(control->pq) >= 130000
		    ? "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)"
		    : "SELECT pg_catalog.txid_status($1::pg_catalog.int8)",
		1, &xid, &r, e) < 0)
		return err_wrap(e, "%s", m->name);
	for (i = 0; known[i] != NULL && PQntuples(r) == 1 && !PQgetisnull(r, 0, 0); i++)
		if (strcmp(known[i], PQgetvalue(r, 0, 0)) == 0)
			*status = known[i];
	return 0;
}
