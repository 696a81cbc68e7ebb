/*
 * What the operator must know about a topology, as a table of rules: each looks at one node (or at
 * one consumer, or at the whole) and says one sentence, or nothing. Most dangerous first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "engines/pg_findings.h"
#include "text.h"
#include "banned.h"

#define LAG_BYTES ((int64_t)64 << 20)
#define LAG_MS 60000
#define NEWEST 18 /* what `make matrix` plays the line on */

static int
is_held(const struct node *n)
{
	return n->hold != HOLD_NONE;
}

static const char *
other_cluster(const struct view_of *v)
{
	if (v->n->cluster[0] == '\0' || strcmp(v->n->cluster, v->t->cluster) == 0)
		return NULL;
	return arena_printf(v->a, "%s belongs to another cluster (%s, not %s)", v->n->name,
	    v->n->cluster, v->t->cluster);
}

/* Two names of the configuration, one server: one of the two nodes is not seen at all. */
static const char *
same_server(const struct view_of *v)
{
	const struct sight *s;
	size_t i;

	for (i = 0; i < v->k->n; i++) {
		s = v->k->sights[i];
		if (s->member != NULL && s->member->is_configured && s->same_as != NULL)
			return arena_printf(v->a,
			    "%s and %s of the configuration lead to the same server (%s:%s): what "
			    "the other one should be is not seen",
			    s->name, s->same_as->name, s->host, s->port);
	}
	return NULL;
}

static const char *
pooler(const struct view_of *v)
{
	if (v->p == NULL || !v->p->who.is_pooled)
		return NULL;
	return arena_printf(v->a, "the address of %s leads through a pooler", v->n->name);
}

static const struct manager *
manager_of(const struct view_of *v, int on_hold)
{
	size_t i;

	for (i = 0; i < v->t->nmanagers; i++)
		if (strcmp(v->t->managers[i].node, v->n->name) == 0 &&
		    (v->t->managers[i].state == MANAGER_ON_HOLD) == on_hold)
			return &v->t->managers[i];
	return NULL;
}

static const char *
manager(const struct view_of *v)
{
	const struct manager *m = manager_of(v, 0);

	if (m == NULL)
		return NULL;
	return arena_printf(v->a, "%s manages %s and %s%s%s: %s", m->name, v->n->name,
	    m->state == MANAGER_ACTIVE ? "is not paused" : "was not seen to be paused (",
	    m->state == MANAGER_ACTIVE ? "" : m->reason, m->state == MANAGER_ACTIVE ? "" : ")",
	    m->does);
}

static const char *
manager_on_hold(const struct view_of *v)
{
	const struct manager *m = manager_of(v, 1);

	return m == NULL ? NULL
			 : arena_printf(v->a,
			       "%s manages %s and is paused: it leaves held replicas alone",
			       m->name, v->n->name);
}

static const char *
unidentified(const struct view_of *v)
{
	if (!v->c->is_unidentified)
		return NULL;
	return arena_printf(v->a,
	    "%s \"%s\"%s%s takes the log from %s and is no known node: it will "
	    "also receive whatever is done",
	    v->c->what, v->c->name, v->c->address == NULL ? "" : " from ",
	    v->c->address == NULL ? "" : v->c->address, v->c->node);
}

static const char *
silent(const struct view_of *v)
{
	if (v->n->reason == NULL)
		return NULL;
	return arena_printf(v->a, "%s is %s: it can be neither held nor proved held", v->n->name,
	    role_name(v->n->role));
}

static const char *
leftover(const struct view_of *v)
{
	uint64_t target = v->p == NULL ? 0 : pg_lsn(v->p->file_target_lsn);

	if (target == 0 || v->n->role != ROLE_REPLICA)
		return NULL;
	if (v->n->replay.value > target)
		return arena_printf(v->a,
		    "%s has recovery_target_lsn %s in its configuration and has replayed past it: "
		    "it would not start again",
		    v->n->name, v->p->file_target_lsn);
	if (is_held(v->n) || v->n->target_lsn != NULL)
		return NULL;
	return arena_printf(v->a,
	    "%s has recovery_target_lsn %s in its configuration and is not held: a restart would "
	    "stop its replay there",
	    v->n->name, v->p->file_target_lsn);
}

static const char *
not_pausing(const struct view_of *v)
{
	if (v->p == NULL || v->p->file_target_lsn == NULL || v->n->is_hardened ||
	    v->n->role != ROLE_REPLICA)
		return NULL;
	return arena_printf(v->a,
	    "%s has recovery_target_action = %s: at its recovery target it would "
	    "not stay paused",
	    v->n->name, v->p->file_target_action);
}

static const char *
would_promote(const struct view_of *v)
{
	if (v->n->target_lsn == NULL || v->n->role != ROLE_REPLICA)
		return NULL;
	return arena_printf(v->a,
	    "%s was started with recovery_target_lsn %s: resuming its replay would promote it",
	    v->n->name, v->n->target_lsn);
}

/* Since version 14 replay then waits, and ends the server where it is told to go on. */
static const char *
limits_behind(const struct view_of *v)
{
	static const char *const names[] = {"max_connections", "max_worker_processes",
	    "max_wal_senders", "max_prepared_transactions", "max_locks_per_transaction"};
	const struct node *up = topology_find_identity(v->t, v->n->upstream);
	const struct probe *top = up == NULL ? NULL : v->k->shown[up - v->t->nodes]->probe;
	char *mine, *theirs;
	long here, there;
	size_t i;

	if (v->p == NULL || top == NULL || v->p->limits == NULL || top->limits == NULL)
		return NULL;
	mine = (char *)v->p->limits;
	theirs = (char *)top->limits;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		here = strtol(mine, &mine, 10);
		there = strtol(theirs, &theirs, 10);
		if (here < there)
			return arena_printf(v->a,
			    "%s has %s = %ld and its upstream %s %ld: its replay stops by itself, "
			    "and resuming it there would end the server",
			    v->n->name, names[i], here, up->name, there);
	}
	return NULL;
}

static const char *
feedback(const struct view_of *v)
{
	if (!is_held(v->n) || v->p == NULL || v->p->feedback == NULL ||
	    strcmp(v->p->feedback, "on") != 0)
		return NULL;
	return arena_printf(v->a,
	    "%s has hot_standby_feedback = on: while it is paused, vacuum on its primary cannot "
	    "take away dead rows",
	    v->n->name);
}

static const char *
replay_locks(const struct view_of *v)
{
	if (v->n->hold != HOLD_PAUSED || v->p == NULL || v->p->replay_locks <= 0)
		return NULL;
	return arena_printf(v->a,
	    "%s stopped between two records and keeps %lld table%s locked: readers of %s wait "
	    "until it goes on",
	    v->n->name, (long long)v->p->replay_locks, v->p->replay_locks == 1 ? "" : "s",
	    v->p->replay_locks == 1 ? "it" : "them");
}

static const char *
held(const struct view_of *v)
{
	if (v->n->hold == HOLD_NONE)
		return NULL;
	if (v->n->hold == HOLD_PAUSED)
		return arena_printf(v->a,
		    "%s is paused at %s; who paused it is not known from here", v->n->name,
		    v->n->replay.text == NULL ? "?" : v->n->replay.text);
	if (v->n->hold == HOLD_BY_DELAY)
		return arena_printf(
		    v->a, "%s was asked to pause and waits out its apply delay", v->n->name);
	return arena_printf(v->a, "%s was asked to pause and has not stopped yet", v->n->name);
}

static const char *
remote_apply(const struct view_of *v)
{
	if (!finding_is_writable(v->n) || v->n->sync_commit == NULL || v->n->sync_names == NULL ||
	    strcmp(v->n->sync_commit, "remote_apply") != 0)
		return NULL;
	return arena_printf(v->a,
	    "%s commits with remote_apply: pausing a synchronous replica freezes all writers",
	    v->n->name);
}

/* "09:03:12Z" of so many milliseconds ago. */
static const char *
time_ago(struct arena *a, int64_t ms)
{
	time_t then = time(NULL) - (time_t)(ms / 1000);
	struct tm tm;
	char at[16];

	strftime(at, sizeof(at), "%H:%M:%SZ", gmtime_r(&then, &tm));
	return arena_strdup(a, at);
}

/* The next change comes when the last one replayed is older than the delay, at the earliest. */
static const char *
delayed(const struct view_of *v)
{
	int64_t delay = v->n->apply_delay_ms, age = v->p == NULL ? -1 : v->p->replay_age_ms;
	const char *next = "";

	if (delay <= 0)
		return NULL;
	if (v->n->receive.value > v->n->replay.value && age >= 0)
		next = arena_printf(v->a, "; %s wait there, the next of it is applied in %s",
		    text_bytes(v->a, (int64_t)(v->n->receive.value - v->n->replay.value)),
		    age >= delay ? "moments"
				 : arena_printf(v->a, "%s or later",
				       text_seconds(v->a, (double)(delay - age) / 1000)));
	return arena_printf(v->a,
	    "%s applies %s late: a way back for what happened since. It has nothing that was "
	    "committed after %s%s",
	    v->n->name, text_seconds(v->a, (double)delay / 1000), time_ago(v->a, delay), next);
}

static const char *
cut_off(const struct view_of *v)
{
	if (v->n->role != ROLE_REPLICA || v->n->is_streaming || v->n->is_archive_fed)
		return NULL;
	return arena_printf(v->a, "%s does not stream from any upstream%s%s", v->n->name,
	    v->n->upstream_address == NULL ? "" : "; it is set to ",
	    v->n->upstream_address == NULL ? "" : v->n->upstream_address);
}

static const char *
archive_fed(const struct view_of *v)
{
	if (v->n->role != ROLE_REPLICA || !v->n->is_archive_fed)
		return NULL;
	return arena_printf(v->a,
	    "%s gets its log from an archive only: no server lists it, and a cluster whose "
	    "configuration leaves it out does not know of it",
	    v->n->name);
}

static const char *
no_worker(const struct view_of *v)
{
	if (v->l->state == NULL || strcmp(v->l->state, "working") == 0)
		return NULL;
	return arena_printf(v->a,
	    "subscription \"%s\" of database %s on %s %s: the slot of its publisher keeps log for "
	    "it",
	    v->l->name, v->l->database, v->l->node,
	    v->l->state[0] == 'd' ? "is disabled" : "is enabled and no worker of it runs");
}

static const char *
lagging(const struct view_of *v)
{
	if (v->n->role != ROLE_REPLICA || is_held(v->n) || v->n->apply_delay_ms > 0 ||
	    (v->n->lag_bytes < LAG_BYTES && (v->n->lag_bytes <= 0 || v->n->lag_ms < LAG_MS)))
		return NULL;
	return arena_printf(v->a, "%s is %s behind", v->n->name, text_bytes(v->a, v->n->lag_bytes));
}

/* Every server from 12 on answers; what a later one means by it nobody here has tried. */
static const char *
newer(const struct view_of *v)
{
	if (v->n->version < (NEWEST + 1) * 10000)
		return NULL;
	return arena_printf(v->a,
	    "%s runs PostgreSQL %s, and nothing newer than %d was tried: a hold or proof there may "
	    "not mean what it means on older servers",
	    v->n->name, v->n->version_text == NULL ? "?" : v->n->version_text, NEWEST);
}

enum subject { THE_WHOLE, EACH_NODE, EACH_CONSUMER, EACH_LOGICAL };

static const struct {
	int rank;
	enum subject of;
	const char *id;
	rule_fn *say;
	const char *next;
} rules[] = {
    {10, THE_WHOLE, "two-primaries", finding_two_primaries,
	"stop writes on the wrong one before anything else"},
    {12, EACH_NODE, "clone", finding_clone,
	"fence it if it was promoted; take a clone out of this cluster's configuration"},
    {14, THE_WHOLE, "same-server", same_server, "correct one of the two addresses"},
    {15, EACH_NODE, "other-cluster", other_cluster, "correct its address in the configuration"},
    {20, EACH_NODE, "diverged", finding_diverged, "do not promote it; pg_rewind or rebuild it"},
    {25, EACH_NODE, "pooler", pooler, "give the address of the server itself"},
    {28, EACH_NODE, "sync-short", finding_sync_short,
	"bring a synchronous standby back; shortening synchronous_standby_names and a reload lets "
	"commits go on, and gives up what they waited for"},
    {30, EACH_NODE, "manager", manager, "put the manager on hold before holding replicas"},
    {35, EACH_CONSUMER, "filling-slot", finding_filling_slot,
	"drop it with pg_drop_replication_slot once nobody will come back for it"},
    {40, EACH_CONSUMER, "unidentified-consumer", unidentified,
	"find out what it is, or have the approver accept it by name"},
    {45, EACH_NODE, "silent-node", silent, "bring it back, or have the approver accept it by name"},
    {48, EACH_NODE, "failing-slot", finding_failing_slot,
	"raise max_slot_wal_keep_size there; where it is lost, rebuild the replica"},
    {50, EACH_NODE, "hardening-leftover", leftover,
	"reset recovery_target_lsn there before it is restarted"},
    {51, EACH_NODE, "hardening-action", not_pausing, "reset recovery_target_action there"},
    {55, EACH_NODE, "resume-promotes", would_promote,
	"reset the recovery target there and restart it; do not resume it"},
    {57, EACH_NODE, "limits-behind", limits_behind, "raise it there and restart that standby"},
    {56, EACH_NODE, "newer-server", newer,
	"try pause and resume on a server of that version that matters to nobody first"},
    {58, EACH_NODE, "replay-locks", replay_locks,
	"end those readers' sessions, or send them to another node"},
    {60, EACH_CONSUMER, "idle-slot", finding_idle_slot,
	"drop it with pg_drop_replication_slot once nobody will come back for it"},
    {62, EACH_NODE, "standby-slot", finding_filling_standby,
	"bring it back; where it will not come back, drop its slot there"},
    {64, EACH_LOGICAL, "subscription", no_worker,
	"look at the log of the subscriber; ALTER SUBSCRIPTION ... ENABLE starts it again"},
    {70, EACH_NODE, "held", held, "`resume` releases it, with a second person's approval"},
    {75, EACH_NODE, "feedback", feedback, "keep the hold short, or turn it off there and reload"},
    {80, EACH_NODE, "remote-apply", remote_apply,
	"lower synchronous_commit, or leave the synchronous replica out of the hold"},
    {82, EACH_NODE, "manager-on-hold", manager_on_hold,
	"end its pause only when every hold is released"},
    {85, EACH_NODE, "cut-off", cut_off, "look at its log and its primary_conninfo"},
    {86, EACH_NODE, "archive-fed", archive_fed,
	"keep it in the configuration: only so it is held with the others"},
    {90, EACH_NODE, "delayed", delayed, "pause it first if it has to serve as one"},
    {95, EACH_NODE, "lag", lagging, "`lag` shows whether it catches up"},
    {99, THE_WHOLE, "company", finding_company, "agree with them who acts"},
};

static void
add_finding(const struct view_of *v, size_t rule, const char *node, struct topology *t)
{
	const char *s = rules[rule].say(v);
	struct finding *f;

	if (s == NULL)
		return;
	t->findings = arena_grow(v->a, t->findings, t->nfindings, sizeof(*f));
	f = &t->findings[t->nfindings++];
	f->rank = rules[rule].rank;
	f->id = rules[rule].id;
	f->node = node;
	f->sentence = text_inert(v->a, s, strlen(s), 0);
	f->next = rules[rule].next;
}

static int
by_rank(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;

	if (a->rank != b->rank)
		return a->rank - b->rank;
	return strcmp(a->node == NULL ? "" : a->node, b->node == NULL ? "" : b->node);
}

void
crawl_findings(struct crawl *k, struct arena *a, struct topology *t)
{
	struct view_of v = {.a = a, .t = t, .k = k};
	size_t r, i;

	for (r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
		if (rules[r].of == THE_WHOLE)
			add_finding(&v, r, NULL, t);
		for (i = 0; rules[r].of == EACH_NODE && i < t->nnodes; i++) {
			v.n = &t->nodes[i];
			v.p = k->shown[i]->probe;
			add_finding(&v, r, v.n->name, t);
		}
		for (i = 0; rules[r].of == EACH_CONSUMER && i < t->nconsumers; i++) {
			v.c = &t->consumers[i];
			add_finding(&v, r, v.c->node, t);
		}
		for (i = 0; rules[r].of == EACH_LOGICAL && i < t->nlogicals; i++) {
			v.l = &t->logicals[i];
			add_finding(&v, r, v.l->node, t);
		}
	}
	if (t->nfindings > 1)
		qsort(t->findings, t->nfindings, sizeof(*t->findings), by_rank);
}
