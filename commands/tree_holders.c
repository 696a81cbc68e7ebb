/*
 * Who holds what is held: the servers do not know, the journals and the store do. Asks nothing.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

static const struct hold *
hold_on(const struct context *c, const struct topology *t, const char *node)
{
	const struct node *n = topology_find(t, node);
	size_t i;

	for (i = 0; n != NULL && i < c->nholds; i++)
		if (strcmp(c->holds[i].identity, n->identity) == 0)
			return &c->holds[i];
	return NULL;
}

void
tree_holders(const struct context *c, struct topology *t)
{
	struct finding *all = arena_array(c->arena, t->nfindings + 1, sizeof(*all));
	const struct hold *h;
	const char *s;
	size_t i;

	for (i = 0; i < t->nfindings; i++) {
		all[i] = t->findings[i];
		if (strcmp(all[i].id, "held") != 0 || all[i].node == NULL ||
		    (h = hold_on(c, t, all[i].node)) == NULL)
			continue;
		s = arena_printf(c->arena, "%s is held by %s since %.19sZ%s%.8s", all[i].node,
		    h->person, h->since, h->plan[0] == '\0' ? "" : ", plan ", h->plan);
		all[i].sentence = text_inert(c->arena, s, strlen(s), 0);
	}
	t->findings = all;
}

const char *
tree_host(const struct cluster_config *c, const struct node *n)
{
	size_t i;

	for (i = 0; c != NULL && i < c->nnodes; i++)
		if (strcmp(c->nodes[i].name, n->name) == 0)
			return c->nodes[i].host;
	return NULL;
}

void
tree_places(struct drawing *d, const struct topology *t, const struct cluster_config *c)
{
	const struct node *n;
	const char *host;
	size_t i, any = 0;

	for (i = 0; i < t->nnodes; i++) {
		n = &t->nodes[i];
		if ((host = tree_host(c, n)) == NULL)
			continue;
		if (any++ == 0)
			tree_line(d, "on hosts:");
		tree_wrap(d, "  ", "%s on %s, in %s", n->name, host,
		    n->data_directory == NULL ? "a directory that is not known"
					      : tree_inert(d, n->data_directory));
	}
}
