/*
 * See pg_look.h. Must never leave a trace in the operator's session: no setting, no savepoint, no
 * aborted transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_look.h"
#include "banned.h"

#define LOOK_ARRAY_MAX (8 << 20)

int
look_is_possible(const struct cluster *c)
{
	PGTransactionStatusType t;

	if (!cluster_is_connected(c))
		return 0;
	t = PQtransactionStatus(pg(c->person)->pq);
	return t == PQTRANS_IDLE || t == PQTRANS_INTRANS;
}

static int
plain(struct cluster *c, struct waiter *w, const char *sql, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	return pg_query(pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), sql, 0, NULL, &r, e);
}

/* The savepoint is rolled back even on success: that also lets go of the locks of the look. */
static int
look_in_transaction(struct cluster *c, struct waiter *w, const char *sql, int nparams,
    const char *const *params, PGresult **out, struct err *e)
{
	struct waiter own;
	int rc;

	if (plain(c, w, "SAVEPOINT holdfast_look", e) < 0)
		return -1;
	rc = pg_query(
	    pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), sql, nparams, params, out, e);
	poll_waiter(&own, -1); /* taking it back is not the operator's to cancel */
	if (plain(c, &own, "ROLLBACK TO SAVEPOINT holdfast_look", rc == 0 ? e : NULL) < 0 ||
	    plain(c, &own, "RELEASE SAVEPOINT holdfast_look", rc == 0 ? e : NULL) < 0) {
		pg_clear_result(out);
		return -1;
	}
	return rc;
}

int
look(struct cluster *c, struct waiter *w, const char *sql, int nparams, const char *const *params,
    PGresult **out, struct err *e)
{
	*out = NULL;
	if (!cluster_is_connected(c)) {
		err_set(e, ERR_CONN, "there is no session to ask");
		return err_hint(e, "connect to a node first");
	}
	if (!look_is_possible(c)) {
		err_set(e, ERR_REFUSED, "the open transaction on %s has failed; nothing was asked",
		    c->operator_node);
		return err_hint(e, "type ROLLBACK; first");
	}
	if (PQtransactionStatus(pg(c->person)->pq) == PQTRANS_INTRANS)
		return look_in_transaction(c, w, sql, nparams, params, out, e);
	return pg_query(
	    pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), sql, nparams, params, out, e);
}

char *
look_array(struct arena *a, const char *const *texts, size_t n)
{
	struct buf b;
	const char *p;
	char *out;
	size_t i;

	buf_init(&b, LOOK_ARRAY_MAX);
	buf_puts(&b, "{");
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(&b, ",");
		if (texts[i] == NULL) {
			buf_puts(&b, "NULL");
			continue;
		}
		buf_puts(&b, "\"");
		for (p = texts[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				buf_puts(&b, "\\");
			buf_add(&b, p, 1);
		}
		buf_puts(&b, "\"");
	}
	buf_puts(&b, "}");
	out = arena_strdup(a, b.overflow ? "{}" : buf_str(&b));
	buf_free(&b);
	return out;
}

char *
look_text(struct arena *a, const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column))
		return NULL;
	return arena_strdup(a, PQgetvalue(r, row, column));
}

int64_t
look_int(const PGresult *r, int row, int column, int64_t none)
{
	return PQgetisnull(r, row, column) ? none : strtoll(PQgetvalue(r, row, column), NULL, 10);
}
