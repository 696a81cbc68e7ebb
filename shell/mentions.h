/* Which tables a half-typed text speaks of, and what may stand next: for completion. Pure. */
#ifndef MENTIONS_H
#define MENTIONS_H

#include <stddef.h>

#define MENTION_BYTES 130
#define MENTIONS_MAX 4

/* The tables named after FROM, JOIN, UPDATE, INTO or TABLE, as written; at most MENTIONS_MAX. A
 * guess for completion, never for judgement. */
size_t mentions_tables(const char *text, size_t len, char out[][MENTION_BYTES]);
/* True where a table's name stands next, after the text up to `len`. */
int mentions_wants_table(const char *text, size_t len);

#endif
