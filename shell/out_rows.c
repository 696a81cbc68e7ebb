/*
 * How a table looks: aligned columns, one value a line, or plain lines. What does not fit the
 * screen is wrapped inside its column with a mark ('.') at the break, never cut; a listing is cut a
 * little, with an ellipsis, or shows one value a line. Must see inert text only.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "text.h"
#include "shell/app.h"
#include "shell/out_rows.h"
#include "banned.h"

#define NARROWEST 8	 /* columns are not wrapped below this; then one value a line */
#define NARROWEST_CUT 24 /* nor cut below this: names and ids stay whole */
#define NARROWEST_LIVE 5 /* on a live screen a row is one line as long as that is possible */

static int
total(const struct out_table *t)
{
	size_t i;
	int w = 0;

	for (i = 0; i < t->ncols; i++)
		w += t->widths[i] + 3;
	return w - 1;
}

/* Takes from the widest column until the table fits. 0 where it cannot. */
static int
squeeze(struct out_table *t, int max)
{
	int over = total(t) - max, least = t->app->rows_max > 0 ? NARROWEST_LIVE
					   : t->is_view		? NARROWEST_CUT
								: NARROWEST;
	size_t i, widest;

	while (over > 0) {
		for (widest = 0, i = 1; i < t->ncols; i++)
			if (t->widths[i] > t->widths[widest])
				widest = i;
		if (t->widths[widest] <= least)
			return 0;
		t->widths[widest]--;
		over--;
	}
	t->is_wrapped = 1;
	return 1;
}

static void
measure(struct out_table *t)
{
	size_t i, r;

	for (i = 0; i < t->ncols; i++) {
		t->widths[i] = t->titles[i].width;
		for (r = 0; r < t->nbatch; r++)
			if (t->batch[r][i].width > t->widths[i])
				t->widths[i] = t->batch[r][i].width;
	}
}

/* One value a line: one column of titles, one of values. */
static void
expand(struct out_table *t, int max)
{
	size_t i;

	t->layout = LAYOUT_EXPANDED;
	t->widths[0] = 0;
	for (i = 0; i < t->ncols; i++)
		if (t->titles[i].width > t->widths[0])
			t->widths[0] = t->titles[i].width;
	if (max > 0 && t->widths[0] > max / 2)
		t->widths[0] = max / 2;
	t->is_wrapped = max > 0;
}

void
rows_settle(struct out_table *t)
{
	int max = t->app->is_interactive || (t->is_view && t->is_terminal) ? t->app->width : 0;
	size_t lines = t->nbatch * (t->layout == LAYOUT_EXPANDED ? t->ncols + 1 : 1) + 3;

	if (t->layout == LAYOUT_JSON)
		return;
	if (max > 0 && t->app->height > 0 && t->app->rows_max == 0 &&
	    lines > (size_t)t->app->height && pager_start(&t->pager) && pager_scrolls())
		max = 0;
	if (t->layout == LAYOUT_EXPANDED) {
		expand(t, max);
		return;
	}
	measure(t);
	if (t->layout != LAYOUT_ALIGNED || max <= 0 || total(t) <= max)
		return;
	if (t->app->expanded == EXPANDED_AUTO || !squeeze(t, max))
		expand(t, max);
}

/* The bytes of s that fit into width columns, up to a blank where one is near the end; at least one
 * character. */
static size_t
fit(const char *s, int width)
{
	size_t n = strlen(s), i, used, blank = 0;
	int w = 0;

	for (i = 0; i < n; i += used) {
		text_rune((const unsigned char *)s + i, n - i, &used);
		w += text_width(s + i, used);
		if (w > width && i > 0)
			return blank > 0 ? blank : i;
		if (s[i] == ' ' && w > width / 2)
			blank = i + 1;
	}
	return n;
}

static void
blanks(struct buf *b, int n)
{
	while (n-- > 0)
		buf_add(b, " ", 1);
}

/* Writes the line without blanks at its end. */
static int
flush_line(struct out_table *t)
{
	int rc;

	while (t->line.len > 0 && t->line.data[t->line.len - 1] == ' ')
		t->line.len--;
	buf_add(&t->line, "\n", 1);
	rc = pager_write(&t->pager, buf_str(&t->line), t->line.len);
	buf_reset(&t->line);
	return rc;
}

enum { LEFT, RIGHT, CENTER };

/* A piece of a cell, padded to its column; no blanks follow the last column's text. */
static void
put_padded(struct buf *b, const char *s, size_t n, int width, int pad, int side)
{
	int gap = width - pad, before = side == RIGHT ? gap : side == CENTER ? gap / 2 : 0;

	blanks(b, before);
	buf_add(b, s, n);
	blanks(b, gap - before);
}

static const char *
null_text(const struct out_table *t)
{
	return t->app->null_text[0] == '\0' ? "(null)" : t->app->null_text;
}

/* One screen line of an aligned row; rest[] is what is left of each cell. Returns 1 for more. */
static int
put_slice(struct out_table *t, const char **rest, const struct cell *row, int is_header)
{
	size_t i, n;
	int more = 0, is_null;

	for (i = 0; i < t->ncols; i++) {
		is_null = row[i].s == NULL;
		n = t->is_wrapped ? fit(rest[i], t->widths[i]) : strlen(rest[i]);
		if (i > 0)
			buf_add(&t->line, "|", 1);
		buf_add(&t->line, " ", 1);
		if (is_null)
			buf_puts(&t->line, style_on(t->app, STYLE_DIM));
		put_padded(&t->line, rest[i], n, t->widths[i], text_width(rest[i], n),
		    is_header	       ? CENTER
		    : t->is_numeric[i] ? RIGHT
				       : LEFT);
		if (is_null)
			buf_puts(&t->line, style_off(t->app, STYLE_DIM));
		rest[i] += n;
		buf_add(&t->line, rest[i][0] != '\0' ? "." : " ", 1);
		more |= rest[i][0] != '\0';
	}
	return more;
}

static int
put_aligned(struct out_table *t, const struct cell *row, int is_header)
{
	const char **rest = arena_array(t->row, t->ncols, sizeof(*rest));
	size_t i;
	int more;

	for (i = 0; i < t->ncols; i++) {
		rest[i] = row[i].s == NULL ? null_text(t) : row[i].s;
		if (t->is_view && t->is_wrapped)
			rest[i] = text_fit(t->row, rest[i], strlen(rest[i]), t->widths[i]);
	}
	do {
		more = put_slice(t, rest, row, is_header);
		if (flush_line(t) != 0)
			return -1;
	} while (more);
	return 0;
}

/* "title | value", the value wrapped into what is left of the screen. */
static int
put_pair(struct out_table *t, const struct cell *title, const struct cell *value)
{
	const char *s = value->s == NULL ? null_text(t) : value->s, *name = title->s;
	int room = t->is_wrapped ? t->app->width - t->widths[0] - 4 : 0;
	size_t n, k;

	do {
		k = fit(name, t->widths[0]);
		put_padded(&t->line, name, k, t->widths[0], text_width(name, k), LEFT);
		name += k;
		buf_puts(&t->line, name[0] != '\0' ? ".| " : " | ");
		if (value->s == NULL)
			buf_puts(&t->line, style_on(t->app, STYLE_DIM));
		n = room > 0 ? fit(s, room) : strlen(s);
		buf_add(&t->line, s, n);
		if (value->s == NULL)
			buf_puts(&t->line, style_off(t->app, STYLE_DIM));
		s += n;
		if (s[0] != '\0')
			buf_puts(&t->line, ".");
		if (flush_line(t) != 0)
			return -1;
	} while (s[0] != '\0' || name[0] != '\0');
	return 0;
}

static int
put_expanded(struct out_table *t, const struct cell *row)
{
	size_t i;

	buf_printf(&t->line, "-[ RECORD %lld ]-", (long long)t->rows + 1);
	if (flush_line(t) != 0)
		return -1;
	for (i = 0; i < t->ncols; i++)
		if (put_pair(t, &t->titles[i], &row[i]) != 0)
			return -1;
	return 0;
}

static int
put_json(struct out_table *t, const struct cell *row)
{
	size_t i;

	buf_puts(&t->line, t->rows == 0 ? "{" : ",\n{");
	for (i = 0; i < t->ncols; i++) {
		if (i > 0)
			buf_puts(&t->line, ", ");
		out_json_string(&t->line, t->names[i], strlen(t->names[i]));
		buf_puts(&t->line, ": ");
		out_json_cell(&t->line, row[i].s, row[i].s == NULL ? 0 : (size_t)row[i].width,
		    t->is_numeric[i]);
	}
	buf_puts(&t->line, "}");
	if (pager_write(&t->pager, buf_str(&t->line), t->line.len) != 0)
		return -1;
	buf_reset(&t->line);
	return 0;
}

int
rows_header(struct out_table *t)
{
	size_t i;
	int k;

	if (t->layout == LAYOUT_JSON)
		return pager_write(&t->pager, "[", 1);
	if (t->layout != LAYOUT_ALIGNED)
		return 0;
	if (put_aligned(t, t->titles, 1) != 0)
		return -1;
	for (i = 0; i < t->ncols; i++) {
		if (i > 0)
			buf_puts(&t->line, "+");
		for (k = 0; k < t->widths[i] + 2; k++)
			buf_add(&t->line, "-", 1);
	}
	return flush_line(t);
}

int
rows_put(struct out_table *t, const struct cell *row)
{
	int rc;

	if (t->layout == LAYOUT_JSON)
		rc = put_json(t, row);
	else if (t->layout == LAYOUT_EXPANDED)
		rc = put_expanded(t, row);
	else if (t->layout == LAYOUT_LINES) {
		buf_puts(&t->line, row[0].s == NULL ? "" : row[0].s);
		rc = flush_line(t);
	} else
		rc = put_aligned(t, row, 0);
	t->rows++;
	return rc;
}

void
rows_folded(struct out_table *t, const char *s)
{
	int max = t->app->is_interactive || t->is_terminal ? t->app->width : 0;
	size_t n;

	do {
		n = max > 0 ? fit(s, max) : strlen(s);
		buf_add(&t->line, s, n);
		buf_puts(&t->line, "\n");
		s += n;
	} while (s[0] != '\0');
}
