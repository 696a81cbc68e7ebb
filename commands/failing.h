/* What failover asks before it plans: commands/failover_ask.c. */
#ifndef COMMANDS_FAILING_H
#define COMMANDS_FAILING_H

#include "command.h"
#include "failover.h"

/* The old primary and the candidate, with their sections, directories and hosts. */
void failing_sides(struct context *c, struct failover_input *in, const struct node *candidate);
/* What the old primary's disk holds behind the candidate; in->no_log says why it is not known. */
void failing_log(struct context *c, struct failover_input *in, const struct node *candidate);
/* The filed plan the candidate is held for, or NULL. */
void failing_mistake(struct context *c, struct failover_input *in, const struct node *candidate);

#endif
