/*
 * Asking one statement, or a pipeline of const ones, with a deadline: see pg_conn.h. A statement
 * that is stopped by its deadline or by the operator is cancelled on the server, and what the
 * server then says is what counts: it may have finished first. Must never send operator text by
 * PQexec: the extended protocol takes one statement only.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engines/pg_conn.h"
#include "engines/pg_wire.h"
#include "banned.h"

/* PQcancel blocks, and a dead server would keep it: it runs in a thread nobody joins. */
struct canceller {
	PGcancel *cancel;
	int done; /* dup of the event descriptor */
};

static void *
run_cancel_request(void *arg)
{
	struct canceller *k = arg;
	char why[256];
	uint64_t one = 1;

	PQcancel(k->cancel, why, sizeof(why));
	if (write(k->done, &one, sizeof(one)) < 0)
		one = 0; /* nobody waits any more */
	close(k->done);
	PQfreeCancel(k->cancel);
	free(k);
	return NULL;
}

/* Sends the cancel request. It must be over before the next statement, or it would stop that one:
 * 0 when it is by `end`, -1 not. */
static int
send_cancel(struct pg_conn *c, int64_t end)
{
	struct canceller *k = calloc(1, sizeof(*k));
	int fd = eventfd(0, EFD_CLOEXEC);
	sigset_t all, old;
	struct waiter w;
	pthread_t t;
	int rc;

	if (k == NULL)
		abort();
	k->cancel = PQgetCancel(c->pq);
	k->done = fd < 0 ? -1 : dup(fd);
	if (k->cancel == NULL || k->done < 0) {
		PQfreeCancel(k->cancel);
		if (k->done >= 0)
			close(k->done);
		if (fd >= 0)
			close(fd);
		free(k);
		return -1;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&t, NULL, run_cancel_request, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		pthread_detach(t);
		poll_waiter(&w, -1);
		rc = w.wait(&w, fd, POLLIN, end) == 1 ? 0 : -1;
	} else {
		close(k->done);
		PQfreeCancel(k->cancel);
		free(k);
	}
	close(fd);
	return rc == 0 ? 0 : -1;
}

void
exchange_init(struct exchange *x, struct pg_conn *c, struct waiter *w, int64_t deadline)
{
	memset(x, 0, sizeof(*x));
	x->c = c;
	x->w = w;
	x->deadline = deadline;
	poll_waiter(&x->grace, -1);
}

void
exchange_stop(struct exchange *x, int why)
{
	if (x->stopped != 0)
		return;
	x->stopped = why;
	x->w = &x->grace;
	x->deadline = now_ms() + (x->is_fact ? 0 : (why < 0 ? CANCEL_MS : LATE_MS));
	if (send_cancel(x->c, x->deadline) < 0)
		x->c->is_broken = 1; /* after this statement */
}

int
exchange_is_usable(struct pg_conn *c, struct err *e)
{
	if (!c->is_broken && PQstatus(c->pq) == CONNECTION_OK)
		return 1;
	c->is_broken = 1;
	err_set(e, ERR_CONN, "the connection is broken; nothing was sent");
	err_hint(e, "connect again");
	return 0;
}

int
exchange_wait(struct exchange *x, short events, struct err *e)
{
	int fd = PQsocket(x->c->pq), rc;

	if (fd < 0)
		return exchange_error(x, NULL, e);
	rc = x->w->wait(x->w, fd, events, x->deadline);
	if (rc > 0)
		return 0;
	if (x->stopped == 0) {
		exchange_stop(x, rc < 0 ? -1 : 1);
		return 0;
	}
	x->c->is_broken = 1;
	err_set(e, ERR_CONN,
	    "%s, and the server did not answer the cancel request: the connection "
	    "was given up, and whether the statement took effect is not known",
	    x->stopped < 0 ? "the statement was cancelled" : "the deadline passed");
	return err_hint(e, "connect again and look");
}

int
exchange_flush(struct exchange *x, struct err *e)
{
	int rc;

	while ((rc = PQflush(x->c->pq)) == 1) {
		if (exchange_wait(x, POLLIN | POLLOUT, e) < 0)
			return -1;
		if (PQconsumeInput(x->c->pq) == 0)
			return exchange_error(x, NULL, e);
	}
	return rc < 0 ? exchange_error(x, NULL, e) : 0;
}

int
exchange_ready(struct exchange *x, struct err *e)
{
	while (PQisBusy(x->c->pq)) {
		if (exchange_wait(x, POLLIN, e) < 0)
			return -1;
		/* A failure shows in the result that PQgetResult then makes. */
		if (PQconsumeInput(x->c->pq) == 0)
			return 0;
	}
	return 0;
}

int
exchange_error(struct exchange *x, const PGresult *r, struct err *e)
{
	struct err mine;

	if (e == NULL)
		e = &mine;
	pg_error(x->c, r, e);
	if (x->stopped == 0 || strcmp(e->sqlstate, "57014") != 0)
		return -1;
	if (x->stopped < 0)
		err_set(e, ERR_CANCELLED, "the statement was cancelled");
	else
		err_set(e, ERR_FAILED, "the statement was cancelled: its deadline passed");
	memcpy(e->sqlstate, "57014", 6);
	return -1;
}

/* Ends a COPY that nobody asked for, so that the connection stays usable. */
static int
refuse_copy(struct exchange *x, ExecStatusType st, struct err *e)
{
	char *data;
	int n;

	if (st == PGRES_COPY_IN) {
		PQputCopyEnd(x->c->pq, "no data is sent here");
		if (exchange_flush(x, e) < 0)
			return -1;
	} else {
		exchange_stop(x, -1);
		while ((n = PQgetCopyData(x->c->pq, &data, 1)) >= 0) {
			if (n > 0)
				PQfreemem(data);
			else if (exchange_wait(x, POLLIN, e) < 0 || PQconsumeInput(x->c->pq) == 0)
				return -1;
		}
	}
	return 0;
}

static int
is_good(const PGresult *r)
{
	ExecStatusType s = PQresultStatus(r);

	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY;
}

/* Everything the statement answers, up to its end; the last result wins, but a first error stays.
 */
static int
collect(struct exchange *x, PGresult **out, struct err *e)
{
	ExecStatusType s;
	PGresult *r;

	for (;;) {
		if (exchange_ready(x, e) < 0)
			return -1;
		if ((r = PQgetResult(x->c->pq)) == NULL)
			return *out == NULL ? exchange_error(x, NULL, e) : 0;
		s = PQresultStatus(r);
		if (*out != NULL && PQresultStatus(*out) == PGRES_FATAL_ERROR) {
			PQclear(r);
			continue;
		}
		PQclear(*out);
		*out = r;
		if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH) {
			if (refuse_copy(x, s, e) < 0)
				return -1;
		}
	}
}

int
pg_query(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *sql, int nparams,
    const char *const *params, PGresult **out, struct err *e)
{
	PGresult *r = NULL;
	struct exchange x;
	int rc = -1;

	*out = NULL;
	if (!exchange_is_usable(c, e))
		return -1;
	exchange_init(&x, c, w, deadline);
	if (PQsendQueryParams(c->pq, sql, nparams, NULL, params, NULL, NULL, 0) != 1)
		return pg_error(c, NULL, e);
	if (exchange_flush(&x, e) < 0)
		c->is_broken = 1; /* half a message may have gone out */
	else if (collect(&x, &r, e) == 0)
		rc = is_good(r) ? 0 : exchange_error(&x, r, e);
	if (rc == 0)
		*out = r;
	else
		PQclear(r);
	return rc;
}

/* One text's result and the sync after it. */
static int
collect_piped(struct exchange *x, PGresult **out, struct err *e)
{
	PGresult *r;

	for (;;) {
		if (exchange_ready(x, e) < 0)
			return -1;
		r = PQgetResult(x->c->pq);
		if (r == NULL) {
			if (PQstatus(x->c->pq) == CONNECTION_BAD)
				return exchange_error(x, NULL, e);
			continue; /* the end of one statement's results */
		}
		if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
			PQclear(r);
			return 0;
		}
		PQclear(*out);
		*out = r;
		if (PQstatus(x->c->pq) == CONNECTION_BAD)
			return exchange_error(x, r, e);
	}
}

static int
pipe_all(struct exchange *x, const char *const *texts, size_t n, PGresult **results, struct err *e)
{
	PGconn *pq = x->c->pq;
	size_t i;
	int rc = 0;

	for (i = 0; i < n; i++)
		if (PQsendQueryParams(pq, texts[i], 0, NULL, NULL, NULL, NULL, 0) != 1 ||
		    PQpipelineSync(pq) != 1)
			return pg_error(x->c, NULL, e);
	if (exchange_flush(x, e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (collect_piped(x, &results[i], rc == 0 ? e : NULL) < 0)
			return -1;
		if (rc == 0 && !is_good(results[i]))
			rc = exchange_error(x, results[i], e);
	}
	return rc;
}

static int
pipeline(struct exchange *x, const char *const *texts, size_t n, PGresult **results, struct err *e)
{
	int rc;

	memset(results, 0, n * sizeof(*results));
	if (!exchange_is_usable(x->c, e))
		return -1;
	if (PQenterPipelineMode(x->c->pq) != 1)
		return pg_error(x->c, NULL, e);
	rc = pipe_all(x, texts, n, results, e);
	if (PQexitPipelineMode(x->c->pq) != 1)
		x->c->is_broken = 1;
	return rc;
}

/* The texts behind a failed one were sent with it and ran on their own: their results are there. */
int
pg_pipeline(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *const *texts,
    size_t n, PGresult **results, struct err *e)
{
	struct exchange x;

	exchange_init(&x, c, w, deadline);
	return pipeline(&x, texts, n, results, e);
}

int
pg_facts(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *const *texts, size_t n,
    PGresult **results, struct err *e)
{
	struct exchange x;

	exchange_init(&x, c, w, deadline);
	x.is_fact = 1;
	return pipeline(&x, texts, n, results, e);
}
