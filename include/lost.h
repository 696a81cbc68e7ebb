/*
 * What the log on the disk of a server holds that others may not have: what a failover would lose.
 * Asked of its host; nothing here acts. Strings are hostile: show them through text_inert.
 */
#ifndef LOST_H
#define LOST_H

#include <stdint.h>

#include "host.h"
#include "node.h"

/* What is asked: of this data directory, from a record at `from` on, commits behind `after`. */
struct log_question {
	const char *engine;
	const char *directory;
	const char *system; /* system identifier in decimal, or "" */
	int timeline;
	const char *from, *after;
};

struct log_facts {
	int64_t pid;		  /* of the server that works in it; 0 none */
	enum cluster_state state; /* how its control file says it was left */
	struct position end;	  /* where the log ends */
	int64_t bytes;		  /* of log behind `after`; -1: the difference of positions */
	int64_t commits;	  /* transactions committed behind `after`; -1 unknown */
	const char *first, *last; /* when: RFC 3339, or "" */
};

#endif
