/* PostgreSQL's lexical rules: finding statements in typed text, and the keyword lists. */
#ifndef PG_LEX_H
#define PG_LEX_H

#include "engine.h"

void pg_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out);
extern const char *const pg_first_keywords[]; /* lower case, NULL-terminated */
extern const char *const pg_all_keywords[];

/* Classifies in this process; engines/classifier.c calls it in the child. */
int pg_classify(const char *text, size_t len, const struct lexical *lx, struct arena *a,
    struct script *out, struct err *e);

#endif
