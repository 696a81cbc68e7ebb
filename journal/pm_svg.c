/*
 * A topology as a picture: primary on top, what replicates from it below, held replicas marked with
 * a pause sign and a word, not by colour alone. Drawn from one topology record, with the holds that
 * stood at that time.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

#define BOX_W 168
#define BOX_H 66
#define GAP_X 26
#define GAP_Y 46
#define NODES_MAX 64

struct spot {
	const json_t *node;
	const char *name, *role;
	int up;	   /* index of its upstream, -1 none */
	int depth; /* -1 not placed yet */
	int x, y;  /* upper left corner */
};

struct drawing {
	struct pm *pm;
	struct buf *b;
	struct spot spots[NODES_MAX];
	int n, columns, depth;
	int64_t at_us;
};

static void
read_nodes(struct drawing *d, const json_t *nodes)
{
	const char *name, *role, *up;
	size_t i;
	int k, j;

	for (i = 0; i < json_array_size(nodes) && d->n < NODES_MAX; i++) {
		name = pm_str(json_array_get(nodes, i), "name");
		role = pm_str(json_array_get(nodes, i), "role");
		d->spots[d->n++] = (struct spot){.node = json_array_get(nodes, i),
		    .name = name == NULL ? "?" : name,
		    .role = role == NULL ? "?" : role,
		    .up = -1,
		    .depth = -1};
	}
	for (k = 0; k < d->n; k++) {
		up = pm_str(d->spots[k].node, "upstream");
		for (j = 0; up != NULL && j < d->n; j++)
			if (j != k && strcmp(d->spots[j].name, up) == 0)
				d->spots[k].up = j;
	}
}

/* The node and all below it; each leaf takes a column. */
static void
place(struct drawing *d, int k, int depth)
{
	int j, first = d->columns, last, children = 0;

	if (d->spots[k].depth >= 0 || depth > NODES_MAX)
		return;
	d->spots[k].depth = depth;
	d->depth = depth > d->depth ? depth : d->depth;
	for (j = 0; j < d->n; j++)
		if (d->spots[j].up == k && d->spots[j].depth < 0) {
			place(d, j, depth + 1);
			children++;
		}
	if (children == 0)
		d->columns++;
	last = d->columns - 1;
	d->spots[k].x = (first + last) * (BOX_W + GAP_X) / 2 + 8;
	d->spots[k].y = depth * (BOX_H + GAP_Y) + 8;
}

static const struct pm_span *
held(const struct drawing *d, const struct spot *s)
{
	return pm_held_at(d->pm, s->name, d->at_us);
}

static int
is_paused(const struct spot *s)
{
	const char *hold = pm_str(s->node, "hold");

	return hold != NULL && hold[0] != '\0' && strcmp(hold, "none") != 0;
}

static void
draw_edge(struct drawing *d, const struct spot *s)
{
	const struct spot *up = &d->spots[s->up];
	int x1 = up->x + BOX_W / 2, y1 = up->y + BOX_H, x2 = s->x + BOX_W / 2, y2 = s->y;

	buf_printf(d->b,
	    "<path class=\"edge%s\" d=\"M%d %d C%d %d %d %d %d %d\"/><path class=\"edge\" d=\"M%d "
	    "%dl5 -8m-5 8l-5 -8\"/>\n",
	    held(d, s) != NULL || is_paused(s) ? " stop" : "", x1, y1, x1, y1 + GAP_Y / 2, x2,
	    y2 - GAP_Y / 2, x2, y2, x2, y2);
}

static const char *
lag_of(struct drawing *d, const struct spot *s)
{
	int64_t lag = pm_int(s->node, "lag_bytes", -1);
	const char *position = pm_str(s->node, "position");

	if (strcmp(s->role, "replica") == 0 && lag > 0)
		return arena_printf(d->pm->a, "lag %s", text_bytes(d->pm->a, lag));
	if (strcmp(s->role, "replica") == 0 && lag == 0)
		return "no lag";
	return position == NULL ? "" : position;
}

static void
draw_node(struct drawing *d, const struct spot *s)
{
	const struct pm_span *span = held(d, s);
	int is_held = span != NULL || is_paused(s), is_primary = strcmp(s->role, "primary") == 0;
	int is_gone =
	    !is_primary && strcmp(s->role, "replica") != 0 && strcmp(s->role, "standalone") != 0;
	struct pm *pm = d->pm;
	const char *third = is_held && span != NULL && span->position[0] != '\0'
				? arena_printf(pm->a, "at %s", span->position)
				: lag_of(d, s);

	buf_printf(d->b, "<g><title>%s, %s%s</title>", pm_html(pm, s->name), pm_html(pm, s->role),
	    is_held ? ", held back" : "");
	buf_printf(d->b,
	    "<rect class=\"box%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>",
	    is_held	 ? " held"
	    : is_primary ? " primary"
	    : is_gone	 ? " gone"
			 : "",
	    s->x, s->y, BOX_W, BOX_H);
	buf_printf(d->b, "<text x=\"%d\" y=\"%d\" font-size=\"15\" font-weight=\"600\">%s</text>",
	    s->x + 13, s->y + 23, pm_html(pm, text_fit(pm->a, s->name, strlen(s->name), 14)));
	buf_printf(d->b, "<text class=\"dim\" x=\"%d\" y=\"%d\">%s</text>", s->x + 13, s->y + 40,
	    is_primary ? "PRIMARY" : pm_html(pm, s->role));
	buf_printf(d->b, "<text class=\"dim\" x=\"%d\" y=\"%d\">%s</text>", s->x + 13, s->y + 56,
	    pm_html(pm, text_fit(pm->a, third, strlen(third), 24)));
	if (is_held)
		buf_printf(d->b,
		    "<rect class=\"pause\" x=\"%d\" y=\"%d\" width=\"4\" height=\"13\"/><rect "
		    "class=\"pause\" x=\"%d\" y=\"%d\" width=\"4\" height=\"13\"/><text "
		    "class=\"amber\" "
		    "x=\"%d\" y=\"%d\" font-size=\"11\" font-weight=\"700\">HELD</text>",
		    s->x + BOX_W - 60, s->y + 12, s->x + BOX_W - 53, s->y + 12, s->x + BOX_W - 43,
		    s->y + 22);
	buf_puts(d->b, "</g>\n");
}

void
pm_svg_topology(struct pm *pm, struct buf *b, const json_t *nodes, int64_t at_us, const char *label)
{
	struct drawing *d = arena_alloc(pm->a, sizeof(*d));
	int k;

	d->pm = pm;
	d->b = b;
	d->at_us = at_us;
	read_nodes(d, nodes);
	for (k = 0; k < d->n; k++)
		if (d->spots[k].up < 0)
			place(d, k, 0);
	/* A circle has no top: it is drawn as it comes. */
	for (k = 0; k < d->n; k++)
		place(d, k, 0);
	buf_printf(b,
	    "<svg class=\"topology\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" "
	    "width=\"%d\" height=\"%d\">\n",
	    label, d->columns * (BOX_W + GAP_X) - GAP_X + 16,
	    (d->depth + 1) * (BOX_H + GAP_Y) - GAP_Y + 16,
	    d->columns * (BOX_W + GAP_X) - GAP_X + 16,
	    (d->depth + 1) * (BOX_H + GAP_Y) - GAP_Y + 16);
	for (k = 0; k < d->n; k++)
		if (d->spots[k].up >= 0)
			draw_edge(d, &d->spots[k]);
	for (k = 0; k < d->n; k++)
		draw_node(d, &d->spots[k]);
	buf_puts(b, "</svg>\n");
}
