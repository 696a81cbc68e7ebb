/* A replay as lines of a view, read as they are pulled. */
#ifndef COMMANDS_REPLAYING_H
#define COMMANDS_REPLAYING_H

#include "command.h"
#include "replay.h"

/* All frames at once as text, or as an asciicast (version 2). The options must outlive the view. */
int replaying_view(
    struct arena *a, const struct replay_options *o, int is_cast, struct view *v, struct err *e);

#endif
