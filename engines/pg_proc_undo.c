/*
 * undo-table-v1: brings a table, or a whole schema, back on the primary from a held standby. The
 * definitions come from pg_dump, the rows are streamed, everything happens in one transaction
 * that nobody sees before it is compared and committed. On any failure the primary is as before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_who.h"
#include "engines/pg_words.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define STATEMENT_MS (4LL * 3600 * 1000) /* an index build on a big table takes its time */
#define LOCK_LIMIT "5s"

int
undo_do(struct undo *u, struct pg_conn *conn, const char *sql, int nparams,
    const char *const *params, PGresult **r, struct err *e)
{
	PGresult *own = NULL;
	int rc = pg_query(conn, u->w, now_ms() + STATEMENT_MS, sql, nparams, params, &own, e);

	if (rc < 0)
		return err_wrap(e, "%s", conn == u->src ? u->from->name : u->to->name);
	if (r != NULL)
		*r = own;
	else
		PQclear(own);
	return 0;
}

void
undo_say(struct undo *u, const char *fmt, ...)
{
	va_list ap;

	if (u->progress == NULL)
		return;
	va_start(ap, fmt);
	u->progress(u->progress_ctx, arena_vprintf(u->a, fmt, ap));
	va_end(ap);
}

void
undo_report(struct undo *u, const char *text)
{
	outcome_report(u->out, u->a, text);
}

/* By enum undo_mode. */
static const char *const modes[] = {"drop", "truncate", "delete", "update", "replace", "schema"};

int
undo_mode_parse(const char *word, enum undo_mode *out)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], word) == 0) {
			*out = (enum undo_mode)i;
			return 0;
		}
	return -1;
}

static int
take_arguments(struct undo *u, const struct step *s, struct err *e)
{
	const char *from = undo_argument(s, "from"), *to = undo_argument(s, "to");
	const char *oid = undo_argument(s, "oid"), *mode = undo_argument(s, "mode");
	const char *copy = undo_argument(s, "copy");

	u->schema = undo_argument(s, "schema");
	u->table = undo_argument(s, "table");
	if (from == NULL || to == NULL || oid == NULL || mode == NULL || u->schema == NULL ||
	    u->table == NULL || undo_argument(s, "database") == NULL)
		return err_set(
		    e, ERR_FAILED, "the step does not say what to bring back; nothing was done");
	if (undo_mode_parse(mode, &u->mode) != 0)
		return err_set(e, ERR_FAILED, "mode %s is not known; nothing was done", mode);
	u->xid = undo_argument(s, "xid") == NULL ? "" : undo_argument(s, "xid");
	u->oid = (uint32_t)strtoul(oid, NULL, 10);
	u->full = arena_strdup(u->a, pg_quote_name(u->a, u->schema));
	if (u->mode != UNDO_SCHEMA)
		u->full = arena_printf(u->a, "%s.%s", u->full, pg_quote_name(u->a, u->table));
	u->from = cluster_member(u->c, copy != NULL && copy[0] != '\0' ? to : from);
	u->to = cluster_member(u->c, to);
	if (u->from == NULL || u->to == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was done",
		    u->from == NULL ? from : to);
	return 0;
}

int
undo_settings(struct undo *u, struct pg_conn *conn, struct err *e)
{
	return undo_do(u, conn,
	    "SELECT pg_catalog.set_config('search_path', '', false), "
	    "pg_catalog.set_config('DateStyle', 'ISO, YMD', false), "
	    "pg_catalog.set_config('IntervalStyle', 'postgres', false), "
	    "pg_catalog.set_config('TimeZone', 'UTC', false), "
	    "pg_catalog.set_config('extra_float_digits', '3', false), "
	    "pg_catalog.set_config('bytea_output', 'hex', false), "
	    "pg_catalog.set_config('client_encoding', 'UTF8', false), "
	    "pg_catalog.set_config('standard_conforming_strings', 'on', false), "
	    "pg_catalog.set_config('xmloption', 'content', false), "
	    "pg_catalog.set_config('row_security', 'off', false), "
	    "pg_catalog.set_config('check_function_bodies', 'off', false), "
	    "pg_catalog.set_config('statement_timeout', '0', false), "
	    "pg_catalog.set_config('lock_timeout', '" LOCK_LIMIT "', false)",
	    0, NULL, NULL, e);
}

/* A session of the procedure alone, with what a comparison of texts depends on said explicitly. */
int
undo_open(struct undo *u, struct member *m, const char *database, struct pg_conn **out,
    int in_recovery, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct pg_conn *control;
	struct who who;

	if (members_enter(u->c, u->w, &held, e) < 0 || pg_control(u->c, m, u->w, &control, e) < 0)
		return -1;
	if (pg_session_open(u->c, u->w, m->address, database, out, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (pg_who(*out, u->w, cluster_deadline(u->c, LIMIT_QUERY), &who, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (!cluster_is_same(m, &who))
		return err_set(e, ERR_STALE, "%s is another server now: identity was %s, is %s",
		    m->name, m->identity, who.identity);
	if (who.is_in_recovery != in_recovery)
		return err_set(e, ERR_STALE, "%s is %s now; nothing was done", m->name,
		    who.is_in_recovery ? "a standby" : "no standby");
	return undo_settings(u, *out, e);
}

/* The standby must still be held, or what is read now may change while it is read. */
static int
check_source(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[1] = {u->full};

	if (undo_do(u, u->src, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL,
		e) < 0 ||
	    undo_do(u, u->src,
		u->mode == UNDO_SCHEMA ? "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
					 "pg_catalog.pg_is_wal_replay_paused() END, "
					 "pg_catalog.to_regnamespace($1)::pg_catalog.oid"
				       : "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
					 "pg_catalog.pg_is_wal_replay_paused() END, "
					 "pg_catalog.to_regclass($1)::pg_catalog.oid",
		1, params, &r, e) < 0)
		return -1;
	if (u->db != NULL && !PQgetisnull(r, 0, 1)) {
		u->oid = (uint32_t)look_int(r, 0, 1, 0); /* numbers are its own there */
		return 0;
	}
	if (u->db == NULL && PQgetvalue(r, 0, 0)[0] != 't') {
		err_set(
		    e, ERR_STALE, "%s is no longer held; nothing was brought back", u->from->name);
		return err_hint(e, "choose another replica that is still held");
	}
	if ((uint32_t)look_int(r, 0, 1, 0) == u->oid)
		return 0;
	err_set(e, ERR_STALE,
	    "%s does not have %s as it was (oid %u expected, %u found); nothing was brought back",
	    u->from->name, u->full, u->oid, (uint32_t)look_int(r, 0, 1, 0));
	return err_hint(e, "choose another replica that is still held");
}

/*
 * Everything the drop took, as the server decides it: parts and dependents, theirs too. $1: oid,
 * $2: the catalog it is in.
 */
static const char items_sql[] =
    "WITH RECURSIVE reached(classid, objid, subid) AS ("
    "SELECT $2::pg_catalog.regclass::pg_catalog.oid, $1::pg_catalog.oid, 0 "
    "UNION SELECT e.classid, e.objid, e.subid FROM reached AS r CROSS JOIN LATERAL ("
    "SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d "
    "WHERE d.refclassid = r.classid AND d.refobjid = r.objid "
    "AND (r.subid = 0 OR d.refobjsubid = r.subid) UNION ALL "
    "SELECT d.refclassid, d.refobjid, 0 FROM pg_catalog.pg_depend AS d "
    "WHERE d.classid = r.classid AND d.objid = r.objid AND d.objsubid = r.subid "
    "AND d.deptype IN ('i', 'e') AND r.objid <> $1::pg_catalog.oid) AS e(classid, objid, subid)) "
    "SELECT r.classid, r.objid, r.subid, c.relkind, n.nspname, c.relname, "
    "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), k.contype, "
    "k.conname, "
    "(SELECT t.relname FROM pg_catalog.pg_class AS t WHERE t.oid = k.conrelid), "
    "pg_catalog.pg_describe_object(r.classid, r.objid, r.subid), "
    "CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END, "
    "coalesce(k.connamespace::pg_catalog.regnamespace::pg_catalog.text, '') "
    "FROM reached AS r LEFT JOIN pg_catalog.pg_class AS c ON r.subid = 0 AND c.oid = r.objid AND "
    "r.classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_constraint AS k ON k.oid = r.objid AND "
    "r.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass "
    "ORDER BY r.objid = $1::pg_catalog.oid DESC, r.classid, r.objid, r.subid";

int
undo_items(struct undo *u, struct pg_conn *conn, uint32_t oid, struct undo_item **out, size_t *n,
    struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[2] = {arena_printf(u->a, "%u", oid),
	    u->mode == UNDO_SCHEMA ? "pg_catalog.pg_namespace" : "pg_catalog.pg_class"};
	struct undo_item *x;
	int i;

	if (undo_do(u, conn, items_sql, 2, params, &r, e) < 0)
		return -1;
	*n = 0;
	*out = arena_array(u->a, (size_t)PQntuples(r) + 1, sizeof(**out));
	for (i = 0; i < PQntuples(r); i++) {
		x = &(*out)[(*n)++];
		x->classid = (uint32_t)look_int(r, i, 0, 0);
		x->oid = (uint32_t)look_int(r, i, 1, 0);
		x->column = (int)look_int(r, i, 2, 0);
		x->relkind = PQgetisnull(r, i, 3) ? '\0' : PQgetvalue(r, i, 3)[0];
		x->schema = look_text(u->a, r, i, 4);
		x->name = look_text(u->a, r, i, 5);
		x->full = look_text(u->a, r, i, 6);
		x->contype = PQgetisnull(r, i, 7) ? '\0' : PQgetvalue(r, i, 7)[0];
		x->constraint = look_text(u->a, r, i, 8);
		x->on = look_text(u->a, r, i, 9);
		x->what = look_text(u->a, r, i, 10);
		x->bytes = look_int(r, i, 11, 0);
		if (x->constraint != NULL)
			x->schema = look_text(u->a, r, i, 12);
	}
	return 0;
}

static int
read_items(struct undo *u, struct err *e)
{
	size_t i;

	if (undo_items(u, u->src, u->oid, &u->items, &u->nitems, e) < 0)
		return -1;
	for (i = 0; i < u->nitems; i++)
		u->total += u->items[i].bytes;
	return 0;
}

/*
 * What an item needs beside the table itself: a foreign key both its tables, a view the relations
 * it reads. Where the primary lacks one of them, it went in the same act and another step brings
 * both back. $1: oids of the items, $2: oids of constraints and rules among them.
 */
static const char needs_sql[] =
    "SELECT x.item, pg_catalog.format('%I.%I', n.nspname, c.relname) FROM ("
    "SELECT k.oid AS item, k.conrelid AS needed FROM pg_catalog.pg_constraint AS k "
    "WHERE k.oid = ANY ($1::pg_catalog.oid[]) AND k.contype = 'f' UNION "
    "SELECT k.oid, k.confrelid FROM pg_catalog.pg_constraint AS k "
    "WHERE k.oid = ANY ($1::pg_catalog.oid[]) AND k.contype = 'f' UNION "
    "SELECT w.ev_class, d.refobjid FROM pg_catalog.pg_rewrite AS w JOIN pg_catalog.pg_depend AS d "
    "ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = w.oid AND "
    "d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "WHERE w.ev_class = ANY ($1::pg_catalog.oid[])) AS x "
    "JOIN pg_catalog.pg_class AS c ON c.oid = x.needed "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE x.needed <> ALL ($1::pg_catalog.oid[])";

static void
skip_item(struct undo *u, uint32_t oid)
{
	size_t i;

	for (i = 0; i < u->nitems; i++)
		if (u->items[i].oid == oid)
			u->items[i].is_skipped = 1;
}

static int
skip_unmet(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *needs = NULL, *r = NULL;
	const char **oids = arena_array(u->a, u->nitems + 1, sizeof(*oids)), *params[1];
	int i;
	size_t k;

	for (k = 0; k < u->nitems; k++)
		oids[k] = arena_printf(u->a, "%u", u->items[k].oid);
	params[0] = look_array(u->a, oids, u->nitems);
	if (undo_do(u, u->src, needs_sql, 1, params, &needs, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(needs); i++) {
		params[0] = PQgetvalue(needs, i, 1);
		if (undo_do(u, u->dst, "SELECT pg_catalog.to_regclass($1) IS NULL", 1, params, &r,
			e) < 0)
			return -1;
		if (PQgetvalue(r, 0, 0)[0] == 't')
			skip_item(u, (uint32_t)look_int(needs, i, 0, 0));
		pg_clear_result(&r);
	}
	return 0;
}

/* A part of something that still stands cannot be made again by a dump of what went. */
static int
check_items(struct undo *u, struct err *e)
{
	const struct undo_item *x;
	size_t i, k;

	for (i = 0; i < u->nitems; i++) {
		x = &u->items[i];
		if (x->column == 0)
			continue;
		for (k = 0; k < u->nitems; k++)
			if (u->items[k].oid == x->oid && u->items[k].column == 0)
				break;
		if (k < u->nitems)
			continue;
		err_set(e, ERR_REFUSED,
		    "%s went too, and a column with its values cannot be brought back by this "
		    "procedure; nothing was done",
		    x->what);
		return err_hint(e, "bring that table back from %s by hand", u->from->name);
	}
	return 0;
}

static int
check_target(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[2] = {u->full, u->schema};

	if (undo_do(u, u->dst,
		"SELECT pg_catalog.to_regclass($1) IS NOT NULL, EXISTS (SELECT FROM "
		"pg_catalog.pg_namespace AS n WHERE n.nspname = $2)",
		2, params, &r, e) < 0)
		return -1;
	if (PQgetvalue(r, 0, 1)[0] != 't' && u->mode != UNDO_SCHEMA)
		return err_set(e, ERR_STALE, "%s has no schema %s any more; nothing was done",
		    u->to->name, u->schema);
	if (PQgetvalue(r, 0, u->mode == UNDO_SCHEMA)[0] != 't')
		return 0;
	err_set(e, ERR_STALE, "something called %s exists on %s now; nothing was done", u->full,
	    u->to->name);
	return err_hint(e, "rename it, then plan the undo again");
}

/* Rows of every table that went; views and indexes have none of their own. */
static int
copy_all(struct undo *u, struct err *e)
{
	size_t i;

	u->start_ms = now_ms();
	for (i = 0; i < u->nitems; i++)
		if (u->items[i].relkind == 'r' && !u->items[i].is_skipped &&
		    undo_copy(u, u->items[i].full, u->items[i].full, e) < 0)
			return -1;
	return 0;
}

int
undo_compare(struct undo *u, struct err *e)
{
	struct undo_sum here, there;
	size_t i;

	for (i = 0; i < u->nitems; i++) {
		const struct undo_item *x = &u->items[i];

		if (x->relkind != 'r' || x->is_skipped)
			continue;
		undo_say(u, "comparing %s on %s and %s", x->full, u->from->name, u->to->name);
		if (undo_sum(u, u->src, x->full, &there, e) < 0 ||
		    undo_sum(u, u->dst, x->full, &here, e) < 0)
			return -1;
		if (strcmp(here.rows, there.rows) != 0 || strcmp(here.sum, there.sum) != 0)
			return err_set(e, ERR_FAILED,
			    "%s is not equal after loading: %s rows (sum %s) on %s, %s rows (sum "
			    "%s) on %s; rolled back",
			    x->full, here.rows, here.sum, u->to->name, there.rows, there.sum,
			    u->from->name);
		if (x->oid == u->oid)
			u->out->rows = strtoll(here.rows, NULL, 10);
	}
	undo_say(u, "comparing every definition");
	return undo_same(u, e);
}

int
undo_make(struct undo *u, struct err *e)
{
	if (read_items(u, e) < 0 || check_items(u, e) < 0 || skip_unmet(u, e) < 0 ||
	    undo_dump(u, e) < 0)
		return -1;
	undo_say(u, "making %s again on %s, unseen until it is complete", u->full, u->to->name);
	if (undo_script(u, "pre-data", e) < 0 || copy_all(u, e) < 0)
		return -1;
	undo_say(u, "building indexes and checking foreign keys");
	if (undo_script(u, "post-data", e) < 0 || undo_sequences(u, e) < 0 || undo_views(u, e) < 0)
		return -1;
	return 0;
}

static int
undo_drop(struct undo *u, struct err *e)
{
	if (check_target(u, e) < 0 || undo_make(u, e) < 0)
		return -1;
	if (u->mode == UNDO_DROP &&
	    undo_do(u, u->dst, arena_printf(u->a, "ANALYZE %s", u->full), 0, NULL, NULL, e) < 0)
		return -1;
	return undo_compare(u, e);
}

/* By enum undo_mode. */
static int (*const ways[])(struct undo *u, struct err *e) = {
    undo_drop, undo_truncate, undo_rows, undo_rows, undo_replace, undo_drop};

static int
begin_target(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, u->dst, "BEGIN", 0, NULL, NULL, e) < 0 ||
	    undo_do(u, u->dst, "SELECT pg_catalog.txid_current()", 0, NULL, &r, e) < 0)
		return -1;
	u->out->xid = look_text(u->a, r, 0, 0);
	return 0;
}

static int
commit(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	undo_say(u, "committing");
	u->is_committing = 1;
	if (undo_do(u, u->dst, "COMMIT", 0, NULL, &r, e) < 0) {
		u->out->is_unknown = u->dst->is_broken || PQstatus(u->dst->pq) != CONNECTION_OK;
		if (u->out->is_unknown && e != NULL)
			e->code = ERR_UNKNOWN;
		return -1;
	}
	if (strcmp(PQcmdStatus(r), "COMMIT") != 0)
		return err_set(e, ERR_FAILED, "%s rolled back instead of committing", u->to->name);
	text_copy(u->out->tag, sizeof(u->out->tag), "UNDO TABLE");
	return 0;
}

static int
open_source(struct undo *u, const char *copy, const char *database, struct err *e)
{
	if (copy != NULL && copy[0] != '\0')
		return undo_source_copy(u, copy, database, e);
	return undo_open(u, u->from, database, &u->src, 1, e);
}

int
proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct undo u = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx};
	const char *database = undo_argument(s, "database");
	int64_t start = now_ms();
	struct err ignored;
	int rc = -1;

	if (take_arguments(&u, s, e) == 0 && cluster_settle(c, w, e) == 0 &&
	    undo_open(&u, u.to, database, &u.dst, 0, e) == 0 &&
	    open_source(&u, undo_argument(s, "copy"), database, e) == 0 &&
	    check_source(&u, e) == 0 && begin_target(&u, e) == 0 && ways[u.mode](&u, e) == 0)
		rc = commit(&u, e);
	if (rc < 0)
		undo_source_failed(&u, e);
	/* Without a COMMIT, closing the session rolls everything back. */
	pg_close(u.src);
	pg_close(u.dst);
	undo_source_stop(&u);
	if (u.dir[0] != '\0' && scratch_remove(u.dir, &ignored) < 0)
		undo_say(&u, "could not remove %s: %s", u.dir, ignored.msg);
	if (rc < 0 && e != NULL)
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
	out->ms = now_ms() - start;
	return rc;
}
