/*
 * locks: who waits for a lock, below the one who holds it, as a tree.
 */
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

#define DEEPEST 20
#define ROWS_MAX 2000

enum { SESSION, WHO, STATE, SECONDS, WANTS, STATEMENT, COLUMNS };

/* The listing's columns, by title; engines name the same things the same way. */
struct place {
	const struct listing *l;
	int waits, seconds, mode, object, statement, blocker, held_by, application, state, theirs;
};

struct forest {
	struct arena *a;
	struct place p;
	const char **cells;
	size_t n;
};

static int
column(const struct listing *l, const char *title)
{
	size_t i;

	for (i = 0; i < l->ncols; i++)
		if (strcmp(l->titles[i], title) == 0)
			return (int)i;
	return -1;
}

static const char *
cell(const struct place *p, size_t row, int k)
{
	const char *s = k < 0 ? NULL : p->l->cells[row * p->l->ncols + (size_t)k];

	return s == NULL ? "" : s;
}

static const char **
add(struct forest *f, const char *id, int depth)
{
	const char **row = f->cells + COLUMNS * f->n++;

	row[SESSION] = depth == 0 ? id : arena_printf(f->a, "%*s+- %s", 3 * (depth - 1), "", id);
	return row;
}

static void
add_waiters(struct forest *f, const char *blocker, int depth)
{
	const struct place *p = &f->p;
	const char **row;
	size_t i;

	for (i = 0; i < p->l->nrows && f->n < ROWS_MAX; i++) {
		if (strcmp(cell(p, i, p->blocker), blocker) != 0)
			continue;
		row = add(f, cell(p, i, 0), depth);
		row[WHO] = cell(p, i, p->waits);
		row[STATE] = "waits";
		row[SECONDS] = cell(p, i, p->seconds);
		row[WANTS] =
		    arena_printf(f->a, "%s %s", cell(p, i, p->mode), cell(p, i, p->object));
		row[STATEMENT] = cell(p, i, p->statement);
		if (depth < DEEPEST && strcmp(cell(p, i, 0), blocker) != 0)
			add_waiters(f, cell(p, i, 0), depth + 1);
	}
}

/* True where an earlier row has the same blocker, or the blocker waits itself. */
static int
is_no_root(const struct place *p, size_t row)
{
	const char *id = cell(p, row, p->blocker);
	size_t i;

	for (i = 0; i < p->l->nrows; i++)
		if (strcmp(cell(p, i, 0), id) == 0 ||
		    (i < row && strcmp(cell(p, i, p->blocker), id) == 0))
			return 1;
	return 0;
}

static void
grow(struct forest *f)
{
	const struct place *p = &f->p;
	const char **row, *app;
	size_t i;

	for (i = 0; i < p->l->nrows && f->n < ROWS_MAX; i++) {
		if (is_no_root(p, i))
			continue;
		if (cell(p, i, p->blocker)[0] != '\0') {
			row = add(f, cell(p, i, p->blocker), 0);
			app = cell(p, i, p->application);
			row[WHO] = arena_printf(f->a, "%s%s%s", cell(p, i, p->held_by),
			    app[0] == '\0' ? "" : ", ", app);
			row[STATE] = cell(p, i, p->state);
			row[STATEMENT] = cell(p, i, p->theirs);
			row[WANTS] = "holds it";
		}
		add_waiters(f, cell(p, i, p->blocker), cell(p, i, p->blocker)[0] != '\0');
	}
}

static int
locks_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[COLUMNS] = {
	    "session", "who", "state", "seconds", "lock", "statement"};
	static const unsigned char numeric[COLUMNS] = {[SECONDS] = 1};
	struct forest f = {.a = c->arena};
	struct listing l;
	int live = listing_live("locks", argc, argv, r, e);

	if (live != 0)
		return live < 0 ? -1 : 0;
	if (c->is_json)
		return listing_view(c, ASK_LOCKS, NULL, NULL, r, e);
	if (ask_list(c->cluster, c->waiter, c->arena, ASK_LOCKS, NULL, &l, e) < 0)
		return -1;
	f.p = (struct place){&l, column(&l, "waits"), column(&l, "seconds"), column(&l, "mode"),
	    column(&l, "object"), column(&l, "statement"), column(&l, "blocker"),
	    column(&l, "held_by"), column(&l, "application"), column(&l, "state"),
	    column(&l, "blocker_statement")};
	f.cells = arena_array(c->arena, COLUMNS * (ROWS_MAX + DEEPEST + 2), sizeof(*f.cells));
	grow(&f);
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, f.cells, f.n, numeric);
	r->view.footer = f.n == 0 ? "nobody waits for a lock on this node" : NULL;
	return 0;
}

const struct command command_locks = {
    .name = "locks",
    .args = "[live [SECONDS]]",
    .max = 2,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER,
    .help = "Show who waits for whom on this node",
    .exec = locks_exec,
};
