/*
 * The crawl: see pg_crawl.h. All known nodes are dialled at once; then, level by level, the
 * upstream each standby names and the addresses a walsender may stand for. A candidate counts only
 * when it is the same cluster and tells the same edge from its side. A dead node costs its own
 * deadline. Must never write to a server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "engines/pg_manager.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

/* Ports where a pooler usually listens: never guessed. */
#define POOLER_PORT "6432"
#define RETRY_MS 60000
#define HURRY_PART 4

static struct sight *
add_sight(struct crawl *k, const char *address)
{
	struct sight *s;

	if (k->n == MAX_SIGHTS)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->address = strdup(address)) == NULL)
		abort();
	pg_address_place(address, s->host, sizeof(s->host), s->port, sizeof(s->port));
	s->arena = arena_new();
	k->sights[k->n++] = s;
	return s;
}

void
crawl_clear(struct crawl *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		pg_close(k->sights[i]->conn);
		arena_free(k->sights[i]->arena);
		free(k->sights[i]->address);
		free(k->sights[i]);
	}
	k->n = 0;
}

int
sight_is_kin(const struct sight *x, const struct sight *y)
{
	return x->probe != NULL && y->probe != NULL &&
	       strcmp(x->probe->who.cluster, y->probe->who.cluster) == 0;
}

/* One worker's task. A kept session that broke since is opened once more. */
struct look {
	struct crawl *crawl;
	struct sight *sight;
};

/* An address may name a service or several hosts: the one that answered is the node's place. */
static void
note_place(struct sight *s, const struct pg_conn *conn)
{
	const char *host = PQhost(conn->pq), *port = PQport(conn->pq);

	if ((s->host[0] != '\0' && strchr(s->host, ',') == NULL) || host == NULL || port == NULL)
		return;
	text_copy(s->host, sizeof(s->host), host);
	text_copy(s->port, sizeof(s->port), port[0] == '\0' ? "5432" : port);
}

/* A waiter that gives up earlier than it is told. */
struct hurry {
	struct waiter w, *inner;
	int64_t until;
};

static int
hurry_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct hurry *h = w->ctx;

	return h->inner->wait(h->inner, fd, events, deadline < h->until ? deadline : h->until);
}

/*
 * Where a node hangs, those below it name the place it answers at from the inside, and nobody can
 * tell that it is the same node. It would cost its deadline a second time, so it gets a part of it.
 */
static int
dial(struct crawl *k, struct sight *s, struct waiter *w, struct pg_conn **conn)
{
	int is_hurried = s->member == NULL && k->hurry_ms > 0, rc;
	int64_t end =
	    is_hurried ? now_ms() + k->hurry_ms : cluster_deadline(k->cluster, LIMIT_CONNECT);
	struct hurry h = {.inner = w, .until = end};

	h.w = (struct waiter){.wait = hurry_wait, .ctx = &h, .cancel_fd = w->cancel_fd};
	rc = pg_session_open(k->cluster, is_hurried ? &h.w : w, s->address, NULL, conn, &s->err);
	s->is_late = rc < 0 && s->err.code == ERR_CONN && now_ms() >= end;
	return rc;
}

static void
look_at(void *arg, struct waiter *w)
{
	struct look *l = arg;
	struct sight *s = l->sight;
	struct cluster *c = l->crawl->cluster;
	struct pg_conn *conn = s->member != NULL ? pg(s->member->control) : NULL;
	int64_t deadline = cluster_deadline(c, LIMIT_QUERY);
	int was_kept = conn != NULL, rc = -1;

	if (was_kept)
		rc = pg_probe(conn, w, deadline, s->arena, &s->probe, &s->err);
	s->is_late = rc < 0 && was_kept && now_ms() >= deadline;
	if (s->is_late)
		err_set(&s->err, ERR_CONN, "no answer before the deadline, over an open session");
	else if (rc < 0 && (!was_kept || conn->is_broken) && s->err.code != ERR_CANCELLED) {
		pg_close(conn);
		conn = NULL;
		if (dial(l->crawl, s, w, &conn) == 0)
			rc = pg_probe(conn, w, cluster_deadline(c, LIMIT_QUERY), s->arena,
			    &s->probe, &s->err);
	}
	if (rc == 0) {
		note_place(s, conn);
		pg_manager_look(c, w, s);
	}
	if (rc < 0) {
		s->probe = NULL;
		pg_close(conn);
		conn = NULL;
	}
	if (s->member != NULL)
		s->member->control = pg_as_conn(conn);
	else
		s->conn = conn;
}

/* Looks at the sights from `first` on, all at once. */
static int
look_round(struct crawl *k, struct waiter *w, size_t first, struct err *e)
{
	size_t i, n = k->n - first;
	struct look *looks = calloc(n + 1, sizeof(*looks));
	int rc;

	if (looks == NULL)
		abort();
	for (i = 0; i < n; i++)
		looks[i] = (struct look){.crawl = k, .sight = k->sights[first + i]};
	rc = fanout(w, look_at, looks, sizeof(*looks), n);
	free(looks);
	if (rc < 0)
		err_set(e, ERR_CANCELLED, "reading the cluster's picture was cancelled");
	return rc;
}

static int
is_known_place(const struct crawl *k, const char *host, const char *port)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (strcmp(k->sights[i]->host, host) == 0 && strcmp(k->sights[i]->port, port) == 0)
			return 1;
	return 0;
}

/* Candidates that were not it are not dialled again for the same walsender for a while. */
static int
was_tried(const struct cluster *c, const char *key)
{
	size_t i;

	for (i = 0; i < c->ntried; i++)
		if (strcmp(c->tried[i].key, key) == 0 && now_ms() < c->tried[i].until)
			return 1;
	return 0;
}

static void
note_tried(struct cluster *c, const char *key)
{
	if (c->ntried == sizeof(c->tried) / sizeof(c->tried[0]))
		c->ntried = 0; /* forgetting costs a dial, no more */
	c->tried[c->ntried].until = now_ms() + RETRY_MS;
	text_copy(c->tried[c->ntried++].key, sizeof(c->tried[0].key), key);
}

static void
add_candidate(
    struct crawl *k, const struct sight *from, const char *host, const char *port, int pid)
{
	char key[128], *address;
	struct sight *s;

	snprintf(
	    key, sizeof(key), "%.40s %d %.50s:%s", from->probe->who.identity + 3, pid, host, port);
	if (host[0] == '\0' || strcmp(port, POOLER_PORT) == 0 || is_known_place(k, host, port) ||
	    was_tried(k->cluster, key))
		return;
	address = pg_address_at(from->address, host, port);
	if (address == NULL)
		abort();
	if ((s = add_sight(k, address)) != NULL)
		text_copy(s->key, sizeof(s->key), key);
	free(address);
}

/* The port of a child is nowhere to be seen from above: the usual ones and those of its kin. */
static void
add_below(struct crawl *k, const struct sight *parent, const struct sender *s)
{
	const char *host = place_is_local(s->address) ? parent->host : s->address;
	size_t i, n = k->n;
	char port[16];

	snprintf(port, sizeof(port), "%d", parent->probe->port);
	add_candidate(k, parent, host, port, s->pid);
	add_candidate(k, parent, host, "5432", s->pid);
	add_candidate(k, parent, host, "5433", s->pid);
	for (i = 0; i < n; i++)
		if (sight_is_kin(k->sights[i], parent) && !k->sights[i]->is_dropped) {
			snprintf(port, sizeof(port), "%d", k->sights[i]->probe->port);
			add_candidate(k, parent, host, port, s->pid);
		}
}

static int
is_matched(const struct crawl *k, const struct sight *parent, const struct sender *row)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (k->sights[i]->is_dropped)
			continue;
		if (k->sights[i]->up == parent && k->sights[i]->sender == row)
			return 1;
		if (k->sights[i]->member != NULL && k->sights[i]->probe == NULL &&
		    edge_is_configured(parent, row, k->sights[i]))
			return 1;
	}
	return 0;
}

/* Could there be a server behind this walsender? */
static int
is_replica_like(const struct sender *s)
{
	if (s->slot_type != NULL && strcmp(s->slot_type, "logical") == 0)
		return 0;
	return s->state == NULL || strcmp(s->state, "backup") != 0;
}

static void
add_candidates(struct crawl *k)
{
	size_t i, j, n = k->n;
	char port[16];

	for (i = 0; i < n; i++) {
		const struct sight *s = k->sights[i];

		if (s->probe == NULL || s->is_dropped)
			continue;
		if (s->probe->who.is_in_recovery && s->up == NULL &&
		    s->probe->sender_host != NULL) {
			snprintf(port, sizeof(port), "%d", s->probe->sender_port);
			add_candidate(k, s,
			    place_is_local(s->probe->sender_host) && !place_is_local(s->host)
				? s->host
				: s->probe->sender_host,
			    port, 0);
		}
		for (j = 0; j < s->probe->nsenders; j++)
			if (is_replica_like(&s->probe->senders[j]) &&
			    !is_matched(k, s, &s->probe->senders[j]))
				add_below(k, s, &s->probe->senders[j]);
	}
}

/* The same instance by another address: the first sight of it stays. Members come first. */
static void
merge(struct crawl *k)
{
	size_t i, j;

	for (i = 0; i < k->n; i++)
		for (j = 0; j < i && !k->sights[i]->is_dropped; j++)
			if (k->sights[i]->probe != NULL && k->sights[j]->probe != NULL &&
			    !k->sights[j]->is_dropped &&
			    strcmp(k->sights[i]->probe->who.instance,
				k->sights[j]->probe->who.instance) == 0) {
				k->sights[i]->is_dropped = 1;
				k->sights[i]->same_as = k->sights[j];
			}
}

/* A candidate is kept where an edge leads to it from a node that was known before, or from it. */
static int
is_connected(const struct crawl *k, const struct sight *s)
{
	size_t i;

	if (s->up != NULL)
		return 1;
	for (i = 0; i < k->n; i++)
		if (k->sights[i]->up == s && k->sights[i]->sender != NULL)
			return 1;
	return 0;
}

static void
sift(struct crawl *k, size_t first)
{
	struct sight *s;
	size_t i;

	merge(k);
	for (i = first; i < k->n; i++)
		if (k->sights[i]->probe == NULL || k->sights[i]->probe->who.is_pooled)
			k->sights[i]->is_dropped = 1;
	crawl_edges(k);
	for (i = first; i < k->n; i++) {
		s = k->sights[i];
		if (!s->is_dropped && !is_connected(k, s))
			s->is_dropped = 1;
		if (s->is_dropped) {
			/* One that was given less than its time may be there all the same. */
			if (!s->is_late || k->hurry_ms == 0)
				note_tried(k->cluster, s->key);
			pg_close(s->conn);
			s->conn = NULL;
		}
	}
	crawl_edges(k);
}

static int
hurry(const struct crawl *k)
{
	int ms = k->cluster->setup.config->connect_timeout_ms;
	size_t i;

	for (i = 0; i < k->n; i++)
		if (k->sights[i]->is_late)
			return (ms > 0 ? ms : 2000) / HURRY_PART;
	return 0;
}

int
crawl_run(struct crawl *k, struct waiter *w, struct err *e)
{
	struct cluster *c = k->cluster;
	size_t i, first;
	int round;

	for (i = 0; i < c->nmembers; i++) {
		struct sight *s = add_sight(k, c->members[i].address);

		if (s == NULL)
			break;
		s->member = &c->members[i];
		text_copy(s->name, sizeof(s->name), c->members[i].name);
	}
	if (look_round(k, w, 0, e) < 0)
		return -1;
	k->hurry_ms = hurry(k);
	merge(k);
	crawl_edges(k);
	for (round = 0; round < MAX_ROUNDS; round++) {
		first = k->n;
		add_candidates(k);
		if (k->n == first)
			break;
		if (look_round(k, w, first, e) < 0)
			return -1;
		sift(k, first);
	}
	return 0;
}
