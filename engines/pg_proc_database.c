/*
 * undo-database-v1: a dropped database comes back on the primary from a held standby, with
 * pg_dump and pg_restore, and is compared table by table. Where it does not come out equal, what
 * was made is dropped again. Must never touch a database it did not make.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define LOAD_MS (12LL * 3600 * 1000)

struct whole {
	struct undo u;
	struct pg_conn *src_admin, *dst_admin; /* in the database postgres of each side */
	int is_made;
};

static int
take_arguments(struct whole *x, const struct step *s, struct err *e)
{
	struct undo *u = &x->u;
	const char *from = undo_argument(s, "from"), *to = undo_argument(s, "to");

	u->schema = undo_argument(s, "schema");
	if (from == NULL || to == NULL || u->schema == NULL || undo_argument(s, "oid") == NULL)
		return err_set(
		    e, ERR_FAILED, "the step does not say what to bring back; nothing was done");
	u->table = "";
	u->full = pg_quote_name(u->a, u->schema);
	u->oid = (uint32_t)strtoul(undo_argument(s, "oid"), NULL, 10);
	u->mode = UNDO_SCHEMA;
	u->from = cluster_member(u->c, from);
	u->to = cluster_member(u->c, to);
	if (u->from == NULL || u->to == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was done",
		    u->from == NULL ? from : to);
	return 0;
}

/* The standby is held and has the very database; the primary has none of that name. */
static int
check(struct whole *x, int64_t *bytes, struct err *e)
{
	CLEAN_RESULT PGresult *there = NULL, *here = NULL;
	struct undo *u = &x->u;
	static const char sql[] =
	    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog."
	    "pg_is_wal_replay_paused() END, d.oid, pg_catalog.pg_database_size(d.oid) FROM "
	    "(SELECT) AS one LEFT JOIN pg_catalog.pg_database AS d ON d.datname = $1";

	if (undo_do(u, x->src_admin, sql, 1, &u->schema, &there, e) < 0 ||
	    undo_do(u, x->dst_admin, sql, 1, &u->schema, &here, e) < 0)
		return -1;
	if (PQgetisnull(there, 0, 0) || PQgetvalue(there, 0, 0)[0] != 't') {
		err_set(
		    e, ERR_STALE, "%s is no longer held; nothing was brought back", u->from->name);
		return err_hint(e, "choose another replica that is still held");
	}
	if ((uint32_t)look_int(there, 0, 1, 0) != u->oid) {
		err_set(e, ERR_STALE,
		    "%s does not have database %s as it was; nothing was brought back",
		    u->from->name, u->full);
		return err_hint(e, "choose another replica that is still held");
	}
	*bytes = look_int(there, 0, 2, 0);
	if (PQgetisnull(here, 0, 1))
		return 0;
	err_set(e, ERR_STALE, "a database called %s exists on %s now; nothing was done", u->full,
	    u->to->name);
	return err_hint(e, "rename it, then plan the undo again");
}

static int
dump(struct whole *x, struct err *e)
{
	struct undo *u = &x->u;
	const char *argv[10] = {undo_program(u, "pg_dump", e)};
	size_t n = 1;

	if (argv[0] == NULL)
		return -1;
	undo_say(u, "reading database %s from %s", u->full, u->from->name);
	argv[n++] = "--format=custom";
	argv[n++] = "--compress=1";
	argv[n++] = "--no-password";
	argv[n++] = "--lock-wait-timeout=5000";
	argv[n++] = arena_printf(u->a, "--file=%s", undo_path(u, "database.dump"));
	argv[n++] =
	    arena_printf(u->a, "--dbname=%s", undo_conninfo(u, u->from, x->src_admin, u->schema));
	argv[n] = NULL;
	return undo_tool(u, argv, undo_path(u, "dump.log"), LOAD_MS, e);
}

static int
restore(struct whole *x, struct err *e)
{
	struct undo *u = &x->u;
	const char *argv[10] = {undo_program(u, "pg_restore", e)};
	size_t n = 1;

	if (argv[0] == NULL)
		return -1;
	undo_say(u, "making database %s again on %s", u->full, u->to->name);
	x->is_made = 1; /* from here on it is ours to drop */
	argv[n++] = "--create";
	argv[n++] = "--exit-on-error";
	argv[n++] = "--no-password";
	argv[n++] = arena_printf(
	    u->a, "--dbname=%s", undo_conninfo(u, u->to, x->dst_admin, PQdb(x->dst_admin->pq)));
	argv[n++] = undo_path(u, "database.dump");
	argv[n] = NULL;
	return undo_tool(u, argv, undo_path(u, "restore.log"), LOAD_MS, e);
}

static const char relations_sql[] =
    "SELECT c.oid, c.relkind, pg_catalog.format('%I.%I', n.nspname, c.relname) FROM "
    "pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE "
    "c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> "
    "'information_schema' ORDER BY 3";

static int
list_relations(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int i;

	if (undo_do(u, u->src, relations_sql, 0, NULL, &r, e) < 0)
		return -1;
	u->items = arena_array(u->a, (size_t)PQntuples(r) + 1, sizeof(*u->items));
	for (i = 0; i < PQntuples(r); i++) {
		u->items[i].oid = (uint32_t)look_int(r, i, 0, 0);
		u->items[i].relkind = PQgetvalue(r, i, 1)[0];
		u->items[i].full = look_text(u->a, r, i, 2);
	}
	u->nitems = (size_t)PQntuples(r);
	return 0;
}

static int
compare(struct whole *x, struct err *e)
{
	struct undo *u = &x->u;

	if (undo_open(u, u->from, u->schema, &u->src, 1, e) < 0 ||
	    undo_open(u, u->to, u->schema, &u->dst, 0, e) < 0 ||
	    undo_do(u, u->src, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL,
		e) < 0 ||
	    list_relations(u, e) < 0)
		return -1;
	return undo_compare(u, e);
}

/* Whatever went wrong, half a database must not stand under the name. */
static void
drop_made(struct whole *x)
{
	struct undo *u = &x->u;
	struct waiter plain, *was = u->w;
	struct err ignored = {0};

	if (!x->is_made || x->dst_admin == NULL)
		return;
	poll_waiter(&plain, -1);
	u->w = &plain;
	if (undo_do(u, x->dst_admin, arena_printf(u->a, "DROP DATABASE IF EXISTS %s", u->full), 0,
		NULL, NULL, &ignored) < 0)
		undo_say(u, "could not take the half database %s away again on %s: %s", u->full,
		    u->to->name, ignored.msg);
	u->w = was;
}

static int
bring_back(struct whole *x, const char *admin, struct err *e)
{
	struct undo *u = &x->u;
	int64_t bytes = 0;

	if (undo_open(u, u->from, admin, &x->src_admin, 1, e) < 0 ||
	    undo_open(u, u->to, admin, &x->dst_admin, 0, e) < 0)
		return -1;
	u->src = x->src_admin; /* whose version the programs must have */
	if (check(x, &bytes, e) < 0 || undo_dir(u, bytes / 2, e) < 0 || dump(x, e) < 0 ||
	    restore(x, e) < 0)
		return -1;
	u->src = NULL;
	return compare(x, e);
}

int
proc_undo_database(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct whole x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};
	int64_t start = now_ms();
	struct err ignored;
	int rc = -1;

	if (take_arguments(&x, s, e) == 0 && cluster_settle(c, w, e) == 0)
		rc = bring_back(&x, undo_argument(s, "database"), e);
	if (x.u.src == x.src_admin)
		x.u.src = NULL;
	pg_close(x.u.src);
	pg_close(x.u.dst);
	if (rc < 0)
		drop_made(&x);
	pg_close(x.src_admin);
	pg_close(x.dst_admin);
	if (x.u.dir[0] != '\0' && scratch_remove(x.u.dir, &ignored) < 0)
		undo_say(&x.u, "could not remove %s: %s", x.u.dir, ignored.msg);
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), "UNDO DATABASE");
	else if (e != NULL)
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
	out->ms = now_ms() - start;
	return rc;
}
