/*
 * A line that is surely a record, told without building it; and a whole file that surely holds,
 * checked on all cores. What is not sure is for line.c and verify.c, whose word counts.
 */
#ifndef JOURNAL_QUICK_H
#define JOURNAL_QUICK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "line.h"
#include "walk.h"

struct quick_span {
	const char *p;
	size_t n;
};

struct quick_record {
	uint64_t seq;
	struct quick_span type, plan,
	    step; /* values as they stand, with their quotes; p NULL none */
	const char *prev, *t;
	int has_sig;
};

/* True: jline_parse takes the line, and *out says what is in it. False: perhaps it does not.
 * known_t: the time of a record that was taken, which needs no second look; or NULL. */
int quick_line(const char *line, size_t len, const char *known_t, struct quick_record *out);

/*
 * The whole file. 1: every record chains and is what it must be, *c and *w are as after both
 * passes of verify.c, and the claims that hold are met. 0: not sure; *c is spoilt.
 */
int quick_file(struct check *c, int fd, off_t size, struct walk *w);

#endif
