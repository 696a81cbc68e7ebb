/*
 * The questions of ask.h, put to the driver of the cluster's engine.
 */
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
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

static struct member *
by_identity(struct cluster *c, const char *identity)
{
	size_t i;

	for (i = 0; i < c->nmembers; i++)
		if (identity[0] != '\0' && strcmp(c->members[i].identity, identity) == 0)
			return &c->members[i];
	return NULL;
}

/* No other server than the one that ran it: the same number means another transaction there. */
int
ask_fate(struct cluster *c, struct waiter *w, const char *identity, const struct fate_asked *q,
    struct fate *out, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	const struct topology *ignored;
	struct member *m;

	memset(out, 0, sizeof(*out));
	/* Identities are known once the nodes were looked at. */
	if (cluster_settle(c, w, e) < 0 ||
	    (by_identity(c, identity) == NULL && ask_topology(c, w, &ignored, e) < 0))
		return -1;
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	if ((m = by_identity(c, identity)) == NULL)
		return err_set(
		    e, ERR_CONN, "no node that answers is the server that ran it (%s)", identity);
	return c->driver->fate(c, w, m, q, out, e);
}

int
ask_rights(struct cluster *c, struct waiter *w, struct arena *a, const char *node,
    struct right **out, size_t *n, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct member *m;

	*out = NULL;
	*n = 0;
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	m = cluster_member(c, node);
	if (m == NULL)
		return err_set(e, ERR_USAGE, "no node %s is known", node);
	return c->driver->rights == NULL ? 0 : c->driver->rights(c, w, a, m, out, n, e);
}

static int
no_restore(struct cluster *c, struct err *e)
{
	err_set(e, ERR_REFUSED, "restore does not know the dumps of %s yet; nothing was done",
	    c->driver->engine);
	return err_hint(e, "load it by hand into a database of its own, and look at it there");
}

/* The file by inode, size and times; of a directory its list of contents. */
static const char *
dump_key(struct arena *a, const struct dump_question *q)
{
	struct stat st = {0}, toc = {0};

	if (stat(q->path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (stat(arena_printf(a, "%s/toc.dat", q->path), &toc) == 0 ||
		stat(arena_printf(a, "%s/metadata", q->path), &toc) == 0))
		st = toc;
	return arena_printf(a, "%s\n%s\n%s\n%d %llu %llu %lld %lld.%09ld %lld.%09ld", q->path,
	    q->schema, q->table, q->major, (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
	    st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

int
ask_dump(struct cluster *c, struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct arena *own;
	const char *key;

	if (c->driver->dump == NULL)
		return no_restore(c, e);
	key = dump_key(a, q);
	if (c->dump_key != NULL && strcmp(c->dump_key, key) == 0) {
		*out = c->dump;
		return 0;
	}
	own = arena_new();
	if (c->driver->dump(w, own, q, out, progress, ctx, e) < 0) {
		arena_free(own);
		return -1;
	}
	arena_free(c->dump_arena);
	c->dump_arena = own;
	c->dump_key = arena_strdup(own, key);
	c->dump = *out;
	return 0;
}

int
ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *q, struct standing *out, struct err *e)
{
	if (c->driver->standing == NULL)
		return no_restore(c, e);
	return c->driver->standing(c, w, a, q, out, e);
}
