/*
 * Looking up what a statement names: identity, rows and size of its tables; what hangs on them; how
 * many rows a change would touch. Must never change the session, nor lower what is not understood.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "engines/my_catalog.h"
#include "engines/my_driver.h"
#include "engines/my_forecast.h"
#include "banned.h"

#define MAX_OBJECTS 500
#define NAME_CHARS 64
#define MAX_DEPENDENTS 2000

static int
is_relation(const struct object *o)
{
	return o->type != NULL && o->name != NULL &&
	       (strcmp(o->type, "table") == 0 || strcmp(o->type, "view") == 0 ||
		   strcmp(o->type, "sequence") == 0);
}

struct looking {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	const char *database;
	int new_names;
	size_t n;
};

static int64_t
number(const char *t, int64_t otherwise)
{
	return t == NULL ? otherwise : strtoll(t, NULL, 10);
}

/* A database has no number there; the sum of its name stands for one. */
static int
look_up_database(struct looking *x, struct object *o, struct err *e)
{
	const char *name = my_quote_literal(x->a, o->name);
	struct my_rows r;

	if (my_ask(my(x->c->person), x->w, cluster_deadline(x->c, LIMIT_QUERY), x->a,
		arena_printf(x->a,
		    "SELECT CRC32(s.SCHEMA_NAME), (SELECT CAST(SUM(t.TABLE_ROWS) AS SIGNED) FROM "
		    "information_schema.TABLES AS t WHERE t.TABLE_SCHEMA = %s), (SELECT "
		    "CAST(SUM(t.DATA_LENGTH + t.INDEX_LENGTH) AS SIGNED) FROM "
		    "information_schema.TABLES AS t WHERE t.TABLE_SCHEMA = %s) FROM "
		    "information_schema.SCHEMATA AS s WHERE s.SCHEMA_NAME = %s",
		    name, name, name),
		&r, e) < 0)
		return -1;
	o->oid = 0;
	o->rows = o->bytes = -1;
	if (r.n == 0)
		return 0;
	o->oid = (uint32_t)number(r.cells[0], 0);
	o->rows = number(r.cells[1], -1);
	o->bytes = number(r.cells[2], -1);
	return 0;
}

/* No server has such names; and what is shown and journaled of a plan stays readable. */
static int
check_length(const struct object *o, struct err *e)
{
	size_t chars = 0;
	const char *p;

	for (p = o->name; *p != '\0'; p++)
		chars += (*p & 0xC0) != 0x80;
	if (chars <= NAME_CHARS)
		return 0;
	return err_set(e, ERR_REFUSED,
	    "the name %.40s... has %zu characters and the server takes %d at the most; nothing was "
	    "sent",
	    o->name, chars, NAME_CHARS);
}

static int
look_up(struct looking *x, struct object *o, struct err *e)
{
	struct my_rows r;
	const char *schema;

	if (o->type != NULL && o->name != NULL && strcmp(o->type, "database") == 0)
		return look_up_database(x, o, e);
	if (o->name != NULL && check_length(o, e) < 0)
		return -1;
	if (!is_relation(o) || x->n++ >= MAX_OBJECTS)
		return 0;
	if (o->schema == NULL) {
		o->schema = arena_strdup(x->a, x->database);
		o->is_unqualified = 1;
	}
	schema = my_quote_literal(x->a, o->schema);
	if (my_ask(my(x->c->person), x->w, cluster_deadline(x->c, LIMIT_QUERY), x->a,
		arena_printf(x->a,
		    "SELECT %s, %s, t.TABLE_ROWS, t.DATA_LENGTH + t.INDEX_LENGTH, t.TABLE_TYPE "
		    "FROM information_schema.TABLES AS t WHERE t.TABLE_SCHEMA = %s AND "
		    "t.TABLE_NAME = %s",
		    my_object_id(x->a, o->schema, o->name, x->new_names),
		    my_object_file(x->a, o->schema, o->name, x->new_names), schema,
		    my_quote_literal(x->a, o->name)),
		&r, e) < 0)
		return -1;
	o->oid = o->relfilenode = 0;
	o->rows = o->bytes = -1;
	if (r.n == 0)
		return 0;
	o->oid = (uint32_t)number(r.cells[0], 0);
	o->relfilenode = (uint32_t)number(r.cells[1], 0);
	o->rows = number(r.cells[2], -1);
	o->bytes = number(r.cells[3], -1);
	if (r.cells[4] != NULL && strstr(r.cells[4], "VIEW") != NULL)
		o->type = "view";
	return 0;
}

/* The number of rows a server guesses for InnoDB can be far off: small tables are counted. */
static int
count_rows(struct looking *x, struct object *o)
{
	struct my_rows r;
	struct err ignored = {0};

	if (o->oid == 0 || strcmp(o->type, "table") != 0 || o->bytes < 0 || o->bytes > (64 << 20) ||
	    my_in_tx(my(x->c->person)))
		return 0;
	if (my_ask(my(x->c->person), x->w, cluster_deadline(x->c, LIMIT_QUERY), x->a,
		arena_printf(x->a, "SELECT COUNT(*) FROM %s.%s", my_quote_name(x->a, o->schema),
		    my_quote_name(x->a, o->name)),
		&r, &ignored) == 0 &&
	    r.n == 1)
		o->rows = number(r.cells[0], o->rows);
	return 0;
}

/* More than the text says: what is found is added to the sentence. */
static void
forecast(struct looking *x, struct action *act, const struct my_conn *p)
{
	const char *why = my_forecast_alter(x->a, act, p->is_mariadb, p->version), *sql;
	struct err ignored = {0};
	struct my_rows r;

	if (why == NULL)
		why = my_forecast_absent(x->a, act);
	if (why == NULL && (sql = my_forecast_cascade_sql(x->a, act)) != NULL &&
	    my_ask(my(x->c->person), x->w, cluster_deadline(x->c, LIMIT_QUERY), x->a, sql, &r,
		&ignored) == 0)
		why = my_forecast_cascade(x->a, act, &r);
	if (why != NULL)
		act->why = why;
}

int
my_ask_refine(struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e)
{
	struct looking x = {.c = c, .w = w, .a = a};
	struct my_conn *p = my(c->person);
	struct my_rows r;
	size_t i, k, m;

	if (p == NULL || p->is_broken)
		return err_set(e, ERR_CONN, "there is no session to ask");
	x.new_names = !p->is_mariadb && p->version >= 80000;
	if (my_ask(p, w, cluster_deadline(c, LIMIT_QUERY), a, "SELECT DATABASE()", &r, e) < 0)
		return err_wrap(e, "%s", c->operator_node);
	x.database = r.n == 1 && r.cells[0] != NULL ? r.cells[0] : "";
	for (i = 0; i < s->nstatements; i++)
		for (k = 0; k < s->statements[i].nactions; k++) {
			for (m = 0; m < s->statements[i].actions[k].nobjects; m++) {
				struct object *o = &s->statements[i].actions[k].objects[m];

				if (look_up(&x, o, e) < 0)
					return err_wrap(e,
					    "looking up the names of the statement on %s",
					    c->operator_node);
				if (s->statements[i].actions[k].danger >= DANGER_OPAQUE)
					count_rows(&x, o);
			}
			forecast(&x, &s->statements[i].actions[k], p);
		}
	return 0;
}

/* Views and functions run with the statement: what the classifier could not tell stays as it is. */
int
my_ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e)
{
	(void)c;
	(void)w;
	(void)a;
	(void)search_path;
	(void)s;
	(void)e;
	return 0;
}

/* Parsed there, not run: PREPARE on the control session. */
int
my_ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct arena *a = arena_new();
	struct err own = {0};
	struct my_conn *x;
	struct member *m;
	int rc = 0;

	if (members_enter(c, w, &held, &own) == 0 &&
	    (m = cluster_member(c, c->operator_node)) != NULL &&
	    my_control(c, m, w, &x, &own) == 0 && memchr(text, '\0', len) == NULL &&
	    len < (1 << 20)) {
		rc = my_query(x, w, cluster_deadline(c, LIMIT_QUERY),
		    arena_printf(a, "PREPARE holdfast_look FROM %s",
			my_quote_literal(a, arena_strndup(a, text, len))),
		    NULL, &own);
		if (rc == 0)
			my_query(x, w, cluster_deadline(c, LIMIT_QUERY),
			    "DEALLOCATE PREPARE holdfast_look", NULL, NULL);
		/* Only "this is no statement"; whatever else is left to the rules. */
		rc = rc != 0 && strcmp(own.detail, "error 1064") == 0 ? -1 : 0;
	}
	arena_free(a);
	if (rc != 0 && e != NULL)
		*e = own;
	return rc;
}

static void
add_dependents(struct arena *a, const struct my_rows *r, struct dependent *out, size_t *n)
{
	const char *const *row;
	size_t i;

	for (i = 0; i < r->n && *n < MAX_DEPENDENTS; i++) {
		row = (const char *const *)&r->cells[i * r->ncols];
		out[(*n)++] = (struct dependent){.type = row[0],
		    .schema = row[1],
		    .name = row[2],
		    .table = row[3],
		    .identity = row[4],
		    .oid = (uint32_t)number(row[5], 0),
		    .table_oid = (uint32_t)number(row[6], 0),
		    .goes_along = strcmp(row[0], "foreign key") != 0,
		    .rows = -1,
		    .bytes = -1,
		    .depth = 1};
	}
	(void)a;
}

/* What refers to a table: foreign keys refuse the drop, views break, triggers go with it. */
static const char *
dependents_sql(struct arena *a, const struct object *o)
{
	const char *schema = my_quote_literal(a, o->schema), *name = my_quote_literal(a, o->name);

	return arena_printf(a,
	    "SELECT 'foreign key', k.TABLE_SCHEMA, k.CONSTRAINT_NAME, k.TABLE_NAME, "
	    "CONCAT('foreign key ', k.CONSTRAINT_NAME, ' of table ', k.TABLE_SCHEMA, '.', "
	    "k.TABLE_NAME), CRC32(CONCAT_WS('|', k.CONSTRAINT_SCHEMA, k.CONSTRAINT_NAME)), "
	    "COALESCE((SELECT i.TABLE_ID FROM information_schema.INNODB_SYS_TABLES AS i WHERE "
	    "i.NAME = CONCAT(k.TABLE_SCHEMA, '/', k.TABLE_NAME)), 0) "
	    "FROM information_schema.KEY_COLUMN_USAGE AS k WHERE k.REFERENCED_TABLE_SCHEMA = %s "
	    "AND k.REFERENCED_TABLE_NAME = %s AND k.ORDINAL_POSITION = 1 "
	    "AND NOT (k.TABLE_SCHEMA = %s AND k.TABLE_NAME = %s) "
	    "UNION ALL SELECT 'view', v.TABLE_SCHEMA, v.TABLE_NAME, NULL, CONCAT('view ', "
	    "v.TABLE_SCHEMA, '.', v.TABLE_NAME, ' (it breaks)'), CRC32(CONCAT_WS('|', "
	    "v.TABLE_SCHEMA, v.TABLE_NAME)), 0 FROM information_schema.VIEWS AS v WHERE "
	    "INSTR(v.VIEW_DEFINITION, CONCAT('`', %s, '`.`', %s, '`')) > 0 "
	    "UNION ALL SELECT 'trigger', t.TRIGGER_SCHEMA, t.TRIGGER_NAME, t.EVENT_OBJECT_TABLE, "
	    "CONCAT('trigger ', t.TRIGGER_SCHEMA, '.', t.TRIGGER_NAME), CRC32(CONCAT_WS('|', "
	    "t.TRIGGER_SCHEMA, t.TRIGGER_NAME)), 0 FROM information_schema.TRIGGERS AS t WHERE "
	    "t.EVENT_OBJECT_SCHEMA = %s AND t.EVENT_OBJECT_TABLE = %s ORDER BY 1, 2, 3 LIMIT 2000",
	    schema, name, schema, name, schema, name, schema, name);
}

int
my_ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e)
{
	struct my_conn *x = my(c->person);
	struct my_rows r;

	*out = NULL;
	*n = 0;
	if (o->oid == 0 || o->schema == NULL || !is_relation(o) || x == NULL)
		return 0;
	if (my_ask(x, w, cluster_deadline(c, LIMIT_QUERY), a, dependents_sql(a, o), &r, e) < 0)
		return err_wrap(e, "looking up what hangs on %s", object_name(a, o));
	*out = arena_array(a, r.n + 1, sizeof(**out));
	add_dependents(a, &r, *out, n);
	return 0;
}

/* EXPLAIN of the change itself; its last column but one or two, by name, is a guess. */
int
my_ask_estimate(
    struct cluster *c, struct waiter *w, const char *text, size_t len, int64_t *rows, struct err *e)
{
	struct my_conn *x = my(c->person);
	struct arena *a = arena_new();
	struct err ignored = {0};
	struct my_rows r;
	size_t i;

	(void)e;
	*rows = -1;
	if (x != NULL && !x->is_broken && len < (1 << 20) && memchr(text, '\0', len) == NULL &&
	    my_ask(x, w, cluster_deadline(c, LIMIT_QUERY), a,
		arena_printf(a, "EXPLAIN %.*s", (int)len, text), &r, &ignored) == 0)
		for (i = 0; i < r.ncols && r.n > 0; i++)
			if (strcmp(r.titles[i], "rows") == 0)
				*rows = number(r.cells[i], -1);
	arena_free(a);
	return 0;
}
