/*
 * deny: a signed no, with its reason. As easy as it can be: denying makes safe.
 */
#include <string.h>

#include "arena.h"
#include "commands/asked.h"
#include "banned.h"

#define REASON_MAX 200

static int
deny_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const char *reason = "", *p;
	int i;

	for (i = 2; i < argc; i++)
		reason = arena_printf(c->arena, "%s%s%s", reason, i > 2 ? " " : "", argv[i]);
	for (p = reason; *p >= ' ' && *p <= '~'; p++)
		;
	if (*p != '\0' || strlen(reason) > REASON_MAX)
		return err_set(e, ERR_USAGE,
		    "the reason must be printable ASCII, at most %d characters; nothing was signed",
		    REASON_MAX);
	r->screen.wants_answer = 1;
	r->screen.decision = "deny";
	r->screen.comment = reason;
	return asked_screen(c, argv[1], r, e);
}

const struct command command_deny = {
    .name = "deny",
    .args = "ID|- REASON...",
    .min = 2,
    .max = -1,
    .needs = IN_SHELL | AT_CLI | NEED_PERSON,
    .help = "Sign a no to a request, with the reason",
    .exec = deny_exec,
};
