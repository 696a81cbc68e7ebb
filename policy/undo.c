/*
 * The way back of what an earlier plan took, as a plan: each object from a replica the plan held,
 * then the replicas released, upper ones first. Must never release one before the rows are back.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "policy/inside.h"
#include "policy.h"
#include "text.h"
#include "policy/steps.h"
#include "banned.h"

#define UNDO_TIMEOUT_MS (12 * 3600 * 1000)

/* What a statement did, and how the procedure of an engine calls bringing that back. */
static const struct {
	const char *kind, *type, *mode;
} ways[] = {
    {"drop-table", "table", "drop"},
    {"truncate", "table", "truncate"},
    {"delete", "table", "delete"},
    {"update", "table", "update"},
    {"merge", "table", "update"},
    {"alter-column-type", "table", "replace"},
    {"alter-charset", "table", "replace"},
    {"drop-column", "table", "replace"},
    {"drop-constraint", "table", "replace"},
    {"drop-schema", "schema", "schema"},
    {"drop-database", "database", "database"},
};

const char *
undo_mode(const struct action *act, const struct object *o)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].kind, act->kind) == 0 && strcmp(ways[i].type, o->type) == 0)
			return ways[i].mode;
	return NULL;
}

/* One object to bring back. */
struct lost {
	const struct object *object;
	const char *mode;
	struct lost *next;
};

/* Two clauses of one ALTER TABLE are one thing to take back. */
static int
is_in(const struct lost *l, const struct object *o, const char *mode)
{
	for (; l != NULL; l = l->next)
		if (l->object->oid == o->oid && strcmp(l->object->name, o->name) == 0 &&
		    strcmp(l->mode, mode) == 0)
			return 1;
	return 0;
}

static struct lost *
lost_objects(struct arena *a, const struct plan *filed)
{
	struct lost *first = NULL, **end = &first;
	const struct action *act;
	const char *mode;
	size_t i, k, m;

	for (i = 0; i < filed->nstatements; i++)
		for (k = 0; k < filed->statements[i].nactions; k++) {
			act = &filed->statements[i].actions[k];
			for (m = 0; m < act->nobjects; m++) {
				mode = undo_mode(act, &act->objects[m]);
				if (mode == NULL || act->objects[m].is_temporary ||
				    (act->objects[m].oid == 0 && strcmp(mode, "database") != 0) ||
				    is_in(first, &act->objects[m], mode))
					continue;
				*end = arena_alloc(a, sizeof(**end));
				(*end)->object = &act->objects[m];
				(*end)->mode = mode;
				end = &(*end)->next;
			}
		}
	return first;
}

static int
takes(struct arena *a, const struct plan *p, const char *what)
{
	const char *name = arena_printf(a, "takes %s", what);
	size_t i;

	for (i = 0; i < p->nworld; i++)
		if (strcmp(p->world[i].name, name) == 0)
			return 1;
	return 0;
}

const char *
undo_stranded(struct arena *a, const struct plan *p)
{
	const char *of;
	size_t i;

	for (i = 0; i < p->nworld; i++) {
		if (strncmp(p->world[i].name, "takes column ", 13) != 0 ||
		    strstr(p->world[i].value, "\"type\":\"table column\"") == NULL)
			continue;
		of = strstr(p->world[i].name, " of table ");
		if (of == NULL || !takes(a, p, of + 4))
			return p->world[i].name + 6;
	}
	return NULL;
}

/* True where the plan itself asked this node to pause, or relied on its standing hold. */
static int
was_held_by(const struct plan *filed, const char *name)
{
	size_t i;

	for (i = 0; i < filed->nsteps; i++)
		if (filed->steps[i].kind == KIND_HOLD && strcmp(filed->steps[i].node, name) == 0)
			return 1;
	return 0;
}

static int
depth(const struct topology *t, const struct node *n)
{
	int d = 0;

	while ((n = topology_find_identity(t, n->upstream)) != NULL && d < 1000)
		d++;
	return d;
}

/* The plan's replicas that are still held, upper ones first. */
static const struct node **
still_held(struct arena *a, const struct topology *t, const struct plan *filed, size_t *n)
{
	const struct node **held = arena_array(a, t->nnodes + 1, sizeof(*held)), *x;
	size_t i, k;

	*n = 0;
	for (i = 0; i < t->nnodes; i++) {
		x = &t->nodes[i];
		if (x->role != ROLE_REPLICA || !was_held_by(filed, x->name) ||
		    (x->hold != HOLD_PAUSED && x->hold != HOLD_BY_DELAY))
			continue;
		for (k = *n; k > 0 && depth(t, held[k - 1]) > depth(t, x); k--)
			held[k] = held[k - 1];
		held[k] = x;
		(*n)++;
	}
	return held;
}

/* What CASCADE took, as the signed plan states it: a JSON list. */
static const char *
taken(struct arena *a, const struct plan *filed)
{
	const char *list = "";
	size_t i, n = 0;

	for (i = 0; i < filed->nworld; i++)
		if (strncmp(filed->world[i].name, "takes ", 6) == 0)
			list = arena_printf(
			    a, "%s%s%s", list, n++ > 0 ? "," : "", filed->world[i].value);
	return arena_printf(a, "[%s]", list);
}

/* How it is compared, by the way it comes back. */
static const char *
why_of(struct arena *a, const struct lost *l, const char *from, const char *xid)
{
	const char *name = object_name(a, l->object);

	if (strcmp(l->mode, "delete") == 0)
		return arena_printf(a,
		    "bring rows of %s that are missing, and what foreign keys took with them, back "
		    "from %s; rows that are there stay as they are",
		    name, from);
	if (strcmp(l->mode, "update") == 0 && xid[0] != '\0')
		return arena_printf(a,
		    "give rows of %s that transaction %s wrote the values they have on %s; rows "
		    "written since by others stay as they are",
		    name, xid, from);
	if (strcmp(l->mode, "update") == 0)
		return arena_printf(a,
		    "give rows of %s the values they have on %s: which rows the statement wrote is "
		    "not known, so what others wrote to them since is lost",
		    name, from);
	return arena_printf(a,
	    "bring %s%s back from %s: load beside, compare rows and a checksum, commit only when "
	    "equal",
	    strcmp(l->object->type, "table") == 0 ? "" : arena_printf(a, "%s ", l->object->type),
	    name, from);
}

/* The directory of the safety copy that plan took of it, or NULL. */
static const char *
copy_of(struct arena *a, const struct plan *filed, const struct object *o)
{
	const char *schema, *table, *dir, *name;
	const struct step *s;
	size_t i, k;

	for (i = 0; i < filed->nsteps; i++) {
		s = &filed->steps[i];
		if (s->kind != KIND_COPY)
			continue;
		schema = table = dir = name = "";
		for (k = 0; k < s->nargs; k++) {
			const struct argument *x = &s->args[k];

			schema = strcmp(x->name, "schema") == 0 ? x->value : schema;
			table = strcmp(x->name, "table") == 0 ? x->value : table;
			dir = strcmp(x->name, "directory") == 0 ? x->value : dir;
			name = strcmp(x->name, "name") == 0 ? x->value : name;
		}
		if (strcmp(o->type, "table") == 0
			? o->schema != NULL && strcmp(schema, o->schema) == 0 &&
			      strcmp(table, o->name) == 0
			: table[0] == '\0' && strcmp(schema, o->name) == 0)
			return arena_printf(a, "%s/%s", dir, name);
	}
	return NULL;
}

/* from: the held replica; NULL: the safety copy in `copy`. */
static void
add_load(struct arena *a, struct plan *p, const struct plan *filed, const struct lost *l,
    const struct node *from, const char *copy, const struct node *primary, const char *xid)
{
	struct step *s = plan_add(a, p);
	int is_table = strcmp(l->object->type, "table") == 0;

	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = KIND_LOAD;
	s->conn = CONN_CONTROL;
	s->node = arena_strdup(a, primary->name);
	s->proc = strcmp(l->mode, "database") == 0 ? "undo-database-v1" : "undo-table-v1";
	s->timeout_ms = UNDO_TIMEOUT_MS;
	s->why =
	    why_of(a, l, from != NULL ? from->name : arena_printf(a, "the copy %s", copy), xid);
	steps_arg(a, s, "from", from != NULL ? from->name : "");
	steps_arg(a, s, "copy", copy);
	steps_arg(a, s, "to", primary->name);
	steps_arg(a, s, "database", filed->session.database);
	steps_arg(a, s, "schema", is_table ? l->object->schema : l->object->name);
	steps_arg(a, s, "table", is_table ? l->object->name : "");
	steps_arg(a, s, "oid", arena_printf(a, "%u", l->object->oid));
	steps_arg(a, s, "dependents", l->next == NULL ? taken(a, filed) : "[]");
	steps_arg(a, s, "plan", filed->id);
	steps_arg(a, s, "mode", l->mode);
	steps_arg(a, s, "rows", arena_printf(a, "%lld", (long long)l->object->rows));
	steps_arg(a, s, "xid", xid);
}

static void
add_node(struct arena *a, struct plan *p, const struct node *n, int is_held)
{
	plan_add_node(a, p, n->name, n->identity, n->incarnation, n->role, is_held);
}

/* Held replicas that came up at their recovery target: a resume would promote them. */
static const char *
restarts(struct arena *a, const struct node *const *held, size_t n)
{
	const char *names = "";
	size_t i;

	for (i = 0; i < n; i++)
		if (held[i]->target_lsn != NULL)
			names = arena_printf(
			    a, "%s%s%s", names, names[0] == '\0' ? "" : " and ", held[i]->name);
	if (names[0] == '\0')
		return "";
	return arena_printf(a,
	    "; %s came up at a recovery target and would be promoted by a resume: settings are "
	    "reset, and the server must be restarted by hand afterwards",
	    names);
}

static void
set_verdict(struct arena *a, struct plan *p, const struct guard_input *in, const char *back,
    const char *restarts)
{
	struct reason *r = arena_alloc(a, sizeof(*r));

	r->rule = "undo";
	r->sentence = back == NULL ? "What it took comes back from the safety copy, and every "
				     "replica replays that; the copy stays where it is."
				   : arena_printf(a,
					 "what it took comes back from %s, and the replicas are "
					 "released: they replay the "
					 "mistake "
					 "and "
					 "its repair, so the copy they keep now is gone%s",
					 back, restarts);
	r->learned = "cxalloy";
	r->level = LEVEL_APPROVE;
	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = in->policy->approvals > 0 ? in->policy->approvals : 1;
	p->verdict.reasons = r;
	p->verdict.nreasons = 1;
	p->danger = DANGER_DESTRUCTIVE;
	p->back = BACK_STATEMENT;
	p->way_back =
	    back == NULL
		? "the same statement can be run again by hand; the copy stays"
		: "before the replicas are released nothing is lost; after that the same statement "
		  "can be run again by hand";
}

int
policy_plan_undo(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct plan *filed, const char *xid, struct err *e)
{
	const struct node *primary = topology_primary(in->topology), **held;
	const struct lost *l = lost_objects(a, filed), *m;
	size_t n, i;

	if (primary == NULL)
		return err_set(
		    e, ERR_REFUSED, "there is not exactly one primary; nothing was brought back");
	if (strcmp(in->session->identity, primary->identity) != 0) {
		err_set(e, ERR_REFUSED,
		    "this session is on %s, and what was lost comes back on the primary, %s",
		    in->session->node, primary->name);
		return err_hint(e, "connect %s", primary->name);
	}
	if (l == NULL)
		return err_set(e, ERR_REFUSED,
		    "plan %.8s took no table, rows, schema or database: undo does not know a way "
		    "back for it",
		    filed->id);
	held = still_held(a, in->topology, filed, &n);
	if (n > 0 && undo_stranded(a, filed) != NULL) {
		err_set(e, ERR_REFUSED,
		    "plan %.8s took %s out of a table that stays: undo cannot bring a column's "
		    "values back; nothing was done",
		    filed->id, undo_stranded(a, filed));
		return err_hint(
		    e, "Copy that table from %s by hand, while it is held.", held[n - 1]->name);
	}
	for (m = l; n == 0 && m != NULL; m = m->next) {
		if (copy_of(a, filed, m->object) != NULL)
			continue;
		err_set(e, ERR_REFUSED,
		    "no replica that plan %.8s held is still held, and it took no safety copy of "
		    "%s: nothing to bring back from",
		    filed->id, object_name(a, m->object));
		return err_hint(e, "topology shows what each replica is doing.");
	}
	set_verdict(a, p, in, n == 0 ? NULL : held[n - 1]->name, restarts(a, held, n));
	p->undoes = filed->id;
	add_node(a, p, primary, 0);
	for (i = 0; i < n; i++)
		add_node(a, p, held[i], 1);
	for (; l != NULL; l = l->next)
		add_load(a, p, filed, l, n == 0 ? NULL : held[n - 1],
		    n == 0 ? copy_of(a, filed, l->object) : NULL, primary, xid);
	for (i = 0; i < n; i++)
		in->engine->wording->release(a, p, policy_soften(a, p, in, held[i]), (int)i + 1);
	policy_world(a, p, in->topology, in->session, in->holds, in->nholds);
	return 0;
}
