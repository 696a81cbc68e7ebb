/*
 * Timelines: where one left another, and what that means for two primaries and for a standby that
 * does not follow. A number says little: two promoted copies are both on timeline 2. Must never
 * call something diverged because a position is not known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_findings.h"
#include "text.h"
#include "banned.h"

#define MAX_FORKS 1000

void
pg_history(struct arena *a, const char *text, struct probe *p)
{
	char lsn[20];
	struct fork *f;
	int timeline;

	for (; text != NULL && *text != '\0' && p->nforks < MAX_FORKS;
	     text += strcspn(text, "\n"), text += *text == '\n') {
		if (*text < '1' || *text > '9' ||
		    sscanf(text, "%9d\t%17[0-9A-F/]", &timeline, lsn) != 2 || pg_lsn(lsn) == 0)
			continue;
		p->forks = arena_grow(a, p->forks, p->nforks, sizeof(*f));
		f = &p->forks[p->nforks++];
		f->timeline = timeline;
		f->text = arena_strdup(a, lsn);
		f->at = pg_lsn(lsn);
	}
}

static const struct probe *
probe_of(const struct view_of *v, const struct node *n)
{
	return n == NULL ? NULL : v->k->shown[n - v->t->nodes]->probe;
}

/* Where `p`, or what it descends from, left this timeline; NULL not known, or it never did. */
static const struct fork *
left(const struct probe *p, int timeline)
{
	size_t i;

	for (i = 0; p != NULL && i < p->nforks; i++)
		if (p->forks[i].timeline == timeline)
			return &p->forks[i];
	return NULL;
}

/* Where the histories part, as far as both are known: the lower of what each left there. */
static const struct fork *
parting(const struct probe *x, const struct probe *y)
{
	const struct fork *f, *g;
	size_t i;

	for (i = 0; i < x->nforks; i++) {
		f = &x->forks[i];
		g = left(y, f->timeline);
		if (g == NULL)
			return y->timeline == f->timeline ? f : NULL;
		if (g->at != f->at)
			return g->at < f->at ? g : f;
	}
	return NULL;
}

static const char *
since(struct arena *a, const struct node *n, const struct fork *f)
{
	if (n->current.value <= f->at)
		return arena_printf(a, "%s has written nothing since", n->name);
	return arena_printf(a, "%s has written %s since", n->name,
	    text_bytes(a, (int64_t)(n->current.value - f->at)));
}

/* How two that both write came apart. */
static const char *
how(const struct view_of *v, const struct node *x, const struct node *y)
{
	const struct probe *px = probe_of(v, x), *py = probe_of(v, y);
	const struct fork *f;

	if (px == NULL || py == NULL)
		return "";
	f = parting(px, py);
	if (f == NULL)
		f = parting(py, px);
	if (f != NULL)
		return arena_printf(v->a, "; they parted on timeline %d at %s: %s, %s", f->timeline,
		    f->text, since(v->a, x, f), since(v->a, y, f));
	if (x->timeline == y->timeline && px->nforks == 0 && py->nforks == 0 && x->timeline == 1)
		return "; neither was promoted: one is a copy that was started as a primary";
	return "; where they parted is not known from here (reading the timeline's history needs a "
	       "superuser)";
}

int
finding_is_writable(const struct node *n)
{
	return n->role == ROLE_PRIMARY || n->role == ROLE_STANDALONE;
}

const char *
finding_two_primaries(const struct view_of *v)
{
	const struct node *first = NULL, *second = NULL, *m;
	const char *names = NULL;
	size_t i, n = 0;

	for (i = 0; i < v->t->nnodes; i++) {
		m = &v->t->nodes[i];
		if (!finding_is_writable(m) || strcmp(m->cluster, v->t->cluster) != 0)
			continue;
		names = names == NULL ? m->name : arena_printf(v->a, "%s and %s", names, m->name);
		second = second == NULL && first != NULL ? m : second;
		first = first == NULL ? m : first;
		n++;
	}
	if (n < 2)
		return NULL;
	return arena_printf(v->a, "%s both accept writes in the same cluster%s", names,
	    n == 2 ? how(v, first, second) : "");
}

/* A base backup copies the system identifier: a staging restored from production has it, too. */
const char *
finding_clone(const struct view_of *v)
{
	const struct node *m, *other = NULL;
	size_t i;

	if (v->n->role != ROLE_STANDALONE || v->p == NULL)
		return NULL;
	for (i = 0; i < v->t->nnodes && other == NULL; i++) {
		m = &v->t->nodes[i];
		if (m != v->n && m->role == ROLE_PRIMARY && strcmp(m->cluster, v->n->cluster) == 0)
			other = m;
	}
	if (other == NULL)
		return NULL;
	return arena_printf(v->a,
	    "%s has the system identifier of %s and nothing replicates from it: a promoted "
	    "standby, or a clone that was restored from a backup. Only its address (%s:%d) and "
	    "its data tell which",
	    v->n->name, other->name, v->n->host, v->n->port);
}

/* A standby follows a newer timeline only from before the fork. */
static const char *
past_fork(const struct view_of *v, const struct node *up, const struct fork *f)
{
	uint64_t at =
	    v->n->replay.value > v->n->receive.value ? v->n->replay.value : v->n->receive.value;

	if (v->n->replay.value <= f->at || at == 0)
		return NULL;
	return arena_printf(v->a,
	    "%s has replayed to %s on timeline %d, and its upstream %s left that timeline at %s: "
	    "it has diverged by %s and cannot follow",
	    v->n->name, v->n->replay.text, v->n->timeline, up->name, f->text,
	    text_bytes(v->a, (int64_t)(v->n->replay.value - f->at)));
}

const char *
finding_diverged(const struct view_of *v)
{
	const struct node *up = topology_find_identity(v->t, v->n->upstream);
	const struct probe *above = probe_of(v, up);
	const struct fork *f;

	if (up == NULL || v->p == NULL || v->n->timeline == 0 || up->timeline == 0)
		return NULL;
	if (up->timeline > v->n->timeline && (f = left(above, v->n->timeline)) != NULL)
		return past_fork(v, up, f);
	if (v->n->is_streaming)
		return NULL;
	if (v->n->timeline == up->timeline && above != NULL && (f = parting(v->p, above)) != NULL)
		return arena_printf(v->a,
		    "%s and its upstream %s are both on timeline %d, and not on the same one: they "
		    "parted on timeline %d at %s",
		    v->n->name, up->name, up->timeline, f->timeline, f->text);
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
