/*
 * Dumps of mariadb-dump, taken and restored; and what any restored MariaDB server is proved by:
 * CHECK TABLE of every table, every row read, its counts compared with the live server's. Must
 * never write to a live server.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/my_undo.h"
#include "text.h"
#include "banned.h"

#define ASK_MS 60000
#define READ_MS (12LL * 3600 * 1000)

static int
open_live(struct backup_job *j, struct my_undo *u, struct err *e)
{
	memset(u, 0, sizeof(*u));
	u->c = j->c;
	u->w = j->w;
	u->a = j->a;
	u->out = j->out;
	u->progress = j->progress;
	u->progress_ctx = j->ctx;
	u->from = u->to = j->live;
	u->db = &j->db;
	return my_undo_open(u, j->live, NULL, &u->dst, e);
}

static int
open_scratch(struct my_undo *u, struct err *e)
{
	static const struct person_config root = {.name = "root", .user = "root"};

	u->from = arena_alloc(u->a, sizeof(*u->from));
	memset(u->from, 0, sizeof(*u->from));
	text_copy(u->from->name, sizeof(u->from->name), "the scratch server");
	if (my_conn_open(&u->src, u->w, u->db->address, &root, NULL, "holdfast scratch", 0,
		now_ms() + 20000, e) < 0)
		return err_wrap(e, "%s", u->from->name);
	return my_undo_settings(u, u->src, e);
}

static void
close_both(struct my_undo *u)
{
	if (u->src != u->dst)
		my_conn_close(u->src);
	my_conn_close(u->dst);
}

/* With the position of the binary log, where there is one: what was written since can follow. */
static int
dump(struct backup_job *j, struct my_undo *u, const char *part, struct err *e)
{
	const char *argv[32];
	size_t n = my_tool(u, argv, "mariadb-dump", u->dst);
	int64_t has_log = 0;

	if (my_undo_count(u, u->dst, "SELECT @@global.log_bin", &has_log, e) < 0)
		return -1;
	my_undo_say(u, "dumping %s", j->b->database);
	argv[n++] = "--single-transaction";
	argv[n++] = "--quick";
	argv[n++] = "--hex-blob";
	argv[n++] = "--routines";
	argv[n++] = "--triggers";
	argv[n++] = "--events";
	if (has_log)
		argv[n++] = "--master-data=2";
	argv[n++] = arena_printf(u->a, "--result-file=%s", part);
	argv[n++] = "--databases";
	argv[n++] = j->b->database;
	argv[n] = NULL;
	return my_tool_run(u, j->db.dir, argv, NULL, e);
}

int
my_backup_take(struct backup_job *j, struct err *e)
{
	const char *name = backup_new_name(j, ".sql");
	const char *part = arena_printf(j->a, "%s/.%s.part", j->b->path, name);
	struct my_undo u;
	int rc;

	j->db.engine = "mariadb";
	rc = open_live(j, &u, e);
	if (rc == 0)
		rc = scratch_db_dir(&j->db, j->a, 0, e);
	if (rc == 0)
		rc = dump(j, &u, part, e);
	close_both(&u);
	scratch_db_stop(&j->db);
	return backup_finish(j, part, name, rc, e);
}

static int
start(struct backup_job *j, int64_t room, struct err *e)
{
	backup_say(j, "starting a scratch server");
	if (scratch_db_dir(&j->db, j->a, room, e) != 0)
		return -1;
	return scratch_db_start(&j->db, j->a, j->w, 0, e);
}

static int
load(struct backup_job *j, struct my_undo *u, struct err *e)
{
	const char *argv[24];
	size_t len, n = my_tool(u, argv, "mariadb", u->src);
	const char *head = backup_edge(j->a, j->item->path, 0, &len);

	argv[n++] = "--batch";
	argv[n++] = "--binary-mode";
	if (strstr(head, "\nUSE `") == NULL) {
		if (my_undo_do(u, u->src,
			arena_printf(
			    j->a, "CREATE DATABASE %s", my_quote_name(j->a, j->b->database)),
			NULL, e) < 0)
			return -1;
		argv[n++] = j->b->database;
	}
	argv[n] = NULL;
	return my_tool_run(u, j->db.dir, argv, j->item->path, e);
}

static int
loading(struct backup_job *j, int64_t room,
    int (*how)(struct backup_job *j, struct my_undo *u, struct err *e), struct err *e)
{
	struct my_undo u = {.c = j->c, .w = j->w, .a = j->a, .out = j->out, .db = &j->db};
	int rc = start(j, room, e);

	if (rc == 0)
		rc = open_scratch(&u, e);
	backup_say(j, "restoring %s (%s)", j->item->name, text_bytes(j->a, j->item->bytes));
	if (rc == 0)
		rc = how(j, &u, e);
	close_both(&u);
	return rc;
}

int
my_backup_load(struct backup_job *j, struct err *e)
{
	return loading(j, j->item->bytes * 4, load, e);
}

static int
load_tree(struct backup_job *j, struct my_undo *u, struct err *e)
{
	const char *const argv[] = {"/usr/bin/myloader",
	    arena_printf(j->a, "--directory=%s", j->item->path), "--user=root",
	    arena_printf(j->a, "--socket=%s", u->src->place.socket), "--overwrite-tables", NULL};

	if (access(argv[0], X_OK) != 0) {
		err_set(e, ERR_CONFIG, "no myloader is installed here");
		return err_hint(e, "install mydumper");
	}
	return my_tool_run(u, j->db.dir, argv, NULL, e);
}

int
my_backup_load_tree(struct backup_job *j, struct err *e)
{
	return loading(j, j->item->bytes * 4, load_tree, e);
}

/* CHECK TABLE says it in rows: the last one's text is OK, or what is wrong. */
static int
check_table(struct my_undo *u, const char *full, struct err *e)
{
	struct my_rows r;
	size_t i;

	if (my_ask(u->src, u->w, now_ms() + READ_MS, u->a,
		arena_printf(u->a, "CHECK TABLE %s EXTENDED", full), &r, e) < 0)
		return -1;
	for (i = 0; r.ncols == 4 && i < r.n; i++)
		if (r.cells[4 * i + 2] != NULL && strcmp(r.cells[4 * i + 2], "status") == 0 &&
		    r.cells[4 * i + 3] != NULL && strcmp(r.cells[4 * i + 3], "OK") == 0)
			return 0;
	return err_set(e, ERR_FAILED, "CHECK TABLE %s: %s", full,
	    r.ncols == 4 && r.n > 0 && r.cells[3] != NULL ? r.cells[3] : "it does not say OK");
}

/* Every row with every column, which a count does not read. */
static int
read_table(struct backup_job *j, struct my_undo *u, const char *full, struct err *e)
{
	const char *sql = arena_printf(u->a, "SELECT COUNT(*) FROM %s", full);
	struct err ignored = {0};
	int64_t here = 0, live = -1;
	struct my_rows r;

	my_undo_say(u, "reading %s", full);
	if (check_table(u, full, e) < 0 ||
	    my_ask(u->src, u->w, now_ms() + READ_MS, u->a,
		arena_printf(u->a, "CHECKSUM TABLE %s EXTENDED", full), &r, e) < 0 ||
	    my_undo_count(u, u->src, sql, &here, e) < 0)
		return -1;
	if (my_undo_count(u, u->dst, sql, &live, &ignored) < 0)
		live = -1;
	return backup_count(j, full, here, live, e);
}

static const char tables_sql[] =
    "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE "
    "TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') "
    "ORDER BY 1, 2";

static const char *
full_name(struct arena *a, const struct my_rows *r, size_t i)
{
	return arena_printf(
	    a, "%s.%s", my_quote_name(a, r->cells[2 * i]), my_quote_name(a, r->cells[2 * i + 1]));
}

/* Tables of its databases that live and are not in it: made since, or left out. */
static int
compare_absent(
    struct backup_job *j, const struct my_rows *there, const struct my_rows *live, struct err *e)
{
	size_t i, k, is_its, is_there;

	for (i = 0; i < live->n; i++) {
		for (k = is_its = is_there = 0; k < there->n; k++) {
			int same = strcmp(there->cells[2 * k], live->cells[2 * i]) == 0;

			is_its |= same;
			is_there |=
			    same && strcmp(there->cells[2 * k + 1], live->cells[2 * i + 1]) == 0;
		}
		if (is_its && !is_there && backup_count(j, full_name(j->a, live, i), -1, 0, e) < 0)
			return -1;
	}
	return 0;
}

int
my_backup_prove(struct backup_job *j, struct err *e)
{
	struct my_undo u;
	struct my_rows r = {0}, live = {0};
	int rc = open_live(j, &u, e);
	size_t i;

	if (rc == 0)
		rc = open_scratch(&u, e);
	if (rc == 0)
		rc = my_ask(u.src, j->w, now_ms() + ASK_MS, j->a, tables_sql, &r, e);
	if (rc == 0)
		rc = my_ask(u.dst, j->w, now_ms() + ASK_MS, j->a, tables_sql, &live, e);
	if (rc == 0)
		rc = compare_absent(j, &r, &live, e);
	for (i = 0; rc == 0 && i < r.n; i++)
		rc = read_table(j, &u, full_name(j->a, &r, i), e);
	close_both(&u);
	return rc < 0 ? -1 : backup_counted(j, e);
}
