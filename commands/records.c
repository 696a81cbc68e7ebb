/*
 * A journal file as lines for people, one record at a time, for `journal show` and `replay`.
 * Shows what the file says; whether it is true is what `journal verify` answers.
 */
#include <string.h>

#include "arena.h"
#include "commands/records.h"
#include "text.h"
#include "banned.h"

struct begin {
	json_t *plan, *step;
	uint64_t seq;
};

struct records {
	struct arena *a, *row; /* the view's; the current record's */
	struct journal_reader *reader;
	int is_replay;
	char *rest; /* lines of the current record not yet shown, or NULL */
	struct begin *begins;
	size_t nbegins, at;
};

static int
is_shown(const struct records *s, const char *type)
{
	static const char *const types[] = {"open", "input", "output", "intent", "plan", "request",
	    "approval", "denial", "begin", "outcome", "hold", "release", "alarm", "note",
	    "incident", "degraded", "recover", "close"};
	size_t i;

	if (!s->is_replay)
		return 1;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i], type) == 0)
			return 1;
	return 0;
}

/* Keeps the begins that have no outcome yet. */
static void
follow(struct records *s, const struct record *rec)
{
	json_t *plan = json_object_get(rec->json, "plan"),
	       *step = json_object_get(rec->json, "step");
	size_t i;

	if (strcmp(rec->type, "begin") == 0) {
		s->begins = arena_grow(s->a, s->begins, s->nbegins, sizeof(*s->begins));
		s->begins[s->nbegins++] =
		    (struct begin){json_incref(plan), json_incref(step), rec->seq};
	}
	if (strcmp(rec->type, "outcome") != 0 ||
	    json_is_true(json_object_get(rec->json, "unknown")))
		return;
	for (i = s->nbegins; i-- > 0;) {
		if (!json_equal(s->begins[i].plan, plan) || !json_equal(s->begins[i].step, step))
			continue;
		json_decref(s->begins[i].plan);
		json_decref(s->begins[i].step);
		s->begins[i] = s->begins[--s->nbegins];
		return;
	}
}

/* The next record's lines in s->rest; 0 at the end. */
static int
pull(struct records *s, struct err *e)
{
	struct record rec;
	int r;

	arena_free(s->row);
	s->row = arena_new();
	while ((r = journal_reader_next(s->reader, &rec, e)) == 1) {
		follow(s, &rec);
		if (is_shown(s, rec.type)) {
			s->rest = record_render(s->row, &rec);
			return 1;
		}
	}
	if (r != 0)
		return -1;
	if (!s->is_replay || s->at >= s->nbegins)
		return 0;
	s->rest = arena_printf(s->row,
	    "OUTCOME UNKNOWN: record %llu began and no outcome is recorded; ask the server what "
	    "became of it",
	    (unsigned long long)s->begins[s->at++].seq);
	return 1;
}

static int
records_next(struct view *v, const char **cells, struct err *e)
{
	struct records *s = v->state;
	char *lf;
	int r;

	if (s->rest == NULL && (r = pull(s, e)) != 1) {
		arena_free(s->row);
		s->row = NULL;
		journal_reader_close(s->reader);
		s->reader = NULL;
		for (; s->nbegins > 0; s->nbegins--) {
			json_decref(s->begins[s->nbegins - 1].plan);
			json_decref(s->begins[s->nbegins - 1].step);
		}
		return r;
	}
	cells[0] = s->rest;
	lf = strchr(s->rest, '\n');
	if (lf != NULL)
		*lf = '\0';
	s->rest = lf == NULL ? NULL : lf + 1;
	return 1;
}

int
records_view(struct arena *a, const char *file, int is_replay, struct view *v, struct err *e)
{
	struct records *s = arena_alloc(a, sizeof(*s));

	s->a = a;
	s->is_replay = is_replay;
	if (journal_reader_open(file, &s->reader, e) != 0)
		return -1;
	v->ncols = 1;
	v->next = records_next;
	v->state = s;
	return 0;
}
