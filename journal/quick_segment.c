/*
 * One core's work: see quick_segment.h. The buffer is small, so that what was read is still in the
 * core's cache when it is looked through and hashed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "quick_segment.h"
#include "banned.h"

#define READ_SIZE ((size_t)16 << 10)
#define PAST ((size_t)16 << 10) /* at a time, for the end of the last line */
#define PAIR_MAX 256		/* bytes of a plan's or a step's value */

/* --- what is kept ---------------------------------------------------------------------------- */

#define IS_TYPE(r, text)                                                                           \
	((r)->type.n == sizeof(text) - 1 && memcmp((r)->type.p, text, sizeof(text) - 1) == 0)

/* Types that are judged whole, wherever they stand. */
static int
is_judged(const struct quick_record *r)
{
	switch (r->type.p[0]) {
	case 'a':
		return IS_TYPE(r, "approval");
	case 'c':
		return IS_TYPE(r, "checkpoint") || IS_TYPE(r, "cert") || IS_TYPE(r, "close");
	case 'd':
		return IS_TYPE(r, "denial") || IS_TYPE(r, "degraded");
	case 'i':
		return IS_TYPE(r, "incident");
	case 'o':
		return IS_TYPE(r, "open");
	default:
		return 0;
	}
}

/* A value whose text is its own canonical form. */
static int
is_plain(const struct quick_span *v)
{
	return v->p != NULL && v->n < PAIR_MAX && v->p[0] != '{' && v->p[0] != '[' &&
	       memchr(v->p, '\\', v->n) == NULL;
}

static void
keep(struct segment *g, const char *p, size_t n)
{
	if (g->nkept + n > g->kroom) {
		g->kroom = 2 * g->kroom + n + 4096;
		g->kept = realloc(g->kept, g->kroom);
		if (g->kept == NULL)
			abort();
	}
	memcpy(g->kept + g->nkept, p, n);
	g->nkept += n;
}

static struct quick_event *
add_event(struct segment *g, uint64_t seq)
{
	struct quick_event *e;

	if (g->nevents == g->eroom) {
		g->eroom = g->eroom == 0 ? 256 : 2 * g->eroom;
		g->events = realloc(g->events, g->eroom * sizeof(*g->events));
		if (g->events == NULL)
			abort();
	}
	e = &g->events[g->nevents++];
	*e = (struct quick_event){.at = g->nkept, .seq = seq};
	return e;
}

/* An outcome right after its begin, with nothing judged between: together they change nothing. */
static int
ends_last(struct segment *g, const struct quick_record *r)
{
	const struct quick_event *e = g->nevents == 0 ? NULL : &g->events[g->nevents - 1];

	if (e == NULL || !e->is_pair || !e->is_begin || e->nplan != r->plan.n ||
	    e->len != r->plan.n + r->step.n || memcmp(g->kept + e->at, r->plan.p, e->nplan) != 0 ||
	    memcmp(g->kept + e->at + e->nplan, r->step.p, r->step.n) != 0)
		return 0;
	/* The first record of all is an open, and has to be seen to be one. */
	g->nkept = e->at;
	g->nevents--;
	return 1;
}

static void
note(struct segment *g, const char *line, size_t len, const struct quick_record *r, uint64_t seq)
{
	struct quick_event *e;
	int is_begin = r != NULL && IS_TYPE(r, "begin");
	int is_outcome = r != NULL && IS_TYPE(r, "outcome");

	if (r != NULL && !r->has_sig && !is_begin && !is_outcome && !is_judged(r))
		return;
	if (r != NULL && !r->has_sig && (is_begin || is_outcome) && is_plain(&r->plan) &&
	    is_plain(&r->step)) {
		if (is_outcome && ends_last(g, r))
			return;
		e = add_event(g, seq);
		e->is_pair = 1;
		e->is_begin = is_begin;
		e->nplan = r->plan.n;
		e->len = r->plan.n + r->step.n;
		keep(g, r->plan.p, r->plan.n);
		keep(g, r->step.p, r->step.n);
		return;
	}
	e = add_event(g, seq);
	e->len = len;
	keep(g, line, len);
}

/* --- the chain ------------------------------------------------------------------------------- */

/* Hashes the lines of the batch; each names the one before it. */
static int
flush(struct segment *g)
{
	const uint8_t *before = g->leaf;
	size_t i;

	/* The byte before a line is its predecessor's line feed: zero for as long as they are
	 * hashed. */
	for (i = 0; i < g->nbatch; i++)
		g->buf[g->batch[i].line - g->buf - 1] = '\0';
	leaves_fill(g->batch, g->nbatch, g->in_pairs);
	for (i = 0; i < g->nbatch; i++)
		g->buf[g->batch[i].line - g->buf - 1] = '\n';
	for (i = 0; i < g->nbatch; i++) {
		if (g->lines == 0)
			memcpy(g->prev, g->claimed[i], 64);
		else if (!leaf_is_hex(g->claimed[i], before, g->in_pairs))
			return 0;
		before = g->batch[i].leaf;
		g->lines++;
	}
	if (g->nbatch > 0)
		memcpy(g->leaf, before, SHA256_BYTES);
	g->nbatch = 0;
	return 1;
}

/* One line: sure where it is plain, or can be judged later, and has its number. */
static int
take_line(struct segment *g, const char *line, size_t len)
{
	struct quick_record r;
	struct jhead head;
	int quick = quick_line(line, len, g->last_t[0] == '\0' ? NULL : g->last_t, &r);

	if (!quick) {
		if (jline_head(line, len, &head) != 0)
			return 0;
		r.prev = head.prev;
		r.t = head.t;
		r.seq = head.seq;
	}
	if (g->lines + g->nbatch == 0)
		g->first = r.seq;
	else if (r.seq != g->first + g->lines + g->nbatch)
		return 0;
	note(g, line, len, quick ? &r : NULL, r.seq);
	memcpy(g->last_t, r.t, JLINE_T_CHARS);
	g->batch[g->nbatch].line = line;
	g->batch[g->nbatch].len = len;
	g->claimed[g->nbatch++] = r.prev;
	return g->nbatch < SEGMENT_BATCH || flush(g);
}

/* --- reading --------------------------------------------------------------------------------- */

/* More of the file behind what is there. 0 at its end, or where no room is left: a line too long.
 */
static int
fetch(struct segment *g)
{
	size_t want = g->room - g->have < READ_SIZE ? g->room - g->have : READ_SIZE;
	ssize_t n;

	if (g->at < g->to && (off_t)want > g->to - g->at)
		want = (size_t)(g->to - g->at);
	if (g->at >= g->to && want > PAST)
		want = PAST;
	if ((off_t)want > g->limit - g->at)
		want = (size_t)(g->limit - g->at);
	do
		n = want == 0 ? 0 : pread(g->fd, g->buf + g->have, want, g->at);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 0;
	g->have += (size_t)n;
	g->at += n;
	return 1;
}

/* Whole lines of the buffer that start before `to`; what is left moves to its start. */
static int
take_lines(struct segment *g, int *is_over)
{
	char *p = g->buf, *end = g->buf + g->have, *lf;
	off_t base = g->at - (off_t)g->have;

	while (p < end && !(*is_over = base + (p - g->buf) >= g->to) &&
	       (lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (!take_line(g, p, (size_t)(lf - p)))
			return 0;
		p = lf + 1;
	}
	if (!flush(g))
		return 0;
	*is_over = *is_over || base + (p - g->buf) >= g->to;
	g->have = (size_t)(end - p);
	memmove(g->buf, p, g->have);
	return 1;
}

/* A segment but the first begins after the first line feed at or after the byte before it. */
static int
find_start(struct segment *g)
{
	char *lf;

	if (g->from == 0)
		return 1;
	while ((lf = memchr(g->buf, '\n', g->have)) == NULL)
		if (!fetch(g))
			return 0;
	g->have -= (size_t)(lf + 1 - g->buf);
	memmove(g->buf, lf + 1, g->have);
	return 1;
}

void *
segment_work(void *segment)
{
	struct segment *g = segment;
	int is_over = 0;

	g->is_sure = 0;
	g->lines = 0;
	g->have = g->nevents = g->nkept = g->nbatch = 0;
	g->at = g->from;
	if (!find_start(g))
		return NULL;
	/* Where the whole segment is inside one line, there is nothing in it. */
	is_over = g->at - (off_t)g->have >= g->to;
	while (!is_over) {
		if (g->have > 0 && memchr(g->buf, '\n', g->have) != NULL) {
			if (!take_lines(g, &is_over))
				return NULL;
		} else if (!fetch(g)) {
			return NULL;
		}
	}
	g->is_sure = 1;
	return NULL;
}

void
segment_set(struct segment *g, int fd, off_t size, off_t at)
{
	g->fd = fd;
	g->limit = size;
	/* One byte before, to see whether a line starts there. */
	g->from = at == 0 ? 0 : at - 1;
	g->to = at + SEGMENT < size ? at + SEGMENT : size;
}

void
segment_init(struct segment *g, off_t size)
{
	size_t most = JOURNAL_LINE_MAX + 1 + READ_SIZE;

	memset(g, 0, sizeof(*g));
	g->room = size < (off_t)most ? (size_t)size + 1 : most;
	g->buf = malloc(g->room + 1);
	if (g->buf == NULL)
		abort();
	g->buf++;
	g->in_pairs = leaves_have_pairs();
}

void
segment_free(struct segment *g)
{
	free(g->buf - 1);
	free(g->events);
	free(g->kept);
}
