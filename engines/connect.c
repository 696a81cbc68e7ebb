/*
 * The operator's session: to a named node, or to the primary among the configured ones. Control and
 * operator session are dialled at the same time, since a login costs more than all that follows.
 * Must never leave half a connection behind: both sessions or none.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engines/members.h"
#include "text.h"
#include "banned.h"

/* How long the others may still take once the primary has answered. */
#define GRACE_MS 100

/* One node dialled while looking for the primary. */
struct visit {
	struct cluster *c;
	struct member *m;
	struct waiter *outer;
	int found_fd; /* readable once the primary was found */
	struct who who;
	struct err err;
	int rc;
};

/* A worker's wait that also ends when somebody else found the primary. */
static int
visit_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct visit *v = w->ctx;
	struct pollfd p[] = {{.fd = fd, .events = events},
	    {.fd = v->outer->cancel_fd, .events = POLLIN}, {.fd = v->found_fd, .events = POLLIN}};
	int64_t left = deadline - now_ms();

	if (poll(p, 3, left < 0 ? 0 : (left > 60000 ? 60000 : (int)left)) <= 0)
		return 0;
	if (p[1].revents != 0)
		return -1;
	if (p[0].revents != 0)
		return 1;
	return poll(p, 1, left < GRACE_MS ? (int)left : GRACE_MS) > 0 ? 1 : -1;
}

static void
visit(void *arg, struct waiter *w)
{
	struct visit *v = arg;
	struct waiter mine = {.wait = visit_wait, .ctx = v, .cancel_fd = w->cancel_fd};
	uint64_t one = 1;

	v->outer = w;
	v->rc = cluster_open_control(v->c, v->m, &mine, &v->who, &v->err);
	if (v->rc == 0 && !v->who.is_in_recovery && write(v->found_fd, &one, sizeof(one)) < 0)
		one = 0; /* the others take their time */
}

/* The primary where one answered, else the first that did, else NULL with the first one's reason.
 */
static struct member *
best(struct visit *all, size_t n, struct err *e)
{
	struct member *found = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].rc == 0 && !all[i].who.is_in_recovery)
			return all[i].m;
	for (i = 0; i < n && found == NULL; i++)
		if (all[i].rc == 0)
			found = all[i].m;
	if (found == NULL && e != NULL)
		*e = all[0].err;
	return found;
}

static struct member *
choose(struct cluster *c, struct waiter *w, struct err *e)
{
	struct visit *all = calloc(c->nmembers + 1, sizeof(*all));
	int found_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct member *found = NULL;
	size_t i, n = 0;

	if (all == NULL || found_fd < 0)
		abort();
	for (i = 0; i < c->nmembers; i++)
		if (c->members[i].is_configured)
			all[n++] = (struct visit){
			    .c = c, .m = &c->members[i], .found_fd = found_fd, .rc = -1};
	if (n == 0)
		err_set(e, ERR_CONFIG, "the cluster has no nodes");
	else if (n == 1)
		found = all[0].m;
	else if (fanout(w, visit, all, sizeof(*all), n) < 0)
		err_set(e, ERR_CANCELLED, "the connection attempt was cancelled");
	else
		found = best(all, n, e);
	close(found_fd);
	free(all);
	return found;
}

/* One of the two sessions to a node. */
struct login {
	struct cluster *c;
	struct member *m;
	const char *database;
	int is_control;
	struct conn *conn;
	struct who who;
	struct err err;
	int rc;
};

static void
log_in(void *arg, struct waiter *w)
{
	struct login *l = arg;

	if (l->is_control) {
		l->rc = member_control(l->c, l->m, w, &l->conn, &l->err);
		return;
	}
	l->rc = l->c->driver->open(l->c, w, l->m->address, l->database, &l->conn, &l->err);
	if (l->rc == 0)
		l->rc = l->c->driver->who(
		    l->conn, w, cluster_deadline(l->c, LIMIT_QUERY), &l->who, &l->err);
	if (l->rc < 0)
		err_wrap(&l->err, "%s", l->m->name);
}

/* With several hosts in one address the session may have ended up elsewhere: say where. */
static void
take_session(struct cluster *c, struct login *l)
{
	struct member *m = l->m;
	size_t i;

	for (i = 0; !cluster_is_same(m, &l->who) && i < c->nmembers; i++)
		if (c->members[i].identity[0] != '\0' && cluster_is_same(&c->members[i], &l->who))
			m = &c->members[i];
	cluster_disconnect(c);
	c->person = l->conn;
	text_copy(c->operator_node, sizeof(c->operator_node), m->name);
	text_copy(c->operator_address, sizeof(c->operator_address), c->driver->address(l->conn));
}

static int
connect_to(
    struct cluster *c, struct waiter *w, struct member *m, const char *database, struct err *e)
{
	struct login both[2] = {{.c = c, .m = m, .is_control = 1, .rc = -1},
	    {.c = c, .m = m, .database = database, .rc = -1}};
	int rc = fanout(w, log_in, both, sizeof(both[0]), 2);

	if (rc == 0 && both[0].rc == 0 && both[1].rc == 0) {
		take_session(c, &both[1]);
		return 0;
	}
	c->driver->close(both[1].conn);
	if (rc < 0)
		return err_set(e, ERR_CANCELLED, "the connection attempt was cancelled");
	/* The operator's own reason first: it names the database and login that were asked for. */
	if (e != NULL)
		*e = both[1].rc < 0 ? both[1].err : both[0].err;
	return -1;
}

int
cluster_connect(
    struct cluster *c, struct waiter *w, const char *node, const char *database, struct err *e)
{
	struct member *m = NULL;
	int rc = -1;

	if (cluster_settle(c, w, e) < 0)
		return -1;
	if (node != NULL && (m = cluster_member(c, node)) == NULL) {
		err_set(
		    e, ERR_USAGE, "cluster %s has no node called %s", c->setup.config->name, node);
		return err_hint(e, "`topology` lists its nodes");
	}
	c->is_busy++;
	if (node == NULL)
		m = choose(c, w, e);
	if (m != NULL)
		rc = connect_to(c, w, m, database, e);
	c->is_busy--;
	return rc;
}
