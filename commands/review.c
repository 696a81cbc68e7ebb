/*
 * review: the whole plan of a request, as this program understands it. Signs nothing.
 */
#include "commands/asked.h"
#include "banned.h"

static int
review_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return asked_screen(c, argc > 1 ? argv[1] : NULL, r, e);
}

const struct command command_review = {
    .name = "review",
    .args = "[ID|-]",
    .max = 1,
    .needs = IN_SHELL | AT_CLI,
    .help = "Show everything a request would do (-: paste it)",
    .exec = review_exec,
};
