/* What a WHERE is worth: the parts of engines/pg_where*.c among themselves. Private to engines/. */
#ifndef PG_WHERE_H
#define PG_WHERE_H

#include "engines/pg_walk.h"

/* What a condition is worth for the target. */
enum worth {
	WORTH_TRUE,  /* always true */
	WORTH_FREE,  /* not known, but does not depend on the target's row */
	WORTH_FALSE, /* never true */
	WORTH_LIMIT, /* restricts how many rows, not which: a LIMIT alone */
	WORTH_REAL,  /* restricts */
};

struct where {
	struct walk *w;
	const struct target *t;
	int is_alone; /* an unqualified column is the target's */
	uint32_t
	    inside; /* the sub-select that where_is_less is in: it may be called like its CTE */
};

/* One step deeper, at a cost; 0 where depth or effort is used up (then nothing restricts). */
int where_enter(struct where *q, size_t cost);
void where_leave(struct where *q);

/* The column's name where the node is a column; *qualifier is NULL where it has none. */
const char *where_column(struct where *q, uint32_t wrapper, const char **qualifier);
/* A column of the target, for sure; one that could be of several relations. */
const char *where_own(struct where *q, uint32_t wrapper);
const char *where_loose(struct where *q, uint32_t wrapper);
/* Does the expression's value depend on the target's row? */
int where_needs(struct where *q, uint32_t e);
/* Of a sub-select: its node; is it less than the whole target (WORTH_FREE: no), or of the relation
 * of that name; is tied to the target's row by its own WHERE or joins; gives one row whatever its
 * WHERE says. */
uint32_t where_subselect(struct where *q, uint32_t sublink);
enum worth where_is_less(struct where *q, uint32_t select);
enum worth where_is_less_named(struct where *q, const char *schema, const char *name);
int where_is_tied(struct where *q, uint32_t select);
int where_has_aggregate(struct where *q, uint32_t select);
/* The same expression, wherever it stands. */
int where_is_same(struct where *q, uint32_t a, uint32_t b);
/* Of the branches of an OR: a = b OR a <> b and their like. */
int where_has_opposites(struct where *q, uint32_t list);

enum worth where_compare(struct where *q, uint32_t x, int negate);
enum worth where_worth(struct where *q, uint32_t e, int negate);

#endif
