/*
 * The table that a restore would replace, as it stands on MariaDB or MySQL: what has its name, how
 * big it is, which triggers it has, and which foreign keys of others would have to be turned to the
 * new one. Reads catalogues only.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/my_catalog.h"
#include "engines/my_driver.h"
#include "engines/my_dump.h"
#include "banned.h"

struct asking {
	struct cluster *c;
	struct my_conn *x;
	struct waiter *w;
	struct arena *a;
	const char *schema, *table; /* literals */
};

static int
ask(struct asking *q, const char *sql, struct my_rows *r, struct err *e)
{
	return my_ask(q->x, q->w, cluster_deadline(q->c, LIMIT_QUERY), q->a, sql, r, e);
}

static int64_t
number(const char *cell, int64_t otherwise)
{
	return cell == NULL ? otherwise : strtoll(cell, NULL, 10);
}

static int
table(struct asking *q, const struct standing_question *sq, struct standing *out, struct err *e)
{
	int new_names = !q->x->is_mariadb && q->x->version >= 80000;
	struct my_rows r;

	if (ask(q,
		arena_printf(q->a,
		    "SELECT s.SCHEMA_NAME, %s, t.TABLE_TYPE, t.TABLE_ROWS, t.DATA_LENGTH, "
		    "t.INDEX_LENGTH FROM (SELECT 1) AS one LEFT JOIN information_schema.SCHEMATA "
		    "AS s ON s.SCHEMA_NAME = %s LEFT JOIN information_schema.TABLES AS t ON "
		    "t.TABLE_SCHEMA = %s AND t.TABLE_NAME = %s",
		    my_object_id(q->a, sq->schema, sq->table, new_names), q->schema, q->schema,
		    q->table),
		&r, e) < 0)
		return -1;
	out->has_schema = r.n > 0 && r.cells[0] != NULL;
	if (r.n == 0 || r.cells[2] == NULL)
		return 0;
	out->oid = (uint32_t)number(r.cells[1], 0);
	if (strcmp(r.cells[2], "BASE TABLE") != 0)
		out->taken = strcmp(r.cells[2], "VIEW") == 0 ? "a view" : "no plain table";
	out->rows = number(r.cells[3], -1);
	out->bytes = number(r.cells[4], 0);
	out->indexes = number(r.cells[5], 0);
	return 0;
}

/* Of each index, where the login may read that. */
static int
sizes(struct asking *q, struct standing *out, struct err *e)
{
	struct err ignored = {0};
	struct my_rows r;
	size_t i;

	if (ask(q,
		arena_printf(q->a,
		    "SELECT index_name, stat_value * @@innodb_page_size FROM "
		    "mysql.innodb_index_stats WHERE database_name = %s AND table_name = %s AND "
		    "stat_name = 'size'",
		    q->schema, q->table),
		&r, &ignored) < 0)
		return ignored.code == ERR_CONN ? (*e = ignored, -1) : 0;
	for (i = 0; i < r.n; i++)
		out->sizes = arena_printf(q->a, "%s%s%s %s", out->sizes, i == 0 ? "" : "\n",
		    my_quote_name(q->a, r.cells[2 * i]), r.cells[2 * i + 1]);
	return 0;
}

static int
keys(struct asking *q, struct standing *out, struct err *e)
{
	struct my_rows r;

	if (ask(q,
		arena_printf(q->a,
		    "SELECT CONCAT(CONSTRAINT_NAME, ' on ', CONSTRAINT_SCHEMA, '.', TABLE_NAME) "
		    "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE "
		    "UNIQUE_CONSTRAINT_SCHEMA = %s AND REFERENCED_TABLE_NAME = %s AND NOT "
		    "(CONSTRAINT_SCHEMA = %s AND TABLE_NAME = %s) ORDER BY 1",
		    q->schema, q->table, q->schema, q->table),
		&r, e) < 0)
		return -1;
	out->keys = r.cells;
	out->nkeys = r.n;
	return 0;
}

static int
triggers(struct asking *q, const struct standing_question *sq, struct standing *out, struct err *e)
{
	struct my_rows names, t;
	size_t i;

	if (ask(q,
		arena_printf(q->a,
		    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
		    "EVENT_OBJECT_SCHEMA = %s AND EVENT_OBJECT_TABLE = %s ORDER BY ACTION_ORDER",
		    q->schema, q->table),
		&names, e) < 0)
		return -1;
	for (i = 0; i < names.n; i++) {
		if (ask(q,
			arena_printf(q->a, "SHOW CREATE TRIGGER %s.%s",
			    my_quote_name(q->a, sq->schema), my_quote_name(q->a, names.cells[i])),
			&t, e) < 0)
			return -1;
		if (t.n != 1 || t.ncols < 5 || t.cells[2] == NULL ||
		    strstr(t.cells[2], MY_TRIGGER_END) != NULL) {
			out->stuck =
			    arena_printf(q->a, "its trigger %s could not be read", names.cells[i]);
			return 0;
		}
		out->triggers = arena_printf(q->a, "%s%s", out->triggers,
		    my_trigger_text(
			q->a, t.cells[1], t.cells[3], t.cells[4], t.cells[2], strlen(t.cells[2])));
	}
	return 0;
}

/* How far an earlier restore of the same rows came, as that wrote it down. */
static int
stage(struct asking *q, const char *side, struct standing *out, struct err *e)
{
	struct my_rows r;

	if (ask(q,
		arena_printf(q->a,
		    "SELECT SCHEMA_NAME, (SELECT COUNT(*) FROM information_schema.TABLES WHERE "
		    "TABLE_SCHEMA = SCHEMA_NAME AND TABLE_NAME = '" MY_RESTORE_MARK
		    "') FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
		    my_quote_literal(q->a, side)),
		&r, e) < 0)
		return -1;
	if (r.n == 0)
		return 0;
	out->stage = "something else";
	if (strcmp(r.cells[1], "0") == 0)
		return 0;
	if (ask(q,
		arena_printf(q->a,
		    "SELECT CONCAT('holdfast restore 1 ', rows_sha256, ' ', stage) FROM "
		    "%s." MY_RESTORE_MARK,
		    my_quote_name(q->a, side)),
		&r, e) < 0)
		return -1;
	if (r.n == 1 && r.cells[0] != NULL)
		out->stage = r.cells[0];
	return 0;
}

int
my_ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *sq, struct standing *out, struct err *e)
{
	struct asking q = {.c = c,
	    .x = my(c->person),
	    .w = w,
	    .a = a,
	    .schema = my_quote_literal(a, sq->schema),
	    .table = my_quote_literal(a, sq->table)};

	memset(out, 0, sizeof(*out));
	out->stage = out->sizes = out->triggers = "";
	out->rows = -1;
	if (q.x == NULL)
		return err_set(e, ERR_CONN, "there is no session; nothing was done");
	if (table(&q, sq, out, e) < 0 || stage(&q, sq->side, out, e) < 0)
		return -1;
	if (out->oid == 0 || out->taken != NULL)
		return 0;
	return sizes(&q, out, e) < 0 || keys(&q, out, e) < 0 ? -1 : triggers(&q, sq, out, e);
}
