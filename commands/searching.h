/* The memory of journals, for people and for the judge. */
#ifndef COMMANDS_SEARCHING_H
#define COMMANDS_SEARCHING_H

#include "command.h"

/* journal search [TEXT] [--object NAME] [--class CLASS] [--since TIME] [--bad] */
int searching_view(struct context *c, int argc, char **argv, struct view *v, struct err *e);
/* Adds a reason to a judged plan where one like it failed or hurt before. Raises and lowers
 * nothing. */
void searching_remember(struct context *c, struct plan *p);

#endif
