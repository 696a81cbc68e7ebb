/*
 * An engine as the upper floors see it: pure facts about its language and wording, in const
 * tables. What talks to a server is behind engines/ask.h and engines/run.h.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "err.h"
#include "plan.h"
#include "session.h"
#include "topology.h"
#include "wait.h"

/* Where a lexical scan of typed text stands. */
enum scan_state {
	SCAN_EMPTY,	 /* white space and comments only */
	SCAN_INCOMPLETE, /* needs more lines; *in says in what */
	SCAN_COMPLETE,	 /* a statement ends at *end (after its semicolon) */
};

struct scan {
	enum scan_state state;
	size_t end;	 /* bytes of text consumed by the first complete statement */
	size_t len;	 /* of the statement without terminator */
	char in;	 /* prompt character: ' " $ * ( or - when inside nothing */
	int is_gx, is_g; /* ended by \G or \g instead of ; */
};

/* How MySQL and MariaDB read text, by sql_mode and character set. */
enum lexical_mode {
	LEXICAL_ANSI_QUOTES = 1 << 0,
	LEXICAL_NO_BACKSLASH = 1 << 1,
	LEXICAL_PIPES_CONCAT = 1 << 2,
	/* A client character set in which a backslash can be the second byte of a character. */
	LEXICAL_UNSAFE_CHARSET = 1 << 3,
	/* A mode nobody told of (sql_mode = ORACLE): what depends on it is opaque. */
	LEXICAL_UNKNOWN = 1 << 4,
	LEXICAL_IGNORE_SPACE = 1 << 5,
};

/* What the classifier must know of the session. */
struct lexical {
	int version;
	int standard_conforming_strings;
	unsigned mode;		     /* enum lexical_mode */
	const struct engine *engine; /* NULL: the one the classifier was started for */
};

/* How a failover is said there: each appends steps to the plan. Procedures on hosts by name, NULL
 * where the engine has none. */
struct switching {
	const char *log_proc, *stop_proc, *start_proc, *restart_proc, *rejoin_proc;
	/* Before: n is the replica it was, and where it stands; keeps "W.<node>" (received) and
	 * "X.<node>" (applied). */
	void (*seen)(struct arena *a, struct plan *p, const struct node *n);
	/* Before, over SQL: the old primary takes no more writes, and what was connected is cut;
	 * keeps "S", where its log ends. Taken back by undo. */
	void (*still)(struct arena *a, struct plan *p, const struct node *old);
	/* Before: old has little left to do when it is stopped. NULL: nothing helps. */
	void (*hasten)(struct arena *a, struct plan *p, const struct node *old);
	/* Before: n has received, and applied where the engine needs it, all up to "S". */
	void (*arrived)(struct arena *a, struct plan *p, const struct node *n, int is_stopped);
	/* Before: n applies what it received, where promoting alone would not. NULL: it does. */
	void (*drain)(struct arena *a, struct plan *p, const struct node *n);
	/* Before: a held n applies everything it received. NULL: promoting it does. */
	void (*let_go)(struct arena *a, struct plan *p, const struct node *n);
	/* Before: n stops at this position. target sets it, reached sees it; between them stands
	 * the restart where the engine has a restart_proc. */
	void (*target)(struct arena *a, struct plan *p, const struct node *n, const char *at);
	void (*reached)(struct arena *a, struct plan *p, const struct node *n, const char *at);
	/* Before, on the plan's own connection to n: what the mistake took is there. */
	void (*objects)(
	    struct arena *a, struct plan *p, const struct node *n, const struct plan *mistake);
	void (*promote)(struct arena *a, struct plan *p, const struct node *n);
	/* After: it takes writes. */
	void (*promoted)(struct arena *a, struct plan *p, const struct node *n);
	/* After: n replicates from `from`. */
	void (*follow)(
	    struct arena *a, struct plan *p, const struct node *n, const struct node *from);
	/* Before, over SQL: old will follow `from` once it is started as a replica. NULL: it cannot
	 * be told before. */
	void (*prepare)(
	    struct arena *a, struct plan *p, const struct node *old, const struct node *from);
	/* After: what n left behind on the old primary, which replicates itself now. NULL: nothing.
	 */
	void (*tidy)(struct arena *a, struct plan *p, const struct node *old, const struct node *n);
	/* After: old still takes no writes, where it was only kept from them. */
	void (*stays)(struct arena *a, struct plan *p, const struct node *old);
};

/* How the engine says what guards need: each appends steps (and world facts) to the plan. */
struct wording {
	/* Ask a replica to pause and see it paused; keeps "R.<node>". */
	void (*hold)(struct arena *a, struct plan *p, const struct node *n, int wave);
	/* Take the position on the primary after all holds; keeps "L0"; checks R <= L0. */
	void (*fence)(struct arena *a, struct plan *p, const struct node *primary,
	    const struct node *const *held, size_t nheld, int wave);
	/* Make the hold survive a restart; returns 0 where the engine cannot over SQL. */
	int (*harden)(struct arena *a, struct plan *p, const struct node *n, int wave);
	/* Where it cannot: procedures on the replica's host that write what its next start reads,
	 * and take it away again; then, over SQL, that the hold they were for still stands. NULL:
	 * none.
	 */
	const char *harden_proc, *soften_proc;
	void (*hardened)(struct arena *a, struct plan *p, const struct node *n, int wave);
	/* On the main connection: identity, role, settings, objects, limits. */
	void (*enter)(struct arena *a, struct plan *p, const struct node *n,
	    const struct session *s, int lock_ms, int statement_ms, int in_tx, int read_only);
	void (*leave)(struct arena *a, struct plan *p, const struct node *n, int in_tx);
	/* After: still paused, same start, replay position unmoved; soft checks. */
	void (*reprove)(struct arena *a, struct plan *p, const struct node *primary,
	    const struct node *n, int wave);
	/* Let a replica replay again: reset hardening first, refuse in the check where resume
	 * would promote. */
	void (*release)(struct arena *a, struct plan *p, const struct node *n, int wave);
	/* The same for one that was seen to replay already: nothing is let go, only what would stop
	 * it at a restart is taken away. NULL where the engine leaves nothing behind. */
	void (*settle)(struct arena *a, struct plan *p, const struct node *n, int wave);
	/* The reversible form of a DROP TABLE or TRUNCATE, or NULL: two statements, ';'. */
	char *(*reversible)(struct arena *a, const struct statement *s, const char *schema);
	/* The statement that undoes it where one does, or NULL. */
	char *(*inverse)(struct arena *a, const struct statement *s);
	/* An identifier, quoted. */
	char *(*quote)(struct arena *a, const char *name);
	/* On the operator's connection, inside the operator's open transaction: limits for the
	 * rest of it. NULL where the engine has none. */
	void (*limit)(
	    struct arena *a, struct plan *p, const struct node *n, int lock_ms, int statement_ms);
	/* Where a held replica keeps back what replicates from it too, since it passes on only what
	 * it applied itself: true where this can be proved of n, below a held one. NULL: a replica
	 * further down is never kept back by those above it. */
	int (*covers)(const struct plan *p, const struct node *n);
	/* Before: n has all that the held one above it passes on, and no more (after its hold). */
	void (*cover)(struct arena *a, struct plan *p, const struct node *above,
	    const struct node *n, int wave);
	/* After: it still has no more; soft checks. */
	void (*recover)(struct arena *a, struct plan *p, const struct node *above,
	    const struct node *n, int wave);
	/* True where statements of the plan end the transaction they are in by themselves: then
	 * there is none around them. NULL: none does. */
	int (*ends_tx)(const struct plan *p);
	/* True where what the session writes goes to no log: no replica gets it. NULL: never. */
	int (*stays_here)(const struct session *s);
	/* How a table that only the primary lost is rebuilt there alone: one sentence; NULL where
	 * this plan is no such thing. NULL: the engine cannot. */
	char *(*rebuild_here)(struct arena *a, const struct plan *p, const struct node *primary);
	/* A copy of a running server can be made now: it is the one, and has sessions left for it.
	 * NULL where nothing has to be seen first. */
	void (*copyable)(struct arena *a, struct plan *p, const struct node *n, int slots);
	/* How a held replica can go on without one statement it was kept from: a sentence for who
	 * lets it go. NULL: it cannot. */
	const char *skip;
	const struct switching *switching; /* NULL: no failover */
	/* What depends on an object cannot be dropped along by a word in the statement. */
	int no_cascade;
};

struct engine {
	const char *name;		 /* "postgresql" */
	const char *const *schemes;	 /* "postgresql://", "postgres://", NULL */
	const char *const *keywords;	 /* every first keyword of a statement, lower case, NULL */
	const char *const *all_keywords; /* for completion, NULL */
	const struct wording *wording;
	/* How the texts of a session are read; s NULL: of none yet, as a fresh one would. */
	void (*lexical)(const struct session *s, struct lexical *out);
	/* Finds the first statement in text. Linear. */
	void (*scan)(const char *text, size_t len, const struct lexical *lx, struct scan *out);
	/* -1 with ERR_CONFIG and what is wrong with an address of the config; dials nothing. NULL:
	 * whatever is wrong is said when it is dialled. */
	int (*address)(const char *address, struct err *e);
	char name_quote; /* around names; names without it are folded where it is a double quote */
	/* A server's version divided by this tells what a dump's does: 15, or 1011. */
	int version_unit;
	const char *schema_word, *drop_schema[2]; /* around the name, where all in it goes */
	/* Of two tables that change places: how, and what becomes of foreign keys of others. */
	const char *swapping, *keys_turned;
	/* True for a transaction control statement's first keyword etc. is in the action flags. */
};

extern const struct engine engine_postgresql, engine_mysql, engine_mariadb, engine_sh;
const struct engine *engine_by_name(const char *name); /* NULL unknown */
const struct engine *engine_by_url(const char *url);   /* NULL unknown */
/* The kinds of statements that classifiers print, of all engines, sorted, each once. */
size_t engine_kinds(struct arena *a, const char ***out);

/*
 * The classifier of an engine: a persistent child process, since a parser can crash on hostile
 * input. A crash, a deadline or an over-long statement is an OPAQUE answer, never an error of the
 * session. Must be started before the first thread.
 */
struct classifier;
int classifier_start(const struct engine *g, struct classifier **out, struct err *e);
void classifier_stop(struct classifier *c); /* accepts NULL */
/* Text may hold anything. NUL and bytes that are no UTF-8 make their statement opaque. */
int classify(struct classifier *c, const char *text, size_t len, const struct lexical *lx,
    struct arena *a, struct script *out, struct err *e);
/* The same in this process, for classify benchmarks and fuzzing only. */
int classify_here(const struct engine *g, const char *text, size_t len, const struct lexical *lx,
    struct arena *a, struct script *out, struct err *e);

#endif
