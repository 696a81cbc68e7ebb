/*
 * Slots: whose they are, how much log they keep, how fast that grows and how much room is left. A
 * slot that nobody reads from grows as fast as its server writes. Must never guess a limit that
 * cannot be seen.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "banned.h"

#define WINDOW_MIN_MS 3500 /* less says nothing about a rate */
#define WINDOW_MS 30000

/* Keeps two readings, so that there is one of half a minute or more ago to compare with. */
static int64_t
rate_since(struct member *m, uint64_t lsn, int64_t ms)
{
	if (lsn == 0)
		return -1;
	if (m->flow[0].ms == 0 || lsn < m->flow[0].lsn) {
		m->flow[0].lsn = m->flow[1].lsn = lsn;
		m->flow[0].ms = m->flow[1].ms = ms;
	} else if (ms - m->flow[1].ms > WINDOW_MS) {
		m->flow[0] = m->flow[1];
		m->flow[1].lsn = lsn;
		m->flow[1].ms = ms;
	}
	if (ms - m->flow[0].ms < WINDOW_MIN_MS)
		return -1;
	return (int64_t)(lsn - m->flow[0].lsn) * 1000 / (ms - m->flow[0].ms);
}

/* How fast the node's log grows: as seen, else on average. */
void
crawl_rate(const struct sight *s, struct node *n)
{
	const struct probe *p = s->probe;
	uint64_t end = p->who.is_in_recovery ? p->receive.value : p->current.value;

	n->wal_rate = s->member == NULL ? -1 : rate_since(s->member, end, p->seen_ms);
	n->is_average = n->wal_rate < 0 && p->wal_average >= 0 && !p->who.is_in_recovery;
	if (n->is_average)
		n->wal_rate = p->wal_average;
}

/* What the upstream says of the slot the node uses there. */
void
crawl_link_slot(struct arena *a, const struct sight *up, struct node *n)
{
	const struct slot *s;
	size_t i;

	for (i = 0; up->probe != NULL && n->slot != NULL && i < up->probe->nslots; i++) {
		s = &up->probe->slots[i];
		if (s->name == NULL || strcmp(s->name, n->slot) != 0)
			continue;
		n->slot_retained = s->retained;
		n->slot_safe = !s->has_safe ? -1 : s->safe < 0 ? 0 : s->safe;
		n->slot_status = arena_strdup(a, s->wal_status);
	}
}

/* The bytes until the server takes the log away or has no room, whichever comes first. */
static int64_t
room_of(const struct slot *s, const struct node *server)
{
	int64_t room = !s->has_safe ? -1 : s->safe < 0 ? 0 : s->safe;

	if (server->disk_free >= 0 && (room < 0 || server->disk_free < room))
		room = server->disk_free;
	return room;
}

/* The shown node that uses the slot, or nshown. */
static size_t
owner_of_slot(const struct crawl *k, const struct sight *parent, const struct slot *slot)
{
	const struct probe *p;
	const char *used;
	size_t i;

	for (i = 0; i < k->nshown; i++) {
		p = k->shown[i]->probe;
		if (p == NULL) {
			if (strcmp(k->shown[i]->name, slot->name) == 0)
				return i;
			continue;
		}
		used = p->receiver_slot != NULL ? p->receiver_slot : p->slot_name;
		if (k->shown[i]->up == parent && used != NULL && strcmp(used, slot->name) == 0)
			return i;
	}
	return k->nshown;
}

/* A configured node that does not answer, and whose slot waits for it. */
static void
note_silent(struct topology *t, size_t at, size_t owner, const struct slot *slot, struct arena *a)
{
	struct node *n = &t->nodes[owner];

	if (n->reason == NULL || n->slot != NULL)
		return;
	n->slot = arena_strdup(a, slot->name);
	n->slot_status = arena_strdup(a, slot->wal_status);
	n->slot_retained = slot->retained;
	n->slot_safe = !slot->has_safe ? -1 : slot->safe < 0 ? 0 : slot->safe;
	if (n->upstream == NULL)
		n->upstream = t->nodes[at].identity;
}

static void
fill_slot(struct arena *a, const struct slot *slot, const struct node *server, struct consumer *c)
{
	c->name = arena_strdup(a, slot->name);
	c->state = slot->is_active ? "active" : "inactive";
	if (slot->wal_status != NULL && strcmp(slot->wal_status, "lost") == 0)
		c->state = "lost";
	c->retained = slot->retained;
	if (strcmp(c->state, "inactive") == 0 && slot->is_used) {
		c->growth = server->wal_rate;
		c->room = room_of(slot, server);
	}
}

void
crawl_slots(struct crawl *k, struct topology *t, size_t at, struct arena *a)
{
	const struct sight *s = k->shown[at];
	const struct slot *slot;
	struct consumer *c;
	int is_logical;
	size_t i, owner;

	for (i = 0; i < s->probe->nslots; i++) {
		slot = &s->probe->slots[i];
		is_logical = slot->type != NULL && strcmp(slot->type, "logical") == 0;
		if (slot->name == NULL)
			continue;
		owner = is_logical ? k->nshown : owner_of_slot(k, s, slot);
		if (owner < k->nshown)
			note_silent(t, at, owner, slot, a);
		/* An active physical slot is listed as its walsender. */
		if (!is_logical && (slot->is_active || owner < k->nshown))
			continue;
		c = crawl_consumer(a, t, &t->nodes[at], is_logical ? "logical slot" : "slot");
		fill_slot(a, slot, &t->nodes[at], c);
		/* Whoever left a physical slot that keeps log may come back for it. */
		c->is_unidentified = !is_logical && slot->is_used && strcmp(c->state, "lost") != 0;
	}
}
