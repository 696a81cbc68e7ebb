/*
 * \d: everything one table or view is made of, or all of them.
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

static void
add_parts(struct rows *t, const struct listing *l, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to && i < l->nrows; i++)
		memcpy(t->cells + COLUMNS * t->n++, l->cells + i * l->ncols,
		    COLUMNS * sizeof(*t->cells));
}

/* What it is, its columns, indexes, constraints, triggers, partitions, policies. */
static int
describe(struct context *c, const char *name, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {"part", "name", "definition", "detail"};
	static const enum ask_list asked[] = {ASK_COLUMNS, ASK_INDEXES, ASK_CONSTRAINTS, ASK_PARTS};
	struct listing l[4];
	struct rows t = {NULL, 0};
	size_t i, n = 0;

	for (i = 0; i < 4; i++) {
		if (ask_list(c->cluster, c->waiter, c->arena, asked[i], name, &l[i], e) < 0)
			return -1;
		n += l[i].nrows;
	}
	t.cells = arena_array(c->arena, COLUMNS * n + 1, sizeof(*t.cells));
	add_parts(&t, &l[3], 0, 1);
	add_columns(c->arena, &t, &l[0]);
	add_others(c->arena, &t, &l[1], "index", 1, 2);
	add_others(c->arena, &t, &l[2], "constraint", 2, 1);
	add_parts(&t, &l[3], 1, l[3].nrows);
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
