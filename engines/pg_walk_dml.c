/*
 * Rules for queries and changes of rows. A DELETE or UPDATE is a write only where its own WHERE
 * restricts its own target (engines/pg_where.c).
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

void
rule_select(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t into;
	struct object *o;

	if (strcmp(row->node, "intoClause") == 0) {
		/* CREATE TABLE AS has "into"; only SELECT INTO comes here. */
		walk_add(w, DANGER_WRITE, "select-into", "makes a new table of what it reads");
		if ((into = walk_get(w, node, "rel")) != 0 &&
		    (o = walk_relation(w, "table", into)) != NULL && o->is_temporary)
			w->actions[w->nactions - 1].why = "makes a temporary table";
		return;
	}
	w->is_query = 1;
	walk_add(w, DANGER_READ, "select", "reads")->flags = ACTION_SELECT;
}

void
walk_reads(struct walk *w, const char *type, const char *schema, const char *name)
{
	if (action_reads(w->a, &w->reads, &w->nreads, type, schema, name) < 0)
		walk_opaque(w, "unknown", "reads more relations than can be looked up");
}

/* A relation in a FROM, USING or a join. LOCK and TRUNCATE list theirs outside of any query. */
void
rule_read(struct walk *w, uint32_t node, const struct node_row *row)
{
	const char *schema, *name;

	(void)row;
	if (!w->is_query || w->nscopes > 0)
		return;
	schema = walk_string(w, node, "schemaname");
	name = walk_string(w, node, "relname");
	if (name != NULL && (schema == NULL || !pg_is_catalog(schema, name)))
		walk_reads(w, "relation", schema, name);
}

void
rule_locking(struct walk *w, uint32_t node, const struct node_row *row)
{
	(void)node;
	(void)row;
	walk_add(w, DANGER_WRITE, "row-lock", "locks the rows it reads");
}

/* Adds the action of a change; catalogues are never mere rows. */
static struct action *
change(struct walk *w, enum danger d, const char *kind, const char *why, uint32_t relation)
{
	struct action *x;
	struct object *o;

	walk_add(w, d, kind, why);
	o = walk_relation(w, "table", relation);
	x = &w->actions[w->nactions - 1];
	x->flags = ACTION_DML;
	if (o == NULL)
		return x;
	if (pg_is_temporary(o->schema)) {
		x->danger = DANGER_WRITE;
		x->why = "changes a temporary table";
	} else if (pg_is_catalog(o->schema, o->name) && x->danger < DANGER_DANGEROUS) {
		x->danger = strcmp(kind, "delete") == 0 ? DANGER_DESTRUCTIVE : DANGER_DANGEROUS;
		x->why = "changes a system catalogue by hand";
	} else if (x->danger > DANGER_WRITE && o->schema == NULL)
		x->flags |= ACTION_TEMPABLE;
	return x;
}

void
rule_insert(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t conflict = walk_get(w, node, "onConflictClause");
	int updates = walk_is(w, conflict, "action", "ONCONFLICT_UPDATE");

	(void)row;
	change(w, DANGER_WRITE, updates ? "upsert" : "insert",
	    updates ? "adds rows, or changes the ones already there" : "adds rows",
	    walk_get(w, node, "relation"));
}

static void
target_of(struct walk *w, uint32_t node, struct target *t, const char *joined)
{
	uint32_t rel = walk_get(w, node, "relation"), alias = walk_get(w, rel, "alias");

	memset(t, 0, sizeof(*t));
	t->schema = walk_string(w, rel, "schemaname");
	t->name = walk_string(w, rel, "relname");
	t->alias = alias != 0 ? walk_string(w, alias, "aliasname") : t->name;
	t->with = walk_get(w, node, "withClause");
	t->joined = walk_get(w, node, joined);
	t->is_alone = t->joined == 0;
	if (t->name == NULL)
		t->name = t->alias = "";
}

static void
delete_or_update(struct walk *w, uint32_t node, const char *kind, const char *joined)
{
	uint32_t where = walk_get(w, node, "whereClause");
	struct target t;
	struct action *x;
	int is_delete = strcmp(kind, "delete") == 0;
	enum restricts by = RESTRICTS_NOTHING;

	w->is_query = 1;
	target_of(w, node, &t, joined);
	if (where != 0)
		by = pg_restricts(w, where, &t);
	if (by == RESTRICTS_ROWS) {
		change(w, DANGER_WRITE, kind,
		    is_delete ? "removes the rows its condition names"
			      : "changes the rows its condition names",
		    walk_get(w, node, "relation"));
		return;
	}
	if (by == RESTRICTS_NUMBER) {
		change(w, DANGER_DANGEROUS, kind,
		    arena_printf(w->a, "only a LIMIT bounds it: any rows of the table are %s",
			is_delete ? "removed" : "changed"),
		    walk_get(w, node, "relation"));
		return;
	}
	x = change(w, DANGER_DESTRUCTIVE, kind,
	    arena_printf(w->a, "%s: every row of the table is %s",
		where == 0 ? "has no WHERE" : "its WHERE does not restrict the table it changes",
		is_delete ? "removed" : "changed"),
	    walk_get(w, node, "relation"));
	x->flags |= ACTION_UNBOUNDED;
}

void
rule_delete(struct walk *w, uint32_t node, const struct node_row *row)
{
	(void)row;
	delete_or_update(w, node, "delete", "usingClause");
}

void
rule_update(struct walk *w, uint32_t node, const struct node_row *row)
{
	(void)row;
	delete_or_update(w, node, "update", "fromClause");
}

/* A WHEN that changes rows of the target without a condition of its own that restricts it. */
static const char *
unbounded_when(struct walk *w, uint32_t node, const struct target *t)
{
	uint32_t list = walk_get(w, node, "mergeWhenClauses"), i, when, cond;

	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i)) {
		when = json_node(w->j, i, "MergeWhenClause");
		if (!walk_is(w, when, "commandType", "CMD_DELETE") &&
		    !walk_is(w, when, "commandType", "CMD_UPDATE"))
			continue;
		cond = walk_get(w, when, "condition");
		if (cond == 0 || pg_restricts(w, cond, t) == RESTRICTS_NOTHING)
			return walk_is(w, when, "commandType", "CMD_DELETE") ? "removed"
									     : "changed";
	}
	return NULL;
}

void
rule_merge(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t on = walk_get(w, node, "joinCondition");
	enum restricts by = RESTRICTS_NOTHING;
	struct target t;
	const char *lost = NULL;

	(void)row;
	w->is_query = 1;
	target_of(w, node, &t, "sourceRelation");
	t.is_alone = 0;
	if (on != 0)
		by = pg_restricts(w, on, &t);
	if (by != RESTRICTS_ROWS)
		lost = unbounded_when(w, node, &t);
	if (lost == NULL)
		change(w, DANGER_WRITE, "merge", "changes the rows its source names",
		    walk_get(w, node, "relation"));
	else if (by == RESTRICTS_NUMBER)
		change(w, DANGER_DANGEROUS, "merge",
		    arena_printf(
			w->a, "only a LIMIT bounds it: any rows of the table are %s", lost),
		    walk_get(w, node, "relation"));
	else
		change(w, DANGER_DESTRUCTIVE, "merge",
		    arena_printf(w->a,
			"its ON does not restrict the table it changes: every row is %s", lost),
		    walk_get(w, node, "relation"))
		    ->flags |= ACTION_UNBOUNDED;
}

void
rule_truncate(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t list = walk_get(w, node, "relations"), i;
	int is_cascade = walk_is_cascade(w, node), is_temporary = 1, is_named = 1;
	struct object *o;
	struct action *x;

	(void)row;
	walk_add(w, DANGER_DESTRUCTIVE, "truncate",
	    is_cascade ? "empties tables, and CASCADE every table that references them"
		       : "empties tables, on every replica too");
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i)) {
		o = walk_relation(w, "table", json_node(w->j, i, "RangeVar"));
		is_temporary &= o != NULL && pg_is_temporary(o->schema);
		is_named &= o != NULL && o->schema == NULL;
	}
	x = &w->actions[w->nactions - 1];
	x->flags = ACTION_DML | ACTION_UNBOUNDED;
	if (is_cascade)
		x->flags |= ACTION_CASCADE;
	else if (is_temporary && x->nobjects > 0) {
		x->danger = DANGER_WRITE;
		x->why = "empties temporary tables";
	} else if (is_named && x->nobjects > 0)
		x->flags |= ACTION_TEMPABLE;
}

static void
copy_rows(struct walk *w, uint32_t node, int is_from)
{
	uint32_t rel = walk_get(w, node, "relation");

	if (is_from)
		change(w, DANGER_WRITE, "copy-from", "adds the rows the client sends", rel)
		    ->flags |= ACTION_COPY_STREAM;
	else {
		walk_add(w, DANGER_READ, "copy-to", "streams rows to the client")->flags =
		    ACTION_COPY_STREAM;
		walk_relation(w, "table", rel);
		/* Row security makes it a query. */
		w->is_query = 1;
		rule_read(w, rel, NULL);
	}
}

void
rule_copy(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_from = walk_is_true(w, node, "is_from");
	uint32_t rel = walk_get(w, node, "relation");

	(void)row;
	if (walk_is_true(w, node, "is_program"))
		walk_add(w, DANGER_DANGEROUS, "copy-program", "runs a program on the server");
	else if (walk_get(w, node, "filename") != 0)
		walk_add(w, DANGER_DANGEROUS, "copy-file",
		    is_from ? "reads a file of the server" : "writes a file of the server");
	else {
		copy_rows(w, node, is_from);
		return;
	}
	walk_relation(w, "table", rel);
}

void
rule_explain(struct walk *w, uint32_t node, const struct node_row *row)
{
	int runs = walk_option(w, walk_get(w, node, "options"), "analyze", 0);

	(void)row;
	walk_add(w, DANGER_READ, runs ? "explain-analyze" : "explain",
	    runs ? "runs the statement and shows its plan" : "shows a plan, runs nothing")
	    ->flags = ACTION_SELECT;
	if (!runs)
		walk_scope(w, node, SCOPE_INERT);
}

void
rule_opaque(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t call = walk_get(w, node, "funccall");

	walk_opaque(w, row->kind, row->why);
	if (call != 0)
		walk_names(w, row->type, walk_get(w, call, "funcname"));
	else if (row->object != NULL)
		walk_object(w, row->type, NULL, walk_string(w, node, row->object));
}

/* PREPARE and DECLARE: the walk goes on into the body. */
void
rule_query(struct walk *w, uint32_t node, const struct node_row *row)
{
	walk_add(w, row->danger, row->kind, row->why)->flags = ACTION_SESSION;
	walk_object(w, row->type, NULL, walk_string(w, node, row->object));
}

void
rule_session(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);

	(void)node;
	if (strcmp(row->kind, "show") == 0)
		x->flags = ACTION_SELECT;
	else
		x->flags = ACTION_SESSION;
}
