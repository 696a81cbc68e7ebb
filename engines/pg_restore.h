/*
 * A table on its way from a dump of PostgreSQL to a side schema: what the procedure knows. Private
 * to engines/.
 */
#ifndef PG_RESTORE_H
#define PG_RESTORE_H

#include "engines/pace.h"
#include "engines/pg_dump.h"
#include "engines/pg_proc.h"

enum restore_stage { STAGE_NONE, STAGE_MADE, STAGE_LOADED };

struct restoring {
	struct undo u;	     /* dst: the session that acts; src unused */
	struct pg_conn *eye; /* a second one, which looks how far the first is */
	struct waiter looking;
	struct dump d;
	struct pick pick;
	struct waiter *base; /* of the operator; looking asks it */
	const char *encoding, *side, *aside, *before, *after, *columns, *sha256, *identity;
	struct pace p;
	enum restore_stage stage;
	size_t made; /* of the definitions after the rows */

	/* Rows. */
	struct hasher *hash;
	char *piece;
	size_t left;
	int is_over;
	struct err err;
	const char *report; /* what did not fit, for the end; "" nothing */
};

#endif
