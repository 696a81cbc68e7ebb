/* The site's program, run once for every closed file. */
#ifndef JOURNAL_CLOSED_H
#define JOURNAL_CLOSED_H

#include <stddef.h>

#include "err.h"

/* Runs words[0..n) with the file's path after them; no shell. ERR_FAILED where it could not be
 * run, failed, or was stopped at the deadline. */
int closed_run(
    const char *const *words, size_t n, const char *file, int deadline_ms, struct err *e);

#endif
