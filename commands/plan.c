/*
 * plan LINE: shows what a line would do, and stops.
 */
#include <string.h>

#include "command.h"
#include "banned.h"

static int
plan_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	const struct command *inner;
	const char *line = strstr(c->line, "plan");

	/* The rest of the line as it was typed, not as it was split. */
	line += strlen("plan");
	line += strspn(line, " \t\n");
	c->line = line;
	c->line_len = strlen(line);
	inner = command_find(argv[1]);
	if (inner == NULL || !(inner->needs & IN_SHELL)) {
		if (command_sql(c, line, strlen(line), r, e) != 0)
			return -1;
	} else if (argc - 2 < inner->min || (inner->max >= 0 && argc - 2 > inner->max)) {
		return err_set(e, ERR_USAGE, "usage: plan %s %s", inner->name, inner->args);
	} else if (inner->exec(c, argc - 1, argv + 1, r, e) != 0) {
		return -1;
	}
	if (r->kind != RETURNS_PLAN)
		return err_set(
		    e, ERR_USAGE, "\"%s\" only looks or notes: there is no plan to show", argv[1]);
	r->is_dry = 1;
	return 0;
}

const struct command command_plan = {
    .name = "plan",
    .args = "LINE",
    .min = 1,
    .max = -1,
    .needs = IN_SHELL | NEED_CLUSTER | TAKES_LINE,
    .help = "Show what a line would do, step by step, and run nothing",
    .exec = plan_exec,
};
