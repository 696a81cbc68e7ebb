/*
 * run ID and cancel ID: requests of this session. The door looks at the world again before it runs
 * one; taking one back is safing and needs nobody else.
 */
#include "command.h"
#include "banned.h"

static int
run_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)c;
	(void)argc;
	(void)e;
	r->kind = RETURNS_ENTRY;
	r->run = argv[1];
	return 0;
}

const struct command command_run = {
    .name = "run",
    .args = "ID",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | NEED_CLUSTER | NEED_PERSON | NO_ALIAS,
    .help = "Run an approved request, after a fresh look at the world",
    .exec = run_exec,
};
