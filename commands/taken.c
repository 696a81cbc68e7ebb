/*
 * What goes along with what a plan takes away: everything that hangs on it, and who would refuse
 * it. Asks the catalog; decides nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "text.h"
#include "banned.h"

const char *
losing_size(struct arena *a, int64_t rows, int64_t bytes)
{
	if (rows < 0 && bytes < 0)
		return "definition only";
	return arena_printf(a, "%s, %s", rows < 0 ? "unknown rows" : text_many(a, rows, "row"),
	    text_bytes(a, bytes));
}

int
losing_is_truncate(const struct action *act)
{
	return strncmp(act->kind, "truncate", 8) == 0;
}

/* The statement names it itself, or the table it stands on. */
static int
is_listed(const struct statement *s, const struct dependent *d)
{
	const struct object *o;
	size_t i, k;

	for (i = 0; i < s->nactions; i++)
		for (k = 0; k < s->actions[i].nobjects; k++) {
			o = &s->actions[i].objects[k];
			if (o->oid != 0 &&
			    (o->oid == d->table_oid || (o->oid == d->oid && d->table_oid == 0)))
				return 1;
		}
	return 0;
}

/* TRUNCATE minds only foreign keys of tables it does not empty itself. */
static int
matters(const struct action *act, const struct statement *s, const struct dependent *d)
{
	return !is_listed(s, d) &&
	       (!losing_is_truncate(act) ||
		   (d->table != NULL && strstr(d->type, "foreign key") != NULL));
}

/* What undo needs to know of it; in the world's facts, so that it is signed with the plan. */
static char *
as_json(struct arena *a, const struct dependent *d)
{
	json_t *o = json_pack("{s:s, s:s*, s:s*, s:s*, s:I}", "type", d->type, "schema", d->schema,
	    "name", d->name, "table", d->table, "oid", (json_int_t)d->oid);
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII), *out;

	out = arena_strdup(a, text == NULL ? "{}" : text);
	free(text);
	json_decref(o);
	return out;
}

static int
has_fact(const struct plan *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nworld; i++)
		if (strcmp(p->world[i].name, name) == 0)
			return 1;
	return 0;
}

/* 1 where it was not known yet. */
static int
add_taken(struct losing *l, const struct dependent *d)
{
	const char *what = d->identity, *detail, *name;
	struct arena *a = l->c->arena;

	detail = losing_size(a, d->rows, d->bytes);
	if (strcmp(d->type, "table column") == 0)
		detail = "with its value in every row";
	if (losing_is_truncate(l->act)) {
		what = arena_printf(a, "all rows of %s", d->table);
		detail = "it refers to what is emptied";
	}
	name = arena_printf(a, "takes %s", what);
	if (has_fact(l->p, name))
		return 0;
	plan_add_loss(a, l->p, what, detail);
	plan_add_fact(a, l->p, name, as_json(a, d));
	return 1;
}

static void
add_blocker(struct losing *l, const struct dependent *d)
{
	struct findings *f = l->f;

	f->blockers = arena_grow(l->c->arena, f->blockers, f->nblockers, sizeof(*f->blockers));
	f->blockers[f->nblockers++] = d->identity;
}

/* A TRUNCATE that cascades empties also what refers to the tables it takes along. */
int
losing_dependents(struct losing *l, const struct object *o, struct err *e)
{
	struct object next = {.type = "table"};
	struct dependent *deps;
	size_t n, i;

	if (ask_dependents(l->c->cluster, l->c->waiter, l->c->arena, o, &deps, &n, e) != 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (!matters(l->act, l->s, &deps[i]))
			continue;
		if (!(l->act->flags & ACTION_CASCADE) && !deps[i].goes_along)
			add_blocker(l, &deps[i]);
		if (losing_is_truncate(l->act) && !(l->act->flags & ACTION_CASCADE))
			continue; /* the server refuses it: nothing is taken along */
		if (!add_taken(l, &deps[i]) || !losing_is_truncate(l->act))
			continue;
		next.name = deps[i].table;
		next.oid = deps[i].table_oid;
		if (losing_dependents(l, &next, e) != 0)
			return -1;
	}
	return 0;
}
