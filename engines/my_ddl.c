/*
 * Definitions: CREATE, DROP, ALTER and their like. What holds rows, counters or history is
 * destructive to drop or replace; a definition that can be made again is dangerous.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static const char *
kind_of(struct my *m, const char *verb, const char *type)
{
	char *s = arena_printf(m->a, "%s-%s", verb, type), *p;

	for (p = s; *p != '\0'; p++)
		if (*p == ' ')
			*p = '-';
	return s;
}

/* DROP x [IF EXISTS] names [ON table] [CASCADE | RESTRICT] [WAIT n | NOWAIT] */
void
my_rule_drop(struct my *m, const struct my_row *row)
{
	struct action *x = my_add(m, row->danger, row->kind, row->why);
	const char *schema, *name;

	x->flags = row->flags;
	if (my_match(m, "if exists"))
		x->flags |= ACTION_IF_EXISTS;
	my_objects(m, row->type);
	x = &m->actions[m->nactions - 1];
	if (my_take(m, "on") && my_qualified(m, &schema, &name)) {
		my_object(m, "table", schema, name);
		my_to_end(m);
	}
	if (my_take(m, "cascade")) {
		x->flags |= ACTION_CASCADE;
		x->danger = DANGER_DESTRUCTIVE;
		x->why = "CASCADE takes along everything that depends on it";
	} else
		my_take(m, "restrict");
	if (my_take(m, "wait"))
		m->i++;
	else
		my_take(m, "nowait");
	if (strcmp(row->type, "tablespace") == 0 || strcmp(row->type, "resource group") == 0)
		my_to_end(m);
	if (strcmp(row->type, "table") == 0 && row->danger == DANGER_DESTRUCTIVE &&
	    x->nobjects > 0 && x->objects[0].schema == NULL)
		x->flags |= ACTION_TEMPABLE;
}

/* Where the routine that begins at `from` ends; semicolons of its body do not end it. */
static size_t
routine_end(const struct my *m, size_t from)
{
	struct my_body b = {.state = BODY_FIRST};
	size_t i;

	for (i = from; i < m->n; i++)
		if (my_body_step(&b, m->p, &m->t[i]))
			break;
	return i;
}

static void
routine(struct my *m, size_t from, const char *type, int is_replace)
{
	struct action *x;
	const char *schema, *name;
	size_t i;

	x = my_add(m, is_replace ? DANGER_DANGEROUS : DANGER_WRITE, kind_of(m, "create", type),
	    is_replace ? "the old definition is gone, and callers run the new one"
		       : "makes a new object and touches no existing one");
	my_match(m, "if not exists");
	if (!my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	my_object(m, type, schema, name);
	i = m->i;
	m->i = routine_end(m, from);
	if (strcmp(type, "trigger") == 0) {
		x->danger = DANGER_DANGEROUS;
		x->why = "locks the table, and runs with every later change of it";
	}
	for (; i < m->i; i++)
		if (my_is_at(m, i, "soname")) {
			x->danger = DANGER_DANGEROUS;
			x->why = "loads native code into the server";
		}
}

/* CREATE EVENT ... DO body: the server will run it. */
static void
event(struct my *m, size_t from, int is_replace)
{
	const char *schema, *name;
	size_t end = routine_end(m, from), n;

	my_add(m, DANGER_DANGEROUS, "create-event",
	    is_replace ? "replaces what the server runs by itself"
		       : "the server will run it by itself, again and again");
	my_match(m, "if not exists");
	if (!my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	my_object(m, "event", schema, name);
	while (m->i < end && !my_is(m, "do"))
		m->i++;
	if (m->i >= end) {
		m->is_bad = 1;
		return;
	}
	m->i++;
	n = m->n;
	m->n = end;
	my_rule_block(m, NULL);
	m->n = n;
}

/* The first query of CREATE TABLE ... SELECT, or the end. */
static size_t
query_of(const struct my *m, size_t from)
{
	size_t depth = 0;

	for (; from < m->n && !my_op_at(m, from, ";"); from++) {
		if (depth == 0 && my_word_in(m, from, "select with values table") &&
		    !my_is_at(m, from + 1, "system"))
			return from;
		if (my_op_at(m, from, "(")) {
			if (my_word_in(m, from + 1, "select with values"))
				return from;
			depth++;
		} else if (my_op_at(m, from, ")") && depth > 0)
			depth--;
	}
	return from;
}

static void
create_table(struct my *m, int is_replace, int is_temporary)
{
	struct action *x;
	struct object *o;
	const char *schema, *name;
	size_t i, query;

	x = my_add(m, DANGER_WRITE, "create-table", "makes a new table");
	if (is_replace && !is_temporary) {
		x->danger = DANGER_DESTRUCTIVE;
		x->kind = "create-or-replace-table";
		x->why = "drops the table of that name first, with all its rows";
	}
	my_match(m, "if not exists");
	if (!my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	o = my_object(m, "table", schema, name);
	if (o != NULL && is_temporary)
		o->is_temporary = 1;
	i = m->i;
	my_to_end(m);
	query = query_of(m, i);
	if (i >= m->i) {
		m->is_bad = 1;
		return;
	}
	if (query < m->i) {
		if (!is_replace)
			x->kind = "create-table-as";
		my_scan_tokens(m, query, m->i);
	}
	for (; i < query; i++)
		if (my_is_at(m, i, "references") && !is_temporary)
			my_add(m, DANGER_DANGEROUS, "create-table-reference",
			    "locks the table it references while it is made");
		else if (my_is_at(m, i, "directory") || my_is_at(m, i, "connection") ||
			 (my_is_at(m, i, "engine") &&
			     my_word_in(m, i + 1 + (size_t)my_op_at(m, i + 1, "="),
				 "federated federatedx connect spider csv")))
			my_add(m, DANGER_DANGEROUS, "create-table-outside",
			    "keeps its rows in files or on a server elsewhere");
}

struct create_row {
	const char *words, *type;
	enum danger danger, replaced;
	const char *why;
};

static const struct create_row creates[] = {
    {"database|schema", "database", DANGER_WRITE, DANGER_DESTRUCTIVE, "makes a new database"},
    {"view", "view", DANGER_WRITE, DANGER_DANGEROUS,
	"makes a new object and touches no existing one"},
    {"sequence", "sequence", DANGER_WRITE, DANGER_DESTRUCTIVE, "makes a new sequence"},
    {"user", "user", DANGER_DANGEROUS, DANGER_DANGEROUS, "lets somebody log in"},
    {"role", "role", DANGER_DANGEROUS, DANGER_DANGEROUS, "makes a new role"},
    {"server", "server", DANGER_DANGEROUS, DANGER_DANGEROUS, "says how another server is reached"},
    {"undo? tablespace", "tablespace", DANGER_DANGEROUS, DANGER_DANGEROUS,
	"makes a file of the server"},
    {"logfile group", "logfile group", DANGER_DANGEROUS, DANGER_DANGEROUS,
	"makes a file of the server"},
    {"resource group", "resource group", DANGER_DANGEROUS, DANGER_DANGEROUS,
	"changes how the server shares its processors"},
    {"spatial reference system", "reference system", DANGER_DANGEROUS, DANGER_DANGEROUS,
	"changes what coordinates mean"},
};

/* Options between CREATE and the kind of object. */
static void
create_options(struct my *m)
{
	for (;;) {
		if (my_take(m, "definer") || my_take(m, "algorithm")) {
			my_take_op(m, "=");
			m->i++;
			if (m->i < m->n && m->t[m->i].type == MY_VAR)
				m->i++;
			my_skip_parens(m);
		} else if (!my_match(m, "sql security definer|invoker|none") &&
			   !my_take(m, "aggregate"))
			return;
	}
}

static void
create_other(struct my *m, const struct create_row *r, int is_replace)
{
	const char *schema, *name;
	struct action *x;
	size_t i;

	x = my_add(m, is_replace ? r->replaced : r->danger, kind_of(m, "create", r->type), r->why);
	if (is_replace)
		x->why = r->replaced == DANGER_DESTRUCTIVE ? "drops what has that name first"
							   : "the old definition is gone";
	if (is_replace && r->replaced == DANGER_DESTRUCTIVE)
		x->kind = kind_of(m, "create-or-replace", r->type);
	my_match(m, "if not exists");
	if (m->i < m->n && m->t[m->i].type == MY_STRING)
		my_object(m, r->type, NULL, my_text(m, m->i++));
	else if (my_qualified(m, &schema, &name))
		my_object(m, r->type, schema, name);
	else
		m->is_bad =
		    !my_op_at(m, m->i, "0") && m->t[m->i < m->n ? m->i : 0].type != MY_NUMBER;
	for (i = m->i; i < m->n && !my_op_at(m, i, ";"); i++)
		if (my_word_in(m, i, "identified password"))
			x->flags |= ACTION_SECRET;
	if (strcmp(r->type, "view") == 0)
		while (!my_done(m) && !my_is(m, "as"))
			m->i++;
	if (strcmp(r->type, "view") == 0 && my_done(m))
		m->is_bad = 1;
	my_to_end(m);
}

void
my_rule_create(struct my *m, const struct my_row *row)
{
	size_t from = m->i - 1, i;
	int is_replace = my_match(m, "or replace"), is_temporary;
	static const char *const types[] = {
	    "procedure", "function", "trigger", "package body", "package"};

	(void)row;
	create_options(m);
	is_temporary = my_take(m, "temporary");
	if (my_take(m, "table")) {
		create_table(m, is_replace, is_temporary);
		return;
	}
	if (my_match(m, "online|offline? unique|fulltext|spatial|vector? index")) {
		my_rule_index(m, row);
		return;
	}
	if (my_take(m, "event")) {
		event(m, from, is_replace);
		return;
	}
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (my_match(m, types[i])) {
			routine(m, from, types[i], is_replace);
			return;
		}
	for (i = 0; i < sizeof(creates) / sizeof(creates[0]); i++)
		if (my_match(m, creates[i].words)) {
			create_other(m, &creates[i], is_replace && !is_temporary);
			return;
		}
	m->is_bad = 1;
}

/* CREATE INDEX i ON t (...) */
void
my_rule_index(struct my *m, const struct my_row *row)
{
	const char *schema, *name;

	(void)row;
	my_add(m, DANGER_DANGEROUS, "create-index",
	    "waits for every open transaction on the table, and others wait behind it; each "
	    "replica "
	    "builds it again");
	my_match(m, "if not exists");
	if (my_qualified(m, &schema, &name))
		my_object(m, "index", schema, name);
	while (!my_done(m) && !my_is(m, "on"))
		m->i++;
	if (!my_take(m, "on") || !my_qualified(m, &schema, &name) || !my_op_at(m, m->i, "("))
		m->is_bad = 1;
	else
		my_object(m, "table", schema, name);
	my_to_end(m);
}

/* RENAME TABLE a TO b, ... */
void
my_rule_rename(struct my *m, const struct my_row *row)
{
	const char *schema, *name;

	my_add(m, row->danger, row->kind, row->why)->flags = row->flags;
	my_match(m, "if exists");
	do {
		if (!my_qualified(m, &schema, &name)) {
			m->is_bad = 1;
			return;
		}
		my_object(m, row->type, schema, name);
		if (my_take(m, "wait"))
			m->i++;
		my_take(m, "nowait");
		if (!my_take(m, "to") || !my_qualified(m, &schema, &name)) {
			m->is_bad = 1;
			return;
		}
	} while (my_take_op(m, ","));
}

/* ALTER [options] VIEW and EVENT: the old definition is gone; an event's body will run. */
void
my_rule_alter_other(struct my *m, const struct my_row *row)
{
	const char *schema, *name;
	size_t from = m->i - 1;
	const char *type;

	create_options(m);
	type = my_is(m, "view") ? "view" : "event";
	if (!my_match(m, "view|event") || !my_qualified(m, &schema, &name)) {
		m->is_bad = 1;
		return;
	}
	my_add(m, row->danger, kind_of(m, "alter", type), row->why)->flags = ACTION_COMMITS;
	my_object(m, type, schema, name);
	if (*type == 'e') {
		size_t end = routine_end(m, from), n = m->n;

		while (m->i < end && !my_is(m, "do"))
			m->i++;
		if (my_take(m, "do")) {
			m->n = end;
			my_rule_block(m, row);
			m->n = n;
		}
	}
	my_to_end(m);
}
