/*
 * Names for completion. Asks with whatever deadline the caller's waiter has. Must never change or
 * open anything: pressing Tab is no act.
 */
#include "arena.h"
#include "command.h"
#include "engines/ask.h"
#include "banned.h"

int
command_names(struct context *c, const char *prefix, const char ***out, size_t *n, struct err *e)
{
	return ask_names(c->cluster, c->waiter, c->arena, prefix, out, n, e);
}

int
command_columns(struct context *c, const char *table, const char ***out, size_t *n, struct err *e)
{
	struct listing l;
	size_t i;

	*n = 0;
	if (ask_list(c->cluster, c->waiter, c->arena, ASK_COLUMNS, table, &l, e) != 0)
		return -1;
	*out = arena_array(c->arena, l.nrows + 1, sizeof(**out));
	for (i = 0; i < l.nrows; i++)
		(*out)[(*n)++] = l.cells[i * l.ncols];
	return 0;
}

size_t
command_nodes(struct context *c, const char ***out)
{
	const struct topology *t = c->topology != NULL ? c->topology : ask_last(c->cluster);
	size_t i;

	if (t == NULL)
		return 0;
	*out = arena_array(c->arena, t->nnodes + 1, sizeof(**out));
	for (i = 0; i < t->nnodes; i++)
		(*out)[i] = t->nodes[i].name;
	return t->nnodes;
}
