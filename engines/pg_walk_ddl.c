/*
 * Rules for definitions: CREATE, DROP, ALTER, privileges, maintenance. What takes SHARE or a
 * stronger lock on an existing table is dangerous; what loses rows, counters or replication state
 * is destructive; CASCADE always is.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

#define ALONG "CASCADE takes along everything that depends on it"

/* "drop-" and the type's name with dashes. */
static const char *
kind_of(struct walk *w, const char *verb, const char *type)
{
	char *s = arena_printf(w->a, "%s-%s", verb, type), *p;

	for (p = s; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
	return s;
}

/* [schema, table, name] of a trigger, rule or policy: the table, too. */
static void
member_objects(struct walk *w, const char *type, uint32_t wrapper)
{
	uint32_t items = walk_get(w, json_node(w->j, wrapper, "List"), "items"), i, s;
	const char *parts[3] = {NULL, NULL, NULL};

	for (i = json_first(w->j, items); i != 0; i = json_after(w->j, items, i)) {
		parts[0] = parts[1];
		parts[1] = parts[2];
		s = json_node(w->j, i, "String");
		parts[2] = s != 0 ? walk_string(w, s, "sval") : NULL;
	}
	walk_object(w, type, NULL, parts[2]);
	walk_object(w, "table", parts[0], parts[1]);
}

/* An entry of DROP's list or the object of COMMENT, RENAME and their like. */
static void
any_object(struct walk *w, const char *type, uint32_t wrapper)
{
	uint32_t n;

	if (strcmp(type, "trigger") == 0 || strcmp(type, "rule") == 0 ||
	    strcmp(type, "policy") == 0 || strcmp(type, "column") == 0 ||
	    strcmp(type, "constraint") == 0)
		member_objects(w, type, wrapper);
	else if ((n = json_node(w->j, wrapper, "ObjectWithArgs")) != 0)
		walk_names(w, type, walk_get(w, n, "objname"));
	else if ((n = json_node(w->j, wrapper, "TypeName")) != 0)
		walk_names(w, type, walk_get(w, n, "names"));
	else
		walk_names(w, type, wrapper);
}

static void
drop_objects(struct walk *w, uint32_t node, const struct type_row *t)
{
	uint32_t list = walk_get(w, node, "objects"), i;
	struct action *x;
	size_t k;
	int is_temporary = 1, is_bare = 1;

	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		any_object(w, t->type, i);
	x = &w->actions[w->nactions - 1];
	for (k = 0; k < x->nobjects; k++) {
		is_temporary &= pg_is_temporary(x->objects[k].schema);
		is_bare &= x->objects[k].schema == NULL;
	}
	if (x->nobjects == 0 || x->flags & ACTION_CASCADE || strcmp(t->type, "schema") == 0)
		return;
	if (is_temporary && x->danger == DANGER_DESTRUCTIVE) {
		x->danger = DANGER_WRITE;
		x->why = "drops what only this session sees";
	} else if (is_bare &&
		   (strcmp(t->type, "table") == 0 || strcmp(t->type, "view") == 0 ||
		       strcmp(t->type, "sequence") == 0 || strcmp(t->type, "index") == 0))
		x->flags |= ACTION_TEMPABLE;
}

void
rule_drop(struct walk *w, uint32_t node, const struct node_row *row)
{
	const struct type_row *t = pg_type_find(w->j, walk_get(w, node, "removeType"));
	struct action *x;

	(void)row;
	walk_scope(w, node, SCOPE_INERT);
	if (t == NULL) {
		walk_opaque(w, "drop", "drops a kind of object the classifier does not know");
		return;
	}
	x = walk_add(w, t->drop, kind_of(w, "drop", t->type), t->drop_why);
	if (walk_is_cascade(w, node)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->flags |= ACTION_CASCADE;
		x->why = ALONG;
	}
	if (walk_is_true(w, node, "missing_ok"))
		x->flags |= ACTION_IF_EXISTS;
	if (walk_is_true(w, node, "concurrent"))
		x->flags |= ACTION_CONCURRENTLY | ACTION_NO_TX;
	drop_objects(w, node, t);
}

void
rule_drop_role(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t list = walk_get(w, node, "roles"), i, r;

	(void)row;
	walk_add(w, DANGER_DANGEROUS, "drop-role", "a login or group is removed");
	if (walk_is_true(w, node, "missing_ok"))
		w->actions[w->nactions - 1].flags |= ACTION_IF_EXISTS;
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		if ((r = json_node(w->j, i, "RoleSpec")) != 0)
			walk_object(w, "role", NULL, walk_string(w, r, "rolename"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_reassign(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t list = walk_get(w, node, "roles"), i, r;
	struct action *x = walk_add(w, row->danger, row->kind, row->why);

	if (walk_is_cascade(w, node))
		x->flags |= ACTION_CASCADE;
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		if ((r = json_node(w->j, i, "RoleSpec")) != 0)
			walk_object(w, "role", NULL, walk_string(w, r, "rolename"));
	walk_scope(w, node, SCOPE_INERT);
}

/* A foreign key to another table than the one being made. */
static uint32_t
references(struct walk *w, uint32_t node, const char *own)
{
	uint32_t i, end = w->j->at[node].next, c, pk;

	for (i = node; i < end; i++) {
		if ((c = json_node(w->j, i, "Constraint")) == 0 ||
		    !walk_is(w, c, "contype", "CONSTR_FOREIGN"))
			continue;
		pk = walk_get(w, c, "pktable");
		if (pk != 0 && (own == NULL || !walk_is(w, pk, "relname", own)))
			return pk;
	}
	return 0;
}

void
rule_create_table(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_foreign = strcmp(row->node, "CreateForeignTableStmt") == 0;
	uint32_t base = is_foreign ? walk_get(w, node, "base") : node, rel, pk, parents;
	struct object *o;

	rel = walk_get(w, base, "relation");
	parents = walk_get(w, base, "inhRelations");
	pk = references(w, base, rel != 0 ? walk_string(w, rel, "relname") : NULL);
	if (walk_get(w, base, "partbound") != 0)
		walk_add(w, DANGER_DANGEROUS, "create-partition",
		    "takes ACCESS EXCLUSIVE on the parent and the default partition");
	else if (pk != 0)
		walk_add(w, DANGER_DANGEROUS, "create-table",
		    "its foreign key blocks writers of the table it references");
	else
		walk_add(w, DANGER_WRITE, is_foreign ? "create-foreign-table" : "create-table",
		    "makes a new object and touches no existing one");
	o = walk_relation(w, is_foreign ? "foreign table" : "table", rel);
	if (o != NULL && o->is_temporary && w->actions[w->nactions - 1].danger == DANGER_WRITE)
		w->actions[w->nactions - 1].why = "makes a temporary table";
	if (pk != 0)
		walk_relation(w, "table", pk);
	else if (walk_get(w, base, "partbound") != 0)
		walk_relation(w, "table", json_node(w->j, json_first(w->j, parents), "RangeVar"));
	if (walk_is_true(w, base, "if_not_exists"))
		w->actions[w->nactions - 1].flags |= ACTION_IF_EXISTS;
	/* The bounds of a partition are computed now; defaults and checks are not. */
	if (walk_get(w, base, "partbound") == 0)
		walk_scope(w, node, SCOPE_INERT);
}

void
rule_create_as(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_matview = walk_is(w, node, "objtype", "OBJECT_MATVIEW");
	uint32_t into = walk_get(w, node, "into");

	(void)row;
	walk_add(w, DANGER_WRITE, is_matview ? "create-materialized-view" : "create-table-as",
	    "makes a new object of what it reads");
	walk_relation(w, is_matview ? "materialized view" : "table", walk_get(w, into, "rel"));
	if (walk_is_true(w, into, "skipData") &&
	    json_node(w->j, walk_get(w, node, "query"), "ExecuteStmt") == 0)
		walk_scope(w, node, SCOPE_INERT);
}

void
rule_create_schema(struct walk *w, uint32_t node, const struct node_row *row)
{
	(void)row;
	walk_add(w, DANGER_WRITE, "create-schema", "makes a new schema");
	walk_object(w, "schema", NULL, walk_string(w, node, "schemaname"));
}

void
rule_create_or_replace(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);

	if (walk_is_true(w, node, "replace")) {
		x->danger = DANGER_DANGEROUS;
		x->why = "the old definition is lost, and callers change their behaviour";
	}
	if (row->object != NULL)
		walk_relation(w, row->type, walk_get(w, node, row->object));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_create_function(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t options = walk_get(w, node, "options"), d;
	int is_procedure = walk_is_true(w, node, "is_procedure");
	const char *language = NULL, *kind = is_procedure ? "create-procedure" : "create-function";

	(void)row;
	if ((d = walk_option_find(w, options, "language")) != 0)
		language = walk_constant(w, walk_get(w, d, "arg"));
	if (walk_is_true(w, node, "replace"))
		walk_add(w, DANGER_DANGEROUS, kind,
		    "the old body is lost, and callers change their behaviour");
	else if (language != NULL &&
		 (strcasecmp(language, "c") == 0 || strcasecmp(language, "internal") == 0))
		walk_add(w, DANGER_DANGEROUS, kind, "makes native code callable in the server");
	else
		walk_add(w, DANGER_WRITE, kind, "makes a new routine; nothing runs it yet");
	walk_names(w, is_procedure ? "procedure" : "function", walk_get(w, node, "funcname"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_define(struct walk *w, uint32_t node, const struct node_row *row)
{
	const struct type_row *t = pg_type_find(w->j, walk_get(w, node, "kind"));
	struct action *x;

	(void)row;
	walk_scope(w, node, SCOPE_INERT);
	if (t == NULL) {
		walk_opaque(w, "create", "makes a kind of object the classifier does not know");
		return;
	}
	x = walk_add(w, DANGER_WRITE, kind_of(w, "create", t->type),
	    "makes a new object and touches no existing one");
	if (walk_is_true(w, node, "replace")) {
		x->danger = DANGER_DANGEROUS;
		x->why = "the old definition is lost, and callers change their behaviour";
	}
	walk_names(w, t->type, walk_get(w, node, "defnames"));
}

void
rule_index(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_concurrent = walk_is_true(w, node, "concurrent");

	(void)row;
	if (is_concurrent)
		walk_add(w, DANGER_WRITE, "create-index",
		    "builds an index while readers and writers go on")
		    ->flags = ACTION_CONCURRENTLY | ACTION_NO_TX;
	else
		walk_add(w, DANGER_DANGEROUS, "create-index",
		    "blocks every writer of the table until the index is built")
		    ->flags = ACTION_TEMPABLE;
	walk_relation(w, "table", walk_get(w, node, "relation"));
	walk_object(w, "index", NULL, walk_string(w, node, "idxname"));
	if (walk_is_true(w, node, "if_not_exists"))
		w->actions[w->nactions - 1].flags |= ACTION_IF_EXISTS;
	walk_scope(w, node, SCOPE_KNOWN);
}

void
rule_refresh(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_concurrent = walk_is_true(w, node, "concurrent");

	(void)row;
	walk_add(w, DANGER_DANGEROUS, "refresh-materialized-view",
	    is_concurrent ? "blocks writers of the view while it is filled"
			  : "blocks readers of the view while it is filled")
	    ->flags = is_concurrent ? ACTION_CONCURRENTLY : 0;
	if (walk_is_true(w, node, "skipData")) {
		w->actions[w->nactions - 1].danger = DANGER_DESTRUCTIVE;
		w->actions[w->nactions - 1].why = "throws the rows of the view away";
	}
	walk_relation(w, "materialized view", walk_get(w, node, "relation"));
	walk_scope(w, node, SCOPE_INERT);
}

/* Rows of the table, with CASCADE looked at and the relation or name noted. */
void
rule_cascade(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);
	uint32_t i;

	if (walk_is_true(w, node, "replace") && x->danger < DANGER_DANGEROUS)
		x->danger = DANGER_DANGEROUS;
	if (walk_is_true(w, node, "if_not_exists") || walk_is_true(w, node, "missing_ok"))
		x->flags |= ACTION_IF_EXISTS;
	if (row->object != NULL && (i = walk_get(w, node, row->object)) != 0) {
		if (w->j->at[i].type == JSON_TEXT)
			walk_object(w, row->type, NULL, json_text(w->j, w->a, i));
		else
			walk_relation(w, row->type, i);
	}
	walk_scope(w, node, SCOPE_INERT);
}

/* TEMPLATE of CREATE DATABASE, or NULL. */
static const char *
copied_database(struct walk *w, uint32_t node)
{
	uint32_t option = walk_option_find(w, walk_get(w, node, "options"), "template");

	return option != 0 ? walk_constant(w, walk_get(w, option, "arg")) : NULL;
}

void
rule_database(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);
	const char *source = copied_database(w, node);

	if (source != NULL && strcmp(source, "template0") != 0 &&
	    strcmp(source, "template1") != 0) {
		x->danger = DANGER_DANGEROUS;
		x->why = "nobody can connect to the database it copies until it is done";
	}
	if (strcmp(row->kind, "create-database") == 0 || strcmp(row->kind, "drop-database") == 0)
		x->flags |= ACTION_NO_TX;
	if (walk_is_true(w, node, "missing_ok"))
		x->flags |= ACTION_IF_EXISTS;
	walk_object(w, row->type, NULL, walk_string(w, node, row->object));
	walk_scope(w, node, SCOPE_INERT);
}
