/*
 * Frames of a replay: see replay.h. Shows what files say; whether it is true is what `journal
 * verify` answers. Must never show a byte that could move a cursor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "action.h"
#include "arena.h"
#include "journal.h"
#include "line.h"
#include "replay.h"
#include "text.h"
#include "banned.h"

struct begin {
	size_t source;
	json_t *plan, *step;
	uint64_t seq;
};

struct replay {
	const struct replay_options *o;
	struct journal_merge *merge;
	struct arena *a, *frame; /* the replay's; the current frame's */
	struct begin *begins;	 /* without an outcome so far */
	size_t nbegins, nshown, ndamage;
	json_t *plans; /* ids of dangerous ones */
	int64_t from_seq;
	char from_t[JLINE_T_CHARS + 1], last_t[JLINE_T_CHARS + 1];
	int has_begun, is_closed;
	int64_t first_us, at_ms;
	int columns, rows;
};

static int
is_one_of(const char *s, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return 1;
	return 0;
}

#define IS_ONE_OF(s, list) is_one_of((s), (list), sizeof(list) / sizeof((list)[0]))

/* --- what is shown --------------------------------------------------------------------------- */

/* Only what was dangerous: its plan, its people, its steps, and what stands for all. */
static int
is_dangerous(struct replay *r, const struct record *rec)
{
	static const char *const always[] = {"hold", "release", "alarm", "degraded", "recover"};
	static const char *const of_plan[] = {"begin", "outcome", "plan"};
	static const char *const of_request[] = {"request", "approval", "denial"};
	const char *id = json_text_of(rec->json, "plan");

	if (strcmp(rec->type, "intent") == 0) {
		if (danger_parse(json_text_of(rec->json, "danger")) < DANGER_DANGEROUS)
			return 0;
		json_object_set_new(r->plans, id, json_true());
		return 1;
	}
	if (IS_ONE_OF(rec->type, of_request))
		id = json_text_of(rec->json, "request");
	else if (strcmp(rec->type, "plan") == 0)
		id = json_text_of(rec->json, "id");
	else if (!IS_ONE_OF(rec->type, of_plan))
		return IS_ONE_OF(rec->type, always);
	/* Verbs that only make safe have no intent: what they did is shown. */
	return json_object_get(r->plans, id) != NULL ||
	       (IS_ONE_OF(rec->type, of_plan) &&
		   strcmp(json_text_of(rec->json, "kind"), "hold") == 0);
}

static int
is_shown(struct replay *r, const struct record *rec)
{
	static const char *const quiet[] = {
	    "cert", "clock", "topology", "bind", "verdict", "checkpoint", "terminal"};

	if (r->from_seq >= 0 && rec->seq < (uint64_t)r->from_seq)
		return 0;
	if (r->from_t[0] != '\0' && strcmp(rec->t, r->from_t) < 0)
		return 0;
	return r->o->is_dangerous ? is_dangerous(r, rec) : !IS_ONE_OF(rec->type, quiet);
}

/* "14:03" and "14:03:11" are of the day the replay starts on, or of the next where that is long
 * past: nights have two days. */
static void
complete_from(struct replay *r, const char *first)
{
	char at[48];
	const char *f = r->o->from;
	struct tm tm;
	time_t t;

	if (r->from_t[0] != 'T')
		return;
	snprintf(at, sizeof(at), "%.10sT%s%sZ", first, f, strlen(f) == 5 ? ":00" : "");
	t = (time_t)jtime_parse(at);
	if (t + 12 * 3600 < (time_t)jtime_parse(first))
		t += 24 * 3600;
	gmtime_r(&t, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
	text_copy(r->from_t, sizeof(r->from_t), at);
}

static int
take_from(struct replay *r, struct err *e)
{
	const char *f = r->o->from;
	size_t n;

	r->from_seq = -1;
	if (f == NULL)
		return 0;
	n = strlen(f);
	if (n > 0 && n <= 15 && strspn(f, "0123456789") == n) {
		r->from_seq = strtoll(f, NULL, 10);
	} else if ((n == 5 || n == 8) && strspn(f, "0123456789:") == n && f[2] == ':' &&
		   (n == 5 || f[5] == ':')) {
		text_copy(r->from_t, sizeof(r->from_t), "T");
	} else if (n >= 20 && n <= JLINE_T_CHARS && jtime_parse(f) >= 0) {
		/* With as many digits as records have. */
		snprintf(r->from_t, sizeof(r->from_t), "%.19s%sZ", f, n == 20 ? ".000000" : "");
		if (n == JLINE_T_CHARS)
			text_copy(r->from_t, sizeof(r->from_t), f);
	} else {
		err_set(e, ERR_USAGE, "\"%.64s\" is neither a record's number nor a time", f);
		return err_hint(e, "--from 41, --from 14:03:11 or --from 2026-11-22T14:03:11Z");
	}
	return 0;
}

/* --- frames ---------------------------------------------------------------------------------- */

/* Keeps the begins that have no outcome yet. */
static void
follow(struct replay *r, size_t source, const struct record *rec)
{
	json_t *plan = json_object_get(rec->json, "plan"),
	       *step = json_object_get(rec->json, "step");
	struct begin *b;
	size_t i;

	if (strcmp(rec->type, "begin") == 0) {
		r->begins = arena_grow(r->a, r->begins, r->nbegins, sizeof(*r->begins));
		r->begins[r->nbegins++] =
		    (struct begin){source, json_incref(plan), json_incref(step), rec->seq};
	}
	if (strcmp(rec->type, "outcome") != 0 ||
	    json_is_true(json_object_get(rec->json, "unknown")))
		return;
	for (i = r->nbegins; i-- > 0;) {
		b = &r->begins[i];
		if (b->source != source || !json_equal(b->plan, plan) || !json_equal(b->step, step))
			continue;
		json_decref(b->plan);
		json_decref(b->step);
		*b = r->begins[--r->nbegins];
		return;
	}
}

static void
measure(struct replay *r, const struct record *rec)
{
	json_int_t w = json_integer_value(json_object_get(rec->json, "columns")),
		   h = json_integer_value(json_object_get(rec->json, "rows"));

	if (strcmp(rec->type, "terminal") == 0 && w > 0 && w <= 1000 && h > 0 && h <= 1000) {
		r->columns = (int)w;
		r->rows = (int)h;
	}
}

static void
place(struct replay *r, const char *t)
{
	int64_t us = jtime_parse(t) * 1000000 + strtol(t + 20, NULL, 10), at;

	if (!r->has_begun)
		r->first_us = us;
	r->has_begun = 1;
	at = (us - r->first_us) / 1000;
	if (at > r->at_ms)
		r->at_ms = at;
	text_copy(r->last_t, sizeof(r->last_t), t);
}

static void
judge(const struct record *rec, struct replay_frame *f)
{
	static const struct {
		const char *type;
		enum frame_kind kind;
	} rows[] = {{"input", FRAME_INPUT}, {"intent", FRAME_INTENT}, {"approval", FRAME_APPROVAL},
	    {"denial", FRAME_APPROVAL}, {"outcome", FRAME_OUTCOME}, {"recover", FRAME_OUTCOME}};
	static const char *const bad[] = {"alarm", "degraded", "denial"};
	size_t i;

	f->kind = FRAME_OTHER;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].type, rec->type) == 0)
			f->kind = rows[i].kind;
	f->is_bad = json_is_false(json_object_get(rec->json, "ok")) ||
		    json_is_true(json_object_get(rec->json, "unknown")) ||
		    IS_ONE_OF(rec->type, bad);
	f->is_last = strcmp(rec->type, "close") == 0;
}

static void
draw(struct replay *r, const struct merged *m, struct replay_frame *f)
{
	const struct merge_source *src;
	size_t n;

	place(r, m->rec.t);
	judge(&m->rec, f);
	f->t = r->last_t;
	f->at_ms = r->at_ms;
	f->seq = m->rec.seq;
	f->text = record_render(r->frame, &m->rec);
	src = journal_merge_sources(r->merge, &n);
	if (n > 1) /* whose: sessions stand between each other */
		f->text = arena_printf(r->frame, "%-8.8s %.4s %s",
		    text_inert(r->frame, src[m->source].person, strlen(src[m->source].person), 0),
		    text_inert(r->frame, src[m->source].session, strlen(src[m->source].session), 0),
		    f->text);
	if (m->behind_us > 1000000)
		f->text = arena_printf(r->frame,
		    "%s\n          | (its clock is behind by at least %lld s)", f->text,
		    (long long)(m->behind_us / 1000000));
}

/* What nobody knows, and what cannot be read: after everything else. */
static int
draw_rest(struct replay *r, struct replay_frame *f)
{
	const struct merge_source *src;
	size_t n;

	src = journal_merge_sources(r->merge, &n);
	*f = (struct replay_frame){
	    .kind = FRAME_OUTCOME, .is_bad = 1, .at_ms = r->at_ms, .t = r->last_t};
	for (; r->ndamage < n; r->ndamage++) {
		if (src[r->ndamage].damage == NULL)
			continue;
		f->kind = FRAME_OTHER;
		f->text = arena_printf(r->frame, "%s: %s; nothing after it is shown",
		    text_inert(r->frame, src[r->ndamage].file, strlen(src[r->ndamage].file), 0),
		    src[r->ndamage].damage);
		r->ndamage++;
		return 1;
	}
	if (r->nshown >= r->nbegins)
		return 0;
	f->seq = r->begins[r->nshown].seq;
	f->text = arena_printf(r->frame,
	    "OUTCOME UNKNOWN: record %llu%s%.4s began and no outcome is recorded; ask the server "
	    "what became of it",
	    (unsigned long long)f->seq, n > 1 ? " of " : "",
	    n > 1 ? src[r->begins[r->nshown].source].session : "");
	r->nshown++;
	return 1;
}

int
replay_next(struct replay *r, struct replay_frame *out)
{
	struct merged m;

	arena_free(r->frame);
	r->frame = arena_new();
	memset(out, 0, sizeof(*out));
	while (journal_merge_next(r->merge, &m) == 1) {
		complete_from(r, m.rec.t);
		follow(r, m.source, &m.rec);
		measure(r, &m.rec);
		r->is_closed = strcmp(m.rec.type, "close") == 0;
		if (!is_shown(r, &m.rec))
			continue;
		draw(r, &m, out);
		return 1;
	}
	return r->o->is_follow && !r->is_closed ? 0 : draw_rest(r, out);
}

int
replay_more(struct replay *r)
{
	const struct merge_source *src;
	size_t n, i;
	int is_live, any = 0, fd;
	off_t size;

	if (!r->o->is_follow || r->is_closed)
		return -1;
	if (journal_merge_grow(r->merge) > 0)
		return 1;
	src = journal_merge_sources(r->merge, &n);
	for (i = 0; i < n; i++) {
		if ((fd = jfile_open(src[i].file, &size, &is_live, NULL)) < 0)
			continue;
		close(fd);
		any |= is_live;
	}
	/* What was written between the look and the end of its writer. */
	if (!any && journal_merge_grow(r->merge) > 0)
		return 1;
	r->is_closed = !any;
	return any ? 0 : -1;
}

int
replay_open(const struct replay_options *o, struct replay **out, struct err *e)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	r->o = o;
	r->a = arena_new();
	r->plans = json_object();
	*out = r;
	if (take_from(r, e) == 0 && journal_merge_open(o->files, o->nfiles, &r->merge, e) == 0)
		return 0;
	replay_close(r);
	*out = NULL;
	return -1;
}

int
replay_columns(const struct replay *r)
{
	return r->columns;
}

int
replay_rows(const struct replay *r)
{
	return r->rows;
}

void
replay_close(struct replay *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->nbegins; i++) {
		json_decref(r->begins[i].plan);
		json_decref(r->begins[i].step);
	}
	json_decref(r->plans);
	journal_merge_close(r->merge);
	arena_free(r->frame);
	arena_free(r->a);
	free(r);
}
