/*
 * A journal file as lines for people, one record at a time, for `journal show`.
 * Shows what the file says; whether it is true is what `journal verify` answers.
 */
#include <string.h>

#include "arena.h"
#include "commands/records.h"
#include "text.h"
#include "banned.h"

struct records {
	struct arena *a, *row; /* the view's; the current record's */
	struct journal_reader *reader;
	char *rest; /* lines of the current record not yet shown, or NULL */
};

/* The next record's lines in s->rest; 0 at the end. */
static int
pull(struct records *s, struct err *e)
{
	struct record rec;
	int r;

	arena_free(s->row);
	s->row = arena_new();
	if ((r = journal_reader_next(s->reader, &rec, e)) == 1)
		s->rest = record_render(s->row, &rec);
	return r;
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
records_view(struct arena *a, const char *file, struct view *v, struct err *e)
{
	struct records *s = arena_alloc(a, sizeof(*s));

	s->a = a;
	if (journal_reader_open(file, &s->reader, e) != 0)
		return -1;
	v->ncols = 1;
	v->next = records_next;
	v->state = s;
	return 0;
}
