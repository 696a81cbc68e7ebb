/* A plan of an earlier time, read from the journals. */
#ifndef FILED_H
#define FILED_H

#include "command.h"

/* By its id or the beginning of it; only believed when its digest is the one written with it. */
int filed_plan(struct context *c, const char *id, struct plan **out, struct err *e);
/* The transaction its statement ran in, as the journals have it, or "": none is known. */
const char *filed_xid(struct context *c, const char *id);
/* A filed `rm`: its undo. commands/rm.c */
int rm_undo(struct context *c, const struct plan *filed, struct result *r, struct err *e);

#endif
