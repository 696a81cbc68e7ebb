/* Records of a journal file as lines of a view, read as they are pulled. */
#ifndef COMMANDS_RECORDS_H
#define COMMANDS_RECORDS_H

#include "command.h"

int records_view(struct arena *a, const char *file, struct view *v, struct err *e);
/* All records as one JSON array, ASCII only. */
int records_json(struct arena *a, const char *file, struct view *v, struct err *e);

#endif
