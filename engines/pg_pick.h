/*
 * Which statements of a dump's script make one table, and the same statements for a side schema.
 * The words are read one by one, as pg_dump writes them. Pure; private to engines/.
 */
#ifndef PG_PICK_H
#define PG_PICK_H

#include <stddef.h>

#include "err.h"

struct arena;

enum pick_part {
	PICK_NOT,    /* is about something else */
	PICK_BEFORE, /* before the rows */
	PICK_AFTER,  /* after them: keys, indexes, triggers, counters */
	PICK_LEFT,   /* is about it, and is not brought along */
};

struct pick {
	struct arena *a;
	const char *schema, *table;
	const char **own; /* names that move along: the table, its sequences, its indexes */
	size_t nown;
	const char **roles; /* that statements of it name */
	size_t nroles;
};

/* First pass, over all statements: sequences and indexes that belong to the table. ERR_REFUSED
 * where it is a partition, or is divided into some. */
int pick_learn(struct pick *x, const char *text, size_t len, struct err *e);
/* Second pass. */
enum pick_part pick_judge(struct pick *x, const char *text, size_t len);
/* The text with each name of the table, and what is its own, in the schema `side`; what else it
 * names stays. */
char *pick_move(struct pick *x, const char *text, size_t len, const char *side);
/* True where a COPY is of the table; its columns with commas, "" none said. */
int pick_is_copy(struct pick *x, const char *text, size_t len, const char **columns);

#endif
