/*
 * A hold: a replica kept back. Derived from the `begin` and `outcome` records of hold, harden
 * and release steps, so that it survives a crash of the shell.
 */
#ifndef HOLD_H
#define HOLD_H

#include <stddef.h>
#include <stdint.h>

struct hold {
	const char *node, *identity, *incarnation;
	const char *cluster;
	const char *position; /* replay position when it was seen paused, or "" */
	const char *since;    /* RFC 3339 */
	const char *plan;     /* id of the plan it was made for, or "" (pause) */
	const char *person;
	const char *journal; /* session id of the journal it is written in */
	int is_hardened;
	const char *hardened_at; /* LSN, or "" */
	const char *before;	 /* the position on the primary right before the statement, or "" */
	int is_certain;		 /* 0: a begin without outcome */
};

struct topology;

/* Seen, after it was made, to replay again or to be no replica any more. t may be NULL. */
int hold_is_lost(const struct hold *h, const struct topology *t);

#endif
