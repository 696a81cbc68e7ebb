/*
 * restore-load-v1 on MariaDB and MySQL: one table out of a dump into a schema beside, which nobody
 * uses: the table without its keys, the rows, then the keys, which is several times as fast. How
 * far it came stands in a table there, so that what was stopped goes on from there. Must never
 * touch the table that stands.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_restore.h"
#include "text.h"
#include "banned.h"

#define LOAD_MS (30LL * 24 * 3600 * 1000)
#define LOOK_MS 1000
#define INDEX_SPEED 2.0

int
my_restore_do(struct my_restoring *x, const char *sql, struct err *e)
{
	if (my_query(x->u.dst, x->u.w, now_ms() + LOAD_MS, sql, NULL, e) == 0)
		return 0;
	return err_wrap(e, "%s", x->u.to->name);
}

static int
is_word(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if (!isalnum((unsigned char)s[i]))
			return 0;
	return i > 0;
}

static int
take_arguments(struct my_restoring *x, const struct step *s, struct err *e)
{
	struct my_undo *u = &x->u;

	u->from = u->to = cluster_member(u->c, s->node);
	u->schema = x->d.schema = my_undo_argument(s, "schema");
	u->table = x->d.table = my_undo_argument(s, "table");
	x->d.a = u->a;
	x->d.w = u->w;
	x->d.path = my_undo_argument(s, "file");
	x->identity = my_undo_argument(s, "file_identity");
	x->side = my_undo_argument(s, "side");
	x->before = my_undo_argument(s, "before");
	x->after = my_undo_argument(s, "after");
	x->encoding = my_undo_argument(s, "encoding");
	x->sha256 = my_undo_argument(s, "rows_sha256");
	x->report = "";
	x->p = (struct pace){.c = u->c,
	    .a = u->a,
	    .progress = u->progress,
	    .progress_ctx = u->progress_ctx,
	    .rows = strtoll(my_undo_argument(s, "rows"), NULL, 10),
	    .data = strtoll(my_undo_argument(s, "bytes"), NULL, 10),
	    .sizes = my_undo_argument(s, "index_bytes"),
	    .held = my_undo_argument(s, "held"),
	    .after = x->after,
	    .index_speed = INDEX_SPEED,
	    .began = time(NULL)};
	if (u->to == NULL || x->d.path[0] != '/' || x->before[0] == '\0' || !is_word(x->encoding) ||
	    strncmp(x->side, RESTORE_SIDE, strlen(RESTORE_SIDE)) != 0)
		return err_set(e, ERR_FAILED, "the step does not say what to restore");
	x->full = arena_printf(
	    u->a, "%s.%s", my_quote_name(u->a, x->side), my_quote_name(u->a, u->table));
	return 0;
}

int
my_restore_mark(struct my_restoring *x, const char *stage, struct err *e)
{
	return my_restore_do(x,
	    arena_printf(x->u.a,
		"UPDATE %s." MY_RESTORE_MARK
		" SET stage = '%s', made = %zu, statements = %lld, rows_done = %lld",
		my_quote_name(x->u.a, x->side), stage, x->made, (long long)x->statements,
		(long long)x->p.rows_done),
	    e);
}

/* The same file as was read for the plan: by inode, size and time. */
static int
open_dump(struct my_restoring *x, struct err *e)
{
	if (my_dump_look(&x->d, e) < 0)
		return -1;
	if (strcmp(x->d.identity, x->identity) == 0)
		return 0;
	err_set(e, ERR_STALE, "%s is not the file that was planned with: %s, now %s", x->d.path,
	    x->identity, x->d.identity);
	return err_hint(e, "type the restore again: it is read again");
}

/* What an earlier run left: only what bears the mark of the same rows is gone on with. */
static int
read_stage(struct my_restoring *x, struct err *e)
{
	struct my_undo *u = &x->u;
	int64_t stands;
	struct my_rows r;

	if (my_undo_count(u, u->dst,
		arena_printf(u->a,
		    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s",
		    my_quote_literal(u->a, x->side)),
		&stands, e) < 0)
		return -1;
	if (stands == 0)
		return 0;
	if (my_ask(u->dst, u->w, now_ms() + 30000, u->a,
		arena_printf(u->a,
		    "SELECT rows_sha256, stage, made, statements, rows_done FROM "
		    "%s." MY_RESTORE_MARK,
		    my_quote_name(u->a, x->side)),
		&r, e) < 0 ||
	    r.n != 1 || strcmp(r.cells[0], x->sha256) != 0) {
		err_clear(e);
		return err_set(e, ERR_REFUSED,
		    "a database %s stands on %s that no restore of these rows made", x->side,
		    u->to->name);
	}
	x->stage = strcmp(r.cells[1], "loaded") == 0 ? MY_STAGE_LOADED
		   : strcmp(r.cells[1], "made") == 0 ? MY_STAGE_MADE
						     : MY_STAGE_NEW;
	x->made = (size_t)strtoul(r.cells[2], NULL, 10);
	x->statements = strtoll(r.cells[3], NULL, 10);
	x->p.rows_done = x->committed = strtoll(r.cells[4], NULL, 10);
	x->p.is_loaded = x->stage == MY_STAGE_LOADED;
	my_undo_say(u,
	    "going on where an earlier restore stopped: %s rows, %zu definitions after them",
	    text_count(u->a, x->p.rows_done), x->made);
	return 0;
}

/* The statements of a list one by one; from the n-th on. */
static int
each(struct my_restoring *x, const char *text, size_t from,
    int (*what)(struct my_restoring *x, const char *sql, size_t no, struct err *e), struct err *e)
{
	struct my_split sp = {0};
	struct statement s;
	size_t no;
	char in;

	for (no = 0; my_split_next(text, strlen(text), 0, &sp, &s, &in) == 1; no++)
		if (no >= from && what(x, arena_strndup(x->u.a, text + s.from, s.len), no, e) < 0)
			return -1;
	return 0;
}

static int
plainly(struct my_restoring *x, const char *sql, size_t no, struct err *e)
{
	(void)no;
	return my_restore_do(x, sql, e);
}

static int
drop_side(struct my_restoring *x, struct err *e)
{
	return my_restore_do(
	    x, arena_printf(x->u.a, "DROP DATABASE %s", my_quote_name(x->u.a, x->side)), e);
}

/* Everything is tried on the empty table first: what does not fit here shows before the rows. */
static int
make(struct my_restoring *x, struct err *e)
{
	struct arena *a = x->u.a;
	const char *side = my_quote_name(a, x->side);

	my_undo_say(&x->u, "trying every definition on an empty table in %s", x->side);
	if ((x->stage == MY_STAGE_NEW && drop_side(x, e) < 0) ||
	    my_restore_do(x, arena_printf(a, "CREATE DATABASE %s CHARACTER SET utf8mb4", side), e) <
		0)
		return -1;
	x->stage = MY_STAGE_NEW;
	x->statements = x->p.rows_done = x->committed = 0;
	if (my_restore_do(x,
		arena_printf(a,
		    "CREATE TABLE %s." MY_RESTORE_MARK
		    " (rows_sha256 char(64) NOT NULL PRIMARY KEY, stage varchar(10) NOT NULL, made "
		    "int NOT NULL, statements bigint NOT NULL, rows_done bigint NOT NULL) "
		    "ENGINE=InnoDB",
		    side),
		e) < 0 ||
	    my_restore_do(x,
		arena_printf(a, "INSERT INTO %s." MY_RESTORE_MARK " VALUES (%s, 'new', 0, 0, 0)",
		    side, my_quote_literal(a, x->sha256)),
		e) < 0 ||
	    my_restore_do(x,
		arena_printf(a,
		    "CREATE TABLE %s." MY_UNFIT
		    " (id bigint AUTO_INCREMENT PRIMARY KEY, reason varchar(600) NOT NULL, "
		    "row_text longblob NOT NULL) ENGINE=InnoDB",
		    side),
		e) < 0)
		return -1;
	if (each(x, x->before, 0, plainly, e) < 0 || each(x, x->after, 0, plainly, e) < 0) {
		err_wrap(e, "the definitions in the dump do not fit; nothing was loaded");
		return err_hint(e, "make what is missing there, or load the dump into a server "
				   "of its own");
	}
	if (my_restore_do(x, arena_printf(a, "DROP TABLE %s", x->full), e) < 0 ||
	    each(x, x->before, 0, plainly, e) < 0 || my_restore_mark(x, "made", e) < 0)
		return -1;
	x->stage = MY_STAGE_MADE;
	return 0;
}

/* Waits in slices, and looks in between how far the server is. */
static int
wait_and_look(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct my_restoring *x = w->ctx;
	struct waiter own;
	struct my_rows r;
	int64_t slice;
	int rc;

	for (;;) {
		slice = now_ms() + LOOK_MS;
		rc = x->base->wait(x->base, fd, events, slice < deadline ? slice : deadline);
		if (rc != 0 || now_ms() >= deadline)
			return rc;
		poll_waiter(&own, -1);
		if (x->eye != NULL && x->p.weight_now > 0 &&
		    my_ask(x->eye, &own, now_ms() + LOOK_MS, x->u.a,
			"SHOW GLOBAL STATUS LIKE 'Innodb_onlineddl_pct_progress'", &r, NULL) == 0 &&
		    r.n == 1)
			x->p.now_done = x->p.weight_now * strtod(r.cells[1], NULL) / 10000;
		pace_say(&x->p);
	}
}

/* Keys that are there already were made by a run that died before it could say so. */
static int
after_rows(struct my_restoring *x, const char *sql, size_t no, struct err *e)
{
	struct err why = {0};

	pace_begin(&x->p, sql);
	if (my_restore_do(x, sql, &why) < 0 && strstr(why.msg, "Duplicate key name") == NULL &&
	    strstr(why.msg, "Duplicate FOREIGN KEY") == NULL) {
		*e = why;
		return err_wrap(e, "%s", text_fit(x->u.a, sql, strlen(sql), 100));
	}
	x->made = no + 1;
	pace_end(&x->p);
	return my_restore_mark(x, "loaded", e);
}

static int
open_sessions(struct my_restoring *x, struct err *e)
{
	struct my_undo *u = &x->u;

	if (my_undo_open(u, u->to, NULL, &u->dst, e) < 0)
		return -1;
	if (my_session_open(u->c, u->w, u->to->address, NULL, 0, &x->eye, NULL) < 0)
		x->eye = NULL;
	return my_restore_do(x, arena_printf(u->a, "SET NAMES %s", x->encoding), e);
}

static int
restore(struct my_restoring *x, struct err *e)
{
	struct my_undo *u = &x->u;

	if (open_dump(x, e) < 0 || open_sessions(x, e) < 0 || read_stage(x, e) < 0)
		return -1;
	pace_weigh(&x->p);
	/* Without transactions nobody knows how much of the last INSERT is in: once more. */
	if (x->stage == MY_STAGE_MADE && strstr(x->before, "ENGINE=InnoDB") == NULL)
		x->stage = MY_STAGE_NEW;
	if (x->stage < MY_STAGE_MADE && make(x, e) < 0)
		return -1;
	u->w = &x->looking;
	if ((x->stage == MY_STAGE_MADE && my_restore_rows(x, e) < 0) ||
	    each(x, x->after, x->made, after_rows, e) < 0)
		return -1;
	x->p.now = "counting what the planner must know";
	return my_restore_do(x, arena_printf(u->a, "ANALYZE TABLE %s", x->full), e);
}

/* A known state: what is there is gone on with, or nothing is there. */
static void
say_state(struct my_restoring *x, struct err *e)
{
	struct waiter own;
	struct err ignored = {0};

	if (e == NULL || x->u.dst == NULL || x->stage == MY_STAGE_NONE)
		return;
	if (x->stage >= MY_STAGE_MADE && e->code != ERR_STALE) {
		err_wrap(e,
		    "no table that stands was touched, %s has %s rows and %zu of the definitions",
		    x->side, text_count(x->u.a, x->p.rows_done), x->made);
		err_hint(
		    e, "the same restore goes on from there; DROP DATABASE %s ends it", x->side);
		return;
	}
	poll_waiter(&own, -1);
	x->u.w = &own;
	err_wrap(e, drop_side(x, &ignored) == 0
			? "no table that stands was touched, and nothing was kept"
			: "no table that stands was touched; the database beside stays");
}

/* What did not fit, for the end. */
static const char *
report(struct my_restoring *x)
{
	struct arena *a = x->u.a;
	const char *text = "";

	if (x->unfit > 0)
		text = arena_printf(a,
		    "; REPORT: %s did not fit: each is kept as text, with the reason, in "
		    "%s." MY_UNFIT,
		    text_many(a, x->unfit, "row"), x->side);
	if (x->warned > 0)
		text = arena_printf(a,
		    "%s; REPORT: the server changed values on their way in, %s; the "
		    "first: %s",
		    text, text_many(a, x->warned, "warning"), x->report);
	return text;
}

int
my_proc_restore_load(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct my_restoring x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};
	int64_t start = now_ms();
	int rc = -1;

	x.base = w;
	x.looking = (struct waiter){.wait = wait_and_look, .ctx = &x, .cancel_fd = w->cancel_fd};
	if (take_arguments(&x, s, e) == 0 && cluster_settle(c, w, e) == 0)
		rc = restore(&x, e);
	if (rc < 0) {
		say_state(&x, e);
		text_copy(out->sqlstate, sizeof(out->sqlstate), e == NULL ? "" : e->sqlstate);
	} else {
		text_copy(out->tag, sizeof(out->tag), "LOADED");
		outcome_report(out, a, report(&x));
	}
	my_conn_close(x.u.dst);
	my_conn_close(x.eye);
	out->rows = x.p.rows_done;
	out->ms = now_ms() - start;
	return rc;
}
