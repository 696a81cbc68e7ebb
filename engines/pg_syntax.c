/*
 * Does the server's own grammar know a text? It is only parsed there (the Parse message of the
 * extended protocol), never bound or executed, and on the control session, so that an operator's
 * open transaction does not fail over it.
 */
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_driver.h"
#include "engines/pg_wire.h"
#include "banned.h"

static int
take_answer(struct exchange *x, struct err *e)
{
	PGresult *r;
	int rc = 0;

	for (;;) {
		if (exchange_ready(x, e) < 0)
			return -1;
		if ((r = PQgetResult(x->c->pq)) == NULL)
			return rc;
		if (PQresultStatus(r) != PGRES_COMMAND_OK && rc == 0)
			rc = exchange_error(x, r, e);
		PQclear(r);
	}
}

int
pg_ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct arena *a = arena_new();
	struct pg_conn *conn;
	struct member *m;
	struct exchange x;
	struct err own = {0};
	int rc = 0;

	if (members_enter(c, w, &held, &own) < 0 ||
	    (m = cluster_member(c, c->operator_node)) == NULL ||
	    pg_control(c, m, w, &conn, &own) != 0 || !exchange_is_usable(conn, &own)) {
		arena_free(a);
		return 0;
	}
	exchange_init(&x, conn, w, now_ms() + c->setup.config->query_timeout_ms);
	if (PQsendPrepare(conn->pq, "", arena_strndup(a, text, len), 0, NULL) == 1 &&
	    exchange_flush(&x, &own) == 0)
		rc = take_answer(&x, &own);
	arena_free(a);
	/* Anything else than "this is no statement" is left to the rules for what is not
	 * understood. */
	if (rc == 0 || strcmp(own.sqlstate, "42601") != 0)
		return 0;
	if (e != NULL)
		*e = own;
	return -1;
}
