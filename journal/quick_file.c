/*
 * A whole journal on all cores: segments of the file are hashed and scanned side by side, and
 * their few records that depend on others (begins, signatures, what people signed) are judged in
 * order while the next segments are read. Memory does not grow with the file.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "quick.h"
#include "banned.h"

#define SEGMENT ((off_t)1 << 20) /* stays in the cache of a core */
#define THREADS_MAX 16
#define KEY_MAX 512

/* A record that is judged in its place. */
struct event {
	const char *line;
	size_t len;
	uint64_t seq;
	int is_pair; /* begin or outcome, of plain plan and step */
	int is_begin;
	struct quick_span plan, step;
};

struct segment {
	int fd, is_sure;
	off_t from, to, limit; /* lines that start in [from, to) */
	char *buf;	       /* buf[-1] exists: the zero byte of the first leaf */
	size_t room, have;
	uint64_t first, lines;
	char prev[64]; /* of the first line */
	uint8_t leaf[SHA256_BYTES];
	char last_t[JLINE_T_CHARS];
	struct event *events;
	size_t nevents, eroom;
	EVP_MD_CTX *md;
};

static void
hex64(const uint8_t leaf[SHA256_BYTES], char out[64])
{
	char hex[SHA256_HEX];

	hex_encode(leaf, SHA256_BYTES, hex);
	memcpy(out, hex, 64);
}

static int
is_type(const struct quick_record *r, const char *type)
{
	return strlen(type) == r->type.n && memcmp(type, r->type.p, r->type.n) == 0;
}

/* A value whose text is its own canonical form. */
static int
is_plain(const struct quick_span *v)
{
	return v->p != NULL && v->n < KEY_MAX / 2 && v->p[0] != '{' && v->p[0] != '[' &&
	       memchr(v->p, '\\', v->n) == NULL;
}

static void
note(struct segment *g, const char *line, size_t len, const struct quick_record *r, uint64_t seq)
{
	static const char *const judged[] = {
	    "open", "cert", "approval", "denial", "incident", "checkpoint", "close", "degraded"};
	struct event e = {.line = line, .len = len, .seq = seq};
	size_t i, n = sizeof(judged) / sizeof(judged[0]);

	if (r != NULL) {
		for (i = 0; i < n && !is_type(r, judged[i]); i++)
			;
		e.is_begin = is_type(r, "begin");
		if (i == n && !r->has_sig && !e.is_begin && !is_type(r, "outcome"))
			return;
		e.is_pair = i == n && !r->has_sig && is_plain(&r->plan) && is_plain(&r->step);
		e.plan = r->plan;
		e.step = r->step;
	}
	if (g->nevents == g->eroom) {
		g->eroom = g->eroom == 0 ? 256 : 2 * g->eroom;
		g->events = realloc(g->events, g->eroom * sizeof(*g->events));
		if (g->events == NULL)
			abort();
	}
	g->events[g->nevents++] = e;
}

/* One line: sure where it follows from the one before it, and is plain or can be judged later. */
static int
take_line(struct segment *g, char *line, size_t len)
{
	struct quick_record r;
	struct jhead head;
	char hex[64], before;
	unsigned n;
	int quick = quick_line(line, len, &r);

	if (!quick) {
		if (jline_head(line, len, &head) != 0)
			return 0;
		r.prev = head.prev;
		r.t = head.t;
		r.seq = head.seq;
	}
	if (g->lines == 0) {
		g->first = r.seq;
		memcpy(g->prev, r.prev, 64);
	} else {
		hex64(g->leaf, hex);
		if (r.seq != g->first + g->lines || memcmp(hex, r.prev, 64) != 0)
			return 0;
	}
	note(g, line, len, quick ? &r : NULL, r.seq);
	memcpy(g->last_t, r.t, JLINE_T_CHARS);
	before = line[-1];
	line[-1] = '\0';
	if (EVP_DigestInit_ex2(g->md, NULL, NULL) != 1 ||
	    EVP_DigestUpdate(g->md, line - 1, len + 1) != 1 ||
	    EVP_DigestFinal_ex(g->md, g->leaf, &n) != 1)
		abort();
	line[-1] = before;
	g->lines++;
	return 1;
}

static int
fetch(struct segment *g, off_t at, size_t want)
{
	ssize_t n;

	if (g->have + want > g->room)
		return 0;
	while (want > 0) {
		n = pread(g->fd, g->buf + g->have, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		g->have += (size_t)n;
		at += n;
		want -= (size_t)n;
	}
	return 1;
}

/* Up to the line feed of the last line that starts before g->to. */
static int
fill(struct segment *g)
{
	off_t end = g->to;
	size_t want, seen;

	if (!fetch(g, g->from, (size_t)(end - g->from)))
		return 0;
	seen = g->have - 1;
	while (memchr(g->buf + seen, '\n', g->have - seen) == NULL) {
		seen = g->have;
		want = g->limit - end > 65536 ? 65536 : (size_t)(g->limit - end);
		if (want == 0 || !fetch(g, end, want))
			return 0;
		end += (off_t)want;
	}
	return 1;
}

static void *
work(void *arg)
{
	struct segment *g = arg;
	char *p = g->buf, *end, *lf;

	g->is_sure = 0;
	g->lines = g->have = g->nevents = 0;
	if (!fill(g))
		return NULL;
	end = g->buf + g->have;
	/* A segment but the first begins after the first line feed at or after the byte before it.
	 */
	if (g->from > 0 && (p = memchr(p, '\n', (size_t)(end - p))) == NULL)
		return NULL;
	p += g->from > 0;
	while (p < end && p - g->buf < g->to - g->from) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL ||
		    !take_line(g, p, (size_t)(lf - p)))
			return NULL;
		p = lf + 1;
	}
	g->is_sure = 1;
	return NULL;
}

/* What the merge remembers between segments. */
struct merge {
	struct check *c;
	struct walk *w;
	struct event open_pair; /* a begin not yet in c->begun */
	char key[KEY_MAX];
	size_t nkey;
	struct {
		off_t at;
		uint64_t seq;
	} * starts; /* of segments, for claims; arena */
	size_t nstarts;
};

static size_t
pair_key(const struct event *e, char out[KEY_MAX])
{
	size_t n = 0;

	out[n++] = '[';
	memcpy(out + n, e->plan.p, e->plan.n);
	n += e->plan.n;
	out[n++] = ',';
	memcpy(out + n, e->step.p, e->step.n);
	n += e->step.n;
	out[n++] = ']';
	out[n] = '\0';
	return n;
}

/* The begin held back goes where check.c looks. */
static void
settle(struct merge *m)
{
	if (m->nkey == 0)
		return;
	json_object_set_new(m->c->begun, m->key,
	    json_integer(json_integer_value(json_object_get(m->c->begun, m->key)) + 1));
	m->c->nbegun++;
	m->nkey = 0;
}

static int
pair(struct merge *m, const struct event *e)
{
	char key[KEY_MAX];
	size_t n = pair_key(e, key);
	json_int_t count;

	if (!e->is_begin && m->nkey == n && memcmp(m->key, key, n) == 0) {
		m->nkey = 0;
		return 1;
	}
	settle(m);
	if (e->is_begin) {
		memcpy(m->key, key, n + 1);
		m->nkey = n;
		return m->c->nbegun + 1 < BEGUN_MAX;
	}
	count = json_integer_value(json_object_get(m->c->begun, key));
	if (count <= 0)
		return 0;
	if (count == 1)
		json_object_del(m->c->begun, key);
	else
		json_object_set_new(m->c->begun, key, json_integer(count - 1));
	m->c->nbegun--;
	return 1;
}

static int
judge_event(struct merge *m, const struct event *e)
{
	struct jhead head;
	const char *why;
	json_t *rec;
	int ok;

	if (m->c->is_closed)
		return 0;
	if (e->is_pair)
		return pair(m, e);
	settle(m);
	rec = jline_parse(e->line, e->len, &why);
	m->c->next = e->seq;
	ok = rec != NULL && jline_head(e->line, e->len, &head) == 0 &&
	     check_record(m->c, e->line, e->len, rec, &head) == 0;
	json_decref(rec);
	return ok;
}

static int
join(struct merge *m, const struct segment *g)
{
	char hex[64];
	size_t i;

	if (!g->is_sure || (m->c->is_closed && g->lines > 0))
		return 0;
	if (g->lines == 0)
		return 1;
	if (m->w->lines == 0)
		memset(hex, '0', sizeof(hex));
	else
		hex64(m->w->leaf, hex);
	if (g->first != m->w->lines || memcmp(hex, g->prev, 64) != 0)
		return 0;
	/* Record 0 is an open, and is judged as one. */
	if (m->w->lines == 0 && (g->nevents == 0 || g->events[0].seq != 0 || g->events[0].is_pair))
		return 0;
	m->starts = arena_grow(m->c->a, m->starts, m->nstarts, sizeof(*m->starts));
	m->starts[m->nstarts].at = g->from;
	m->starts[m->nstarts++].seq = g->first;
	for (i = 0; i < g->nevents; i++)
		if (!judge_event(m, &g->events[i]))
			return 0;
	m->w->lines += g->lines;
	memcpy(m->w->leaf, g->leaf, SHA256_BYTES);
	memcpy(m->c->last_t, g->last_t, JLINE_T_CHARS);
	m->c->next = m->w->lines;
	/* Nothing follows a close. */
	return !m->c->is_closed || g->events[g->nevents - 1].seq + 1 == m->w->lines;
}

/* The claimed record is looked up in its segment. */
static void
meet(struct merge *m, int fd, off_t size, struct claim *x)
{
	uint8_t leaf[SHA256_BYTES];
	const char *line;
	struct jhead head;
	struct jscan s;
	size_t i, len;

	if (x->seq >= x->at || x->seq >= m->w->lines)
		return;
	for (i = 0; i + 1 < m->nstarts && m->starts[i + 1].seq <= x->seq; i++)
		;
	jscan_init(&s, fd, size);
	s.at = m->starts[i].at;
	/* The first line of a segment but the first may be the end of one. */
	while (jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (jline_head(line, len, &head) != 0 || head.seq != x->seq)
			continue;
		jline_leaf(line, len, leaf);
		x->is_met = memcmp(leaf, x->leaf, SHA256_BYTES) == 0;
		break;
	}
	jscan_free(&s);
}

static void
prepare(struct segment *g, int fd, off_t size, off_t at)
{
	g->fd = fd;
	g->limit = size;
	/* One byte before, to see whether a line starts there. */
	g->from = at == 0 ? 0 : at - 1;
	g->to = at + SEGMENT < size ? at + SEGMENT : size;
}

/* Segments one after the other, `n` at a time; those before are judged meanwhile. */
static int
run(struct merge *m, struct segment *g, size_t n, int fd, off_t size)
{
	pthread_t thread[THREADS_MAX];
	size_t had = 0, now, i, side = 0;
	sigset_t all, old;
	off_t at = 0;
	int ok = 1;

	sigfillset(&all);
	while (ok && (at < size || had > 0)) {
		struct segment *mine = g + side * n, *before = g + (1 - side) * n;

		pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the main thread's */
		for (now = 0; now < n && at < size; now++, at += SEGMENT) {
			prepare(&mine[now], fd, size, at);
			if (pthread_create(&thread[now], NULL, work, &mine[now]) != 0)
				break;
		}
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		if (now == 0 && at < size)
			ok = 0;
		for (i = 0; ok && i < had; i++)
			ok = join(m, &before[i]);
		for (i = 0; i < now; i++)
			pthread_join(thread[i], NULL);
		had = now;
		side = 1 - side;
	}
	return ok;
}

static struct segment *
segments_new(size_t n, off_t size)
{
	struct segment *g = calloc(n, sizeof(*g));
	size_t i, room = (size_t)(size < SEGMENT ? size : SEGMENT + JOURNAL_LINE_MAX + 65536) + 2;

	if (g == NULL)
		abort();
	for (i = 0; i < n; i++) {
		g[i].buf = malloc(room + 1);
		g[i].md = EVP_MD_CTX_new();
		if (g[i].buf == NULL || g[i].md == NULL ||
		    EVP_DigestInit_ex2(g[i].md, EVP_sha256(), NULL) != 1)
			abort();
		g[i].buf++;
		g[i].room = room;
	}
	return g;
}

static void
segments_free(struct segment *g, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		free(g[i].buf - 1);
		free(g[i].events);
		EVP_MD_CTX_free(g[i].md);
	}
	free(g);
}

int
quick_file(struct check *c, int fd, off_t size, struct walk *w)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores, i;
	struct merge m = {.c = c, .w = w};
	struct segment *g;
	int ok;

	memset(w, 0, sizeof(*w));
	if (size == 0)
		return 0;
	if (size <= SEGMENT) {
		/* Small: no thread is worth it. */
		g = segments_new(n = 1, size);
		prepare(&g[0], fd, size, 0);
		work(&g[0]);
		ok = join(&m, &g[0]);
	} else {
		n *= 2;
		g = segments_new(n, size);
		ok = run(&m, g, n / 2, fd, size);
	}
	if (ok) {
		settle(&m);
		w->end = WALK_CLEAN;
		for (i = 0; i < c->nclaims; i++)
			meet(&m, fd, size, &c->claims[i]);
	}
	segments_free(g, n);
	return ok;
}
