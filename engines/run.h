/*
 * Effects: everything that changes something on a server. Only shell/run.c, the one door, may
 * include this file.
 */
#ifndef RUN_H
#define RUN_H

#include <stddef.h>
#include <stdint.h>

#include "engines/ask.h"
#include "sink.h"
#include "step.h"

/* What one text came to. */
struct outcome {
	char tag[64];	  /* command tag, "DROP TABLE" */
	int64_t rows;	  /* affected or returned; -1 none */
	char sqlstate[6]; /* "" on success */
	int backend_pid;
	const char *before, *after; /* log positions where cheap, or "" */
	const char *xid;	    /* transaction id of the main transaction, or "" */
	size_t ncells;
	const char **cells; /* first row of the last text, for keeps and checks; NULL is SQL NULL */
	int64_t ms;	    /* duration */
	int is_unknown;	    /* the connection broke after the text was sent */
};

/* One text set on one connection. */
struct effect {
	const char *node;
	enum step_conn conn;
	const char *const *texts; /* sent one message each; all in one round trip where more */
	size_t ntexts;
	int timeout_ms;
	struct sink *sink;   /* for the last text; only for a lone effect */
	struct arena *arena; /* for the outcome; one per effect: it is filled by a worker */
	struct outcome outcome;
	struct err err;
	int rc;
};

/* Runs the effects at the same time, one worker per node; a lone one on the calling thread. Returns
 * 0 when all did; each effect has its own rc and err. */
int run_effects(struct cluster *c, struct waiter *w, struct effect *effects, size_t n);
/* The plan's own fresh connection to a node and database, named to the server as
 * "holdfast PERSON INCIDENT". Not through a pooler. */
int run_main_open(
    struct cluster *c, struct waiter *w, const char *node, const char *database, struct err *e);
void run_main_close(struct cluster *c);
/* Cancels what runs on the operator's or main connection (out-of-band). */
void run_cancel(struct cluster *c);
/* The pen: one person acts at a time on a cluster. ERR_REFUSED names who has it. */
int run_pen_take(struct cluster *c, struct waiter *w, struct err *e);
void run_pen_drop(struct cluster *c);
/* A named procedure of a plan (STEP_PROC) with its typed arguments; declared nodes only. */
int run_proc(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
/* Unknown outcomes: what the server says of a transaction id: "committed", "aborted", "in progress"
 * or NULL when it no longer knows. */
int run_xact_status(
    struct cluster *c, struct waiter *w, const char *xid, const char **status, struct err *e);

#endif
