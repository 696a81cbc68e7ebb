/* What each directory of a verification holds, and what it lacks that another has. */
#ifndef JOURNAL_PLACES_H
#define JOURNAL_PLACES_H

#include "journal.h"

/* Fills out->places from out->items; only of paths that are directories. */
void places_fill(
    struct arena *a, const char *const *paths, size_t npaths, struct verify_result *out);

#endif
