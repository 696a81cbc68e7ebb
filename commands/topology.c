/*
 * topology: the tree of nodes, what else will receive what is done, what cannot be seen, and what
 * is wrong, most dangerous first. One line a node, readable without colour at 80 columns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "commands/tree.h"
#include "text.h"
#include "banned.h"

static void
draw_node(struct drawing *d, const struct node *n, int depth, int width)
{
	const char *role = n->role == ROLE_PRIMARY ? "PRIMARY" : role_name(n->role);
	const char *left = arena_printf(d->arena, "%*s%s%s", depth > 1 ? 3 * (depth - 1) : 0, "",
	    depth > 0 ? "+- " : "", n->name);

	if (n->reason != NULL)
		tree_line(d, "%-*s  %-11s (see below)", width, left, role);
	else
		tree_line(d, "%-*s  %-11s %s%s%s", width, left, role,
		    n->timeline > 0 ? arena_printf(d->arena, "TL%-3d ", n->timeline) : "",
		    tree_lag(d, n), tree_state(d, n));
}

static int
is_child(const struct topology *t, const struct node *n, const struct node *of)
{
	const struct node *up = topology_find_identity(t, n->upstream);

	return up == of && n != of;
}

/* Every node is drawn once, also where servers claim to follow each other in a ring. */
static void
draw_below(struct drawing *d, const struct topology *t, const struct node *of, int depth, int width)
{
	size_t i;

	for (i = 0; i < t->nnodes; i++)
		if (!d->drawn[i] && is_child(t, &t->nodes[i], of)) {
			d->drawn[i] = 1;
			draw_node(d, &t->nodes[i], depth, width);
			draw_below(d, t, &t->nodes[i], depth + 1, width);
		}
}

static void
draw_all(struct drawing *d, const struct topology *t)
{
	int width = tree_name_width(t);
	size_t i;

	d->drawn = arena_alloc(d->arena, t->nnodes + 1);
	draw_below(d, t, NULL, 0, width);
	for (i = 0; i < t->nnodes; i++)
		if (!d->drawn[i]) {
			d->drawn[i] = 1;
			draw_node(d, &t->nodes[i], 0, width);
			draw_below(d, t, &t->nodes[i], 1, width);
		}
}

static void
draw_consumers(struct drawing *d, const struct topology *t)
{
	const struct consumer *k;
	size_t i;

	if (t->nconsumers > 0)
		tree_line(d, "will also receive:");
	for (i = 0; i < t->nconsumers; i++) {
		k = &t->consumers[i];
		tree_wrap(d, "  ", "from %s: %s \"%s\"%s%s, %s%s%s%s", k->node, k->what,
		    tree_inert(d, k->name), k->address == NULL ? "" : " at ",
		    tree_inert(d, k->address),
		    k->state == NULL ? "state not shown" : tree_inert(d, k->state),
		    k->retained > 0 ? ", keeps " : "",
		    k->retained > 0 ? text_bytes(d->arena, k->retained) : "",
		    k->is_unidentified ? ", UNIDENTIFIED" : "");
	}
}

static void
draw_rest(struct drawing *d, const struct topology *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].reason != NULL) {
			if (n++ == 0)
				tree_line(d, "cannot see:");
			tree_wrap(d, "  ", "%s (%s): %s", t->nodes[i].name,
			    role_name(t->nodes[i].role), tree_inert(d, t->nodes[i].reason));
		}
	if (t->nfindings > 0)
		tree_line(d, "findings, most dangerous first:");
	for (i = 0; i < t->nfindings; i++) {
		tree_wrap(d, "  ! ", "%s", t->findings[i].sentence);
		tree_wrap(d, "    next: ", "%s", t->findings[i].next);
	}
}

static int
topology_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct topology named = *c->topology, *t = &named;
	struct drawing d = {.arena = c->arena, .width = c->width > 20 ? c->width : 80};

	(void)argc;
	(void)argv;
	(void)e;
	tree_holders(c, t);
	tree_wrap(&d, "", "cluster %s, %zu node%s, at %s",
	    t->cluster[0] == '\0' ? "unknown" : t->cluster, t->nnodes, t->nnodes == 1 ? "" : "s",
	    t->taken_at);
	draw_all(&d, t);
	tree_sync(&d, t);
	tree_places(&d, t, c->cluster_config);
	draw_consumers(&d, t);
	tree_logicals(&d, t);
	tree_company(&d, c, t);
	draw_rest(&d, t);
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, d.lines, d.n);
	r->view.json = tree_json(c->arena, t, c->cluster_config);
	return 0;
}

const struct command command_topology = {
    .name = "topology",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | AT_CLI | HAS_JSON | NEED_TOPOLOGY,
    .help = "Show who replicates from whom, and what is wrong",
    .exec = topology_exec,
};
