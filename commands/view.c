/*
 * Views out of what a command already has in memory: lines, or a table of cells. Rows are pulled,
 * so that whoever shows them decides how many. Must never copy or change the cells: the arena of
 * the line keeps them.
 */
#include "arena.h"
#include "command.h"
#include "banned.h"

struct rows {
	const char *const *cells; /* row-major */
	size_t ncols, nrows, at;
};

static int
rows_next(struct view *v, const char **cells, struct err *e)
{
	struct rows *r = v->state;
	size_t i;

	(void)e;
	if (r->at >= r->nrows)
		return 0;
	for (i = 0; i < r->ncols; i++)
		cells[i] = r->cells[r->at * r->ncols + i];
	r->at++;
	return 1;
}

void
view_table(struct arena *a, struct view *v, size_t ncols, const char *const *titles,
    const char *const *cells, size_t nrows, const unsigned char *is_numeric)
{
	struct rows *r = arena_alloc(a, sizeof(*r));

	r->cells = cells;
	r->ncols = ncols;
	r->nrows = nrows;
	v->ncols = ncols;
	v->titles = titles == NULL ? NULL : arena_memdup(a, titles, ncols * sizeof(*titles));
	v->is_numeric = is_numeric == NULL ? NULL : arena_memdup(a, is_numeric, ncols);
	v->next = rows_next;
	v->state = r;
}

void
view_lines(struct arena *a, struct view *v, char **lines, size_t n)
{
	view_table(a, v, 1, NULL, (const char *const *)lines, n, NULL);
}
