/*
 * What the records say together: who took part, which replicas were held from when to when, what
 * the topology looked like before, during and after, and when the incident began.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

static struct pm_person *
person(struct pm *pm, const char *name)
{
	size_t i;

	if (name == NULL || name[0] == '\0')
		name = "unsigned";
	for (i = 0; i < pm->npeople; i++)
		if (strcmp(pm->people[i].name, name) == 0)
			return &pm->people[i];
	pm->people = arena_grow(pm->a, pm->people, pm->npeople, sizeof(*pm->people));
	pm->people[pm->npeople] = (struct pm_person){.name = name, .role = ""};
	return &pm->people[pm->npeople++];
}

static void
take_person(struct pm *pm, struct pm_event *ev)
{
	struct pm_person *p = person(pm, ev->who);
	const char *role = pm_str(ev->json, "role"), *of = pm_str(ev->json, "person");

	if (strcmp(ev->type, "incident") == 0 && of != NULL)
		person(pm, of);
	if (strcmp(ev->type, "incident") == 0 && pm_str(ev->json, "to") != NULL)
		person(pm, pm_str(ev->json, "to"));
	if (strcmp(ev->type, "incident") == 0 && role != NULL) {
		if (of != NULL && of[0] != '\0')
			person(pm, of)->role = role;
		else
			person(pm, ev->who)->role = role;
	}
	p = person(pm, ev->who);
	p->first = p->first == NULL ? ev : p->first;
	p->last = ev;
	p->sessions += strcmp(ev->type, "open") == 0 && ev->source->part == 0;
	p->acts += ev->kind == PM_ACT && !ev->is_routine;
	p->approvals += ev->kind == PM_APPROVAL;
	p->denials += ev->kind == PM_DENIAL;
	p->notes += strcmp(ev->type, "note") == 0 || strcmp(ev->type, "status") == 0;
}

static void
end_duty(struct pm_person *p, const struct pm_event *at)
{
	if (p->duty != NULL && at->order_us > p->duty->order_us)
		p->duty_us += at->order_us - p->duty->order_us;
	p->duty = NULL;
}

/* On duty: from opening or joining an incident, or taking it over, to handing it over or its end.
 */
static void
take_duty(struct pm *pm, struct pm_event *ev)
{
	const char *action = pm_str(ev->json, "action"), *to = pm_str(ev->json, "to");
	size_t i;

	if (strcmp(ev->type, "incident") != 0 || action == NULL)
		return;
	if (strcmp(action, "open") == 0 && person(pm, ev->who)->duty == NULL)
		person(pm, ev->who)->duty = ev;
	if (strcmp(action, "handover") == 0) {
		end_duty(person(pm, ev->who), ev);
		if (person(pm, to)->duty == NULL)
			person(pm, to)->duty = ev;
	}
	for (i = 0; strcmp(action, "close") == 0 && i < pm->npeople; i++)
		end_duty(&pm->people[i], ev);
}

/* Roles in the order in which people appear; nothing in the letter tells who it is. */
static void
name_people(struct pm *pm)
{
	struct pm_person *p;
	size_t i;

	for (i = 0; i < pm->npeople; i++) {
		p = &pm->people[i];
		p->shown = p->name;
		if (!pm->setup->is_blameless || strcmp(p->name, "unsigned") == 0)
			continue;
		p->shown = arena_printf(pm->a, "%s %c%s",
		    p->sessions > 0		    ? "operator"
		    : p->approvals + p->denials > 0 ? "approver"
						    : "person",
		    (char)('A' + i % 26), i < 26 ? "" : arena_printf(pm->a, "%zu", i / 26));
	}
}

static void
take_hold(struct pm *pm, struct pm_event *ev)
{
	const char *at = pm_str(ev->json, "hardened_at"), *position = pm_str(ev->json, "position");
	struct pm_span *s = NULL;
	size_t i;

	for (i = 0; i < pm->nspans; i++)
		if (pm->spans[i].until == NULL && strcmp(pm->spans[i].node, ev->node) == 0)
			s = &pm->spans[i];
	if (strcmp(ev->type, "release") == 0) {
		if (s != NULL)
			s->until = ev;
		return;
	}
	if (s == NULL) {
		pm->spans = arena_grow(pm->a, pm->spans, pm->nspans, sizeof(*pm->spans));
		s = &pm->spans[pm->nspans++];
		*s = (struct pm_span){.node = ev->node, .from = ev, .plan = ev->plan};
		s->position = position == NULL ? "" : position;
		s->hardened_at = "";
	}
	if (at != NULL && at[0] != '\0') {
		s->hardened_at = at;
		s->hardened = ev;
	}
}

const struct pm_span *
pm_held_at(const struct pm *pm, const char *node, int64_t us)
{
	const struct pm_span *s;
	size_t i;

	for (i = 0; i < pm->nspans; i++) {
		s = &pm->spans[i];
		if (strcmp(s->node, node) == 0 && s->from->order_us <= us &&
		    (s->until == NULL || s->until->order_us > us))
			return s;
	}
	return NULL;
}

static void
take_picture(struct pm *pm, struct pm_event *ev, const char **last)
{
	const json_t *nodes = json_object_get(ev->json, "nodes"), *n;
	const char *name, *hold;
	struct pm_sample *s;
	size_t i;

	ev->is_routine = *last != NULL && strcmp(*last, ev->what) == 0;
	*last = ev->what;
	for (i = 0; i < json_array_size(nodes); i++) {
		n = json_array_get(nodes, i);
		name = pm_str(n, "name");
		hold = pm_str(n, "hold");
		if (name == NULL || pm_str(n, "role") == NULL ||
		    strcmp(pm_str(n, "role"), "replica") != 0)
			continue;
		pm->samples = arena_grow(pm->a, pm->samples, pm->nsamples, sizeof(*pm->samples));
		s = &pm->samples[pm->nsamples++];
		*s = (struct pm_sample){.event = ev, .node = name};
		s->lag_bytes = pm_int(n, "lag_bytes", -1);
		s->lag_ms = pm_int(n, "lag_ms", -1);
		s->is_held = hold != NULL && strcmp(hold, "none") != 0;
	}
}

static int
stands_anything(const struct pm *pm, int64_t us)
{
	size_t i;

	for (i = 0; i < pm->nspans; i++)
		if (pm_held_at(pm, pm->spans[i].node, us) != NULL)
			return 1;
	return 0;
}

static int
shows_hold(const struct pm_event *picture)
{
	const json_t *nodes = json_object_get(picture->json, "nodes");
	const char *hold;
	size_t i;

	for (i = 0; i < json_array_size(nodes); i++) {
		hold = pm_str(json_array_get(nodes, i), "hold");
		if (hold != NULL && strcmp(hold, "none") != 0)
			return 1;
	}
	return 0;
}

/* Before: the last picture before the first hold (or act). During: the first while something is
 * held, and seen to be if one shows that. After: the last one of all, where it is later than both.
 */
static void
choose_pictures(struct pm *pm)
{
	struct pm_event *ev;
	int64_t first = INT64_MAX;
	size_t i;

	if (pm->nspans > 0)
		first = pm->spans[0].from->order_us;
	for (i = 0; i < pm->nplans && pm->nspans == 0; i++)
		if (pm->plans[i]->act != NULL && pm_is_dangerous(pm->plans[i]) &&
		    pm->plans[i]->act->order_us < first)
			first = pm->plans[i]->act->order_us;
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (strcmp(ev->type, "topology") != 0)
			continue;
		if (pm->before == NULL || ev->order_us <= first)
			pm->before = ev;
		if (stands_anything(pm, ev->order_us) &&
		    (pm->during == NULL || (!shows_hold(pm->during) && shows_hold(ev))))
			pm->during = ev;
		if (ev->order_us > first)
			pm->after = ev;
	}
	if (pm->after == pm->during)
		pm->after = NULL;
}

/* Who the nodes were when something was done to them. */
static void
name_roles(struct pm *pm)
{
	const json_t *nodes, *n;
	struct pm_event *ev;
	const char *name;
	size_t i, k;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		ev->role = "";
		if (ev->plan != NULL && ev->node[0] == '\0' && ev->kind != PM_APPROVAL &&
		    ev->kind != PM_DENIAL)
			ev->node = ev->plan->node;
		if (ev->plan == NULL || ev->node[0] == '\0')
			continue;
		nodes = json_object_get(ev->plan->json, "nodes");
		for (k = 0; k < json_array_size(nodes); k++) {
			n = json_array_get(nodes, k);
			name = pm_str(n, "name");
			if (name != NULL && strcmp(name, ev->node) == 0 &&
			    pm_str(n, "role") != NULL)
				ev->role = pm_str(n, "role");
		}
	}
}

static void
take_incident(struct pm *pm, struct pm_event *ev)
{
	const char *op = pm_str(ev->json, "op"), *name = pm_str(ev->json, "name");
	const char *title = pm_str(ev->json, "title"), *severity = pm_str(ev->json, "severity");

	if (op == NULL)
		op = pm_str(ev->json, "action");
	if (severity != NULL && severity[0] != '\0')
		pm->severity = severity;
	if (op == NULL || strcmp(op, "open") != 0 || pm->incident != NULL)
		return;
	pm->incident = name == NULL ? "" : name;
	pm->title = title == NULL ? "" : title;
	pm->start = ev;
}

void
pm_facts(struct pm *pm)
{
	const char *last = NULL;
	struct pm_event *ev;
	size_t i;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		take_person(pm, ev);
		take_duty(pm, ev);
		if (strcmp(ev->type, "hold") == 0 || strcmp(ev->type, "release") == 0)
			take_hold(pm, ev);
		if (strcmp(ev->type, "topology") == 0)
			take_picture(pm, ev, &last);
		if (strcmp(ev->type, "incident") == 0)
			take_incident(pm, ev);
	}
	for (i = 0; i < pm->npeople; i++)
		if (pm->people[i].last != NULL)
			end_duty(&pm->people[i], pm->people[i].last);
	if (pm->incident == NULL)
		pm->incident = pm->title = "";
	if (pm->severity == NULL)
		pm->severity = "";
	for (i = 0; pm->setup->is_blameless && pm->setup->operators != NULL &&
		    i < pm->setup->operators->nkeys;
	     i++)
		person(pm, pm->setup->operators->keys[i].person);
	name_people(pm);
	name_roles(pm);
	choose_pictures(pm);
}

/* The plan that took this one back, and did. */
static const struct pm_plan *
undone_by(const struct pm *pm, const struct pm_plan *p)
{
	size_t i;

	for (i = 0; i < pm->nplans; i++)
		if (strcmp(pm->plans[i]->undoes, p->id) == 0 && pm->plans[i]->done != NULL &&
		    pm->plans[i]->failed == NULL && pm->plans[i]->unknown == NULL)
			return pm->plans[i];
	return NULL;
}

/* The outcome of the step that brought the rows back, and from where. */
static void
brought_back(struct pm *pm, struct pm_loss *x)
{
	const struct pm_event *load = x->restore->act;
	const json_t *args = json_object_get(load->json, "args");
	struct pm_event *ev;
	const char *kind;
	size_t i;

	x->until = x->restore->last;
	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		kind = pm_str(ev->json, "kind");
		if (ev->plan == x->restore && strcmp(ev->type, "outcome") == 0 && kind != NULL &&
		    strcmp(kind, "load") == 0)
			x->until = ev;
	}
	x->how = arena_printf(pm->a, "%s%s%s%s%s, %s",
	    pm_str(args, "table") == NULL ? x->restore->text : pm_str(args, "table"),
	    pm_str(args, "from") == NULL ? "" : " from ",
	    pm_str(args, "from") == NULL ? "" : pm_str(args, "from"),
	    pm_str(args, "to") == NULL ? "" : " to ",
	    pm_str(args, "to") == NULL ? "" : pm_str(args, "to"),
	    x->restore->rows < 0 ? "? rows" : text_many(pm->a, x->restore->rows, "row"));
}

void
pm_losses(struct pm *pm)
{
	const struct pm_plan *p;
	struct pm_loss *x;
	size_t i;

	for (i = 0; i < pm->nplans; i++) {
		p = pm->plans[i];
		if (p->act == NULL || p->undoes[0] != '\0' ||
		    json_array_size(json_object_get(p->json, "losses")) == 0 ||
		    (p->done == NULL && p->unknown == NULL) ||
		    (p->in_transaction && !p->is_committed && p->unknown == NULL))
			continue;
		pm->losses = arena_grow(pm->a, pm->losses, pm->nlosses, sizeof(*pm->losses));
		x = &pm->losses[pm->nlosses++];
		*x = (struct pm_loss){.plan = p, .from = p->act, .restore = undone_by(pm, p)};
		if (x->restore != NULL)
			brought_back(pm, x);
	}
}
