/*
 * Named, versioned procedures of a plan: a row each. A name that is not in the table does not run.
 */
#include <string.h>

#include "engines/pg_proc.h"
#include "banned.h"

static const struct procedure {
	const char *name;
	int (*run)(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
	    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
	    struct err *e);
} procedures[] = {
    {"undo-table-v1", proc_undo_table},
};

int
run_proc(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	out->rows = -1;
	out->before = out->after = out->xid = "";
	for (i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++)
		if (strcmp(procedures[i].name, s->proc) == 0)
			return procedures[i].run(c, w, s, a, out, progress, ctx, e);
	err_set(e, ERR_FAILED, "no procedure is called %s; nothing was done", s->proc);
	return err_hint(e, "the plan was made by another version of the program: make it again");
}
