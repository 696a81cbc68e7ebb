/*
 * A whole journal on all cores: segments of the file are hashed and scanned side by side, and
 * their few records that depend on others (begins, signatures, what people signed) are judged in
 * order while the next segments are read. Memory does not grow with the file.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "journal.h"
#include "quick_segment.h"
#include "banned.h"

#define THREADS_MAX 16
#define KEY_MAX 1024

/* What the merge remembers between segments. */
struct merge {
	struct check *c;
	struct walk *w;
	char key[KEY_MAX]; /* a begin not yet in c->begun */
	size_t nkey;
	struct {
		off_t at;
		uint64_t seq;
	} * starts; /* of segments, for claims; arena */
	size_t nstarts;
};

static void
hex64(const uint8_t leaf[SHA256_BYTES], char out[64])
{
	char hex[SHA256_HEX];

	hex_encode(leaf, SHA256_BYTES, hex);
	memcpy(out, hex, 64);
}

/* The key that check.c has. */
static size_t
pair_key(const struct segment *g, const struct quick_event *e, char out[KEY_MAX])
{
	size_t n = 0;

	out[n++] = '[';
	memcpy(out + n, g->kept + e->at, e->nplan);
	n += e->nplan;
	out[n++] = ',';
	memcpy(out + n, g->kept + e->at + e->nplan, e->len - e->nplan);
	n += e->len - e->nplan;
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
pair(struct merge *m, const struct segment *g, const struct quick_event *e)
{
	char key[KEY_MAX];
	size_t n = pair_key(g, e, key);
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
judge_event(struct merge *m, const struct segment *g, const struct quick_event *e)
{
	const char *line = g->kept + e->at;
	struct jhead head;
	const char *why;
	json_t *rec;
	int ok;

	if (m->c->is_closed)
		return 0;
	if (e->is_pair)
		return pair(m, g, e);
	settle(m);
	rec = jline_parse(line, e->len, &why);
	m->c->next = e->seq;
	ok = rec != NULL && jline_head(line, e->len, &head) == 0 &&
	     check_record(m->c, line, e->len, rec, &head) == 0;
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
		if (!judge_event(m, g, &g->events[i]))
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

/* Segments go round in slots: workers take the next of the file, and the merge each in its order.
 */
struct crew {
	pthread_mutex_t lock;
	pthread_cond_t moved; /* something below did */
	struct segment *slots;
	int is_done[2 * THREADS_MAX];
	size_t nslots, next, merged, all; /* segments taken; judged; of the file */
	int fd, is_over;
	off_t size;
};

/* One segment is worked on outside the lock. 0: there is no more to do. */
static int
take_turn(struct crew *w)
{
	struct segment *g;
	size_t k;

	while (!w->is_over && w->next < w->all && w->next == w->merged + w->nslots)
		pthread_cond_wait(&w->moved, &w->lock);
	if (w->is_over || w->next == w->all)
		return 0;
	k = w->next++;
	g = &w->slots[k % w->nslots];
	pthread_mutex_unlock(&w->lock);
	segment_set(g, w->fd, w->size, (off_t)k * SEGMENT);
	segment_work(g);
	pthread_mutex_lock(&w->lock);
	w->is_done[k % w->nslots] = 1;
	pthread_cond_broadcast(&w->moved);
	return 1;
}

static void *
worker(void *crew)
{
	struct crew *w = crew;

	pthread_mutex_lock(&w->lock);
	while (take_turn(w))
		;
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* In the order of the file. Where no thread could be had, the work is done here. */
static int
merge_all(struct merge *m, struct crew *w, int is_alone)
{
	size_t k;
	int ok = 1;

	pthread_mutex_lock(&w->lock);
	for (k = 0; ok && k < w->all; k++) {
		while (!w->is_done[k % w->nslots])
			if (is_alone)
				take_turn(w);
			else
				pthread_cond_wait(&w->moved, &w->lock);
		pthread_mutex_unlock(&w->lock);
		ok = join(m, &w->slots[k % w->nslots]);
		pthread_mutex_lock(&w->lock);
		w->is_done[k % w->nslots] = 0;
		w->merged++;
		pthread_cond_broadcast(&w->moved);
	}
	w->is_over = 1;
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->lock);
	return ok;
}

static int
run(struct merge *m, struct segment *g, size_t nslots, int fd, off_t size)
{
	struct crew w = {.slots = g, .nslots = nslots, .fd = fd, .size = size};
	pthread_t thread[THREADS_MAX];
	size_t n, i;
	sigset_t all, old;
	int ok;

	w.all = (size_t)((size + SEGMENT - 1) / SEGMENT);
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.moved, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the main thread's */
	for (n = 0; n < nslots / 2 && n < w.all; n++)
		if (pthread_create(&thread[n], NULL, worker, &w) != 0)
			break;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ok = merge_all(m, &w, n == 0);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&w.moved);
	pthread_mutex_destroy(&w.lock);
	return ok;
}

static struct segment *
segments_new(size_t n, off_t size)
{
	struct segment *g = calloc(n, sizeof(*g));
	size_t i;

	if (g == NULL)
		abort();
	for (i = 0; i < n; i++)
		segment_init(&g[i], size);
	return g;
}

static void
segments_free(struct segment *g, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		segment_free(&g[i]);
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
		segment_set(&g[0], fd, size, 0);
		segment_work(&g[0]);
		ok = join(&m, &g[0]);
	} else {
		n *= 2;
		g = segments_new(n, size);
		ok = run(&m, g, n, fd, size);
	}
	ok = ok && check_last_signature(c);
	if (ok) {
		settle(&m);
		w->end = WALK_CLEAN;
		for (i = 0; i < c->nclaims; i++)
			meet(&m, fd, size, &c->claims[i]);
	}
	segments_free(g, n);
	return ok;
}
