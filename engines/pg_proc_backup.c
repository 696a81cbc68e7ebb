/*
 * Dumps of pg_dump, taken and restored; and what any restored PostgreSQL server is proved by: every
 * row of every table read, its indexes checked against the rows, its counts compared with the live
 * server's. Must never write to a live server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/copies.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (12LL * 3600 * 1000)

/* The procedures of undo, on the job: dst is the live server. */
static int
open_live(struct backup_job *j, struct undo *u, const char *database, struct err *e)
{
	memset(u, 0, sizeof(*u));
	u->c = j->c;
	u->w = j->w;
	u->a = j->a;
	u->out = j->out;
	u->progress = j->progress;
	u->progress_ctx = j->ctx;
	u->from = u->to = j->live;
	u->major = j->version;
	u->db = j->db.engine == NULL ? NULL : &j->db;
	text_copy(u->dir, sizeof(u->dir), j->db.dir);
	return pg_session_open(j->c, j->w, j->live->address, database, &u->dst, e);
}

static void
close_both(struct undo *u)
{
	if (u->src != u->dst)
		pg_close(u->src);
	pg_close(u->dst);
}

static int
dump(struct backup_job *j, struct undo *u, const char *part, struct err *e)
{
	const char *argv[10], *log;
	size_t n = 0;

	u->src = u->dst;
	argv[n++] = undo_program(u, "pg_dump", e);
	if (argv[0] == NULL || undo_dir(u, 0, e) < 0)
		return -1;
	undo_say(u, "dumping %s", j->b->database);
	argv[n++] = "--format=custom";
	argv[n++] = "--no-password";
	argv[n++] = arena_printf(u->a, "--file=%s", part);
	argv[n++] =
	    arena_printf(u->a, "--dbname=%s", undo_conninfo(u, u->from, u->dst, j->b->database));
	argv[n] = NULL;
	if (undo_tool(u, argv, undo_path(u, "dump.log"), TOOL_MS, e) < 0)
		return -1;
	undo_say(u, "decoding what was written");
	argv[0] = undo_program(u, "pg_restore", e);
	argv[1] = "--file=/dev/null";
	argv[2] = part;
	argv[3] = NULL;
	if (argv[0] == NULL || backup_tool(u->w, u->a, argv, &log, TOOL_MS, e) < 0)
		return err_wrap(e, "what was written is no whole dump");
	return 0;
}

int
pg_backup_take(struct backup_job *j, struct err *e)
{
	const char *name = backup_new_name(j, ".dump");
	const char *part = arena_printf(j->a, "%s/.%s.part", j->b->path, name);
	struct undo u;
	int rc = open_live(j, &u, j->b->database, e);

	if (rc == 0)
		rc = dump(j, &u, part, e);
	close_both(&u);
	if (u.dir[0] != '\0')
		scratch_remove(u.dir, NULL);
	return backup_finish(j, part, name, rc, e);
}

static int
is_custom(struct backup_job *j)
{
	size_t len;

	return strncmp(backup_edge(j->a, j->item->path, 0, &len), "PGDMP", 5) == 0;
}

/* Plain SQL names roles that it does not make: the live server's, without their passwords. */
static int
make_roles(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int i;

	if (undo_do(u, u->dst,
		"SELECT rolname FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' AND rolname <> "
		"'postgres'",
		0, NULL, &r, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(r); i++)
		if (undo_do(u, u->src,
			arena_printf(
			    u->a, "CREATE ROLE %s", pg_quote_name(u->a, PQgetvalue(r, i, 0))),
			0, NULL, NULL, e) < 0)
			return -1;
	return 0;
}

static int
load_plain(struct backup_job *j, struct undo *u, struct err *e)
{
	size_t len;
	int makes_it =
	    strstr(backup_edge(j->a, j->item->path, 0, &len), "\nCREATE DATABASE ") != NULL;

	if (undo_source_ready(u, "the scratch server", "postgres", e) < 0 || make_roles(u, e) < 0 ||
	    (!makes_it && undo_do(u, u->src,
			      arena_printf(u->a, "CREATE DATABASE %s TEMPLATE template0",
				  pg_quote_name(u->a, j->b->database)),
			      0, NULL, NULL, e) < 0))
		return -1;
	return undo_psql(u, makes_it ? "postgres" : j->b->database, j->item->path, 0, e);
}

int
pg_backup_load(struct backup_job *j, struct err *e)
{
	static const char *const options[] = {
	    "--exit-on-error", "--no-owner", "--no-privileges", NULL};
	struct undo u;
	int rc = -1;

	backup_say(j, "starting a scratch server");
	if (scratch_db_dir(&j->db, j->a, j->item->bytes * 8, e) != 0 ||
	    scratch_db_start(&j->db, j->a, j->w, j->version, e) != 0)
		return -1;
	backup_say(j, "restoring %s (%s)", j->item->name, text_bytes(j->a, j->item->bytes));
	if (open_live(j, &u, j->b->database, e) == 0)
		rc = is_custom(j) ? undo_load(&u, j->item->path, options, e) : load_plain(j, &u, e);
	close_both(&u);
	return rc;
}

static const char tables_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c JOIN "
    "pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname !~ "
    "'^pg_' AND n.nspname <> 'information_schema' ORDER BY 1";

static int
has_row(const PGresult *r, const char *name)
{
	int i;

	for (i = 0; i < PQntuples(r); i++)
		if (strcmp(PQgetvalue(r, i, 0), name) == 0)
			return 1;
	return 0;
}

/* Tables that live and are not in it: made since, or left out. */
static int
compare_absent(struct backup_job *j, struct undo *u, const PGresult *there, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int i;

	if (undo_do(u, u->dst, tables_sql, 0, NULL, &r, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(r); i++)
		if (!has_row(there, PQgetvalue(r, i, 0)) &&
		    backup_count(j, PQgetvalue(r, i, 0), -1, 0, e) < 0)
			return -1;
	return 0;
}

/* Every row of every table, all columns; and how many the live server has. */
static int
compare(struct backup_job *j, struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo_sum sum;
	int i;

	if (undo_do(u, u->src, tables_sql, 0, NULL, &r, e) < 0 ||
	    (strcmp(PQdb(u->dst->pq), PQdb(u->src->pq)) == 0 && compare_absent(j, u, r, e) < 0))
		return -1;
	for (i = 0; i < PQntuples(r); i++) {
		CLEAN_RESULT PGresult *live = NULL;
		const char *full = PQgetvalue(r, i, 0);
		struct err ignored = {0};
		int64_t there = -1;

		undo_say(u, "reading %s", full);
		if (undo_sum(u, u->src, full, &sum, e) < 0)
			return -1;
		if (undo_do(u, u->dst,
			arena_printf(u->a, "SELECT pg_catalog.count(*) FROM ONLY %s", full), 0,
			NULL, &live, &ignored) == 0)
			there = strtoll(PQgetvalue(live, 0, 0), NULL, 10);
		if (backup_count(j, full, strtoll(sum.rows, NULL, 10), there, e) < 0)
			return -1;
	}
	return 0;
}

static int
amcheck(struct undo *u, const char *login, const char *database, struct err *e)
{
	const char *const argv[] = {undo_program(u, "pg_amcheck", e), "--install-missing",
	    "--heapallindexed", "--no-password", arena_printf(u->a, "--host=%s", u->db->dir),
	    "--port=5432", arena_printf(u->a, "--username=%s", login), "--", database, NULL};

	if (argv[0] == NULL)
		return -1;
	undo_say(u, "checking every table and index of %s with pg_amcheck", database);
	return undo_tool(u, argv, arena_printf(u->a, "%s/load.log", u->db->dir), TOOL_MS, e);
}

static int
prove_database(struct backup_job *j, const char *login, const char *database, struct err *e)
{
	struct undo u;
	int rc = open_live(j, &u, database, e);

	/* Dropped since, or not there to connect to: it is read all the same. */
	if (rc < 0 && e != NULL && strcmp(e->sqlstate, "3D000") == 0) {
		err_clear(e);
		rc = open_live(j, &u, j->b->database, e);
	}
	if (rc == 0)
		rc = undo_source_ready(&u, "the scratch server", database, e);
	if (rc == 0)
		rc = compare(j, &u, e);
	if (rc == 0)
		rc = amcheck(&u, login, database, e);
	close_both(&u);
	return rc;
}

/* Who made the live server, and so the copy of it. */
static int
bootstrap_login(struct backup_job *j, const char **out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo u;
	int rc = open_live(j, &u, j->b->database, e);

	if (rc == 0)
		rc = undo_do(&u, u.dst, "SELECT rolname FROM pg_catalog.pg_roles WHERE oid = 10", 0,
		    NULL, &r, e);
	if (rc == 0 && PQntuples(r) == 1)
		*out = arena_strdup(j->a, PQgetvalue(r, 0, 0));
	close_both(&u);
	return rc;
}

static int
databases(struct backup_job *j, PGresult **out, struct err *e)
{
	struct undo u;
	int rc = open_live(j, &u, j->b->database, e);

	if (rc == 0)
		rc = undo_source_ready(&u, "the scratch server", "postgres", e);
	if (rc == 0)
		rc = undo_do(&u, u.src,
		    "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT "
		    "datistemplate ORDER BY 1",
		    0, NULL, out, e);
	close_both(&u);
	return rc;
}

int
pg_backup_prove(struct backup_job *j, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *login = "postgres";
	int i, rc = 0;

	if (j->is_whole && bootstrap_login(j, &login, e) < 0)
		return -1;
	j->db.address = arena_printf(
	    j->a, "host=%s port=5432 user=%s", j->db.dir, pg_quote_conninfo(j->a, login));
	if (!j->is_whole)
		rc = prove_database(j, login, j->b->database, e);
	else
		rc = databases(j, &r, e);
	for (i = 0; rc == 0 && r != NULL && i < PQntuples(r); i++)
		rc = prove_database(j, login, PQgetvalue(r, i, 0), e);
	return rc < 0 ? -1 : backup_counted(j, e);
}
