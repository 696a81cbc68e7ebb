/*
 * activity: the sessions of this node, oldest transaction first.
 */
#include "commands/listing.h"
#include "banned.h"

static int
activity_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	return listing_view(c, ASK_ACTIVITY, NULL, NULL, r, e);
}

const struct command command_activity = {
    .name = "activity",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show the sessions of this node, oldest transaction first",
    .exec = activity_exec,
};
