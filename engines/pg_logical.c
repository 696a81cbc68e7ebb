/*
 * Logical replication: what a node subscribes to and what its database publishes. Subscriptions are
 * seen of all databases, publications only of the one the session is in. Must never read what holds
 * a password: where a subscription connects to stays with the servers.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "banned.h"

#define MAX_LOGICALS 1000

static const char *
cell(struct arena *a, const PGresult *r, int row, int column)
{
	return PQgetisnull(r, row, column) ? NULL : arena_strdup(a, PQgetvalue(r, row, column));
}

static int
rows(const PGresult *r, int columns)
{
	int n = r == NULL || PQresultStatus(r) != PGRES_TUPLES_OK || PQnfields(r) != columns
		    ? 0
		    : PQntuples(r);

	return n > MAX_LOGICALS ? MAX_LOGICALS : n;
}

void
pg_read_logical(
    struct arena *a, const PGresult *subscriptions, const PGresult *publications, struct probe *p)
{
	int i, n = rows(subscriptions, 6);
	struct subscription *s;

	p->subscriptions = arena_array(a, (size_t)n, sizeof(*p->subscriptions));
	p->nsubscriptions = (size_t)n;
	for (i = 0; i < n; i++) {
		s = &p->subscriptions[i];
		s->name = cell(a, subscriptions, i, 0);
		s->database = cell(a, subscriptions, i, 1);
		s->slot = cell(a, subscriptions, i, 2);
		s->publications = cell(a, subscriptions, i, 3);
		s->is_enabled = PQgetvalue(subscriptions, i, 4)[0] == 't';
		s->has_worker = PQgetvalue(subscriptions, i, 5)[0] == 't';
	}
	n = rows(publications, 2);
	p->publications = arena_array(a, (size_t)n * 2, sizeof(*p->publications));
	p->npublications = (size_t)n;
	for (i = 0; i < n; i++) {
		p->publications[2 * i] = cell(a, publications, i, 0);
		p->publications[2 * i + 1] = cell(a, publications, i, 1);
	}
}

static struct logical *
add(struct arena *a, struct topology *t, const struct node *n, const char *what)
{
	struct logical *l;

	t->logicals = arena_grow(a, t->logicals, t->nlogicals, sizeof(*l));
	l = &t->logicals[t->nlogicals++];
	memset(l, 0, sizeof(*l));
	l->node = n->name;
	l->what = what;
	return l;
}

/* A standby has its primary's rows, and no worker: they are the primary's. */
void
crawl_logicals(struct arena *a, const struct probe *p, const struct node *n, struct topology *t)
{
	const struct subscription *s;
	struct logical *l;
	size_t i;

	for (i = 0; i < p->nsubscriptions && !p->who.is_in_recovery; i++) {
		s = &p->subscriptions[i];
		l = add(a, t, n, "subscription");
		l->name = arena_strdup(a, s->name);
		l->database = arena_strdup(a, s->database);
		l->state = !s->is_enabled ? "disabled" : s->has_worker ? "working" : "no worker";
		l->detail = arena_printf(a, "publications %s, slot %s", s->publications,
		    s->slot == NULL ? "none" : s->slot);
	}
	for (i = 0; i < p->npublications && !p->who.is_in_recovery; i++) {
		l = add(a, t, n, "publication");
		l->name = arena_strdup(a, p->publications[2 * i]);
		l->database = arena_strdup(a, p->database);
		l->detail = arena_strdup(a, p->publications[2 * i + 1]);
	}
}
