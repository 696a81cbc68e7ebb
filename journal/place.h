/* Where journal files are made: directories checked, files created once, never reopened. */
#ifndef JOURNAL_PLACE_H
#define JOURNAL_PLACE_H

#include "err.h"

/* Opens a directory fit for evidence, making it (0700) where it is missing. fd or -1. */
int jplace_open(const char *dir, struct err *e);
/* Creates name in dirfd, empty, 0600, locked for this process. fd or -1. */
int jplace_create(int dirfd, const char *dir, const char *name, struct err *e);

#endif
