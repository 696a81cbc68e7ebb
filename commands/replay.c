/*
 * replay FILE: what was typed, decided and done in a session, and what came of it, as text.
 */
#include "command.h"
#include "commands/records.h"
#include "banned.h"

static int
replay_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	r->kind = RETURNS_VIEW;
	return records_view(c->arena, argv[1], 1, &r->view, e);
}

const struct command command_replay = {
    .name = "replay",
    .args = "FILE",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | AT_CLI,
    .help = "Show what was typed and done in a session, from its journal",
    .exec = replay_exec,
};
