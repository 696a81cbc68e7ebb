/* A command line as words: quotes and backslashes, nothing is ever expanded. */
#ifndef WORDS_H
#define WORDS_H

#include "err.h"

struct arena;

#define WORDS_MAX 256

/* argv of at most WORDS_MAX words, NULL-terminated. ERR_USAGE for an unclosed quote or too many. */
int words_split(
    struct arena *a, const char *line, size_t len, int *argc, char ***argv, struct err *e);

#endif
