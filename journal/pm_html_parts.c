/*
 * The page's parts that draw records together: what people wrote, pictures and charts, the
 * dangerous actions with their proofs, and what was gone from when to when.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

/* One line of somebody's text: a list item, a smaller heading, or words. */
static void
write_line(struct pm *pm, struct buf *b, const char *line, char *open)
{
	char want = strncmp(line, "- ", 2) == 0 || strncmp(line, "* ", 2) == 0 ? 'l'
		    : line[0] == '\0'					       ? 0
		    : strncmp(line, "### ", 4) == 0			       ? 'h'
									       : 'p';

	if (*open != 0 && *open != want)
		buf_puts(b, *open == 'l' ? "</ul>\n" : "</p>\n");
	if (want == 'h')
		buf_printf(b, "<h3>%s</h3>\n", pm_html(pm, line + 4));
	else if (want == 'l')
		buf_printf(
		    b, "%s<li>%s</li>\n", *open == 'l' ? "" : "<ul>\n", pm_html(pm, line + 2));
	else if (want == 'p')
		buf_printf(b, "%s%s\n", *open == 'p' ? "<br>" : "<p>", pm_html(pm, line));
	*open = want == 'h' ? 0 : want;
}

static void
write_section(struct pm *pm, struct buf *b, const struct pm_section *s)
{
	const char *p, *eol;
	char open = 0;
	size_t i;

	buf_printf(b, "<div class=\"card section%s\"><h3>%s</h3>\n", s->text == NULL ? " todo" : "",
	    pm_html(pm, s->title));
	if (s->text == NULL)
		buf_printf(b, "<p>TODO%s%s</p>\n", s->hint[0] ? ": " : "", pm_html(pm, s->hint));
	for (p = s->text; p != NULL; p = eol == NULL ? NULL : eol + 1) {
		eol = strchr(p, '\n');
		write_line(
		    pm, b, eol == NULL ? p : arena_strndup(pm->a, p, (size_t)(eol - p)), &open);
	}
	if (open != 0)
		buf_puts(b, open == 'l' ? "</ul>\n" : "</p>\n");
	if (s->nfacts > 0)
		buf_puts(b, "<p class=\"from\">From the records</p>\n<ul class=\"facts\">\n");
	for (i = 0; i < s->nfacts; i++)
		buf_printf(b, "<li>%s %s</li>\n", pm_html(pm, s->facts[i].text),
		    pm_html_ref(pm, s->facts[i].event));
	buf_puts(b, s->nfacts > 0 ? "</ul>\n</div>\n" : "</div>\n");
}

static void
write_sections(struct pm *pm, struct buf *b, int wants_first)
{
	size_t i;

	if (!wants_first)
		buf_puts(b, "<h2 id=\"h-people-write\">For people to write</h2>\n<div "
			    "class=\"three\" id=\"sections\">\n");
	for (i = wants_first ? 0 : 1; i < (wants_first ? 1 : pm->nsections); i++)
		write_section(pm, b, &pm->sections[i]);
	if (!wants_first)
		buf_puts(b, "</div>\n");
}

/* Nodes of the first plan that names them, where no picture was taken. */
static const json_t *
known_nodes(const struct pm *pm, struct pm_event **from)
{
	const json_t *nodes;
	size_t i;

	for (i = 0; i < pm->nplans; i++) {
		nodes = json_object_get(pm->plans[i]->json, "nodes");
		if (json_array_size(nodes) > 0) {
			*from = pm->plans[i]->filed;
			return nodes;
		}
	}
	return NULL;
}

static void
write_picture(
    struct pm *pm, struct buf *b, const char *label, struct pm_event *picture, int64_t at_us)
{
	struct pm_event *from = picture != NULL ? picture : pm->before;
	const json_t *nodes =
	    from == NULL ? known_nodes(pm, &from) : json_object_get(from->json, "nodes");

	buf_printf(b, "<div class=\"card\"><h3>%s</h3>\n", label);
	if (nodes == NULL) {
		buf_puts(b, "<p class=\"small\">No record tells what it looked like.</p></div>\n");
		return;
	}
	pm_svg_topology(pm, b, nodes, picture == NULL ? at_us : picture->order_us, label);
	if (picture != NULL)
		buf_printf(b, "<p class=\"small\">%s, as seen then: %s</p></div>\n",
		    pm_utc(pm, picture->us), pm_html_ref(pm, picture));
	else
		buf_printf(b,
		    "<p class=\"small\">At %s; no picture was taken then: nodes as in %s, holds as "
		    "recorded.</p></div>\n",
		    pm_utc(pm, at_us), pm_html_ref(pm, from));
}

static void
write_topology(struct pm *pm, struct buf *b)
{
	int64_t held = pm->nspans > 0 ? pm->spans[0].from->order_us : pm->end->order_us;
	size_t i;

	for (i = 0; i < pm->nspans; i++)
		if (pm->spans[i].from->order_us > held &&
		    (pm->spans[0].until == NULL ||
			pm->spans[i].from->order_us < pm->spans[0].until->order_us))
			held = pm->spans[i].from->order_us;
	buf_puts(b, "<h2 id=\"h-topology\">Topology</h2>\n<div class=\"three\">\n");
	write_picture(pm, b, "Before", pm->before, pm->events[0]->order_us);
	write_picture(pm, b, "During", pm->during, held);
	write_picture(pm, b, "After", pm->after, pm->end->order_us);
	buf_puts(b, "</div>\n<div class=\"card scroll\"><h3>Held back</h3>\n");
	pm_chart_held(pm, b);
	buf_puts(b, "</div>\n<div class=\"card scroll\"><h3>Replication lag</h3>\n");
	pm_chart_lag(pm, b);
	buf_puts(b,
	    "<p class=\"small\">Dashed red lines are dangerous acts. Points are records; larger "
	    "ones were held.</p></div>\n");
}

static const char *
outcome_class(const struct pm_plan *p)
{
	if (strncmp(p->outcome, "DONE", 4) == 0)
		return strstr(p->outcome, "NOT PROVEN") == NULL ? "ok" : "bad";
	if (strncmp(p->outcome, "NOT RUN", 7) == 0 || strcmp(p->outcome, "REFUSED") == 0 ||
	    strcmp(p->outcome, "ROLLED BACK") == 0)
		return "intent";
	return "bad";
}

static void
item(struct buf *b, const char *name, const char *html)
{
	if (html != NULL && html[0] != '\0')
		buf_printf(b, "<dt>%s</dt><dd>%s</dd>\n", name, html);
}

static const char *
with(struct pm *pm, const char *html, const struct pm_event *x, const struct pm_event *y)
{
	return arena_printf(
	    pm->a, "%s %s %s", html, pm_html_ref(pm, x), y == x ? "" : pm_html_ref(pm, y));
}

static void
write_proofs(struct pm *pm, struct buf *b, const struct pm_plan *p)
{
	const struct pm_proof *x;
	size_t i;

	if (p->nproofs == 0)
		return;
	buf_puts(b,
	    "<table class=\"proofs\"><thead><tr><th>Replica</th><th>Held at</th><th>Hardened "
	    "at</th><th>Proof that it did not replay "
	    "it</th><th>Evidence</th></tr></thead><tbody>\n");
	for (i = 0; i < p->nproofs; i++) {
		x = &p->proofs[i];
		buf_printf(b,
		    "<tr><td>%s</td><td class=\"mono\">%s</td><td class=\"mono\">%s</td><td><span "
		    "class=\"k k-%s\">%s</span></td><td>%s %s</td></tr>\n",
		    pm_html(pm, x->node), pm_html(pm, x->held_at), pm_html(pm, x->hardened_at),
		    x->proven == NULL ? "warn"
		    : x->is_proven    ? "ok"
				      : "bad",
		    x->proven == NULL ? "not looked at again"
		    : x->is_proven    ? "PROVEN"
				      : "NOT PROVEN",
		    pm_html_ref(pm, x->held), pm_html_ref(pm, x->proven));
	}
	buf_puts(b, "</tbody></table>\n");
}

static void
write_items(struct pm *pm, struct buf *b, const struct pm_plan *p)
{
	if (p->node[0] != '\0')
		item(b, "Where",
		    arena_printf(pm->a, "%s%s%s%s%s", pm_html(pm, p->node),
			p->role[0] ? ", the " : "", pm_html(pm, p->role),
			p->database[0] ? ", database " : "", pm_html(pm, p->database)));
	item(b, "Risk",
	    with(pm,
		arena_printf(pm->a, "%s, level %s; rules: %s", pm_html(pm, p->danger),
		    pm_html(pm, p->level), pm_html(pm, pm_rules(pm, p))),
		p->intent, NULL));
	item(b, "Reason given", p->reason[0] ? pm_html(pm, p->reason) : "TODO");
	if (p->approval != NULL)
		item(b, "Approved by",
		    with(pm, pm_html(pm, pm_approvers(pm, p)), p->request,
			p->answers[p->nanswers - 1].event));
	if (p->denial != NULL)
		item(b, "Denied by", with(pm, pm_html(pm, p->denial->who), p->denial, NULL));
	if (p->first != NULL && p->last != NULL)
		item(b, "Ran",
		    with(pm,
			arena_printf(pm->a, "%s to %s, %s", pm_utc(pm, p->first->us),
			    pm_utc(pm, p->last->us), pm_duration(pm, p->last->us - p->first->us)),
			p->first, p->last));
	if (p->rows >= 0)
		item(b, "Rows", with(pm, text_count(pm->a, p->rows), p->rows_event, NULL));
	if (p->before != NULL)
		item(b, "Log position",
		    with(pm,
			arena_printf(pm->a, "<span class=\"mono\">%s &rarr; %s</span>",
			    pm_html(pm, p->before),
			    p->after == NULL ? "not taken" : pm_html(pm, p->after)),
			p->before_event, p->after_event));
	if (pm_accepted(pm, p)[0] != '\0')
		item(b, "Not held", with(pm, pm_html(pm, pm_accepted(pm, p)), p->filed, NULL));
	if (pm_backups(pm, p)[0] != '\0')
		item(b, "Backups then", with(pm, pm_html(pm, pm_backups(pm, p)), p->intent, NULL));
	if (p->way_back[0] != '\0')
		item(b, "Way back", with(pm, pm_html(pm, p->way_back), p->filed, NULL));
}

static void
write_dangerous(struct pm *pm, struct buf *b)
{
	const struct pm_plan *p;
	size_t i, n = 0;

	buf_puts(b, "<h2 id=\"h-dangerous\">Dangerous actions</h2>\n");
	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		if (!pm_is_dangerous(p))
			continue;
		buf_printf(b,
		    "<div class=\"card plan\" data-plan=\"%.8s\"><h3>%zu. <span class=\"k "
		    "k-%s\">%s</span> "
		    "<span class=\"small\">%s %s</span></h3>\n<pre class=\"sql\">%s</pre>\n<dl>\n",
		    pm_html(pm, p->id), ++n, outcome_class(p), pm_html(pm, p->outcome),
		    pm_html_ref(pm, p->done),
		    p->unknown != NULL ? pm_html_ref(pm, p->unknown) : pm_html_ref(pm, p->failed),
		    pm_html(pm, p->text));
		write_items(pm, b, p);
		buf_puts(b, "</dl>\n");
		write_proofs(pm, b, p);
		buf_puts(b, "</div>\n");
	}
	if (n == 0)
		buf_puts(b, "<p>There is none in these journals.</p>\n");
}

static void
write_losses(struct pm *pm, struct buf *b)
{
	const struct pm_loss *x;
	const json_t *list;
	size_t i, k;

	buf_puts(
	    b, "<h2 id=\"h-loss\">Data-loss window</h2>\n<div class=\"card\" id=\"losses\">\n");
	if (pm->nlosses == 0)
		buf_puts(b, "<p>No record tells of data that was taken away.</p>\n");
	for (i = 0; i < pm->nlosses; i++) {
		x = &pm->losses[i];
		buf_printf(b,
		    "<h3>%s <span class=\"k k-%s\">%s</span></h3>\n<p>From %s %s to %s %s, by "
		    "<code>%s"
		    "</code></p><ul>\n",
		    x->until == NULL ? "Still open" : pm_duration(pm, x->until->us - x->from->us),
		    x->until == NULL ? "bad" : "ok",
		    x->until == NULL ? "not brought back by these journals" : "brought back",
		    pm_utc(pm, x->from->us), pm_html_ref(pm, x->from),
		    x->until == NULL ? "TODO" : pm_utc(pm, x->until->us), pm_html_ref(pm, x->until),
		    pm_html(pm, x->plan->text));
		list = json_object_get(x->plan->json, "losses");
		for (k = 0; k < json_array_size(list); k++)
			buf_printf(b, "<li>taken away: %s, %s %s</li>\n",
			    pm_html(pm, pm_str(json_array_get(list, k), "what")),
			    pm_html(pm, pm_str(json_array_get(list, k), "detail")),
			    pm_html_ref(pm, x->plan->filed));
		if (x->restore != NULL)
			buf_printf(b, "<li>brought back: %s %s</li>\n", pm_html(pm, x->how),
			    pm_html_ref(pm, x->until));
		buf_puts(b, "</ul>\n");
	}
	buf_puts(b, "</div>\n");
}

void
pm_html_parts(struct pm *pm, struct buf *b)
{
	write_topology(pm, b);
	write_dangerous(pm, b);
	write_losses(pm, b);
	write_sections(pm, b, 0);
}

void
pm_html_summary(struct pm *pm, struct buf *b)
{
	write_sections(pm, b, 1);
}
