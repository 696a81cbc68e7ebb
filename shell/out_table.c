/*
 * Results and views as they stream: the first rows are kept until the columns' widths are known,
 * the others go straight to the screen, so memory stays flat. Must never keep a whole result, and
 * never write a cell that was not made inert.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "text.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "shell/out.h"
#include "shell/out_rows.h"
#include "banned.h"

#define ROW_ARENA ((size_t)1 << 20)
#define CELL_MAX ((size_t)1 << 20)
#define LINE_MAX_BYTES ((size_t)1 << 30)

static struct out_table *
table_new(struct app *app, enum layout layout)
{
	struct arena *a = arena_new();
	struct out_table *t = arena_alloc(a, sizeof(*t));

	t->app = app;
	t->arena = a;
	t->row = arena_new();
	t->layout = app->is_json	 ? LAYOUT_JSON
		    : app->is_csv	 ? LAYOUT_CSV
		    : app->expanded == 1 ? LAYOUT_EXPANDED
					 : layout;
	t->is_terminal = isatty(STDOUT_FILENO);
	buf_init(&t->line, LINE_MAX_BYTES);
	pager_none(&t->pager, app);
	return t;
}

/* A value nobody can read at a screen: its beginning, and how much there is. */
static const char *
beginning_of(struct arena *a, const char *s, size_t len)
{
	size_t n = CELL_MAX;

	while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80)
		n--;
	return arena_printf(a, "%s ... (the first %s of %s; --csv or --json gives all of it)",
	    text_inert(a, s, n, 0), text_bytes(a, (int64_t)n), text_bytes(a, (int64_t)len));
}

/* JSON cells stay as they came (width is their length); others are made inert here, once. */
static struct cell
cell_of(struct out_table *t, struct arena *a, const char *s, size_t len)
{
	struct cell c = {NULL, 6};

	if (s == NULL)
		return c;
	if (t->layout == LAYOUT_JSON) {
		c.s = arena_strndup(a, s, len);
		c.width = (int)len;
		return c;
	}
	c.s = len > CELL_MAX ? beginning_of(a, s, len)
			     : text_inert(a, s, len, t->layout == LAYOUT_LINES ? TEXT_TABS : 0);
	c.width = text_width(c.s, strlen(c.s));
	return c;
}

static void
set_columns(struct out_table *t, size_t n, const char *const *names, const unsigned char *numeric)
{
	size_t i;

	t->ncols = n;
	t->titles = arena_array(t->arena, n, sizeof(*t->titles));
	t->names = arena_array(t->arena, n, sizeof(*t->names));
	t->is_numeric = arena_alloc(t->arena, n + 1);
	t->widths = arena_array(t->arena, n, sizeof(*t->widths));
	t->batch = arena_array(t->arena, BATCH_ROWS, sizeof(*t->batch));
	for (i = 0; i < n; i++) {
		t->names[i] = arena_strdup(t->arena, names == NULL ? "line" : names[i]);
		t->titles[i] = cell_of(t, t->arena, t->names[i], strlen(t->names[i]));
		t->is_numeric[i] = numeric != NULL && numeric[i];
	}
	t->is_open = 1;
	if (t->layout == LAYOUT_CSV) {
		t->is_flowing = 1;
		out_progress_done(t->app);
		csv_header(t);
	}
}

/* The batch goes out; from here rows flow. */
static int
flow(struct out_table *t)
{
	size_t i;

	if (t->is_flowing)
		return 0;
	t->is_flowing = 1;
	out_progress_done(t->app);
	rows_settle(t);
	if (rows_header(t) != 0)
		return -1;
	for (i = 0; i < t->nbatch; i++)
		if (rows_put(t, t->batch[i]) != 0)
			return -1;
	return 0;
}

static int
add_row(struct out_table *t, const char *const *cells, const int *lengths)
{
	struct arena *a = t->is_flowing ? t->row : t->arena;
	struct cell *row;
	size_t i;

	if (t->layout == LAYOUT_CSV)
		return csv_row(t, cells, lengths);
	if (t->is_flowing && arena_used(t->row) > ROW_ARENA) {
		arena_free(t->row);
		a = t->row = arena_new();
	}
	row = arena_array(a, t->ncols, sizeof(*row));
	for (i = 0; i < t->ncols; i++)
		row[i] = cell_of(t, a, cells[i],
		    cells[i] == NULL  ? 0
		    : lengths == NULL ? strlen(cells[i])
				      : (size_t)lengths[i]);
	if (t->is_flowing)
		return rows_put(t, row);
	t->batch[t->nbatch++] = row;
	/* A line of a screen or a log needs no widths. */
	if (t->nbatch < BATCH_ROWS && arena_used(t->arena) < BATCH_BYTES)
		return 0;
	return flow(t);
}

static int
on_columns(struct sink *s, size_t n, const char *const *names, const unsigned char *is_numeric)
{
	set_columns(s->ctx, n, names, is_numeric);
	return 0;
}

static int
on_row(struct sink *s, size_t n, const char *const *cells, const int *lengths)
{
	struct out_table *t = s->ctx;

	if (n != t->ncols)
		return -1;
	capture_row(t->app, n, cells, lengths);
	return add_row(t, cells, lengths);
}

static void
on_notice(struct sink *s, const char *severity, const char *text)
{
	struct out_table *t = s->ctx;
	struct arena *a = arena_new();

	fflush(stdout);
	out_progress_done(t->app);
	fprintf(stderr, "%s: %s\n", text_inert(a, severity, strlen(severity), 0),
	    text_inert(a, text, strlen(text), 0));
	arena_free(a);
}

/* COPY's data belongs to whoever redirected it, byte for byte; a terminal gets it inert. */
static int
on_copy_out(struct sink *s, const char *data, size_t n)
{
	struct out_table *t = s->ctx;

	t->is_copy = 1;
	if (t->app->copy_to != NULL)
		return fwrite(data, 1, n, t->app->copy_to) == n ? 0 : -1;
	if (isatty(STDOUT_FILENO))
		out_block(t->app, stdout, STYLE_PLAIN, data, n, "");
	else if (fwrite(data, 1, n, stdout) != n)
		return -1;
	return 0;
}

static int
on_copy_in(struct sink *s, char *data, size_t size)
{
	struct out_table *t = s->ctx;

	return t->app->feed(t->app, data, size);
}

struct sink *
out_table_open(struct app *app, struct out_table **out)
{
	struct out_table *t = table_new(app, LAYOUT_ALIGNED);

	app->is_feeding = 0;
	t->sink = (struct sink){.columns = on_columns,
	    .row = on_row,
	    .notice = on_notice,
	    .copy_out = on_copy_out,
	    .copy_in = app->feed == NULL ? NULL : on_copy_in,
	    .ctx = t};
	*out = t;
	return &t->sink;
}

static void
table_free(struct out_table *t)
{
	struct arena *a = t->arena;

	buf_free(&t->line);
	arena_free(t->row);
	arena_free(a);
}

/* What stands under the rows, or instead of them. */
static void
footer(struct out_table *t, const char *tag, int64_t rows, int64_t ms)
{
	struct arena *a = t->row;

	if (t->is_copy && t->app->copy_to == NULL)
		return; /* not a byte more than the server sent */
	if (t->layout == LAYOUT_JSON) {
		if (t->is_open)
			buf_puts(&t->line, "]\n");
		else if (tag != NULL && tag[0] != '\0') {
			buf_puts(&t->line, "{\"tag\": ");
			out_json_string(&t->line, tag, strlen(tag));
			buf_printf(&t->line, ", \"rows\": %lld}\n", (long long)rows);
		}
	} else if (t->layout == LAYOUT_CSV && t->is_open)
		return;
	else if (tag != NULL && t->is_open)
		buf_printf(&t->line, "(%lld row%s)\n", (long long)t->rows, t->rows == 1 ? "" : "s");
	else if (tag != NULL && tag[0] != '\0')
		buf_printf(&t->line, "%s\n", text_inert(a, tag, strlen(tag), 0));
	if (t->app->timing && tag != NULL && ms >= 0 && t->layout != LAYOUT_JSON)
		buf_printf(&t->line, "Time: %s\n", text_seconds(a, (double)ms / 1000));
}

void
out_table_close(struct out_table *t, const char *tag, int64_t rows, int64_t ms)
{
	out_progress_done(t->app);
	if (t->is_open)
		flow(t);
	footer(t, tag, rows, ms);
	pager_write(&t->pager, buf_str(&t->line), t->line.len);
	pager_finish(&t->pager);
	table_free(t);
}

static int
view_rows(struct out_table *t, struct view *v, struct err *e)
{
	const char **cells = arena_array(t->arena, v->ncols, sizeof(*cells));
	int rc, shown = 0;

	while ((rc = v->next(v, cells, e)) > 0) {
		if (t->app->rows_max > 0 && shown++ >= t->app->rows_max)
			continue;
		capture_cells(t->app, v->ncols, cells);
		if (add_row(t, cells, NULL) != 0)
			return 0; /* the reader left the pager */
	}
	if (rc == 0 && t->app->rows_max > 0 && shown > t->app->rows_max)
		v->footer = arena_printf(t->arena, "... and %d more", shown - t->app->rows_max);
	return rc;
}

int
out_view(struct app *app, struct view *v, struct err *e)
{
	struct out_table *t;
	int rc;

	if (app->is_json && v->json != NULL) {
		printf("%s\n", v->json);
		fflush(stdout);
		return 0;
	}
	t = table_new(app, v->titles == NULL ? LAYOUT_LINES : LAYOUT_ALIGNED);
	t->is_view = 1;
	if (v->titles == NULL && t->layout == LAYOUT_EXPANDED)
		t->layout = LAYOUT_LINES;
	set_columns(t, v->ncols, v->titles, v->is_numeric);
	rc = view_rows(t, v, e);
	flow(t);
	if (t->layout == LAYOUT_JSON)
		buf_puts(&t->line, "]\n");
	else if (v->footer != NULL && rc == 0 && t->layout != LAYOUT_CSV)
		rows_folded(t, text_inert(t->row, v->footer, strlen(v->footer), 0));
	pager_write(&t->pager, buf_str(&t->line), t->line.len);
	pager_finish(&t->pager);
	table_free(t);
	return rc < 0 ? -1 : 0;
}
