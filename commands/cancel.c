/*
 * cancel ID: takes back a request of this session. Safing: needs nobody else.
 */
#include "command.h"
#include "banned.h"

static int
cancel_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)c;
	(void)argc;
	(void)e;
	r->kind = RETURNS_ENTRY;
	r->cancel = argv[1];
	return 0;
}

const struct command command_cancel = {
    .name = "cancel",
    .args = "ID",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL,
    .help = "Withdraw a request of this session",
    .exec = cancel_exec,
};
