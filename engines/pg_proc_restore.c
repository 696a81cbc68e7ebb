/*
 * restore-load-v1: one table out of a dump into a schema beside, which nobody uses: definitions,
 * rows, then keys and indexes one by one. How far it came stands in the schema's comment, written
 * with each piece in its transaction, so that what was stopped goes on from there. Must never touch
 * the table that stands.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/pg_lex.h"
#include "engines/pg_look.h"
#include "engines/pg_restore.h"
#include "engines/pg_words.h"
#include "text.h"
#include "banned.h"

#define LOOK_MS 1000
#define INDEX_SPEED 0.75
#define MARK "holdfast restore 1 "

static const char *
given(const struct step *s, const char *name)
{
	const char *v = undo_argument(s, name);

	return v == NULL ? "" : v;
}

static int
take_arguments(struct restoring *x, const struct step *s, struct err *e)
{
	struct undo *u = &x->u;

	u->from = u->to = cluster_member(u->c, s->node);
	u->schema = x->pick.schema = given(s, "schema");
	u->table = x->pick.table = given(s, "table");
	x->pick.a = x->d.a = u->a;
	x->d.w = u->w;
	x->d.path = given(s, "file");
	x->identity = given(s, "file_identity");
	x->side = given(s, "side");
	x->before = given(s, "before");
	x->after = given(s, "after");
	x->columns = given(s, "columns");
	x->encoding = given(s, "encoding");
	x->sha256 = given(s, "rows_sha256");
	x->p.rows = strtoll(given(s, "rows"), NULL, 10);
	x->p.data = strtoll(given(s, "bytes"), NULL, 10);
	x->p.sizes = given(s, "index_bytes");
	x->p.held = given(s, "held");
	x->p.began = time(NULL);
	x->p.after = x->after;
	x->p.index_speed = INDEX_SPEED;
	x->p.c = u->c;
	x->p.a = u->a;
	x->p.progress = u->progress;
	x->p.progress_ctx = u->progress_ctx;
	x->report = "";
	if (u->to == NULL || x->d.path[0] != '/' || x->before[0] == '\0' ||
	    strncmp(x->side, RESTORE_SIDE, strlen(RESTORE_SIDE)) != 0)
		return err_set(e, ERR_FAILED, "the step does not say what to restore");
	u->full = arena_printf(
	    u->a, "%s.%s", pg_quote_name(u->a, x->side), pg_quote_name(u->a, u->table));
	return 0;
}

/* The same file as was read for the plan: by inode, size and time. */
static int
open_dump(struct restoring *x, struct err *e)
{
	struct undo *u = &x->u;

	if (dump_look(&x->d, PQserverVersion(u->dst->pq) / 10000, e) < 0)
		return -1;
	if (strcmp(x->d.identity, x->identity) != 0) {
		err_set(e, ERR_STALE, "%s is not the file that was planned with: %s, now %s",
		    x->d.path, x->identity, x->d.identity);
		return err_hint(e, "type the restore again: it is read again");
	}
	if (undo_dir(u, 0, e) < 0)
		return -1;
	x->d.dir = u->dir;
	x->pick.own = arena_array(u->a, 1, sizeof(*x->pick.own));
	x->pick.own[x->pick.nown++] = u->table;
	return 0;
}

static int
run(struct restoring *x, const char *sql, struct err *e)
{
	return undo_do(&x->u, x->u.dst, sql, 0, NULL, NULL, e);
}

static const char *
mark(struct restoring *x, const char *stage, size_t n)
{
	struct arena *a = x->u.a;

	return arena_printf(a, "COMMENT ON SCHEMA %s IS %s", pg_quote_name(a, x->side),
	    pg_quote_literal(a, arena_printf(a, MARK "%s %s %zu", x->sha256, stage, n)));
}

/* What an earlier run left: only what bears the mark of the same rows is gone on with. */
static int
read_stage(struct restoring *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct arena *a = x->u.a;
	const char *is, *made = arena_printf(a, MARK "%s made ", x->sha256),
			*loaded = arena_printf(a, MARK "%s loaded ", x->sha256);

	if (undo_do(&x->u, x->u.dst,
		"SELECT pg_catalog.obj_description(n.oid, 'pg_namespace') FROM "
		"pg_catalog.pg_namespace AS n WHERE n.nspname = $1",
		1, &x->side, &r, e) < 0)
		return -1;
	if (PQntuples(r) == 0)
		return 0;
	is = look_text(a, r, 0, 0);
	is = is == NULL ? "" : is;
	if (strncmp(is, made, strlen(made)) == 0)
		x->stage = STAGE_MADE;
	else if (strncmp(is, loaded, strlen(loaded)) == 0) {
		x->stage = STAGE_LOADED;
		x->p.is_loaded = 1;
		x->made = (size_t)strtoul(is + strlen(loaded), NULL, 10);
	} else
		return err_set(e, ERR_REFUSED,
		    "a schema %s stands on %s that no restore of these rows made", x->side,
		    x->u.to->name);
	undo_say(&x->u, "going on where an earlier restore stopped: %s, %zu definitions after them",
	    x->stage == STAGE_LOADED ? "the rows are there" : "no rows yet", x->made);
	return 0;
}

/* The statements of a list one by one; from the n-th on. */
static int
each(struct restoring *x, const char *text, size_t from,
    int (*what)(struct restoring *x, const char *sql, size_t no, struct err *e), struct err *e)
{
	const struct lexical lx = {.standard_conforming_strings = 1};
	size_t len = strlen(text), no;
	struct scan s;

	for (no = 0; len > 0; no++, text += s.end, len -= s.end) {
		pg_scan(text, len, &lx, &s);
		if (s.state != SCAN_COMPLETE)
			return 0;
		text += strspn(text, "\n");
		if (no >= from && what(x, arena_strndup(x->u.a, text, s.len), no, e) < 0)
			return -1;
	}
	return 0;
}

static int
plainly(struct restoring *x, const char *sql, size_t no, struct err *e)
{
	(void)no;
	return run(x, sql, e);
}

/* Everything is tried on the empty table first: what does not fit here shows before the rows. */
static int
make(struct restoring *x, struct err *e)
{
	const char *create =
	    arena_printf(x->u.a, "CREATE SCHEMA %s", pg_quote_name(x->u.a, x->side));

	undo_say(&x->u, "trying every definition on an empty table in %s", x->side);
	if (run(x, "BEGIN", e) < 0 || run(x, create, e) < 0)
		return -1;
	if (each(x, x->before, 0, plainly, e) < 0 || run(x, "SAVEPOINT holdfast_trial", e) < 0 ||
	    each(x, x->after, 0, plainly, e) < 0) {
		err_wrap(e, "the definitions in the dump do not fit; nothing was loaded");
		return e->hint[0] != '\0'
			   ? -1
			   : err_hint(e, "make what is missing there, or restore the dump "
					 "into a database of its own");
	}
	if (run(x, "ROLLBACK TO SAVEPOINT holdfast_trial", e) < 0 ||
	    run(x, mark(x, "made", 0), e) < 0 || run(x, "COMMIT", e) < 0)
		return -1;
	x->stage = STAGE_MADE;
	return 0;
}

/* The rows must be those that the plan was signed for, and the dump whole behind them. */
static int
end_rows(struct restoring *x)
{
	char sha256[SHA256_HEX];
	enum script_piece what;
	char *text;
	size_t len;

	hasher_take(x->hash, sha256);
	if (x->p.rows_done != x->p.rows || strcmp(sha256, x->sha256) != 0)
		return err_set(&x->err, ERR_STALE,
		    "%s has other rows than were planned with: %lld, planned %lld", x->d.path,
		    (long long)x->p.rows_done, (long long)x->p.rows);
	if (x->d.program != NULL)
		do {
			if (script_next(&x->d.script, &what, &text, &len, &x->err) < 0)
				return -1;
		} while (what != SCRIPT_END);
	return dump_close(&x->d, 1, &x->err);
}

/* The next lines of rows. 1 there are some, 0 the end, -1. */
static int
next_piece(struct restoring *x)
{
	enum script_piece what;
	const char *columns;
	int is_ours = x->p.data_done > 0 || x->d.script.in_rows;
	char *text, *p;
	size_t len;

	for (;;) {
		if (script_next(&x->d.script, &what, &text, &len, &x->err) < 0)
			return -1;
		if (what == SCRIPT_END)
			return err_set(
			    &x->err, ERR_FAILED, "%s has no rows of %s", x->d.path, x->u.table);
		if (what == SCRIPT_COPY)
			is_ours = pick_is_copy(&x->pick, text, len, &columns);
		if (is_ours && what == SCRIPT_ROWS_END)
			return end_rows(x) < 0 ? -1 : 0;
		if (is_ours && what == SCRIPT_ROWS)
			break;
	}
	x->piece = text;
	x->left = len;
	x->p.data_done += (int64_t)len;
	hasher_add(x->hash, text, len);
	for (p = text; (p = memchr(p, '\n', (size_t)(text + len - p))) != NULL; p++)
		x->p.rows_done++;
	return 1;
}

static int
feed(struct sink *s, char *data, size_t size)
{
	struct restoring *x = s->ctx;
	size_t used = 0, n;
	int64_t start;
	int rc;

	while (used < size && !x->is_over) {
		if (x->left == 0) {
			start = now_ms();
			if ((rc = next_piece(x)) < 0)
				return -1;
			x->p.input_ms += now_ms() - start;
			x->is_over = rc == 0;
			pace_say(&x->p);
			continue;
		}
		n = x->left < size - used ? x->left : size - used;
		memcpy(data + used, x->piece, n);
		x->piece += n;
		x->left -= n;
		used += n;
	}
	return (int)used;
}

static int
load(struct restoring *x, struct err *e)
{
	struct undo *u = &x->u;
	struct sink sink = {.copy_in = feed, .ctx = x};
	const char *list, *sql = arena_printf(u->a, "COPY %s%s FROM STDIN", u->full,
			      x->columns[0] == '\0' ? "" : arena_printf(u->a, " (%s)", x->columns));
	int rc;

	if (dump_list(&x->d, &x->pick, &list, e) < 0 ||
	    dump_open(&x->d, dump_rows_options(&x->d, list), e) < 0 || run(x, "BEGIN", e) < 0)
		return -1;
	x->hash = hasher_new();
	x->p.rows_ms = now_ms();
	rc = pg_stream(u->dst, u->w, INT64_MAX, sql, &sink, NULL, NULL, e);
	hasher_finish(x->hash, NULL);
	if (x->err.code != ERR_NONE) {
		*e = x->err;
		return -1;
	}
	if (rc < 0)
		return err_wrap(e, "%s: loading rows", u->to->name);
	if (run(x, mark(x, "loaded", 0), e) < 0 || run(x, "COMMIT", e) < 0)
		return -1;
	x->stage = STAGE_LOADED;
	x->p.is_loaded = 1;
	undo_say(u, "%s rows loaded in %s", text_count(u->a, x->p.rows_done),
	    text_seconds(u->a, (double)(now_ms() - x->p.rows_ms) / 1000));
	return 0;
}

static const char build_sql[] =
    "SELECT CASE WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total WHEN "
    "p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total END, p.phase FROM "
    "pg_catalog.pg_stat_progress_create_index AS p WHERE p.pid = $1::pg_catalog.int4";

/* Waits in slices, and looks in between how far the server is. */
static int
wait_and_look(struct waiter *w, int fd, short events, int64_t deadline)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct restoring *x = w->ctx;
	struct waiter own;
	const char *pid;
	int64_t slice;
	int rc;

	for (;;) {
		slice = now_ms() + LOOK_MS;
		rc = x->base->wait(x->base, fd, events, slice < deadline ? slice : deadline);
		if (rc != 0 || now_ms() >= deadline)
			return rc;
		poll_waiter(&own, -1);
		pid = arena_printf(x->u.a, "%d", PQbackendPID(x->u.dst->pq));
		if (x->eye != NULL &&
		    pg_query(x->eye, &own, now_ms() + LOOK_MS, build_sql, 1, &pid, &r, NULL) == 0 &&
		    PQntuples(r) == 1)
			x->p.now = arena_printf(x->u.a, "%s (%s %%)",
			    text_inert(
				x->u.a, PQgetvalue(r, 0, 1), (size_t)PQgetlength(r, 0, 1), 0),
			    PQgetisnull(r, 0, 0) ? "?" : PQgetvalue(r, 0, 0));
		pg_clear_result(&r);
		pace_say(&x->p);
	}
}

static int
in_one(struct restoring *x, const char *sql, size_t no, struct err *e)
{
	return run(x, "BEGIN", e) < 0 || run(x, sql, e) < 0 ||
		       run(x, mark(x, "loaded", no + 1), e) < 0 || run(x, "COMMIT", e) < 0
		   ? -1
		   : 0;
}

/* One key, index or trigger. A foreign key that old rows break stays, not checked, and is told. */
static int
after_rows(struct restoring *x, const char *sql, size_t no, struct err *e)
{
	struct err why = {0};
	int rc;

	pace_begin(&x->p, sql);
	rc = in_one(x, sql, no, &why);
	if (rc < 0 && strcmp(why.sqlstate, "23503") == 0) {
		x->report = arena_printf(x->u.a, "%s; REPORT: the key stays NOT VALID: %s %s",
		    x->report, why.msg, why.detail);
		err_clear(&why);
		rc = run(x, "ROLLBACK", &why) < 0
			 ? -1
			 : in_one(x, arena_printf(x->u.a, "%s NOT VALID", sql), no, &why);
	}
	if (rc < 0) {
		*e = why;
		return err_wrap(e, "%s", text_fit(x->u.a, sql, strlen(sql), 100));
	}
	x->made = no + 1;
	pace_end(&x->p);
	return 0;
}

static int
restore(struct restoring *x, struct err *e)
{
	struct undo *u = &x->u;

	if (open_dump(x, e) < 0 || read_stage(x, e) < 0 ||
	    undo_do(u, u->dst, "SELECT pg_catalog.set_config('client_encoding', $1, false)", 1,
		&x->encoding, NULL, e) < 0)
		return -1;
	pace_weigh(&x->p);
	if (x->stage == STAGE_NONE && make(x, e) < 0)
		return -1;
	if (x->stage == STAGE_MADE && load(x, e) < 0)
		return -1;
	u->w = &x->looking;
	if (each(x, x->after, x->made, after_rows, e) < 0)
		return -1;
	x->p.now = "counting what the planner must know";
	undo_say(u, "counting what the planner must know");
	return run(x, arena_printf(u->a, "ANALYZE %s", u->full), e);
}

/* A known state: what is there goes on from where it is, or nothing is there. */
static void
say_state(struct restoring *x, struct err *e)
{
	struct waiter own;
	struct err ignored = {0};

	if (e == NULL || x->u.dst == NULL)
		return;
	if (x->stage == STAGE_LOADED) {
		err_wrap(e,
		    "no table that stands was touched, %s has the rows and %zu of the "
		    "definitions",
		    x->side, x->made);
		err_hint(e, "the same restore goes on from there; DROP SCHEMA %s CASCADE ends it",
		    x->side);
		return;
	}
	if (x->stage != STAGE_MADE)
		return;
	poll_waiter(&own, -1);
	x->u.w = &own;
	if (PQtransactionStatus(x->u.dst->pq) != PQTRANS_IDLE)
		run(x, "ROLLBACK", &ignored);
	err_clear(&ignored);
	if (run(x, arena_printf(x->u.a, "DROP SCHEMA %s CASCADE", pg_quote_name(x->u.a, x->side)),
		&ignored) == 0)
		err_wrap(e, "no table that stands was touched, and nothing was kept");
	else
		err_wrap(e, "no table that stands was touched; the empty schema %s stays", x->side);
}

int
proc_restore_load(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct restoring x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx},
	    .d = {.fd = -1}};
	int64_t start = now_ms();
	int rc = -1;

	x.base = w;
	x.looking = (struct waiter){.wait = wait_and_look, .ctx = &x, .cancel_fd = w->cancel_fd};
	if (take_arguments(&x, s, e) == 0 && cluster_settle(c, w, e) == 0 &&
	    undo_open(&x.u, x.u.to, given(s, "database"), &x.u.dst, 0, e) == 0) {
		if (pg_session_open(c, w, x.u.to->address, given(s, "database"), &x.eye, NULL) < 0)
			x.eye = NULL;
		rc = restore(&x, e);
	}
	dump_close(&x.d, 0, NULL);
	if (rc < 0) {
		say_state(&x, e);
		text_copy(out->sqlstate, sizeof(out->sqlstate), e == NULL ? "" : e->sqlstate);
	} else {
		text_copy(out->tag, sizeof(out->tag), "LOADED");
		undo_report(&x.u, x.report);
	}
	pg_close(x.u.dst);
	pg_close(x.eye);
	if (x.u.dir[0] != '\0')
		scratch_remove(x.u.dir, NULL);
	out->rows = x.p.rows;
	out->ms = now_ms() - start;
	return rc;
}
