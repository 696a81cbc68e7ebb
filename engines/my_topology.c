/*
 * From sights to a topology: nodes, consumers, digest. Everything is copied into the topology's own
 * arena. Must never leave out a node that did not answer, nor a reader of the log that is no known
 * node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/my_crawl.h"
#include "text.h"
#include "banned.h"

static void
make_name(const struct my_crawl *k, struct my_sight *s)
{
	char base[64];
	size_t i;
	int n = 1, is_used;

	snprintf(base, sizeof(base), "%.40s-%d", s->host[0] == '/' ? "local" : s->host, s->port);
	for (i = 0; base[i] != '\0'; i++)
		if (strchr("/:%[] ", base[i]) != NULL)
			base[i] = '-';
	if (!text_is_name(base, 60))
		snprintf(base, sizeof(base), "node-%d", s->port);
	do {
		snprintf(s->name, sizeof(s->name), n > 1 ? "%.55s-%d" : "%.55s", base, n);
		is_used = 0;
		for (i = 0; i < k->n; i++)
			is_used |= k->sights[i] != s && strcmp(k->sights[i]->name, s->name) == 0;
	} while (is_used && ++n < 100);
}

static void
fill_silent(struct arena *a, const struct my_sight *s, struct node *n)
{
	static const char prefix[] = "could not connect: ";
	const char *why = s->err.msg;

	if (strncmp(why, prefix, sizeof(prefix) - 1) == 0)
		why += sizeof(prefix) - 1;
	n->role = strcmp(s->err.sqlstate, "53300") == 0 ? ROLE_NO_SLOTS : ROLE_UNREACHABLE;
	n->reason = arena_strdup(a, why);
	n->identity = n->incarnation = n->cluster = "";
}

/* Only where the server runs on this machine: reached over the loopback, and called as we are. What
 * is forwarded from another one has another name. */
static int64_t
disk_free(const struct my_sight *s)
{
	const char *d = s->probe->data_directory;
	struct statvfs v;
	char name[256] = "";

	if (d == NULL || d[0] != '/' || !my_place_is_local(s->host) ||
	    gethostname(name, sizeof(name) - 1) != 0 || strcmp(name, s->probe->hostname) != 0 ||
	    statvfs(d, &v) != 0)
		return -1;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

/* The channel that says what the node is: the first one. */
static void
fill_channels(struct arena *a, const struct my_probe *p, struct node *n)
{
	const char *dot;
	size_t i, stopped = 0;

	n->is_streaming = 1;
	n->relay_bytes = 0;
	for (i = 0; i < p->nchannels; i++) {
		if (p->channels[i].relay_bytes > 0)
			n->relay_bytes += p->channels[i].relay_bytes;
		stopped += !p->channels[i].sql_runs;
		n->is_streaming &= p->channels[i].io_runs;
		if (p->channels[i].delay_s * 1000 > n->apply_delay_ms)
			n->apply_delay_ms = p->channels[i].delay_s * 1000;
		if (p->channels[i].behind_s >= 0 && p->channels[i].behind_s * 1000 > n->lag_ms)
			n->lag_ms = p->channels[i].behind_s * 1000;
	}
	n->hold = stopped == p->nchannels ? HOLD_PAUSED : HOLD_NONE;
	n->nsources = (int)p->nchannels;
	n->upstream_address = arena_printf(a, "%s:%d", p->channels[0].host, p->channels[0].port);
	n->replay.text = my_log_position(a, p->channels[0].file, p->channels[0].offset);
	n->receive.text = my_log_position(a, p->channels[0].got_file, p->channels[0].got_offset);
	dot = p->channels[0].file == NULL ? NULL : strrchr(p->channels[0].file, '.');
	if (dot != NULL)
		n->log_base =
		    arena_strndup(a, p->channels[0].file, (size_t)(dot - p->channels[0].file));
}

static uint64_t
value_of(const char *position)
{
	char *end;
	uint64_t hi;

	if (position == NULL || position[0] == '\0')
		return 0;
	hi = strtoull(position, &end, 16);
	return hi << 32 | (*end == '/' ? strtoull(end + 1, NULL, 16) : 0);
}

static void
fill_seen(struct arena *a, const struct my_sight *s, struct node *n)
{
	const struct my_probe *p = s->probe;
	size_t len;

	n->identity = arena_strdup(a, p->who.identity);
	n->incarnation = arena_strdup(a, p->who.incarnation);
	n->cluster = arena_strdup(a, p->who.cluster);
	n->version = p->version;
	n->version_text = arena_strdup(a, p->version_text);
	n->role = p->nchannels > 0 ? ROLE_REPLICA : ROLE_STANDALONE;
	n->is_read_only = p->is_read_only;
	n->gtid_state = arena_strdup(a, p->state);
	n->disk_free = disk_free(s);
	if (p->log_bytes >= 0 && p->uptime_s > 0) {
		n->wal_rate = p->log_bytes / p->uptime_s;
		n->is_average = 1;
	}
	/* Named as the host names it: without the slash at its end. */
	len = p->data_directory == NULL ? 0 : strlen(p->data_directory);
	while (len > 1 && p->data_directory[len - 1] == '/')
		len--;
	n->data_directory =
	    p->data_directory == NULL ? NULL : arena_strndup(a, p->data_directory, len);
	n->sync_state =
	    p->semi_sync != NULL && strcmp(p->semi_sync, "replica") == 0 ? "semi-sync" : NULL;
	n->sync_commit =
	    p->semi_sync != NULL && strcmp(p->semi_sync, "master") == 0 ? "semi-sync" : NULL;
	if (p->file != NULL)
		n->current.text = my_log_position(a, p->file, p->offset);
	if (p->nchannels > 0)
		fill_channels(a, p, n);
	n->current.value = value_of(n->current.text);
	n->replay.value = value_of(n->replay.text);
	n->receive.value = value_of(n->receive.text);
	if (p->wsrep_size > 0 || p->in_group) {
		n->role = ROLE_UNKNOWN;
		n->reason =
		    p->in_group
			? "is a member of a replication group: it cannot be paused by itself"
			: "is a member of a Galera cluster: there is no replay to pause, "
			  "every member runs each statement";
	}
	n->seen_ms = p->seen_ms;
}

static void
fill_node(const struct my_sight *s, struct arena *a, struct node *n)
{
	memset(n, 0, sizeof(*n));
	n->name = arena_strdup(a, s->name);
	n->address = arena_strdup(a, s->address);
	n->host = arena_strdup(a, s->host);
	n->port = s->port;
	n->lag_bytes = n->lag_ms = n->disk_free = n->relay_bytes = n->wal_rate = -1;
	n->seen_ms = now_ms();
	if (s->probe == NULL)
		fill_silent(a, s, n);
	else
		fill_seen(a, s, n);
}

static size_t
index_of(const struct my_crawl *k, const struct my_sight *s)
{
	size_t i;

	for (i = 0; i < k->nshown && k->shown[i] != s; i++)
		;
	return i;
}

/* Two servers with one identity stay two, under a suffix. */
static void
part_twins(struct my_crawl *k, struct arena *a, struct topology *t)
{
	size_t i, j;

	for (i = 0; i < k->nshown; i++)
		for (j = 0; j < i; j++)
			if (t->nodes[i].identity[0] != '\0' &&
			    strcmp(t->nodes[i].identity, t->nodes[j].identity) == 0)
				t->nodes[i].identity = arena_printf(
				    a, "%s+%s", t->nodes[i].identity, t->nodes[i].name);
}

/* Bytes are only counted inside of one log file: the size of the others is not known here. */
static void
measure(const struct node *up, struct node *n)
{
	if (up->current.value == 0 || n->replay.value == 0 ||
	    up->current.value >> 32 != n->replay.value >> 32)
		return;
	n->lag_bytes = up->current.value > n->replay.value
			   ? (int64_t)(up->current.value - n->replay.value)
			   : 0;
	if (n->lag_bytes == 0)
		n->lag_ms = 0;
}

static void
link_nodes(struct my_crawl *k, struct topology *t)
{
	const struct my_probe *p;
	struct my_sight *up;
	size_t i, c, at;

	for (i = 0; i < k->nshown; i++) {
		p = k->shown[i]->probe;
		for (c = 0; p != NULL && c < p->nchannels; c++) {
			up = my_source_of(k, k->shown[i], &p->channels[c]);
			if (up == NULL || (at = index_of(k, up)) == k->nshown)
				continue;
			if (t->nodes[at].role == ROLE_STANDALONE)
				t->nodes[at].role = ROLE_PRIMARY;
			if (t->nodes[i].upstream != NULL)
				continue;
			t->nodes[i].upstream = t->nodes[at].identity;
			if (c == 0)
				measure(&t->nodes[at], &t->nodes[i]);
		}
	}
}

/* Each other's source: those of a ring that take writes are primaries, all of them. */
static void
find_rings(struct topology *t)
{
	struct node *n;
	const struct node *up;
	size_t i, hops;

	for (i = 0; i < t->nnodes; i++) {
		n = &t->nodes[i];
		up = topology_find_identity(t, n->upstream);
		for (hops = 0; up != NULL && up != n && hops < t->nnodes; hops++)
			up = topology_find_identity(t, up->upstream);
		if (up == n && n->role == ROLE_REPLICA && !n->is_read_only)
			n->role = ROLE_PRIMARY;
	}
}

static struct consumer *
add_consumer(struct arena *a, struct topology *t, const struct node *n, const char *what)
{
	struct consumer *c;

	t->consumers = arena_grow(a, t->consumers, t->nconsumers, sizeof(*c));
	c = &t->consumers[t->nconsumers++];
	memset(c, 0, sizeof(*c));
	c->node = n->name;
	c->what = what;
	c->name = c->state = "";
	c->retained = c->growth = c->room = -1;
	c->is_unidentified = 1;
	return c;
}

static size_t
count_children(const struct my_crawl *k, const struct my_sight *parent)
{
	size_t i, c, n = 0;

	for (i = 0; i < k->nshown; i++)
		for (c = 0; k->shown[i]->probe != NULL && c < k->shown[i]->probe->nchannels; c++)
			n += k->shown[i]->probe->channels[c].io_runs &&
			     my_source_of(k, k->shown[i], &k->shown[i]->probe->channels[c]) ==
				 parent;
	return n;
}

/* A listed replica that is a configured node which did not answer is no stranger. */
static int
is_silent_member(struct my_crawl *k, struct topology *t, size_t at, const struct my_child *row)
{
	size_t i;

	for (i = 0; i < k->nshown; i++)
		if (k->shown[i]->probe == NULL && k->shown[i]->port == row->port) {
			t->nodes[i].upstream = t->nodes[at].identity;
			return 1;
		}
	return 0;
}

static void
add_readers(struct my_crawl *k, struct topology *t, size_t at, struct arena *a)
{
	const struct my_sight *s = k->shown[at];
	const struct my_child *row;
	size_t i, known = count_children(k, s);
	struct consumer *c;

	for (i = 0; i < s->probe->nchildren; i++) {
		row = &s->probe->children[i];
		if (my_child_of(k, s, row) != NULL)
			continue;
		known++;
		if (is_silent_member(k, t, at, row))
			continue;
		c = add_consumer(a, t, &t->nodes[at], "replica");
		c->name = arena_printf(a, "server_id %u", row->server_id);
		c->address = arena_printf(a, "%s:%d", row->host, row->port);
		c->state = "registered";
	}
	if (t->nodes[at].role == ROLE_STANDALONE && (s->probe->ndumps > 0 || known > 0))
		t->nodes[at].role = ROLE_PRIMARY;
	/* The newest sessions are those that are too many: the replicas were there before. */
	for (i = known; i < s->probe->ndumps; i++) {
		c = add_consumer(a, t, &t->nodes[at], "binlog reader");
		c->name = arena_strdup(a, s->probe->dumps[i].user);
		c->address = arena_strdup(a, s->probe->dumps[i].host);
		c->state = arena_strdup(a, s->probe->dumps[i].state);
	}
}

struct topology *
my_topology(struct my_crawl *k, struct arena *a)
{
	struct topology *t = arena_alloc(a, sizeof(*t));
	time_t now = time(NULL);
	struct tm tm;
	size_t i;

	for (i = 0; i < k->n; i++)
		if (!k->sights[i]->is_dropped) {
			if (k->sights[i]->name[0] == '\0')
				make_name(k, k->sights[i]);
			k->shown[k->nshown++] = k->sights[i];
		}
	t->engine = k->cluster->driver->engine;
	t->cluster = "";
	t->nnodes = k->nshown;
	t->nodes = arena_array(a, k->nshown, sizeof(*t->nodes));
	for (i = 0; i < k->nshown; i++) {
		fill_node(k->shown[i], a, &t->nodes[i]);
		if (t->nodes[i].cluster[0] != '\0')
			t->cluster = t->nodes[i].cluster;
	}
	part_twins(k, a, t);
	link_nodes(k, t);
	find_rings(t);
	for (i = 0; i < k->nshown; i++)
		if (k->shown[i]->probe != NULL)
			add_readers(k, t, i, a);
	t->taken_ms = now_ms();
	strftime(t->taken_at, sizeof(t->taken_at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	topology_digest(t);
	my_findings(k, a, t);
	return t;
}

struct topology *
my_draw(struct cluster *c, void *sights, struct arena *a)
{
	struct my_crawl *k = sights;
	struct topology *t = my_topology(k, a);
	struct my_sight *s;
	size_t i;

	for (i = 0; i < k->nshown; i++) {
		s = k->shown[i];
		if (s->member != NULL)
			continue;
		cluster_adopt(c, s->name, s->address, my_as_conn(s->conn));
		s->address = NULL;
		s->conn = NULL;
	}
	return t;
}
