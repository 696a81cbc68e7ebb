/*
 * Several journals as one: each file in its own order, a record after what it provably followed,
 * then by time. Clocks of machines differ, so time alone would put effects before their causes.
 * Must never drop a record, whatever the files claim: a circle of claims is cut by time.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "journal.h"
#include "line.h"
#include "text.h"
#include "banned.h"

#define EDGES 2

/* "After record seq of session": a claim of a record that waits its turn. */
struct edge {
	char session[ID_CHARS + 1];
	int part; /* -1: whichever */
	uint64_t seq;
	char t[JLINE_T_CHARS + 1]; /* that record's, once it was given; "" */
};

struct source {
	struct journal_reader *reader;
	int is_end; /* nothing more now; a live file may grow */
	struct record rec;
	struct edge edges[EDGES];
	size_t nedges;
	char key[JLINE_T_CHARS + 1]; /* never falls: the file's order stands */
	uint64_t next;		     /* seq of the first record not given */
	char incident[65];
};

struct journal_merge {
	struct arena *a;
	struct source *s;
	struct merge_source *info;
	size_t n;
	size_t current; /* whose record the caller has; n: nobody's */
};

/* --- what a record followed ------------------------------------------------------------------ */

static void
add_edge(struct source *s, const char *session, size_t nsession, int part, json_int_t seq)
{
	struct edge *g = &s->edges[s->nedges];

	if (s->nedges == EDGES || nsession != ID_CHARS || seq < 0)
		return;
	memcpy(g->session, session, nsession);
	g->session[nsession] = '\0';
	g->part = part;
	g->seq = (uint64_t)seq;
	g->t[0] = '\0';
	s->nedges++;
}

/* "<session>:<seq>:<hex>" */
static void
add_head(struct source *s, const char *head)
{
	size_t n = strcspn(head, ":\n");
	char *end;
	long long seq;

	if (n != ID_CHARS || head[n] != ':')
		return;
	seq = strtoll(head + n + 1, &end, 10);
	if (*end == ':' && end > head + n + 1)
		add_edge(s, head, n, -1, seq);
}

static void
find_edges(struct source *s, const struct merge_source *info)
{
	static const char mark[] = "\njournal: ";
	const json_t *parent, *seq;
	const char *session, *at;

	s->nedges = 0;
	parent = json_object_get(s->rec.json, strcmp(s->rec.type, "open") == 0 ? "parent" : "of");
	seq = json_object_get(parent, "seq");
	if (json_is_integer(seq)) {
		session = json_text_of(parent, "session");
		/* A continuing file's predecessor is the part before it. */
		add_edge(s, session, strlen(session),
		    strcmp(session, info->session) == 0 ? info->part - 1 : -1,
		    json_integer_value(seq));
	}
	if ((at = strstr(json_text_of(s->rec.json, "statement"), mark)) != NULL)
		add_head(s, at + sizeof(mark) - 1);
	else
		add_head(s, json_text_of(s->rec.json, "head"));
}

static int
is_edge_to(const struct edge *g, const struct merge_source *info)
{
	return strcmp(g->session, info->session) == 0 && (g->part < 0 || g->part == info->part);
}

/* What is not among the files, or is not there any more, is not waited for. */
static int
is_blocked(const struct journal_merge *m, size_t of)
{
	const struct source *s = &m->s[of];
	size_t i, k, open, passed;

	for (i = 0; i < s->nedges; i++) {
		open = passed = 0;
		for (k = 0; k < m->n; k++) {
			if (k == of || !is_edge_to(&s->edges[i], &m->info[k]))
				continue;
			if (m->s[k].next > s->edges[i].seq)
				passed++;
			else if (!m->s[k].is_end)
				open++;
		}
		if (passed == 0 && open > 0)
			return 1;
	}
	return 0;
}

/* A record was given: those that wait for it learn its time. */
static void
tell(struct journal_merge *m, size_t given)
{
	const struct record *rec = &m->s[given].rec;
	struct edge *g;
	size_t i, k;

	for (i = 0; i < m->n; i++) {
		for (k = 0; k < m->s[i].nedges && i != given; k++) {
			g = &m->s[i].edges[k];
			if (g->seq == rec->seq && is_edge_to(g, &m->info[given]))
				text_copy(g->t, sizeof(g->t), rec->t);
		}
	}
}

static int64_t
micros(const char *t)
{
	return jtime_parse(t) * 1000000 + strtol(t + 20, NULL, 10);
}

/* --- the files ------------------------------------------------------------------------------- */

/* The next record of a file to its front. */
static void
pull(struct journal_merge *m, size_t i)
{
	struct source *s = &m->s[i];
	struct err e = {0};
	int got = journal_reader_next(s->reader, &s->rec, &e);

	if (got == 1) {
		find_edges(s, &m->info[i]);
		return;
	}
	if (got < 0)
		m->info[i].damage = text_inert(m->a, e.msg, strlen(e.msg), 0);
	s->is_end = 1;
	s->nedges = 0;
}

static const char *
kept(struct journal_merge *m, const struct record *rec, const char *member)
{
	return arena_strdup(m->a, json_text_of(rec->json, member));
}

static int
add_file(struct journal_merge *m, const char *file, struct err *e)
{
	struct merge_source *info = &m->info[m->n];
	struct source *s = &m->s[m->n];
	const struct record *rec = &s->rec;

	memset(s, 0, sizeof(*s));
	memset(info, 0, sizeof(*info));
	info->file = arena_strdup(m->a, file);
	info->session = info->person = info->host = info->cluster = info->opened = "";
	if (journal_reader_open(file, &s->reader, e) != 0)
		return -1;
	info->bytes = journal_reader_size(s->reader);
	m->n++;
	pull(m, m->n - 1);
	if (s->is_end || strcmp(rec->type, "open") != 0)
		return 0;
	info->session = kept(m, rec, "session");
	info->person = kept(m, rec, "person");
	info->host = kept(m, rec, "host");
	info->cluster = kept(m, rec, "cluster");
	info->opened = arena_strdup(m->a, rec->t);
	info->part = (int)json_integer_value(json_object_get(rec->json, "part"));
	find_edges(s, info); /* once more: now it is known whose file it is */
	return 0;
}

/* True where another file holds the same part of the same session and is no shorter. */
static int
is_copy(const struct journal_merge *m, size_t i)
{
	const struct merge_source *p = &m->info[i], *q;
	size_t k;

	for (k = 0; k < m->n && *p->session != '\0'; k++) {
		q = &m->info[k];
		if (k != i && p->part == q->part && strcmp(p->session, q->session) == 0 &&
		    (q->bytes > p->bytes || (q->bytes == p->bytes && k < i)))
			return 1;
	}
	return 0;
}

static void
drop_copies(struct journal_merge *m)
{
	unsigned char *copy = arena_alloc(m->a, m->n + 1);
	size_t i, k = 0;

	for (i = 0; i < m->n; i++)
		copy[i] = (unsigned char)is_copy(m, i);
	for (i = 0; i < m->n; i++) {
		if (copy[i]) {
			journal_reader_close(m->s[i].reader);
			continue;
		}
		m->s[k] = m->s[i];
		m->info[k++] = m->info[i];
	}
	m->n = k;
}

static int
by_name(const void *x, const void *y)
{
	const char *p = *(const char *const *)x, *q = *(const char *const *)y;

	return strcmp(p, q);
}

int
journal_merge_open(const char *const *files, size_t n, struct journal_merge **out, struct err *e)
{
	struct journal_merge *m;
	const char **sorted;
	struct arena *a;
	size_t i;

	*out = NULL;
	if (n > MERGE_MAX_FILES)
		return err_set(e, ERR_USAGE,
		    "%zu journals are too many to put together; %d at most", n, MERGE_MAX_FILES);
	a = arena_new();
	m = arena_alloc(a, sizeof(*m));
	m->a = a;
	m->s = arena_array(a, n + 1, sizeof(*m->s));
	m->info = arena_array(a, n + 1, sizeof(*m->info));
	sorted = arena_array(a, n + 1, sizeof(*sorted));
	for (i = 0; i < n; i++)
		sorted[i] = files[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(sorted[i], sorted[i - 1]) == 0)
			continue;
		if (add_file(m, sorted[i], e) != 0) {
			journal_merge_close(m);
			return -1;
		}
	}
	drop_copies(m);
	m->current = m->n;
	*out = m;
	return 0;
}

/* --- one after the other --------------------------------------------------------------------- */

/* A file's turn comes at its record's time, but not before that of what it followed. */
static void
make_key(struct source *s)
{
	size_t i;

	if (strcmp(s->rec.t, s->key) > 0)
		text_copy(s->key, sizeof(s->key), s->rec.t);
	for (i = 0; i < s->nedges; i++)
		if (strcmp(s->edges[i].t, s->key) > 0)
			text_copy(s->key, sizeof(s->key), s->edges[i].t);
}

/* Whose turn it is; n: all are at their end. Where all wait for each other, the earliest. */
static size_t
choose(struct journal_merge *m)
{
	size_t i, best = m->n, any = m->n;

	for (i = 0; i < m->n; i++) {
		if (m->s[i].is_end)
			continue;
		make_key(&m->s[i]);
		if (any == m->n || strcmp(m->s[i].key, m->s[any].key) < 0)
			any = i;
		if ((best == m->n || strcmp(m->s[i].key, m->s[best].key) < 0) && !is_blocked(m, i))
			best = i;
	}
	return best < m->n ? best : any;
}

static int64_t
behind(const struct source *s)
{
	int64_t most = 0, by;
	size_t i;

	for (i = 0; i < s->nedges; i++) {
		if (s->edges[i].t[0] == '\0')
			continue;
		by = micros(s->edges[i].t) - micros(s->rec.t);
		if (by > most)
			most = by;
	}
	return most;
}

static void
follow_incident(struct source *s)
{
	const char *action = json_text_of(s->rec.json, "action");

	if (strcmp(s->rec.type, "incident") != 0)
		return;
	if (strcmp(action, "open") == 0)
		text_copy(s->incident, sizeof(s->incident), json_text_of(s->rec.json, "name"));
}

int
journal_merge_next(struct journal_merge *m, struct merged *out)
{
	struct source *s;
	size_t i;

	if (m->current < m->n) {
		s = &m->s[m->current];
		/* The record that closes an incident still belongs to it. */
		if (strcmp(s->rec.type, "incident") == 0 &&
		    strcmp(json_text_of(s->rec.json, "action"), "close") == 0)
			s->incident[0] = '\0';
		pull(m, m->current);
	}
	i = m->current = choose(m);
	if (i == m->n)
		return 0;
	s = &m->s[i];
	follow_incident(s);
	s->next = s->rec.seq + 1;
	m->info[i].given++;
	*out = (struct merged){
	    .rec = s->rec, .source = i, .incident = s->incident, .behind_us = behind(s)};
	tell(m, i);
	return 1;
}

int
journal_merge_grow(struct journal_merge *m)
{
	size_t i;
	int n = 0;

	/* Whose record the caller still has is pulled on by the next call, as ever. */
	for (i = 0; i < m->n; i++) {
		if (m->info[i].damage != NULL || journal_reader_grow(m->s[i].reader) != 1)
			continue;
		n++;
		if (m->s[i].is_end && i != m->current) {
			m->s[i].is_end = 0;
			pull(m, i);
		}
	}
	return n;
}

void
journal_merge_only(struct journal_merge *m, int (*wants)(void *ctx, const char *type), void *ctx)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		journal_reader_only(m->s[i].reader, wants, ctx);
}

const struct merge_source *
journal_merge_sources(const struct journal_merge *m, size_t *n)
{
	*n = m->n;
	return m->info;
}

void
journal_merge_close(struct journal_merge *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->n; i++)
		journal_reader_close(m->s[i].reader);
	arena_free(m->a);
}
