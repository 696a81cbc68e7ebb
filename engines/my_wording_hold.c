/*
 * What becomes of a hold on MariaDB and MySQL: that a restart leaves it, and how it ends.
 * skip-slave-start is read from files at the start only; MySQL keeps it over SQL since 8.0.24 (from
 * its documentation: no server of that version was at hand). Must never talk to a server.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_catalog.h"
#include "engines/my_wording.h"
#include "engines/pg_words.h"
#include "banned.h"

#define MYSQL_PERSISTS 80024
#define MYSQL_REPLICA_NAMES 80026

const char *
my_word_start(const struct plan *p, const struct node *n)
{
	if (my_word_is_mariadb(p))
		return "START ALL SLAVES SQL_THREAD";
	return n->version >= 80022 ? "START REPLICA SQL_THREAD" : "START SLAVE SQL_THREAD";
}

/* After a restart that skip-slave-start stopped, nothing receives either. */
static const char *
start_both(const struct plan *p, const struct node *n)
{
	if (my_word_is_mariadb(p))
		return "START ALL SLAVES";
	return n->version >= 80022 ? "START REPLICA" : "START SLAVE";
}

static int
persists(const struct plan *p, const struct node *n)
{
	return !my_word_is_mariadb(p) && n->version >= MYSQL_PERSISTS;
}

static const char *
persisted(const struct node *n)
{
	return n->version >= MYSQL_REPLICA_NAMES ? "skip_replica_start" : "skip_slave_start";
}

int
my_word_harden(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	if (!persists(p, n))
		return 0;
	s = word_step(a, p, KIND_HARDEN, n->name, wave, PHASE_HARDEN);
	word_text(a, s, arena_printf(a, "SET PERSIST_ONLY %s = ON", persisted(n)));
	s->undo = arena_printf(a, "RESET PERSIST IF EXISTS %s", persisted(n));
	s->why = arena_printf(a,
	    "make the hold of %s survive a restart: its server would come up with replication "
	    "stopped",
	    n->name);
	return 1;
}

static struct step *
look(struct arena *a, struct plan *p, enum step_kind kind, const struct node *n, int wave,
    enum phase phase)
{
	struct step *s = word_step(a, p, kind, n->name, wave, phase);

	word_text(a, s, my_sql_replica_status(my_word_is_mariadb(p), n->version));
	word_text(a, s, my_word_self(a, p, n, "NULL"));
	my_word_instance(a, s, n, MY_SEEN_IDENTITY, MY_SEEN_START);
	return s;
}

static void
check_replay(struct arena *a, struct step *s, const struct node *n, const char *value)
{
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, value, NULL,
	    arena_printf(a, "replay of %s", n->name));
}

void
my_word_hardened(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = look(a, p, KIND_HARDEN, n, wave, PHASE_HARDEN);

	check_replay(a, s, n, "held");
	s->why = arena_printf(a,
	    "%s is still held, in the same start: a restart finds skip-slave-start, and leaves it "
	    "stopped",
	    n->name);
}

static void
forget(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s;

	if (!persists(p, n))
		return;
	s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASE_SETTINGS);
	s->part = PART_MAIN;
	word_text(a, s, arena_printf(a, "RESET PERSIST IF EXISTS %s", persisted(n)));
	s->why = arena_printf(a, "take away what would leave %s stopped after a restart", n->name);
}

static void
released(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASED);

	s->part = PART_MAIN;
	s->poll_ms = 50;
	s->timeout_ms = TIMEOUT_PROVE;
	word_text(a, s, my_sql_replica_status(my_word_is_mariadb(p), n->version));
	check_replay(a, s, n, "replaying");
	s->why = arena_printf(a, "see %s applying", n->name);
}

/* It receives again only where its source was seen: with GTIDs it throws away what it had received,
 * and asks its source for it again. */
void
my_word_release(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = look(a, p, KIND_CHECK, n, wave, PHASE_RELEASE_CHECK);
	int both = n->is_hardened && !n->is_streaming && n->upstream != NULL;

	s->part = PART_MAIN;
	s->why = arena_printf(a, "%s is still the server that was held", n->name);
	forget(a, p, n, wave);
	s = word_step(a, p, KIND_RELEASE, n->name, wave, PHASE_RELEASE);
	s->part = PART_MAIN;
	word_text(a, s, both ? start_both(p, n) : my_word_start(p, n));
	s->why = arena_printf(a,
	    both ? "let %s receive and apply again: it will apply everything it was kept from"
		 : "let %s apply again: it will apply everything it was kept from",
	    n->name);
	released(a, p, n, wave);
}

void
my_word_settle(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	struct step *s = look(a, p, KIND_CHECK, n, wave, PHASE_RELEASE_CHECK);

	s->part = PART_MAIN;
	check_replay(a, s, n, "replaying");
	s->why = arena_printf(a, "%s still applies: nobody has held it again since", n->name);
	forget(a, p, n, wave);
	released(a, p, n, wave);
}
