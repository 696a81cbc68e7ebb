/*
 * The postmortem as one page: no network, no other file, and a policy that lets a browser run the
 * one script it came with and nothing a journal says. Every text goes through pm_html().
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

const char *
pm_html_ref(struct pm *pm, const struct pm_event *ev)
{
	if (ev == NULL)
		return "";
	return arena_printf(pm->a, "<a class=\"mono\" href=\"#r%zu-%llu\">%s</a>",
	    pm_source_no(pm, ev->source), (unsigned long long)ev->seq, pm_ref(pm, ev));
}

/* The policy's name for exact bytes. */
static const char *
hash_of(struct pm *pm, const char *text)
{
	uint8_t digest[SHA256_BYTES];

	sha256(NULL, 0, text, strlen(text), digest);
	return base64_encode(pm->a, digest, sizeof(digest));
}

static const char *
name_of(const struct pm *pm)
{
	return pm->title[0] != '\0'	 ? pm->title
	       : pm->incident[0] != '\0' ? pm->incident
					 : "an incident without a name";
}

static const char *
class_of(enum verify_code code)
{
	return code == VERIFY_SEALED ? "ok" : code == VERIFY_TAMPERED ? "bad" : "warn";
}

static void
write_head(struct pm *pm, struct buf *b)
{
	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	buf_printf(b,
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src "
	    "'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action "
	    "'none'\">\n",
	    hash_of(pm, pm_page_script), hash_of(pm, pm_page_style));
	buf_puts(b,
	    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta "
	    "name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n");
	buf_printf(b, "<title>Postmortem: %s</title>\n<style>%s</style>\n</head>\n<body>\n",
	    pm_html(pm, name_of(pm)), pm_page_style);
}

static size_t
count_plans(const struct pm *pm, int wants_run)
{
	size_t i, n = 0;

	for (i = 0; i < pm->nplans; i++)
		n += pm_is_dangerous(pm->plans[i]) && (!wants_run || pm->plans[i]->act != NULL);
	return n;
}

static void
write_banner(struct pm *pm, struct buf *b)
{
	size_t i, open = 0;

	for (i = 0; i < pm->nspans; i++)
		open += pm->spans[i].until == NULL;
	buf_printf(b, "<header><div><div class=\"over\">Postmortem, draft%s%s</div>\n<h1>%s</h1>\n",
	    pm->incident[0] == '\0' ? "" : " &middot; ", pm_html(pm, pm->incident),
	    pm_html(pm, name_of(pm)));
	buf_printf(b, "<div class=\"sub\">%s to %s &middot; %s &middot; cluster %s</div>\n",
	    pm_utc(pm, pm->events[0]->us), pm_utc(pm, pm->end->us),
	    pm_duration(pm, pm->end->us - pm->events[0]->us),
	    pm_html(pm, pm->events[0]->source->cluster));
	buf_printf(b, "<div class=\"pills\"><span class=\"k k-%s\">Evidence: %s</span>",
	    class_of(pm->worst), pm_verdict(pm->worst));
	buf_printf(b, "<span class=\"k k-warn\">Severity: %s</span>",
	    pm->severity[0] == '\0' ? "TODO" : pm_html(pm, pm->severity));
	buf_printf(b, "<span class=\"k k-intent\">Dangerous actions: %zu asked for, %zu run</span>",
	    count_plans(pm, 0), count_plans(pm, 1));
	if (open > 0)
		buf_printf(b, "<span class=\"k k-bad\">%zu still held</span>", open);
	buf_puts(b, "</div></div></header>\n");
}

static void
write_evidence(struct pm *pm, struct buf *b)
{
	const struct verify_report *r;
	const struct pm_source *s;
	size_t i;

	buf_puts(b, "<h2 id=\"h-evidence\">Evidence</h2>\n<div class=\"card scroll\"><table "
		    "id=\"journals\"><thead><tr>"
		    "<th>Journal</th><th>Session</th><th>Records</th><th>Size</th><th>Head</th>"
		    "<th>Verified</th><th>Witnesses</th>"
		    "</tr></thead><tbody>\n");
	for (i = 0; i < pm->nitems; i++) {
		r = &pm->items[i].report;
		s = pm_source(pm, pm->items[i].file);
		buf_printf(b,
		    "<tr><td class=\"mono\">%s</td><td class=\"mono\">%s</td><td "
		    "class=\"r\">%llu</td><td class=\"r nw\">%s</td><td class=\"mono\" "
		    "title=\"sha256 of the last record: %s\">%.12s</td><td><span class=\"k "
		    "k-%s\">%s</span> %s%s%s</td><td>%s</td></tr>\n",
		    pm_html(pm, pm_base(pm->items[i].file)), s == NULL ? "not used" : s->label,
		    (unsigned long long)(s == NULL ? 0 : s->records),
		    s == NULL ? "" : text_bytes(pm->a, s->bytes), pm_head(r), pm_head(r),
		    class_of(r->code), pm_verdict(r->code), pm_html(pm, r->sentence),
		    s == NULL || s->cut == NULL ? "" : "; read up to: ",
		    pm_html(pm, s == NULL ? NULL : s->cut), pm_html(pm, r->witnessed));
	}
	buf_puts(b,
	    "</tbody></table>\n<p class=\"small\">A record is named SESSION:NUMBER; its line in "
	    "the file is NUMBER + 1. Check all of it with <code>holdfast journal verify "
	    "--operators FILE JOURNAL...</code></p>\n");
	for (i = 0; i < pm->nskews; i++)
		buf_printf(b, "<p class=\"small\">Clocks: %s.</p>\n", pm_html(pm, pm->skews[i]));
	if (pm->left_out > 0)
		buf_printf(b,
		    "<p class=\"small\">%llu further routine records are counted, not "
		    "listed.</p>\n",
		    (unsigned long long)pm->left_out);
	buf_puts(b, "</div>\n");
}

static void
write_people(struct pm *pm, struct buf *b)
{
	const struct pm_person *p;
	size_t i;

	buf_puts(b,
	    "<h2 id=\"h-who\">Participants</h2>\n<div class=\"card scroll\"><table "
	    "id=\"people\"><thead><tr>"
	    "<th>Who</th><th>Role</th><th>First seen</th><th>Last seen</th><th>On duty</th>"
	    "<th>Sessions</th>"
	    "<th>Acts</th><th>Approvals</th><th>Denials</th><th>Notes</th><th>Evidence</th></tr>"
	    "</thead><tbody>\n");
	for (i = 0; i < pm->npeople; i++) {
		p = &pm->people[i];
		if (p->first == NULL)
			continue;
		buf_printf(b,
		    "<tr><td><b>%s</b></td><td>%s</td><td class=\"t\">%s</td><td "
		    "class=\"t\">%s</td><td class=\"nw r\">%s</td>",
		    pm_html(pm, p->shown), p->role[0] == '\0' ? "TODO" : pm_html(pm, p->role),
		    pm_utc(pm, p->first->us), pm_utc(pm, p->last->us),
		    p->duty_us > 0 ? pm_duration(pm, p->duty_us) : "");
		buf_printf(b,
		    "<td class=\"r\">%zu</td><td class=\"r\">%zu</td><td class=\"r\">%zu</td><td "
		    "class=\"r\">%zu</td><td class=\"r\">%zu</td><td class=\"e\">%s %s</td></tr>\n",
		    p->sessions, p->acts, p->approvals, p->denials, p->notes,
		    pm_html_ref(pm, p->first), pm_html_ref(pm, p->last));
	}
	buf_puts(b, "</tbody></table></div>\n");
}

static void
write_row(struct pm *pm, struct buf *b, const struct pm_event *ev)
{
	buf_printf(b,
	    "<tr id=\"r%zu-%llu\"%s><td class=\"t\">%s</td><td class=\"t\">%s</td><td "
	    "class=\"t r\">%s</td><td class=\"nw\">%s</td>",
	    pm_source_no(pm, ev->source), (unsigned long long)ev->seq,
	    ev->is_routine ? " class=\"routine\"" : "", pm_utc(pm, ev->us), pm_local(pm, ev),
	    pm_since(pm, ev->us), pm_html(pm, ev->source->host));
	buf_printf(b,
	    "<td class=\"nw\">%s%s%s</td><td class=\"nw\">%s</td><td><span class=\"k "
	    "k-%s\">%s</span></td>",
	    pm_html(pm, ev->node), ev->role[0] == '\0' ? "" : "<br><span class=\"small\">",
	    ev->role[0] == '\0' ? "" : arena_printf(pm->a, "%s</span>", pm_html(pm, ev->role)),
	    pm_html(pm, ev->who), pm_kind_name(ev->kind), pm_kind_name(ev->kind));
	buf_printf(b,
	    "<td class=\"what\">%s</td><td class=\"e mono\" title=\"sha256 of the record: %s\">"
	    "%s<br><span class=\"small\">%.12s</span></td></tr>\n",
	    pm_html(pm, ev->what), ev->leaf, pm_ref(pm, ev), ev->leaf);
}

static void
write_timeline(struct pm *pm, struct buf *b)
{
	size_t i, n = 0;

	for (i = 0; i < pm->nevents; i++)
		n += (size_t)pm->events[i]->is_routine;
	buf_printf(b,
	    "<h2 id=\"h-line\">Timeline</h2>\n<p class=\"small\"><label><input type=\"checkbox\" "
	    "id=\"more\" "
	    "checked> also the %zu routine records: what was looked at, single steps"
	    "</label></p>\n<div class=\"card scroll\"><table id=\"timeline\"><thead><tr><th>Time "
	    "(UTC)</th><th>Local</th><th>Since</th><th>Host</th><th>Where</th><th>Who</th><th>"
	    "Kind</th><th>What happened</th><th>Evidence</th></tr></thead><tbody>\n",
	    n);
	for (i = 0; i < pm->nevents; i++) {
		if (pm_gap(pm, i) > 0)
			buf_printf(b,
			    "<tr class=\"gap\"><td colspan=\"9\">no record for %s</td></tr>\n",
			    pm_duration(pm, pm_gap(pm, i)));
		write_row(pm, b, pm->events[i]);
	}
	buf_puts(b, "</tbody></table></div>\n");
}

/* An entry whose words were typed just before: the recording tells it once. */
static int
is_typed(const struct pm *pm, size_t i)
{
	const struct pm_event *ev = pm->events[i];
	int is_entry = strcmp(ev->type, "note") == 0 || strcmp(ev->type, "incident") == 0 ||
		       strcmp(ev->type, "status") == 0 || strcmp(ev->type, "impact") == 0;

	return is_entry && i > 0 && pm->events[i - 1]->source == ev->source &&
	       strcmp(pm->events[i - 1]->type, "input") == 0;
}

void
pm_player(struct pm *pm, struct buf *b)
{
	const struct pm_event *ev;
	size_t i;

	buf_puts(b,
	    "<h2 id=\"h-replay\">The session, replayed</h2>\n<div id=\"player\"><div id=\"bar\" "
	    "hidden><button "
	    "id=\"play\" type=\"button\">Play</button><span id=\"clock\">+0:00:00.0</span><input "
	    "id=\"seek\" type=\"range\" min=\"0\" max=\"1\" step=\"1\" value=\"0\" "
	    "aria-label=\"position\"><select id=\"speed\" aria-label=\"speed\"><option "
	    "value=\"1\">&times;1</option><option value=\"2\">&times;2</option><option "
	    "value=\"4\">&times;4</option><option value=\"16\">&times;16</option></select><select "
	    "id=\"idle\" aria-label=\"longest pause\"><option value=\"1500\">pauses up to 1.5 "
	    "s</option><option value=\"5000\">pauses up to 5 s</option><option value=\"0\">pauses "
	    "as "
	    "they were</option></select></div>\n<div id=\"screen\">\n");
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if ((ev->is_routine && ev->kind != PM_LOOKED && ev->kind != PM_SAID) ||
		    ev->what[0] == '\0' || is_typed(pm, i))
			continue;
		buf_printf(b,
		    "<div class=\"ln %s\" data-ms=\"%lld\" data-row=\"r%zu-%llu\"><span "
		    "class=\"at\">%s"
		    "</span><span class=\"by\">%s</span>%s <span class=\"tx\">%s</span></div>\n",
		    pm_kind_name(ev->kind), (long long)((ev->order_us - pm->start->us) / 1000),
		    pm_source_no(pm, ev->source), (unsigned long long)ev->seq,
		    pm_since(pm, ev->order_us), pm_html(pm, ev->who),
		    strcmp(ev->type, "input") == 0 ? "&gt;" : "", pm_html(pm, ev->what));
	}
	buf_puts(b, "</div></div>\n");
}

void
pm_write_html(struct pm *pm, struct buf *b)
{
	write_head(pm, b);
	write_banner(pm, b);
	pm_html_nav(b);
	buf_puts(b, "<main>\n");
	pm_html_summary(pm, b);
	pm_html_figures(pm, b);
	pm_html_parts(pm, b);
	pm_player(pm, b);
	write_timeline(pm, b);
	write_people(pm, b);
	pm_html_more(pm, b);
	write_evidence(pm, b);
	pm_html_made(pm, b);
	buf_puts(b,
	    "<footer>Made from the journals above by holdfast: every figure names its record, and "
	    "what no record says is left as TODO.");
	if (pm->setup->is_blameless)
		buf_puts(b,
		    " Names of persons were replaced by roles wherever they stood as words; read "
		    "what people wrote before you publish it.");
	buf_printf(
	    b, "</footer>\n</main>\n<script>%s</script>\n</body>\n</html>\n", pm_page_script);
}
