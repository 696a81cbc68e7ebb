/*
 * Actions and their objects grow in the statement's arena, bounded, whichever dialect's walk finds
 * them.
 */
#include <string.h>

#include "engines/actions.h"
#include "banned.h"

struct action *
action_add(struct arena *a, struct action **actions, size_t *n, enum danger d, const char *kind,
    const char *why)
{
	struct action *x;

	*actions = arena_grow(a, *actions, *n, sizeof(**actions));
	x = &(*actions)[(*n)++];
	memset(x, 0, sizeof(*x));
	x->danger = d;
	x->kind = kind;
	x->why = why;
	return x;
}

static void
name_it(struct object *o, const char *type, const char *schema, const char *name)
{
	memset(o, 0, sizeof(*o));
	o->type = type;
	o->schema = schema;
	o->name = name;
	o->rows = o->bytes = -1;
}

struct object *
action_object(
    struct arena *a, struct action *x, const char *type, const char *schema, const char *name)
{
	struct object *o;

	if (name == NULL)
		return NULL;
	if (x->nobjects >= OBJECTS_MAX) {
		if (x->danger < DANGER_OPAQUE)
			x->danger = DANGER_OPAQUE;
		x->why = "names more objects than can be reviewed";
		return NULL;
	}
	x->objects = arena_grow(a, x->objects, x->nobjects, sizeof(*x->objects));
	o = &x->objects[x->nobjects++];
	name_it(o, type, schema, name);
	return o;
}

int
action_reads(struct arena *a, struct object **reads, size_t *n, const char *type,
    const char *schema, const char *name)
{
	const struct object *o;
	size_t i;

	for (i = 0; i < *n; i++) {
		o = &(*reads)[i];
		if (strcmp(o->name, name) == 0 && strcmp(o->type, type) == 0 &&
		    (schema == NULL ? o->schema == NULL
				    : o->schema != NULL && strcmp(o->schema, schema) == 0))
			return 0;
	}
	if (*n == READS_MAX)
		return -1;
	*reads = arena_grow(a, *reads, *n, sizeof(**reads));
	name_it(&(*reads)[*n], type, schema, name);
	(*reads)[(*n)++].is_unqualified = schema == NULL;
	return 0;
}
