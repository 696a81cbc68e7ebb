/*
 * The listings people have in their fingers: \d, \l, \du, \df.
 */
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

enum { PART, NAME, DEFINITION, DETAIL, COLUMNS };

struct rows {
	const char **cells;
	size_t n;
};

static void
add(struct arena *a, struct rows *t, const char *part, const char *name, const char *definition,
    const char *detail)
{
	const char **row = t->cells + COLUMNS * t->n++;

	row[PART] = part;
	row[NAME] = name;
	row[DEFINITION] = arena_strdup(a, definition);
	row[DETAIL] = detail == NULL ? "" : detail;
}

static const char *
filled(const char *s, const char *before)
{
	return s == NULL || *s == '\0' ? "" : before;
}

static void
add_columns(struct arena *a, struct rows *t, const struct listing *l)
{
	const char **c = l->cells;
	size_t i;

	for (i = 0; i < l->nrows; i++, c += l->ncols)
		add(a, t, "column", c[0],
		    arena_printf(a, "%s%s%s%s%s", c[1], filled(c[2], " "), c[2] == NULL ? "" : c[2],
			filled(c[3], strncmp(c[3] == NULL ? "" : c[3], "generated", 9) == 0
					 ? " "
					 : " default "),
			c[3] == NULL ? "" : c[3]),
		    c[4]);
}

static void
add_others(
    struct arena *a, struct rows *t, const struct listing *l, const char *part, int def, int detail)
{
	const char **c = l->cells;
	size_t i;

	for (i = 0; i < l->nrows; i++, c += l->ncols)
		add(a, t, part, c[0], c[def], arena_printf(a, "%s, %s", c[detail], c[3]));
}

/* Columns, indexes and constraints of one table or view. */
static int
describe(struct context *c, const char *name, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {"part", "name", "definition", "detail"};
	struct listing columns, indexes, constraints;
	struct rows t = {NULL, 0};

	if (ask_list(c->cluster, c->waiter, c->arena, ASK_COLUMNS, name, &columns, e) < 0 ||
	    ask_list(c->cluster, c->waiter, c->arena, ASK_INDEXES, name, &indexes, e) < 0 ||
	    ask_list(c->cluster, c->waiter, c->arena, ASK_CONSTRAINTS, name, &constraints, e) < 0)
		return -1;
	t.cells = arena_array(c->arena,
	    COLUMNS * (columns.nrows + indexes.nrows + constraints.nrows) + 1, sizeof(*t.cells));
	add_columns(c->arena, &t, &columns);
	add_others(c->arena, &t, &indexes, "index", 1, 2);
	add_others(c->arena, &t, &constraints, "constraint", 2, 1);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, t.cells, t.n, NULL);
	return 0;
}

static int
d_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	if (argc > 1)
		return describe(c, argv[1], r, e);
	return listing_view(c, ASK_TABLES, NULL, "there are no tables", r, e);
}

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
	    "there are no functions of the users' own", r, e);
}

#define LISTING_NEEDS (IN_SHELL | HAS_JSON | NEED_CLUSTER)

const struct command command_d = {
    .name = "\\d",
    .alias = "\\d+",
    .args = "[TABLE]",
    .max = 1,
    .needs = LISTING_NEEDS,
    .help = "Describe a table or view, or list them all",
    .exec = d_exec,
};
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
    .args = "[SCHEMA|NAME]",
    .max = 1,
    .needs = LISTING_NEEDS,
    .help = "List the users' own functions",
    .exec = df_exec,
};
