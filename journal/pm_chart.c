/*
 * Charts over the time of the incident: how far behind each replica was when somebody looked, and
 * what was held back from when to when. Every point is a record; between two nothing is claimed
 * but a line.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

#define WIDE 1160
#define LEFT 92
#define RIGHT 20
#define TOP 26
#define ROW 34
#define LAG_H 190

static int64_t
begin_us(const struct pm *pm)
{
	return pm->events[0]->order_us;
}

static int
x_of(const struct pm *pm, int64_t us)
{
	int64_t from = begin_us(pm), all = pm->end->order_us - from;

	if (all <= 0)
		return LEFT;
	return LEFT + (int)((double)(us - from) / (double)all * (WIDE - LEFT - RIGHT));
}

static void
open_chart(struct pm *pm, struct buf *b, const char *class, int height, const char *label)
{
	int i;
	int64_t us, all = pm->end->order_us - begin_us(pm);

	buf_printf(b,
	    "<svg class=\"%s\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
	    "height=\"%d\">\n",
	    class, label, WIDE, height + 26, WIDE, height + 26);
	for (i = 0; i <= 4; i++) {
		us = begin_us(pm) + all / 4 * i;
		buf_printf(b, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>",
		    x_of(pm, us), TOP, x_of(pm, us), height);
		buf_printf(b,
		    "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
		    x_of(pm, us), height + 16,
		    i == 0   ? "start"
		    : i == 4 ? "end"
			     : "middle",
		    pm_since(pm, us));
	}
}

/* What was done, and where the player stands. */
static void
close_chart(struct pm *pm, struct buf *b, int height)
{
	const struct pm_plan *p;
	size_t i;

	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		if (p->act == NULL || !pm_is_dangerous(p))
			continue;
		buf_printf(b,
		    "<line class=\"act\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"><title>%s "
		    "(%s)</title></line>\n",
		    x_of(pm, p->act->order_us), TOP, x_of(pm, p->act->order_us), height,
		    pm_html(pm, p->text), pm_ref(pm, p->act));
	}
	buf_printf(b,
	    "<line class=\"now\" visibility=\"hidden\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
	    "data-x0=\"%d\" "
	    "data-x1=\"%d\" data-from=\"%lld\" data-to=\"%lld\"/>\n</svg>\n",
	    LEFT, TOP, LEFT, height, LEFT, WIDE - RIGHT,
	    (long long)((begin_us(pm) - pm->start->us) / 1000),
	    (long long)((pm->end->order_us - pm->start->us) / 1000));
}

static int
y_of(int64_t lag, int64_t max)
{
	return LAG_H - (int)((double)lag / (double)max * (LAG_H - TOP - 10));
}

static void
draw_series(struct pm *pm, struct buf *b, const char *node, int no, int64_t max)
{
	const struct pm_sample *s;
	size_t i;

	buf_printf(b, "<polyline class=\"s%d\" stroke-width=\"%d\" points=\"", no % 6,
	    no < 3 ? 7 - 2 * no : 2); /* equal ones show through */
	for (i = 0; i < pm->nsamples; i++) {
		s = &pm->samples[i];
		if (strcmp(s->node, node) == 0 && s->lag_bytes >= 0)
			buf_printf(
			    b, "%d,%d ", x_of(pm, s->event->order_us), y_of(s->lag_bytes, max));
	}
	buf_puts(b, "\"/>\n");
	for (i = 0; i < pm->nsamples; i++) {
		s = &pm->samples[i];
		if (strcmp(s->node, node) != 0 || s->lag_bytes < 0)
			continue;
		buf_printf(b,
		    "<circle class=\"s%d\" cx=\"%d\" cy=\"%d\" r=\"%d\"><title>%s: %s%s "
		    "(%s)</title></circle>\n",
		    no % 6, x_of(pm, s->event->order_us), y_of(s->lag_bytes, max),
		    s->is_held ? 5 : 3, pm_html(pm, node), text_bytes(pm->a, s->lag_bytes),
		    s->is_held ? ", held" : "", pm_ref(pm, s->event));
	}
	buf_printf(b,
	    "<rect class=\"s%d\" x=\"%d\" y=\"%d\" width=\"10\" height=\"10\"/><text x=\"%d\" "
	    "y=\"%d\" "
	    "font-size=\"12\">%s</text>\n",
	    no % 6, LEFT + no * 110, 4, LEFT + 15 + no * 110, 13,
	    pm_html(pm, text_fit(pm->a, node, strlen(node), 12)));
}

void
pm_chart_lag(struct pm *pm, struct buf *b)
{
	const char **names = arena_array(pm->a, pm->nsamples + 1, sizeof(*names));
	int64_t max = 0;
	size_t i, k, n = 0;

	for (i = 0; i < pm->nsamples; i++) {
		max = pm->samples[i].lag_bytes > max ? pm->samples[i].lag_bytes : max;
		for (k = 0; k < n && strcmp(names[k], pm->samples[i].node) != 0; k++)
			;
		if (k == n)
			names[n++] = pm->samples[i].node;
	}
	if (n == 0) {
		buf_puts(b,
		    "<p class=\"small\">No record tells how far behind the replicas were.</p>\n");
		return;
	}
	max = max == 0 ? 1 : max;
	open_chart(pm, b, "lag", LAG_H, "replication lag over time");
	for (i = 0; i <= 2; i++) {
		buf_printf(b, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>",
		    LEFT, y_of(max * (int64_t)i / 2, max), WIDE - RIGHT,
		    y_of(max * (int64_t)i / 2, max));
		buf_printf(b,
		    "<text class=\"dim\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
		    LEFT - 8, y_of(max * (int64_t)i / 2, max) + 4,
		    text_bytes(pm->a, max * (int64_t)i / 2));
	}
	for (i = 0; i < n; i++)
		draw_series(pm, b, names[i], (int)i, max);
	close_chart(pm, b, LAG_H);
}

static void
draw_span(struct pm *pm, struct buf *b, const struct pm_span *s, int row)
{
	int64_t until = s->until == NULL ? pm->end->order_us : s->until->order_us;
	int x = x_of(pm, s->from->order_us), w = x_of(pm, until) - x, y = TOP + row * ROW + 6;

	buf_printf(b,
	    "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"><title>%s "
	    "held %s, "
	    "%s to %s</title></rect>\n",
	    x, y, w < 2 ? 2 : w, ROW - 12, pm_html(pm, s->node),
	    pm_duration(pm, until - s->from->order_us), pm_ref(pm, s->from),
	    s->until == NULL ? "the end: still held" : pm_ref(pm, s->until));
	buf_printf(b, "<text x=\"%d\" y=\"%d\" font-size=\"12\" text-anchor=\"%s\">%s%s</text>\n",
	    x > WIDE / 2 ? x - 6 : x + w + 6, y + 15, x > WIDE / 2 ? "end" : "start",
	    pm_duration(pm, until - s->from->order_us), s->until == NULL ? ", STILL HELD" : "");
}

void
pm_chart_held(struct pm *pm, struct buf *b)
{
	const char **names = arena_array(pm->a, pm->nspans + 1, sizeof(*names));
	size_t i, k, n = 0;

	if (pm->nspans == 0) {
		buf_puts(
		    b, "<p class=\"small\">No record tells of a replica that was held back.</p>\n");
		return;
	}
	for (i = 0; i < pm->nspans; i++) {
		for (k = 0; k < n && strcmp(names[k], pm->spans[i].node) != 0; k++)
			;
		if (k == n)
			names[n++] = pm->spans[i].node;
	}
	open_chart(pm, b, "holds", TOP + (int)n * ROW, "replicas held back over time");
	for (k = 0; k < n; k++) {
		buf_printf(b,
		    "<text x=\"%d\" y=\"%d\" font-size=\"13\" text-anchor=\"end\">%s</text>\n",
		    LEFT - 8, TOP + (int)k * ROW + 21,
		    pm_html(pm, text_fit(pm->a, names[k], strlen(names[k]), 11)));
		for (i = 0; i < pm->nspans; i++)
			if (strcmp(pm->spans[i].node, names[k]) == 0)
				draw_span(pm, b, &pm->spans[i], (int)k);
	}
	close_chart(pm, b, TOP + (int)n * ROW);
}
