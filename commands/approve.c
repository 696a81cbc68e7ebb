/*
 * approve: the reviewer's screen, which ends in a signature or in none. The screen needs a terminal
 * whatever standard input is: a person reads before signing.
 */
#include "commands/asked.h"
#include "banned.h"

static int
approve_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	r->screen.wants_answer = 1;
	r->screen.decision = "approve";
	return asked_screen(c, argc > 1 ? argv[1] : NULL, r, e);
}

const struct command command_approve = {
    .name = "approve",
    .args = "[ID|-]",
    .max = 1,
    .needs = IN_SHELL | AT_CLI | NEED_PERSON | NO_ALIAS,
    .help = "Read a request, then sign it by typing the node's name",
    .exec = approve_exec,
};
