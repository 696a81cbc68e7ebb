/*
 * What an engine does on the wire: one const table each. cluster.h, ask.h and run.h are served by
 * generic code that keeps the books (who is open, who is busy, one worker a node) and by the
 * cluster's driver, which knows the protocol. Private to engines/.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "engines/ask.h"
#include "engines/run.h"

struct member;
struct conn; /* a session; only its driver looks inside */

/* Who is at the other end of a session: identity, incarnation, role. */
struct who {
	char cluster[64];     /* "pg:<system identifier>", or "" where nothing says */
	char identity[128];   /* stable over restarts */
	char incarnation[40]; /* this start of it */
	char instance[160];   /* the same for every address the instance is reached by */
	int is_in_recovery;   /* it replicates from another: no primary */
	int is_pooled;	      /* a pooler stands between: sessions are not what they seem */
};

/* A named, versioned procedure of a plan (STEP_PROC). */
struct procedure {
	const char *name; /* NULL ends the table */
	int (*run)(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
	    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
	    struct err *e);
};

/* What must not be lost as lines of progress are: the step's result, which its plan says. */
void outcome_report(struct outcome *out, struct arena *a, const char *text);
/* How a restore's swap of two tables ended, that began at `start` (now_ms); is_back: the undo of
 * it. Where rc is not 0, *e says so, too. */
void outcome_swapped(struct outcome *out, int rc, int is_back, int64_t start, struct err *e);

struct driver {
	const char *engine; /* "postgresql" */

	/* Sessions. open: as the handle's person and under its name; database NULL: the usual. */
	int (*open)(struct cluster *c, struct waiter *w, const char *address, const char *database,
	    struct conn **out, struct err *e);
	/* A control session, where it is another kind of session; NULL: as open. */
	int (*open_control)(struct cluster *c, struct waiter *w, const char *address,
	    struct conn **out, struct err *e);
	void (*close)(struct conn *x); /* accepts NULL */
	int (*who)(
	    struct conn *x, struct waiter *w, int64_t deadline, struct who *out, struct err *e);
	int (*is_usable)(const struct conn *x); /* as far as this side knows; accepts NULL */
	int (*is_alive)(struct conn *x);	/* also asks the socket whether the server left */
	const char *(*address)(const struct conn *x); /* without secrets */
	void (*cancel)(struct conn *x); /* what runs there, out-of-band; never waits */

	/* The picture: look reads all members and what they lead to, and may run in a thread that
	 * owns the members meanwhile; draw makes the topology of it and adopts what was found. */
	int (*look)(struct cluster *c, struct waiter *w, void **sights, struct err *e);
	struct topology *(*draw)(struct cluster *c, void *sights, struct arena *a);
	void (*forget)(void *sights); /* accepts NULL */

	/* Questions, see ask.h. */
	int (*session)(struct cluster *c, struct waiter *w, struct arena *a, struct session *out,
	    struct err *e);
	int (*refine)(
	    struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e);
	int (*reads)(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
	    struct script *s, struct err *e);
	int (*syntax)(
	    struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e);
	int (*dependents)(struct cluster *c, struct waiter *w, struct arena *a,
	    const struct object *o, struct dependent **out, size_t *n, struct err *e);
	int (*estimate)(struct cluster *c, struct waiter *w, const char *text, size_t len,
	    int64_t *rows, struct err *e);
	int (*list)(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
	    const char *argument, struct listing *out, struct err *e);
	int (*names)(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
	    const char ***out, size_t *n, struct err *e);
	int (*fate)(struct cluster *c, struct waiter *w, struct member *m,
	    const struct fate_asked *q, struct fate *out, struct err *e);

	int (*rights)(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
	    struct right **out, size_t *n, struct err *e); /* NULL: not told yet */

	/* Its version and its log, for backups: what of it cannot be seen stays empty. */
	int (*logs)(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
	    struct backup_live *out, struct err *e);

	/* Restoring a table: see ask.h. NULL: not known there yet. */
	int (*dump)(struct waiter *w, struct arena *a, const struct dump_question *q,
	    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx,
	    struct err *e);
	int (*standing)(struct cluster *c, struct waiter *w, struct arena *a,
	    const struct standing_question *q, struct standing *out, struct err *e);

	/* Effects. attempt: sends the effect's texts on this session and fills its outcome. */
	int (*attempt)(struct conn *x, struct waiter *w, int64_t deadline, struct effect *f);
	/* May a plan act on this session? Refuses poolers. */
	int (*check_main)(struct cluster *c, struct waiter *w, struct conn *x, struct err *e);
	/* Opens c->pen on the primary and takes the lock; ERR_REFUSED names who has it. */
	int (*pen)(struct cluster *c, struct waiter *w, struct member *m, struct err *e);
	int (*xact_status)(struct cluster *c, struct waiter *w, struct member *m, const char *xid,
	    const char **status, struct err *e);
	const struct procedure *procedures;
};

extern const struct driver driver_postgresql, driver_mariadb, driver_mysql;

#endif
