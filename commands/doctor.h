/*
 * What doctor found: one row a check.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stddef.h>

struct context;

enum health { HEALTH_OK, HEALTH_NOTE, HEALTH_MISSING };

struct health_row {
	enum health state;
	const char *what; /* what was looked at, and what is so */
	const char *next; /* one next step, or NULL */
	const char *sql;  /* what gives it, to be pasted whole; or NULL */
};

struct checkup {
	struct context *c;
	struct health_row *rows;
	size_t n;
};

void check_add(struct checkup *k, enum health state, const char *next, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* This side: config, person, approvers, requests, journal, programs. */
void doctor_own_side(struct checkup *k);
/* The servers: who answers, how old, through what, and what this login may do there. */
void doctor_nodes(struct checkup *k);

#endif
