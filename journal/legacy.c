/*
 * What journals leave behind: replicas that are still held, and statements whose outcome nobody
 * knows. Derived from records alone, over all files that can be read, in the order of time; never
 * guessed: what is not certain is said to be so.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "line.h"
#include "step.h"
#include "writer.h"
#include "banned.h"

/* A record that matters here. */
struct event {
	const struct journal_entry *entry;
	char t[JLINE_T_CHARS + 1], type[JLINE_TYPE_MAX + 1];
	uint64_t seq;
	json_t *json;
	size_t order; /* as read: keeps a file's own order where times are equal */
};

struct begun_hold {
	struct hold hold;
	const char *key; /* of the begin it came from; NULL once a hold record confirmed it */
	int is_over;
};

struct begun_step {
	struct unknown unknown;
	const char *key;
	int is_over;
};

struct past {
	struct arena *a; /* the caller's */
	struct event *events;
	size_t nevents;
	struct begun_hold *holds;
	size_t nholds;
	struct begun_step *steps;
	size_t nsteps;
};

static int
matters(const struct jhead *h)
{
	static const char *const types[] = {"begin", "outcome", "hold", "release", "recover"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (jline_is_type(h, types[i]))
			return 1;
	return 0;
}

/* A cheap first look at the fixed start of a line: most records are reads, and files grow long. */
static int
may_matter(const char *line, size_t len)
{
	static const char mark[] = ",\"type\":\"";
	const char *at = memmem(line, len < 256 ? len : 256, mark, sizeof(mark) - 1);

	if (at == NULL || at + sizeof(mark) + 2 > line + len)
		return 1;
	at += sizeof(mark) - 1;
	/* begin, hold, release, recover, outcome: not input, output, open, request, ... */
	return strchr("bhr", *at) != NULL || memcmp(at, "outc", 4) == 0;
}

/* A closed session that began nothing left nothing behind: its last line says so. */
static int
did_nothing(int fd, off_t size)
{
	char tail[2048];
	off_t from = size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0;
	ssize_t n = pread(fd, tail, sizeof(tail), from);
	const char *line;

	if (n <= 1 || tail[n - 1] != '\n')
		return 0;
	line = memrchr(tail, '\n', (size_t)n - 1);
	line = line == NULL ? tail : line + 1;
	n -= line - tail;
	return memmem(line, (size_t)n, "\"type\":\"close\"", 14) != NULL &&
	       memmem(line, (size_t)n, ",\"acts\":0,", 10) != NULL;
}

/* Reads one file's events; a damaged file gives what it has before the damage. */
static void
gather(struct past *p, const struct journal_entry *entry)
{
	const char *line, *why;
	struct event ev = {.entry = entry};
	struct jhead head;
	struct jscan s;
	off_t size;
	size_t len;
	int is_live, fd = jfile_open(entry->file, &size, &is_live, NULL);

	if (fd < 0)
		return;
	if (did_nothing(fd, size)) {
		close(fd);
		return;
	}
	jscan_init(&s, fd, size);
	while (jscan_next(&s, &line, &len) == JSCAN_LINE) {
		if (!may_matter(line, len))
			continue;
		if (jline_head(line, len, &head) != 0)
			break;
		if (!matters(&head))
			continue;
		if ((ev.json = jline_parse(line, len, &why)) == NULL)
			break;
		/* Within one file the sequence is the order, whatever the clock did. */
		if (memcmp(head.t, ev.t, JLINE_T_CHARS) > 0)
			memcpy(ev.t, head.t, JLINE_T_CHARS);
		memcpy(ev.type, head.type, head.ntype);
		ev.type[head.ntype] = '\0';
		ev.seq = head.seq;
		ev.order = p->nevents;
		p->events = realloc(p->events, (p->nevents + 1) * sizeof(ev));
		if (p->events == NULL)
			abort();
		p->events[p->nevents++] = ev;
	}
	jscan_free(&s);
	close(fd);
}

static int
by_time(const void *x, const void *y)
{
	const struct event *p = x, *q = y;
	int c = strcmp(p->t, q->t);

	return c != 0 ? c : p->order < q->order ? -1 : 1;
}

static const char *
member(struct past *p, const struct event *ev, const char *name)
{
	return arena_strdup(p->a, json_text_of(ev->json, name));
}

/* Session, plan and step as one text. */
static const char *
step_key(struct past *p, const struct event *ev)
{
	char *key = begun_key(ev->json);
	const char *out = arena_printf(p->a, "%s %s", ev->entry->session, key);

	free(key);
	return out;
}

static int
is_same_node(const struct hold *h, const char *node, const char *identity)
{
	if (*h->identity != '\0' && *identity != '\0')
		return strcmp(h->identity, identity) == 0;
	return strcmp(h->node, node) == 0;
}

static struct begun_hold *
find_hold(struct past *p, const char *node, const char *identity)
{
	size_t i;

	for (i = 0; i < p->nholds; i++)
		if (!p->holds[i].is_over && is_same_node(&p->holds[i].hold, node, identity))
			return &p->holds[i];
	return NULL;
}

static void
fill_hold(struct past *p, struct hold *h, const struct event *ev)
{
	*h = (struct hold){.node = member(p, ev, "node"),
	    .identity = member(p, ev, "identity"),
	    .incarnation = member(p, ev, "incarnation"),
	    .cluster = member(p, ev, "cluster"),
	    .position = member(p, ev, "position"),
	    .since = arena_strdup(p->a, ev->t),
	    .plan = member(p, ev, "plan"),
	    .person = ev->entry->person,
	    .journal = ev->entry->session,
	    .hardened_at = member(p, ev, "hardened_at"),
	    .before = member(p, ev, "before")};
}

static struct begun_hold *
add_hold(struct past *p, const struct event *ev)
{
	struct begun_hold *b;

	p->holds = arena_grow(p->a, p->holds, p->nholds, sizeof(*b));
	b = &p->holds[p->nholds++];
	memset(b, 0, sizeof(*b));
	fill_hold(p, &b->hold, ev);
	return b;
}

static void
on_hold(struct past *p, const struct event *ev)
{
	struct begun_hold *b =
	    find_hold(p, json_text_of(ev->json, "node"), json_text_of(ev->json, "identity"));
	const char *since;

	if (b == NULL)
		b = add_hold(p, ev);
	since = b->hold.since;
	fill_hold(p, &b->hold, ev);
	b->hold.since = since;
	b->hold.is_certain = 1;
	b->hold.is_hardened = b->hold.hardened_at[0] != '\0';
	b->key = NULL;
}

/* A pause that is about to be asked for, or a release: from here on the hold is not certain. */
static void
on_begin_hold(struct past *p, const struct event *ev, const char *key)
{
	const char *kind = json_text_of(ev->json, "kind");
	int is_hold = strcmp(kind, step_kind_name(KIND_HOLD)) == 0;
	struct begun_hold *b;

	if (!is_hold && strcmp(kind, step_kind_name(KIND_RELEASE)) != 0)
		return;
	b = find_hold(p, json_text_of(ev->json, "node"), json_text_of(ev->json, "identity"));
	if (is_hold && b == NULL)
		add_hold(p, ev)->key = key;
	else if (!is_hold && b != NULL)
		b->hold.is_certain = 0; /* until the release record */
}

static void
on_begin(struct past *p, const struct event *ev)
{
	const json_t *texts = json_object_get(ev->json, "texts");
	const char *text = json_string_value(json_array_get(texts, 0));
	struct begun_step *s;

	p->steps = arena_grow(p->a, p->steps, p->nsteps, sizeof(*s));
	s = &p->steps[p->nsteps++];
	memset(s, 0, sizeof(*s));
	s->key = step_key(p, ev);
	s->unknown = (struct unknown){.file = ev->entry->file,
	    .session = ev->entry->session,
	    .plan = member(p, ev, "plan"),
	    .person = ev->entry->person,
	    .t = arena_strdup(p->a, ev->t),
	    .node = member(p, ev, "node"),
	    .text = text != NULL ? arena_strdup(p->a, text) : member(p, ev, "proc"),
	    .part = member(p, ev, "part"),
	    .kind = member(p, ev, "kind"),
	    .identity = member(p, ev, "identity"),
	    .xid = member(p, ev, "xid"),
	    .seq = ev->seq};
	on_begin_hold(p, ev, s->key);
}

static void
on_outcome(struct past *p, const struct event *ev)
{
	const char *key = step_key(p, ev);
	int ok = !json_is_false(json_object_get(ev->json, "ok"));
	size_t i;

	/* The connection broke on the way: that is no outcome. */
	if (json_is_true(json_object_get(ev->json, "unknown")))
		return;
	for (i = p->nsteps; i-- > 0;)
		if (!p->steps[i].is_over && strcmp(p->steps[i].key, key) == 0) {
			p->steps[i].is_over = 1;
			break;
		}
	/* A pause that was refused holds nothing; one that was taken may hold. Its own outcome
	 * only: a release of the same step comes later. */
	for (i = 0; i < p->nholds; i++) {
		if (p->holds[i].key == NULL || strcmp(p->holds[i].key, key) != 0)
			continue;
		p->holds[i].is_over = !ok;
		p->holds[i].key = NULL;
	}
}

static void
on_recover(struct past *p, const struct event *ev)
{
	const json_t *of = json_object_get(ev->json, "of"), *seq = json_object_get(of, "seq");
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (strcmp(p->steps[i].unknown.session, json_text_of(of, "session")) == 0 &&
		    json_is_integer(seq) &&
		    (uint64_t)json_integer_value(seq) == p->steps[i].unknown.seq)
			p->steps[i].is_over = 1;
}

static void
apply(struct past *p, const struct event *ev)
{
	struct begun_hold *b;

	if (strcmp(ev->type, "begin") == 0) {
		on_begin(p, ev);
	} else if (strcmp(ev->type, "outcome") == 0) {
		on_outcome(p, ev);
	} else if (strcmp(ev->type, "hold") == 0) {
		on_hold(p, ev);
	} else if (strcmp(ev->type, "recover") == 0) {
		on_recover(p, ev);
	} else {
		b = find_hold(
		    p, json_text_of(ev->json, "node"), json_text_of(ev->json, "identity"));
		if (b != NULL)
			b->is_over = 1;
	}
}

/* A session is alive while any of its files is being written. */
static int
is_live_session(const struct journal_entry *list, size_t n, const char *session)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].is_live && strcmp(list[i].session, session) == 0)
			return 1;
	return 0;
}

static struct hold
copy_hold(struct arena *a, const struct hold *h)
{
	struct hold c = *h;

	c.node = arena_strdup(a, h->node);
	c.identity = arena_strdup(a, h->identity);
	c.incarnation = arena_strdup(a, h->incarnation);
	c.cluster = arena_strdup(a, h->cluster);
	c.position = arena_strdup(a, h->position);
	c.since = arena_strdup(a, h->since);
	c.plan = arena_strdup(a, h->plan);
	c.person = arena_strdup(a, h->person);
	c.journal = arena_strdup(a, h->journal);
	c.hardened_at = arena_strdup(a, h->hardened_at);
	c.before = arena_strdup(a, h->before);
	return c;
}

static struct unknown
copy_unknown(struct arena *a, const struct unknown *u)
{
	struct unknown c = *u;

	c.file = arena_strdup(a, u->file);
	c.session = arena_strdup(a, u->session);
	c.plan = arena_strdup(a, u->plan);
	c.person = arena_strdup(a, u->person);
	c.t = arena_strdup(a, u->t);
	c.node = arena_strdup(a, u->node);
	c.text = arena_strdup(a, u->text);
	c.part = arena_strdup(a, u->part);
	c.kind = arena_strdup(a, u->kind);
	c.identity = arena_strdup(a, u->identity);
	c.xid = arena_strdup(a, u->xid);
	return c;
}

int
journal_legacy(struct arena *a, const char *const *dirs, size_t ndirs, const char *own,
    struct hold **holds, size_t *nholds, struct unknown **unknowns, size_t *nunknowns,
    struct err *e)
{
	struct past p = {.a = arena_new()};
	struct journal_entry *list;
	size_t n, i;
	int r = journal_list(p.a, dirs, ndirs, &list, &n, e);

	for (i = n; r == 0 && i-- > 0;)
		gather(&p, &list[i]);
	if (p.nevents > 0)
		qsort(p.events, p.nevents, sizeof(*p.events), by_time);
	for (i = 0; i < p.nevents; i++) {
		apply(&p, &p.events[i]);
		json_decref(p.events[i].json);
	}
	free(p.events);
	*nholds = *nunknowns = 0;
	*holds = NULL;
	*unknowns = NULL;
	for (i = 0; i < p.nholds; i++) {
		if (p.holds[i].is_over)
			continue;
		*holds = arena_grow(a, *holds, *nholds, sizeof(**holds));
		(*holds)[(*nholds)++] = copy_hold(a, &p.holds[i].hold);
	}
	for (i = 0; i < p.nsteps; i++) {
		const char *session = p.steps[i].unknown.session;

		if (p.steps[i].is_over || (is_live_session(list, n, session) &&
					      (own == NULL || strcmp(own, session) != 0)))
			continue;
		*unknowns = arena_grow(a, *unknowns, *nunknowns, sizeof(**unknowns));
		(*unknowns)[(*nunknowns)++] = copy_unknown(a, &p.steps[i].unknown);
	}
	arena_free(p.a);
	return r;
}
