/*
 * The walk: every event of a parsed statement once, in order, whatever the nesting. Rules are
 * called for statements and calls; a node the table does not know makes the statement opaque. Must
 * never recurse over the input.
 */
#include <pg_query.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

const struct node_row *
pg_node_find(const char *name, size_t len)
{
	size_t low = 0, high = pg_nnodes, mid;
	int c;

	while (low < high) {
		mid = (low + high) / 2;
		c = strncmp(pg_nodes[mid].node, name, len);
		if (c == 0)
			c = pg_nodes[mid].node[len] != '\0';
		if (c == 0)
			return &pg_nodes[mid];
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

struct action *
walk_add(struct walk *w, enum danger d, const char *kind, const char *why)
{
	return action_add(w->a, &w->actions, &w->nactions, d, kind, why);
}

struct action *
walk_opaque(struct walk *w, const char *kind, const char *why)
{
	return walk_add(w, DANGER_OPAQUE, kind, why);
}

struct object *
walk_object(struct walk *w, const char *type, const char *schema, const char *name)
{
	return action_object(w->a, &w->actions[w->nactions - 1], type, schema, name);
}

struct object *
walk_relation(struct walk *w, const char *type, uint32_t rangevar)
{
	struct object *o;

	if (rangevar == 0)
		return NULL;
	o = walk_object(
	    w, type, walk_string(w, rangevar, "schemaname"), walk_string(w, rangevar, "relname"));
	if (o != NULL &&
	    (walk_is(w, rangevar, "relpersistence", "t") || pg_is_temporary(o->schema)))
		o->is_temporary = 1;
	return o;
}

void
walk_split_names(struct walk *w, uint32_t list, const char **schema, const char **name)
{
	uint32_t i, s;

	*schema = *name = NULL;
	if ((s = json_node(w->j, list, "String")) != 0) {
		*name = walk_string(w, s, "sval");
		return;
	}
	if ((s = json_node(w->j, list, "List")) != 0)
		list = walk_get(w, s, "items");
	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i)) {
		if ((s = json_node(w->j, i, "String")) == 0)
			continue;
		*schema = *name;
		*name = walk_string(w, s, "sval");
	}
}

struct object *
walk_names(struct walk *w, const char *type, uint32_t list)
{
	const char *schema, *name;

	walk_split_names(w, list, &schema, &name);
	return walk_object(w, type, schema, name);
}

void
walk_scope(struct walk *w, uint32_t node, enum walk_scope s)
{
	enum walk_scope now = w->nscopes > 0 ? w->scopes[w->nscopes - 1].scope : SCOPE_LIVE;

	if (s <= now)
		return;
	if (w->nscopes == WALK_SCOPES) {
		walk_opaque(w, "too-deep", "nests statements deeper than the classifier follows");
		return;
	}
	w->scopes[w->nscopes].end = w->j->at[node].next;
	w->scopes[w->nscopes++].scope = s;
}

/* A statement whose row says everything. */
static void
plain(struct walk *w, uint32_t node, const struct node_row *row)
{
	struct action *x = walk_add(w, row->danger, row->kind, row->why);
	uint32_t i;

	if (walk_is_cascade(w, node)) {
		x->flags |= ACTION_CASCADE;
		x->danger = DANGER_DESTRUCTIVE;
		x->why = "CASCADE takes along everything that depends on it";
	}
	if (row->object != NULL && (i = walk_get(w, node, row->object)) != 0) {
		if (w->j->at[i].type == JSON_TEXT)
			walk_object(w, row->type, NULL, json_text(w->j, w->a, i));
		else if (w->j->at[i].type == JSON_ARRAY_EVENT)
			walk_names(w, row->type, i);
		else
			walk_relation(w, row->type, i);
	}
	walk_scope(w, node, SCOPE_INERT);
}

static void
visit(struct walk *w, uint32_t key)
{
	const struct json_event *e = &w->j->at[key];
	const struct node_row *row = pg_node_find(w->j->text + e->from, e->len);
	enum walk_scope now = w->nscopes > 0 ? w->scopes[w->nscopes - 1].scope : SCOPE_LIVE;
	char *name;

	if (row == NULL || row->role == NODE_NEVER) {
		name = arena_strndup(w->a, w->j->text + e->from, e->len);
		walk_opaque(w, "unhandled",
		    arena_printf(w->a, "has a part the classifier does not know (%s)", name));
		return;
	}
	if (now == SCOPE_INERT || row->role == NODE_PART)
		return;
	if (row->role == NODE_PLAIN)
		plain(w, key + 1, row);
	else
		row->rule(w, key + 1, row);
}

/* Members that are no nodes and yet act: of a SELECT inside UNION they have no wrapper. */
static void
visit_member(struct walk *w, uint32_t key)
{
	static const struct node_row into = {.node = "intoClause"};

	if (w->nscopes > 0 || w->j->at[key].len < 10)
		return;
	if (json_is(w->j, key, "intoClause"))
		rule_select(w, key + 1, &into);
	else if (json_is(w->j, key, "lockingClause"))
		rule_locking(w, key + 1, NULL);
}

void
walk_statement(struct walk *w)
{
	uint32_t i;
	char c;

	for (i = 0; i < w->j->n; i++) {
		while (w->nscopes > 0 && i >= w->scopes[w->nscopes - 1].end)
			w->nscopes--;
		if (w->j->at[i].type != JSON_KEY || i + 1 >= w->j->n)
			continue;
		c = w->j->text[w->j->at[i].from];
		if (c >= 'A' && c <= 'Z')
			visit(w, i);
		else if (c == 'i' || c == 'l')
			visit_member(w, i);
	}
}

static const char *
parse(struct walk *w, const char *text)
{
	PgQueryParseResult r = pg_query_parse(text);
	const char *wrong = NULL;
	uint32_t stmts;

	if (r.error != NULL)
		wrong = arena_printf(
		    w->a, "PostgreSQL's grammar does not know it: %s", r.error->message);
	else if (r.parse_tree == NULL || json_record(w->j, r.parse_tree, strlen(r.parse_tree)) != 0)
		wrong = "the parser's answer could not be read";
	else {
		stmts = json_get(w->j, 0, "stmts");
		if (json_count(w->j, stmts) != 1)
			wrong = "the parser does not see exactly one statement in it";
		else
			walk_statement(w);
	}
	pg_query_free_parse_result(r);
	return wrong;
}

void
walk_text(struct walk *w, const char *text)
{
	size_t before = w->nactions;
	const char *wrong = parse(w, text);

	if (wrong != NULL)
		walk_opaque(w, "unknown", wrong);
	else if (w->nactions == before)
		walk_opaque(w, "unknown", "has no part that says what it does");
}
