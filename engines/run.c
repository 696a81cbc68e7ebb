/*
 * The effects of run.h: which session a text goes to, who sends it, one worker a session. What goes
 * over the wire is the driver's. Must never send anything twice whose outcome is not known, and
 * never decide anything.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/members.h"
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
find_conn(
    struct cluster *c, struct waiter *w, const struct effect *f, struct conn **out, struct err *e)
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
	if (!c->driver->is_usable(*out))
		return err_set(
		    e, ERR_CONN, "the connection to %s is broken; nothing was sent", f->node);
	return 0;
}

static void
run_one(struct cluster *c, struct waiter *w, struct effect *f)
{
	int64_t start = now_ms(), deadline = start + f->timeout_ms;
	struct conn *conn;

	err_clear(&f->err);
	memset(&f->outcome, 0, sizeof(f->outcome));
	f->outcome.rows = -1;
	f->outcome.before = f->outcome.after = f->outcome.xid = "";
	if (f->conn == CONN_HOST) {
		host_attempt(c, w, f);
		return;
	}
	f->rc = find_conn(c, w, f, &conn, &f->err);
	if (f->rc != 0 || f->ntexts == 0)
		return;
	f->rc = c->driver->attempt(conn, w, deadline, f);
	/* A standby cancels questions that stand in the way of replay; asked once more. */
	if (f->rc != 0 && f->conn == CONN_CONTROL && f->ntexts == 1 && f->sink == NULL &&
	    strcmp(f->err.sqlstate, "40001") == 0) {
		err_clear(&f->err);
		f->rc = c->driver->attempt(conn, w, deadline, f);
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

/* Only these use what a crawl uses: a crawl goes on beside a statement that takes its time. */
static int
has_control(const struct effect *effects, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (effects[i].conn == CONN_CONTROL)
			return 1;
	return 0;
}

void
outcome_report(struct outcome *out, struct arena *a, const char *text)
{
	out->cells = arena_array(a, 1, sizeof(*out->cells));
	out->cells[0] = text_inert(a, text, strlen(text), 0);
	out->ncells = 1;
}

void
outcome_swapped(struct outcome *out, int rc, int is_back, int64_t start, struct err *e)
{
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), is_back ? "SWAPPED BACK" : "SWAPPED");
	else if (e != NULL) {
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
		err_wrap(e, "nothing was swapped%s",
		    is_back ? ""
			    : ", what was loaded is kept, and the same restore goes on from there");
	}
	out->ms = now_ms() - start;
}

int
run_effects(struct cluster *c, struct waiter *w, struct effect *effects, size_t n)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct share *shares = calloc(n + 1, sizeof(*shares));
	size_t i, k, nshares = 0;
	int rc = 0;

	if (shares == NULL)
		abort();
	for (i = 0; i < n; i++) {
		effects[i].rc = err_set(
		    &effects[i].err, ERR_CANCELLED, "%s: nothing was sent", effects[i].node);
		for (k = 0; k < nshares; k++)
			if (is_same_conn(&effects[shares[k].first], &effects[i]))
				break;
		if (k < nshares)
			continue;
		shares[nshares++] = (struct share){.c = c, .effects = effects, .n = n, .first = i};
	}
	if ((has_control(effects, n) && members_enter(c, w, &held, NULL) < 0) ||
	    fanout(w, run_share, shares, sizeof(*shares), nshares) < 0)
		rc = -1;
	for (i = 0; i < n; i++)
		rc = effects[i].rc != 0 ? -1 : rc;
	free(shares);
	return rc;
}

static int
check_main(struct cluster *c, struct waiter *w, struct member *m, struct conn *conn, struct err *e)
{
	struct who who;

	if (c->driver->check_main(c, w, conn, e) < 0 ||
	    c->driver->who(conn, w, cluster_deadline(c, LIMIT_QUERY), &who, e) < 0)
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
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct conn *conn, *control;
	struct member *m;

	run_main_close(c);
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	if ((m = cluster_member(c, node)) == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was sent", node);
	/* The control session comes first: it is what tells whether the node is still the one. */
	if (member_control(c, m, w, &control, e) < 0)
		return -1;
	if (c->driver->open(c, w, m->address, database, &conn, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (check_main(c, w, m, conn, e) < 0) {
		c->driver->close(conn);
		return -1;
	}
	c->main = conn;
	text_copy(c->main_node, sizeof(c->main_node), m->name);
	return 0;
}

void
run_main_close(struct cluster *c)
{
	c->driver->close(c->main);
	c->main = NULL;
	c->main_node[0] = '\0';
}

void
run_cancel(struct cluster *c)
{
	c->driver->cancel(c->person);
	c->driver->cancel(c->main);
}

int
run_pen_take(struct cluster *c, struct waiter *w, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct member *m;
	struct err own;

	if (e == NULL)
		e = &own;
	if (c->driver->is_usable(c->pen))
		return 0;
	run_pen_drop(c);
	if (members_enter(c, w, &held, e) < 0 || (m = act_primary(c, e)) == NULL)
		return -1;
	if (c->driver->pen(c, w, m, e) == 0)
		return 0;
	run_pen_drop(c);
	return -1;
}

void
run_pen_drop(struct cluster *c)
{
	c->driver->close(c->pen); /* the server lets go of the lock with the session */
	c->pen = NULL;
}

int
run_xact_status(
    struct cluster *c, struct waiter *w, const char *xid, const char **status, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct member *m;

	*status = NULL;
	if (members_enter(c, w, &held, e) < 0 || (m = act_primary(c, e)) == NULL)
		return -1;
	return c->driver->xact_status(c, w, m, xid, status, e);
}

int
run_proc(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	const struct procedure *p;

	memset(out, 0, sizeof(*out));
	out->rows = -1;
	out->before = out->after = out->xid = "";
	if (s->conn == CONN_HOST)
		return host_proc(c, w, s, a, out, progress, ctx, e);
	for (p = c->driver->procedures; p->name != NULL; p++)
		if (strcmp(p->name, s->proc) == 0)
			return p->run(c, w, s, a, out, progress, ctx, e);
	err_set(e, ERR_FAILED, "no procedure is called %s; nothing was done", s->proc);
	return err_hint(e, "the plan was made by another version of the program: make it again");
}
