/* A verb's picture on a screen of its own, drawn again and again until q or Ctrl-C. */
#ifndef LIVE_H
#define LIVE_H

#include "command.h"

struct app;

int live_run(struct app *app, const struct screen *s, struct err *e);

#endif
