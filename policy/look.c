/*
 * Looking at texts and topologies: what rules and guards both ask. Must never treat what is not
 * known as harmless, nor a node that did not answer as a replica.
 */
#include <stdio.h>
#include <string.h>

#include "policy/inside.h"
#include "banned.h"

int
look_is_tx(const struct statement *s, const char *kind)
{
	size_t i;

	for (i = 0; i < s->nactions; i++)
		if ((s->actions[i].flags & ACTION_TX) && strcmp(s->actions[i].kind, kind) == 0)
			return 1;
	return 0;
}

static int
has_tx(const struct statement *s)
{
	return (statement_flags(s) & ACTION_TX) != 0;
}

static int
is_savepoint(const struct statement *s)
{
	return look_is_tx(s, "savepoint") || look_is_tx(s, "release-savepoint") ||
	       look_is_tx(s, "rollback-to");
}

enum tx_shape
look_tx_shape(const struct statement *s, size_t n)
{
	size_t i, tx = 0;

	for (i = 0; i < n; i++)
		tx += has_tx(&s[i]);
	if (tx == 0)
		return SHAPE_NONE;
	if (n < 2 || !look_is_tx(&s[0], "begin"))
		return SHAPE_OTHER;
	if (!look_is_tx(&s[n - 1], "commit") && !look_is_tx(&s[n - 1], "rollback"))
		return SHAPE_OTHER;
	for (i = 1; i < n - 1; i++)
		if (has_tx(&s[i]) && !is_savepoint(&s[i]))
			return SHAPE_OTHER;
	return SHAPE_WRAPPED;
}

static int
is_read_or_unknown_call(const struct action *x)
{
	if (x->flags & (ACTION_TX | ACTION_SESSION))
		return 0;
	if (x->danger == DANGER_READ)
		return 1;
	return x->danger == DANGER_OPAQUE && (x->flags & (ACTION_SELECT | ACTION_REFINABLE));
}

/* A query says so in its first action; what it calls may be unknown. */
int
look_is_query(const struct statement *s, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		if (s[i].nactions == 0 || !(s[i].actions[0].flags & ACTION_SELECT))
			return 0;
		for (k = 0; k < s[i].nactions; k++)
			if (!is_read_or_unknown_call(&s[i].actions[k]))
				return 0;
	}
	return n > 0;
}

int
look_is_paused(const struct node *n)
{
	return n->hold == HOLD_PAUSED || n->hold == HOLD_REQUESTED || n->target_lsn != NULL;
}

int
look_is_held(const struct node *n, const struct hold *holds, size_t nholds)
{
	size_t i;

	if (look_is_paused(n))
		return 1;
	for (i = 0; i < nholds; i++)
		if (strcmp(holds[i].node, n->name) == 0 ||
		    (n->identity[0] != '\0' && strcmp(holds[i].identity, n->identity) == 0))
			return 1;
	return 0;
}

static int
is_named(const struct site_policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nhold_names; i++)
		if (strcmp(p->hold_names[i], name) == 0)
			return 1;
	return 0;
}

/* "One" is the first replica that streams, as the topology lists them; else the first. */
static const struct node *
the_one(const struct topology *t)
{
	const struct node *first = NULL;
	size_t i;

	for (i = 0; i < t->nnodes; i++) {
		if (t->nodes[i].role != ROLE_REPLICA)
			continue;
		if (t->nodes[i].is_streaming || t->nodes[i].hold == HOLD_PAUSED)
			return &t->nodes[i];
		if (first == NULL)
			first = &t->nodes[i];
	}
	return first;
}

static int
is_chosen(const struct topology *t, const struct site_policy *p, const struct node *n)
{
	if (n->role != ROLE_REPLICA)
		return 0;
	switch (p->hold) {
	case HOLD_ALL:
		return 1;
	case HOLD_ONE:
		return n == the_one(t);
	case HOLD_NAMES:
		return is_named(p, n->name);
	}
	return 1;
}

size_t
look_hold_set(struct arena *a, const struct topology *t, const struct site_policy *p,
    const struct node ***out)
{
	size_t i, n = 0;

	*out = arena_array(a, t->nnodes, sizeof(**out));
	for (i = 0; i < t->nnodes; i++)
		if (is_chosen(t, p, &t->nodes[i]))
			(*out)[n++] = &t->nodes[i];
	return n;
}

size_t
look_not_chosen(
    struct arena *a, const struct topology *t, const struct site_policy *p, const char ***out)
{
	size_t i, n = 0;

	*out = arena_array(a, t->nnodes, sizeof(**out));
	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].role == ROLE_REPLICA && !is_chosen(t, p, &t->nodes[i]))
			(*out)[n++] = t->nodes[i].name;
	return n;
}

size_t
look_cannot_hold(struct arena *a, const struct topology *t, const char ***out)
{
	const struct consumer *c;
	const struct node *x;
	size_t i, n = 0;

	*out = arena_array(a, t->nnodes + t->nconsumers, sizeof(**out));
	for (i = 0; i < t->nnodes; i++) {
		x = &t->nodes[i];
		if (x->role == ROLE_PRIMARY || x->role == ROLE_REPLICA ||
		    x->role == ROLE_STANDALONE)
			continue;
		(*out)[n++] = arena_printf(a, "node %s (%s)", x->name, role_name(x->role));
	}
	for (i = 0; i < t->nconsumers; i++) {
		c = &t->consumers[i];
		if (c->is_unidentified)
			(*out)[n++] = arena_printf(
			    a, "%s %s on %s (not identified)", c->what, c->name, c->node);
	}
	return n;
}

const struct node *
look_freezes_writers(const struct topology *t, const struct node *const *set, size_t n)
{
	const struct node *primary = topology_primary(t);
	size_t i;

	if (primary == NULL || primary->sync_commit == NULL ||
	    strcmp(primary->sync_commit, "remote_apply") != 0)
		return NULL;
	for (i = 0; i < n; i++) {
		if (set[i]->sync_state == NULL || look_is_paused(set[i]))
			continue;
		if (strcmp(set[i]->sync_state, "sync") == 0 ||
		    strcmp(set[i]->sync_state, "quorum") == 0)
			return set[i];
	}
	return NULL;
}

/* The names of the nodes a manager of this name was not seen to be on hold on. */
static const char *
managed(struct arena *a, const struct topology *t, const char *name)
{
	const char **names = arena_array(a, t->nmanagers, sizeof(*names));
	size_t i, n = 0;

	for (i = 0; i < t->nmanagers; i++)
		if (strcmp(t->managers[i].name, name) == 0 &&
		    t->managers[i].state != MANAGER_ON_HOLD)
			names[n++] = t->managers[i].node;
	return look_join(a, names, n, 8);
}

const char *
look_manager(struct arena *a, const struct topology *t)
{
	const struct manager *m, *found = NULL;
	size_t i;

	/* One that was seen to be active says more than one that was not seen. */
	for (i = 0; i < t->nmanagers; i++) {
		m = &t->managers[i];
		if (m->state == MANAGER_ACTIVE || (found == NULL && m->state != MANAGER_ON_HOLD))
			found = m;
		if (m->state == MANAGER_ACTIVE)
			break;
	}
	if (found == NULL)
		return NULL;
	return arena_printf(a,
	    "%s manages %s and %s%s%s: %s, so no hold would stand; nothing was "
	    "sent. %s.",
	    found->name, managed(a, t, found->name),
	    found->state == MANAGER_ACTIVE ? "is not paused" : "was not seen to be paused (",
	    found->state == MANAGER_ACTIVE ? "" : found->reason,
	    found->state == MANAGER_ACTIVE ? "" : ")", found->does, found->next);
}

int
look_is_scratch(const struct cluster_config *c, const struct topology *t)
{
	const struct node *n = t == NULL ? NULL : topology_primary(t);
	char address[512];

	if (c == NULL || n == NULL || c->environment == NULL ||
	    strcmp(c->environment, "scratch") != 0)
		return 0;
	if (c->scratch_address == NULL || c->scratch_data_directory == NULL)
		return 0;
	if (n->host == NULL || n->data_directory == NULL)
		return 0;
	snprintf(address, sizeof(address), "%s:%d", n->host, n->port);
	return strcmp(address, c->scratch_address) == 0 &&
	       strcmp(n->data_directory, c->scratch_data_directory) == 0;
}

const char *
look_join(struct arena *a, const char *const *names, size_t n, size_t most)
{
	const char *out = "";
	size_t i, show = n > most ? most : n;

	for (i = 0; i < show; i++)
		out = arena_printf(a, "%s%s%s", out,
		    i == 0	 ? ""
		    : i == n - 1 ? " and "
				 : ", ",
		    names[i]);
	if (n > show)
		out = arena_printf(a, "%s and %zu more", out, n - show);
	return out;
}
