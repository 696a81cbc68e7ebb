/* The operator's own sentences, for `note` and `incident note`. */
#ifndef COMMANDS_NOTE_H
#define COMMANDS_NOTE_H

#include "command.h"

/* A note of the line's text after its first `skip` words. */
int note_entry(struct context *c, int skip, struct result *r, struct err *e);

#endif
