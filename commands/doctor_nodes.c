/*
 * doctor's look at the servers. Rights stand in catalogues that replicas share, so what is missing
 * is said once, with the nodes that lack it.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/doctor.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

#define OLDEST 120000
#define RIGHTS_MAX 32

struct lack {
	struct right right;
	const char *nodes;
};

struct lacks {
	struct lack all[RIGHTS_MAX];
	size_t n;
};

static void
note_lack(struct arena *a, struct lacks *l, const struct right *right, const char *node)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(l->all[i].right.what, right->what) == 0 &&
		    (l->all[i].right.grant == NULL) == (right->grant == NULL))
			break;
	if (i == RIGHTS_MAX)
		return;
	if (i == l->n) {
		l->all[l->n].right = *right;
		l->all[l->n++].nodes = node;
		return;
	}
	l->all[i].nodes = arena_printf(a, "%s, %s", l->all[i].nodes, node);
}

static void
look_at(struct checkup *k, const struct node *n, struct lacks *l)
{
	struct context *c = k->c;
	struct right *all;
	struct err e = {0};
	size_t count, i, missing = 0;

	if (n->reason != NULL) {
		check_add(k, HEALTH_MISSING,
		    "check that it runs, its address, the login and pg_hba.conf", "%s is %s: %s",
		    n->name, role_name(n->role), n->reason);
		return;
	}
	if (strcmp(c->engine->name, "postgresql") == 0 && n->version < OLDEST)
		check_add(k, HEALTH_MISSING, "use it for looking only",
		    "%s is PostgreSQL %s: older than 12, where nothing can be held or proved",
		    n->name, n->version_text);
	if (ask_rights(c->cluster, c->waiter, c->arena, n->name, &all, &count, &e) != 0) {
		check_add(k, HEALTH_MISSING, "look at its log", "%s: %s", n->name, e.msg);
		return;
	}
	for (i = 0; i < count; i++)
		if (all[i].has != 1) {
			note_lack(c->arena, l, &all[i], n->name);
			missing++;
		}
	check_add(k, missing > 0 ? HEALTH_NOTE : HEALTH_OK, NULL,
	    "%s, %s, %s %s: %zu of %zu rights", n->name, role_name(n->role), c->engine->name,
	    n->version_text == NULL ? "" : n->version_text, count - missing, count);
}

/* What the picture says that stands in the way of a hold. */
static void
findings(struct checkup *k, const struct topology *t)
{
	static const char *const ids[] = {"pooler", "manager", "hardening-leftover",
	    "hardening-action", "resume-promotes", "other-cluster", "two-primaries", NULL};
	const struct finding *f;
	size_t i, j;

	for (i = 0; i < t->nfindings; i++) {
		f = &t->findings[i];
		for (j = 0; ids[j] != NULL && strcmp(ids[j], f->id) != 0; j++)
			;
		if (ids[j] != NULL)
			check_add(k, HEALTH_NOTE, f->next, "%s", f->sentence);
	}
}

void
doctor_nodes(struct checkup *k)
{
	struct context *c = k->c;
	const struct topology *t;
	struct lacks l = {.n = 0};
	struct err e = {0};
	size_t i;

	if (facts_topology(c->cluster, c->waiter, &t, &e) != 0) {
		check_add(k, HEALTH_MISSING, "try again", "cluster: %s", e.msg);
		return;
	}
	for (i = 0; i < t->nnodes; i++)
		look_at(k, &t->nodes[i], &l);
	for (i = 0; i < l.n; i++) {
		const struct right *r = &l.all[i].right;

		check_add(k, r->is_needed ? HEALTH_MISSING : HEALTH_NOTE, NULL,
		    "right to %s, on %s: %s", r->what, l.all[i].nodes, r->without);
		k->rows[k->n - 1].sql = r->grant;
	}
	findings(k, t);
}
