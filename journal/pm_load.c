/*
 * Journals into memory for a postmortem: each verified, then all read in the one order of
 * journal_merge_next(). What is routine beyond a number is counted and let go; what is evidence is
 * never left out silently.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "arena.h"
#include "line.h"
#include "pm.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

const char *
pm_str(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_object(v))
		v = json_object_get(v, "text");
	return json_string_value(v);
}

int64_t
pm_int(const json_t *o, const char *key, int64_t none)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (int64_t)json_integer_value(v) : none;
}

int64_t
pm_time(const char *t)
{
	int64_t s = t == NULL ? -1 : jtime_parse(t);

	if (s < 0)
		return PM_NONE;
	return s * 1000000 + (strlen(t) == JLINE_T_CHARS ? strtol(t + 20, NULL, 10) : 0);
}

static void
take_open(struct pm *pm, struct pm_source *s, const json_t *j)
{
	s->tool = arena_strdup(pm->a, pm_str(j, "tool") == NULL ? "" : pm_str(j, "tool"));
	s->policy = arena_strdup(pm->a, pm_str(j, "policy") == NULL ? "" : pm_str(j, "policy"));
	s->has_offset = json_is_integer(json_object_get(j, "offset"));
	s->offset_s = pm_int(j, "offset", 0);
	if (s->offset_s < -86400 || s->offset_s > 86400)
		s->has_offset = 0;
}

/* One that was let go, or a new one. */
static struct pm_event *
event_new(struct pm *pm)
{
	struct pm_event *ev = pm->unused;

	if (ev == NULL)
		return arena_alloc(pm->a, sizeof(*ev));
	pm->unused = ev->next_free;
	memset(ev, 0, sizeof(*ev));
	return ev;
}

/* Events are let go and come again by the thousand: the list grows only beyond its longest. */
static void
make_room(struct pm *pm)
{
	struct pm_event **more;

	if (pm->nevents < pm->room)
		return;
	pm->room = pm->room == 0 ? 1024 : 2 * pm->room;
	more = arena_array(pm->a, pm->room, sizeof(*more));
	if (pm->nevents > 0)
		memcpy(more, pm->events, pm->nevents * sizeof(*more));
	pm->events = more;
}

#define TELL_FROM ((int64_t)16 << 20) /* files people would wait for */
#define TELL_MS 400

/* How far it is, for who waits. */
static void
tell(struct pm *pm, int64_t done)
{
	const struct postmortem_setup *s = pm->setup;
	int64_t now = now_ms(), left;

	if (s->progress == NULL || pm->bytes < TELL_FROM || now - pm->told_ms < TELL_MS)
		return;
	pm->told_ms = now;
	left = done == 0 ? 0 : (now - pm->began_ms) * (pm->bytes - done) / done / 1000;
	s->progress(s->progress_ctx,
	    done == 0
		? arena_printf(pm->a, "verifying %s of journals", text_bytes(pm->a, pm->bytes))
		: arena_printf(pm->a, "reading journals: %s of %s, %lld s left",
		      text_bytes(pm->a, done), text_bytes(pm->a, pm->bytes), (long long)left));
}

static int
add(struct pm *pm, struct pm_source *s, const struct merged *m, struct err *e)
{
	int is_routine = pm_is_routine_type(m->rec.type);
	uint8_t leaf[SHA256_BYTES];
	struct pm_event *ev;

	if (s->records++ == 0)
		take_open(pm, s, m->rec.json);
	s->redacted += (uint64_t)pm_int(m->rec.json, "redacted", 0);
	pm->nroutine += (size_t)is_routine;
	if (is_routine && pm->nroutine > PM_ROUTINE_MAX) {
		s->left_out++;
		pm->left_out++;
		return 0;
	}
	if (pm->nevents >= PM_EVENTS_MAX) {
		err_set(e, ERR_FAILED,
		    "the journals hold more than %d records that belong in a postmortem; nothing "
		    "was written",
		    PM_EVENTS_MAX);
		return err_hint(e, "Name the files of this incident only.");
	}
	ev = event_new(pm);
	make_room(pm);
	ev->source = s;
	ev->seq = m->rec.seq;
	text_copy(ev->t, sizeof(ev->t), m->rec.t);
	text_copy(ev->type, sizeof(ev->type), m->rec.type);
	ev->us = ev->order_us = pm_time(m->rec.t);
	if (ev->us == PM_NONE)
		ev->us = ev->order_us = 0;
	if (pm->nevents > 0 && ev->order_us < pm->events[pm->nevents - 1]->order_us)
		ev->order_us = pm->events[pm->nevents - 1]->order_us;
	ev->json = json_incref(m->rec.json);
	ev->is_routine = is_routine;
	jline_leaf(m->rec.line, m->rec.len, leaf);
	hex_encode(leaf, sizeof(leaf), ev->leaf);
	pm->events[pm->nevents++] = ev;
	if (m->behind_us > s->behind_us) {
		s->behind_us = m->behind_us;
		s->behind = ev;
	}
	pm_let_go(pm);
	return 0;
}

static int
by_opening(const void *x, const void *y)
{
	const struct pm_source *p = x, *q = y;
	int c = strcmp(p->opened, q->opened);

	c = c != 0 ? c : strcmp(p->session, q->session);
	c = c != 0 ? c : p->part - q->part;
	return c != 0 ? c : strcmp(p->base, q->base);
}

const char *
pm_base(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash == NULL ? file : slash + 1;
}

/* Oldest first. The merge numbers them in its own way: see source_of(). */
static void
list_sources(struct pm *pm, const struct merge_source *info, size_t n)
{
	struct pm_source *s;
	size_t i, k;

	pm->sources = arena_array(pm->a, n + 1, sizeof(*pm->sources));
	pm->nsources = n;
	for (i = 0; i < n; i++) {
		s = &pm->sources[i];
		s->no = i;
		s->file = arena_strdup(pm->a, info[i].file);
		s->base = pm_base(s->file);
		s->session = arena_strdup(pm->a, info[i].session);
		s->person = arena_strdup(pm->a, info[i].person);
		s->host = arena_strdup(pm->a, info[i].host);
		s->cluster = arena_strdup(pm->a, info[i].cluster);
		s->opened = arena_strdup(pm->a, info[i].opened);
		s->tool = s->policy = "";
		s->bytes = info[i].bytes;
		s->part = info[i].part;
		s->label =
		    arena_printf(pm->a, "%.8s", id_is_valid(s->session) ? s->session : "unknown");
		if (s->part > 0)
			s->label = arena_printf(pm->a, "%s.%d", s->label, s->part);
		for (k = 0; k < pm->nitems; k++)
			if (strcmp(pm->items[k].file, s->file) == 0)
				s->report = &pm->items[k].report;
	}
	if (n > 1)
		qsort(pm->sources, n, sizeof(*pm->sources), by_opening);
}

const struct pm_source *
pm_source(const struct pm *pm, const char *file)
{
	size_t i;

	for (i = 0; i < pm->nsources; i++)
		if (strcmp(pm->sources[i].file, file) == 0)
			return &pm->sources[i];
	return NULL;
}

static int
by_base(const void *x, const void *y)
{
	const struct verify_item *p = x, *q = y;
	int c = strcmp(pm_base(p->file), pm_base(q->file));

	return c != 0 ? c : strcmp(p->file, q->file);
}

static struct pm_source *
source_of(const struct pm *pm, size_t no)
{
	size_t i;

	for (i = 0; i + 1 < pm->nsources && pm->sources[i].no != no; i++)
		;
	return &pm->sources[i];
}

/* What a clock that contradicts causes says of itself, once a journal. */
static void
list_skews(struct pm *pm)
{
	const struct pm_source *s;
	size_t i;

	pm->skews = arena_array(pm->a, pm->nsources + 1, sizeof(*pm->skews));
	for (i = 0; i < pm->nsources; i++) {
		s = &pm->sources[i];
		if (s->behind != NULL)
			pm->skews[pm->nskews++] = arena_printf(pm->a,
			    "the clock of %s (%s) is at least %s behind: record %s follows one "
			    "that "
			    "bears a later time",
			    s->host, s->person, pm_duration(pm, s->behind_us),
			    pm_ref(pm, s->behind));
	}
}

static int
read_all(struct pm *pm, struct journal_merge *merge, struct err *e)
{
	const struct merge_source *info;
	struct merged m;
	size_t n, i, k = 0;
	int64_t done = 0;
	int got;

	info = journal_merge_sources(merge, &n);
	list_sources(pm, info, n);
	journal_merge_only(merge, pm_wants, pm);
	pm->began_ms = now_ms();
	while ((got = journal_merge_next(merge, &m)) == 1) {
		done += (int64_t)m.rec.len + 1;
		if (++k % 1024 == 0)
			tell(pm, done);
		if (add(pm, source_of(pm, m.source), &m, e) != 0)
			return -1;
	}
	pm_close_up(pm);
	info = journal_merge_sources(merge, &n);
	for (i = 0; i < n; i++)
		if (info[i].damage != NULL)
			source_of(pm, i)->cut = arena_strdup(pm->a, info[i].damage);
	list_skews(pm);
	return got;
}

/* Of all files, as far as they can be told before they are opened. */
static int64_t
bytes_of(const struct postmortem_setup *s)
{
	struct stat st;
	int64_t n = 0;
	size_t i;

	for (i = 0; i < s->npaths; i++)
		n += stat(s->paths[i], &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
	return n;
}

int
pm_load(struct pm *pm, struct err *e)
{
	const struct postmortem_setup *s = pm->setup;
	struct journal_merge *merge;
	const char **files;
	size_t i;
	int rc;

	pm->steps_by_plan = json_object();

	pm->bytes = bytes_of(s);
	tell(pm, 0);
	if (journal_verify_paths(pm->a, s->paths, s->npaths, s->operators, &pm->items, &pm->nitems,
		&pm->worst, e) != 0)
		return -1;
	/* A name begins with when its session did; the order of the words is no matter. */
	if (pm->nitems > 1)
		qsort(pm->items, pm->nitems, sizeof(*pm->items), by_base);
	files = arena_array(pm->a, pm->nitems + 1, sizeof(*files));
	for (i = 0; i < pm->nitems; i++)
		files[i] = pm->items[i].file;
	if (pm->nitems == 0)
		return err_set(e, ERR_FAILED, "there is no journal to make a postmortem of");
	if (journal_merge_open(files, pm->nitems, &merge, e) != 0)
		return -1;
	rc = read_all(pm, merge, e);
	journal_merge_close(merge);
	if (rc == 0 && pm->nevents == 0)
		return err_set(e, ERR_FAILED, "the journals hold no record that can be read");
	if (rc != 0)
		return -1;
	pm->start = pm->events[0];
	pm->end = pm->events[pm->nevents - 1];
	return 0;
}

void
pm_free(struct pm *pm)
{
	size_t i;

	for (i = 0; i < pm->nevents; i++)
		if (pm->events[i] != NULL)
			json_decref(pm->events[i]->json);
	json_decref(pm->steps_by_plan);
}
