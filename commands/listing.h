/* A question's rows as a view: what the listing verbs share. Private to commands/. */
#ifndef LISTING_H
#define LISTING_H

#include "command.h"
#include "engines/ask.h"

int listing_view(struct context *c, enum ask_list what, const char *argument, const char *empty,
    struct result *r, struct err *e);
/* "VERB live [SECONDS]": 1 and a screen, 0 where it is none, -1. */
int listing_live(const char *verb, int argc, char **argv, struct result *r, struct err *e);

#endif
