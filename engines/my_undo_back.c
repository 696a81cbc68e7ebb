/*
 * Rows that a DELETE or an UPDATE took, cascades included, and values that an ALTER changed. The
 * replica's rows stand in a table beside for a while; under a lock on the table its triggers are
 * set aside, missing rows put in, values put back, and the triggers made again as they were. Must
 * never end without the triggers, nor without saying so.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_undo.h"
#include "text.h"
#include "banned.h"

#define TABLES_MAX 200
#define STATEMENT_MS (10 * 60 * 1000)

struct trigger {
	const char *name, *mode, *text;
};

struct back {
	struct my_undo *u;
	const char *match, *missing; /* "t.k = s.k AND ...", "t.k IS NULL" */
	const char *set, *differs;   /* of the columns whose values come back, or "" */
	struct trigger *triggers;
	size_t ntriggers, off; /* off: so many of them are set aside now */
	int is_locked;
};

static const char *
literal(struct my_undo *u, const char *s)
{
	return my_quote_literal(u->a, s);
}

/* The key by which rows are told apart, and what to do with the columns named in `wanted`. */
static int
find_columns(struct back *b, const char *wanted, struct err *e)
{
	struct my_undo *u = b->u;
	struct my_rows r;
	size_t i;

	if (my_ask(u->dst, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a,
		    "SELECT COLUMN_NAME, COLUMN_KEY FROM information_schema.COLUMNS WHERE "
		    "TABLE_SCHEMA = %s AND TABLE_NAME = %s AND UPPER(EXTRA) NOT LIKE "
		    "'%%GENERATED' ORDER BY ORDINAL_POSITION",
		    literal(u, u->schema), literal(u, u->table)),
		&r, e) < 0)
		return -1;
	b->match = b->missing = b->set = b->differs = "";
	for (i = 0; i < r.n; i++) {
		const char *name = my_quote_name(u->a, r.cells[2 * i]);
		int is_key = strcmp(r.cells[2 * i + 1], "PRI") == 0;

		if (is_key && b->match[0] == '\0')
			b->missing = arena_printf(u->a, "t.%s IS NULL", name);
		if (is_key)
			b->match = arena_printf(u->a, "%s%st.%s = s.%s", b->match,
			    b->match[0] == '\0' ? "" : " AND ", name, name);
		else if (wanted == NULL || strstr(wanted, name) != NULL) {
			b->set = arena_printf(u->a, "%s%st.%s = s.%s", b->set,
			    b->set[0] == '\0' ? "" : ", ", name, name);
			b->differs = arena_printf(u->a,
			    "%s%sNOT (CAST(t.%s AS BINARY) <=> CAST(s.%s AS BINARY))", b->differs,
			    b->differs[0] == '\0' ? "" : " OR ", name, name);
		}
	}
	if (b->match[0] != '\0')
		return 0;
	err_set(e, ERR_REFUSED,
	    "%s has no primary key, so its rows cannot be told apart; nothing was done", u->source);
	return err_hint(e, "bring them back from %s by hand", u->from->name);
}

static int
load_beside(struct my_undo *u, struct err *e)
{
	if (my_undo_columns(u, e) < 0 ||
	    my_undo_do(u, u->dst,
		arena_printf(u->a, "CREATE TABLE %s LIKE %s", u->target, u->source), NULL, e) < 0)
		return -1;
	u->is_made = 1;
	return my_undo_copy(u, e) < 0 || my_undo_compare(u, e) < 0 ? -1 : 0;
}

static int
read_triggers(struct back *b, struct err *e)
{
	struct my_undo *u = b->u;
	struct my_rows names, t;
	size_t i;

	if (my_ask(u->dst, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a,
		    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
		    "EVENT_OBJECT_SCHEMA = %s AND EVENT_OBJECT_TABLE = %s AND EVENT_MANIPULATION "
		    "<> 'DELETE' ORDER BY ACTION_ORDER",
		    literal(u, u->schema), literal(u, u->table)),
		&names, e) < 0)
		return -1;
	b->triggers = arena_array(u->a, names.n + 1, sizeof(*b->triggers));
	for (i = 0; i < names.n; i++) {
		const char *name = arena_printf(u->a, "%s.%s", my_quote_name(u->a, u->schema),
		    my_quote_name(u->a, names.cells[i]));

		if (my_ask(u->dst, u->w, now_ms() + STATEMENT_MS, u->a,
			arena_printf(u->a, "SHOW CREATE TRIGGER %s", name), &t, e) < 0)
			return -1;
		if (t.n != 1 || t.ncols < 3 || t.cells[1] == NULL || t.cells[2] == NULL)
			return err_set(e, ERR_FAILED,
			    "trigger %s could not be read; nothing was done", names.cells[i]);
		b->triggers[b->ntriggers++] = (struct trigger){
		    name, arena_strdup(u->a, t.cells[1]), arena_strdup(u->a, t.cells[2])};
	}
	return 0;
}

static int
lock(struct back *b, struct err *e)
{
	struct my_undo *u = b->u;

	if (my_undo_do(u, u->dst,
		arena_printf(u->a, "LOCK TABLES %s WRITE, %s AS t WRITE, %s READ, %s AS s READ",
		    u->source, u->source, u->target, u->target),
		NULL, e) < 0)
		return -1;
	b->is_locked = 1;
	for (; b->off < b->ntriggers; b->off++)
		if (my_undo_do(u, u->dst,
			arena_printf(u->a, "DROP TRIGGER %s", b->triggers[b->off].name), NULL,
			e) < 0)
			return -1;
	return my_undo_do(u, u->dst, "SET SESSION autocommit = 0", NULL, e);
}

static int
put_back(struct back *b, int64_t *inserted, int64_t *updated, struct err *e)
{
	struct my_undo *u = b->u;
	int64_t missing, differing = 0;

	*updated = 0;
	if (my_undo_do(u, u->dst,
		arena_printf(u->a,
		    "INSERT INTO %s (%s) SELECT %s FROM %s AS s WHERE NOT EXISTS (SELECT 1 FROM %s "
		    "AS t WHERE %s)",
		    u->source, u->columns, u->columns, u->target, u->source, b->match),
		NULL, e) < 0)
		return -1;
	*inserted = (int64_t)mysql_affected_rows(u->dst->my);
	if (u->mode != MY_UNDO_DELETE && b->set[0] != '\0') {
		if (my_undo_do(u, u->dst,
			arena_printf(u->a, "UPDATE %s AS t JOIN %s AS s ON %s SET %s WHERE %s",
			    u->source, u->target, b->match, b->set, b->differs),
			NULL, e) < 0)
			return -1;
		*updated = (int64_t)mysql_affected_rows(u->dst->my);
		if (my_undo_count(u, u->dst,
			arena_printf(u->a,
			    "SELECT COUNT(*) FROM %s AS s JOIN %s AS t ON %s WHERE %s", u->target,
			    u->source, b->match, b->differs),
			&differing, e) < 0)
			return -1;
	}
	if (my_undo_count(u, u->dst,
		arena_printf(u->a, "SELECT COUNT(*) FROM %s AS s LEFT JOIN %s AS t ON %s WHERE %s",
		    u->target, u->source, b->match, b->missing),
		&missing, e) < 0)
		return -1;
	if (missing + differing > 0)
		return err_set(e, ERR_FAILED,
		    "after loading, %s of %s differed from what was there before; rolled back",
		    text_many(u->a, missing + differing, "row"), u->source);
	if (my_undo_do(u, u->dst, "COMMIT", NULL, e) == 0)
		return 0;
	u->out->is_unknown = u->dst->is_broken;
	return -1;
}

/* Whatever happened: the triggers again, the lock let go, the table beside away. */
static int
unlock(struct back *b, int rc, struct err *e)
{
	struct my_undo *u = b->u;
	struct waiter plain, *was = u->w;
	struct err own = {0};
	size_t i;

	poll_waiter(&plain, -1);
	u->w = &plain;
	if (rc < 0 && b->is_locked)
		my_undo_do(u, u->dst, "ROLLBACK", NULL, &own);
	for (i = 0; i < b->off; i++) {
		err_clear(&own);
		if ((my_undo_do(u, u->dst,
			 arena_printf(
			     u->a, "SET SESSION sql_mode = %s", literal(u, b->triggers[i].mode)),
			 NULL, &own) < 0 ||
			my_undo_do(u, u->dst, b->triggers[i].text, NULL, &own) < 0) &&
		    rc == 0) {
			rc = err_set(e, ERR_FAILED,
			    "the rows of %s are back, but its trigger %s could not be made again: "
			    "%.200s",
			    u->source, b->triggers[i].name, own.msg);
			err_hint(e, "SHOW CREATE TRIGGER on %s has its text", u->from->name);
		}
	}
	my_undo_do(u, u->dst, "SET SESSION autocommit = 1, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
	    NULL, &own);
	my_undo_do(u, u->dst, "UNLOCK TABLES", NULL, &own);
	if (u->is_made &&
	    my_undo_do(u, u->dst, arena_printf(u->a, "DROP TABLE %s", u->target), NULL, &own) == 0)
		u->is_made = 0;
	u->w = was;
	return rc;
}

static int
table_back(struct my_undo *u, const char *wanted, struct err *e)
{
	struct back b = {.u = u};
	int64_t inserted = 0, updated = 0;
	int rc;

	if (find_columns(&b, wanted, e) < 0 || read_triggers(&b, e) < 0 || load_beside(u, e) < 0)
		return -1;
	my_undo_say(u, "putting rows of %s back on %s", u->source, u->to->name);
	rc = lock(&b, e);
	if (rc == 0)
		rc = put_back(&b, &inserted, &updated, e);
	rc = unlock(&b, rc, e);
	if (rc < 0)
		return -1;
	my_undo_say(
	    u, "%s: %s brought back", u->source, text_many(u->a, inserted + updated, "row"));
	u->out->rows += inserted + updated;
	return 0;
}

/* Tables whose rows the statement changed through foreign keys, found from table `i` on. */
static int
add_children(struct my_undo *u, const char **tables, size_t *n, size_t i, struct err *e)
{
	struct my_rows r;
	size_t k, m;

	if (my_ask(u->src, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a,
		    "SELECT DISTINCT CONSTRAINT_SCHEMA, TABLE_NAME FROM "
		    "information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = "
		    "%s AND REFERENCED_TABLE_NAME = %s AND %s_RULE IN ('CASCADE', 'SET NULL', 'SET "
		    "DEFAULT')",
		    literal(u, tables[2 * i]), literal(u, tables[2 * i + 1]),
		    u->mode == MY_UNDO_DELETE ? "DELETE" : "UPDATE"),
		&r, e) < 0)
		return -1;
	for (k = 0; k < r.n; k++) {
		for (m = 0; m < *n; m++)
			if (strcmp(tables[2 * m], r.cells[2 * k]) == 0 &&
			    strcmp(tables[2 * m + 1], r.cells[2 * k + 1]) == 0)
				break;
		if (m < *n)
			continue;
		if (*n == TABLES_MAX)
			return err_set(e, ERR_REFUSED,
			    "foreign keys lead to more than %d tables; nothing was done",
			    TABLES_MAX);
		tables[2 * *n] = arena_strdup(u->a, r.cells[2 * k]);
		tables[2 * *n + 1] = arena_strdup(u->a, r.cells[2 * k + 1]);
		(*n)++;
	}
	return 0;
}

int
my_undo_touched(struct my_undo *u, const char ***out, size_t *n, struct err *e)
{
	const char **tables = arena_array(u->a, 2 * TABLES_MAX + 2, sizeof(*tables));
	size_t i;

	*out = tables;
	*n = 1;
	tables[0] = u->schema;
	tables[1] = u->table;
	if (u->mode != MY_UNDO_DELETE && u->mode != MY_UNDO_UPDATE)
		return 0;
	for (i = 0; i < *n; i++)
		if (add_children(u, tables, n, i, e) < 0)
			return -1;
	return 0;
}

int
my_undo_rows(struct my_undo *u, struct err *e)
{
	const char **tables;
	const char *wanted = NULL, *later = "";
	enum my_undo_mode mode = u->mode;
	size_t n, i;

	u->out->rows = 0;
	if (u->mode == MY_UNDO_REPLACE) {
		if (my_undo_alter(u, &wanted, &later, e) < 0 ||
		    (wanted[0] != '\0' && table_back(u, wanted, e) < 0))
			return -1;
		return my_undo_alter_end(u, later, e);
	}
	if (my_undo_touched(u, &tables, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		my_undo_name(u, tables[2 * i], tables[2 * i + 1]);
		/* A key that was set to NULL is a change of the row. */
		u->mode = i == 0 ? mode : MY_UNDO_UPDATE;
		if (table_back(u, NULL, e) < 0)
			return -1;
	}
	my_undo_name(u, tables[0], tables[1]);
	u->mode = mode;
	return 0;
}
