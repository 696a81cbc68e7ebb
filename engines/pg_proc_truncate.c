/*
 * A truncated table: its definition still stands, its rows come back beside whatever was written
 * since. Tables that CASCADE emptied with it are found by their files: the held standby has the
 * old ones. Parents before children, so that foreign keys are checked as always.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "banned.h"

/* The table and everything below it by foreign keys or partitions, nearest first. $1: oid. */
static const char tables_sql[] =
    "WITH RECURSIVE t(oid, depth) AS (SELECT $1::pg_catalog.oid, 0 UNION "
    "SELECT x.oid, t.depth + 1 FROM t CROSS JOIN LATERAL ("
    "SELECT k.conrelid FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'f' AND "
    "k.confrelid = t.oid AND k.conrelid <> t.oid UNION SELECT i.inhrelid FROM "
    "pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid) AS x(oid) WHERE t.depth < 30) "
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relfilenode, "
    "pg_catalog.pg_table_size(c.oid), c.oid "
    "FROM (SELECT oid, pg_catalog.max(depth) AS depth FROM t GROUP BY oid) AS d "
    "JOIN pg_catalog.pg_class AS c ON c.oid = d.oid AND c.relkind = 'r' "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace ORDER BY d.depth, c.oid";

/* Triggers of people's own that fire on a load, as statements that switch them off and on again. */
static const char triggers_sql[] =
    "SELECT pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', $1::pg_catalog.text, t.tgname), "
    "pg_catalog.format('ALTER TABLE %s ENABLE %s TRIGGER %I', $1::pg_catalog.text, CASE "
    "t.tgenabled WHEN 'A' THEN "
    "'ALWAYS' ELSE '' END, t.tgname) FROM pg_catalog.pg_trigger AS t "
    "WHERE t.tgrelid = pg_catalog.to_regclass($1::pg_catalog.text) AND NOT t.tgisinternal "
    "AND t.tgenabled IN ('O', 'A') AND t.tgtype & 28 <> 0";

static int
switch_triggers(struct undo *u, const PGresult *r, int column, struct err *e)
{
	int i;

	for (i = 0; i < PQntuples(r); i++)
		if (undo_do(u, u->dst, PQgetvalue(r, i, column), 0, NULL, NULL, e) < 0)
			return -1;
	return 0;
}

int
undo_emptied(struct undo *u, struct pg_conn *conn, PGresult **r, struct err *e)
{
	const char *params[1] = {arena_printf(u->a, "%u", u->oid)};

	return undo_do(u, conn, tables_sql, 1, params, r, e);
}

int
undo_triggers(struct undo *u, const char *full, PGresult **was, struct err *e)
{
	return undo_do(u, u->dst, triggers_sql, 1, &full, was, e) < 0 ||
		       switch_triggers(u, *was, 0, e) < 0
		   ? -1
		   : 0;
}

int
undo_triggers_back(struct undo *u, const PGresult *was, struct err *e)
{
	return switch_triggers(u, was, 1, e);
}

/* Sums of hashes add up: what is there after, less what was there before, must be what was lost. */
static int
check_added(struct undo *u, const char *full, const struct undo_sum *before, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo_sum after, lost;
	const char *params[6];

	if (undo_sum(u, u->dst, full, &after, e) < 0 || undo_sum(u, u->src, full, &lost, e) < 0)
		return -1;
	params[0] = after.rows;
	params[1] = before->rows;
	params[2] = lost.rows;
	params[3] = after.sum;
	params[4] = before->sum;
	params[5] = lost.sum;
	if (undo_do(u, u->dst,
		"SELECT $1::pg_catalog.int8 - $2::pg_catalog.int8 = $3::pg_catalog.int8 AND "
		"$4::pg_catalog.numeric - $5::pg_catalog.numeric = $6::pg_catalog.numeric",
		6, params, &r, e) < 0)
		return -1;
	if (PQgetvalue(r, 0, 0)[0] == 't')
		return 0;
	return err_set(e, ERR_FAILED,
	    "%s is not equal after loading: %s rows, %s before it, %s expected more; rolled back",
	    full, after.rows, before->rows, lost.rows);
}

static int
load_one(struct undo *u, const char *full, PGresult **triggers, struct err *e)
{
	struct undo_sum before;

	if (undo_do(u, u->dst,
		arena_printf(u->a, "LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE", full), 0, NULL,
		NULL, e) < 0 ||
	    undo_sum(u, u->dst, full, &before, e) < 0 || undo_triggers(u, full, triggers, e) < 0 ||
	    undo_copy(u, full, full, e) < 0)
		return -1;
	undo_say(u, "comparing %s on %s and %s", full, u->from->name, u->to->name);
	return check_added(u, full, &before, e);
}

/* 1 the table has another file now, 0 it is the one of before, -1. */
static int
was_emptied(struct undo *u, const char *full, const char *oid, const char *file, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, u->dst,
		"SELECT c.oid, c.relfilenode FROM pg_catalog.pg_class AS c "
		"WHERE c.oid = pg_catalog.to_regclass($1)",
		1, &full, &r, e) < 0)
		return -1;
	if (PQntuples(r) == 0 || strcmp(PQgetvalue(r, 0, 0), oid) != 0)
		return err_set(
		    e, ERR_STALE, "%s on %s is not the table that was emptied", full, u->to->name);
	return strcmp(PQgetvalue(r, 0, 1), file) != 0;
}

/* A counter that was restarted goes on where it stood; one that went further stays. */
static const char sequences_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, s.relname) FROM pg_catalog.pg_depend AS d "
    "JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S' "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace "
    "WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') "
    "AND d.refobjid = pg_catalog.to_regclass($1)";

static int
advance_sequences(struct undo *u, const char *full, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[3];
	int i;

	if (undo_do(u, u->src, sequences_sql, 1, &full, &r, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(r); i++) {
		CLEAN_RESULT PGresult *v = NULL;
		const char *name = PQgetvalue(r, i, 0);

		if (undo_do(u, u->src,
			arena_printf(u->a, "SELECT last_value, is_called FROM %s", name), 0, NULL,
			&v, e) < 0)
			return -1;
		params[0] = name;
		params[1] = PQgetvalue(v, 0, 0);
		params[2] = PQgetvalue(v, 0, 1);
		if (undo_do(u, u->dst,
			arena_printf(u->a,
			    "SELECT pg_catalog.setval($1::pg_catalog.regclass, "
			    "$2::pg_catalog.int8, $3::pg_catalog.bool) FROM %s AS s "
			    "WHERE s.last_value < $2::pg_catalog.int8",
			    name),
			3, params, NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* From a copy: files say nothing of what was emptied, so what is missing comes back. */
static int
fill(struct undo *u, const PGresult *r, struct err *e)
{
	const char *full;
	int i;

	u->out->rows = 0;
	for (i = 0; i < PQntuples(r); i++) {
		full = PQgetvalue(r, i, 0);
		if (undo_missing(u, full, e) < 0 || advance_sequences(u, full, e) < 0)
			return -1;
	}
	if (u->out->rows == 0)
		undo_say(u, "no row of %s in the copy is missing", u->full);
	return 0;
}

/* Foreign keys that point forward in the order of loading: tables that need each other. Checked
 * when all is there, then as they were. $1: oids in that order. */
static const char forward_sql[] =
    "SELECT pg_catalog.format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY DEFERRED', "
    "k.conrelid::pg_catalog.regclass, k.conname), pg_catalog.format('ALTER TABLE %s ALTER "
    "CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname, CASE WHEN k.condeferred THEN "
    "'DEFERRABLE INITIALLY DEFERRED' WHEN k.condeferrable THEN 'DEFERRABLE INITIALLY IMMEDIATE' "
    "ELSE 'NOT DEFERRABLE' END) FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'f' AND "
    "k.conparentid = 0 AND pg_catalog.array_position($1::pg_catalog.oid[], k.conrelid) < "
    "pg_catalog.array_position($1::pg_catalog.oid[], k.confrelid)";

static int
defer(struct undo *u, const PGresult *tables, PGresult **keys, struct err *e)
{
	const char *oids = "{";
	int i;

	for (i = 0; i < PQntuples(tables); i++)
		oids =
		    arena_printf(u->a, "%s%s%s", oids, i == 0 ? "" : ",", PQgetvalue(tables, i, 3));
	oids = arena_printf(u->a, "%s}", oids);
	return undo_do(u, u->dst, forward_sql, 1, &oids, keys, e) < 0 ||
		       switch_triggers(u, *keys, 0, e) < 0
		   ? -1
		   : 0;
}

/* Nobody's trigger is switched on while a check still waits: the server would refuse. */
static int
settle(struct undo *u, const PGresult *keys, PGresult *const *triggers, int n, struct err *e)
{
	int i;

	if (PQntuples(keys) > 0 &&
	    undo_do(u, u->dst, "SET CONSTRAINTS ALL IMMEDIATE", 0, NULL, NULL, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (triggers[i] != NULL && undo_triggers_back(u, triggers[i], e) < 0)
			return -1;
	return switch_triggers(u, keys, 1, e);
}

static int
load_all(struct undo *u, const PGresult *tables, PGresult **triggers, int *loaded, struct err *e)
{
	CLEAN_RESULT PGresult *keys = NULL;
	int i, rc;

	if (defer(u, tables, &keys, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(tables); i++) {
		const char *full = PQgetvalue(tables, i, 0);

		rc = was_emptied(u, full, PQgetvalue(tables, i, 3), PQgetvalue(tables, i, 1), e);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		if (load_one(u, full, &triggers[i], e) < 0 || advance_sequences(u, full, e) < 0)
			return -1;
		++*loaded;
	}
	return settle(u, keys, triggers, PQntuples(tables), e);
}

int
undo_truncate(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	PGresult **triggers;
	int i, n, rc, loaded = 0;

	if (undo_emptied(u, u->src, &r, e) < 0)
		return -1;
	if (u->db != NULL)
		return fill(u, r, e);
	n = PQntuples(r);
	triggers = arena_array(u->a, (size_t)n + 1, sizeof(PGresult *));
	u->start_ms = now_ms();
	for (i = 0; i < n; i++)
		u->total += look_int(r, i, 2, 0);
	rc = load_all(u, r, triggers, &loaded, e);
	for (i = 0; i < n; i++)
		PQclear(triggers[i]);
	if (rc < 0)
		return -1;
	u->out->rows = u->rows;
	if (loaded > 0)
		return 0;
	err_set(e, ERR_STALE, "%s was not emptied on %s: it still has its file; nothing was done",
	    u->full, u->to->name);
	return err_hint(e, "look at the table on %s first", u->to->name);
}
