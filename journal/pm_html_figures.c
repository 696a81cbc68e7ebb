/*
 * The page's figures: where its parts are, the times people compare incidents by, and every other
 * figure with the record it comes from.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "banned.h"

/* Anchors of the page's parts, in its order. */
static const struct {
	const char *id, *title;
} parts[] = {{"figures", "Figures"}, {"topology", "Topology"}, {"dangerous", "Dangerous actions"},
    {"loss", "Data-loss window"}, {"people-write", "For people to write"},
    {"replay", "The session, replayed"}, {"line", "Timeline"}, {"who", "Participants"},
    {"systems", "Systems"}, {"evidence", "Evidence"}, {"made", "How this was made"}};

void
pm_html_nav(struct buf *b)
{
	size_t i;

	buf_puts(b, "<nav aria-label=\"parts\">");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		buf_printf(b, "<a href=\"#h-%s\">%s</a>", parts[i].id, parts[i].title);
	buf_puts(b, "</nav>\n");
}

static const struct pm_metric *
metric(const struct pm *pm, const char *id)
{
	size_t i;

	for (i = 0; i < pm->nmetrics; i++)
		if (strcmp(pm->metrics[i].id, id) == 0)
			return &pm->metrics[i];
	return NULL;
}

/* The times people compare incidents by, large. */
static int
is_headline(const struct pm_metric *m)
{
	static const char *const ids[] = {
	    "total_time", "detection_time", "lead_time", "workaround_time", "correction_time"};
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (strcmp(m->id, ids[i]) == 0)
			return 1;
	return 0;
}

/* Detection, lead and correction side by side, as long as they were. */
static void
write_strip(struct pm *pm, struct buf *b)
{
	static const char *const ids[] = {"detection_time", "lead_time", "correction_time"};
	static const char *const names[] = {"detection", "lead", "correction"};
	const struct pm_metric *m[3];
	int64_t all = 0;
	int i, x = 0, w;

	for (i = 0; i < 3; i++) {
		m[i] = metric(pm, ids[i]);
		if (m[i] == NULL || m[i]->us == PM_NONE || m[i]->us < 0)
			return;
		all += m[i]->us;
	}
	if (all == 0)
		return;
	buf_puts(b, "<svg class=\"strip\" role=\"img\" aria-label=\"detection, lead and correction "
		    "time\" viewBox=\"0 0 1160 64\" width=\"1160\" height=\"64\">\n");
	for (i = 0; i < 3; i++, x += w) {
		w = i == 2 ? 1160 - x : (int)((double)m[i]->us / (double)all * 1160);
		buf_printf(b,
		    "<rect class=\"p%d\" x=\"%d\" y=\"24\" width=\"%d\" height=\"18\"><title>%s: %s"
		    "</title></rect>\n",
		    i, x, w < 2 ? 2 : w, names[i], pm_duration(pm, m[i]->us));
		if (w < 90)
			continue;
		buf_printf(
		    b, "<text x=\"%d\" y=\"16\" font-size=\"13\">%s</text>", x + 2, names[i]);
		buf_printf(b, "<text class=\"dim\" x=\"%d\" y=\"58\">%s</text>\n", x + 2,
		    pm_duration(pm, m[i]->us));
	}
	buf_puts(b, "</svg>\n");
}

static void
write_headline(struct pm *pm, struct buf *b)
{
	const struct pm_metric *m;
	size_t i;

	buf_puts(b, "<div class=\"grid\">\n");
	for (i = 0; i < pm->nmetrics; i++) {
		m = &pm->metrics[i];
		if (!is_headline(m))
			continue;
		buf_printf(b,
		    "<div class=\"card fig\" data-figure=\"%s\"><div class=\"n\">%s</div><div "
		    "class=\"v%s\">%s</div><div class=\"m\">%s %s %s</div></div>\n",
		    m->id, pm_html(pm, m->name),
		    strcmp(m->value, "TODO") == 0 ? " open"
		    : strlen(m->value) > 14	  ? " long"
						  : "",
		    pm_html(pm, m->value), pm_html(pm, m->means), pm_html_ref(pm, m->from),
		    pm_html_ref(pm, m->to));
	}
	buf_puts(b, "</div>\n");
}

void
pm_html_figures(struct pm *pm, struct buf *b)
{
	const struct pm_metric *m;
	size_t i;

	buf_puts(b, "<h2 id=\"h-figures\">Figures</h2>\n<div id=\"figures\">\n");
	write_headline(pm, b);
	buf_puts(b, "<div class=\"card scroll\">\n");
	write_strip(pm, b);
	buf_puts(b,
	    "<table><thead><tr><th>Figure</th><th>Value</th><th>What it means</th><th>Evidence"
	    "</th></tr></thead><tbody>\n");
	for (i = 0; i < pm->nmetrics; i++) {
		m = &pm->metrics[i];
		if (is_headline(m))
			continue;
		buf_printf(b,
		    "<tr data-figure=\"%s\"><td>%s</td><td class=\"nw\"><b%s>%s</b></td><td "
		    "class=\"small\">%s</td><td class=\"e\">%s %s</td></tr>\n",
		    m->id, pm_html(pm, m->name),
		    strcmp(m->value, "TODO") == 0 ? " class=\"open\"" : "", pm_html(pm, m->value),
		    pm_html(pm, m->means), pm_html_ref(pm, m->from), pm_html_ref(pm, m->to));
	}
	buf_puts(b, "</tbody></table></div>\n</div>\n");
}
