/*
 * Journals into memory for a postmortem: each verified, then read record by record. What is routine
 * beyond a number is counted and let go; what is evidence is never left out silently.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "line.h"
#include "pm.h"
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

struct pm_event *
pm_at(const struct pm_source *s, uint64_t seq)
{
	size_t lo = 0, hi = s->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (s->events[mid].seq <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? NULL : &s->events[lo - 1];
}

static int
is_routine_type(const char *type)
{
	static const char *const types[] = {"input", "output", "checkpoint", "verdict", "bind"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return 1;
	return 0;
}

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

static void
take_open(struct pm *pm, struct pm_source *s, const json_t *j)
{
	s->session = arena_strdup(pm->a, or_empty(pm_str(j, "session")));
	s->person = arena_strdup(pm->a, or_empty(pm_str(j, "person")));
	s->host = arena_strdup(pm->a, or_empty(pm_str(j, "host")));
	s->cluster = arena_strdup(pm->a, or_empty(pm_str(j, "cluster")));
	s->tool = arena_strdup(pm->a, or_empty(pm_str(j, "tool")));
	s->zone = arena_strdup(pm->a, or_empty(pm_str(j, "zone")));
	s->part = (int)pm_int(j, "part", 0);
	s->has_offset = json_is_integer(json_object_get(j, "offset"));
	s->offset_s = pm_int(j, "offset", 0);
	if (s->offset_s < -86400 || s->offset_s > 86400)
		s->has_offset = 0;
	s->label = arena_printf(pm->a, "%.8s", id_is_valid(s->session) ? s->session : "unknown");
	if (s->part > 0)
		s->label = arena_printf(pm->a, "%s.%d", s->label, s->part);
}

static int
add(struct pm *pm, struct pm_source *s, const struct record *rec, struct err *e)
{
	int is_routine = is_routine_type(rec->type);
	uint8_t leaf[SHA256_BYTES];
	struct pm_event *ev;

	s->records++;
	pm->nroutine += (size_t)is_routine;
	if (is_routine && pm->nroutine > PM_ROUTINE_MAX) {
		s->left_out++;
		pm->left_out++;
		return 0;
	}
	if (pm->nall >= PM_EVENTS_MAX) {
		err_set(e, ERR_FAILED,
		    "the journals hold more than %d records that belong in a "
		    "postmortem; nothing was written",
		    PM_EVENTS_MAX);
		return err_hint(e, "Name the files of this incident only.");
	}
	pm->all = arena_grow(pm->a, pm->all, pm->nall, sizeof(*pm->all));
	ev = &pm->all[pm->nall++];
	memset(ev, 0, sizeof(*ev));
	ev->seq = rec->seq;
	ev->t = arena_strdup(pm->a, rec->t);
	ev->type = arena_strdup(pm->a, rec->type);
	ev->us = pm_time(rec->t);
	if (ev->us == PM_NONE)
		ev->us = pm->nall > 1 && s->n > 0 ? ev[-1].us : 0;
	ev->json = json_incref(rec->json);
	ev->is_routine = is_routine;
	jline_leaf(rec->line, rec->len, leaf);
	hex_encode(leaf, sizeof(leaf), ev->leaf);
	s->n++;
	s->is_closed = strcmp(rec->type, "close") == 0;
	return 0;
}

static int
read_source(struct pm *pm, struct pm_source *s, struct err *e)
{
	struct journal_reader *r;
	struct record rec;
	struct err why = {0};
	int got;

	if (journal_reader_open(s->file, &r, e) != 0)
		return -1;
	take_open(pm, s, NULL);
	while ((got = journal_reader_next(r, &rec, &why)) == 1) {
		if (s->n == 0)
			take_open(pm, s, rec.json);
		if (add(pm, s, &rec, e) != 0) {
			journal_reader_close(r);
			return -1;
		}
	}
	if (got < 0)
		s->cut = arena_strdup(pm->a, why.msg);
	journal_reader_close(r);
	return 0;
}

static int
by_opening(const void *x, const void *y)
{
	const struct pm_source *p = x, *q = y;
	int c = 0;

	if (p->n > 0 && q->n > 0 && p->events[0].us != q->events[0].us)
		return p->events[0].us < q->events[0].us ? -1 : 1;
	c = strcmp(p->session, q->session);
	if (c == 0)
		c = p->part - q->part;
	return c != 0 ? c : strcmp(p->base, q->base);
}

/* Now that nothing grows any more: who belongs to whom, oldest session first. */
static void
link_up(struct pm *pm)
{
	struct pm_event *ev = pm->all;
	size_t i, k;

	for (i = 0; i < pm->nsources; i++) {
		pm->sources[i].events = ev;
		ev += pm->sources[i].n;
	}
	if (pm->nsources > 1)
		qsort(pm->sources, pm->nsources, sizeof(*pm->sources), by_opening);
	for (i = 0; i < pm->nsources; i++)
		for (k = 0; k < pm->sources[i].n; k++)
			pm->sources[i].events[k].source = &pm->sources[i];
}

int
pm_load(struct pm *pm, struct err *e)
{
	const struct postmortem_setup *s = pm->setup;
	const char *slash;
	size_t i;

	if (journal_verify_paths(pm->a, s->paths, s->npaths, s->operators, &pm->items,
		&pm->nsources, &pm->worst, e) != 0)
		return -1;
	if (pm->nsources == 0)
		return err_set(e, ERR_FAILED, "there is no journal to make a postmortem of");
	pm->sources = arena_array(pm->a, pm->nsources, sizeof(*pm->sources));
	for (i = 0; i < pm->nsources; i++) {
		pm->sources[i].file = pm->items[i].file;
		slash = strrchr(pm->items[i].file, '/');
		pm->sources[i].base = slash == NULL ? pm->items[i].file : slash + 1;
		pm->sources[i].report = &pm->items[i].report;
		if (read_source(pm, &pm->sources[i], e) != 0)
			return err_wrap(e, "%s", pm->items[i].file);
	}
	if (pm->nall == 0)
		return err_set(e, ERR_FAILED, "the journals hold no record");
	link_up(pm);
	return 0;
}

void
pm_free(struct pm *pm)
{
	size_t i;

	for (i = 0; i < pm->nall; i++)
		json_decref(pm->all[i].json);
}
