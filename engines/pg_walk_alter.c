/*
 * Rules for ALTER of what exists, for privileges, and for maintenance and locks.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

static const struct alter_row *
alter_find(struct walk *w, uint32_t subtype)
{
	size_t i;

	for (i = 0; i < pg_nalters; i++)
		if (json_is(w->j, subtype, pg_alters[i].subtype))
			return &pg_alters[i];
	return NULL;
}

/* Storage options that are changed under a weak lock. */
static int
is_weak_option(const char *name)
{
	static const char *const weak[] = {"fillfactor", "autovacuum_", "log_autovacuum_",
	    "parallel_workers", "toast_tuple_target", "vacuum_", "n_distinct", "deduplicate_items",
	    NULL};
	size_t i;

	for (i = 0; weak[i] != NULL; i++)
		if (strncmp(name, weak[i], strlen(weak[i])) == 0)
			return 1;
	return 0;
}

static int
has_strong_option(struct walk *w, uint32_t cmd)
{
	uint32_t list = walk_get(w, cmd, "def"), i, d, n;
	char *name;

	if ((n = json_node(w->j, list, "List")) != 0)
		list = walk_get(w, n, "items");
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i)) {
		d = json_node(w->j, i, "DefElem");
		name = d != 0 ? walk_string(w, d, "defname") : NULL;
		if (name == NULL || !is_weak_option(name))
			return 1;
	}
	return json_first(w->j, list) == 0;
}

static void
alter_one(struct walk *w, uint32_t cmd, uint32_t rel, const char *type)
{
	const struct alter_row *r = alter_find(w, walk_get(w, cmd, "subtype"));
	struct action *x;
	char *name;

	if (r == NULL) {
		walk_opaque(w, "alter", "an ALTER the classifier does not know");
		return;
	}
	x = walk_add(w, r->danger, r->kind, r->why);
	if (walk_is_true(w, cmd, "missing_ok"))
		x->flags |= ACTION_IF_EXISTS;
	if (strcmp(r->kind, "alter-set-storage-options") == 0 ||
	    strcmp(r->kind, "alter-reset-storage-options") == 0) {
		if (has_strong_option(w, cmd)) {
			x->danger = DANGER_DANGEROUS;
			x->why = "takes ACCESS EXCLUSIVE for a storage option";
		}
	} else if (walk_is_cascade(w, cmd)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->flags |= ACTION_CASCADE;
		x->why = "CASCADE takes along everything that depends on it";
	}
	x = &w->actions[w->nactions - 1];
	walk_relation(w, type, rel);
	x->flags |= x->nobjects > 0 && x->objects[0].schema == NULL ? ACTION_TEMPABLE : 0;
	if ((name = walk_string(w, cmd, "name")) != NULL)
		walk_object(w, "column", NULL, name)->schema = walk_string(w, rel, "relname");
}

void
rule_alter_table(struct walk *w, uint32_t node, const struct node_row *row)
{
	const struct type_row *t = pg_type_find(w->j, walk_get(w, node, "objtype"));
	uint32_t list = walk_get(w, node, "cmds"), rel = walk_get(w, node, "relation"), i, cmd;
	size_t before = w->nactions;

	(void)row;
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		if ((cmd = json_node(w->j, i, "AlterTableCmd")) != 0)
			alter_one(w, cmd, rel, t != NULL ? t->type : "table");
	if (w->nactions == before)
		walk_opaque(w, "alter", "an ALTER without a sub-command");
}

/* What a sub-command computes for the rows that are there, or for a bound, happens now. */
void
rule_alter_part(struct walk *w, uint32_t node, const struct node_row *row)
{
	static const char *const now[] = {
	    "AT_AddColumn", "AT_AddConstraint", "AT_AlterColumnType", "AT_AttachPartition"};
	uint32_t constraint = json_node(w->j, walk_get(w, node, "def"), "Constraint");
	size_t i;

	(void)row;
	if (constraint == 0 || !walk_is_true(w, constraint, "skip_validation"))
		for (i = 0; i < sizeof(now) / sizeof(now[0]); i++)
			if (walk_is(w, node, "subtype", now[i]))
				return;
	walk_scope(w, node, SCOPE_KNOWN);
}

void
rule_alter_domain(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, DANGER_DANGEROUS, "alter-domain",
	    "blocks writers of every table that uses it, while rows are checked");

	(void)row;
	if (walk_is_cascade(w, node)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->flags |= ACTION_CASCADE;
		x->why = "CASCADE takes along everything that depends on it";
	}
	walk_names(w, "domain", walk_get(w, node, "typeName"));
	/* ADD CONSTRAINT checks the rows that are there. */
	if (!walk_is(w, node, "subtype", "C") ||
	    walk_is_true(
		w, json_node(w->j, walk_get(w, node, "def"), "Constraint"), "skip_validation"))
		walk_scope(w, node, SCOPE_INERT);
}

void
rule_alter_enum(struct walk *w, uint32_t node, const struct node_row *row)
{
	(void)row;
	if (walk_get(w, node, "oldVal") != 0)
		walk_add(w, DANGER_DANGEROUS, "alter-type-rename-value",
		    "clients that use the old value stop working");
	else
		walk_add(w, DANGER_WRITE, "alter-type-add-value",
		    "adds a value; it cannot be taken away again");
	walk_names(w, "type", walk_get(w, node, "typeName"));
	walk_scope(w, node, SCOPE_INERT);
}

/* RENAME, SET SCHEMA, OWNER TO, DEPENDS ON. */
void
rule_rename(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t type = walk_get(w, node, "renameType");
	const struct type_row *t;
	struct action *x;

	if (type == 0)
		type = walk_get(w, node, "objectType");
	if ((t = pg_type_find(w->j, type)) == NULL)
		t = pg_type_find(w->j, walk_get(w, node, "relationType"));
	x = walk_add(w, row->danger, row->kind, row->why);
	if (walk_is_cascade(w, node)) {
		x->danger = DANGER_DESTRUCTIVE;
		x->flags |= ACTION_CASCADE;
	}
	if (walk_is_true(w, node, "missing_ok"))
		x->flags |= ACTION_IF_EXISTS;
	if (walk_get(w, node, "relation") != 0) {
		walk_relation(w, t != NULL ? t->type : "table", walk_get(w, node, "relation"));
		x = &w->actions[w->nactions - 1];
		if (x->nobjects > 0 && x->objects[0].schema == NULL)
			x->flags |= ACTION_TEMPABLE;
	} else if (t != NULL)
		walk_names(w, t->type, walk_get(w, node, "object"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_comment(struct walk *w, uint32_t node, const struct node_row *row)
{
	const struct type_row *t = pg_type_find(w->j, walk_get(w, node, "objtype"));

	walk_add(w, row->danger, row->kind, row->why);
	if (t != NULL)
		walk_names(w, t->type, walk_get(w, node, "object"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_grant(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_grant = walk_is_true(w, node, "is_grant"),
	    is_role = strcmp(row->node, "GrantRoleStmt") == 0;
	uint32_t list = walk_get(w, node, "objects"), i, r;
	struct action *x;

	x = walk_add(w, DANGER_DANGEROUS,
	    is_role ? (is_grant ? "grant-role" : "revoke-role") : (is_grant ? "grant" : "revoke"),
	    is_grant ? "lets somebody do more" : "can lock an application out");
	if (walk_is_cascade(w, node)) {
		x->flags |= ACTION_CASCADE;
		if (!is_grant) {
			x->danger = DANGER_DESTRUCTIVE;
			x->why = "CASCADE takes the privileges of others along";
		}
	}
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		if ((r = json_node(w->j, i, "RangeVar")) != 0)
			walk_relation(w, "table", r);
		else
			walk_names(w, "object", i);
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_role(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t role = walk_get(w, node, "role"), password, arg;
	struct action *x = walk_add(w, row->danger, row->kind, row->why);

	password = walk_option_find(w, walk_get(w, node, "options"), "password");
	arg = password != 0 ? walk_get(w, password, "arg") : 0;
	if (arg != 0 && walk_constant(w, arg) != NULL)
		x->flags |= ACTION_SECRET;
	if (role != 0 && w->j->at[role].type == JSON_TEXT)
		walk_object(w, "role", NULL, json_text(w->j, w->a, role));
	else
		walk_object(w, "role", NULL, walk_string(w, role, "rolename"));
	walk_scope(w, node, SCOPE_INERT);
}

/* What can carry a password: connection strings and options of servers. */
void
rule_secret(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);
	char *conninfo = walk_string(w, node, "conninfo");

	if ((conninfo != NULL && strcasestr(conninfo, "password") != NULL) ||
	    (conninfo != NULL && strstr(conninfo, "://") != NULL) ||
	    walk_option_find(w, walk_get(w, node, "options"), "password") != 0)
		x->flags |= ACTION_SECRET;
	walk_object(w, row->type, NULL, walk_string(w, node, row->object));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_lock(struct walk *w, uint32_t node, const struct node_row *row)
{
	long mode = json_number(w->j, walk_get(w, node, "mode"));
	uint32_t list = walk_get(w, node, "relations"), i;

	(void)row;
	/* 4 is SHARE UPDATE EXCLUSIVE: up to it readers and writers go on. */
	walk_add(w, mode >= 1 && mode <= 4 ? DANGER_WRITE : DANGER_DANGEROUS, "lock-table",
	    mode >= 1 && mode <= 4 ? "takes a lock that lets readers and writers go on"
				   : "blocks others until the transaction ends");
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		walk_relation(w, "table", json_node(w->j, i, "RangeVar"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_vacuum(struct walk *w, uint32_t node, const struct node_row *row)
{
	uint32_t list = walk_get(w, node, "rels"), i, r;
	int is_vacuum = walk_is_true(w, node, "is_vacuumcmd");

	(void)row;
	if (is_vacuum && walk_option(w, walk_get(w, node, "options"), "full", 0))
		walk_add(w, DANGER_DANGEROUS, "vacuum-full",
		    "rewrites the table under ACCESS EXCLUSIVE");
	else
		walk_add(w, DANGER_WRITE, is_vacuum ? "vacuum" : "analyze",
		    is_vacuum ? "removes dead rows while readers and writers go on"
			      : "refreshes planner statistics");
	if (is_vacuum)
		w->actions[w->nactions - 1].flags |= ACTION_NO_TX;
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i))
		if ((r = json_node(w->j, i, "VacuumRelation")) != 0)
			walk_relation(w, "table", walk_get(w, r, "relation"));
	walk_scope(w, node, SCOPE_INERT);
}

void
rule_reindex(struct walk *w, uint32_t node, const struct node_row *row)
{
	int is_concurrent = walk_option(w, walk_get(w, node, "params"), "concurrently", 0),
	    is_index = walk_is(w, node, "kind", "REINDEX_OBJECT_INDEX");

	(void)row;
	if (is_concurrent)
		walk_add(
		    w, DANGER_WRITE, "reindex", "rebuilds indexes while readers and writers go on")
		    ->flags = ACTION_CONCURRENTLY | ACTION_NO_TX;
	else
		walk_add(w, DANGER_DANGEROUS, "reindex",
		    "blocks writers, and readers that would use the index");
	walk_relation(w, is_index ? "index" : "table", walk_get(w, node, "relation"));
	walk_scope(w, node, SCOPE_INERT);
}
