/*
 * Replay: the records of one or several sessions as frames for people, in causal order, each with
 * its place on the clock. Who shows them (a terminal, a pipe, an asciicast) keeps the time.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

/* What a frame is to somebody who jumps. */
enum frame_kind { FRAME_OTHER, FRAME_INPUT, FRAME_INTENT, FRAME_APPROVAL, FRAME_OUTCOME };

struct replay_options {
	const char *const *files;
	size_t nfiles;
	int speed_percent; /* 100: the original pace */
	int idle_ms;	   /* no pause is longer; 0: as it was */
	const char *from;  /* a record's number, or a time (RFC 3339, or HH:MM[:SS]); NULL: all */
	int is_dangerous;  /* only what was dangerous or worse, and what came of it */
	int is_step;	   /* one frame a key */
	int is_follow;	   /* goes on while the session does */
};

struct replay_frame {
	enum frame_kind kind;
	int is_bad;    /* failed, refused, unknown, alarm: to be drawn so */
	int64_t at_ms; /* since the first frame; never falls */
	const char *t; /* RFC 3339 */
	uint64_t seq;
	char *text;  /* inert lines, no final line feed; lives until the next call */
	int is_last; /* a session's close */
};

struct replay;

/* ERR_USAGE where `from` is none. The options must outlive it. */
int replay_open(const struct replay_options *o, struct replay **out, struct err *e);
/* 1 a frame, 0 the end; where it follows, 0 may only mean that there is nothing yet. At the end
 * come frames for begins without an outcome, and for files that cannot be read on. */
int replay_next(struct replay *r, struct replay_frame *out);
/* After 0, where it follows: 1 there may be more, 0 nothing yet, -1 nothing will come. */
int replay_more(struct replay *r);
int replay_columns(const struct replay *r); /* of the terminal it happened on; 0 not known */
int replay_rows(const struct replay *r);
void replay_close(struct replay *r); /* accepts NULL */

#endif
