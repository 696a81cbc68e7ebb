/*
 * Who could become the primary, best first, and what each lacks of what the old one wrote. Must
 * never call a loss known where the end of the old primary's log is not.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/failing.h"
#include "text.h"
#include "banned.h"

static int
is_place(const struct node *n, const char *address)
{
	const char *colon = address == NULL ? NULL : strrchr(address, ':');

	return colon != NULL && n->host != NULL && (size_t)(colon - address) == strlen(n->host) &&
	       strncmp(n->host, address, strlen(n->host)) == 0 &&
	       strtol(colon + 1, NULL, 10) == n->port;
}

static int
is_silent(const struct node *n)
{
	return n->role == ROLE_UNREACHABLE || n->role == ROLE_STARTING || n->role == ROLE_NO_SLOTS;
}

const struct node *
failover_old(const struct topology *t, const struct node *candidate)
{
	const struct node *found = topology_primary(t), *silent = NULL;
	size_t i, n = 0;

	if (found != NULL)
		return found;
	for (i = 0; i < t->nnodes; i++) {
		if (!is_silent(&t->nodes[i]))
			continue;
		if (found == NULL && t->nodes[i].last.text != NULL)
			found = &t->nodes[i];
		if (candidate != NULL && is_place(&t->nodes[i], candidate->upstream_address))
			found = &t->nodes[i];
		silent = &t->nodes[i];
		n++;
	}
	return found != NULL ? found : n == 1 ? silent : NULL;
}

/* What makes a replica no candidate at all. */
static const char *
cannot(struct arena *a, const struct topology *t, const struct node *n, int newest)
{
	size_t i;

	if (n->role != ROLE_REPLICA)
		return n->reason != NULL ? n->reason : "it is no replica";
	for (i = 0; i < t->nfindings; i++)
		if (t->findings[i].node != NULL && strcmp(t->findings[i].node, n->name) == 0 &&
		    (strcmp(t->findings[i].id, "diverged") == 0 ||
			strcmp(t->findings[i].id, "errant") == 0 ||
			strcmp(t->findings[i].id, "other-cluster") == 0 ||
			strcmp(t->findings[i].id, "pooler") == 0))
			return t->findings[i].sentence;
	if (n->nsources > 1)
		return arena_printf(a,
		    "it replicates from %d sources, and only one would be left out", n->nsources);
	if (n->timeline > 0 && n->timeline < newest)
		return arena_printf(a,
		    "it is on timeline %d and another replica on %d: it lacks what came after the "
		    "last failover",
		    n->timeline, newest);
	return NULL;
}

static int
is_better(const struct candidate *x, const struct candidate *y)
{
	if ((x->cannot == NULL) != (y->cannot == NULL))
		return x->cannot == NULL;
	if (x->got.value != y->got.value)
		return x->got.value > y->got.value;
	if (look_is_paused(x->node) != look_is_paused(y->node))
		return !look_is_paused(x->node);
	if (x->node->apply_delay_ms != y->node->apply_delay_ms)
		return x->node->apply_delay_ms < y->node->apply_delay_ms;
	if ((x->node->replay.value != y->node->replay.value))
		return x->node->replay.value > y->node->replay.value;
	return strcmp(x->node->name, y->node->name) < 0;
}

static int
newest_timeline(const struct topology *t)
{
	size_t i;
	int newest = 0;

	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].timeline > newest && !is_silent(&t->nodes[i]))
			newest = t->nodes[i].timeline;
	return newest;
}

static void
fill(struct candidate *c, const struct node *old)
{
	const struct node *n = c->node;
	const struct position *end;

	c->got = n->receive.value > n->replay.value ? n->receive : n->replay;
	end = old == NULL ? NULL : old->current.value != 0 ? &old->current : &old->last;
	if (end != NULL && end->value > c->got.value)
		c->behind = end->value - c->got.value;
	/* One that answers writes no more before it is replaced, or the plan stops. */
	c->is_bound = old != NULL && (old->role == ROLE_PRIMARY || old->role == ROLE_STANDALONE);
}

size_t
failover_rank(struct arena *a, const struct topology *t, struct candidate **out)
{
	struct candidate *list = arena_array(a, t->nnodes + 1, sizeof(*list)), c;
	int newest = newest_timeline(t);
	size_t i, k, n = 0;

	for (i = 0; i < t->nnodes; i++) {
		if (t->nodes[i].role != ROLE_REPLICA)
			continue;
		c = (struct candidate){
		    .node = &t->nodes[i], .cannot = cannot(a, t, &t->nodes[i], newest)};
		fill(&c, failover_old(t, c.node));
		for (k = n++; k > 0 && is_better(&c, &list[k - 1]); k--)
			list[k] = list[k - 1];
		list[k] = c;
	}
	*out = list;
	return n;
}

const char *
failover_before(const struct guard_input *g, const struct node *n)
{
	size_t i;

	for (i = 0; i < g->nholds; i++)
		if (strcmp(g->holds[i].identity, n->identity) == 0 && g->holds[i].before != NULL &&
		    g->holds[i].before[0] != '\0')
			return g->holds[i].before;
	if (n->target_lsn != NULL)
		return n->target_lsn;
	return n->hardened_at == NULL ? "" : n->hardened_at;
}

static const char *
system_of(const struct node *n)
{
	return n->cluster != NULL && strncmp(n->cluster, "pg:", 3) == 0 ? n->cluster + 3 : "";
}

void
failover_question(struct arena *a, const struct failover_input *in, const struct node *candidate,
    struct log_question *q)
{
	const char *before = failover_before(in->guard, candidate);
	const struct node *old = in->old.node;

	*q = (struct log_question){.engine = in->guard->topology->engine,
	    .directory = in->old.directory,
	    .system = system_of(candidate),
	    .timeline = old != NULL && old->timeline > 0 ? old->timeline : candidate->timeline};
	q->from = candidate->replay.text;
	q->after = candidate->receive.value > candidate->replay.value ? candidate->receive.text
								      : candidate->replay.text;
	/* Everything behind the mistake is what stopping before it loses. */
	if (in->far == FAR_BEFORE && before[0] != '\0')
		q->from = q->after = before;
	q->from = arena_strdup(a, q->from == NULL ? "0/0" : q->from);
	q->after = arena_strdup(a, q->after == NULL ? "0/0" : q->after);
}

/* "812.5 kB in 3 transactions, the last one of 10:12:03Z". */
const char *
failing_amount(struct arena *a, const struct log_facts *f, const char *after)
{
	uint64_t from = failing_number(after);
	int64_t bytes = f->bytes >= 0	      ? f->bytes
			: f->end.value > from ? (int64_t)(f->end.value - from)
					      : 0;

	if (f->commits == 0)
		return arena_printf(
		    a, "no transaction (%s of log without a commit)", text_bytes(a, bytes));
	return arena_printf(a, "%s%s of log with %s%s%s%s%s%s", "", text_bytes(a, bytes),
	    f->commits < 0 ? "an unknown number of transactions"
			   : arena_printf(a, "%s transaction%s", text_count(a, f->commits),
				 f->commits == 1 ? "" : "s"),
	    f->first[0] == '\0' ? "" : ", committed from ", f->first,
	    f->first[0] == '\0' ? "" : " to ", f->last, "");
}

uint64_t
failing_number(const char *position)
{
	char *end;
	uint64_t hi;

	if (position == NULL || position[0] == '\0')
		return 0;
	hi = strtoull(position, &end, 16);
	return hi << 32 | (*end == '/' ? strtoull(end + 1, NULL, 16) : 0);
}

const char *
failover_lacks(
    struct arena *a, const struct node *old, const struct candidate *c, const char **more)
{
	*more = "";
	if (c->log != NULL)
		return failing_amount(a, c->log, c->got.text);
	if (old == NULL) {
		*more = "nothing is known of the old primary";
		return "not known";
	}
	if (c->is_bound) {
		*more = "a planned failover waits until it is nothing";
		return arena_printf(a, "%s now", text_bytes(a, (int64_t)c->behind));
	}
	if (old->last.text == NULL) {
		*more = arena_printf(
		    a, "%s was never seen by this session, and its disk was not read", old->name);
		return "not known";
	}
	*more = arena_printf(a,
	    "%s stood at %s when last seen, %s ago; what it wrote after that is not known",
	    old->name, old->last.text, text_seconds(a, (double)(now_ms() - old->last_ms) / 1000));
	return arena_printf(a, "at least %s", text_bytes(a, (int64_t)c->behind));
}
