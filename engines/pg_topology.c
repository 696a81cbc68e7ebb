/*
 * From sights to a topology: nodes, consumers, digest. Everything is copied into the topology's own
 * arena. Must never leave out a node that did not answer, nor a consumer that is no known node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "engines/pg_manager.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

static int
is_name_used(const struct crawl *k, const char *name)
{
	size_t i;

	for (i = 0; i < k->n; i++)
		if (strcmp(k->sights[i]->name, name) == 0)
			return 1;
	return 0;
}

/* A found node's name: what it calls itself where that is a name and free, else its address. */
static void
make_name(const struct crawl *k, struct sight *s)
{
	const char *own = s->probe->cluster_name;
	char base[64];
	size_t i;
	int n;

	if (own != NULL && text_is_name(own, 40) && !is_name_used(k, own)) {
		text_copy(s->name, sizeof(s->name), own);
		return;
	}
	snprintf(base, sizeof(base), "%.40s-%s", s->host[0] == '/' ? "local" : s->host, s->port);
	for (i = 0; base[i] != '\0'; i++)
		if (strchr("/:%[] ", base[i]) != NULL)
			base[i] = '-';
	if (!text_is_name(base, 60))
		snprintf(base, sizeof(base), "node-%s", s->port);
	for (n = 2; is_name_used(k, base) && n < 100; n++)
		snprintf(base + strlen(base), sizeof(base) - strlen(base), "-%d", n);
	text_copy(s->name, sizeof(s->name), base);
}

/* Nodes that look alike (same path and port on two machines) stay two, and keep their suffix. */
static const char *
identity_of(const struct crawl *k, size_t at, struct arena *a)
{
	const struct sight *s = k->shown[at];
	const char *own = s->probe->who.identity;
	size_t i;

	if (s->member != NULL && cluster_is_same(s->member, &s->probe->who))
		return arena_strdup(a, s->member->identity);
	for (i = 0; i < at; i++)
		if (k->shown[i]->probe != NULL &&
		    strcmp(k->shown[i]->probe->who.identity, own) == 0)
			return arena_printf(a, "%s+%s", own, s->name);
	return arena_strdup(a, own);
}

static enum role
role_of_error(const struct err *e)
{
	if (strcmp(e->sqlstate, "57P03") == 0)
		return ROLE_STARTING;
	return strcmp(e->sqlstate, "53300") == 0 ? ROLE_NO_SLOTS : ROLE_UNREACHABLE;
}

static void
fill_silent(struct arena *a, const struct sight *s, struct node *n)
{
	static const char prefix[] = "could not connect: ";
	const char *why = s->err.msg;

	if (strncmp(why, prefix, sizeof(prefix) - 1) == 0)
		why += sizeof(prefix) - 1;
	n->role = role_of_error(&s->err);
	n->reason = s->err.detail[0] == '\0' ? arena_strdup(a, why)
					     : arena_printf(a, "%s (%s)", why, s->err.detail);
	n->identity = n->incarnation = n->cluster = "";
	n->lag_bytes = n->lag_ms = n->disk_free = n->slot_retained = n->slot_safe = -1;
	n->wal_rate = -1;
	n->seen_ms = now_ms();
}

static struct position
copy_position(struct arena *a, const struct position *p)
{
	return (struct position){.text = arena_strdup(a, p->text), .value = p->value};
}

static void
fill_recovery(struct arena *a, const struct probe *p, const struct sight *s, struct node *n)
{
	n->is_streaming = p->has_receiver;
	n->is_archive_fed =
	    !p->has_receiver && p->has_restore && p->up_host == NULL && p->slot_name == NULL;
	n->apply_delay_ms = p->apply_delay_ms;
	n->hold = p->hold;
	n->target_lsn = arena_strdup(a, p->target_lsn);
	n->slot = arena_strdup(a, p->receiver_slot != NULL ? p->receiver_slot : p->slot_name);
	if (p->sender_host != NULL)
		n->upstream_address = arena_printf(a, "%s:%d", p->sender_host, p->sender_port);
	else if (p->up_host != NULL)
		n->upstream_address =
		    arena_printf(a, "%s:%s", p->up_host, p->up_port == NULL ? "5432" : p->up_port);
	if (s->sender != NULL) {
		n->app_name = arena_strdup(a, s->sender->application);
		n->sync_state = arena_strdup(a, s->sender->sync_state);
	}
}

static void
fill_seen(struct arena *a, const struct sight *s, struct node *n)
{
	const struct probe *p = s->probe;

	n->incarnation = arena_strdup(a, p->who.incarnation);
	n->cluster = arena_strdup(a, p->who.cluster);
	n->role = p->who.is_in_recovery ? ROLE_REPLICA : ROLE_STANDALONE;
	n->version = p->version;
	n->version_text = arena_strdup(a, p->version_text);
	n->timeline = p->timeline;
	n->is_read_only = p->who.is_in_recovery;
	n->sync_commit = arena_strdup(a, p->sync_commit);
	n->sync_names = arena_strdup(a, p->sync_names);
	/* An action other than pause would let the restarted standby go on, or end it. */
	n->is_hardened =
	    p->file_target_lsn != NULL && p->who.is_in_recovery &&
	    (p->file_target_action == NULL || strcmp(p->file_target_action, "pause") == 0);
	n->hardened_at = arena_strdup(a, p->file_target_lsn);
	n->data_directory = arena_strdup(a, p->data_directory);
	n->receive = copy_position(a, &p->receive);
	n->replay = copy_position(a, &p->replay);
	n->current = copy_position(a, &p->current);
	n->lag_bytes = n->lag_ms = n->slot_retained = n->slot_safe = -1;
	n->disk_free = p->disk_free;
	n->seen_ms = p->seen_ms;
	crawl_rate(s, n);
	if (p->who.is_in_recovery)
		fill_recovery(a, p, s, n);
}

static void
fill_node(struct crawl *k, size_t i, struct arena *a, struct node *n)
{
	const struct sight *s = k->shown[i];
	char *plain = pg_plain_address(s->address);

	memset(n, 0, sizeof(*n));
	n->name = arena_strdup(a, s->name);
	n->address = arena_strdup(a, plain);
	n->host = arena_strdup(a, s->host);
	n->port = (int)strtol(s->port, NULL, 10);
	free(plain);
	if (s->probe == NULL) {
		fill_silent(a, s, n);
		return;
	}
	n->identity = identity_of(k, i, a);
	fill_seen(a, s, n);
}

static size_t
index_of(const struct crawl *k, const struct sight *s)
{
	size_t i;

	for (i = 0; i < k->nshown && k->shown[i] != s; i++)
		;
	return i;
}

/* Identities of upstreams, and lag behind the top of the tree. */
static void
link_nodes(struct crawl *k, struct topology *t, struct arena *a)
{
	size_t i, up, guard;
	const struct sight *top;
	struct node *n;
	uint64_t now;

	for (i = 0; i < k->nshown; i++) {
		n = &t->nodes[i];
		up = index_of(k, k->shown[i]->up);
		if (k->shown[i]->up == NULL || up == k->nshown)
			continue;
		n->upstream = t->nodes[up].identity;
		crawl_link_slot(a, k->shown[i]->up, n);
		if (t->nodes[up].role == ROLE_STANDALONE)
			t->nodes[up].role = ROLE_PRIMARY;
		top = k->shown[i];
		for (guard = 0; top->up != NULL && guard < k->n; guard++)
			top = top->up;
		now = top->probe->current.value;
		if (now == 0 || n->replay.value == 0)
			continue;
		/* The parent was read first: the child may have moved past that since. */
		n->lag_bytes = now > n->replay.value ? (int64_t)(now - n->replay.value) : 0;
		n->lag_ms = n->lag_bytes == 0 ? 0 : k->shown[i]->probe->replay_age_ms;
	}
}

struct consumer *
crawl_consumer(struct arena *a, struct topology *t, const struct node *n, const char *what)
{
	struct consumer *c;

	t->consumers = arena_grow(a, t->consumers, t->nconsumers, sizeof(*c));
	c = &t->consumers[t->nconsumers++];
	memset(c, 0, sizeof(*c));
	c->node = n->name;
	c->what = what;
	c->name = "";
	c->retained = c->growth = c->room = -1;
	return c;
}

/* The shown node a walsender row belongs to, or NULL. */
static struct sight *
owner_of_sender(const struct crawl *k, const struct sight *parent, const struct sender *row)
{
	size_t i;

	for (i = 0; i < k->nshown; i++) {
		if (k->shown[i]->up == parent && k->shown[i]->sender == row)
			return k->shown[i];
		if (k->shown[i]->probe == NULL && edge_is_configured(parent, row, k->shown[i]))
			return k->shown[i];
	}
	return NULL;
}

static void
add_senders(struct crawl *k, struct topology *t, size_t at, struct arena *a)
{
	const struct sight *s = k->shown[at];
	const struct sender *row;
	struct sight *owner;
	struct consumer *c;
	size_t i;

	for (i = 0; i < s->probe->nsenders; i++) {
		row = &s->probe->senders[i];
		if (row->slot_type != NULL && strcmp(row->slot_type, "logical") == 0)
			continue; /* listed as its slot */
		if (t->nodes[at].role == ROLE_STANDALONE &&
		    (row->state == NULL || strcmp(row->state, "backup") != 0))
			t->nodes[at].role = ROLE_PRIMARY;
		if ((owner = owner_of_sender(k, s, row)) != NULL) {
			/* One that did not answer, and is seen to replicate all the same. */
			if (owner->probe == NULL)
				t->nodes[index_of(k, owner)].upstream = t->nodes[at].identity;
			continue;
		}
		c = crawl_consumer(a, t, &t->nodes[at], "walsender");
		c->name = row->application == NULL ? "" : arena_strdup(a, row->application);
		c->address = arena_strdup(a, row->address);
		c->state = arena_strdup(a, row->state);
		c->retained = row->retained;
		c->is_unidentified = 1;
	}
}

static void
add_archive(struct crawl *k, struct topology *t, size_t at, struct arena *a)
{
	const struct probe *p = k->shown[at]->probe;
	struct consumer *c;

	if (p->archive_mode == NULL || strcmp(p->archive_mode, "off") == 0 ||
	    (p->who.is_in_recovery && strcmp(p->archive_mode, "always") != 0))
		return;
	c = crawl_consumer(a, t, &t->nodes[at], "archive");
	/* The command may hold a secret: its first word is enough. */
	c->name = p->archive_command == NULL
		      ? ""
		      : arena_strndup(a, p->archive_command, strcspn(p->archive_command, " \t"));
	c->state = arena_strdup(a, p->archive_mode);
}

static void
choose_cluster(struct crawl *k, struct topology *t)
{
	size_t i;

	t->cluster = "";
	for (i = 0; i < k->nshown; i++)
		if (k->shown[i]->probe != NULL &&
		    (t->cluster[0] == '\0' || !k->shown[i]->probe->who.is_in_recovery)) {
			t->cluster = t->nodes[i].cluster;
			if (!k->shown[i]->probe->who.is_in_recovery)
				return;
		}
}

struct topology *
crawl_topology(struct crawl *k, struct arena *a)
{
	struct topology *t = arena_alloc(a, sizeof(*t));
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	k->nshown = 0;
	for (i = 0; i < k->n; i++)
		if (!k->sights[i]->is_dropped) {
			if (k->sights[i]->name[0] == '\0')
				make_name(k, k->sights[i]);
			k->shown[k->nshown++] = k->sights[i];
		}
	t->engine = "postgresql";
	t->nnodes = k->nshown;
	t->nodes = arena_array(a, k->nshown, sizeof(*t->nodes));
	for (i = 0; i < k->nshown; i++)
		fill_node(k, i, a, &t->nodes[i]);
	link_nodes(k, t, a);
	for (i = 0; i < k->nshown; i++)
		if (k->shown[i]->probe != NULL) {
			add_senders(k, t, i, a);
			crawl_slots(k, t, i, a);
			crawl_company(a, k->shown[i]->probe, &t->nodes[i], t);
			crawl_logicals(a, k->shown[i]->probe, &t->nodes[i], t);
			add_archive(k, t, i, a);
		}
	pg_manager_add(k, t, a);
	choose_cluster(k, t);
	t->taken_ms = now_ms();
	strftime(t->taken_at, sizeof(t->taken_at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	topology_digest(t);
	crawl_findings(k, a, t);
	return t;
}
