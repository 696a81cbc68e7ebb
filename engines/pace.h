/*
 * How far a restore is, how long it will still take and how sure that is, and what failing over to
 * a held replica would take instead. One for all engines. Private to engines/.
 */
#ifndef PACE_H
#define PACE_H

#include <stdint.h>
#include <time.h>

#include "engines/ask.h"

#define PACE_WINDOWS 16

struct pace {
	struct cluster *c;
	struct arena *a;
	void (*progress)(void *ctx, const char *line);
	void *progress_ctx;
	const char *sizes; /* of indexes as they stand: "NAME BYTES" lines */
	const char *held;  /* replicas that keep what stands, with blanks */
	const char *after; /* definitions that come after the rows */
	time_t began;
	int64_t rows, data, rows_done, data_done;
	int is_loaded;
	double index_speed; /* bytes of index to bytes of text loaded, in the same time */
	int64_t input_ms;   /* of loading rows, that the dump was waited for */

	int64_t rows_ms, said_ms, window_ms, window_data;
	double rates[PACE_WINDOWS]; /* bytes a second, of the last windows */
	size_t nrates;
	double weight, weight_done, weight_now; /* of what comes after, in bytes of index */
	double now_done;			/* of weight_now, as far as the server says */
	int64_t after_ms, one_ms;
	const char *now; /* what is being made */
};

/* What is left, in seconds, each with how far it may be off. */
struct pace_left {
	double rate; /* bytes a second */
	double data, data_sure, after, after_sure;
};
/* 0: too early to say. */
int pace_left(const struct pace *x, struct pace_left *out);
/* A line now and then: rows done, how long, and how that compares with failing over. */
void pace_say(struct pace *x);
/* The weight of a definition that comes after the rows: what building it costs. */
double pace_weight(const struct pace *x, const char *text);
/* The sum of them. */
void pace_weigh(struct pace *x);
/* Around one definition. */
void pace_begin(struct pace *x, const char *text);
void pace_end(struct pace *x);

#endif
