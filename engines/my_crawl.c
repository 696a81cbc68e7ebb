/*
 * The crawl: see my_crawl.h. All known nodes are dialled at once; then, level by level, the sources
 * that each channel names and the replicas that each server lists. A candidate counts only when the
 * edge it was dialled for is told by it as well. A dead node costs its own deadline. Must never
 * write to a server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_crawl.h"
#include "text.h"
#include "banned.h"

static struct my_sight *
add_sight(struct my_crawl *k, const char *address)
{
	struct my_place place;
	struct my_sight *s;

	if (k->n == MY_MAX_SIGHTS)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->address = strdup(address)) == NULL)
		abort();
	my_place_parse(address, &place, NULL);
	text_copy(s->host, sizeof(s->host), place.socket[0] != '\0' ? place.socket : place.host);
	s->port = place.port;
	s->arena = arena_new();
	k->sights[k->n++] = s;
	return s;
}

void
my_forget(void *sights)
{
	struct my_crawl *k = sights;
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < k->n; i++) {
		my_conn_close(k->sights[i]->conn);
		arena_free(k->sights[i]->arena);
		free(k->sights[i]->address);
		free(k->sights[i]);
	}
	free(k);
}

int
my_place_is_local(const char *host)
{
	return host[0] == '\0' || host[0] == '/' || strcmp(host, "localhost") == 0 ||
	       strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

struct look {
	struct my_crawl *crawl;
	struct my_sight *sight;
};

/* One worker's task. A kept session that broke since is opened once more. */
static void
look_at(void *arg, struct waiter *w)
{
	struct look *l = arg;
	struct my_sight *s = l->sight;
	struct cluster *c = l->crawl->cluster;
	struct my_conn *conn = s->member != NULL ? my(s->member->control) : NULL;
	int64_t deadline = cluster_deadline(c, LIMIT_QUERY);
	int was_kept = conn != NULL, rc = -1;

	if (was_kept)
		rc = my_probe(conn, w, deadline, s->arena, &s->probe, &s->err);
	if (rc < 0 && was_kept && now_ms() >= deadline)
		err_set(&s->err, ERR_CONN, "no answer before the deadline, over an open session");
	else if (rc < 0 && (!was_kept || conn->is_broken) && s->err.code != ERR_CANCELLED) {
		my_conn_close(conn);
		conn = NULL;
		err_clear(&s->err);
		if (my_session_open(c, w, s->address, NULL, 1, &conn, &s->err) == 0)
			rc = my_probe(conn, w, cluster_deadline(c, LIMIT_QUERY), s->arena,
			    &s->probe, &s->err);
	}
	if (rc < 0) {
		s->probe = NULL;
		my_conn_close(conn);
		conn = NULL;
	}
	if (s->member != NULL)
		s->member->control = my_as_conn(conn);
	else
		s->conn = conn;
}

static int
look_round(struct my_crawl *k, struct waiter *w, size_t first, struct err *e)
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

/* True where `host`, as `from` says it, can mean the machine of `to`. */
static int
same_machine(const struct my_sight *from, const char *host, const struct my_sight *to)
{
	if (strcasecmp(host, to->host) == 0)
		return 1;
	if (to->probe != NULL && strcasecmp(host, to->probe->hostname) == 0)
		return 1;
	/* "localhost" is the speaker's own machine. */
	return my_place_is_local(host) &&
	       (strcasecmp(from->host, to->host) == 0 ||
		   (my_place_is_local(from->host) && my_place_is_local(to->host)));
}

struct my_sight *
my_source_of(const struct my_crawl *k, const struct my_sight *child, const struct my_channel *ch)
{
	struct my_sight *s, *by_id = NULL;
	size_t i, nby_id = 0;

	for (i = 0; i < k->n; i++) {
		s = k->sights[i];
		if (s == child || s->probe == NULL || s->is_dropped)
			continue;
		if (ch->source_uuid != NULL && s->probe->uuid != NULL) {
			if (strcmp(ch->source_uuid, s->probe->uuid) == 0)
				return s;
			continue;
		}
		if (ch->source_id != 0 && ch->source_id != s->probe->server_id)
			continue;
		if ((ch->port == s->probe->port || ch->port == s->port) &&
		    same_machine(child, ch->host, s))
			return s;
		if (ch->source_id != 0) {
			by_id = s;
			nby_id++;
		}
	}
	/* Behind NAT neither name nor port is right, but the number is, where only one has it. */
	return nby_id == 1 ? by_id : NULL;
}

struct my_sight *
my_child_of(const struct my_crawl *k, const struct my_sight *parent, const struct my_child *row)
{
	struct my_sight *s;
	size_t i, c;

	for (i = 0; i < k->n; i++) {
		s = k->sights[i];
		if (s->probe == NULL || s->is_dropped || s->probe->server_id != row->server_id ||
		    (row->port != 0 && row->port != s->probe->port && row->port != s->port))
			continue;
		for (c = 0; c < s->probe->nchannels; c++)
			if (my_source_of(k, s, &s->probe->channels[c]) == parent)
				return s;
	}
	return NULL;
}

static void
add_candidate(struct my_crawl *k, const struct my_sight *from, const char *host, int port)
{
	char *address;
	size_t i;

	if (my_place_is_local(host) && !my_place_is_local(from->host))
		host = from->host;
	if (host[0] == '\0' || host[0] == '/')
		host = "127.0.0.1";
	for (i = 0; i < k->n; i++)
		if (k->sights[i]->port == port &&
		    (strcasecmp(k->sights[i]->host, host) == 0 ||
			(my_place_is_local(host) && my_place_is_local(k->sights[i]->host))))
			return;
	if (port <= 0 || (address = my_place_at(from->address, host, port)) == NULL)
		return;
	add_sight(k, address);
	free(address);
}

/* Where a replica said no host: the client's address of a session that reads the log. */
static void
add_silent(struct my_crawl *k, const struct my_sight *s, int port)
{
	char host[256];
	const char *colon;
	size_t i;

	for (i = 0; i < s->probe->ndumps; i++) {
		colon = strrchr(s->probe->dumps[i].host, ':');
		snprintf(host, sizeof(host), "%.*s",
		    colon == NULL ? 200 : (int)(colon - s->probe->dumps[i].host),
		    s->probe->dumps[i].host);
		add_candidate(k, s, host, port);
	}
}

static void
add_candidates(struct my_crawl *k)
{
	const struct my_sight *s;
	size_t i, j, n = k->n;

	for (i = 0; i < n; i++) {
		s = k->sights[i];
		if (s->probe == NULL || s->is_dropped)
			continue;
		for (j = 0; j < s->probe->nchannels; j++)
			if (my_source_of(k, s, &s->probe->channels[j]) == NULL)
				add_candidate(
				    k, s, s->probe->channels[j].host, s->probe->channels[j].port);
		for (j = 0; j < s->probe->nchildren; j++) {
			if (my_child_of(k, s, &s->probe->children[j]) != NULL)
				continue;
			if (s->probe->children[j].host[0] == '\0')
				add_silent(k, s, s->probe->children[j].port);
			else
				add_candidate(
				    k, s, s->probe->children[j].host, s->probe->children[j].port);
		}
	}
}

/* The same instance by another address: the first sight of it stays. Members come first. */
static void
merge(struct my_crawl *k)
{
	size_t i, j;

	for (i = 0; i < k->n; i++)
		for (j = 0; j < i && !k->sights[i]->is_dropped; j++)
			if (k->sights[i]->probe != NULL && k->sights[j]->probe != NULL &&
			    !k->sights[j]->is_dropped &&
			    strcmp(k->sights[i]->probe->who.instance,
				k->sights[j]->probe->who.instance) == 0)
				k->sights[i]->is_dropped = 1;
}

static int
is_connected(const struct my_crawl *k, const struct my_sight *s)
{
	size_t i, c;

	for (c = 0; c < s->probe->nchannels; c++)
		if (my_source_of(k, s, &s->probe->channels[c]) != NULL)
			return 1;
	for (i = 0; i < k->n; i++)
		for (c = 0; k->sights[i]->probe != NULL && c < k->sights[i]->probe->nchannels; c++)
			if (my_source_of(k, k->sights[i], &k->sights[i]->probe->channels[c]) == s)
				return 1;
	return 0;
}

static void
sift(struct my_crawl *k, size_t first)
{
	struct my_sight *s;
	size_t i;

	merge(k);
	for (i = first; i < k->n; i++) {
		s = k->sights[i];
		if (s->probe == NULL || (!s->is_dropped && !is_connected(k, s)))
			s->is_dropped = 1;
		if (s->is_dropped) {
			my_conn_close(s->conn);
			s->conn = NULL;
		}
	}
}

int
my_look_at(struct cluster *c, struct waiter *w, void **sights, struct err *e)
{
	struct my_crawl *k = calloc(1, sizeof(*k));
	struct my_sight *s;
	size_t i, first = 0;
	int round;

	if (k == NULL)
		abort();
	k->cluster = c;
	for (i = 0; i < c->nmembers; i++) {
		if ((s = add_sight(k, c->members[i].address)) == NULL)
			break;
		s->member = &c->members[i];
		text_copy(s->name, sizeof(s->name), c->members[i].name);
	}
	for (round = 0; round < MY_MAX_ROUNDS && k->n > first; round++) {
		if (look_round(k, w, first, e) < 0) {
			my_forget(k);
			return -1;
		}
		if (round == 0)
			merge(k);
		else
			sift(k, first);
		first = k->n;
		add_candidates(k);
	}
	/* What was not dialled any more is not part of the picture. */
	for (i = first; i < k->n; i++)
		k->sights[i]->is_dropped = 1;
	*sights = k;
	return 0;
}
