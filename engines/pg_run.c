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
#include "engines/pg_act.h"
#include "engines/pg_who.h"
#include "text.h"
#include "banned.h"

struct member *
act_primary(struct cluster *c, struct err *e)
{
	const struct node *n = c->topology == NULL ? NULL : topology_primary(c->topology);
	struct member *m = cluster_member(c, n != NULL ? n->name : c->operator_node);

	if (m == NULL) {
		err_set(e, ERR_CONN, "no primary is known; nothing was sent");
		err_hint(e, "connect to a node of the cluster first");
	}
	return m;
}

/* The connection an effect means. main and operator belong to one node: another is a bug. */
static int
find_conn(struct cluster *c, struct waiter *w, const struct effect *f, struct pg_conn **out,
    struct err *e)
{
	const char *node = f->conn == CONN_MAIN ? c->main_node : c->operator_node;
	struct member *m;

	if (f->conn == CONN_CONTROL) {
		if ((m = cluster_member(c, f->node)) == NULL)
			return err_set(
			    e, ERR_FAILED, "no node is called %s; nothing was sent", f->node);
		return member_control(c, m, w, out, e);
	}
	*out = f->conn == CONN_MAIN ? c->main : c->person;
	if (*out == NULL || strcmp(node, f->node) != 0)
		return err_set(e, ERR_CONN, "there is no %s connection to %s; nothing was sent",
		    f->conn == CONN_MAIN ? "plan's" : "operator's", f->node);
	if ((*out)->is_broken || PQstatus((*out)->pq) != CONNECTION_OK)
		return err_set(
		    e, ERR_CONN, "the connection to %s is broken; nothing was sent", f->node);
	return 0;
}

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

static int
attempt(struct pg_conn *c, struct waiter *w, int64_t deadline, struct effect *f)
{
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

static void
run_one(struct cluster *c, struct waiter *w, struct effect *f)
{
	int64_t start = now_ms(), deadline = start + f->timeout_ms;
	struct pg_conn *conn;

	err_clear(&f->err);
	memset(&f->outcome, 0, sizeof(f->outcome));
	f->outcome.rows = -1;
	f->outcome.before = f->outcome.after = f->outcome.xid = "";
	f->rc = find_conn(c, w, f, &conn, &f->err);
	if (f->rc != 0 || f->ntexts == 0)
		return;
	f->rc = attempt(conn, w, deadline, f);
	/* A standby cancels questions that stand in the way of replay; asked once more. */
	if (f->rc != 0 && f->conn == CONN_CONTROL && f->ntexts == 1 && f->sink == NULL &&
	    strcmp(f->err.sqlstate, "40001") == 0) {
		err_clear(&f->err);
		f->rc = attempt(conn, w, deadline, f);
	}
	f->outcome.ms = now_ms() - start;
	if (f->rc != 0)
		err_wrap(&f->err, "%s", f->node);
}

/* One worker's share: all effects on one connection, one after the other. */
struct share {
	struct cluster *c;
	struct effect *effects;
	size_t n, first; /* index of the effect that names the connection */
};

static int
is_same_conn(const struct effect *x, const struct effect *y)
{
	return x->conn == y->conn && strcmp(x->node, y->node) == 0;
}

static void
run_share(void *arg, struct waiter *w)
{
	struct share *s = arg;
	size_t i;

	for (i = s->first; i < s->n; i++)
		if (is_same_conn(&s->effects[i], &s->effects[s->first]))
			run_one(s->c, w, &s->effects[i]);
}

int
run_effects(struct cluster *c, struct waiter *w, struct effect *effects, size_t n)
{
	struct share *shares = calloc(n + 1, sizeof(*shares));
	void **args = calloc(n + 1, sizeof(*args));
	size_t i, k, nshares = 0;
	int rc = 0;

	if (shares == NULL || args == NULL)
		abort();
	for (i = 0; i < n; i++) {
		effects[i].rc = err_set(
		    &effects[i].err, ERR_CANCELLED, "%s: nothing was sent", effects[i].node);
		for (k = 0; k < nshares; k++)
			if (is_same_conn(&effects[shares[k].first], &effects[i]))
				break;
		if (k < nshares)
			continue;
		shares[k] = (struct share){.c = c, .effects = effects, .n = n, .first = i};
		args[nshares++] = &shares[k];
	}
	if (cluster_settle(c, w, NULL) < 0 || fanout(w, run_share, args, nshares) < 0)
		rc = -1;
	for (i = 0; i < n; i++)
		rc = effects[i].rc != 0 ? -1 : rc;
	free(shares);
	free(args);
	return rc;
}

/* A pooler may hand each statement to another server process: then settings, locks and checks do
 * not belong to the statement that follows. It also cannot know the process id it was given. */
static int
refuse_pooler(struct cluster *c, struct waiter *w, struct pg_conn *conn, struct err *e)
{
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

static int
check_main(
    struct cluster *c, struct waiter *w, struct member *m, struct pg_conn *conn, struct err *e)
{
	struct pg_who who;

	if (refuse_pooler(c, w, conn, e) < 0 ||
	    pg_who(conn, w, cluster_deadline(c, LIMIT_QUERY), &who, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (m->identity[0] != '\0' && !cluster_is_same(m, &who))
		return err_set(e, ERR_STALE,
		    "%s is another server now: identity was %s, is %s; nothing was sent", m->name,
		    m->identity, who.identity);
	return 0;
}

int
run_main_open(
    struct cluster *c, struct waiter *w, const char *node, const char *database, struct err *e)
{
	struct pg_conn *conn, *control;
	struct member *m;

	run_main_close(c);
	if (cluster_settle(c, w, e) < 0)
		return -1;
	if ((m = cluster_member(c, node)) == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was sent", node);
	/* The control session comes first: it is what tells whether the node is still the one. */
	if (member_control(c, m, w, &control, e) < 0)
		return -1;
	if (cluster_open(c, w, m->address, database, &conn, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (check_main(c, w, m, conn, e) < 0) {
		pg_close(conn);
		return -1;
	}
	c->main = conn;
	text_copy(c->main_node, sizeof(c->main_node), m->name);
	return 0;
}

void
run_main_close(struct cluster *c)
{
	pg_close(c->main);
	c->main = NULL;
	c->main_node[0] = '\0';
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

static void
cancel(struct pg_conn *c)
{
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

void
run_cancel(struct cluster *c)
{
	cancel(c->person);
	cancel(c->main);
}
