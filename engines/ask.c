/*
 * The questions of ask.h, put to the driver of the cluster's engine.
 */
#include "engines/members.h"
#include "banned.h"

int
ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e)
{
	return c->driver->session(c, w, a, out, e);
}

int
ask_refine(struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e)
{
	return c->driver->refine(c, w, a, s, e);
}

int
ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e)
{
	return c->driver->reads(c, w, a, search_path, s, e);
}

int
ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e)
{
	return c->driver->syntax(c, w, text, len, e);
}

int
ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e)
{
	return c->driver->dependents(c, w, a, o, out, n, e);
}

int
ask_estimate(
    struct cluster *c, struct waiter *w, const char *text, size_t len, int64_t *rows, struct err *e)
{
	return c->driver->estimate(c, w, text, len, rows, e);
}

int
ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e)
{
	return c->driver->list(c, w, a, what, argument, out, e);
}

int
ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e)
{
	return c->driver->names(c, w, a, prefix, out, n, e);
}
