/* A verdict drawn for people and as JSON. Private to commands/policy.c. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "command.h"

char *explain_json(struct arena *a, const struct verdict *v, const char *class, int is_offline);
void explain_lines(struct context *c, struct view *view, const struct verdict *v, const char *class,
    int is_offline);

#endif
