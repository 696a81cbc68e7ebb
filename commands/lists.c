/*
 * More listings people have in their fingers: \di \dn \dx \dp \sf.
 */
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

static int
di_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return listing_view(c, ASK_ALL_INDEXES, argc > 1 ? argv[1] : NULL, "no index fits", r, e);
}

static int
dn_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc, (void)argv;
	return listing_view(c, ASK_SCHEMAS, NULL, "there are no schemas", r, e);
}

static int
dx_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	(void)argc, (void)argv;
	return listing_view(c, ASK_EXTENSIONS, NULL, "there are no extensions", r, e);
}

static int
dp_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return listing_view(
	    c, ASK_PRIVILEGES, argc > 1 ? argv[1] : NULL, "no table or view fits", r, e);
}

static int
sf_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct listing l;
	(void)argc;

	if (ask_list(c->cluster, c->waiter, c->arena, ASK_SOURCE, argv[1], &l, e) < 0)
		return -1;
	if (l.nrows == 0) {
		err_set(e, ERR_FAILED, "no function, procedure or view is called %s", argv[1]);
		return err_hint(e, "\\df lists functions, \\dv views");
	}
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, (char **)l.cells, l.nrows);
	return 0;
}

const struct command command_di = {
    .name = "\\di",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List indexes, with size and scans",
    .exec = di_exec,
};
const struct command command_dn = {
    .name = "\\dn",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List schemas",
    .exec = dn_exec,
};
const struct command command_dx = {
    .name = "\\dx",
    .args = "",
    .max = 0,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List extensions",
    .exec = dx_exec,
};
const struct command command_dp = {
    .name = "\\dp",
    .alias = "\\z",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List who may do what with tables and views",
    .exec = dp_exec,
};
const struct command command_sf = {
    .name = "\\sf",
    .alias = "\\sv",
    .args = "NAME",
    .min = 1,
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show the text of a function, procedure or view",
    .exec = sf_exec,
};
