/*
 * Long journals in little memory: of records that only say that everything went its way (what was
 * typed and answered; the steps of a plan that ran thousands of them), the first ones are kept, and
 * how many more there were. A step that failed, or never ended, is always kept, and so are a plan's
 * first steps and its last.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "line.h"
#include "pm.h"
#include "banned.h"

#define STEPS_KEPT 400 /* begins and outcomes of one plan */

struct pm_steps {
	size_t n;	       /* kept so far */
	size_t begin, outcome; /* of the last pair beyond them, plus one; 0 none */
};

int
pm_is_routine_type(const char *type)
{
	static const char *const types[] = {
	    "input", "output", "screen", "checkpoint", "verdict", "bind", "terminal", "progress"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return 1;
	return 0;
}

/* For the merge: is this record to be read, or only counted? */
int
pm_wants(void *pm, const char *type)
{
	return ((struct pm *)pm)->nroutine < PM_ROUTINE_MAX || !pm_is_routine_type(type);
}

static struct pm_steps *
steps_of(struct pm *pm, const char *plan)
{
	const json_t *known = json_object_get(pm->steps_by_plan, plan);

	if (known == NULL) {
		pm->steps = arena_grow(pm->a, pm->steps, pm->nsteps, sizeof(*pm->steps));
		pm->steps[pm->nsteps] = (struct pm_steps){0};
		json_object_set_new(
		    pm->steps_by_plan, plan, json_integer((json_int_t)pm->nsteps++));
		return &pm->steps[pm->nsteps - 1];
	}
	return &pm->steps[json_integer_value(known)];
}

static void
forget(struct pm *pm, size_t i)
{
	struct pm_event *ev = pm->events[i];

	if (ev->source->behind == ev)
		return;
	ev->source->left_out++;
	pm->left_out++;
	json_decref(ev->json);
	ev->json = NULL;
	ev->next_free = pm->unused;
	pm->unused = ev;
	pm->events[i] = NULL;
	pm->nforgotten++;
}

static int
is_step(const struct pm_event *ev, const struct pm_event *outcome)
{
	return ev != NULL && strcmp(ev->type, "begin") == 0 && ev->source == outcome->source &&
	       ev->seq + 1 == outcome->seq &&
	       json_equal(
		   json_object_get(ev->json, "plan"), json_object_get(outcome->json, "plan")) &&
	       json_equal(
		   json_object_get(ev->json, "step"), json_object_get(outcome->json, "step"));
}

/* After a record was added: lets go of the pair of steps that is no longer a plan's last. */
void
pm_let_go(struct pm *pm)
{
	struct pm_event *ev = pm->events[pm->nevents - 1];
	const char *plan = pm_str(ev->json, "plan");
	int is_outcome = strcmp(ev->type, "outcome") == 0;
	struct pm_steps *s;

	if (plan == NULL || (!is_outcome && strcmp(ev->type, "begin") != 0))
		return;
	s = steps_of(pm, plan);
	if (++s->n <= STEPS_KEPT || !is_outcome || json_is_false(json_object_get(ev->json, "ok")) ||
	    pm->nevents < 2 || !is_step(pm->events[pm->nevents - 2], ev))
		return;
	if (s->begin > 0) {
		forget(pm, s->begin - 1);
		forget(pm, s->outcome - 1);
	}
	s->begin = pm->nevents - 1;
	s->outcome = pm->nevents;
	if (pm->nforgotten > PM_ROUTINE_MAX)
		pm_close_up(pm);
}

/* Takes the holes out. */
void
pm_close_up(struct pm *pm)
{
	size_t *now = calloc(pm->nevents + 1, sizeof(*now)), i, n = 0;

	if (now == NULL)
		abort();
	for (i = 0; i < pm->nevents; i++)
		if (pm->events[i] != NULL) {
			now[i + 1] = n + 1;
			pm->events[n++] = pm->events[i];
		}
	for (i = 0; i < pm->nsteps; i++) {
		pm->steps[i].begin = now[pm->steps[i].begin];
		pm->steps[i].outcome = now[pm->steps[i].outcome];
	}
	pm->nevents = n;
	pm->nforgotten = 0;
	free(now);
}
