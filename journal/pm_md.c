/*
 * The postmortem as Markdown: renders everywhere, diffs well. Every text goes through pm_md().
 */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

/* "[5dch2mtf:40](file.jsonl#L41)": the line of the record in its file. */
static const char *
link_to(struct pm *pm, const struct pm_event *ev)
{
	const char *p;
	struct buf b;
	char *out;

	if (ev == NULL)
		return "";
	buf_init(&b, 4096);
	for (p = pm_inert(pm, ev->source->base, 0); *p != '\0'; p++)
		if (isalnum((unsigned char)*p) || strchr("._-", *p) != NULL)
			buf_add(&b, p, 1);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*p);
	out = arena_printf(
	    pm->a, "[%s](%s#L%llu)", pm_ref(pm, ev), buf_str(&b), (unsigned long long)ev->seq + 1);
	buf_free(&b);
	return out;
}

static const char *
links(struct pm *pm, const struct pm_event *x, const struct pm_event *y)
{
	return arena_printf(
	    pm->a, "%s%s%s", link_to(pm, x), x != NULL && y != NULL ? " " : "", link_to(pm, y));
}

static void
write_head(struct pm *pm, struct buf *b)
{
	const struct verify_report *r;
	const struct pm_source *s;
	size_t i;

	buf_printf(b, "# Postmortem: %s\n\n",
	    pm_md(pm, pm->title[0] != '\0'	? pm->title
		      : pm->incident[0] != '\0' ? pm->incident
						: "an incident without a name"));
	buf_printf(b, "Status: draft. Incident: %s. Severity: %s. Times are UTC.\n\n",
	    pm->incident[0] == '\0' ? "TODO" : pm_md(pm, pm->incident),
	    pm->severity[0] == '\0' ? "TODO" : pm_md(pm, pm->severity));
	buf_printf(b, "From %s to %s, %s.\n\n", pm_utc(pm, pm->events[0]->us),
	    pm_utc(pm, pm->end->us), pm_duration(pm, pm->end->us - pm->events[0]->us));
	buf_printf(b, "## Evidence: %s\n\n", pm_verdict(pm->worst));
	buf_puts(b, "| journal | session | records | size | head | verified | witnesses |\n"
		    "| --- | --- | ---: | ---: | --- | --- | --- |\n");
	for (i = 0; i < pm->nitems; i++) {
		r = &pm->items[i].report;
		s = pm_source(pm, pm->items[i].file);
		buf_printf(b, "| %s | %s | %llu | %s | `%s` | %s: %s%s%s | %s |\n",
		    pm_md(pm, pm_base(pm->items[i].file)), s == NULL ? "not used" : s->label,
		    (unsigned long long)(s == NULL ? 0 : s->records),
		    s == NULL ? "" : text_bytes(pm->a, s->bytes), pm_head(r), pm_verdict(r->code),
		    pm_md(pm, r->sentence), s == NULL || s->cut == NULL ? "" : "; read up to: ",
		    pm_md(pm, s == NULL ? NULL : s->cut), pm_md(pm, r->witnessed));
	}
	buf_puts(b, "\nA record is named SESSION:NUMBER; its line in the file is NUMBER + 1. Check "
		    "all of it with `holdfast journal verify --operators FILE JOURNAL...`\n");
	for (i = 0; i < pm->nskews; i++)
		buf_printf(b, "\nClocks: %s.\n", pm_md(pm, pm->skews[i]));
	if (pm->left_out > 0)
		buf_printf(b, "\n%llu further routine records are counted, not listed.\n",
		    (unsigned long long)pm->left_out);
}

static void
write_people(struct pm *pm, struct buf *b)
{
	const struct pm_person *p;
	size_t i;

	buf_puts(b,
	    "\n## Participants\n\n| who | role | first | last | on duty | sessions | acts | "
	    "approvals | denials | notes | evidence |\n"
	    "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n");
	for (i = 0; i < pm->npeople; i++) {
		p = &pm->people[i];
		if (p->first == NULL)
			continue;
		buf_printf(b, "| %s | %s | %s | %s | %s | %zu | %zu | %zu | %zu | %zu | %s |\n",
		    pm_md(pm, p->shown), p->role[0] == '\0' ? "TODO" : pm_md(pm, p->role),
		    pm_utc(pm, p->first->us), pm_utc(pm, p->last->us),
		    p->duty_us > 0 ? pm_duration(pm, p->duty_us) : "", p->sessions, p->acts,
		    p->approvals, p->denials, p->notes, links(pm, p->first, p->last));
	}
}

static void
write_metrics(struct pm *pm, struct buf *b)
{
	const struct pm_metric *m;
	size_t i;

	buf_puts(b, "\n## Figures\n\n| figure | value | means | evidence |\n| --- | --- | --- | "
		    "--- |\n");
	for (i = 0; i < pm->nmetrics; i++) {
		m = &pm->metrics[i];
		buf_printf(b, "| %s | %s | %s | %s |\n", pm_md(pm, m->name), pm_md(pm, m->value),
		    pm_md(pm, m->means), links(pm, m->from, m->to));
	}
}

static void
write_systems(struct pm *pm, struct buf *b)
{
	const struct pm_system *s;
	size_t i;

	buf_puts(b, "\n## Systems\n\n| server | role | version | identity | first seen |\n| --- | "
		    "--- | --- | --- | --- |\n");
	for (i = 0; i < pm->nsystems; i++) {
		s = &pm->systems[i];
		buf_printf(b, "| %s | %s%s%s | %s | %s | %s |\n", pm_md(pm, s->name),
		    pm_md(pm, s->role), strcmp(s->role, s->role_last) == 0 ? "" : ", at the end ",
		    strcmp(s->role, s->role_last) == 0 ? "" : pm_md(pm, s->role_last),
		    s->version[0] == '\0' ? "TODO" : pm_md(pm, s->version), pm_md(pm, s->identity),
		    link_to(pm, s->seen));
	}
}

static void
write_estimates(struct pm *pm, struct buf *b)
{
	const struct pm_estimate *x;
	size_t i;

	if (pm->nestimates == 0)
		return;
	buf_puts(b, "\n### What long steps said was left\n\n| plan | told at | said | in fact | "
		    "evidence |\n| --- | --- | --- | --- | --- |\n");
	for (i = 0; i < pm->nestimates; i++) {
		x = &pm->estimates[i];
		buf_printf(b, "| %.8s | %s | %s | %s | %s |\n", pm_md(pm, x->plan->id),
		    pm_utc(pm, x->told->us), pm_md(pm, x->left),
		    x->end == NULL ? "it did not end here"
				   : pm_duration(pm, x->end->us - x->told->us),
		    links(pm, x->told, x->end));
	}
}

static void
write_gap(struct pm *pm, struct buf *b, size_t i)
{
	if (pm_gap(pm, i) > 0)
		buf_printf(b, "| | | | | | | gap | no record for %s | %s |\n",
		    pm_duration(pm, pm_gap(pm, i)), links(pm, pm->events[i - 1], pm->events[i]));
}

static void
write_timeline(struct pm *pm, struct buf *b)
{
	const struct pm_event *ev;
	size_t i, n = 0;

	buf_puts(b,
	    "\n## Timeline\n\n| time (UTC) | local | since | host | where | who | kind | what "
	    "happened | evidence |\n| --- | --- | ---: | --- | --- | --- | --- | --- | --- "
	    "|\n");
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		write_gap(pm, b, i);
		if (ev->is_routine) {
			n++;
			continue;
		}
		buf_printf(b, "| %s | %s | %s | %s | %s%s%s%s | %s | %s | %s | %s `%.12s` |\n",
		    pm_utc(pm, ev->us), pm_local(pm, ev), pm_since(pm, ev->us),
		    pm_md(pm, ev->source->host), pm_md(pm, ev->node), ev->role[0] ? " (" : "",
		    pm_md(pm, ev->role), ev->role[0] ? ")" : "", pm_md(pm, ev->who),
		    pm_kind_name(ev->kind), pm_md(pm, ev->what), link_to(pm, ev), ev->leaf);
	}
	buf_printf(b,
	    "\n%zu routine records (what was looked at, single steps) are left out here; "
	    "`--format csv` has every one.\n",
	    n);
}

static void
write_plan(struct pm *pm, struct buf *b, const struct pm_plan *p, size_t no)
{
	size_t i;

	buf_printf(b, "\n### %zu. %s\n\n", no, pm_md(pm, p->text));
	buf_printf(b, "- Outcome: **%s** %s\n", pm_md(pm, p->outcome),
	    links(pm, p->done, p->unknown != NULL ? p->unknown : p->failed));
	if (p->node[0] != '\0')
		buf_printf(b, "- Where: %s%s%s\n", pm_md(pm, p->node), p->role[0] ? ", the " : "",
		    pm_md(pm, p->role));
	buf_printf(b, "- Risk: %s, level %s; rules: %s %s\n", pm_md(pm, p->danger),
	    pm_md(pm, p->level), pm_md(pm, pm_rules(pm, p)), link_to(pm, p->intent));
	buf_printf(b, "- Reason given: %s\n", p->reason[0] ? pm_md(pm, p->reason) : "TODO");
	if (p->approval != NULL)
		buf_printf(b, "- Approved by %s %s\n", pm_md(pm, pm_approvers(pm, p)),
		    links(pm, p->request, p->answers[p->nanswers - 1].event));
	if (p->denial != NULL)
		buf_printf(
		    b, "- Denied by %s %s\n", pm_md(pm, p->denial->who), link_to(pm, p->denial));
	if (p->first != NULL && p->last != NULL)
		buf_printf(b, "- Ran from %s to %s %s\n", pm_utc(pm, p->first->us),
		    pm_utc(pm, p->last->us), links(pm, p->first, p->last));
	if (p->rows >= 0)
		buf_printf(
		    b, "- Rows: %s %s\n", text_count(pm->a, p->rows), link_to(pm, p->rows_event));
	if (p->before != NULL)
		buf_printf(b, "- Position: before %s, after %s %s\n", pm_md(pm, p->before),
		    p->after == NULL ? "not taken" : pm_md(pm, p->after),
		    links(pm, p->before_event, p->after_event));
	if (pm_accepted(pm, p)[0] != '\0')
		buf_printf(b, "- Not held, and accepted by name: %s %s\n",
		    pm_md(pm, pm_accepted(pm, p)), link_to(pm, p->filed));
	if (pm_backups(pm, p)[0] != '\0')
		buf_printf(b, "- Backups then: %s %s\n", pm_md(pm, pm_backups(pm, p)),
		    link_to(pm, p->intent));
	if (p->way_back[0] != '\0')
		buf_printf(b, "- Way back: %s %s\n", pm_md(pm, p->way_back), link_to(pm, p->filed));
	if (p->nproofs == 0)
		return;
	buf_puts(b, "\n| replica | held at | hardened at | proof | evidence |\n| --- | --- | --- | "
		    "--- | --- |\n");
	for (i = 0; i < p->nproofs; i++)
		buf_printf(b, "| %s | %s | %s | %s | %s |\n", pm_md(pm, p->proofs[i].node),
		    pm_md(pm, p->proofs[i].held_at), pm_md(pm, p->proofs[i].hardened_at),
		    p->proofs[i].proven == NULL ? "not looked at again"
		    : p->proofs[i].is_proven	? "PROVEN"
						: "NOT PROVEN",
		    links(pm, p->proofs[i].held, p->proofs[i].proven));
}

static void
write_dangerous(struct pm *pm, struct buf *b)
{
	size_t i, n = 0;

	buf_puts(b, "\n## Dangerous actions\n");
	for (i = 0; i < pm->nplans; i++)
		if (pm_is_dangerous(pm->plans[i]))
			write_plan(pm, b, pm->plans[i], ++n);
	if (n == 0)
		buf_puts(b, "\nThere is none in these journals.\n");
}

static void
write_losses(struct pm *pm, struct buf *b)
{
	const json_t *losses, *l;
	const struct pm_loss *x;
	size_t i, k;

	buf_puts(b, "\n## Data-loss window\n\n");
	if (pm->nlosses == 0)
		buf_puts(b, "No record tells of data that was taken away.\n");
	for (i = 0; i < pm->nlosses; i++) {
		x = &pm->losses[i];
		buf_printf(b, "- From %s to %s (%s): %s %s\n", pm_utc(pm, x->from->us),
		    x->until == NULL ? "the end of the records, and not closed"
				     : pm_utc(pm, x->until->us),
		    x->until == NULL ? "TODO" : pm_duration(pm, x->until->us - x->from->us),
		    pm_md(pm, x->plan->text), links(pm, x->from, x->until));
		losses = json_object_get(x->plan->json, "losses");
		for (k = 0; k < json_array_size(losses); k++) {
			l = json_array_get(losses, k);
			buf_printf(b, "  - taken away: %s, %s %s\n", pm_md(pm, pm_str(l, "what")),
			    pm_md(pm, pm_str(l, "detail")), link_to(pm, x->plan->filed));
		}
		if (x->restore != NULL)
			buf_printf(b, "  - brought back: %s %s\n", pm_md(pm, x->how),
			    links(pm, x->restore->act, x->until));
	}
}

/* "; held: pg2, pg3" where holds stood when the picture was taken. */
static const char *
held_then(struct pm *pm, const struct pm_event *picture)
{
	const char *out = "";
	size_t i;

	for (i = 0; picture != NULL && i < pm->nspans; i++)
		if (pm_held_at(pm, pm->spans[i].node, picture->order_us) == &pm->spans[i])
			out = arena_printf(pm->a, "%s%s%s", out, out[0] == '\0' ? "; held: " : ", ",
			    pm->spans[i].node);
	return out;
}

static void
write_topology(struct pm *pm, struct buf *b)
{
	const struct pm_event *const pictures[] = {pm->before, pm->during, pm->after};
	static const char *const names[] = {"Before", "During", "After"};
	const struct pm_span *s;
	size_t i;

	buf_puts(b, "\n## Topology and holds\n\n");
	for (i = 0; i < 3; i++)
		buf_printf(b, "- %s: %s%s %s\n", names[i],
		    pictures[i] == NULL ? "no picture was taken" : pm_md(pm, pictures[i]->what),
		    pm_md(pm, held_then(pm, pictures[i])), link_to(pm, pictures[i]));
	if (pm->nspans > 0)
		buf_puts(b,
		    "\n| replica | held from | until | for | at | evidence |\n| --- | --- | --- "
		    "| --- | --- | --- |\n");
	for (i = 0; i < pm->nspans; i++) {
		s = &pm->spans[i];
		buf_printf(b, "| %s | %s | %s | %s | %s | %s |\n", pm_md(pm, s->node),
		    pm_utc(pm, s->from->us),
		    s->until == NULL ? "**still held**" : pm_utc(pm, s->until->us),
		    s->until == NULL ? "" : pm_duration(pm, s->until->us - s->from->us),
		    pm_md(pm, s->position), links(pm, s->from, s->until));
	}
}

/* People's own words keep their lines and lists; markup of theirs that is not Markdown does not. */
static void
write_sections(struct pm *pm, struct buf *b)
{
	const struct pm_section *s;
	const char *p;
	size_t i, k;

	for (i = 0; i < pm->nsections; i++) {
		s = &pm->sections[i];
		buf_printf(b, "\n## %s\n\n", pm_md(pm, s->title));
		if (s->text == NULL)
			buf_printf(b, "TODO%s%s\n", s->hint[0] ? ": " : "", s->hint);
		for (p = s->text == NULL ? "" : pm_inert(pm, s->text, TEXT_LINES); *p != '\0'; p++)
			if (*p == '<')
				buf_puts(b, "&lt;");
			else
				buf_add(b, p, 1);
		buf_puts(b, s->text == NULL ? "" : "\n");
		if (s->nfacts > 0)
			buf_puts(b, "\nFrom the records:\n\n");
		for (k = 0; k < s->nfacts; k++)
			buf_printf(b, "- %s %s\n", pm_md(pm, s->facts[k].text),
			    link_to(pm, s->facts[k].event));
	}
}

/* Which program and rules made these records, what is not in them, and what the words mean. */
static void
write_made(struct pm *pm, struct buf *b)
{
	const struct pm_source *s;
	uint64_t redacted = 0;
	size_t i;

	buf_puts(b, "\n## How this was made\n\n| session | program | rules that judged | secrets "
		    "taken out |\n| --- | --- | --- | ---: |\n");
	for (i = 0; i < pm->nsources; i++) {
		s = &pm->sources[i];
		redacted += s->redacted;
		buf_printf(b, "| %s | %s | `%s` | %llu |\n", s->label, pm_md(pm, s->tool),
		    pm_word(s->policy), (unsigned long long)s->redacted);
	}
	buf_printf(b, "\n%llu secret%s taken out before anything was written.\n",
	    (unsigned long long)redacted, redacted == 1 ? " was" : "s were");
	for (i = 0; pm_glossary[i].word != NULL; i++)
		buf_printf(b, "%s- %s: %s\n", i == 0 ? "\n" : "", pm_glossary[i].word,
		    pm_glossary[i].means);
}

void
pm_write_md(struct pm *pm, struct buf *b)
{
	write_head(pm, b);
	write_sections(pm, b);
	write_people(pm, b);
	write_systems(pm, b);
	write_metrics(pm, b);
	write_estimates(pm, b);
	write_timeline(pm, b);
	write_dangerous(pm, b);
	write_losses(pm, b);
	write_topology(pm, b);
	write_made(pm, b);
	if (pm->setup->is_blameless)
		buf_puts(b,
		    "\nNames of persons were replaced by roles wherever they stood as words. "
		    "Read what people wrote before you publish it.\n");
}
