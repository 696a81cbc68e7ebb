/* Short texts judged just now, so that asking the same again (\watch, arrow up) costs no round trip
 * to the child. Private to the classifier. */
#ifndef CLASSIFIER_MEMO_H
#define CLASSIFIER_MEMO_H

#include "engine.h"

struct arena;
struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *m); /* accepts NULL */
/* 1 where the very same bytes under the same lexical rules were judged before: fills out's
 * statements, whose spans are already there. */
int memo_get(struct memo *m, const char *text, size_t len, const struct lexical *lx,
    struct arena *a, struct script *out);
void memo_put(
    struct memo *m, const char *text, size_t len, const struct lexical *lx, const struct script *s);

#endif
