/* A replay as lines of a view, read as they are pulled. */
#ifndef COMMANDS_REPLAYING_H
#define COMMANDS_REPLAYING_H

#include "command.h"
#include "replay.h"

struct replaying {
	struct replay *replay;
	struct arena *row;
	const struct replay_options *o;
	int has_header;
	enum { NEED, LOADED, MARKED } state; /* of the frame, in a cast */
	struct replay_frame frame;
	char *rest; /* lines of the frame not yet given, or NULL */
};

/* Inside: the next event of a cast; giving it all back. */
int replaying_event(struct view *v, const char **cells, struct err *e);
int replaying_finish(struct replaying *s);

/* All frames at once as text, or as an asciicast (version 2). The options must outlive the view. */
int replaying_view(
    struct arena *a, const struct replay_options *o, int is_cast, struct view *v, struct err *e);

#endif
