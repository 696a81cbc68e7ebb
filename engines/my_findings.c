/*
 * What the operator must know about a MariaDB or MySQL topology: a table of rules over one node.
 * Most dangerous first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_crawl.h"
#include "engines/my_gtid.h"
#include "text.h"
#include "banned.h"

struct view_of {
	struct arena *a;
	const struct my_crawl *k;
	const struct topology *t;
	const struct node *n;
	const struct my_probe *p;
	size_t at;
};

typedef const char *rule_fn(const struct view_of *v); /* the sentence, or NULL */

/* Said once, of the first of them. */
static const char *
two_primaries(const struct view_of *v)
{
	const char *names = NULL;
	size_t i, n = 0;

	for (i = 0; i < v->t->nnodes; i++) {
		const struct node *m = &v->t->nodes[i];

		if (m->role != ROLE_PRIMARY && (m->role != ROLE_STANDALONE || m->is_read_only))
			continue;
		if (n == 0 && m != v->n)
			return NULL;
		names = names == NULL ? m->name : arena_printf(v->a, "%s and %s", names, m->name);
		n++;
	}
	return n < 2 ? NULL
		     : arena_printf(v->a, "%s both accept writes in the same cluster", names);
}

static const char *
same_number(const struct view_of *v)
{
	size_t i;

	for (i = 0; i < v->at; i++) {
		const struct my_probe *p = v->k->shown[i]->probe;

		if (p == NULL)
			continue;
		if (p->uuid != NULL && v->p->uuid != NULL && strcmp(p->uuid, v->p->uuid) == 0)
			return arena_printf(v->a,
			    "%s and %s have the same server_uuid: one is a copy of the other's "
			    "files, and replicas of either lose events",
			    v->t->nodes[i].name, v->n->name);
		if (p->server_id == v->p->server_id)
			return arena_printf(v->a,
			    "%s and %s have the same server_id %u: a replica drops events that "
			    "carry its own number, and sources drop one of two such replicas",
			    v->t->nodes[i].name, v->n->name, p->server_id);
	}
	return NULL;
}

/* "0-1-27" in a list: the highest sequence of a domain; -1 none. */
static int64_t
last_of(const char *list, const char *domain, size_t len)
{
	const char *p;
	char *end;

	for (p = list; p != NULL && *p != '\0';
	     p = strchr(p, ',') == NULL ? NULL : strchr(p, ',') + 1) {
		p += strspn(p, " \n");
		if (strncmp(p, domain, len) != 0 || p[len] != '-')
			continue;
		strtoul(p + len + 1, &end, 10);
		return *end == '-' ? strtoll(end + 1, NULL, 10) : -1;
	}
	return -1;
}

/* MariaDB: a replica that wrote by itself has gone further in a domain than its source. The source
 * was read in the same burst, its own position after what its replicas had applied could move. */
static const char *
errant(const struct view_of *v)
{
	const struct my_sight *up;
	const char *p, *dash;
	char number[24];

	if (!v->p->is_mariadb || v->p->nchannels != 1 ||
	    (up = my_source_of(v->k, v->k->shown[v->at], &v->p->channels[0])) == NULL ||
	    up->probe == NULL || !up->probe->is_mariadb)
		return NULL;
	snprintf(number, sizeof(number), "-%u-", v->p->server_id);
	for (p = v->p->written; p != NULL && *p != '\0';
	     p = strchr(p, ',') == NULL ? NULL : strchr(p, ',') + 1) {
		dash = strchr(p, '-');
		/* Written here, not received: the source does not have it. */
		if (dash == NULL || strncmp(dash, number, strlen(number)) != 0 ||
		    strtoll(dash + strlen(number), NULL, 10) <=
			last_of(up->probe->written, p, (size_t)(dash - p)))
			continue;
		return arena_printf(v->a,
		    "%s has transactions of its own that its source does not have (%.60s)",
		    v->n->name, p);
	}
	return NULL;
}

/*
 * MySQL: what it applied against what its source applied. Whoever takes writes now may have gone on
 * between the two readings, so what came from there is left out.
 */
static const char *
errant_set(const struct view_of *v)
{
	const struct my_sight *up;
	const char **writers, *own;
	size_t i, n = 0;

	if (v->p->is_mariadb || v->p->nchannels != 1 || v->p->applied[0] == '\0' ||
	    (up = my_source_of(v->k, v->k->shown[v->at], &v->p->channels[0])) == NULL ||
	    up->probe == NULL || up->probe->is_mariadb)
		return NULL;
	writers = arena_array(v->a, v->t->nnodes + 1, sizeof(*writers));
	for (i = 0; i < v->t->nnodes; i++)
		if (i != v->at && v->k->shown[i]->probe != NULL && !v->t->nodes[i].is_read_only &&
		    v->k->shown[i]->probe->uuid != NULL)
			writers[n++] = v->k->shown[i]->probe->uuid;
	own = my_gtid_outside(v->a, v->p->applied, up->probe->applied, writers);
	return own == NULL
		   ? NULL
		   : arena_printf(v->a, "%s has transactions that its source does not have (%.90s)",
			 v->n->name, own);
}

static const char *
manager(const struct view_of *v)
{
	return v->p->nmanagers == 0
		   ? NULL
		   : arena_printf(v->a,
			 "%s is watched by %.60s, which may start its replication again or move "
			 "the primary",
			 v->n->name, v->p->managers[0]);
}

static const char *
member(const struct view_of *v)
{
	return v->n->role == ROLE_UNKNOWN ? arena_printf(v->a, "%s %s", v->n->name, v->n->reason)
					  : NULL;
}

static const char *
sql_error(const struct view_of *v)
{
	size_t i;

	for (i = 0; i < v->p->nchannels; i++)
		if (!v->p->channels[i].sql_runs && v->p->channels[i].sql_error[0] != '\0')
			return arena_printf(v->a, "%s stopped applying by itself: %.200s",
			    v->n->name, v->p->channels[i].sql_error);
	return NULL;
}

static const char *
io_stopped(const struct view_of *v)
{
	size_t i;

	for (i = 0; i < v->p->nchannels; i++)
		if (!v->p->channels[i].io_runs)
			return arena_printf(v->a, "%s does not receive from %s:%d%s%.200s",
			    v->n->name, v->p->channels[i].host, v->p->channels[i].port,
			    v->p->channels[i].io_error[0] == '\0' ? "" : ": ",
			    v->p->channels[i].io_error);
	return NULL;
}

static const char *
writable(const struct view_of *v)
{
	return v->n->role == ROLE_REPLICA && !v->n->is_read_only
		   ? arena_printf(v->a, "%s is a replica and accepts writes", v->n->name)
		   : NULL;
}

static const char *
half_held(const struct view_of *v)
{
	size_t i, stopped = 0;

	for (i = 0; i < v->p->nchannels; i++)
		stopped += !v->p->channels[i].sql_runs;
	return stopped == 0 || stopped == v->p->nchannels
		   ? NULL
		   : arena_printf(v->a, "%s applies some of its %zu channels and not others",
			 v->n->name, v->p->nchannels);
}

static const char *
held(const struct view_of *v)
{
	return v->n->hold != HOLD_PAUSED
		   ? NULL
		   : arena_printf(v->a, "%s is held: its SQL thread is stopped", v->n->name);
}

/* What it receives meanwhile gathers on its disk. */
static const char *
relay_log(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);

	if (v->n->hold != HOLD_PAUSED || v->n->relay_bytes < 0)
		return NULL;
	return arena_printf(v->a,
	    "%s has %s of relay log on its disk, and all it receives is added: %s", v->n->name,
	    text_bytes(v->a, v->n->relay_bytes),
	    text_outlook(v->a, up == NULL ? -1 : up->wal_rate, up != NULL && up->is_average,
		v->n->disk_free));
}

/* A stop can leave transactions out below the position that the server tells. */
static const char *
gaps(const struct view_of *v)
{
	return v->p->is_mariadb || v->p->parallel < 2 || v->p->nchannels == 0 ||
		       v->p->applied[0] != '\0'
		   ? NULL
		   : arena_printf(v->a,
			 "%s applies with %d workers and without GTIDs: where it stops, later "
			 "transactions may be applied already, so its position proves nothing",
			 v->n->name, v->p->parallel);
}

static const char *
delayed(const struct view_of *v)
{
	return v->n->apply_delay_ms == 0
		   ? NULL
		   : arena_printf(v->a, "%s applies %lld s late on purpose", v->n->name,
			 (long long)(v->n->apply_delay_ms / 1000));
}

static const char *
channels(const struct view_of *v)
{
	return v->p->nchannels < 2 ? NULL
				   : arena_printf(v->a, "%s replicates from %zu sources",
					 v->n->name, v->p->nchannels);
}

static const char *
denied(const struct view_of *v)
{
	return v->p->nmissing == 0
		   ? NULL
		   : arena_printf(v->a,
			 "the login lacks the privilege %s on %s, so a part of the picture is "
			 "missing",
			 v->p->missing[0], v->n->name);
}

static const char *
no_log(const struct view_of *v)
{
	return v->n->role == ROLE_PRIMARY && !v->p->has_log
		   ? arena_printf(v->a, "%s writes no binary log", v->n->name)
		   : NULL;
}

static const struct rule {
	int rank;
	const char *id;
	rule_fn *rule;
	const char *next;
} rules[] = {
    {10, "two-primaries", two_primaries,
	"Find out which one the applications use before writing anything"},
    {15, "no-primary-log", no_log, "Without a log nothing can be held or undone"},
    {20, "same-server-id", same_number, "Give one of them a number of its own and restart it"},
    {25, "errant", errant, "Compare the rows before this replica is promoted"},
    {25, "errant", errant_set, "Compare the rows before this replica is promoted"},
    {30, "manager", manager, "Put it on hold before pausing a replica"},
    {35, "group-member", member, "Isolate one member instead, as its documentation says"},
    {40, "apply-error", sql_error, "SHOW ALL SLAVES STATUS on it shows the statement"},
    {45, "not-receiving", io_stopped, "Check its source and network"},
    {50, "replica-writable", writable, "SET GLOBAL read_only = ON there"},
    {55, "half-held", half_held, "Stop or start the others"},
    {60, "held", held, "`resume` lets it apply again"},
    {62, "relay-log", relay_log, "A full disk stops its receiving thread: resume it before that"},
    {65, "missing-privilege", denied, "Grant it to the login: holdfast(1), PRIVILEGES"},
    {68, "worker-gaps", gaps, "START REPLICA UNTIL SQL_AFTER_MTS_GAPS there before a hold"},
    {70, "delayed", delayed, "It can be a way back: hold it before its delay ends"},
    {75, "channels", channels, "A hold stops all of them"},
};

static int
by_rank(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->node, b->node);
}

void
my_findings(struct my_crawl *k, struct arena *a, struct topology *t)
{
	struct view_of v = {.a = a, .k = k, .t = t};
	const char *sentence;
	size_t i, r;

	for (i = 0; i < t->nnodes; i++) {
		v.n = &t->nodes[i];
		v.p = k->shown[i]->probe;
		v.at = i;
		for (r = 0; v.p != NULL && r < sizeof(rules) / sizeof(rules[0]); r++) {
			if ((sentence = rules[r].rule(&v)) == NULL)
				continue;
			t->findings =
			    arena_grow(a, t->findings, t->nfindings, sizeof(*t->findings));
			t->findings[t->nfindings++] = (struct finding){.rank = rules[r].rank,
			    .id = rules[r].id,
			    .node = v.n->name,
			    .sentence = sentence,
			    .next = rules[r].next};
		}
	}
	if (t->nfindings > 1)
		qsort(t->findings, t->nfindings, sizeof(*t->findings), by_rank);
}
