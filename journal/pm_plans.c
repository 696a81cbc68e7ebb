/*
 * What belongs to one plan, drawn together from its records: what was wanted, who agreed and after
 * how long, what was done, what proved it, how it ended. A begin without an outcome is unknown and
 * stays so until a recover record says otherwise.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "step.h"
#include "banned.h"

struct pm_plan *
pm_plan(struct pm *pm, const char *id, int make)
{
	struct pm_plan *p;
	size_t i;

	if (id == NULL || id[0] == '\0')
		return NULL;
	for (i = pm->nplans; i-- > 0;)
		if (strcmp(pm->plans[i]->id, id) == 0)
			return pm->plans[i];
	if (!make)
		return NULL;
	p = arena_alloc(pm->a, sizeof(*p));
	p->id = id;
	p->text = p->danger = p->level = p->reason = p->undoes = p->way_back = "";
	p->node = p->role = p->database = p->outcome = "";
	p->rows = -1;
	pm->plans = arena_grow(pm->a, pm->plans, pm->nplans, sizeof(*pm->plans));
	pm->plans[pm->nplans++] = p;
	return p;
}

int
pm_is_act(const json_t *step)
{
	const char *part = pm_str(step, "part"), *kind = pm_str(step, "kind");

	return part != NULL && kind != NULL && strcmp(part, "main") == 0 &&
	       step_kind_name_acts(kind);
}

int
pm_is_dangerous(const struct pm_plan *p)
{
	static const char *const dangers[] = {"dangerous", "opaque", "destructive"};
	size_t i;

	for (i = 0; i < sizeof(dangers) / sizeof(dangers[0]); i++)
		if (strcmp(p->danger, dangers[i]) == 0)
			return 1;
	return strcmp(p->level, "approve") == 0 || strcmp(p->level, "refuse") == 0;
}

static void
set(const char **to, const json_t *o, const char *key)
{
	const char *s = pm_str(o, key);

	if (s != NULL)
		*to = s;
}

static void
take_plan(struct pm_plan *p, struct pm_event *ev)
{
	const json_t *session;

	p->filed = ev;
	p->json = json_object_get(ev->json, "plan");
	session = json_object_get(p->json, "session");
	set(&p->text, p->json, "text");
	set(&p->reason, p->json, "reason");
	set(&p->undoes, p->json, "undoes");
	set(&p->way_back, p->json, "way_back");
	set(&p->node, session, "node");
	set(&p->role, session, "role");
	set(&p->database, session, "database");
}

static struct pm_proof *
proof(struct pm *pm, struct pm_plan *p, const char *node)
{
	size_t i;

	for (i = 0; i < p->nproofs; i++)
		if (strcmp(p->proofs[i].node, node) == 0)
			return &p->proofs[i];
	p->proofs = arena_grow(pm->a, p->proofs, p->nproofs, sizeof(*p->proofs));
	p->proofs[p->nproofs] = (struct pm_proof){.node = node};
	return &p->proofs[p->nproofs++];
}

/* A text inside a signed statement, e.g. "issued". */
static int64_t
signed_time(struct pm *pm, const struct pm_event *ev)
{
	const char *s = pm_str(ev->json, "statement"), *p;

	p = s == NULL ? NULL : strstr(s, "\nissued: ");
	if (p == NULL)
		return PM_NONE;
	p += strlen("\nissued: ");
	return pm_time(arena_strndup(pm->a, p, strcspn(p, "\n")));
}

/* From the request to when the signature was there: signed (whole seconds, on the approver's
 * clock) where that is later than the request, seen at the latest. Persons count, not signatures.
 */
static void
take_approval(struct pm *pm, struct pm_plan *p, struct pm_event *ev)
{
	int64_t at;
	size_t i;

	if (strcmp(ev->type, "denial") == 0) {
		p->denial = p->denial == NULL ? ev : p->denial;
		return;
	}
	if (p->request == NULL)
		return;
	for (i = 0; i < p->nanswers; i++)
		if (strcmp(p->answers[i].event->who, ev->who) == 0)
			return;
	p->approval = p->approval == NULL ? ev : p->approval;
	at = signed_time(pm, ev);
	if (at == PM_NONE || at < p->request->us || at > ev->us)
		at = ev->us;
	p->answers = arena_grow(pm->a, p->answers, p->nanswers, sizeof(*p->answers));
	p->answers[p->nanswers++] = (struct pm_answer){ev, at - p->request->us};
}

static void
take_outcome(struct pm *pm, struct pm_plan *p, struct pm_event *ev)
{
	int ok = !json_is_false(json_object_get(ev->json, "ok"));
	const char *kind = pm_str(ev->json, "kind"), *part = pm_str(ev->json, "part");
	const json_t *cell = json_array_get(json_object_get(ev->json, "cells"), 0);
	struct pm_proof *x;

	p->last = ev;
	if (kind == NULL || part == NULL)
		return;
	if (strcmp(kind, "prove-again") == 0) {
		x = proof(pm, p, ev->node);
		x->proven = ev;
		x->is_proven = ok;
		return;
	}
	if (!ok && p->failed == NULL)
		p->failed = ev;
	if (ok && strcmp(kind, "fence") == 0 && strcmp(part, "before") == 0) {
		p->before = json_string_value(cell);
		p->before_event = ev;
	} else if (ok && strcmp(kind, "fence") == 0) {
		p->after = json_string_value(cell);
		p->after_event = ev;
	}
	p->in_transaction |= ok && strcmp(kind, "begin") == 0;
	p->is_committed |= ok && strcmp(kind, "commit") == 0;
	if (ok && pm_is_act(ev->json)) {
		p->done = ev;
		if (strcmp(kind, "statement") == 0 || strcmp(kind, "load") == 0) {
			p->rows = pm_int(ev->json, "rows", -1);
			p->rows_event = ev;
		}
	}
}

static void
take_hold(struct pm *pm, struct pm_plan *p, struct pm_event *ev)
{
	struct pm_proof *x = proof(pm, p, ev->node);
	const char *at = pm_str(ev->json, "hardened_at");

	x->held = ev;
	x->held_at = pm_str(ev->json, "position");
	if (at != NULL && at[0] != '\0')
		x->hardened_at = at;
}

static void
take(struct pm *pm, struct pm_event *ev)
{
	struct pm_plan *p;
	const char *id = pm_str(ev->json, "plan");

	if (strcmp(ev->type, "plan") == 0)
		id = pm_str(ev->json, "id");
	else if (id == NULL)
		id = pm_str(ev->json, "request");
	if ((p = pm_plan(pm, id,
		 strcmp(ev->type, "intent") == 0 || strcmp(ev->type, "begin") == 0)) == NULL)
		return;
	ev->plan = p;
	if (strcmp(ev->type, "intent") == 0) {
		p->intent = ev;
		set(&p->text, ev->json, "text");
		set(&p->danger, ev->json, "danger");
		set(&p->level, ev->json, "level");
	} else if (strcmp(ev->type, "plan") == 0) {
		take_plan(p, ev);
	} else if (strcmp(ev->type, "request") == 0) {
		p->request = ev;
	} else if (strcmp(ev->type, "approval") == 0 || strcmp(ev->type, "denial") == 0) {
		take_approval(pm, p, ev);
	} else if (strcmp(ev->type, "begin") == 0) {
		p->first = p->first == NULL ? ev : p->first;
		if (p->act == NULL && pm_is_act(ev->json))
			p->act = ev;
		if (p->node[0] == '\0' && pm_is_act(ev->json))
			p->node = ev->node;
	} else if (strcmp(ev->type, "outcome") == 0) {
		take_outcome(pm, p, ev);
	} else if (strcmp(ev->type, "hold") == 0) {
		take_hold(pm, p, ev);
	}
}

static int
same_step(const struct pm_event *x, const struct pm_event *y)
{
	return x->plan == y->plan && pm_int(x->json, "step", -1) == pm_int(y->json, "step", -2) &&
	       json_equal(json_object_get(x->json, "part"), json_object_get(y->json, "part"));
}

/* A recover record names the begin it is about. */
static int
is_about(const struct pm_event *recover, const struct pm_event *begin)
{
	const json_t *of = json_object_get(recover->json, "of");
	const char *session = pm_str(of, "session");

	return session != NULL && strcmp(session, begin->source->session) == 0 &&
	       pm_int(of, "seq", -1) == (int64_t)begin->seq;
}

/* Begins whose end was never written. Only a step's own session writes its outcome, so only the
 * records after it there count; a continuing file is a session's as well. */
static void
find_unknown(struct pm *pm)
{
	struct pm_event *ev, **open = NULL;
	size_t i, k, n = 0;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (ev->plan == NULL)
			continue;
		if (strcmp(ev->type, "begin") == 0) {
			open = arena_grow(pm->a, open, n, sizeof(*open));
			open[n++] = ev;
		}
		for (k = n; strcmp(ev->type, "outcome") == 0 && k-- > 0;)
			if (same_step(open[k], ev)) {
				open[k] = open[--n];
				break;
			}
	}
	for (i = 0; i < n; i++) {
		if (open[i]->plan->unknown == NULL || pm_is_act(open[i]->json))
			open[i]->plan->unknown = open[i];
		open[i]->kind = PM_UNKNOWN;
		open[i]->is_routine = 0;
		open[i]->what = arena_printf(pm->a,
		    "OUTCOME UNKNOWN: it began, and no record says how it ended: %s",
		    open[i]->what);
	}
	for (i = 0; i < pm->nevents; i++)
		for (k = 0; strcmp(pm->events[i]->type, "recover") == 0 && k < n; k++)
			if (is_about(pm->events[i], open[k]))
				open[k]->plan->recovered = pm->events[i];
}

static const char *
outcome(struct pm *pm, const struct pm_plan *p)
{
	const char *error = p->failed == NULL ? NULL : pm_str(p->failed->json, "error");
	size_t i, bad = 0;

	if (strcmp(p->level, "refuse") == 0)
		return "REFUSED";
	if (p->unknown != NULL && p->recovered == NULL)
		return p->unknown->source->report->code == VERIFY_OPEN
			   ? "OUTCOME UNKNOWN (its session is not sealed)"
			   : "OUTCOME UNKNOWN";
	if (p->unknown != NULL)
		return arena_printf(pm->a, "was unknown, then: %s",
		    pm_str(p->recovered->json, "status") == NULL
			? "?"
			: pm_str(p->recovered->json, "status"));
	if (p->first == NULL && p->denial != NULL)
		return "NOT RUN: denied";
	if (p->first == NULL)
		return p->request != NULL && p->approval == NULL ? "NOT RUN: never approved"
								 : "NOT RUN";
	if (p->failed != NULL)
		return arena_printf(pm->a, "%s: %s",
		    p->act == NULL ? "STOPPED before the act" : "FAILED",
		    error == NULL ? "" : error);
	if (p->in_transaction && !p->is_committed)
		return "ROLLED BACK";
	for (i = 0; i < p->nproofs; i++)
		bad += p->proofs[i].proven != NULL && !p->proofs[i].is_proven;
	if (bad > 0)
		return arena_printf(pm->a, "DONE, %zu of %zu holds NOT PROVEN", bad, p->nproofs);
	return "DONE";
}

void
pm_plans(struct pm *pm)
{
	size_t i;

	for (i = 0; i < pm->nevents; i++)
		take(pm, pm->events[i]);
	find_unknown(pm);
	for (i = 0; i < pm->nplans; i++)
		pm->plans[i]->outcome = outcome(pm, pm->plans[i]);
}

const char *
pm_accepted(struct pm *pm, const struct pm_plan *p)
{
	const json_t *list = json_object_get(p->json, "accepted");
	const char *out = "", *name;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		name = json_string_value(json_array_get(list, i));
		out = arena_printf(
		    pm->a, "%s%s%s", out, i > 0 ? ", " : "", name == NULL ? "?" : name);
	}
	return out;
}

static const char *
backup_age(struct pm *pm, const struct pm_plan *p, const json_t *b)
{
	const char *name = pm_str(b, "name");
	int64_t made = pm_int(b, "made", 0), proved = pm_int(b, "proved", 0);
	int64_t now = p->intent->us / 1000000;
	char *out;

	if (name == NULL)
		name = "?";
	if (made <= 0 || made > now)
		return arena_printf(
		    pm->a, made > now ? "%s has a time to come" : "%s: there was none", name);
	out = arena_printf(pm->a, "%s %s old", name, pm_duration(pm, (now - made) * 1000000));
	if (proved <= 0 || proved > now)
		return arena_printf(pm->a, "%s, never proved", out);
	return arena_printf(pm->a,
	    json_is_true(json_object_get(b, "ok")) ? "%s, proved by a drill %s before"
						   : "%s, the drill %s before FAILED",
	    out, pm_duration(pm, (now - proved) * 1000000));
}

const char *
pm_backups(struct pm *pm, const struct pm_plan *p)
{
	const json_t *list = p->intent == NULL ? NULL : json_object_get(p->intent->json, "backups");
	const char *out = "";
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		out = arena_printf(pm->a, "%s%s%s", out, i > 0 ? "; " : "",
		    backup_age(pm, p, json_array_get(list, i)));
	return out;
}

const char *
pm_rules(struct pm *pm, const struct pm_plan *p)
{
	const json_t *list = p->intent == NULL ? NULL : json_object_get(p->intent->json, "reasons");
	const char *out = "", *rule;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		rule = pm_str(json_array_get(list, i), "rule");
		out = arena_printf(
		    pm->a, "%s%s%s", out, i > 0 ? ", " : "", rule == NULL ? "?" : rule);
	}
	return out;
}

const char *
pm_approvers(struct pm *pm, const struct pm_plan *p)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < p->nanswers; i++)
		out = arena_printf(pm->a, "%s%s%s after %s", out, i > 0 ? ", " : "",
		    p->answers[i].event->who, pm_duration(pm, p->answers[i].wait_us));
	return out;
}
