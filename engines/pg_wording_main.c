/*
 * The plan's own connection: session settings, limits, identity and objects, checked on the very
 * connection (and in the very transaction) that will act. Must never talk to a server.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_words.h"
#include "banned.h"

#define OBJECTS_A_STEP 50 /* two columns each; a row has at most 1,664 */
#define IDLE_LIMIT_MS 120000

static struct step *
main_step(struct arena *a, struct plan *p, enum step_kind kind, const struct node *n)
{
	struct step *s = word_step(a, p, kind, n->name, 0, 0);

	s->conn = CONN_MAIN;
	return s;
}

/* A role that no SET may name again, or that only a superuser may set, is checked, not set. */
static int
is_settable(const char *name)
{
	return strcmp(name, "session_replication_role") != 0;
}

static void
add_setting(struct arena *a, struct buf *b, const char *name, const char *value, int in_tx)
{
	buf_printf(b, "%s\n  pg_catalog.set_config(%s, %s, %s)", b->len > 6 ? "," : "",
	    pg_quote_literal(a, name), pg_quote_literal(a, value), in_tx ? "true" : "false");
}

/*
 * Every setting that changes what the text means, and the limits, in one statement: a fresh
 * connection has the defaults of its role and database, not those of the operator's session.
 */
static void
add_limits(struct arena *a, struct plan *p, const struct node *n, const struct session *s,
    int lock_ms, int statement_ms, int in_tx)
{
	struct step *st = main_step(a, p, KIND_LIMIT, n);
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 20);
	buf_puts(&b, "SELECT");
	for (i = 0; i < s->nsettings; i++)
		if (is_settable(s->settings[i].name))
			add_setting(a, &b, s->settings[i].name, s->settings[i].value, in_tx);
	add_setting(a, &b, "lock_timeout", arena_printf(a, "%d", lock_ms), in_tx);
	add_setting(a, &b, "statement_timeout", arena_printf(a, "%d", statement_ms), in_tx);
	if (in_tx)
		add_setting(a, &b, "idle_in_transaction_session_timeout",
		    arena_printf(a, "%d", IDLE_LIMIT_MS), in_tx);
	if (s->current_role != NULL && s->login != NULL && strcmp(s->current_role, s->login) != 0)
		add_setting(a, &b, "role", s->current_role, in_tx);
	word_text(a, st, arena_strdup(a, buf_str(&b)));
	buf_free(&b);
	st->why = "the session settings of the operator, said explicitly, and limits on waiting "
		  "for locks";
}

static void
add_identity(
    struct arena *a, struct plan *p, const struct node *n, const struct session *s, int with_xid)
{
	struct step *st = main_step(a, p, KIND_CHECK, n);
	const char *replication = session_setting(s, "session_replication_role");
	const char *recovery = n->role == ROLE_REPLICA ? "t" : "f";

	word_text(a, st,
	    arena_printf(a,
		"SELECT " SQL_SYSTEM " AS system, " SQL_START
		" AS started, pg_catalog.pg_is_in_recovery() AS in_recovery, d.oid AS "
		"database_oid, d.datname AS database, session_user AS login, current_user AS role, "
		"pg_catalog.current_setting('session_replication_role') AS replication_role, %s "
		"AS xid FROM pg_catalog.pg_database AS d "
		"WHERE d.datname = pg_catalog.current_database()",
		!with_xid				? "NULL"
		: n->version > 0 && n->version < 130000 ? "pg_catalog.txid_current()"
							: "pg_catalog.pg_current_xact_id()"));
	word_check(a, st, 0, CHECK_EQ, VALUE_TEXT, word_system(n), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
	word_check(a, st, 1, CHECK_EQ, VALUE_TEXT, n->incarnation, NULL,
	    arena_printf(a, "server start of %s", n->name));
	word_check(a, st, 2, CHECK_EQ, VALUE_TEXT, recovery, NULL,
	    arena_printf(a, "recovery on %s", n->name));
	word_check(a, st, 3, CHECK_EQ, VALUE_INT, arena_printf(a, "%u", s->database_oid), NULL,
	    "database oid");
	word_check(a, st, 4, CHECK_EQ, VALUE_TEXT, s->database, NULL, "database");
	if (s->login != NULL)
		word_check(a, st, 5, CHECK_EQ, VALUE_TEXT, s->login, NULL, "login");
	if (s->current_role != NULL)
		word_check(a, st, 6, CHECK_EQ, VALUE_TEXT, s->current_role, NULL, "current role");
	if (replication != NULL)
		word_check(
		    a, st, 7, CHECK_EQ, VALUE_TEXT, replication, NULL, "session_replication_role");
	if (with_xid)
		word_keep(a, st, 8, "xid", VALUE_INT);
	st->why = arena_printf(a,
	    "the connection that acts must be to %s, in database %s, as the same role", n->name,
	    s->database);
}

/* The scalar subquery that finds an object by the name the text gave it, or NULL: not checkable. */
static char *
resolve_sql(struct arena *a, const struct object *o, const char **file)
{
	char *name = pg_quote_literal(a, pg_quote_object(a, o));

	*file = "0";
	if (pg_is_relation(o)) {
		*file = arena_printf(a,
		    "coalesce(pg_catalog.pg_relation_filenode(pg_catalog.to_regclass(%s)), 0)",
		    name);
		return arena_printf(
		    a, "coalesce(pg_catalog.to_regclass(%s)::pg_catalog.oid, 0)", name);
	}
	name = pg_quote_literal(a, o->name);
	if (strcmp(o->type, "schema") == 0)
		return arena_printf(a,
		    "coalesce((SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = "
		    "%s), 0)",
		    name);
	if (strcmp(o->type, "database") == 0)
		return arena_printf(a,
		    "coalesce((SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = "
		    "%s), 0)",
		    name);
	if (strcmp(o->type, "role") == 0)
		return arena_printf(a,
		    "coalesce((SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s), "
		    "0)",
		    name);
	return NULL;
}

struct objects {
	struct arena *a;
	struct plan *p;
	const struct node *n;
	struct step *s; /* being filled, or NULL */
	struct buf b;
	int columns, added;
};

static void
finish_objects(struct objects *x)
{
	if (x->s == NULL)
		return;
	word_text(x->a, x->s, arena_strdup(x->a, buf_str(&x->b)));
	x->s->why = "the names must still mean the objects that were shown, on this connection";
	x->s = NULL;
	buf_reset(&x->b);
	x->columns = x->added = 0;
}

static void
add_object(struct objects *x, const struct object *o)
{
	const char *file, *what;
	char *oid;

	if (o->type == NULL || o->name == NULL)
		return;
	oid = resolve_sql(x->a, o, &file);
	if (oid == NULL)
		return;
	if (x->s == NULL) {
		x->s = main_step(x->a, x->p, KIND_CHECK, x->n);
		buf_puts(&x->b, "SELECT");
	}
	what = arena_printf(x->a, "%s %s", o->type, object_name(x->a, o));
	buf_printf(&x->b, "%s\n  %s, %s", x->columns > 0 ? "," : "", oid, file);
	word_check(x->a, x->s, x->columns, CHECK_EQ, VALUE_INT, arena_printf(x->a, "%u", o->oid),
	    NULL, arena_printf(x->a, "object %s oid", what));
	if (pg_is_relation(o))
		word_check(x->a, x->s, x->columns + 1, CHECK_EQ, VALUE_INT,
		    arena_printf(x->a, "%u", o->relfilenode), NULL,
		    arena_printf(x->a, "object %s relfilenode", what));
	x->columns += 2;
	if (++x->added == OBJECTS_A_STEP)
		finish_objects(x);
}

/* Taking the drop's own lock first leaves no gap between the check and the act. */
static void
add_locks(struct objects *x, const struct action *act)
{
	size_t i;

	if (strcmp(act->kind, "drop-table") != 0 && strcmp(act->kind, "truncate") != 0)
		return;
	for (i = 0; i < act->nobjects; i++) {
		const struct object *o = &act->objects[i];

		if (o->oid == 0 || o->is_temporary || strcmp(o->type, "table") != 0)
			continue;
		if (x->s == NULL) {
			x->s = main_step(x->a, x->p, KIND_CHECK, x->n);
			buf_puts(&x->b, "SELECT");
		}
		word_text(x->a, x->s,
		    arena_printf(
			x->a, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", pg_quote_object(x->a, o)));
	}
}

static void
add_objects(struct arena *a, struct plan *p, const struct node *n, int can_lock, int timeout_ms)
{
	struct objects x = {.a = a, .p = p, .n = n};
	size_t first = p->nsteps, i, k, j;

	buf_init(&x.b, 1 << 20);
	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			const struct action *act = &p->statements[i].actions[k];

			if (can_lock)
				add_locks(&x, act);
			for (j = 0; j < act->nobjects; j++)
				add_object(&x, &act->objects[j]);
		}
	finish_objects(&x);
	buf_free(&x.b);
	for (i = first; i < p->nsteps; i++)
		p->steps[i].timeout_ms = timeout_ms;
}

void
pg_word_enter(struct arena *a, struct plan *p, const struct node *n, const struct session *s,
    int lock_ms, int statement_ms, int in_tx, int read_only)
{
	/* No undo: closing the connection rolls back, and that always works. */
	if (in_tx) {
		struct step *st = main_step(a, p, KIND_BEGIN, n);

		/* An older snapshot would not show what was made before the locks were had. */
		word_text(a, st,
		    read_only		  ? "BEGIN READ ONLY"
		    : pg_word_cascades(p) ? "BEGIN ISOLATION LEVEL READ COMMITTED"
					  : "BEGIN");
		st->why = read_only ? "a READ ONLY transaction: the server refuses writes to tables"
				    : "one transaction: all of it or nothing";
	}
	add_limits(a, p, n, s, lock_ms, statement_ms, in_tx);
	add_identity(a, p, n, s, in_tx && !read_only && n->role != ROLE_REPLICA);
	add_objects(a, p, n, in_tx && !read_only, TIMEOUT_ASK + (lock_ms > 0 ? lock_ms : 0));
	pg_word_cascade(a, p, n);
}

/* In the operator's own transaction, for the rest of it: it ends with the transaction. */
void
pg_word_limit(struct arena *a, struct plan *p, const struct node *n, int lock_ms, int statement_ms)
{
	struct step *st = main_step(a, p, KIND_LIMIT, n);

	st->conn = CONN_OPERATOR;
	word_text(a, st,
	    arena_printf(a, "SELECT pg_catalog.set_config('lock_timeout', '%d', true)", lock_ms));
	if (statement_ms > 0)
		word_text(a, st,
		    arena_printf(a, "SELECT pg_catalog.set_config('statement_timeout', '%d', true)",
			statement_ms));
	st->why = "limits on waiting for locks, until this transaction ends";
}

void
pg_word_leave(struct arena *a, struct plan *p, const struct node *n, int in_tx)
{
	struct step *st;

	if (!in_tx)
		return;
	st = main_step(a, p, KIND_COMMIT, n);
	st->part = PART_MAIN;
	st->timeout_ms = 60000;
	word_text(a, st, "COMMIT");
	st->why = "make it last";
}
