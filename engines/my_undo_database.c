/*
 * undo-database-v1: a dropped database comes back on the primary from a held replica, with
 * mariadb-dump and the mariadb client, and is compared table by table. Privileges outlive it there.
 * Must never touch a database it did not make.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "arena.h"
#include "engines/my_undo.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define ROOM_MIN (64 << 20)

struct whole {
	struct my_undo u;
	char dir[96];
	int is_made;
};

static int
make_dir(struct whole *x, int64_t room, struct err *e)
{
	const char *base = getenv("TMPDIR");
	struct statvfs fs;

	if (base == NULL || base[0] != '/' || strlen(base) > 60)
		base = "/var/tmp";
	if (room < ROOM_MIN)
		room = ROOM_MIN;
	if (statvfs(base, &fs) == 0 && (int64_t)fs.f_bavail * (int64_t)fs.f_frsize < room) {
		err_set(e, ERR_FAILED, "%s has less than %s left; nothing was done", base,
		    text_bytes(x->u.a, room));
		return err_hint(e, "make room there, or set TMPDIR to a directory with room");
	}
	snprintf(x->dir, sizeof(x->dir), "%s/holdfast-undo.XXXXXX", base);
	if (mkdtemp(x->dir) != NULL)
		return 0;
	x->dir[0] = '\0';
	return err_set(
	    e, ERR_FAILED, "could not make a directory in %s: %s", base, strerror(errno));
}

static int
check(struct whole *x, int64_t *bytes, struct err *e)
{
	struct my_undo *u = &x->u;
	const char *name = my_quote_literal(u->a, u->schema);
	int64_t n;

	if (my_undo_count(u, u->dst,
		arena_printf(u->a,
		    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
		    name),
		&n, e) < 0)
		return -1;
	if (n != 0) {
		err_set(e, ERR_STALE, "a database called %s exists on %s now; nothing was done",
		    u->schema, u->to->name);
		return err_hint(e, "rename it, then plan the undo again");
	}
	if (my_undo_count(u, u->src,
		arena_printf(u->a,
		    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
		    name),
		&n, e) < 0 ||
	    my_undo_count(u, u->src,
		arena_printf(u->a,
		    "SELECT CAST(COALESCE(SUM(DATA_LENGTH), 0) AS SIGNED) FROM "
		    "information_schema.TABLES WHERE TABLE_SCHEMA = %s",
		    name),
		bytes, e) < 0)
		return -1;
	if (n == 1)
		return 0;
	err_set(e, ERR_STALE, "%s does not have database %s; nothing was brought back",
	    u->from->name, u->schema);
	return err_hint(e, "choose another replica that is still held");
}

static int
dump(struct whole *x, struct err *e)
{
	struct my_undo *u = &x->u;
	const char *argv[20];
	size_t n = my_tool(u, argv, "mariadb-dump", u->src);

	my_undo_say(u, "reading database %s from %s", u->schema, u->from->name);
	argv[n++] = "--single-transaction";
	argv[n++] = "--routines";
	argv[n++] = "--events";
	argv[n++] = "--triggers";
	argv[n++] = "--hex-blob";
	argv[n++] = "--quick";
	argv[n++] = arena_printf(u->a, "--result-file=%s/database.sql", x->dir);
	argv[n++] = "--databases";
	argv[n++] = u->schema;
	argv[n] = NULL;
	return my_tool_run(u, x->dir, argv, NULL, e);
}

static int
load(struct whole *x, struct err *e)
{
	struct my_undo *u = &x->u;
	const char *argv[16];
	size_t n = my_tool(u, argv, "mariadb", u->dst);

	my_undo_say(u, "making database %s again on %s", u->schema, u->to->name);
	x->is_made = 1; /* from here on it is ours to drop */
	argv[n++] = "--batch";
	argv[n++] = "--binary-mode";
	argv[n] = NULL;
	return my_tool_run(u, x->dir, argv, arena_printf(u->a, "%s/database.sql", x->dir), e);
}

static int
compare(struct whole *x, struct err *e)
{
	struct my_undo *u = &x->u;
	struct my_rows r;
	const char *database = u->schema;
	int64_t rows = 0;
	size_t i;

	if (my_ask(u->src, u->w, now_ms() + 60000, u->a,
		arena_printf(u->a,
		    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND "
		    "TABLE_TYPE = 'BASE TABLE' ORDER BY 1",
		    my_quote_literal(u->a, database)),
		&r, e) < 0)
		return -1;
	for (i = 0; i < r.n; i++) {
		u->mode = MY_UNDO_TRUNCATE; /* it is compared under its own name */
		my_undo_name(u, database, r.cells[i]);
		if (my_undo_columns(u, e) < 0 || my_undo_compare(u, e) < 0)
			return -1;
		rows += u->out->rows;
	}
	u->out->rows = rows;
	return 0;
}

static int
bring_back(struct whole *x, struct err *e)
{
	struct my_undo *u = &x->u;
	int64_t bytes = 0;

	if (my_undo_open(u, u->from, NULL, &u->src, e) < 0 ||
	    my_undo_open(u, u->to, NULL, &u->dst, e) < 0 || my_undo_check_source(u, e) < 0 ||
	    check(x, &bytes, e) < 0 || make_dir(x, bytes * 2, e) < 0)
		return -1;
	return dump(x, e) < 0 || load(x, e) < 0 || compare(x, e) < 0 ? -1 : 0;
}

static void
drop_made(struct whole *x)
{
	struct my_undo *u = &x->u;
	struct waiter plain;
	struct err ignored = {0};

	if (!x->is_made || u->dst == NULL)
		return;
	poll_waiter(&plain, -1);
	if (my_query(u->dst, &plain, now_ms() + 60000,
		arena_printf(u->a, "DROP DATABASE IF EXISTS %s", my_quote_name(u->a, u->schema)),
		NULL, &ignored) < 0)
		my_undo_say(u, "could not take the half database %s away again on %s: %.100s",
		    u->schema, u->to->name, ignored.msg);
}

int
my_proc_undo_database(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct whole x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};
	struct my_undo *u = &x.u;
	struct err ignored = {0};
	int rc = -1;

	u->start_ms = now_ms();
	u->schema = my_undo_argument(s, "schema");
	u->from = cluster_member(c, my_undo_argument(s, "from"));
	u->to = cluster_member(c, my_undo_argument(s, "to"));
	if (u->from == NULL || u->to == NULL || u->schema[0] == '\0' || u->schema[0] == '-')
		err_set(e, ERR_FAILED, "the plan does not say what to bring back from where");
	else if (cluster_settle(c, w, e) == 0)
		rc = bring_back(&x, e);
	if (rc < 0) {
		u->schema = my_undo_argument(s, "schema");
		drop_made(&x);
	}
	my_conn_close(u->src);
	my_conn_close(u->dst);
	if (x.dir[0] != '\0' && scratch_remove(x.dir, &ignored) < 0)
		my_undo_say(u, "could not remove %s: %.100s", x.dir, ignored.msg);
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), "UNDO DATABASE");
	else if (e != NULL)
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
	out->ms = now_ms() - u->start_ms;
	return rc;
}
