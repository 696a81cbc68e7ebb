/*
 * What the sentences of the rules name: see rules_table.c. Everything named came from a text or a
 * server, so it is made inert here.
 */
#include <string.h>

#include "policy/inside.h"
#include "text.h"
#include "banned.h"

#define SHOW 5

static const char *
inert(const struct scene *s, const char *t)
{
	return text_fit(s->arena, t, strlen(t), 80);
}

const char *
about_objects(const struct scene *s)
{
	const struct action *x = s->action;
	const char **names = arena_array(s->arena, x->nobjects, sizeof(*names));
	size_t i;

	if (x->nobjects == 0)
		return inert(s, x->kind);
	for (i = 0; i < x->nobjects; i++)
		names[i] = arena_printf(s->arena, "%s %s", inert(s, x->objects[i].type),
		    object_name(s->arena, &x->objects[i]));
	return look_join(s->arena, names, x->nobjects, SHOW);
}

const char *
about_kind(const struct scene *s)
{
	return inert(s, s->action->why == NULL ? s->action->kind : s->action->why);
}

const char *
about_estimate(const struct scene *s)
{
	if (s->in->estimate < 0)
		return "an unknown number of";
	return arena_printf(s->arena, "about %s", text_count(s->arena, s->in->estimate));
}

const char *
about_node(const struct scene *s)
{
	return s->in->session == NULL ? "this node" : inert(s, s->in->session->node);
}

const char *
about_primary(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	const struct node *n = t == NULL ? NULL : topology_primary(t);

	return n == NULL ? "the primary" : inert(s, n->name);
}

const char *
about_dependents(const struct scene *s)
{
	const char **names = arena_array(s->arena, s->in->ndependents, sizeof(*names));
	size_t i;

	if (s->in->ndependents == 0)
		return "other objects";
	for (i = 0; i < s->in->ndependents; i++)
		names[i] = inert(s, s->in->dependents[i]);
	return look_join(s->arena, names, s->in->ndependents, 2 * SHOW);
}

const char *
about_functions(const struct scene *s)
{
	const struct action *x = s->action;
	const char **names = arena_array(s->arena, x->nfunctions, sizeof(*names));
	size_t i;

	if (x->nfunctions == 0)
		return strcmp(x->kind, "read-foreign") == 0 ? "the wrapper of a foreign table"
							    : "its functions";
	for (i = 0; i < x->nfunctions; i++)
		names[i] = arena_printf(s->arena, "%s()", inert(s, x->functions[i]));
	return look_join(s->arena, names, x->nfunctions, SHOW);
}

const char *
about_manager(const struct scene *s)
{
	/* Nothing of it comes from a server: names are checked, the rest is ours. */
	return look_manager(s->arena, s->in->topology);
}

const char *
about_unknown_nodes(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	const char **names = arena_array(s->arena, t->nnodes, sizeof(*names));
	size_t i, n = 0;

	for (i = 0; i < t->nnodes; i++)
		if (t->nodes[i].role == ROLE_UNKNOWN)
			names[n++] = inert(s, t->nodes[i].name);
	return look_join(s->arena, names, n, SHOW);
}

const char *
about_sync(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	const struct node **set, *n;
	size_t count = look_hold_set(s->arena, t, s->in->policy, &set);

	n = look_freezes_writers(t, set, count);
	return inert(s, n->name);
}

const char *
about_cannot_hold(const struct scene *s)
{
	const char **names;
	size_t i, n = look_cannot_hold(s->arena, s->in->topology, &names);

	for (i = 0; i < n; i++)
		names[i] = inert(s, names[i]);
	return look_join(s->arena, names, n, SHOW);
}

const char *
about_not_chosen(const struct scene *s)
{
	const char **names;
	size_t i, n = look_not_chosen(s->arena, s->in->topology, s->in->policy, &names);

	for (i = 0; i < n; i++)
		names[i] = inert(s, names[i]);
	return look_join(s->arena, names, n, SHOW);
}
