/*
 * What records have to say under people's headings, each with its record: people decide what it
 * means. Must never fill in a judgement: these are lines beside their words, not instead of them.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "text.h"
#include "banned.h"

#define FACTS_MAX 40
#define TEXT_FIT 160

static void
fact(struct pm *pm, const char *title, struct pm_event *ev, const char *text)
{
	struct pm_section *s;
	size_t i;

	for (i = 0; i < pm->nsections && strcmp(pm->sections[i].title, title) != 0; i++)
		;
	if (i == pm->nsections || ev == NULL || pm->sections[i].nfacts == FACTS_MAX)
		return;
	s = &pm->sections[i];
	s->facts = arena_grow(pm->a, s->facts, s->nfacts, sizeof(*s->facts));
	s->facts[s->nfacts++] = (struct pm_fact){text, ev};
}

static const char *
short_text(struct pm *pm, const struct pm_plan *p)
{
	return text_fit(pm->a, p->text, strlen(p->text), TEXT_FIT);
}

static void
from_records(struct pm *pm)
{
	struct pm_event *ev;
	size_t i;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		if (strcmp(ev->type, "impact") == 0)
			fact(pm, "Impact", ev, ev->what);
		if (ev->kind == PM_STATUS)
			fact(pm, "Message to customers", ev, ev->what);
		if (ev->kind == PM_ALARM || strcmp(ev->type, "degraded") == 0)
			fact(pm, "What did not go well", ev, ev->what);
		if (pm_note_says(ev, "todo") || pm_note_says(ev, "action"))
			fact(pm, "Action items", ev, ev->what);
		if (pm_note_says(ev, "lucky"))
			fact(pm, "Where we got lucky", ev, ev->what);
		if (pm_note_says(ev, "surprise"))
			fact(pm, "Why we were surprised", ev, ev->what);
	}
}

static int
went_wrong(const struct pm_plan *p)
{
	return p->failed != NULL || p->unknown != NULL || strcmp(p->level, "refuse") == 0;
}

/* The same text again and again, and how often it did not work: said at its first plan. */
static void
repeated(struct pm *pm, size_t first)
{
	const struct pm_plan *p = pm->plans[first];
	size_t i, n = 0, bad = 0;

	for (i = 0; i < pm->nplans; i++) {
		if (strcmp(pm->plans[i]->text, p->text) != 0)
			continue;
		if (i < first)
			return;
		n++;
		bad += went_wrong(pm->plans[i]);
	}
	if (n > 1 && bad > 0 && p->text[0] != '\0')
		fact(pm, "What made it worse", p->intent != NULL ? p->intent : p->first,
		    arena_printf(pm->a, "tried %zu times, %zu of them failed or were refused: %s",
			n, bad, short_text(pm, p)));
}

static size_t
proven(const struct pm_plan *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nproofs; i++)
		n += p->proofs[i].proven != NULL && p->proofs[i].is_proven;
	return n;
}

static void
from_plan(struct pm *pm, const struct pm_plan *p)
{
	const char *text = short_text(pm, p), *accepted = pm_accepted(pm, p);

	if (strcmp(p->level, "refuse") == 0)
		fact(pm, "What went well", p->intent,
		    arena_printf(pm->a, "refused before anything was sent: %s", text));
	if (p->denial != NULL && p->first == NULL)
		fact(pm, "Where we got lucky", p->denial,
		    arena_printf(pm->a, "%s said no to it: %s", p->denial->who, text));
	if (p->act == NULL)
		return;
	if (proven(p) > 0 && proven(p) == p->nproofs)
		fact(pm, "What went well", p->proofs[0].proven,
		    arena_printf(pm->a, "%zu replica%s held back and PROVEN to be without it: %s",
			p->nproofs, p->nproofs == 1 ? " was" : "s were", text));
	if (proven(p) < p->nproofs)
		fact(pm, "What did not go well", p->act,
		    arena_printf(pm->a, "%zu of %zu holds were NOT PROVEN: %s",
			p->nproofs - proven(p), p->nproofs, text));
	if (accepted[0] != '\0')
		fact(pm, "Where we got lucky", p->filed,
		    arena_printf(
			pm->a, "it ran although %s could not be held back: %s", accepted, text));
	if (p->unknown != NULL)
		fact(pm, "What did not go well", p->unknown,
		    arena_printf(pm->a, "its outcome was not known: %s", text));
	else if (p->failed != NULL)
		fact(pm, "What did not go well", p->failed,
		    arena_printf(pm->a, "it failed: %s", text));
}

static void
from_figures(struct pm *pm)
{
	const struct pm_metric *m;
	size_t i;

	for (i = 0; i < pm->nmetrics; i++) {
		m = &pm->metrics[i];
		if (strcmp(m->id, "detected") == 0)
			fact(pm, "Detection", m->from,
			    arena_printf(pm->a, "%s: %s", m->value, m->means));
		if (strcmp(m->id, "started") == 0)
			fact(pm, "Trigger", m->from,
			    arena_printf(pm->a, "%s: %s", m->value, m->means));
		if (strcmp(m->id, "corrected") == 0)
			fact(pm, "Resolution", m->from,
			    arena_printf(pm->a, "%s: %s", m->value, m->means));
	}
	for (i = 0; i < pm->nlosses; i++)
		if (pm->losses[i].restore != NULL)
			fact(pm, "Resolution", pm->losses[i].until,
			    arena_printf(pm->a, "brought back: %s", pm->losses[i].how));
		else
			fact(pm, "Resolution", pm->losses[i].from,
			    arena_printf(pm->a, "not brought back by these journals: %s",
				short_text(pm, pm->losses[i].plan)));
}

/* Replicas that were held already when the first plan came: nobody planned that for it. */
static void
from_pictures(struct pm *pm)
{
	const json_t *nodes =
	    pm->before == NULL ? NULL : json_object_get(pm->before->json, "nodes");
	const char *hold, *name;
	size_t i;

	for (i = 0; i < json_array_size(nodes); i++) {
		hold = pm_str(json_array_get(nodes, i), "hold");
		name = pm_str(json_array_get(nodes, i), "name");
		if (hold != NULL && name != NULL && strcmp(hold, "none") != 0)
			fact(pm, "Where we got lucky", pm->before,
			    arena_printf(
				pm->a, "%s was %s before anybody asked for it", name, hold));
	}
}

void
pm_suggest(struct pm *pm)
{
	size_t i;

	from_records(pm);
	from_figures(pm);
	from_pictures(pm);
	for (i = 0; i < pm->nplans; i++) {
		repeated(pm, i);
		if (pm_is_dangerous(pm->plans[i]))
			from_plan(pm, pm->plans[i]);
	}
}
