/*
 * A question's rows as a view. Must never ask anything of its own.
 */
#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

/* empty: what to say instead of an empty table, or NULL. */
int
listing_view(struct context *c, enum ask_list what, const char *argument, const char *empty,
    struct result *r, struct err *e)
{
	struct listing l;

	if (ask_list(c->cluster, c->waiter, c->arena, what, argument, &l, e) < 0)
		return -1;
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, l.ncols, l.titles, l.cells, l.nrows, l.is_numeric);
	if (l.nrows == 0)
		r->view.footer = empty;
	return 0;
}
