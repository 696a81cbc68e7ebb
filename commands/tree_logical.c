/*
 * Below the tree: what commits wait for, and what comes and goes by logical replication.
 */
#include <string.h>

#include "arena.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

/* Who counts now among the direct standbys, by name. */
static const char *
counting(struct drawing *d, const struct topology *t, const struct node *n)
{
	const struct node *up, *m;
	const char *names = "";
	size_t i;

	for (i = 0; i < t->nnodes; i++) {
		m = &t->nodes[i];
		up = topology_find_identity(t, m->upstream);
		if (up == n && m->sync_state != NULL &&
		    (strcmp(m->sync_state, "sync") == 0 || strcmp(m->sync_state, "quorum") == 0))
			names = arena_printf(d->arena, "%s %s", names, m->name);
	}
	return names[0] == '\0' ? " no known node" : names;
}

void
tree_sync(struct drawing *d, const struct topology *t)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < t->nnodes; i++) {
		n = &t->nodes[i];
		if (n->sync_names == NULL || n->sync_names[0] == '\0' || n->role == ROLE_REPLICA)
			continue;
		tree_wrap(d, "  ", "commits on %s wait for %s (synchronous_commit = %s); now:%s",
		    n->name, tree_inert(d, n->sync_names), tree_inert(d, n->sync_commit),
		    counting(d, t, n));
	}
}

void
tree_logicals(struct drawing *d, const struct topology *t)
{
	const struct logical *l;
	size_t i;

	if (t->nlogicals > 0)
		tree_line(d, "logical replication:");
	for (i = 0; i < t->nlogicals; i++) {
		l = &t->logicals[i];
		tree_wrap(d, "  ", "on %s, database %s: %s \"%s\"%s%s (%s)", l->node,
		    tree_inert(d, l->database), l->what, tree_inert(d, l->name),
		    l->state == NULL ? "" : ", ", l->state == NULL ? "" : l->state,
		    tree_inert(d, l->detail));
	}
}

static json_t *
logical(struct arena *a, const struct logical *l)
{
	json_t *o = json_object();

	json_object_set_new(o, "node", tree_text(a, l->node));
	json_object_set_new(o, "what", tree_text(a, l->what));
	json_object_set_new(o, "name", tree_text(a, l->name));
	json_object_set_new(o, "database", tree_text(a, l->database));
	json_object_set_new(o, "state", tree_text(a, l->state));
	json_object_set_new(o, "detail", tree_text(a, l->detail));
	return o;
}

json_t *
tree_logicals_json(struct arena *a, const struct topology *t)
{
	json_t *all = json_array();
	size_t i;

	for (i = 0; i < t->nlogicals; i++)
		json_array_append_new(all, logical(a, &t->logicals[i]));
	return all;
}
