/* journal resolve: what became of statements whose outcome was lost. */
#ifndef COMMANDS_RESOLVE_H
#define COMMANDS_RESOLVE_H

#include "command.h"

/* words: what follows `journal resolve`. A listing, or a `recover` record to be signed. */
int resolve_exec(struct context *c, int n, char **words, struct result *r, struct err *e);
/* Its short name: the beginning of the session, and the record's number. */
const char *resolve_id(struct arena *a, const struct unknown *u);
/* What the server that ran it says, or NULL and why it says nothing. */
const char *resolve_ask(
    struct context *c, const struct unknown *u, const char **why, const char **evidence);
/* The record, from the server's answer or else what a person states; stated NULL: nothing. */
int resolve_record(struct context *c, const struct unknown *u, const char *stated,
    const char *reason, struct result *r, struct err *e);

#endif
