/*
 * How PostgreSQL is held, fenced, hardened, proved and released: steps as data. The order inside
 * each is a fact of the server: "requested" is not "paused", the position counts only when taken
 * after the pause, and a resume after a restart at a recovery target would promote.
 * Must never talk to a server.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_wording.h"
#include "engines/pg_words.h"
#include "banned.h"

#define SQL_PAUSE "SELECT pg_catalog.pg_wal_replay_pause()"
#define SQL_RESUME "SELECT pg_catalog.pg_wal_replay_resume()"
#define SQL_RESET_LSN "ALTER SYSTEM RESET recovery_target_lsn"
#define SQL_RESET_INCLUSIVE "ALTER SYSTEM RESET recovery_target_inclusive"
#define SQL_RESET_ACTION "ALTER SYSTEM RESET recovery_target_action"
#define SQL_STARTUP_WAITS(event)                                                                   \
	"EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS p WHERE p.backend_type = 'startup' "   \
	"AND p.wait_event = '" event "')"

/* Since 14 the server tells "paused" from "pause requested". Before, only the wait event of the
 * startup process does, and before 13 nothing does: then the proof is never reached. */
#define SQL_STATE_NEW "pg_catalog.pg_get_wal_replay_pause_state()"
#define SQL_STATE_OLD                                                                              \
	"CASE WHEN NOT pg_catalog.pg_is_wal_replay_paused() THEN 'not paused' "                    \
	"WHEN " SQL_STARTUP_WAITS("RecoveryPause") " THEN 'paused' ELSE 'pause requested' END"

enum { COL_HELD, COL_REPLAY, COL_RECEIVE, COL_START, COL_RECOVERY, COL_SYSTEM, COL_STATE };

static const char *
state_sql(const struct node *n)
{
	return n->version > 0 && n->version < 140000 ? SQL_STATE_OLD : SQL_STATE_NEW;
}

/*
 * The one row that proves a hold. A standby that replays with a delay stays "pause requested" until
 * the delay ends; waiting there it applies nothing either, and that has its own word.
 */
static char *
held_sql(struct arena *a, const struct node *n)
{
	return arena_printf(a,
	    "SELECT CASE WHEN r.state = 'paused' THEN 'held' WHEN r.state = 'pause requested' "
	    "AND " SQL_STARTUP_WAITS(
		"RecoveryApplyDelay") " THEN 'held' ELSE r.state END AS held, "
				      "pg_catalog.pg_last_wal_replay_lsn() AS replayed, "
				      "pg_catalog.pg_last_wal_receive_lsn() AS received, " SQL_START
				      " AS started, pg_catalog.pg_is_in_recovery() AS "
				      "in_recovery, " SQL_SYSTEM
				      " AS system, CASE WHEN r.state = 'pause requested' THEN "
				      "'held by delay' "
				      "ELSE r.state END AS state FROM (SELECT %s AS state) AS r",
	    state_sql(n));
}

static void
check_instance(struct arena *a, struct step *s, const struct node *n, int start, int recovery,
    int system, const char *in_recovery)
{
	word_check(a, s, start, CHECK_EQ, VALUE_TEXT, n->incarnation, NULL,
	    arena_printf(a, "server start of %s", n->name));
	word_check(a, s, recovery, CHECK_EQ, VALUE_TEXT, in_recovery, NULL,
	    arena_printf(a, "recovery on %s", n->name));
	word_check(a, s, system, CHECK_EQ, VALUE_TEXT, word_system(n), NULL,
	    arena_printf(a, "system identifier of %s", n->name));
}

static void
hold(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_HOLD, n->name, wave, PHASE_HOLD);
	int was_held = n->hold != HOLD_NONE;

	word_text(a, s, SQL_PAUSE);
	/* A hold that stood before belongs to someone else, and at a recovery target resume
	 * would promote: neither is taken back by this plan. */
	s->undo = was_held || n->target_lsn != NULL ? NULL : SQL_RESUME;
	s->why = arena_printf(a,
	    was_held ? "%s is held already; asking again makes sure"
		     : "ask %s to stop replaying, so that the mistake cannot reach it",
	    n->name);

	s = word_step(a, p, KIND_PROVE, n->name, wave, PHASE_PROVE);
	word_text(a, s, held_sql(a, n));
	word_keep(a, s, COL_REPLAY, arena_printf(a, "R.%s", n->name), VALUE_LSN);
	word_check(a, s, COL_HELD, CHECK_EQ, VALUE_TEXT, "held", NULL,
	    arena_printf(a, "replay of %s", n->name));
	check_instance(a, s, n, COL_START, COL_RECOVERY, COL_SYSTEM, "t");
	s->poll_ms = POLL_PROVE;
	s->timeout_ms = TIMEOUT_PROVE;
	s->why = arena_printf(a, "see %s paused, not only asked, and keep its position", n->name);
}

static void
fence(struct arena *a, struct plan *p, const struct node *primary, const struct node *const *held,
    size_t nheld, int wave)
{
	struct step *s = word_step(a, p, KIND_FENCE, primary->name, wave, PHASE_FENCE);
	size_t i;

	word_text(a, s,
	    "SELECT pg_catalog.pg_current_wal_insert_lsn() AS position, " SQL_START
	    " AS started, pg_catalog.pg_is_in_recovery() AS in_recovery, " SQL_SYSTEM
	    " AS system, ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name("
	    "pg_catalog.pg_current_wal_lsn()), 1, 8))::pg_catalog.bit(32)::pg_catalog.int4 "
	    "AS timeline");
	word_keep(a, s, 0, "L0", VALUE_LSN);
	check_instance(a, s, primary, 1, 2, 3, "f");
	if (primary->timeline > 0)
		word_check(a, s, 4, CHECK_EQ, VALUE_INT, arena_printf(a, "%d", primary->timeline),
		    NULL, arena_printf(a, "timeline of %s", primary->name));
	for (i = 0; i < nheld; i++)
		word_check(a, s, 0, CHECK_GE, VALUE_LSN, NULL,
		    arena_printf(a, "R.%s", held[i]->name),
		    arena_printf(a, "position of %s against %s", primary->name, held[i]->name));
	s->why = arena_printf(a,
	    "take the position on %s after all holds: whatever runs now is written behind it",
	    primary->name);
}

/* The lowest position wins: a standby hardened for an earlier mistake keeps that position. */
static void
keep_hardened(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_CHECK, n->name, wave, PHASE_HARDEN);

	word_text(a, s,
	    "SELECT f.setting AS position FROM pg_catalog.pg_file_settings AS f "
	    "WHERE f.name = 'recovery_target_lsn' ORDER BY f.seqno DESC LIMIT 1");
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, n->hardened_at, NULL,
	    arena_printf(a, "restart position of %s", n->name));
	word_check(a, s, 0, CHECK_LE, VALUE_LSN, NULL, "L0",
	    arena_printf(a, "restart position of %s", n->name));
	s->why =
	    arena_printf(a, "%s is hardened at an earlier position already, and keeps it", n->name);
}

static int
harden(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	if (n->target_lsn != NULL || (n->version > 0 && n->version < 120000))
		return 0;
	if (n->is_hardened && n->hardened_at != NULL) {
		keep_hardened(a, p, n, wave);
		return 1;
	}
	s = word_step(a, p, KIND_HARDEN, n->name, wave, PHASE_HARDEN);
	s->type = STEP_TEMPLATE;
	word_text(a, s, "ALTER SYSTEM SET recovery_target_action = 'pause'");
	word_text(a, s, "ALTER SYSTEM SET recovery_target_inclusive = off");
	word_text(a, s, "ALTER SYSTEM SET recovery_target_lsn = '{L0}'");
	/* The position first: without it the other two mean nothing. */
	s->undo = SQL_RESET_LSN "\n" SQL_RESET_INCLUSIVE "\n" SQL_RESET_ACTION;
	s->why = arena_printf(a,
	    "make the hold of %s survive a restart: it would come up paused just before this "
	    "position (read at server start only, no reload)",
	    n->name);
	return 1;
}

/* The primary's position after the act is the same for all replicas: once a plan. */
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
	word_text(a, s,
	    "SELECT pg_catalog.pg_current_wal_insert_lsn() AS position, " SQL_START
	    " AS started, pg_catalog.pg_is_in_recovery() AS in_recovery, " SQL_SYSTEM " AS system");
	word_keep(a, s, 0, "L1", VALUE_LSN);
	check_instance(a, s, primary, 1, 2, 3, "f");
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
	word_text(a, s, held_sql(a, n));
	word_check(a, s, COL_HELD, CHECK_EQ, VALUE_TEXT, "held", NULL,
	    arena_printf(a, "replay of %s", n->name));
	check_instance(a, s, n, COL_START, COL_RECOVERY, COL_SYSTEM, "t");
	word_check(a, s, COL_REPLAY, CHECK_EQ, VALUE_LSN, NULL, arena_printf(a, "R.%s", n->name),
	    arena_printf(a, "replay position of %s", n->name));
	s->why = arena_printf(
	    a, "see that %s did not apply it: still held, same start, same position", n->name);
}

/* What must be true before a resume. In force since start, a target makes resume promote. */
static void
release_check(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_CHECK, n->name, wave, PHASE_RELEASE_CHECK);

	s->part = PART_MAIN;
	word_text(a, s,
	    "SELECT pg_catalog.concat(pg_catalog.current_setting('recovery_target_lsn'), "
	    "pg_catalog.current_setting('recovery_target'), "
	    "pg_catalog.current_setting('recovery_target_name'), "
	    "pg_catalog.current_setting('recovery_target_time'), "
	    "pg_catalog.current_setting('recovery_target_xid')) AS target, " SQL_START
	    " AS started, pg_catalog.pg_is_in_recovery() AS in_recovery, " SQL_SYSTEM " AS system");
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, n->target_lsn == NULL ? "" : n->target_lsn, NULL,
	    arena_printf(a,
		"recovery target in force on %s (a resume would promote it: ALTER SYSTEM RESET "
		"the recovery_target settings there and restart the server instead)",
		n->name));
	check_instance(a, s, n, 1, 2, 3, "t");
	s->why = arena_printf(a,
	    n->target_lsn == NULL ? "a resume of %s must not promote it"
				  : "%s is still the one that came up at its recovery target",
	    n->name);
}

/* Takes the restart settings away. Its own step, since a resume must never follow a failed one:
 * left behind, they would keep the standby from ever starting again. */
static void
release_settings(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	if (n->version > 0 && n->version < 120000)
		return;
	s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASE_SETTINGS);
	s->part = PART_MAIN;
	word_text(a, s, SQL_RESET_LSN);
	word_text(a, s, SQL_RESET_INCLUSIVE);
	word_text(a, s, SQL_RESET_ACTION);
	s->why = arena_printf(
	    a, "take away what would bring %s up at the old position after a restart", n->name);
}

/* The last look at a standby that was let go: nothing is left that would keep it from starting. */
static struct step *
released(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASED);

	s->part = PART_MAIN;
	s->poll_ms = 50;
	s->timeout_ms = TIMEOUT_PROVE;
	word_text(a, s,
	    arena_printf(a,
		"SELECT %s AS state, pg_catalog.pg_is_in_recovery() AS in_recovery, "
		"(SELECT pg_catalog.count(*) FROM pg_catalog.pg_file_settings AS f WHERE f.name "
		"LIKE 'recovery\\_target\\_%%' AND f.name <> 'recovery_target_timeline' AND "
		"f.setting <> '') AS leftover, pg_catalog.pg_last_wal_replay_lsn() AS replayed",
		state_sql(n)));
	word_check(
	    a, s, 1, CHECK_EQ, VALUE_TEXT, "t", NULL, arena_printf(a, "recovery on %s", n->name));
	word_check(a, s, 2, CHECK_EQ, VALUE_INT, "0", NULL,
	    arena_printf(a,
		"number of recovery_target settings left in the files of %s (with them it could "
		"not start again)",
		n->name));
	return s;
}

/* Came up at its target: resuming would promote it. What is left to do is a restart, by hand. */
static void
release_restarted(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	release_check(a, p, n, wave);
	release_settings(a, p, n, wave);
	s = released(a, p, n, wave);
	s->why = arena_printf(a,
	    "see nothing left in the settings of %s. It came up at its recovery target, so it is "
	    "not resumed, which would promote it: restart its server by hand, and it replays",
	    n->name);
}

static void
release(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	if (n->target_lsn != NULL) {
		release_restarted(a, p, n, wave);
		return;
	}
	release_check(a, p, n, wave);
	release_settings(a, p, n, wave);
	s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASE);
	s->part = PART_MAIN;
	word_text(a, s, SQL_RESUME);
	s->why = arena_printf(
	    a, "let %s replay again: it will apply everything it was kept from", n->name);

	s = released(a, p, n, wave);
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "not paused", NULL,
	    arena_printf(a, "replay of %s", n->name));
	s->why = arena_printf(a, "see %s replaying, with nothing left in its settings", n->name);
}

static void
settle(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	release_check(a, p, n, wave);
	s = word_step(a, p, KIND_CHECK, n->name, wave, PHASE_RELEASE_CHECK);
	s->part = PART_MAIN;
	word_text(a, s, arena_printf(a, "SELECT %s AS state", state_sql(n)));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "not paused", NULL,
	    arena_printf(a, "replay of %s", n->name));
	s->why = arena_printf(a, "%s still replays: nobody has held it again since", n->name);
	release_settings(a, p, n, wave);
	s = released(a, p, n, wave);
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "not paused", NULL,
	    arena_printf(a, "replay of %s", n->name));
	s->why = arena_printf(a, "see %s replaying, with nothing left in its settings", n->name);
}

const struct wording pg_wording = {
    .hold = hold,
    .fence = fence,
    .copyable = pg_word_copyable,
    .harden = harden,
    .enter = pg_word_enter,
    .leave = pg_word_leave,
    .reprove = reprove,
    .release = release,
    .settle = settle,
    .reversible = pg_word_reversible,
    .inverse = pg_word_inverse,
    .quote = pg_quote_name,
    .limit = pg_word_limit,
    .switching = &pg_switching,
};
