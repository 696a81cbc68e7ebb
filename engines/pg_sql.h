/* One statement at a time: what pg_classify and the child process share. Private to engines/. */
#ifndef PG_SQL_H
#define PG_SQL_H

#include "engines/pg_json.h"
#include "engines/pg_lex.h"

/* Of one statement: parsing costs about a hundred times its size in memory. */
#define PG_STATEMENT_MAX ((size_t)1 << 20)

/*
 * Finds the next statement at or after *at and moves *at behind it. 1: from, len and state are
 * set; 0: nothing but white space and comments is left.
 */
int pg_next(const char *text, size_t len, const struct lexical *lx, size_t *at, struct statement *s,
    char *in);
/* Classifies it: fills everything but the span. */
void pg_judge(const char *text, const struct lexical *lx, char in, struct json_events *scratch,
    struct arena *a, struct statement *s);
/* An opaque statement with this reason. */
void pg_give_up(struct arena *a, struct statement *s, const char *kind, const char *why);

#endif
