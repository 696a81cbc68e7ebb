/*
 * The servers an incident was about, as pictures and plans saw them; and what long steps said of
 * their own end, held against when it came.
 */
#include <string.h>

#include "arena.h"
#include "pm.h"
#include "banned.h"

#define GAP_US ((int64_t)15 * 60 * 1000000)
#define TOLD_MAX 8 /* estimates of one step that are shown */

int64_t
pm_gap(const struct pm *pm, size_t i)
{
	int64_t us = i == 0 ? 0 : pm->events[i]->order_us - pm->events[i - 1]->order_us;

	return us > GAP_US ? us : 0;
}

/* --- servers --------------------------------------------------------------------------------- */

static void
take_node(struct pm *pm, struct pm_event *ev, const json_t *node)
{
	const char *name = pm_str(node, "name"), *identity = pm_str(node, "identity");
	const char *version = pm_str(node, "version"), *role = pm_str(node, "role");
	struct pm_system *s;
	size_t i;

	if (name == NULL)
		return;
	identity = identity == NULL ? "" : identity;
	for (i = 0; i < pm->nsystems; i++) {
		s = &pm->systems[i];
		if (strcmp(s->name, name) == 0 && (identity[0] == '\0' || s->identity[0] == '\0' ||
						      strcmp(s->identity, identity) == 0))
			break;
	}
	if (i == pm->nsystems) {
		pm->systems = arena_grow(pm->a, pm->systems, i, sizeof(*pm->systems));
		pm->systems[pm->nsystems++] = (struct pm_system){.name = name,
		    .identity = "",
		    .version = "",
		    .role = "",
		    .role_last = "",
		    .seen = ev};
	}
	s = &pm->systems[i];
	if (identity[0] != '\0')
		s->identity = identity;
	if (version != NULL)
		s->version = version;
	if (role != NULL && s->role[0] == '\0')
		s->role = role;
	s->role_last = role != NULL ? role : s->role_last;
}

void
pm_systems(struct pm *pm)
{
	const json_t *nodes;
	struct pm_event *ev;
	size_t i, k;

	for (i = 0; i < pm->nevents; i++) {
		ev = pm->events[i];
		nodes = strcmp(ev->type, "topology") == 0 ? json_object_get(ev->json, "nodes")
			: strcmp(ev->type, "plan") == 0
			    ? json_object_get(json_object_get(ev->json, "plan"), "nodes")
			    : NULL;
		for (k = 0; k < json_array_size(nodes); k++)
			take_node(pm, ev, json_array_get(nodes, k));
	}
}

/* --- estimates ------------------------------------------------------------------------------- */

static int
is_estimate(const struct pm_event *ev)
{
	const char *text = strcmp(ev->type, "progress") == 0 ? pm_str(ev->json, "text") : NULL;
	size_t n = text == NULL ? 0 : strlen(text);

	return n > 5 && strcmp(text + n - 5, " left") == 0 && ev->plan != NULL;
}

static int
is_same_step(const struct pm_event *x, const struct pm_event *y)
{
	return x->plan == y->plan && x->source == y->source &&
	       json_equal(json_object_get(x->json, "step"), json_object_get(y->json, "step"));
}

static void
add_estimate(struct pm *pm, struct pm_event *told, struct pm_event *end)
{
	const char *text = pm_str(told->json, "text"), *left = strrchr(text, ',');

	pm->estimates = arena_grow(pm->a, pm->estimates, pm->nestimates, sizeof(*pm->estimates));
	pm->estimates[pm->nestimates++] = (struct pm_estimate){.plan = told->plan,
	    .told = told,
	    .end = end,
	    .left = left == NULL ? text : left + 1 + strspn(left + 1, " ")};
}

/* The estimates of one step, from its first: thinned out, the first and the last kept. */
static size_t
take_step(struct pm *pm, size_t first)
{
	struct pm_event **told = NULL, *ev = pm->events[first], *end = NULL;
	size_t i, n = 0, every;

	for (i = first; i < pm->nevents && end == NULL; i++) {
		if (!is_same_step(pm->events[i], ev))
			continue;
		if (strcmp(pm->events[i]->type, "outcome") == 0) {
			end = pm->events[i];
		} else if (is_estimate(pm->events[i])) {
			told = arena_grow(pm->a, told, n, sizeof(struct pm_event *));
			told[n++] = pm->events[i];
		}
	}
	every = (n + TOLD_MAX - 2) / (TOLD_MAX - 1);
	for (i = 0; i < n; i++)
		if (every < 2 || i % every == 0 || i + 1 == n)
			add_estimate(pm, told[i], end);
	return n;
}

void
pm_estimates(struct pm *pm)
{
	size_t i, k;

	for (i = 0; i < pm->nevents; i++) {
		if (!is_estimate(pm->events[i]))
			continue;
		for (k = 0; k < pm->nestimates; k++)
			if (is_same_step(pm->estimates[k].told, pm->events[i]))
				break;
		if (k == pm->nestimates)
			take_step(pm, i);
	}
}
