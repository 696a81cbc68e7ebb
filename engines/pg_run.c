/*
 * Running effects on PostgreSQL: the only code of this floor that sends texts of a plan. It sends
 * exactly the bytes it was given, one statement a message, and says what the server said. Must
 * never send anything twice whose outcome is not known, and never decide anything.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_driver.h"
#include "text.h"
#include "banned.h"

static void
keep_result(struct effect *f, PGresult *r)
{
	struct outcome *o = &f->outcome;
	const char *n = PQcmdTuples(r);
	size_t i;

	text_copy(o->tag, sizeof(o->tag), PQcmdStatus(r));
	o->rows = PQresultStatus(r) == PGRES_TUPLES_OK ? PQntuples(r)
		  : n[0] != '\0'		       ? strtoll(n, NULL, 10)
						       : -1;
	if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) == 0 || f->arena == NULL)
		return;
	o->ncells = (size_t)PQnfields(r);
	o->cells = arena_array(f->arena, o->ncells + 1, sizeof(*o->cells));
	for (i = 0; i < o->ncells; i++)
		if (!PQgetisnull(r, 0, (int)i))
			o->cells[i] = arena_strdup(f->arena, PQgetvalue(r, 0, (int)i));
}

/* All texts but a streamed last one, in one round trip where there are more. */
static int
send_texts(struct pg_conn *c, struct waiter *w, int64_t deadline, struct effect *f, size_t n)
{
	CLEAN_RESULT PGresult *one = NULL;
	PGresult **all;
	size_t i;
	int rc;

	if (n == 0)
		return 0;
	if (n == 1) {
		rc = pg_query(c, w, deadline, f->texts[0], 0, NULL, &one, &f->err);
		if (rc == 0)
			keep_result(f, one);
		return rc;
	}
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		abort();
	rc = pg_pipeline(c, w, deadline, f->texts, n, all, &f->err);
	if (rc == 0)
		keep_result(f, all[n - 1]);
	for (i = 0; i < n; i++)
		PQclear(all[i]);
	free(all);
	return rc;
}

/* A COMMIT of a failed transaction is answered by ROLLBACK, and is no error to the server. */
static int
check_commit(struct effect *f)
{
	const char *last = f->texts[f->ntexts - 1];

	if (strcmp(last, "COMMIT") != 0 || strcmp(f->outcome.tag, "ROLLBACK") != 0)
		return 0;
	err_set(&f->err, ERR_FAILED,
	    "%s rolled the transaction back instead of committing; nothing lasts", f->node);
	return err_hint(&f->err, "a statement in it failed; look at the first error");
}

int
pg_attempt(struct conn *x, struct waiter *w, int64_t deadline, struct effect *f)
{
	struct pg_conn *c = pg(x);
	struct outcome *o = &f->outcome;
	size_t first = f->sink != NULL ? f->ntexts - 1 : f->ntexts;
	int rc;

	memset(o, 0, sizeof(*o));
	o->rows = -1;
	o->before = o->after = o->xid = "";
	o->backend_pid = PQbackendPID(c->pq);
	rc = send_texts(c, w, deadline, f, first);
	if (rc == 0 && f->sink != NULL)
		rc = pg_stream(c, w, deadline, f->texts[first], f->sink, o->tag, &o->rows, &f->err);
	if (rc == 0)
		return check_commit(f);
	text_copy(o->sqlstate, sizeof(o->sqlstate), f->err.sqlstate);
	o->is_unknown = c->is_broken || PQstatus(c->pq) != CONNECTION_OK;
	return -1;
}

/* A pooler may hand each statement to another server process: then settings, locks and checks do
 * not belong to the statement that follows. It also cannot know the process id it was given. */
int
pg_refuse_pooler(struct cluster *c, struct waiter *w, struct conn *x, struct err *e)
{
	struct pg_conn *conn = pg(x);
	CLEAN_RESULT PGresult *r = NULL;
	char *end;
	long pid;
	int i;

	for (i = 0; i < 2; i++) {
		if (pg_query(conn, w, cluster_deadline(c, LIMIT_QUERY),
			"SELECT pg_catalog.pg_backend_pid()", 0, NULL, &r, e) < 0)
			return -1;
		pid = PQntuples(r) == 1 ? strtol(PQgetvalue(r, 0, 0), &end, 10) : 0;
		pg_clear_result(&r);
		if (pid == PQbackendPID(conn->pq))
			continue;
		err_set(e, ERR_REFUSED, "the address leads through a pooler; nothing was sent");
		return err_hint(e, "give this node the address of PostgreSQL itself in the config");
	}
	return 0;
}

/* PQcancel blocks while it connects; nobody waits for it here. */
static void *
cancel_thread(void *arg)
{
	char why[256];

	PQcancel(arg, why, sizeof(why));
	PQfreeCancel(arg);
	return NULL;
}

void
pg_cancel(struct conn *x)
{
	struct pg_conn *c = pg(x);
	PGcancel *k;
	sigset_t all, old;
	pthread_t t;

	if (c == NULL || PQtransactionStatus(c->pq) != PQTRANS_ACTIVE ||
	    (k = PQgetCancel(c->pq)) == NULL)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&t, NULL, cancel_thread, k) == 0)
		pthread_detach(t);
	else
		PQfreeCancel(k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
