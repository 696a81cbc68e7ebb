/*
 * activity: the sessions of this node, oldest transaction first.
 */
#include "commands/listing.h"
#include "banned.h"

static int
activity_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	int live = listing_live("activity", argc, argv, r, e);

	if (live != 0)
		return live < 0 ? -1 : 0;
	return listing_view(c, ASK_ACTIVITY, NULL, NULL, r, e);
}

const struct command command_activity = {
    .name = "activity",
    .args = "[live [SECONDS]]",
    .max = 2,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show the sessions of this node, oldest transaction first",
    .exec = activity_exec,
};
