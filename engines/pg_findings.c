/*
 * What the operator must know about a topology, as a table of rules: each looks at one node (or at
 * one consumer, or at the whole) and says one sentence, or nothing. Most dangerous first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "text.h"
#include "banned.h"

#define LAG_BYTES ((int64_t)64 << 20)
#define LAG_MS 60000

/* What a rule looks at. node and probe, or consumer, may be NULL. */
struct view_of {
	struct arena *a;
	const struct topology *t;
	const struct node *n;
	const struct probe *p;
	const struct consumer *c;
};

typedef const char *rule_fn(const struct view_of *v); /* the sentence, or NULL */

static int
is_writable(const struct node *n)
{
	return n->role == ROLE_PRIMARY || n->role == ROLE_STANDALONE;
}

static int
is_held(const struct node *n)
{
	return n->hold != HOLD_NONE;
}

static const char *
two_primaries(const struct view_of *v)
{
	const char *names = NULL;
	size_t i, n = 0;

	for (i = 0; i < v->t->nnodes; i++) {
		const struct node *m = &v->t->nodes[i];

		if (!is_writable(m) || strcmp(m->cluster, v->t->cluster) != 0)
			continue;
		names = names == NULL ? m->name : arena_printf(v->a, "%s and %s", names, m->name);
		n++;
	}
	return n < 2 ? NULL
		     : arena_printf(v->a, "%s both accept writes in the same cluster", names);
}

static const char *
other_cluster(const struct view_of *v)
{
	if (v->n->cluster[0] == '\0' || strcmp(v->n->cluster, v->t->cluster) == 0)
		return NULL;
	return arena_printf(v->a, "%s belongs to another cluster (%s, not %s)", v->n->name,
	    v->n->cluster, v->t->cluster);
}

static const char *
diverged(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);

	if (up == NULL || v->n->timeline == 0 || up->timeline == 0 || v->n->is_streaming)
		return NULL;
	if (v->n->timeline != up->timeline)
		return arena_printf(v->a,
		    "%s is on timeline %d and its upstream %s on %d, and they do not stream: it "
		    "may have diverged",
		    v->n->name, v->n->timeline, up->name, up->timeline);
	if (up->current.value != 0 && v->n->replay.value > up->current.value)
		return arena_printf(v->a, "%s has replayed to %s, past its upstream %s at %s",
		    v->n->name, v->n->replay.text, up->name, up->current.text);
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

static const char *
failing_slot(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);
	const char *s = v->n->slot_status;

	if (s == NULL || up == NULL || (strcmp(s, "lost") != 0 && strcmp(s, "unreserved") != 0))
		return NULL;
	return arena_printf(v->a, "slot %s of %s on %s is %s: %s", v->n->slot, v->n->name, up->name,
	    s,
	    s[0] == 'l' ? "the log it needs is gone, and it cannot catch up"
			: "the next checkpoint may take the log it needs away");
}

static const char *
idle_slot(const struct view_of *v)
{
	if (strstr(v->c->what, "slot") == NULL || strcmp(v->c->state, "active") == 0 ||
	    (v->c->retained <= 0 && strcmp(v->c->state, "lost") != 0))
		return NULL;
	return arena_printf(v->a, "%s \"%s\" on %s is %s and keeps %s of log", v->c->what,
	    v->c->name, v->c->node, v->c->state,
	    text_bytes(v->a, v->c->retained < 0 ? 0 : v->c->retained));
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
	if (!is_writable(v->n) || v->n->sync_commit == NULL || v->n->sync_names == NULL ||
	    strcmp(v->n->sync_commit, "remote_apply") != 0)
		return NULL;
	return arena_printf(v->a,
	    "%s commits with remote_apply: pausing a synchronous replica freezes all writers",
	    v->n->name);
}

static const char *
delayed(const struct view_of *v)
{
	if (v->n->apply_delay_ms <= 0)
		return NULL;
	return arena_printf(v->a, "%s applies %s late: a way back for what happened since",
	    v->n->name, text_seconds(v->a, (double)v->n->apply_delay_ms / 1000));
}

static const char *
cut_off(const struct view_of *v)
{
	if (v->n->role != ROLE_REPLICA || v->n->is_streaming)
		return NULL;
	return arena_printf(v->a, "%s does not stream from any upstream%s%s", v->n->name,
	    v->n->upstream_address == NULL ? "" : "; it is set to ",
	    v->n->upstream_address == NULL ? "" : v->n->upstream_address);
}

static const char *
lagging(const struct view_of *v)
{
	if (v->n->role != ROLE_REPLICA || is_held(v->n) || v->n->apply_delay_ms > 0 ||
	    (v->n->lag_bytes < LAG_BYTES && (v->n->lag_bytes <= 0 || v->n->lag_ms < LAG_MS)))
		return NULL;
	return arena_printf(v->a, "%s is %s behind", v->n->name, text_bytes(v->a, v->n->lag_bytes));
}

static const char *
company(const struct view_of *v)
{
	size_t i;

	for (i = 0; v->p != NULL && i < v->p->nmarks; i++)
		if (strncmp(v->p->marks[i], "holdfast ", 9) == 0)
			return arena_printf(
			    v->a, "somebody else works on %s: \"%s\"", v->n->name, v->p->marks[i]);
	return NULL;
}

enum subject { THE_WHOLE, EACH_NODE, EACH_CONSUMER };

static const struct {
	int rank;
	enum subject of;
	const char *id;
	rule_fn *say;
	const char *next;
} rules[] = {
    {10, THE_WHOLE, "two-primaries", two_primaries,
	"stop writes on the wrong one before anything else"},
    {15, EACH_NODE, "other-cluster", other_cluster, "correct its address in the configuration"},
    {20, EACH_NODE, "diverged", diverged, "do not promote it; pg_rewind or rebuild it"},
    {25, EACH_NODE, "pooler", pooler, "give the address of the server itself"},
    {30, EACH_NODE, "manager", manager, "put the manager on hold before holding replicas"},
    {40, EACH_CONSUMER, "unidentified-consumer", unidentified,
	"find out what it is, or have the approver accept it by name"},
    {45, EACH_NODE, "silent-node", silent, "bring it back, or have the approver accept it by name"},
    {48, EACH_NODE, "failing-slot", failing_slot,
	"raise max_slot_wal_keep_size there; where it is lost, rebuild the replica"},
    {50, EACH_NODE, "hardening-leftover", leftover,
	"reset recovery_target_lsn there before it is restarted"},
    {51, EACH_NODE, "hardening-action", not_pausing, "reset recovery_target_action there"},
    {55, EACH_NODE, "resume-promotes", would_promote,
	"reset the recovery target there and restart it; do not resume it"},
    {60, EACH_CONSUMER, "idle-slot", idle_slot, "drop it if nobody will come back for it"},
    {70, EACH_NODE, "held", held, "`resume` releases it, with a second person's approval"},
    {80, EACH_NODE, "remote-apply", remote_apply,
	"lower synchronous_commit, or leave the synchronous replica out of the hold"},
    {82, EACH_NODE, "manager-on-hold", manager_on_hold,
	"end its pause only when every hold is released"},
    {85, EACH_NODE, "cut-off", cut_off, "look at its log and its primary_conninfo"},
    {90, EACH_NODE, "delayed", delayed, "pause it first if it has to serve as one"},
    {95, EACH_NODE, "lag", lagging, "`lag` shows whether it catches up"},
    {99, EACH_NODE, "company", company, "agree with them who acts"},
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
	struct view_of v = {.a = a, .t = t};
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
	}
	if (t->nfindings > 1)
		qsort(t->findings, t->nfindings, sizeof(*t->findings), by_rank);
}
