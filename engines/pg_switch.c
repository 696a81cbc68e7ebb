/*
 * How a failover is said on PostgreSQL: steps as data. What a standby received is not what it
 * replayed, and promoting replays the rest, so the two positions are kept apart; a standby that was
 * held stops before a mistake only when it was started again with a recovery target. Must never
 * talk to a server.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_words.h"
#include "engines/pg_wording.h"
#include "text.h"
#include "banned.h"

#define CUT_MS 30000
#define ARRIVE_MS 120000
#define TARGET_MS 600000
#define PROMOTE_S 600
#define FOLLOW_MS 60000

#define SQL_RESETS                                                                                 \
	"ALTER SYSTEM RESET recovery_target_lsn", "ALTER SYSTEM RESET recovery_target_inclusive",  \
	    "ALTER SYSTEM RESET recovery_target_action"
#define SQL_RECOVERY "pg_catalog.pg_is_in_recovery() AS in_recovery"
/* What it received; of one that has not received since its start, what it replayed. */
#define SQL_GOT                                                                                    \
	"greatest(coalesce(pg_catalog.pg_last_wal_receive_lsn(), "                                 \
	"pg_catalog.pg_last_wal_replay_lsn()), pg_catalog.pg_last_wal_replay_lsn())"

static struct step *
step(struct arena *a, struct plan *p, enum step_kind kind, const struct node *n,
    enum step_part part, const char *why)
{
	struct step *s = word_step(a, p, kind, n->name, 0, 0);

	s->part = part;
	s->why = why;
	return s;
}

/* The same server and the same start of it, in this role; columns from `at` on. */
static void
check_node(struct arena *a, struct step *s, const struct node *n, int at, const char *in_recovery)
{
	word_check(a, s, at, CHECK_EQ, VALUE_TEXT, n->incarnation, NULL,
	    arena_printf(a, "server start of %s", n->name));
	word_check(a, s, at + 1, CHECK_EQ, VALUE_TEXT, in_recovery, NULL,
	    arena_printf(a, "recovery on %s", n->name));
	word_check(a, s, at + 2, CHECK_EQ, VALUE_TEXT, word_system(n), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
}

#define SQL_NODE SQL_START " AS started, " SQL_RECOVERY ", " SQL_SYSTEM " AS system"

static void
seen(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(
		a, "see where %s stands: what it received, and what it replayed", n->name));

	word_text(a, s,
	    "SELECT " SQL_GOT " AS received, pg_catalog.pg_last_wal_replay_lsn() AS "
	    "replayed, " SQL_NODE);
	word_keep(a, s, 0, arena_printf(a, "W.%s", n->name), VALUE_LSN);
	word_keep(a, s, 1, arena_printf(a, "X.%s", n->name), VALUE_LSN);
	check_node(a, s, n, 2, "t");
}

static void
still(struct arena *a, struct plan *p, const struct node *old)
{
	struct step *s = step(a, p, KIND_STOP, old, PART_BEFORE,
	    arena_printf(a,
		"let every new session of %s be read-only (a session that sets "
		"default_transaction_read_only itself still writes)",
		old->name));

	word_text(a, s, "ALTER SYSTEM SET default_transaction_read_only = on");
	word_text(a, s, "SELECT pg_catalog.pg_reload_conf()");
	s->undo = "ALTER SYSTEM RESET default_transaction_read_only\n"
		  "SELECT pg_catalog.pg_reload_conf()";

	s = step(a, p, KIND_STOP, old, PART_BEFORE,
	    arena_printf(a, "end the sessions of %s that began before that", old->name));
	word_text(a, s,
	    "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid)) AS ended FROM "
	    "pg_catalog.pg_stat_activity AS a WHERE a.backend_type = 'client backend' AND a.pid <> "
	    "pg_catalog.pg_backend_pid() AND a.application_name NOT LIKE 'holdfast %' AND "
	    "a.backend_start <= pg_catalog.pg_conf_load_time()");
	word_check(a, s, 0, CHECK_EQ, VALUE_INT, "0", NULL,
	    arena_printf(a, "number of sessions of %s from before", old->name));
	s->poll_ms = 100;
	s->timeout_ms = CUT_MS;

	s = step(a, p, KIND_FENCE, old, PART_BEFORE,
	    arena_printf(a, "take the position on %s after that", old->name));
	word_text(a, s, "SELECT pg_catalog.pg_current_wal_insert_lsn() AS position, " SQL_NODE);
	word_keep(a, s, 0, "S", VALUE_LSN);
	check_node(a, s, old, 1, "f");

	s = step(a, p, KIND_STOP, old, PART_BEFORE,
	    arena_printf(a, "write all of the log of %s out, past that position", old->name));
	word_text(a, s, "CHECKPOINT");
	s->timeout_ms = TARGET_MS;
}

static void
hasten(struct arena *a, struct plan *p, const struct node *old)
{
	struct step *s = step(a, p, KIND_CHECK, old, PART_BEFORE,
	    arena_printf(
		a, "write out what %s has in memory, so that it stops at once", old->name));

	word_text(a, s, "CHECKPOINT");
	s->timeout_ms = TARGET_MS;
}

static void
arrived(struct arena *a, struct plan *p, const struct node *n, int is_stopped)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(a, "see that %s has received all of it: nothing is lost", n->name));

	s->type = STEP_TEMPLATE;
	word_text(a, s,
	    arena_printf(a, "SELECT " SQL_GOT " %s '{S}'::pg_catalog.pg_lsn AS arrived, " SQL_NODE,
		is_stopped ? ">" : ">="));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "t", NULL,
	    arena_printf(a, "the whole log being on %s", n->name));
	check_node(a, s, n, 1, "t");
	s->poll_ms = 100;
	s->timeout_ms = ARRIVE_MS;
	s->say = arena_printf(a, "has received everything up to {S}: nothing is lost");
}

static void
target(struct arena *a, struct plan *p, const struct node *n, const char *at)
{
	struct step *s = step(a, p, KIND_HARDEN, n, PART_BEFORE,
	    arena_printf(a, "let %s stop right before the mistake at its next start", n->name));
	int is_set = n->is_hardened && n->hardened_at != NULL && strcmp(n->hardened_at, at) == 0;

	word_text(a, s, "ALTER SYSTEM SET recovery_target_action = 'pause'");
	word_text(a, s, "ALTER SYSTEM SET recovery_target_inclusive = off");
	word_text(a, s, arena_printf(a, "ALTER SYSTEM SET recovery_target_lsn = '%s'", at));
	if (!is_set)
		s->undo = "ALTER SYSTEM RESET recovery_target_lsn\nALTER SYSTEM RESET "
			  "recovery_target_inclusive\nALTER SYSTEM RESET recovery_target_action";
	s->kind = KIND_RESTART;
}

static void
reached(struct arena *a, struct plan *p, const struct node *n, const char *at)
{
	struct step *s = step(a, p, KIND_PROVE, n, PART_BEFORE,
	    arena_printf(a,
		"see %s paused right before the mistake: at its recovery target, and not past it",
		n->name));

	s->kind = KIND_CHECK;
	word_text(a, s,
	    arena_printf(a,
		"SELECT %s AS state, pg_catalog.pg_last_wal_replay_lsn() AS replayed, "
		"pg_catalog.current_setting('recovery_target_lsn') AS target, " SQL_RECOVERY
		", " SQL_SYSTEM " AS system",
		n->version > 0 && n->version < 140000
		    ? "CASE WHEN pg_catalog.pg_is_wal_replay_paused() THEN 'paused' ELSE 'not "
		      "paused' END"
		    : "pg_catalog.pg_get_wal_replay_pause_state()"));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "paused", NULL,
	    arena_printf(a, "replay of %s", n->name));
	word_check(a, s, 1, CHECK_LE, VALUE_LSN, at, NULL,
	    arena_printf(a, "replay position of %s", n->name));
	word_check(a, s, 2, CHECK_EQ, VALUE_TEXT, at, NULL,
	    arena_printf(a, "recovery target in force on %s", n->name));
	word_check(
	    a, s, 3, CHECK_EQ, VALUE_TEXT, "t", NULL, arena_printf(a, "recovery on %s", n->name));
	word_check(a, s, 4, CHECK_EQ, VALUE_TEXT, word_system(n), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
	word_keep(a, s, 1, "P", VALUE_LSN);
	s->poll_ms = 200;
	s->timeout_ms = TARGET_MS;
	s->say = "stands at {P}, right before the mistake";
}

static void
objects(struct arena *a, struct plan *p, const struct node *n, const struct plan *mistake)
{
	struct step *s = NULL;
	const struct action *x;
	const char *list = "SELECT 1 AS one";
	size_t i, k, m;
	int column = 1;

	for (i = 0; i < mistake->nstatements; i++)
		for (k = 0; k < mistake->statements[i].nactions; k++) {
			x = &mistake->statements[i].actions[k];
			for (m = 0; m < x->nobjects && column < 100; m++) {
				if (x->objects[m].oid == 0 || !pg_is_relation(&x->objects[m]))
					continue;
				if (s == NULL)
					s = step(a, p, KIND_CHECK, n, PART_BEFORE,
					    arena_printf(a,
						"see on %s that what the mistake took is there",
						n->name));
				list = arena_printf(a,
				    "%s,\n  (SELECT c.oid::pg_catalog.text FROM "
				    "pg_catalog.pg_class "
				    "AS c WHERE c.oid = %u)",
				    list, x->objects[m].oid);
				word_check(a, s, column++, CHECK_EQ, VALUE_TEXT,
				    arena_printf(a, "%u", x->objects[m].oid), NULL,
				    arena_printf(a, "object %s on %s",
					object_name(a, &x->objects[m]), n->name));
			}
		}
	if (s == NULL)
		return;
	s->conn = CONN_MAIN;
	word_text(a, s, list);
}

static void
promote(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_PROMOTE, n, PART_MAIN,
	    arena_printf(a, "make %s the primary; it replays what it received first", n->name));

	word_text(
	    a, s, arena_printf(a, "SELECT pg_catalog.pg_promote(true, %d) AS promoted", PROMOTE_S));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "t", NULL,
	    arena_printf(a, "the promotion of %s being over", n->name));
	s->timeout_ms = (PROMOTE_S + 10) * 1000;
}

static void
promoted(struct arena *a, struct plan *p, const struct node *n)
{
	static const char *const resets[] = {SQL_RESETS};
	struct step *s = step(a, p, KIND_CHECK, n, PART_AFTER,
	    arena_printf(a,
		"see that %s is out of recovery on a new timeline and takes a write, with no "
		"recovery target left in its settings",
		n->name));
	size_t i;

	for (i = 0; i < 3; i++)
		word_text(a, s, resets[i]);
	word_text(a, s,
	    "SELECT " SQL_RECOVERY ", ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name("
	    "pg_catalog.pg_current_wal_lsn()), 1, 8))::pg_catalog.bit(32)::pg_catalog.int4 AS "
	    "timeline, pg_catalog.set_config('synchronous_commit', 'local', false) AS commits, "
	    "pg_catalog.txid_current() AS xid, pg_catalog.pg_current_wal_insert_lsn() AS position");
	word_check(
	    a, s, 0, CHECK_EQ, VALUE_TEXT, "f", NULL, arena_printf(a, "recovery on %s", n->name));
	word_check(a, s, 1, CHECK_GE, VALUE_INT, arena_printf(a, "%d", n->timeline + 1), NULL,
	    arena_printf(a, "timeline of %s", n->name));
	word_keep(a, s, 1, "T1", VALUE_INT);
	word_keep(a, s, 4, "P1", VALUE_LSN);
	s->poll_ms = 100;
	s->timeout_ms = FOLLOW_MS;
	s->say = "is the PRIMARY now, on timeline {T1}, and took a write at {P1}";
}

static void
arg(struct arena *a, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(a, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs++] = (struct argument){name, arena_strdup(a, value)};
}

/* primary_conninfo of `of`, at another host and port: a procedure, since it may hold a password. */
static struct step *
point(struct arena *a, struct plan *p, const struct node *n, const struct node *of,
    const struct node *to, enum step_part part)
{
	struct step *s = step(a, p, KIND_FOLLOW, n, part,
	    arena_printf(
		a, "point %s to %s, at %s port %d", n->name, to->name, to->host, to->port));

	s->type = STEP_PROC;
	s->proc = "pg-point-v1";
	s->timeout_ms = 15000;
	arg(a, s, "of", of->name);
	arg(a, s, "host", to->host);
	arg(a, s, "port", arena_printf(a, "%d", to->port));
	/* Another server's settings carry its name, by which it is known to be synchronous. */
	arg(a, s, "name", n == of ? "" : n->name);
	return s;
}

static void
make_slot(struct arena *a, struct plan *p, const struct node *n, const struct node *from)
{
	const char *name = pg_quote_literal(a, n->slot);
	struct step *s = step(a, p, KIND_FOLLOW, from, PART_AFTER,
	    arena_printf(a, "make the slot that %s uses", n->name));

	word_text(a, s,
	    arena_printf(a,
		"SELECT pg_catalog.pg_create_physical_replication_slot(%s, true) WHERE NOT EXISTS "
		"(SELECT FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = %s)",
		name, name));
	s->is_soft = 1;
}

static void
follow(struct arena *a, struct plan *p, const struct node *n, const struct node *from)
{
	struct step *s;

	if (n->slot != NULL)
		make_slot(a, p, n, from);
	point(a, p, n, n, from, PART_AFTER)->is_soft = 1;
	s = step(a, p, KIND_FOLLOW, n, PART_AFTER,
	    arena_printf(a, "see %s streaming from %s", n->name, from->name));
	word_text(a, s,
	    arena_printf(a,
		"SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver AS r WHERE r.status = "
		"'streaming' AND r.sender_port = %d) AS streaming, " SQL_SYSTEM " AS system, "
		"(SELECT r.received_tli FROM pg_catalog.pg_stat_wal_receiver AS r) AS timeline",
		from->port));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "t", NULL,
	    arena_printf(a, "streaming of %s from %s", n->name, from->name));
	word_check(a, s, 1, CHECK_EQ, VALUE_TEXT, word_system(from), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
	word_check(a, s, 2, CHECK_EQ, VALUE_INT, NULL, "T1",
	    arena_printf(a, "timeline that %s receives", n->name));
	s->poll_ms = 250;
	s->timeout_ms = FOLLOW_MS;
	s->is_soft = 1;
	s->say = arena_printf(a, "replicates from %s, on timeline {T1}", from->name);
}

static void
prepare(struct arena *a, struct plan *p, const struct node *old, const struct node *from)
{
	struct step *s = point(a, p, old, from, from, PART_BEFORE);

	s->undo = "pg-unpoint-v1";
	s->why = arena_printf(a,
	    "write down on %s that it will follow %s (it means nothing to a primary)", old->name,
	    from->name);
}

/* A slot nobody uses any more would keep log until the disk is full. */
static void
tidy(struct arena *a, struct plan *p, const struct node *old, const struct node *n)
{
	struct step *s;

	if (n->slot == NULL)
		return;
	s = step(a, p, KIND_FOLLOW, old, PART_AFTER,
	    arena_printf(
		a, "drop the slot %s had on %s: it would keep log for nobody", n->name, old->name));
	word_text(a, s,
	    arena_printf(a,
		"SELECT pg_catalog.count(pg_catalog.pg_drop_replication_slot(s.slot_name)) AS "
		"dropped FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = %s AND NOT "
		"s.active AND pg_catalog.pg_is_in_recovery()",
		pg_quote_literal(a, n->slot)));
	s->is_soft = 1;
}

static void
stays(struct arena *a, struct plan *p, const struct node *old)
{
	struct step *s = step(a, p, KIND_CHECK, old, PART_AFTER,
	    arena_printf(a, "see that new sessions of %s are still read-only", old->name));

	word_text(a, s,
	    "SELECT pg_catalog.current_setting('default_transaction_read_only') AS read_only");
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "on", NULL,
	    arena_printf(a, "default_transaction_read_only of %s", old->name));
	s->is_soft = 1;
}

const struct switching pg_switching = {
    .log_proc = "host-pg-log-v1",
    .stop_proc = "host-pg-stop-v1",
    .start_proc = "host-pg-start-v1",
    .restart_proc = "host-pg-restart-v1",
    .rejoin_proc = "host-pg-rejoin-v1",
    .seen = seen,
    .still = still,
    .hasten = hasten,
    .arrived = arrived,
    .target = target,
    .reached = reached,
    .objects = objects,
    .promote = promote,
    .promoted = promoted,
    .follow = follow,
    .prepare = prepare,
    .tidy = tidy,
    .stays = stays,
};
