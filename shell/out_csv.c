/*
 * Results as CSV (RFC 4180, and what psql --csv writes): a header, then a line a row; NULL is an
 * empty field, so is an empty text. To a file or a pipe the bytes go as they came; a terminal gets
 * them inert. Must never keep a row.
 */
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "text.h"
#include "shell/app.h"
#include "shell/out_rows.h"
#include "banned.h"

#define CSV_FLUSH ((size_t)64 << 10)

/* Whether a field is written between quotes: as psql does, also for \. which ends a COPY. */
static int
wants_quotes(const char *s, size_t n)
{
	size_t i;

	if (n == 2 && s[0] == '\\' && s[1] == '.')
		return 1;
	for (i = 0; i < n; i++)
		if (s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r')
			return 1;
	return 0;
}

static void
put_field(struct buf *b, const char *s, size_t n)
{
	const char *quote;
	size_t k;

	if (!wants_quotes(s, n)) {
		buf_add(b, s, n);
		return;
	}
	buf_add(b, "\"", 1);
	while (n > 0) {
		quote = memchr(s, '"', n);
		k = quote == NULL ? n : (size_t)(quote - s) + 1;
		buf_add(b, s, k);
		if (quote != NULL)
			buf_add(b, "\"", 1);
		s += k;
		n -= k;
	}
	buf_add(b, "\"", 1);
}

static int
flush_csv(struct out_table *t)
{
	int rc = pager_write(&t->pager, buf_str(&t->line), t->line.len);

	buf_reset(&t->line);
	return rc;
}

int
csv_row(struct out_table *t, const char *const *cells, const int *lengths)
{
	size_t i, n;
	const char *s;

	t->rows++;
	for (i = 0; i < t->ncols; i++) {
		s = cells[i];
		n = s == NULL ? 0 : lengths == NULL ? strlen(s) : (size_t)lengths[i];
		if (i > 0)
			buf_add(&t->line, ",", 1);
		if (n > 0 && t->is_terminal) {
			s = text_inert(t->row, s, n, 0);
			n = strlen(s);
		}
		if (n > 0)
			put_field(&t->line, s, n);
	}
	buf_add(&t->line, "\n", 1);
	if (t->is_terminal && arena_used(t->row) > CSV_FLUSH) {
		arena_free(t->row);
		t->row = arena_new();
	}
	return t->line.len < CSV_FLUSH ? 0 : flush_csv(t);
}

int
csv_header(struct out_table *t)
{
	int rc = csv_row(t, t->names, NULL);

	t->rows = 0;
	return rc;
}
