/*
 * A question's rows as a view. Must never ask anything of its own.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "commands/listing.h"
#include "banned.h"

int
listing_live(const char *verb, int argc, char **argv, struct result *r, struct err *e)
{
	double every = 2;
	char *end = NULL;

	if (argc < 2)
		return 0;
	if (strcmp(argv[1], "live") == 0 && argc > 2)
		every = strtod(argv[2], &end);
	if (strcmp(argv[1], "live") != 0 || (end != NULL && *end != '\0') ||
	    !(every >= 0.2 && every <= 3600)) {
		err_set(
		    e, ERR_USAGE, "%s takes nothing, or live and seconds from 0.2 to 3600", verb);
		return err_hint(e, "%s live 2", verb);
	}
	r->kind = RETURNS_SCREEN;
	r->screen.kind = SCREEN_WATCH;
	r->screen.argument = verb;
	r->screen.interval_ms = (int)(every * 1000);
	return 1;
}

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
