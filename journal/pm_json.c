/*
 * The postmortem for programs: one object, sorted keys, ASCII only. Texts are as they were
 * recorded, which JSON's own escapes make inert; in blameless mode names are replaced in them.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

static json_t *
text(struct pm *pm, const char *s)
{
	if (s == NULL)
		return json_null();
	return json_string(pm->setup->is_blameless ? pm_inert(pm, s, TEXT_LINES) : s);
}

static json_t *
ref(struct pm *pm, const struct pm_event *ev)
{
	if (ev == NULL)
		return json_null();
	return json_pack("{s:o,s:I,s:i,s:s}", "session", text(pm, ev->source->session), "record",
	    (json_int_t)ev->seq, "part", ev->source->part, "sha256", ev->leaf);
}

static json_t *
number(int64_t n, int64_t none)
{
	return n == none ? json_null() : json_integer((json_int_t)n);
}

static json_t *
journals(struct pm *pm)
{
	json_t *list = json_array(), *o;
	const struct verify_report *r;
	const struct pm_source *s;
	size_t i;

	for (i = 0; i < pm->nitems; i++) {
		r = &pm->items[i].report;
		s = pm_source(pm, pm->items[i].file);
		o = json_pack("{s:o,s:s,s:i,s:o,s:o,s:o,s:b}", "file",
		    text(pm, pm_base(pm->items[i].file)), "verified", pm_verdict(r->code), "code",
		    (int)r->code, "sentence", text(pm, r->sentence), "witnessed",
		    text(pm, r->witnessed), "head", text(pm, r->head), "used", s != NULL);
		if (s != NULL)
			json_object_update_new(
			    o, json_pack("{s:o,s:o,s:o,s:i,s:I,s:I,s:o,s:I,s:I,s:o,s:o}", "session",
				   text(pm, s->session), "person", text(pm, s->person), "host",
				   text(pm, s->host), "part", s->part, "records",
				   (json_int_t)s->records, "not_listed", (json_int_t)s->left_out,
				   "read_up_to", text(pm, s->cut), "bytes", (json_int_t)s->bytes,
				   "redacted", (json_int_t)s->redacted, "tool", text(pm, s->tool),
				   "policy", text(pm, s->policy)));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
people(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_person *p;
	size_t i;

	for (i = 0; i < pm->npeople; i++) {
		p = &pm->people[i];
		if (p->first == NULL)
			continue;
		json_array_append_new(
		    list, json_pack("{s:o,s:I,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "name",
			      text(pm, p->shown), "on_duty_us", (json_int_t)p->duty_us, "role",
			      text(pm, p->role), "sessions", (json_int_t)p->sessions, "acts",
			      (json_int_t)p->acts, "approvals", (json_int_t)p->approvals, "denials",
			      (json_int_t)p->denials, "notes", (json_int_t)p->notes, "first",
			      ref(pm, p->first), "last", ref(pm, p->last)));
	}
	return list;
}

static json_t *
metrics(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_metric *m;
	size_t i;

	for (i = 0; i < pm->nmetrics; i++) {
		m = &pm->metrics[i];
		json_array_append_new(
		    list, json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "id", m->id, "name",
			      text(pm, m->name), "value", text(pm, m->value), "means",
			      text(pm, m->means), "us", number(m->us, PM_NONE), "from",
			      ref(pm, m->from), "to", ref(pm, m->to)));
	}
	return list;
}

static json_t *
timeline(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_event *ev;
	size_t i;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		json_array_append_new(list,
		    json_pack("{s:s,s:o,s:I,s:o,s:o,s:o,s:o,s:s,s:b,s:s,s:o,s:o}", "time", ev->t,
			"local", text(pm, pm_local(pm, ev)), "since_us",
			(json_int_t)(ev->us - pm->start->us), "host", text(pm, ev->source->host),
			"node", text(pm, ev->node), "role", text(pm, ev->role), "who",
			text(pm, ev->who), "kind", pm_kind_name(ev->kind), "routine",
			ev->is_routine, "type", pm_inert(pm, ev->type, 0), "what",
			text(pm, ev->what), "evidence", ref(pm, ev)));
	}
	return list;
}

static json_t *
proofs(struct pm *pm, const struct pm_plan *p)
{
	json_t *list = json_array();
	const struct pm_proof *x;
	size_t i;

	for (i = 0; i < p->nproofs; i++) {
		x = &p->proofs[i];
		json_array_append_new(list,
		    json_pack("{s:o,s:o,s:o,s:s,s:o,s:o}", "node", text(pm, x->node), "held_at",
			text(pm, x->held_at), "hardened_at", text(pm, x->hardened_at), "proof",
			x->proven == NULL ? "none"
			: x->is_proven	  ? "PROVEN"
					  : "NOT PROVEN",
			"held", ref(pm, x->held), "proven", ref(pm, x->proven)));
	}
	return list;
}

static json_t *
approvals(struct pm *pm, const struct pm_plan *p)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < p->nanswers; i++)
		json_array_append_new(
		    list, json_pack("{s:o,s:I,s:o}", "approver", text(pm, p->answers[i].event->who),
			      "wait_us", (json_int_t)p->answers[i].wait_us, "evidence",
			      ref(pm, p->answers[i].event)));
	return list;
}

static json_t *
dangerous(struct pm *pm)
{
	json_t *list = json_array(), *o;
	const struct pm_plan *p;
	size_t i;

	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		if (!pm_is_dangerous(p))
			continue;
		o = json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "plan", text(pm, p->id),
		    "text", text(pm, p->text), "node", text(pm, p->node), "role", text(pm, p->role),
		    "danger", text(pm, p->danger), "level", text(pm, p->level), "rules",
		    text(pm, pm_rules(pm, p)), "reason", text(pm, p->reason), "way_back",
		    text(pm, p->way_back), "undoes", text(pm, p->undoes));
		json_object_update_new(o,
		    json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}",
			"approvals", approvals(pm, p), "not_held", text(pm, pm_accepted(pm, p)),
			"approver", text(pm, p->approval == NULL ? NULL : p->approval->who),
			"wait_us",
			p->nanswers == 0 ? json_null() : json_integer(p->answers[0].wait_us),
			"rows", number(p->rows, -1), "before", text(pm, p->before), "after",
			text(pm, p->after), "outcome", text(pm, p->outcome), "proofs",
			proofs(pm, p), "intent", ref(pm, p->intent), "request", ref(pm, p->request),
			"approval", ref(pm, p->approval), "denial", ref(pm, p->denial), "begin",
			ref(pm, p->first), "end", ref(pm, p->last)));
		json_object_set_new(o, "backups_then", text(pm, pm_backups(pm, p)));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
losses(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_loss *x;
	size_t i;

	for (i = 0; i < pm->nlosses; i++) {
		x = &pm->losses[i];
		json_array_append_new(list,
		    json_pack("{s:o,s:o,s:o,s:o,s:O?}", "plan", text(pm, x->plan->id), "from",
			ref(pm, x->from), "until", ref(pm, x->until), "brought_back",
			text(pm, x->how), "taken_away",
			pm->setup->is_blameless ? NULL : json_object_get(x->plan->json, "losses")));
	}
	return list;
}

static json_t *
holds(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_span *s;
	size_t i;

	for (i = 0; i < pm->nspans; i++) {
		s = &pm->spans[i];
		json_array_append_new(
		    list, json_pack("{s:o,s:o,s:o,s:o,s:o}", "node", text(pm, s->node), "position",
			      text(pm, s->position), "hardened_at", text(pm, s->hardened_at),
			      "from", ref(pm, s->from), "until", ref(pm, s->until)));
	}
	return list;
}

static json_t *
lag(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_sample *s;
	size_t i;

	for (i = 0; i < pm->nsamples; i++) {
		s = &pm->samples[i];
		json_array_append_new(list,
		    json_pack("{s:s,s:o,s:o,s:o,s:b,s:o}", "time", s->event->t, "node",
			text(pm, s->node), "lag_bytes", number(s->lag_bytes, -1), "lag_ms",
			number(s->lag_ms, -1), "held", s->is_held, "evidence", ref(pm, s->event)));
	}
	return list;
}

static json_t *
systems(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_system *s;
	size_t i;

	for (i = 0; i < pm->nsystems; i++) {
		s = &pm->systems[i];
		json_array_append_new(
		    list, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "name", text(pm, s->name), "role",
			      text(pm, s->role), "role_at_the_end", text(pm, s->role_last),
			      "version", text(pm, s->version), "identity", text(pm, s->identity),
			      "evidence", ref(pm, s->seen)));
	}
	return list;
}

static json_t *
estimates(struct pm *pm)
{
	json_t *list = json_array();
	const struct pm_estimate *x;
	size_t i;

	for (i = 0; i < pm->nestimates; i++) {
		x = &pm->estimates[i];
		json_array_append_new(
		    list, json_pack("{s:o,s:o,s:o,s:o,s:o}", "plan", text(pm, x->plan->id), "left",
			      text(pm, x->left), "actual_us",
			      x->end == NULL ? json_null() : json_integer(x->end->us - x->told->us),
			      "told", ref(pm, x->told), "end", ref(pm, x->end)));
	}
	return list;
}

static json_t *
facts(struct pm *pm, const struct pm_section *s)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < s->nfacts; i++)
		json_array_append_new(
		    list, json_pack("{s:o,s:o}", "text", text(pm, s->facts[i].text), "evidence",
			      ref(pm, s->facts[i].event)));
	return list;
}

static json_t *
notes(struct pm *pm)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < pm->nsections; i++)
		json_array_append_new(list,
		    json_pack("{s:o,s:o,s:o}", "facts", facts(pm, &pm->sections[i]), "section",
			json_string(pm_inert(pm, pm->sections[i].title, 0)), "text",
			pm->sections[i].text == NULL
			    ? json_null()
			    : json_string(pm_inert(pm, pm->sections[i].text, TEXT_LINES))));
	return list;
}

void
pm_write_json(struct pm *pm, struct buf *b)
{
	json_t *o = json_pack("{s:s,s:o,s:o,s:o,s:s,s:b,s:I}", "format", "holdfast-postmortem-v1",
	    "incident", text(pm, pm->incident), "title", text(pm, pm->title), "severity",
	    text(pm, pm->severity), "verified", pm_verdict(pm->worst), "blameless",
	    pm->setup->is_blameless, "not_listed", (json_int_t)pm->left_out);
	json_t *clocks = json_array();
	char *dump;
	size_t i;

	for (i = 0; i < pm->nskews; i++)
		json_array_append_new(clocks, text(pm, pm->skews[i]));
	json_object_update_new(
	    o, json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "clocks", clocks, "journals",
		   journals(pm), "participants", people(pm), "metrics", metrics(pm), "timeline",
		   timeline(pm), "dangerous", dangerous(pm), "losses", losses(pm), "holds",
		   holds(pm), "lag", lag(pm), "notes", notes(pm)));
	json_object_set_new(o, "systems", systems(pm));
	json_object_set_new(o, "estimates", estimates(pm));
	json_object_set_new(o, "topology",
	    json_pack("{s:o,s:o,s:o}", "before", ref(pm, pm->before), "during", ref(pm, pm->during),
		"after", ref(pm, pm->after)));
	dump = json_dumps(o, JSON_INDENT(1) | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (dump == NULL)
		abort();
	buf_puts(b, dump);
	buf_puts(b, "\n");
	free(dump);
	json_decref(o);
}
