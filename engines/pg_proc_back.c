/*
 * Rows that a DELETE or an UPDATE took, its cascades included: the source's rows stand beside for
 * a moment, those that are missing come back, those that the transaction wrote get their old
 * values. Rows that somebody wrote since are left as they are, counted and said. Must never
 * overwrite a row without knowing that the transaction wrote it, where that can be known.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "text.h"
#include "banned.h"

/* The table, its partitions, and what foreign keys change with it, parents first. $1: its name. */
static const char reached_sql[] =
    "WITH RECURSIVE t(oid, depth, changes) AS (SELECT pg_catalog.to_regclass($1)::pg_catalog.oid, "
    "0, $2::pg_catalog.bool UNION SELECT x.oid, t.depth + 1, x.changes FROM t CROSS JOIN LATERAL ("
    "SELECT k.conrelid, k.confdeltype IN ('n', 'd') OR $2::pg_catalog.bool FROM "
    "pg_catalog.pg_constraint AS k WHERE k.contype = 'f' AND k.confrelid = t.oid AND k.conrelid <> "
    "t.oid AND ((NOT $2::pg_catalog.bool AND k.confdeltype IN ('c', 'n', 'd')) OR "
    "($2::pg_catalog.bool AND k.confupdtype IN ('c', 'n', 'd'))) UNION ALL SELECT i.inhrelid, "
    "t.changes FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid) AS x(oid, changes) "
    "WHERE t.depth < 30) SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), "
    "pg_catalog.bool_or(t.changes), pg_catalog.pg_table_size(c.oid) FROM t JOIN "
    "pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'r' JOIN pg_catalog.pg_namespace AS "
    "n ON n.oid = c.relnamespace GROUP BY c.oid, n.nspname, c.relname ORDER BY "
    "pg_catalog.max(t.depth), c.oid";

/* "t.id = s.id AND ...", and the assignments; $1: the table. NULL where it has no key. */
static const char keys_sql[] =
    "SELECT (SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I = s.%1$I', a.attname), ' AND "
    "') FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid "
    "AND a.attnum = ANY (i.indkey) WHERE i.indrelid = c.oid AND i.indisprimary), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format('%1$I = s.%1$I', a.attname), ', ' ORDER BY "
    "a.attnum) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped AND a.attgenerated = '' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i "
    "WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))) "
    "FROM pg_catalog.pg_class AS c WHERE c.oid = pg_catalog.to_regclass($1)";

struct table_back {
	const char *full, *beside, *columns;
	const char *match, *set; /* set NULL: it is all key */
	const char *t_row, *s_row;
	int changes; /* its rows were changed, not only removed */
};

/* Every column of an alias as one text: types without equality have a text, too. */
static const char *
row_text(struct undo *u, const char *columns, const char *alias)
{
	return arena_printf(u->a,
	    "(SELECT holdfast_row FROM (SELECT %s FROM (SELECT (%s).*) AS q) AS holdfast_row)::"
	    "pg_catalog.text",
	    columns, alias);
}

static int
count_of(struct undo *u, const char *sql, int64_t *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, u->dst, sql, 0, NULL, &r, e) < 0)
		return -1;
	*out = PQntuples(r) == 1 ? look_int(r, 0, 0, 0) : strtoll(PQcmdTuples(r), NULL, 10);
	return 0;
}

static int
prepare(struct undo *u, struct table_back *t, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, u->src, keys_sql, 1, &t->full, &r, e) < 0 ||
	    undo_columns(u, u->src, t->full, &t->columns, e) < 0)
		return -1;
	t->match = PQntuples(r) == 1 ? look_text(u->a, r, 0, 0) : NULL;
	t->set = PQntuples(r) == 1 ? look_text(u->a, r, 0, 1) : NULL;
	if (t->match == NULL) {
		err_set(e, ERR_REFUSED,
		    "%s has no primary key, so its rows cannot be told apart; nothing was done",
		    t->full);
		return err_hint(e, "bring them back from %s by hand", u->from->name);
	}
	t->t_row = row_text(u, t->columns, "t");
	t->s_row = row_text(u, t->columns, "s");
	return 0;
}

static int
load_beside(struct undo *u, struct table_back *t, struct err *e)
{
	if (undo_do(u, u->dst,
		arena_printf(u->a, "LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE", t->full), 0,
		NULL, NULL, e) < 0 ||
	    undo_do(u, u->dst,
		arena_printf(
		    u->a, "CREATE TEMPORARY TABLE %s (LIKE %s) ON COMMIT DROP", t->beside, t->full),
		0, NULL, NULL, e) < 0 ||
	    undo_copy(u, t->full, t->beside, e) < 0)
		return -1;
	return undo_do(u, u->dst, arena_printf(u->a, "ANALYZE %s", t->beside), 0, NULL, NULL, e);
}

static int
insert_missing(struct undo *u, const struct table_back *t, int64_t *n, struct err *e)
{
	return count_of(u,
	    arena_printf(u->a,
		"INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS s WHERE NOT "
		"EXISTS (SELECT FROM ONLY %s AS t WHERE %s)",
		t->full, t->columns, t->columns, t->beside, t->full, t->match),
	    n, e);
}

/* Only what the transaction wrote and nobody touched since, where its number is known. */
static int
set_back(struct undo *u, const struct table_back *t, int64_t *n, struct err *e)
{
	const char *mine = "";

	*n = 0;
	if (!t->changes || t->set == NULL)
		return 0;
	if (u->xid[0] != '\0')
		mine = arena_printf(u->a, " AND t.xmin::pg_catalog.text = '%llu'",
		    strtoull(u->xid, NULL, 10) % 4294967296ULL);
	return count_of(u,
	    arena_printf(u->a,
		"UPDATE ONLY %s AS t SET %s FROM %s AS s WHERE %s%s AND %s IS DISTINCT FROM %s",
		t->full, t->set, t->beside, t->match, mine, t->t_row, t->s_row),
	    n, e);
}

/* What is still not as it was: none is missing, and what differs was written since by others. */
static int
check_back(struct undo *u, const struct table_back *t, int64_t back, struct err *e)
{
	int64_t missing, differing;

	if (count_of(u,
		arena_printf(u->a,
		    "SELECT pg_catalog.count(*) FROM %s AS s WHERE NOT EXISTS (SELECT FROM ONLY %s "
		    "AS t WHERE %s)",
		    t->beside, t->full, t->match),
		&missing, e) < 0 ||
	    count_of(u,
		arena_printf(u->a,
		    "SELECT pg_catalog.count(*) FROM %s AS s JOIN ONLY %s AS t ON %s WHERE %s IS "
		    "DISTINCT FROM %s",
		    t->beside, t->full, t->match, t->t_row, t->s_row),
		&differing, e) < 0)
		return -1;
	if (missing > 0 || (differing > 0 && t->changes && u->xid[0] == '\0'))
		return err_set(e, ERR_FAILED,
		    "after loading, %s of %s differed from what was there before; rolled back",
		    text_many(u->a, missing + differing, "row"), t->full);
	undo_say(u, "%s: %s brought back", t->full, text_many(u->a, back, "row"));
	if (differing > 0)
		undo_say(u, "%s: %s written by others since, left as found", t->full,
		    text_many(u->a, differing, "row"));
	return 0;
}

static int
table_back(struct undo *u, struct table_back *t, struct err *e)
{
	CLEAN_RESULT PGresult *triggers = NULL;
	int64_t inserted, updated;

	undo_say(u, "reading %s from %s", t->full, u->from->name);
	if (prepare(u, t, e) < 0 || load_beside(u, t, e) < 0)
		return -1;
	undo_say(u, "putting rows of %s back on %s", t->full, u->to->name);
	if (undo_triggers(u, t->full, &triggers, e) < 0 || insert_missing(u, t, &inserted, e) < 0 ||
	    set_back(u, t, &updated, e) < 0 || undo_triggers_back(u, triggers, e) < 0)
		return -1;
	u->out->rows += inserted + updated;
	return check_back(u, t, inserted + updated, e);
}

int
undo_reached(struct undo *u, struct pg_conn *conn, PGresult **r, struct err *e)
{
	const char *params[2] = {u->full, u->mode == UNDO_UPDATE ? "t" : "f"};

	return undo_do(u, conn, reached_sql, 2, params, r, e);
}

int
undo_missing(struct undo *u, const char *full, struct err *e)
{
	struct table_back t = {.full = full, .beside = "pg_temp.holdfast_undo"};

	if (table_back(u, &t, e) < 0)
		return -1;
	return undo_do(u, u->dst, "DROP TABLE pg_temp.holdfast_undo", 0, NULL, NULL, e);
}

int
undo_touched(struct undo *u, const char ***out, size_t *n, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo_item *items;
	size_t i, nitems;
	int k;

	*n = 0;
	if (u->mode == UNDO_TRUNCATE || u->mode == UNDO_DELETE || u->mode == UNDO_UPDATE) {
		if ((u->mode == UNDO_TRUNCATE ? undo_emptied : undo_reached)(u, u->src, &r, e) < 0)
			return -1;
		*out = arena_array(u->a, (size_t)PQntuples(r) + 1, sizeof(**out));
		for (k = 0; k < PQntuples(r); k++)
			(*out)[(*n)++] = look_text(u->a, r, k, 0);
		return 0;
	}
	if (undo_items(u, u->src, u->oid, &items, &nitems, e) < 0)
		return -1;
	*out = arena_array(u->a, nitems + 1, sizeof(**out));
	for (i = 0; i < nitems; i++)
		if (items[i].relkind == 'r' && items[i].column == 0)
			(*out)[(*n)++] = items[i].full;
	return 0;
}

int
undo_rows(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct table_back t;
	int i;

	if (undo_reached(u, u->src, &r, e) < 0)
		return -1;
	u->start_ms = now_ms();
	u->out->rows = 0;
	for (i = 0; i < PQntuples(r); i++)
		u->total += look_int(r, i, 2, 0);
	for (i = 0; i < PQntuples(r); i++) {
		t = (struct table_back){.full = arena_strdup(u->a, PQgetvalue(r, i, 0)),
		    .beside = arena_printf(u->a, "pg_temp.holdfast_undo_%d", i),
		    .changes = PQgetvalue(r, i, 1)[0] == 't'};
		if (table_back(u, &t, e) < 0)
			return -1;
	}
	if (u->out->rows > 0)
		return 0;
	err_set(e, ERR_STALE, "no row of %s on %s differs from %s by this act; nothing was done",
	    u->full, u->to->name, u->from->name);
	return err_hint(e, "look at the table on %s first", u->to->name);
}
