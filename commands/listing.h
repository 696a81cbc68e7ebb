/* A question's rows as a view: what the listing verbs share. Private to commands/. */
#ifndef LISTING_H
#define LISTING_H

#include "command.h"
#include "engines/ask.h"

int listing_view(struct context *c, enum ask_list what, const char *argument, const char *empty,
    struct result *r, struct err *e);

#endif
