/*
 * What the server has besides tables: \l \du \df.
 */
#include "commands/listing.h"
#include "banned.h"

static int
list_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	return listing_view(c, ASK_DATABASES, NULL, NULL, r, e);
}

static int
du_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc;
	(void)argv;
	return listing_view(c, ASK_ROLES, NULL, NULL, r, e);
}

static int
df_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return listing_view(c, ASK_FUNCTIONS, argc > 1 ? argv[1] : NULL,
	    argc > 1 ? "no function fits" : "there are no functions of the users' own", r, e);
}

#define LISTING_NEEDS (IN_SHELL | HAS_JSON | NEED_CLUSTER)

const struct command command_l = {
    .name = "\\l",
    .args = "",
    .max = 0,
    .needs = LISTING_NEEDS,
    .help = "List databases",
    .exec = list_exec,
};
const struct command command_du = {
    .name = "\\du",
    .args = "",
    .max = 0,
    .needs = LISTING_NEEDS,
    .help = "List roles",
    .exec = du_exec,
};
const struct command command_df = {
    .name = "\\df",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = LISTING_NEEDS,
    .help = "List the users' own functions",
    .exec = df_exec,
};
