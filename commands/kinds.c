/*
 * The listing of tables, one kind of them at a time: \dv \dm \ds.
 */
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

/* Rows of ASK_TABLES whose type begins so. */
static int
of_type(struct context *c, int argc, char **argv, const char *type, struct result *r, struct err *e)
{
	struct listing l;
	size_t i, n = 0, k;

	if (ask_list(
		c->cluster, c->waiter, c->arena, ASK_TABLES, argc > 1 ? argv[1] : NULL, &l, e) < 0)
		return -1;
	for (k = 0; k < l.ncols && strcmp(l.titles[k], "type") != 0; k++)
		continue;
	for (i = 0; k < l.ncols && i < l.nrows; i++)
		if (strncmp(l.cells[i * l.ncols + k], type, strlen(type)) == 0)
			memmove(l.cells + l.ncols * n++, l.cells + l.ncols * i,
			    l.ncols * sizeof(*l.cells));
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, l.ncols, l.titles, l.cells, n, l.is_numeric);
	if (n == 0)
		r->view.footer = arena_printf(c->arena, "no %s fits", type);
	return 0;
}

static int
dv_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return of_type(c, argc, argv, "view", r, e);
}

static int
dm_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return of_type(c, argc, argv, "materialized view", r, e);
}

static int
ds_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	return of_type(c, argc, argv, "sequence", r, e);
}

const struct command command_dv = {
    .name = "\\dv",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List views",
    .exec = dv_exec,
};
const struct command command_dm = {
    .name = "\\dm",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List materialized views",
    .exec = dm_exec,
};
const struct command command_ds = {
    .name = "\\ds",
    .args = "[SCHEMA|NAME|PATTERN*]",
    .max = 1,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "List sequences",
    .exec = ds_exec,
};
