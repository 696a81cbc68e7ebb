/* Programs the site configured: run once, without a shell. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stddef.h>

#include "err.h"

/*
 * Runs words[0..n) with one more argument after them. Standard input and output are /dev/null; the
 * first line of its standard error is quoted where it fails. Stopped, with its group, at the
 * deadline. `what` is for the sentence: "the closed journal /x". ERR_FAILED.
 */
int program_run(const char *const *words, size_t n, const char *last, const char *what,
    int deadline_ms, struct err *e);

#endif
