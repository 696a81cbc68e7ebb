/*
 * locks: who waits for a lock, and who holds it.
 */
#include "commands/listing.h"
#include "banned.h"

static int
locks_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	return listing_view(c, ASK_LOCKS, NULL, "nobody waits for a lock on this node", r, e);
}

const struct command command_locks = {
    .name = "locks",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show who waits for whom on this node",
    .exec = locks_exec,
};
