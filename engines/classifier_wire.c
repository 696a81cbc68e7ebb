/*
 * Actions as bytes, and back. The reader trusts nothing: a length is checked before it is used, a
 * class and a flag before they are believed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/classifier_wire.h"
#include "banned.h"

#define ABSENT UINT32_MAX
#define STRING_MAX ((uint32_t)1 << 21)
#define LIST_MAX ((uint32_t)100000)
#define FLAGS ((uint32_t)ACTION_COMMITS * 2 - 1)

static void
put_number(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

static void
put_string(struct buf *b, const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	put_number(b, s != NULL ? (uint32_t)n : ABSENT);
	if (n > 0)
		buf_add(b, s, n);
}

static void
put_object(struct buf *b, const struct object *o)
{
	put_string(b, o->type);
	put_string(b, o->schema);
	put_string(b, o->name);
	put_number(b, (uint32_t)o->is_temporary);
}

static void
put_action(struct buf *b, const struct action *x)
{
	size_t i;

	put_number(b, x->danger);
	put_number(b, x->flags);
	put_string(b, x->kind);
	put_string(b, x->why);
	put_number(b, (uint32_t)x->nobjects);
	for (i = 0; i < x->nobjects; i++)
		put_object(b, &x->objects[i]);
	put_number(b, (uint32_t)x->nfunctions);
	for (i = 0; i < x->nfunctions; i++)
		put_string(b, x->functions[i]);
}

void
wire_put(struct buf *b, const struct statement *s)
{
	size_t i;

	put_number(b, (uint32_t)s->nactions);
	for (i = 0; i < s->nactions; i++)
		put_action(b, &s->actions[i]);
	put_number(b, (uint32_t)s->nreads);
	for (i = 0; i < s->nreads; i++)
		put_object(b, &s->reads[i]);
}

static int
get_number(const char **p, const char *end, uint32_t max, uint32_t *v)
{
	if ((size_t)(end - *p) < sizeof(*v))
		return -1;
	memcpy(v, *p, sizeof(*v));
	*p += sizeof(*v);
	return *v <= max ? 0 : -1;
}

static int
get_string(struct arena *a, const char **p, const char *end, int is_needed, const char **s)
{
	uint32_t n;

	*s = NULL;
	if (get_number(p, end, ABSENT, &n) != 0)
		return -1;
	if (n == ABSENT)
		return is_needed ? -1 : 0;
	if (n > STRING_MAX || n > (size_t)(end - *p))
		return -1;
	*s = arena_strndup(a, *p, n);
	*p += n;
	return 0;
}

/* A count of elements that take at least four bytes each. */
static int
get_count(const char **p, const char *end, size_t *n)
{
	uint32_t v;

	if (get_number(p, end, LIST_MAX, &v) != 0 || v > (size_t)(end - *p) / 4)
		return -1;
	*n = v;
	return 0;
}

static int
get_object(struct arena *a, const char **p, const char *end, struct object *o)
{
	uint32_t is_temporary;

	if (get_string(a, p, end, 1, &o->type) != 0 || get_string(a, p, end, 0, &o->schema) != 0 ||
	    get_string(a, p, end, 1, &o->name) != 0 || get_number(p, end, 1, &is_temporary) != 0)
		return -1;
	o->is_temporary = (int)is_temporary;
	o->rows = o->bytes = -1;
	return 0;
}

static int
get_action(struct arena *a, const char **p, const char *end, struct action *x)
{
	uint32_t danger, flags;
	size_t i;

	if (get_number(p, end, DANGER_DESTRUCTIVE, &danger) != 0 ||
	    get_number(p, end, FLAGS, &flags) != 0 || get_string(a, p, end, 1, &x->kind) != 0 ||
	    get_string(a, p, end, 1, &x->why) != 0 || get_count(p, end, &x->nobjects) != 0)
		return -1;
	x->danger = (enum danger)danger;
	x->flags = flags;
	x->objects = arena_array(a, x->nobjects, sizeof(*x->objects));
	for (i = 0; i < x->nobjects; i++)
		if (get_object(a, p, end, &x->objects[i]) != 0)
			return -1;
	if (get_count(p, end, &x->nfunctions) != 0)
		return -1;
	x->functions = arena_array(a, x->nfunctions, sizeof(*x->functions));
	for (i = 0; i < x->nfunctions; i++)
		if (get_string(a, p, end, 1, &x->functions[i]) != 0)
			return -1;
	return 0;
}

static int
get_reads(struct arena *a, const char **p, const char *end, struct statement *s)
{
	size_t i;

	if (get_count(p, end, &s->nreads) != 0)
		return -1;
	s->reads = arena_array(a, s->nreads, sizeof(*s->reads));
	for (i = 0; i < s->nreads; i++) {
		if (get_object(a, p, end, &s->reads[i]) != 0)
			return -1;
		s->reads[i].is_unqualified = s->reads[i].schema == NULL;
	}
	return 0;
}

int
wire_get(struct arena *a, const char **p, const char *end, struct statement *s)
{
	struct action *list;
	size_t n, i;
	enum danger worst = DANGER_READ;

	if (get_count(p, end, &n) != 0 || n == 0)
		return -1;
	list = arena_array(a, n, sizeof(*list));
	for (i = 0; i < n; i++) {
		if (get_action(a, p, end, &list[i]) != 0)
			return -1;
		if (list[i].danger > worst)
			worst = list[i].danger;
	}
	s->actions = list;
	s->nactions = n;
	s->danger = worst;
	return get_reads(a, p, end, s);
}

int
wire_read(int fd, void *p, size_t n)
{
	char *at = p;
	ssize_t got;

	while (n > 0) {
		got = read(fd, at, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int
wire_write(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t put;

	while (n > 0) {
		put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}
