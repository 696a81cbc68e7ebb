/*
 * How a failover is said on MariaDB: steps as data. What a replica received is thrown away when its
 * receiving thread is started again, so that thread is not touched before everything wanted was
 * applied; stopping before a mistake works by file and offset only. Must never talk to a server.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "engines/my_wording.h"
#include "engines/pg_words.h"
#include "text.h"
#include "banned.h"

#define DRAIN_S 600
#define ARRIVE_S 120
#define FOLLOW_MS 60000

/* Behind the columns of a look at a replica: */
enum { SEEN_IDENTITY = MY_NREDUCED, SEEN_START, SEEN_READ_ONLY };
/* Of a look at the old primary's log: */
enum { LOG_POSITION, LOG_FILE, LOG_IDENTITY, LOG_START, LOG_GTID };

static int
is_mariadb(const struct plan *p)
{
	return p->engine != NULL && strcmp(p->engine, "mariadb") == 0;
}

static struct step *
step(struct arena *a, struct plan *p, enum step_kind kind, const struct node *n,
    enum step_part part, const char *why)
{
	struct step *s = word_step(a, p, kind, n->name, 0, 0);

	s->part = part;
	s->why = why;
	return s;
}

static const char *
self(struct arena *a, const struct plan *p, const struct node *n, const char *what)
{
	return arena_printf(a, "SELECT %s AS identity, %s AS started, %s",
	    my_sql_identity(is_mariadb(p)), my_sql_start(is_mariadb(p), n->version), what);
}

static void
check_node(struct arena *a, struct step *s, const struct node *n, int identity, int start)
{
	const char *p = strchr(n->identity, ':');

	word_check(a, s, start, CHECK_EQ, VALUE_TEXT, n->incarnation, NULL,
	    arena_printf(a, "server start of %s", n->name));
	word_check(a, s, identity, CHECK_EQ, VALUE_TEXT,
	    p == NULL ? "" : arena_strndup(a, p + 1, strcspn(p + 1, "@+")), NULL,
	    arena_printf(a, "identity of %s", n->name));
}

static void
look(struct arena *a, struct plan *p, struct step *s, const struct node *n)
{
	word_text(a, s, my_sql_replica_status(is_mariadb(p), n->version));
	word_text(a, s, self(a, p, n, "@@global.read_only AS read_only"));
}

static void
seen(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(a, "see where %s stands: what it received, and what it applied", n->name));

	look(a, p, s, n);
	word_keep(a, s, MY_RECEIVED, arena_printf(a, "W.%s", n->name), VALUE_LSN);
	word_keep(a, s, MY_POSITION, arena_printf(a, "X.%s", n->name), VALUE_LSN);
	word_check(a, s, MY_HELD, CHECK_NE, VALUE_TEXT, "no replication", NULL,
	    arena_printf(a, "role of %s", n->name));
	check_node(a, s, n, SEEN_IDENTITY, SEEN_START);
}

static void
still(struct arena *a, struct plan *p, const struct node *old)
{
	struct step *s = step(a, p, KIND_STOP, old, PART_BEFORE,
	    arena_printf(a, "let %s take no writes (a login that may set read_only still writes)",
		old->name));

	word_text(a, s, "SET GLOBAL read_only = 1");
	s->undo = "SET GLOBAL read_only = 0";
	s->timeout_ms = 30000;

	s = step(a, p, KIND_STOP, old, PART_BEFORE,
	    arena_printf(a, "end the sessions of %s that began before that", old->name));
	s->type = STEP_PROC;
	s->proc = "my-cut-v1";
	s->timeout_ms = 30000;

	s = step(a, p, KIND_FENCE, old, PART_BEFORE,
	    arena_printf(a, "take the position on %s after that, as file and offset, and as GTID",
		old->name));
	word_text(a, s, my_sql_log_status(is_mariadb(p), old->version));
	word_text(a, s, self(a, p, old, "@@global.gtid_binlog_pos AS gtid"));
	word_keep(a, s, LOG_POSITION, "S", VALUE_LSN);
	word_keep(a, s, LOG_FILE, "F", VALUE_TEXT);
	word_keep(a, s, LOG_GTID, "G", VALUE_GTID);
	check_node(a, s, old, LOG_IDENTITY, LOG_START);
	s->say = "takes no writes; its log ends at {F}, GTID {G}";
}

static void
arrived(struct arena *a, struct plan *p, const struct node *n, int is_stopped)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(a, "see that %s has applied all of it: nothing is lost", n->name));

	(void)is_stopped;
	s->type = STEP_TEMPLATE;
	word_text(a, s, arena_printf(a, "SELECT MASTER_GTID_WAIT('{G}', %d) AS waited", ARRIVE_S));
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "0", NULL,
	    arena_printf(a, "what is missing on %s after %d s (0 nothing)", n->name, ARRIVE_S));
	s->timeout_ms = (ARRIVE_S + 10) * 1000;
	s->say = "has applied everything up to GTID {G}: nothing is lost";
}

/* Its own words: it has read all that the receiving thread wrote, which is left alone. */
static void
drain(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(a,
		"wait until %s has applied all that it received; its receiving thread is not "
		"touched, since starting that again would throw away what it received",
		n->name));

	look(a, p, s, n);
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, "replaying", NULL,
	    arena_printf(a, "replay of %s", n->name));
	word_check(a, s, MY_WAITS, CHECK_EQ, VALUE_TEXT,
	    "Slave has read all relay log; waiting for more updates", NULL,
	    arena_printf(a, "what the applying thread of %s does", n->name));
	check_node(a, s, n, SEEN_IDENTITY, SEEN_START);
	s->poll_ms = 200;
	s->timeout_ms = DRAIN_S * 1000;
}

/* A held one that is to replay everything applies again: from here on the mistake is in it. */
static void
let_go(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_RELEASE, n, PART_BEFORE,
	    arena_printf(a, "let %s apply everything it received, the mistake included", n->name));

	word_text(a, s, "START ALL SLAVES SQL_THREAD");
	drain(a, p, n);
}

/* "3/1A2" as file and offset of the log it replicates from. */
static void
target(struct arena *a, struct plan *p, const struct node *n, const char *at)
{
	struct step *s = step(a, p, KIND_RESTART, n, PART_BEFORE,
	    arena_printf(a,
		"let %s apply up to the position right before the mistake, and no further; its "
		"receiving thread is not touched",
		n->name));
	unsigned long long file = 0, offset = 0;

	sscanf(at, "%llx/%llx", &file, &offset);
	word_text(a, s,
	    arena_printf(a,
		"START SLAVE SQL_THREAD UNTIL MASTER_LOG_FILE = %s, MASTER_LOG_POS = %llu",
		my_quote_literal(a, arena_printf(a, "%s.%06llu", n->log_base, file)), offset));
}

static void
reached(struct arena *a, struct plan *p, const struct node *n, const char *at)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_BEFORE,
	    arena_printf(a, "see %s stopped right before the mistake, and not past it", n->name));

	look(a, p, s, n);
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, "held", NULL,
	    arena_printf(a, "replay of %s", n->name));
	word_check(a, s, MY_POSITION, CHECK_EQ, VALUE_LSN, at, NULL,
	    arena_printf(a, "position of %s", n->name));
	word_check(a, s, MY_ERROR, CHECK_EQ, VALUE_TEXT, "", NULL,
	    arena_printf(a, "error of the applying thread of %s", n->name));
	check_node(a, s, n, SEEN_IDENTITY, SEEN_START);
	word_keep(a, s, MY_FILE, "P", VALUE_TEXT);
	s->poll_ms = 100;
	s->timeout_ms = DRAIN_S * 1000;
	s->say = "stands at {P}, right before the mistake";
}

static void
objects(struct arena *a, struct plan *p, const struct node *n, const struct plan *mistake)
{
	struct step *s = NULL;
	const struct action *x;
	size_t i, k, m;
	int column = 0;

	for (i = 0; i < mistake->nstatements; i++)
		for (k = 0; k < mistake->statements[i].nactions; k++) {
			x = &mistake->statements[i].actions[k];
			for (m = 0; m < x->nobjects && column < 50; m++) {
				if (x->objects[m].oid == 0 || x->objects[m].schema == NULL)
					continue;
				if (s == NULL)
					s = step(a, p, KIND_CHECK, n, PART_BEFORE,
					    arena_printf(a,
						"see on %s that what the mistake took is there",
						n->name));
				word_text(a, s,
				    arena_printf(a,
					"SELECT COUNT(*) AS found FROM information_schema.TABLES "
					"WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
					my_quote_literal(a, x->objects[m].schema),
					my_quote_literal(a, x->objects[m].name)));
				word_check(a, s, column++, CHECK_EQ, VALUE_TEXT, "1", NULL,
				    arena_printf(a, "object %s on %s",
					object_name(a, &x->objects[m]), n->name));
			}
		}
}

static void
promote(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_PROMOTE, n, PART_MAIN,
	    arena_printf(
		a, "make %s the primary: it replicates no more, and takes writes", n->name));

	word_text(a, s, "STOP ALL SLAVES");
	word_text(a, s, "RESET SLAVE ALL");
	word_text(a, s, "SET GLOBAL read_only = 0");
	s->timeout_ms = 60000;
}

static void
promoted(struct arena *a, struct plan *p, const struct node *n)
{
	struct step *s = step(a, p, KIND_CHECK, n, PART_AFTER,
	    arena_printf(a, "see that %s replicates from nobody and takes writes", n->name));

	look(a, p, s, n);
	word_text(a, s, my_sql_log_status(is_mariadb(p), n->version));
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, "no replication", NULL,
	    arena_printf(a, "role of %s", n->name));
	word_check(a, s, SEEN_READ_ONLY, CHECK_EQ, VALUE_TEXT, "0", NULL,
	    arena_printf(a, "read_only of %s", n->name));
	word_keep(a, s, SEEN_READ_ONLY + 2, "P1", VALUE_TEXT);
	check_node(a, s, n, SEEN_IDENTITY, SEEN_START);
	s->say = "is the PRIMARY now and open for writes; its log stands at {P1}";
}

static void
follow(struct arena *a, struct plan *p, const struct node *n, const struct node *from)
{
	struct step *s = step(a, p, KIND_FOLLOW, n, PART_AFTER,
	    arena_printf(
		a, "point %s to %s, at %s port %d", n->name, from->name, from->host, from->port));

	word_text(a, s, "STOP SLAVE");
	word_text(a, s,
	    arena_printf(a,
		"CHANGE MASTER TO MASTER_HOST = %s, MASTER_PORT = %d, MASTER_USE_GTID = slave_pos",
		my_quote_literal(a, from->host), from->port));
	word_text(a, s, "START SLAVE");
	s->timeout_ms = 60000;
	s->is_soft = 1;

	s = step(a, p, KIND_FOLLOW, n, PART_AFTER,
	    arena_printf(a, "see %s replicating from %s", n->name, from->name));
	look(a, p, s, n);
	word_check(a, s, MY_SOURCE, CHECK_EQ, VALUE_TEXT,
	    arena_printf(a, "%s:%d", from->host, from->port), NULL,
	    arena_printf(a, "source of %s", n->name));
	word_check(a, s, MY_HELD, CHECK_EQ, VALUE_TEXT, "replaying", NULL,
	    arena_printf(a, "replay of %s", n->name));
	s->poll_ms = 250;
	s->timeout_ms = FOLLOW_MS;
	s->is_soft = 1;
	s->say = arena_printf(a, "replicates from %s", from->name);
}

static void
stays(struct arena *a, struct plan *p, const struct node *old)
{
	struct step *s = step(a, p, KIND_CHECK, old, PART_AFTER,
	    arena_printf(a, "see that %s is still read-only", old->name));

	word_text(a, s, "SELECT @@global.read_only AS read_only");
	word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "1", NULL,
	    arena_printf(a, "read_only of %s", old->name));
	s->is_soft = 1;
}

const struct switching my_switching = {
    .log_proc = "host-my-log-v1",
    .stop_proc = "host-my-stop-v1",
    .seen = seen,
    .still = still,
    .arrived = arrived,
    .drain = drain,
    .let_go = let_go,
    .target = target,
    .reached = reached,
    .objects = objects,
    .promote = promote,
    .promoted = promoted,
    .follow = follow,
    .stays = stays,
};
