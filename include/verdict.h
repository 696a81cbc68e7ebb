/*
 * A verdict: what policy says of actions in a session and topology. Levels only rise.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stddef.h>

enum level { LEVEL_ALLOW, LEVEL_CONFIRM, LEVEL_APPROVE, LEVEL_REFUSE };

enum guard_flag {
	GUARD_HOLD = 1 << 0,	   /* hold replicas first, prove it, prove it again after */
	GUARD_LIMITS = 1 << 1,	   /* lock_timeout and statement_timeout */
	GUARD_READ_ONLY = 1 << 2,  /* run inside a READ ONLY transaction */
	GUARD_OBJECTS = 1 << 3,	   /* check the objects' identity on the same connection */
	GUARD_REVERSIBLE = 1 << 4, /* offer the reversible form first */
	GUARD_COUNT = 1 << 5, /* run in a transaction, show the count, ask commit or roll back */
};

struct reason {
	const char *rule;     /* id of the rule, "destructive", "site:big-table" */
	const char *sentence; /* what will happen, what is not known, one next step */
	const char *learned;  /* the incident it was learned from, or NULL */
	enum level level;
};

struct verdict {
	enum level level;
	int approvals;		/* distinct other persons needed; 0 unless LEVEL_APPROVE */
	unsigned guards;	/* enum guard_flag */
	struct reason *reasons; /* every rule that fired, the deciding one first */
	size_t nreasons;
};

const char *level_name(enum level l); /* "allow", "confirm", "approve", "refuse" */

#endif
