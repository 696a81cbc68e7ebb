/*
 * How MariaDB and MySQL are held, fenced, proved and released: steps as data. Only the threads that
 * apply are stopped, never those that receive: a receiver that is started again may throw away what
 * it had received. The position counts only when read after the stop returned. Must never talk to a
 * server.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/my_catalog.h"
#include "engines/my_driver.h"
#include "engines/my_wording.h"
#include "engines/pg_words.h"
#include "banned.h"

#define STOP_TIMEOUT 15000

/* Of a look at a replica: */
enum { SEEN_IDENTITY = MY_SEEN_IDENTITY, SEEN_START = MY_SEEN_START, SEEN_GTID = MY_SEEN_GTID };
/* Of a look at the primary's log: */
enum { LOG_POSITION, LOG_FILE, LOG_IDENTITY, LOG_START, LOG_GTID, LOG_HELD };
/* On the plan's own connection: */
enum { MAIN_IDENTITY, MAIN_START, MAIN_DATABASE, MAIN_LOGIN, MAIN_OBJECTS };

int
my_word_is_mariadb(const struct plan *p)
{
	return p->engine != NULL && strcmp(p->engine, "mariadb") == 0;
}

static const char *
stop_sql(const struct plan *p, const struct node *n)
{
	if (my_word_is_mariadb(p))
		return "STOP ALL SLAVES SQL_THREAD";
	return n->version >= 80022 ? "STOP REPLICA SQL_THREAD" : "STOP SLAVE SQL_THREAD";
}

/* "my:<24 hex>", with how it was reached behind it where it was forwarded: the digits. */
static char *
digits(struct arena *a, const struct node *n)
{
	const char *p = strchr(n->identity, ':');

	return p == NULL ? arena_strdup(a, "") : arena_strndup(a, p + 1, strcspn(p + 1, "@+"));
}

const char *
my_word_self(struct arena *a, const struct plan *p, const struct node *n, const char *gtid)
{
	return arena_printf(a, "SELECT %s AS identity, %s AS started, %s AS gtid",
	    my_sql_identity(my_word_is_mariadb(p)), my_sql_start(my_word_is_mariadb(p), n->version),
	    gtid);
}

void
my_word_instance(struct arena *a, struct step *s, const struct node *n, int identity, int start)
{
	word_check(a, s, start, CHECK_EQ, VALUE_TEXT, n->incarnation, NULL,
	    arena_printf(a, "server start of %s", n->name));
	word_check(a, s, identity, CHECK_EQ, VALUE_TEXT, digits(a, n), NULL,
	    arena_printf(a, "identity of %s", n->name));
}

/* What it applied: on MariaDB a list of last ones, on MySQL a set. */
static void
look_at_replica(struct arena *a, struct plan *p, struct step *s, const struct node *n)
{
	word_text(a, s, my_sql_replica_status(my_word_is_mariadb(p), n->version));
	word_text(a, s,
	    my_word_self(a, p, n,
		my_word_is_mariadb(p) ? "@@global.gtid_slave_pos" : "@@global.gtid_executed"));
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, "held", NULL,
	    arena_printf(a, "replay of %s", n->name));
	my_word_instance(a, s, n, SEEN_IDENTITY, SEEN_START);
}

/*
 * Workers that commit in any order leave gaps where they are stopped; without GTIDs the position is
 * then only the lowest one, and proves nothing.
 */
static void
check_gaps(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;
	const char *name = n->version >= 80026 ? "replica" : "slave";
	const char *order =
	    n->version < 50705 ? "0" : arena_printf(a, "@@global.%s_preserve_commit_order", name);

	if (my_word_is_mariadb(p))
		return;
	s = word_step(a, p, KIND_CHECK, n->name, wave, PHASE_PROVE);
	s->why = arena_printf(
	    a, "see that the workers of %s leave no gaps where they are stopped", n->name);
	word_text(a, s,
	    arena_printf(a,
		"SELECT IF(@@global.%s_parallel_workers > 1 AND @@global.gtid_mode <> 'ON' AND "
		"NOT %s, 'possible', 'none') AS gaps",
		name, order));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "none", NULL,
	    arena_printf(a, "gaps between the workers of %s", n->name));
}

static void
hold(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_HOLD, n->name, wave, PHASE_HOLD);
	int was_held = n->hold != HOLD_NONE;

	word_text(a, s, stop_sql(p, n));
	/* A hold that stood before belongs to someone else. */
	s->undo = was_held ? NULL : my_word_start(p, n);
	s->timeout_ms = STOP_TIMEOUT;
	s->why = arena_printf(a,
	    was_held ? "%s is held already; asking again makes sure"
		     : "ask %s to stop applying, so that the mistake cannot reach it; it goes on "
		       "receiving. The stop waits for the statement it is in",
	    n->name);

	check_gaps(a, p, n, wave);
	s = word_step(a, p, KIND_PROVE, n->name, wave, PHASE_PROVE);
	look_at_replica(a, p, s, n);
	word_keep(a, s, MY_POSITION, arena_printf(a, "R.%s", n->name), VALUE_LSN);
	word_keep(a, s, SEEN_GTID, arena_printf(a, "G.%s", n->name), VALUE_TEXT);
	s->poll_ms = POLL_PROVE;
	s->timeout_ms = TIMEOUT_PROVE;
	s->why = arena_printf(a,
	    "see every applying thread of %s off, and keep its position as file and offset, and as "
	    "GTID",
	    n->name);
}

static void
look_at_log(struct arena *a, struct plan *p, struct step *s, const struct node *primary)
{
	word_text(a, s, my_sql_log_status(my_word_is_mariadb(p), primary->version));
	word_text(a, s,
	    my_word_self(a, p, primary,
		my_word_is_mariadb(p) ? "@@global.gtid_binlog_pos" : "@@global.gtid_executed"));
	word_text(a, s, my_sql_replica_status(my_word_is_mariadb(p), primary->version));
	my_word_instance(a, s, primary, LOG_IDENTITY, LOG_START);
	if (primary->upstream == NULL)
		word_check(a, s, LOG_HELD, CHECK_EQ, VALUE_TEXT, "no replication", NULL,
		    arena_printf(a, "role of %s", primary->name));
}

static void
fence(struct arena *a, struct plan *p, const struct node *primary, const struct node *const *held,
    size_t nheld, int wave)
{
	struct step *s = word_step(a, p, KIND_FENCE, primary->name, wave, PHASE_FENCE);
	size_t i;

	look_at_log(a, p, s, primary);
	word_keep(a, s, LOG_POSITION, "L0", VALUE_LSN);
	word_keep(a, s, LOG_FILE, "F0", VALUE_TEXT);
	word_keep(a, s, LOG_GTID, "G0", VALUE_TEXT);
	/* Positions of replicas further down are in the log of their own source. */
	for (i = 0; i < nheld; i++)
		if (held[i]->upstream != NULL && strcmp(held[i]->upstream, primary->identity) == 0)
			word_check(a, s, LOG_POSITION, CHECK_GE, VALUE_LSN, NULL,
			    arena_printf(a, "R.%s", held[i]->name),
			    arena_printf(
				a, "position of %s against %s", primary->name, held[i]->name));
	s->why = arena_printf(a,
	    "take the position on %s after all holds, as file and offset, and as GTID: whatever "
	    "runs now is written behind it",
	    primary->name);
}

static void
take_after(struct arena *a, struct plan *p, const struct node *primary, int wave)
{
	struct step *s;
	size_t i, k;

	for (i = 0; i < p->nsteps; i++)
		for (k = 0; k < p->steps[i].nkeeps; k++)
			if (strcmp(p->steps[i].keeps[k].name, "L1") == 0)
				return;
	s = word_step(a, p, KIND_FENCE, primary->name, wave, PHASE_AFTER);
	s->part = PART_AFTER;
	s->is_soft = 1;
	look_at_log(a, p, s, primary);
	word_keep(a, s, LOG_POSITION, "L1", VALUE_LSN);
	word_keep(a, s, LOG_GTID, "G1", VALUE_TEXT);
	s->why =
	    arena_printf(a, "take the position on %s after the act, for the record", primary->name);
}

static void
reprove(struct arena *a, struct plan *p, const struct node *primary, const struct node *n, int wave)
{
	struct step *s;

	take_after(a, p, primary, wave);
	s = word_step(a, p, KIND_REPROVE, n->name, wave, PHASE_REPROVE);
	s->part = PART_AFTER;
	s->is_soft = 1;
	look_at_replica(a, p, s, n);
	word_check(a, s, MY_POSITION, CHECK_EQ, VALUE_LSN, NULL, arena_printf(a, "R.%s", n->name),
	    arena_printf(a, "position of %s", n->name));
	word_check(a, s, SEEN_GTID, CHECK_EQ, VALUE_TEXT, NULL, arena_printf(a, "G.%s", n->name),
	    arena_printf(a, "GTID position of %s", n->name));
	s->why = arena_printf(
	    a, "see that %s did not apply it: still held, same start, same position", n->name);
}

/* Without GTIDs nothing is said of what came from where. */
static int
covers(const struct plan *p, const struct node *n)
{
	return my_word_is_mariadb(p) && n->nsources == 1 && n->apply_delay_ms == 0 &&
	       n->hold == HOLD_NONE && n->is_streaming;
}

/* A look at one that goes on applying what the held one above it had. */
static struct step *
look_below(struct arena *a, struct plan *p, enum step_kind kind, const struct node *above,
    const struct node *n, int wave, enum phase phase)
{
	struct step *s = word_step(a, p, kind, n->name, wave, phase);

	word_text(a, s, my_sql_replica_status(my_word_is_mariadb(p), n->version));
	word_text(a, s, my_word_self(a, p, n, "@@global.gtid_slave_pos"));
	my_word_instance(a, s, n, SEEN_IDENTITY, SEEN_START);
	word_check(a, s, SEEN_GTID, CHECK_EQ, VALUE_TEXT, NULL,
	    arena_printf(a, "G.%s", above->name),
	    arena_printf(a, "GTID position of %s against %s", n->name, above->name));
	return s;
}

static void
cover(struct arena *a, struct plan *p, const struct node *above, const struct node *n, int wave)
{
	struct step *s = look_below(a, p, KIND_CHECK, above, n, wave, PHASE_PROVE);

	s->poll_ms = POLL_PROVE;
	s->timeout_ms = TIMEOUT_PROVE;
	s->why = arena_printf(a,
	    "see that %s has all that %s passes on, and no more: what %s does not apply cannot "
	    "reach it",
	    n->name, above->name, above->name);
}

static void
cover_again(
    struct arena *a, struct plan *p, const struct node *above, const struct node *n, int wave)
{
	struct step *s = look_below(a, p, KIND_REPROVE, above, n, wave, PHASE_REPROVE);

	s->part = PART_AFTER;
	s->is_soft = 1;
	s->why = arena_printf(a, "see that %s did not apply it: same start, still where %s stands",
	    n->name, above->name);
}

/* Most statements that are no change of rows end the open transaction, before and after. */
static int
commits_by_itself(const struct plan *p)
{
	const struct action *x;
	size_t i, k;

	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			x = &p->statements[i].actions[k];
			if (x->danger != DANGER_READ &&
			    !(x->flags & (ACTION_DML | ACTION_SELECT | ACTION_TX)))
				return 1;
		}
	return 0;
}

static int
is_number(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789") == strlen(s) && strlen(s) < 19;
}

static void
add_limits(struct arena *a, struct plan *p, const struct node *n, const struct session *s,
    int lock_ms, int statement_ms)
{
	struct step *st = word_step(a, p, KIND_LIMIT, n->name, 0, 0);
	int seconds = (lock_ms + 999) / 1000;
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 16);
	buf_puts(&b, "SET SESSION sql_quote_show_create = 1");
	for (i = 0; i < s->nsettings; i++) {
		const char *v = s->settings[i].value;

		/* Setting it takes a privilege, and only its absence means something. */
		if (strcmp(s->settings[i].name, "sql_log_bin") == 0 && strcmp(v, "1") == 0)
			continue;
		buf_printf(&b, ", SESSION %s = %s", s->settings[i].name,
		    is_number(v) ? v : my_quote_literal(a, v));
	}
	if (lock_ms > 0)
		buf_printf(&b,
		    ", SESSION lock_wait_timeout = %d, SESSION innodb_lock_wait_timeout = %d",
		    seconds, seconds);
	if (statement_ms > 0 && my_word_is_mariadb(p))
		buf_printf(&b, ", SESSION max_statement_time = %d.%03d", statement_ms / 1000,
		    statement_ms % 1000);
	st->conn = CONN_MAIN;
	word_text(a, st, arena_strdup(a, buf_str(&b)));
	buf_free(&b);
	st->why = "the session settings of the operator, said explicitly, and limits on waiting "
		  "for locks";
}

struct objects {
	struct arena *a;
	struct step *s;
	struct buf b;
	int column, new_names;
};

static void
add_object(struct objects *x, const struct object *o)
{
	const char *what;

	if (o->type == NULL || o->name == NULL || o->schema == NULL ||
	    (strcmp(o->type, "table") != 0 && strcmp(o->type, "view") != 0))
		return;
	what = object_name(x->a, o);
	buf_printf(&x->b, ",\n  %s, %s", my_object_id(x->a, o->schema, o->name, x->new_names),
	    my_object_file(x->a, o->schema, o->name, x->new_names));
	word_check(x->a, x->s, x->column++, CHECK_EQ, VALUE_INT, arena_printf(x->a, "%u", o->oid),
	    NULL, arena_printf(x->a, "object %s id", what));
	word_check(x->a, x->s, x->column++, CHECK_EQ, VALUE_INT,
	    arena_printf(x->a, "%u", o->relfilenode), NULL,
	    arena_printf(x->a, "object %s file", what));
}

/* Who and what, in one look on the connection that acts. */
static void
add_checks(struct arena *a, struct plan *p, const struct node *n, const struct session *s)
{
	struct objects x = {.a = a,
	    .s = word_step(a, p, KIND_CHECK, n->name, 0, 0),
	    .column = MAIN_OBJECTS,
	    .new_names = !my_word_is_mariadb(p) && n->version >= 80000};
	size_t i, k, m;

	x.s->conn = CONN_MAIN;
	buf_init(&x.b, 1 << 20);
	buf_printf(&x.b,
	    "SELECT %s AS identity, %s AS started, COALESCE(DATABASE(), '') AS `database`, "
	    "CURRENT_USER() AS login",
	    my_sql_identity(my_word_is_mariadb(p)),
	    my_sql_start(my_word_is_mariadb(p), n->version));
	my_word_instance(a, x.s, n, MAIN_IDENTITY, MAIN_START);
	word_check(a, x.s, MAIN_DATABASE, CHECK_EQ, VALUE_TEXT, s->database, NULL, "database");
	if (s->login != NULL)
		word_check(a, x.s, MAIN_LOGIN, CHECK_EQ, VALUE_TEXT, s->login, NULL, "login");
	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++)
			for (m = 0; m < p->statements[i].actions[k].nobjects; m++)
				add_object(&x, &p->statements[i].actions[k].objects[m]);
	word_text(a, x.s, arena_strdup(a, buf_str(&x.b)));
	buf_free(&x.b);
	word_text(a, x.s, my_sql_replica_status(my_word_is_mariadb(p), n->version));
	if (n->role != ROLE_REPLICA && n->upstream == NULL)
		word_check(a, x.s, x.column + MY_HELD, CHECK_EQ, VALUE_TEXT, "no replication", NULL,
		    arena_printf(a, "role of %s", n->name));
	x.s->why = arena_printf(a,
	    "the connection that acts must be to %s, as the same login, and the names must still "
	    "mean the objects that were shown",
	    n->name);
}

static void
enter(struct arena *a, struct plan *p, const struct node *n, const struct session *s, int lock_ms,
    int statement_ms, int in_tx, int read_only)
{
	struct step *st;

	add_limits(a, p, n, s, lock_ms, statement_ms);
	if (in_tx && !commits_by_itself(p)) {
		st = word_step(a, p, KIND_BEGIN, n->name, 0, 0);
		st->conn = CONN_MAIN;
		word_text(a, st, read_only ? "START TRANSACTION READ ONLY" : "START TRANSACTION");
		st->why = read_only ? "a READ ONLY transaction: the server refuses writes to tables"
				    : "one transaction: all of it or nothing";
	}
	add_checks(a, p, n, s);
}

static void
leave(struct arena *a, struct plan *p, const struct node *n, int in_tx)
{
	struct step *st;

	if (!in_tx || commits_by_itself(p))
		return;
	st = word_step(a, p, KIND_COMMIT, n->name, 0, 0);
	st->conn = CONN_MAIN;
	st->part = PART_MAIN;
	st->timeout_ms = 60000;
	word_text(a, st, "COMMIT");
	st->why = "make it last";
}

static char *
inverse(struct arena *a, const struct statement *s)
{
	(void)a;
	(void)s;
	return NULL;
}

static char *
quote(struct arena *a, const char *name)
{
	return my_quote_name(a, name);
}

const struct wording my_wording = {
    .hold = hold,
    .fence = fence,
    .harden = my_word_harden,
    .harden_proc = "host-my-harden-v1",
    .soften_proc = "host-my-soften-v1",
    .hardened = my_word_hardened,
    .enter = enter,
    .leave = leave,
    .reprove = reprove,
    .release = my_word_release,
    .settle = my_word_settle,
    .reversible = my_reversible,
    .inverse = inverse,
    .quote = quote,
    .limit = NULL,
    .covers = covers,
    .cover = cover,
    .recover = cover_again,
    .ends_tx = commits_by_itself,
    .stays_here = my_stays_here,
    .rebuild_here = my_rebuild_here,
    .skip = "To keep its copy instead, let it go on without the statement and without what was "
	    "loaded since: on it, START SLAVE SQL_THREAD UNTIL the file and position that the plan "
	    "kept as F0, SET GLOBAL sql_slave_skip_counter = 1 for the statement (SHOW BINLOG "
	    "EVENTS on its source tells one event from the next) and again for each event of the "
	    "reload, then START SLAVE SQL_THREAD; or `undo` the plan, which brings the rows back "
	    "from it first.",
    .switching = &my_switching,
    .no_cascade = 1,
};
