/*
 * A table on its way from a dump to a side schema: what the procedure knows, and how long it will
 * take. Private to engines/.
 */
#ifndef PG_RESTORE_H
#define PG_RESTORE_H

#include <time.h>

#include "engines/pg_dump.h"
#include "engines/pg_proc.h"

#define RESTORE_WINDOWS 16

enum restore_stage { STAGE_NONE, STAGE_MADE, STAGE_LOADED };

struct restoring {
	struct undo u;	     /* dst: the session that acts; src unused */
	struct pg_conn *eye; /* a second one, which looks how far the first is */
	struct waiter looking;
	struct dump d;
	struct pick pick;
	struct waiter *base; /* of the operator; looking asks it */
	const char *encoding, *side, *aside, *before, *after, *columns, *sha256, *identity;
	const char *sizes; /* of indexes as they stand: "NAME BYTES" lines */
	const char *held;  /* replicas that keep what stands, with blanks */
	time_t began;
	int64_t rows, data;
	enum restore_stage stage;
	size_t made; /* of the definitions after the rows */

	/* Rows. */
	struct hasher *hash;
	char *piece;
	size_t left;
	int is_over;
	int64_t rows_done, data_done;
	struct err err;

	/* Time. */
	int64_t start_ms, rows_ms, said_ms, window_ms, window_data;
	double rates[RESTORE_WINDOWS]; /* bytes a second, of the last windows */
	size_t nrates;
	double weight, weight_done, weight_now; /* of what comes after, in bytes of text */
	int64_t after_ms, one_ms;
	const char *now;    /* what is being made */
	const char *report; /* what did not fit, for the end; "" nothing */
};

/* What is left, as a range of seconds; -1 in *low: not known yet. */
void restore_left(struct restoring *x, double *low, double *high);
/* A line now and then: rows done, how long, and how that compares with failing over. */
void restore_say(struct restoring *x);
/* The weight of a definition that comes after the rows: what building it costs. */
double restore_weight(const struct restoring *x, const char *text);
void restore_weigh(struct restoring *x);

#endif
