/*
 * safety-copy-v1: before a statement destroys or rewrites, exactly what it touches is written to a
 * directory: the definitions of the database as they are, and the rows, in one snapshot. The rows
 * are counted and every file read again before the copy counts. Must never change the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/copies.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (3600 * 1000)

struct copying {
	struct undo u; /* src and from are the server that is copied */
	struct copy c;
	const char *where, *search_path, *snapshot;
	int days;
};

static const char *
given(const struct step *s, const char *name)
{
	const char *v = undo_argument(s, name);

	return v == NULL ? "" : v;
}

static int
take_arguments(struct copying *x, const struct step *s, struct err *e)
{
	struct undo *u = &x->u;

	u->from = u->to = cluster_member(u->c, given(s, "from"));
	u->schema = given(s, "schema");
	u->table = given(s, "table");
	u->oid = (uint32_t)strtoul(given(s, "oid"), NULL, 10);
	if (u->from == NULL || undo_mode_parse(given(s, "mode"), &u->mode) != 0 ||
	    u->schema[0] == '\0' || given(s, "directory")[0] != '/')
		return err_set(e, ERR_FAILED, "the step does not say what to copy, and where to");
	u->full = arena_strdup(u->a, pg_quote_name(u->a, u->schema));
	if (u->mode != UNDO_SCHEMA)
		u->full = arena_printf(u->a, "%s.%s", u->full, pg_quote_name(u->a, u->table));
	x->where = given(s, "where");
	x->search_path = given(s, "search_path");
	x->days = (int)strtol(given(s, "days"), NULL, 10);
	x->c.engine = "postgresql";
	x->c.identity = u->from->identity;
	x->c.node = u->from->name;
	x->c.database = given(s, "database");
	x->c.plan = given(s, "plan");
	x->c.mode = given(s, "mode");
	x->c.schema = u->schema;
	x->c.table = u->table;
	x->c.where = x->where;
	x->c.taken = (int64_t)time(NULL);
	x->c.expires = x->c.taken + (int64_t)x->days * 86400;
	return 0;
}

static int
begin(struct copying *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo *u = &x->u;

	if (undo_open(u, u->from, x->c.database, &u->src, 0, e) < 0 ||
	    undo_do(u, u->src, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL,
		e) < 0 ||
	    undo_do(u, u->src, "SELECT pg_catalog.pg_export_snapshot()", 0, NULL, &r, e) < 0)
		return -1;
	x->snapshot = look_text(u->a, r, 0, 0);
	x->c.major = PQserverVersion(u->src->pq) / 10000;
	return 0;
}

/* The definitions, as pg_dump has them, and the roles they name. */
static int
dump_definitions(struct copying *x, struct err *e)
{
	struct undo *u = &x->u;
	const char *conninfo = undo_conninfo(u, u->from, u->src, x->c.database);
	const char *const roles[] = {undo_program(u, "pg_dumpall", e), "--roles-only",
	    "--no-role-passwords", "--no-password",
	    arena_printf(u->a, "--file=%s", copy_path(u->a, &x->c, "roles.sql")),
	    arena_printf(u->a, "--dbname=%s", conninfo), NULL};
	const char *const schema[] = {undo_program(u, "pg_dump", e), "--schema-only",
	    "--format=custom", "--no-password", "--lock-wait-timeout=5000",
	    arena_printf(u->a, "--snapshot=%s", x->snapshot),
	    arena_printf(u->a, "--file=%s", copy_path(u->a, &x->c, "schema.dump")),
	    arena_printf(u->a, "--dbname=%s", conninfo), NULL};
	const char *log = copy_path(u->a, &x->c, "dump.log");

	if (roles[0] == NULL || schema[0] == NULL)
		return -1;
	undo_say(u, "copying the definitions of %s", x->c.database);
	if (undo_tool(u, schema, log, TOOL_MS, e) < 0 || undo_tool(u, roles, log, TOOL_MS, e) < 0)
		return -1;
	return copy_add(u->a, &x->c, "roles.sql", "roles, without passwords", -1, e) < 0 ||
		       copy_add(u->a, &x->c, "schema.dump", "definitions", -1, e) < 0
		   ? -1
		   : 0;
}

static const char sequences_sql[] =
    "SELECT pg_catalog.format('SELECT pg_catalog.setval(%L, %s, true);', "
    "pg_catalog.format('%I.%I', schemaname, sequencename), last_value) FROM "
    "pg_catalog.pg_sequences WHERE last_value IS NOT NULL ORDER BY 1";

static int
write_file(struct copying *x, const char *name, const char *text, struct err *e)
{
	const char *path = copy_path(x->u.a, &x->c, name);
	FILE *f = fopen(path, "wxe");
	int ok = f != NULL && fputs(text, f) >= 0;

	if (f != NULL && fclose(f) != 0)
		ok = 0;
	return ok ? 0 : err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
}

static int
dump_sequences(struct copying *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo *u = &x->u;
	const char *text = "";
	int i;

	if (undo_do(u, u->src, sequences_sql, 0, NULL, &r, e) < 0)
		return -1;
	for (i = 0; i < PQntuples(r); i++)
		text = arena_printf(u->a, "%s%s\n", text, PQgetvalue(r, i, 0));
	if (write_file(x, "sequences.sql", text, e) < 0)
		return -1;
	return copy_add(u->a, &x->c, "sequences.sql", "counters", PQntuples(r), e);
}

/* The rows of one table as a script that anybody can load with psql. */
static int
dump_rows(struct copying *x, const char *full, const char *where, size_t no, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo *u = &x->u;
	const char *name = arena_printf(u->a, "data.%zu.sql", no), *columns, *path;
	const char *limit = where[0] == '\0' ? "" : arena_printf(u->a, " WHERE %s", where);
	int64_t rows = 0, counted;
	FILE *f;
	int ok;

	if (undo_columns(u, u->src, full, &columns, e) < 0)
		return -1;
	if (columns == NULL)
		return 0;
	if (undo_do(u, u->src,
		arena_printf(u->a, "SELECT pg_catalog.count(*) FROM ONLY %s%s", full, limit), 0,
		NULL, &r, e) < 0)
		return -1;
	counted = look_int(r, 0, 0, -1);
	undo_say(u, "copying %s of %s", text_many(u->a, counted, "row"), full);
	path = copy_path(u->a, &x->c, name);
	f = fopen(path, "wxe");
	if (f == NULL)
		return err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	fprintf(f,
	    "SET session_replication_role = replica;\nSET search_path = '';\nCOPY %s (%s) "
	    "FROM stdin;\n",
	    full, columns);
	ok = undo_copy_out(u,
		 arena_printf(
		     u->a, "COPY (SELECT %s FROM ONLY %s%s) TO STDOUT", columns, full, limit),
		 f, &rows, e) == 0;
	fputs("\\.\n", f);
	if (fclose(f) != 0 && ok)
		return err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	if (!ok)
		return -1;
	if (rows != counted)
		return err_set(e, ERR_FAILED, "could copy %lld only of %s of %s", (long long)rows,
		    text_many(u->a, counted, "row"), full);
	u->out->rows += rows;
	return copy_add(u->a, &x->c, name, arena_printf(u->a, "rows of %s", full), rows, e);
}

/* Only where no partition or child has rows of its own, and the text means this table alone. */
static int
has_children(struct copying *x, int *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo *u = &x->u;

	if (undo_do(u, u->src,
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = "
		"pg_catalog.to_regclass($1))",
		1, &u->full, &r, e) < 0)
		return -1;
	*out = PQgetvalue(r, 0, 0)[0] == 't';
	return 0;
}

static int
dump_all(struct copying *x, struct err *e)
{
	struct undo *u = &x->u;
	const char **tables, *where = x->where;
	size_t n, i;
	int children = 0;

	if (undo_touched(u, &tables, &n, e) < 0 || has_children(x, &children, e) < 0)
		return -1;
	if (children)
		where = "";
	if (where[0] != '\0' && x->search_path[0] != '\0' &&
	    undo_do(u, u->src, "SELECT pg_catalog.set_config('search_path', $1, true)", 1,
		&x->search_path, NULL, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (dump_rows(x, tables[i], i == 0 ? where : "", i + 1, e) < 0)
			return -1;
	return 0;
}

int
proc_safety_copy(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct copying x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};
	int64_t start = now_ms();
	int rc = -1;

	out->rows = 0;
	if (take_arguments(&x, s, e) == 0 && cluster_settle(c, w, e) == 0 &&
	    copy_make(a, &x.c, given(s, "directory"), given(s, "name"),
		strtoll(given(s, "bytes"), NULL, 10), e) == 0) {
		text_copy(x.u.dir, sizeof(x.u.dir), x.c.dir);
		if (begin(&x, e) == 0 && dump_definitions(&x, e) == 0 &&
		    dump_sequences(&x, e) == 0 && dump_all(&x, e) == 0) {
			x.c.ms = now_ms() - start;
			undo_say(&x.u, "reading the copy again");
			rc = copy_seal(a, &x.c, e);
		}
		/* What is no whole copy is taken away: it was made here. */
		if (rc != 0)
			scratch_remove(x.c.dir, NULL);
	}
	pg_close(x.u.src);
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), "SAFETY COPY");
	else if (e != NULL)
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
	out->ms = now_ms() - start;
	return rc;
}
