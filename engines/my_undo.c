/*
 * The undo of a dropped or truncated table: its definition and rows from the held replica, loaded
 * beside, compared, then renamed into place in one statement; triggers last. Privileges on a table
 * outlive its drop there and need nothing. Must never leave half a table under the table's name,
 * nor bring back from a replica that is no longer held.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_undo.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

#define STATEMENT_MS (10 * 60 * 1000)

int
my_undo_do(struct my_undo *u, struct my_conn *x, const char *sql, MYSQL_RES **r, struct err *e)
{
	if (my_query(x, u->w, now_ms() + STATEMENT_MS, sql, r, e) == 0)
		return 0;
	return err_wrap(e, "%s", x == u->src ? u->from->name : u->to->name);
}

void
my_undo_say(struct my_undo *u, const char *fmt, ...)
{
	char line[300];
	va_list ap;

	if (u->progress == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	u->progress(u->progress_ctx, line);
}

const char *
my_undo_argument(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return "";
}

void
my_undo_name(struct my_undo *u, const char *schema, const char *table)
{
	const char *beside = arena_printf(u->a, "holdfast_undo_%.40s", table);

	u->schema = schema;
	u->table = table;
	u->source =
	    arena_printf(u->a, "%s.%s", my_quote_name(u->a, schema), my_quote_name(u->a, table));
	u->target = u->mode == MY_UNDO_TRUNCATE
			? u->source
			: arena_printf(u->a, "%s.%s", my_quote_name(u->a, schema),
			      my_quote_name(u->a, beside));
}

/* By enum my_undo_mode. */
static const char *const modes[] = {"drop", "truncate", "delete", "update", "replace"};

int
my_undo_mode_parse(const char *word, enum my_undo_mode *out)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], word) == 0) {
			*out = (enum my_undo_mode)i;
			return 0;
		}
	return -1;
}

static int
take_arguments(struct my_undo *u, const struct step *s, struct err *e)
{
	int is_copy = my_undo_argument(s, "copy")[0] != '\0';

	u->from = cluster_member(u->c, my_undo_argument(s, is_copy ? "to" : "from"));
	u->to = cluster_member(u->c, my_undo_argument(s, "to"));
	if (u->from == NULL || u->to == NULL ||
	    my_undo_mode_parse(my_undo_argument(s, "mode"), &u->mode) != 0 ||
	    my_undo_argument(s, "schema")[0] == '\0' || my_undo_argument(s, "table")[0] == '\0')
		return err_set(
		    e, ERR_FAILED, "the plan does not say what to bring back from where");
	my_undo_name(u, my_undo_argument(s, "schema"), my_undo_argument(s, "table"));
	return 0;
}

int
my_undo_settings(struct my_undo *u, struct my_conn *x, struct err *e)
{
	/* Rows come as they are stored, and go back as bytes: no character set has a say. */
	return my_undo_do(u, x,
	    "SET SESSION time_zone = '+00:00', SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', SESSION "
	    "foreign_key_checks = 0, SESSION unique_checks = 1, SESSION sql_quote_show_create = 1, "
	    "SESSION lock_wait_timeout = 30, SESSION innodb_lock_wait_timeout = 30, SESSION "
	    "autocommit = 1, SESSION character_set_results = NULL",
	    NULL, e);
}

/* Said explicitly, so that neither values nor definitions depend on a default. */
int
my_undo_open(
    struct my_undo *u, struct member *m, const char *database, struct my_conn **out, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct my_conn *control;
	struct who who;

	if (members_enter(u->c, u->w, &held, e) < 0 || my_control(u->c, m, u->w, &control, e) < 0 ||
	    my_session_open(u->c, u->w, m->address, database, 0, out, e) < 0 ||
	    my_who(*out, u->w, cluster_deadline(u->c, LIMIT_QUERY), &who, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (!cluster_is_same(m, &who))
		return err_set(e, ERR_STALE, "%s is another server now: identity was %s, is %s",
		    m->name, m->identity, who.identity);
	return my_undo_settings(u, *out, e);
}

/* It must still be held, or what is read now may change while it is read. */
int
my_undo_check_source(struct my_undo *u, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	const char *reduced[MY_NREDUCED];

	if (u->db != NULL)
		return my_undo_do(
		    u, u->src, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL, e);
	if (my_undo_do(
		u, u->src, my_sql_replica_status(u->src->is_mariadb, u->src->version), &r, e) < 0)
		return -1;
	my_reduce(u->a, r, reduced);
	if (strcmp(reduced[MY_HELD], "held") == 0)
		return my_undo_do(
		    u, u->src, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL, e);
	err_set(e, ERR_STALE, "%s is no longer held; nothing was brought back", u->from->name);
	return err_hint(e, "choose another replica that is still held");
}

int
my_undo_count(struct my_undo *u, struct my_conn *x, const char *sql, int64_t *out, struct err *e)
{
	struct my_rows r;

	if (my_ask(x, u->w, now_ms() + STATEMENT_MS, u->a, sql, &r, e) < 0)
		return err_wrap(e, "%s", x == u->src ? u->from->name : u->to->name);
	*out = r.n == 1 && r.cells[0] != NULL ? strtoll(r.cells[0], NULL, 10) : -1;
	return 0;
}

static int
check_target(struct my_undo *u, struct err *e)
{
	const char *where = arena_printf(u->a, "TABLE_SCHEMA = %s AND TABLE_NAME = %s",
	    my_quote_literal(u->a, u->schema), my_quote_literal(u->a, u->table));
	int64_t n;

	if (my_undo_count(u, u->dst,
		arena_printf(
		    u->a, "SELECT COUNT(*) FROM information_schema.TABLES WHERE %s", where),
		&n, e) < 0)
		return -1;
	if (u->mode != MY_UNDO_TRUNCATE && n == 0)
		return 0;
	if (u->mode != MY_UNDO_TRUNCATE) {
		err_set(e, ERR_STALE, "something called %s exists on %s now; nothing was done",
		    u->source, u->to->name);
		return err_hint(e, "rename it, then plan the undo again");
	}
	if (n == 0)
		return err_set(e, ERR_STALE, "%s has no %s any more; nothing was done", u->to->name,
		    u->source);
	if (my_undo_count(
		u, u->dst, arena_printf(u->a, "SELECT COUNT(*) FROM %s", u->source), &n, e) < 0)
		return -1;
	if (n > 0) {
		err_set(e, ERR_STALE, "%s on %s has %s again; nothing was done", u->source,
		    u->to->name, text_many(u->a, n, "row"));
		return err_hint(e, "move them to another table, then plan the undo again");
	}
	if (my_undo_count(u, u->dst,
		arena_printf(u->a,
		    "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = "
		    "%s AND EVENT_OBJECT_TABLE = %s AND EVENT_MANIPULATION = 'INSERT'",
		    my_quote_literal(u->a, u->schema), my_quote_literal(u->a, u->table)),
		&n, e) < 0)
		return -1;
	return n == 0 ? 0
		      : err_set(e, ERR_REFUSED,
			    "%s has a trigger on INSERT, which would run for every row; nothing "
			    "was done",
			    u->source);
}

/* The replica's own words for the table, with the name of the table beside in place of its own. */
static int
make_beside(struct my_undo *u, struct err *e)
{
	const char *head = arena_printf(u->a, "CREATE TABLE %s ", my_quote_name(u->a, u->table));
	struct my_rows r;

	if (my_ask(u->src, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a, "SHOW CREATE TABLE %s", u->source), &r, e) < 0)
		return err_wrap(e, "%s", u->from->name);
	if (r.n != 1 || r.ncols < 2 || r.cells[1] == NULL ||
	    strncmp(r.cells[1], head, strlen(head)) != 0)
		return err_set(e, ERR_REFUSED, "%s on %s is no plain table; nothing was done",
		    u->source, u->from->name);
	my_undo_say(u, "making %s again on %s, under another name until it is complete", u->source,
	    u->to->name);
	if (my_undo_do(u, u->dst,
		arena_printf(u->a, "CREATE TABLE %s %s", u->target, r.cells[1] + strlen(head)),
		NULL, e) < 0)
		return -1;
	u->is_made = 1;
	return 0;
}

static int
make_triggers(struct my_undo *u, struct err *e)
{
	struct my_rows names, t;
	size_t i;

	if (my_ask(u->src, u->w, now_ms() + STATEMENT_MS, u->a,
		arena_printf(u->a,
		    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
		    "EVENT_OBJECT_SCHEMA = %s AND EVENT_OBJECT_TABLE = %s ORDER BY ACTION_ORDER",
		    my_quote_literal(u->a, u->schema), my_quote_literal(u->a, u->table)),
		&names, e) < 0)
		return -1;
	for (i = 0; i < names.n; i++) {
		if (my_ask(u->src, u->w, now_ms() + STATEMENT_MS, u->a,
			arena_printf(u->a, "SHOW CREATE TRIGGER %s.%s",
			    my_quote_name(u->a, u->schema), my_quote_name(u->a, names.cells[i])),
			&t, e) < 0)
			return -1;
		if (t.n != 1 || t.ncols < 3 || t.cells[2] == NULL)
			return err_set(
			    e, ERR_FAILED, "trigger %s could not be read", names.cells[i]);
		if (my_undo_do(u, u->dst,
			arena_printf(
			    u->a, "SET SESSION sql_mode = %s", my_quote_literal(u->a, t.cells[1])),
			NULL, e) < 0 ||
		    my_undo_do(u, u->dst, t.cells[2], NULL, e) < 0)
			return err_wrap(e, "%s is back with all rows, but not its trigger %s",
			    u->source, names.cells[i]);
	}
	return 0;
}

static int
undo_drop(struct my_undo *u, struct err *e)
{
	if (make_beside(u, e) < 0 || my_undo_copy(u, e) < 0 || my_undo_compare(u, e) < 0)
		return -1;
	if (my_undo_do(u, u->dst, arena_printf(u->a, "RENAME TABLE %s TO %s", u->target, u->source),
		NULL, e) < 0) {
		u->out->is_unknown = u->dst->is_broken;
		return -1;
	}
	u->is_made = 0;
	return make_triggers(u, e);
}

static int
undo_truncate(struct my_undo *u, struct err *e)
{
	if (my_undo_do(u, u->dst, "START TRANSACTION", NULL, e) < 0 || my_undo_copy(u, e) < 0 ||
	    my_undo_compare(u, e) < 0)
		return -1;
	if (my_undo_do(u, u->dst, "COMMIT", NULL, e) < 0) {
		u->out->is_unknown = u->dst->is_broken;
		return -1;
	}
	return 0;
}

static int
undo_rows(struct my_undo *u, struct err *e)
{
	if (my_undo_rows(u, e) < 0)
		return -1;
	if (u->out->rows > 0)
		return 0;
	err_set(e, ERR_STALE, "no row of %s on %s differs from %s; nothing was done", u->source,
	    u->to->name, u->from->name);
	return err_hint(e, "look at the table on %s first", u->to->name);
}

/* By enum my_undo_mode. */
static int (*const ways[])(struct my_undo *u, struct err *e) = {
    undo_drop, undo_truncate, undo_rows, undo_rows, my_undo_rows};

/* What was begun beside is taken away; where even that fails its name is said. */
static void
clean(struct my_undo *u)
{
	struct waiter own;
	struct err ignored = {0};

	if (!u->is_made)
		return;
	poll_waiter(&own, -1);
	if (my_query(u->dst, &own, now_ms() + 30000,
		arena_printf(u->a, "DROP TABLE IF EXISTS %s", u->target), NULL, &ignored) < 0)
		my_undo_say(u, "could not take %s away again on %s: %.100s", u->target, u->to->name,
		    ignored.msg);
}

static int
open_source(struct my_undo *u, const char *copy, struct err *e)
{
	if (copy[0] != '\0')
		return my_undo_source_copy(u, copy, e);
	return my_undo_open(u, u->from, u->schema, &u->src, e);
}

/* After a failure: was it the held replica that went away? Released, it goes on to give what its
 * snapshot has, and its applier waits. */
static void
source_failed(struct my_undo *u, struct err *e)
{
	struct my_conn *again = NULL;
	struct err own = {0};
	const char *was;

	if (u->db != NULL || u->src == NULL || e == NULL || e->code == ERR_CANCELLED ||
	    e->code == ERR_STALE || e->code == ERR_REFUSED)
		return;
	was = arena_strdup(u->a, e->msg);
	if (my_session_open(u->c, u->w, u->from->address, NULL, 0, &again, &own) < 0) {
		err_set(e, ERR_CONN,
		    "%s went away while %s was read from it; the undo is not complete (%s)",
		    u->from->name, u->source, was);
		err_hint(e,
		    "`topology` shows which replicas are still held; the same undo, planned "
		    "again, takes one of those");
	}
	my_conn_close(again);
}

int
my_proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct my_undo u = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx};
	int rc = -1;

	u.start_ms = now_ms();
	if (take_arguments(&u, s, e) == 0 && cluster_settle(c, w, e) == 0 &&
	    my_undo_open(&u, u.to, u.schema, &u.dst, e) == 0 &&
	    open_source(&u, my_undo_argument(s, "copy"), e) == 0 &&
	    my_undo_check_source(&u, e) == 0 &&
	    (u.mode > MY_UNDO_TRUNCATE ||
		(check_target(&u, e) == 0 && my_undo_columns(&u, e) == 0)))
		rc = ways[u.mode](&u, e);
	if (rc < 0)
		source_failed(&u, e);
	if (rc < 0 && u.dst != NULL)
		clean(&u);
	my_conn_close(u.src);
	my_conn_close(u.dst);
	if (u.db != NULL)
		scratch_db_stop(u.db);
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), "UNDO TABLE");
	else if (e != NULL)
		text_copy(out->sqlstate, sizeof(out->sqlstate), e->sqlstate);
	out->ms = now_ms() - u.start_ms;
	return rc;
}
