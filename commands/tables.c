/*
 * tables: tables and views of the database, with rows and sizes as the server last counted them.
 */
#include "commands/listing.h"
#include "banned.h"

static int
tables_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return listing_view(
	    c, ASK_TABLES, argc > 1 ? argv[1] : NULL, "no table or view fits", r, e);
}

const struct command command_tables = {
    .name = "tables",
    .alias = "\\dt",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List tables and views, with rows and size",
    .exec = tables_exec,
};
