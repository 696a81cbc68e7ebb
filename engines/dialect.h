/*
 * A language the classifier's child reads: how its statements are found and judged. Pure functions,
 * one row each in dialects.c. Private to engines/.
 */
#ifndef DIALECT_H
#define DIALECT_H

#include "engines/my_lex.h"
#include "engines/pg_json.h"

struct dialect {
	const struct engine *engine;
	/* The next statement, as my_next in my_sql.h has it; *now is what it has to be read with.
	 */
	int (*next)(const char *text, size_t len, const struct lexical *lx, struct my_split *sp,
	    struct statement *s, char *in, struct lexical *now);
	/* Fills everything but the span; must never fail. */
	void (*judge)(const char *text, const struct lexical *lx, char in,
	    struct json_events *scratch, struct arena *a, struct statement *s);
};

extern const struct dialect dialects[];
extern const size_t ndialects;
/* -1: there is no classifier for the engine. */
int dialect_of(const struct engine *g);

#endif
