/* A replay on a terminal: the pace, the keys. */
#ifndef PLAY_H
#define PLAY_H

#include "err.h"

struct app;
struct replay_options;

/* Shows and writes nothing. Without a terminal (--follow into a pipe): line after line, no keys. */
int play_run(struct app *app, const struct replay_options *o, struct err *e);

#endif
