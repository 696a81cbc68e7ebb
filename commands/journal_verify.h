/* A verification drawn for people and as JSON. Private to commands/journal.c. */
#ifndef JOURNAL_VERIFY_VIEW_H
#define JOURNAL_VERIFY_VIEW_H

#include "command.h"

void verify_view(struct arena *a, const struct verify_result *v, struct view *view);

#endif
