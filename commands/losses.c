/*
 * What a plan takes away: each object with its rows and size, and what hangs on it. Asks the
 * catalog; decides nothing.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "banned.h"

/* Dropping a part of a table takes along what hangs on that part, not what hangs on the table. */
static int
is_whole(const struct action *act)
{
	return losing_is_truncate(act) ||
	       (!(act->flags & ACTION_DML) && strncmp(act->kind, "drop-", 5) == 0 &&
		   strcmp(act->kind, "drop-column") != 0 &&
		   strcmp(act->kind, "drop-constraint") != 0);
}

/* What the catalog was asked about; of the rest nobody knows how big it is, or whether it is there.
 */
static const char *
size_of(struct arena *a, const struct object *o)
{
	static const char *const asked[] = {"table", "view", "materialized view", "sequence",
	    "index", "foreign table", "schema", "database", "role", "type", "domain", "extension"};
	size_t i;

	if (o->oid != 0)
		return losing_size(a, o->rows, o->bytes);
	if (strcmp(o->type, "column") == 0)
		return "with its value in every row";
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (strcmp(o->type, asked[i]) == 0)
			return "does not exist on this node (a replica may have it)";
	return "what hangs on it is not known here";
}

static int
losses_of(struct losing *l, const struct object *o, struct err *e)
{
	struct arena *a = l->c->arena;

	if (l->act->danger == DANGER_DESTRUCTIVE && o->name != NULL)
		plan_add_loss(a, l->p,
		    arena_printf(a, "%s%s %s",
			is_whole(l->act) || (l->act->flags & ACTION_DML) || o->oid == 0
			    ? ""
			    : "a part of ",
			l->act->flags & ACTION_DML ? "rows of" : o->type, object_name(a, o)),
		    size_of(a, o));
	if (o->oid == 0 || l->act->danger != DANGER_DESTRUCTIVE || !is_whole(l->act))
		return 0;
	return losing_dependents(l, o, e);
}

int
planning_losses(struct context *c, struct plan *p, struct findings *f, struct err *e)
{
	struct losing l = {.c = c, .p = p, .f = f};
	size_t i, k, m;

	for (i = 0; i < p->nstatements; i++) {
		l.s = &p->statements[i];
		for (k = 0; k < l.s->nactions; k++) {
			l.act = &l.s->actions[k];
			for (m = 0; m < l.act->nobjects; m++)
				if (losses_of(&l, &l.act->objects[m], e) != 0)
					return -1;
		}
	}
	return 0;
}
