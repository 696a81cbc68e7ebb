/*
 * What the operator's session means right now: see include/session.h. Outside a transaction it is
 * one question; inside one only SHOW is used there, since a query would take the transaction's
 * snapshot, and the rest is asked on the node's control session. Must never change the session.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "engines/pg_who.h"
#include "banned.h"

/* Settings that change what a text means or does; sorted; all exist since version 10. */
static const char *const meaningful[] = {"DateStyle", "IntervalStyle", "TimeZone", "array_nulls",
    "backslash_quote", "bytea_output", "check_function_bodies", "client_encoding",
    "default_tablespace", "default_transaction_isolation", "default_transaction_read_only",
    "extra_float_digits", "lc_monetary", "lc_numeric", "lc_time", "row_security", "search_path",
    "session_replication_role", "standard_conforming_strings", "synchronous_commit",
    "temp_tablespaces", "transform_null_equals", "xmloption"};
#define NMEANINGFUL (sizeof(meaningful) / sizeof(meaningful[0]))

enum {
	COL_OID,
	COL_DATABASE,
	COL_LOGIN,
	COL_ROLE,
	COL_RECOVERY,
	COL_START,
	COL_SUPERUSER,
	COL_TEMPORARY,
	COL_PREPARED,
	COL_SETTINGS,
};

/* $1 is the list of settings. Prepared names come as one text, one a line: names may hold anything
 * but are bounded by 63 bytes, and a line feed in one only makes two unknown names of it. */
static const char idle_sql[] =
    "SELECT d.oid, d.datname, session_user, current_user, "
    "pg_catalog.pg_is_in_recovery(), " PG_START_US ", "
    "(SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user), "
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c "
    "WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relkind IN ('r', 'p')), "
    "(SELECT pg_catalog.string_agg(p.name, E'\\n' ORDER BY p.name) "
    "FROM (SELECT name FROM pg_catalog.pg_prepared_statements LIMIT 1000) AS p), "
    "pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.current_setting(s.name) "
    "FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS s(name, n) "
    "ORDER BY s.n), E'\\x01') "
    "FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()";

/* What the control session can say of another session, by its process id. */
static const char outside_sql[] =
    "SELECT (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = $1), "
    "(SELECT (extract(epoch from pg_catalog.clock_timestamp() - a.xact_start) * 1000)"
    "::pg_catalog.int8 FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = $2::pg_catalog.int4), "
    "pg_catalog.pg_is_in_recovery()";

/* The two halves of a text at its first separator; *rest moves behind it. */
static char *
next_part(struct arena *a, const char **rest, char separator)
{
	size_t n = 0;
	char *part;

	while ((*rest)[n] != '\0' && (*rest)[n] != separator)
		n++;
	part = arena_strndup(a, *rest, n);
	*rest += (*rest)[n] == '\0' ? n : n + 1;
	return part;
}

static void
take_prepared(struct arena *a, const char *names, struct session *s)
{
	while (names != NULL && *names != '\0') {
		s->prepared = arena_grow(a, s->prepared, s->nprepared, sizeof(*s->prepared));
		s->prepared[s->nprepared++] = next_part(a, &names, '\n');
	}
}

static enum role
role_of(const struct cluster *c, int in_recovery)
{
	const struct node *n =
	    c->topology == NULL ? NULL : topology_find(c->topology, c->operator_node);

	if (in_recovery)
		return ROLE_REPLICA;
	return n != NULL && n->role == ROLE_STANDALONE ? ROLE_STANDALONE : ROLE_PRIMARY;
}

static int
ask_idle(struct cluster *c, struct waiter *w, struct arena *a, struct session *s, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *list = look_array(a, meaningful, NMEANINGFUL), *values;
	size_t i;

	if (pg_query(
		pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), idle_sql, 1, &list, &r, e) < 0)
		return err_wrap(e, "%s", c->operator_node);
	if (PQntuples(r) != 1)
		return err_set(e, ERR_FAILED, "%s did not say which database this session is in",
		    c->operator_node);
	s->database_oid = (uint32_t)look_int(r, 0, COL_OID, 0);
	s->database = look_text(a, r, 0, COL_DATABASE);
	s->login = look_text(a, r, 0, COL_LOGIN);
	s->current_role = look_text(a, r, 0, COL_ROLE);
	s->role = role_of(c, PQgetvalue(r, 0, COL_RECOVERY)[0] == 't');
	s->incarnation = look_text(a, r, 0, COL_START);
	s->is_superuser = PQgetvalue(r, 0, COL_SUPERUSER)[0] == 't';
	s->ntemporary = (size_t)look_int(r, 0, COL_TEMPORARY, 0);
	take_prepared(a, look_text(a, r, 0, COL_PREPARED), s);
	values = PQgetvalue(r, 0, COL_SETTINGS);
	s->settings = arena_array(a, NMEANINGFUL, sizeof(*s->settings));
	for (i = 0; i < NMEANINGFUL; i++) {
		s->settings[i].name = meaningful[i];
		s->settings[i].value = next_part(a, &values, '\x01');
	}
	s->nsettings = NMEANINGFUL;
	return 0;
}

/* What libpq itself knows, without a byte on the wire. */
static void
take_known(struct cluster *c, struct arena *a, struct session *s)
{
	PGconn *pq = pg(c->person)->pq;
	const char *login = PQparameterStatus(pq, "session_authorization");
	const char *super = PQparameterStatus(pq, "is_superuser");

	s->database = arena_strdup(a, PQdb(pq));
	s->login = arena_strdup(a, login == NULL ? PQuser(pq) : login);
	s->current_role = s->login;
	s->is_superuser = super != NULL && strcmp(super, "on") == 0;
	s->version = PQserverVersion(pq);
	s->backend_pid = PQbackendPID(pq);
}

static int
ask_outside(struct cluster *c, struct waiter *w, struct session *s, struct arena *a, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[2] = {s->database, arena_printf(a, "%d", s->backend_pid)};
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct pg_conn *control;
	struct member *m;

	if (members_enter(c, w, &held, e) < 0 ||
	    (m = cluster_member(c, c->operator_node)) == NULL ||
	    pg_control(c, m, w, &control, e) < 0)
		return -1;
	if (pg_query(control, w, cluster_deadline(c, LIMIT_QUERY), outside_sql, 2, params, &r, e) <
	    0)
		return err_wrap(e, "%s", c->operator_node);
	s->database_oid = (uint32_t)look_int(r, 0, 0, 0);
	s->tx_age_ms = look_int(r, 0, 1, 0);
	s->role = role_of(c, PQgetvalue(r, 0, 2)[0] == 't');
	return 0;
}

/* SHOW takes no snapshot, so a SET TRANSACTION ISOLATION LEVEL after it is still accepted. */
static int
ask_shown(struct cluster *c, struct waiter *w, struct arena *a, struct session *s, struct err *e)
{
	const char *texts[NMEANINGFUL + 1];
	PGresult *r[NMEANINGFUL + 1] = {NULL};
	size_t i;
	int rc;

	for (i = 0; i < NMEANINGFUL; i++)
		texts[i] = arena_printf(a, "SHOW %s", meaningful[i]);
	texts[NMEANINGFUL] = "SHOW role";
	rc = pg_pipeline(
	    pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), texts, NMEANINGFUL + 1, r, e);
	s->settings = arena_array(a, NMEANINGFUL, sizeof(*s->settings));
	for (i = 0; rc == 0 && i < NMEANINGFUL; i++) {
		s->settings[i].name = meaningful[i];
		s->settings[i].value = look_text(a, r[i], 0, 0);
		s->nsettings++;
	}
	if (rc == 0 && strcmp(PQgetvalue(r[NMEANINGFUL], 0, 0), "none") != 0)
		s->current_role = look_text(a, r[NMEANINGFUL], 0, 0);
	for (i = 0; i <= NMEANINGFUL; i++)
		PQclear(r[i]);
	return rc < 0 ? err_wrap(e, "%s", c->operator_node) : 0;
}

int
pg_ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e)
{
	const struct member *m;

	memset(out, 0, sizeof(*out));
	if (!cluster_is_connected(c)) {
		err_set(e, ERR_CONN, "there is no session: not connected, or the connection broke");
		return err_hint(e, "type connect NODE");
	}
	out->engine = "postgresql";
	out->node = arena_strdup(a, c->operator_node);
	m = cluster_member(c, c->operator_node);
	out->identity = arena_strdup(a, m == NULL ? "" : m->identity);
	out->incarnation = arena_strdup(a, m == NULL ? "" : m->incarnation);
	/* "pg:<system identifier>:<hash>": the cluster is what stands before the second colon. */
	out->cluster = strchr(out->identity, ':') == NULL
			   ? ""
			   : arena_strndup(a, out->identity, 3 + strcspn(out->identity + 3, ":"));
	take_known(c, a, out);
	switch (PQtransactionStatus(pg(c->person)->pq)) {
	case PQTRANS_IDLE:
		out->tx = TX_NONE;
		return ask_idle(c, w, a, out, e);
	case PQTRANS_INTRANS:
		out->tx = TX_OPEN;
		if (ask_shown(c, w, a, out, e) < 0)
			return -1;
		return ask_outside(c, w, out, a, e);
	case PQTRANS_INERROR:
		out->tx = TX_FAILED;
		return ask_outside(c, w, out, a, e);
	case PQTRANS_ACTIVE:
	case PQTRANS_UNKNOWN:
	default:
		out->tx = TX_UNKNOWN;
		return 0;
	}
}
