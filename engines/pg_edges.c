/*
 * Who replicates from whom. Addresses lie (NAT, sockets, loopback), so an edge is what both sides
 * tell: the slot a standby uses and the walsender that serves it, the host and port its receiver
 * names, the name it calls itself. Must never join nodes of different clusters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/pg_crawl.h"
#include "banned.h"

static int
same(const char *x, const char *y)
{
	return x != NULL && y != NULL && x[0] != '\0' && strcmp(x, y) == 0;
}

int
place_is_local(const char *host)
{
	return host == NULL || host[0] == '\0' || host[0] == '/' ||
	       strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}

/* True where `host`, as the standby names its upstream, can mean this parent. */
static int
is_host_of(const char *host, const struct sight *child, const struct sight *parent)
{
	if (same(host, parent->host) || same(host, parent->probe->server_addr))
		return 1;
	/* "localhost" seen from the child is the child's own machine. */
	return place_is_local(host) &&
	       (same(child->host, parent->host) ||
		   (place_is_local(child->host) && place_is_local(parent->host)));
}

/* What the standby says of its upstream: 2 it is this parent, 0 nothing, -1 it is another. */
static int
says(const struct sight *child, const struct sight *parent)
{
	const struct probe *p = child->probe;
	const char *host = p->sender_host != NULL ? p->sender_host : p->up_host;
	int port = p->sender_host != NULL
		       ? p->sender_port
		       : (p->up_port == NULL ? 0 : (int)strtol(p->up_port, NULL, 10));

	if (host == NULL || port == 0)
		return 0;
	if (is_host_of(host, child, parent))
		return port == parent->probe->port || strtol(parent->port, NULL, 10) == port ? 2
											     : -1;
	return port == parent->probe->port ? 0 : -1;
}

static int
is_logical(const struct sender *s)
{
	return s->slot_type != NULL && strcmp(s->slot_type, "logical") == 0;
}

/* How well a walsender of the parent fits the standby; 0 not at all. */
static int
fit(const struct sight *child, const struct sight *parent, const struct sender *s)
{
	const struct probe *p = child->probe;
	const char *slot = p->receiver_slot != NULL ? p->receiver_slot : p->slot_name;
	int word = says(child, parent), points = 0;

	/* A forwarded port makes the address differ, never the slot. */
	if (is_logical(s) || (word < 0 && !same(s->slot, slot)))
		return 0;
	if (s->slot != NULL && slot != NULL && strcmp(s->slot, slot) != 0)
		return 0;
	if (s->slot != NULL && slot == NULL)
		return 0;
	points += same(s->slot, slot) ? 8 : 0;
	points += word > 0 ? word * 4 : 0;
	points += same(s->application, p->cluster_name) ? 4 : 0;
	points += same(s->application, child->name) ? 4 : 0;
	points += same(s->address, child->host) || same(s->address, p->server_addr) ? 2 : 0;
	return points;
}

static int
is_taken(const struct crawl *k, const struct sender *s)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (!k->sights[i]->is_dropped && k->sights[i]->sender == s)
			return 1;
	return 0;
}

/* The best free pair of standby and walsender row; 0 where none is left. */
static int
best_pair(
    const struct crawl *k, struct sight **child, struct sight **parent, const struct sender **row)
{
	int best = 0, points;
	size_t i, j, r;

	for (i = 0; i < k->n; i++) {
		struct sight *c = k->sights[i];

		if (c->probe == NULL || c->is_dropped || c->sender != NULL ||
		    !c->probe->who.is_in_recovery || !c->probe->has_receiver)
			continue;
		for (j = 0; j < k->n; j++) {
			struct sight *p = k->sights[j];

			if (p == c || p->is_dropped || !sight_is_kin(p, c))
				continue;
			for (r = 0; r < p->probe->nsenders; r++) {
				points = fit(c, p, &p->probe->senders[r]);
				if (points <= best || is_taken(k, &p->probe->senders[r]))
					continue;
				best = points;
				*child = c;
				*parent = p;
				*row = &p->probe->senders[r];
			}
		}
	}
	return best;
}

/* A standby whose receiver is away still has its slot upstream, or names its upstream. */
static struct sight *
former_parent(const struct crawl *k, const struct sight *child)
{
	struct sight *named = NULL, *slotted = NULL;
	size_t i, j, nnamed = 0, nslotted = 0;

	for (i = 0; i < k->n; i++) {
		struct sight *p = k->sights[i];

		if (p == child || p->is_dropped || !sight_is_kin(p, child))
			continue;
		if (says(child, p) > 0) {
			named = p;
			nnamed++;
		}
		for (j = 0; j < p->probe->nslots && says(child, p) >= 0; j++)
			if (same(p->probe->slots[j].name, child->probe->slot_name)) {
				slotted = p;
				nslotted++;
			}
	}
	if (nnamed == 1)
		return named;
	return nslotted == 1 ? slotted : NULL;
}

void
crawl_edges(struct crawl *k)
{
	struct sight *child, *parent;
	const struct sender *row;
	size_t i;

	for (i = 0; i < k->n; i++) {
		k->sights[i]->up = NULL;
		k->sights[i]->sender = NULL;
	}
	while (best_pair(k, &child, &parent, &row) > 0) {
		child->up = parent;
		child->sender = row;
	}
	for (i = 0; i < k->n; i++) {
		child = k->sights[i];
		if (child->probe != NULL && !child->is_dropped && child->up == NULL &&
		    child->probe->who.is_in_recovery)
			child->up = former_parent(k, child);
	}
}

int
edge_is_configured(const struct sight *parent, const struct sender *s, const struct sight *dead)
{
	if (parent->probe == NULL || is_logical(s))
		return 0;
	return same(s->application, dead->name) || same(s->slot, dead->name) ||
	       (!place_is_local(s->address) && same(s->address, dead->host));
}
