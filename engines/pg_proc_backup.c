/*
 * backup-take-v1 and backup-drill-v1: one more dump, written beside and renamed when it is whole;
 * and the newest one restored into a scratch server, read as a whole, its indexes checked against
 * the rows, its counts compared with the live server's. Must never write to a live server.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/copies.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (12LL * 3600 * 1000)

static const char *
given(const struct step *s, const char *name)
{
	const char *v = undo_argument(s, name);

	return v == NULL ? "" : v;
}

static void
config_of(const struct step *s, struct backup_config *b)
{
	memset(b, 0, sizeof(*b));
	b->name = given(s, "backup");
	b->method = given(s, "method");
	b->path = given(s, "path");
	b->pattern = given(s, "pattern");
	b->database = given(s, "database");
}

static int
begin(struct undo *u, const struct step *s, const struct backup_config *b, struct err *e)
{
	if (strcmp(b->method, "pg_dump") != 0)
		return err_set(e, ERR_REFUSED,
		    "there is no way to take or drill a backup of the method %s here; nothing was "
		    "done",
		    b->method);
	u->from = u->to = cluster_member(u->c, s->node);
	if (u->from == NULL)
		return err_set(e, ERR_FAILED, "no node is called %s; nothing was done", s->node);
	if (cluster_settle(u->c, u->w, e) < 0)
		return -1;
	return pg_session_open(u->c, u->w, u->from->address, b->database, &u->dst, e);
}

/* "shop-20261128T101500Z.dump": what the pattern catches, if it is the usual one. */
static const char *
new_name(struct undo *u, const struct backup_config *b)
{
	const char *dot = strrchr(b->pattern, '.');
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	return arena_printf(u->a, "%s-%s%s", b->name, stamp, dot == NULL ? ".dump" : dot);
}

static int
take(struct undo *u, const struct backup_config *b, struct err *e)
{
	const char *name = new_name(u, b), *path = arena_printf(u->a, "%s/%s", b->path, name);
	const char *part = arena_printf(u->a, "%s/.%s.part", b->path, name), *log;
	const char *argv[10];
	char sha256[SHA256_HEX];
	int64_t bytes;
	size_t n = 0;

	u->src = u->dst;
	argv[n++] = undo_program(u, "pg_dump", e);
	if (argv[0] == NULL || undo_dir(u, 0, e) < 0)
		return -1;
	undo_say(u, "dumping %s", b->database);
	argv[n++] = "--format=custom";
	argv[n++] = "--no-password";
	argv[n++] = arena_printf(u->a, "--file=%s", part);
	argv[n++] =
	    arena_printf(u->a, "--dbname=%s", undo_conninfo(u, u->from, u->dst, b->database));
	argv[n] = NULL;
	if (undo_tool(u, argv, undo_path(u, "dump.log"), TOOL_MS, e) < 0) {
		unlink(part);
		return -1;
	}
	undo_say(u, "decoding what was written");
	argv[0] = undo_program(u, "pg_restore", e);
	argv[1] = "--file=/dev/null";
	argv[2] = part;
	argv[3] = NULL;
	if (argv[0] == NULL || backup_tool(u->w, u->a, argv, &log, TOOL_MS, e) < 0 ||
	    copy_digest(part, sha256, &bytes, e) < 0) {
		unlink(part);
		return err_wrap(e, "what was written is no whole dump");
	}
	if (rename(part, path) != 0)
		return err_set(e, ERR_FAILED, "could not name %s: %s", path, strerror(errno));
	undo_say(u, "%s: %s, sha256 %s", path, text_bytes(u->a, bytes), sha256);
	return 0;
}

static const char tables_sql[] =
    "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class AS c JOIN "
    "pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname !~ "
    "'^pg_' AND n.nspname <> 'information_schema' ORDER BY 1";

/* Every row of every table, all columns; and how many the live server has. */
static int
compare(struct undo *u, struct backup_proof *p, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct undo_sum sum;
	const char *differs = "";
	int i;

	if (undo_do(u, u->src, tables_sql, 0, NULL, &r, e) < 0)
		return -1;
	if (PQntuples(r) == 0)
		return err_set(e, ERR_FAILED, "there is no table in it");
	for (i = 0; i < PQntuples(r); i++) {
		CLEAN_RESULT PGresult *live = NULL;
		const char *full = PQgetvalue(r, i, 0), *count = "no such table";
		struct err ignored = {0};

		undo_say(u, "reading %s", full);
		if (undo_sum(u, u->src, full, &sum, e) < 0)
			return -1;
		p->tables++;
		p->rows += strtoll(sum.rows, NULL, 10);
		if (undo_do(u, u->dst,
			arena_printf(u->a, "SELECT pg_catalog.count(*) FROM ONLY %s", full), 0,
			NULL, &live, &ignored) == 0)
			count = PQgetvalue(live, 0, 0);
		if (strcmp(count, sum.rows) != 0)
			differs = arena_printf(u->a, "%s%s%s: %s in it, %s live", differs,
			    differs[0] == '\0' ? "" : "; ", full, sum.rows,
			    arena_strdup(u->a, count));
	}
	undo_say(u, "%s, %s read; %s", text_many(u->a, p->tables, "table"),
	    text_many(u->a, p->rows, "row"), differs[0] == '\0' ? "counts as live" : differs);
	return 0;
}

static int
amcheck(struct undo *u, const char *database, struct err *e)
{
	const char *const argv[] = {undo_program(u, "pg_amcheck", e), "--install-missing",
	    "--heapallindexed", "--no-password", arena_printf(u->a, "--host=%s", u->db->dir),
	    "--port=5432", "--username=postgres", "--", database, NULL};

	if (argv[0] == NULL)
		return -1;
	undo_say(u, "checking every table and index with pg_amcheck");
	return undo_tool(u, argv, arena_printf(u->a, "%s/load.log", u->db->dir), TOOL_MS, e);
}

static int
drill(struct undo *u, const struct backup_config *b, const struct backup_item *x,
    struct backup_proof *p, struct err *e)
{
	static const char *const options[] = {
	    "--exit-on-error", "--no-owner", "--no-privileges", NULL};
	int major = PQserverVersion(u->dst->pq) / 10000;
	int64_t start;

	if (undo_source_start(u, major, x->bytes * 8, e) < 0)
		return -1;
	undo_say(u, "restoring %s (%s)", x->name, text_bytes(u->a, x->bytes));
	start = now_ms();
	if (undo_load(u, x->path, options, e) < 0)
		return err_wrap(e, "%s could not be restored", x->name);
	p->ms = now_ms() - start;
	undo_say(u, "restored in %s", text_seconds(u->a, (double)p->ms / 1000));
	if (undo_source_ready(u, "the scratch server", b->database, e) < 0 || compare(u, p, e) < 0)
		return -1;
	return amcheck(u, b->database, e);
}

/* A failed drill is a record, too: it is what the next one at the prompt must know. */
static int
drill_newest(struct undo *u, const struct backup_config *b, struct err *e)
{
	struct backup_facts f = {0};
	struct backup_proof p = {.at = (int64_t)time(NULL)};
	struct err own = {0};
	int rc;

	if (backup_items(u->a, b, &f, e) != 0)
		return -1;
	if (f.nitems == 0)
		return err_set(
		    e, ERR_FAILED, "%s has no file %s: nothing to drill", b->path, b->pattern);
	p.item = f.items[0].name;
	rc = drill(u, b, &f.items[0], &p, e);
	p.ok = rc == 0;
	u->out->rows = p.rows;
	if (e != NULL && rc != 0 && e->code == ERR_CANCELLED)
		return rc;
	if (backup_proof_write(u->a, b, &p, &own) != 0 && rc == 0) {
		*e = own;
		rc = -1;
	}
	return rc;
}

static int
run(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a, struct outcome *out,
    void (*progress)(void *ctx, const char *line), void *ctx,
    int (*what)(struct undo *u, const struct backup_config *b, struct err *e), struct err *e)
{
	struct undo u = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx};
	struct backup_config b;
	int64_t start = now_ms();
	int rc;

	config_of(s, &b);
	rc = begin(&u, s, &b, e);
	if (rc == 0)
		rc = what(&u, &b, e);
	if (u.src != u.dst)
		pg_close(u.src);
	pg_close(u.dst);
	undo_source_stop(&u);
	if (u.dir[0] != '\0')
		scratch_remove(u.dir, NULL);
	if (rc == 0)
		text_copy(
		    out->tag, sizeof(out->tag), what == take ? "BACKUP TAKEN" : "BACKUP PROVED");
	out->ms = now_ms() - start;
	return rc;
}

int
proc_backup_take(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	return run(c, w, s, a, out, progress, ctx, take, e);
}

int
proc_backup_drill(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	return run(c, w, s, a, out, progress, ctx, drill_newest, e);
}
