/*
 * What came to the screen: see capture.h. Bounded whatever a server sends. Must never hold up what
 * it watches: a record that cannot be written is missed, and the journal says so elsewhere.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "wait.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "banned.h"

#define HEAD_MAX ((size_t)64 << 10)
#define TAIL_MAX ((size_t)16 << 10)
#define SESSION_MAX ((int64_t)64 << 20) /* of text kept; after it only counts and digests */

struct capture {
	int depth;
	struct buf head;
	char *tail; /* a ring of TAIL_MAX bytes */
	size_t ntail;
	int64_t bytes, rows_bytes, kept, began;
	struct hasher *text, *rows;
};

void
capture_begin(struct app *app)
{
	struct capture *c = app->capture;

	if (app->journal == NULL)
		return;
	if (c == NULL) {
		c = app->capture = calloc(1, sizeof(*c));
		if (c == NULL)
			abort();
		buf_init(&c->head, HEAD_MAX + 1);
	}
	if (c->depth++ > 0)
		return;
	buf_reset(&c->head);
	c->ntail = 0;
	c->bytes = c->rows_bytes = 0;
	c->began = now_ms();
}

static void
add(struct capture *c, const char *s, size_t n)
{
	size_t room = c->kept >= SESSION_MAX ? 0 : HEAD_MAX - c->head.len;
	size_t i, some = n < room ? n : room;

	if (c->text == NULL)
		c->text = hasher_new();
	hasher_add(c->text, s, n);
	c->bytes += (int64_t)n;
	buf_add(&c->head, s, some);
	if (some == n || c->kept >= SESSION_MAX)
		return;
	if (c->tail == NULL && (c->tail = malloc(TAIL_MAX)) == NULL)
		abort();
	if (n - some > TAIL_MAX) {
		c->ntail += n - some - TAIL_MAX;
		some = n - TAIL_MAX;
	}
	for (i = some; i < n; i++)
		c->tail[c->ntail++ % TAIL_MAX] = s[i];
}

void
capture_text(struct app *app, const char *line, size_t len)
{
	struct capture *c = app->capture;

	if (c == NULL || c->depth == 0)
		return;
	add(c, line, len);
	add(c, "\n", 1);
}

void
capture_cells(struct app *app, size_t n, const char *const *cells)
{
	struct capture *c = app->capture;
	size_t i;

	if (c == NULL || c->depth == 0)
		return;
	for (i = 0; i < n; i++) {
		if (i > 0)
			add(c, "  ", 2);
		if (cells[i] != NULL)
			add(c, cells[i], strlen(cells[i]));
	}
	add(c, "\n", 1);
}

/* Cells with a tab between them, NULL as \N, rows with a line feed: what the digest is over. */
void
capture_row(struct app *app, size_t n, const char *const *cells, const int *lengths)
{
	struct capture *c = app->capture;
	size_t i, len;

	if (c == NULL || c->depth == 0)
		return;
	if (c->rows == NULL)
		c->rows = hasher_new();
	for (i = 0; i < n; i++) {
		len = cells[i] == NULL	? 2
		      : lengths == NULL ? strlen(cells[i])
					: (size_t)lengths[i];
		hasher_add(c->rows, cells[i] == NULL ? "\\N" : cells[i], len);
		hasher_add(c->rows, i + 1 < n ? "\t" : "\n", 1);
		c->rows_bytes += (int64_t)len + 1;
	}
}

/* From the first whole line that is still there: what was cut may have been the start of a secret.
 */
static json_t *
tail_of(const struct capture *c)
{
	size_t n = c->ntail < TAIL_MAX ? c->ntail : TAIL_MAX, from = c->ntail - n, i;
	char *text = malloc(n + 1), *lf;
	json_t *out;

	if (text == NULL)
		abort();
	for (i = 0; i < n; i++)
		text[i] = c->tail[(from + i) % TAIL_MAX];
	text[n] = '\0';
	lf = memchr(text, '\n', n);
	out = lf == NULL ? NULL : journal_text(lf + 1, n - (size_t)(lf + 1 - text));
	free(text);
	return out;
}

static size_t
without_last_lf(const struct buf *b)
{
	return b->len > 0 && b->data[b->len - 1] == '\n' ? b->len - 1 : b->len;
}

static void
write_down(struct app *app, struct capture *c)
{
	char text[SHA256_HEX] = "", rows[SHA256_HEX] = "";
	json_t *o = json_object();

	hasher_take(c->text, text);
	hasher_take(c->rows, rows);
	json_object_set_new(o, "exit", json_integer(app->exit));
	json_object_set_new(o, "ms", json_integer(now_ms() - c->began));
	if (c->bytes > 0) {
		json_object_set_new(o, "bytes", json_integer(c->bytes));
		json_object_set_new(o, "sha256", json_string(text));
		json_object_set_new(
		    o, "head", journal_text(buf_str(&c->head), without_last_lf(&c->head)));
		if (c->ntail > 0)
			json_object_set_new(o, "tail", tail_of(c));
		c->kept += (int64_t)c->head.len;
	}
	if (c->rows_bytes > 0) {
		json_object_set_new(o, "rows_bytes", json_integer(c->rows_bytes));
		json_object_set_new(o, "rows_sha256", json_string(rows));
	}
	if (app->journal == NULL)
		json_decref(o);
	else
		journal_add(app->journal, "screen", o, NULL);
}

void
capture_end(struct app *app)
{
	struct capture *c = app->capture;

	if (c == NULL || c->depth == 0 || --c->depth > 0)
		return;
	if (c->bytes > 0 || c->rows_bytes > 0 || app->exit != 0)
		write_down(app, c);
}

void
capture_free(struct app *app)
{
	struct capture *c = app->capture;

	if (c == NULL)
		return;
	hasher_finish(c->text, NULL);
	hasher_finish(c->rows, NULL);
	buf_free(&c->head);
	free(c->tail);
	free(c);
	app->capture = NULL;
}

void
capture_terminal(struct app *app)
{
	const char *term = getenv("TERM");

	if (app->journal == NULL || !app->is_interactive || app->width <= 0 || app->height <= 0)
		return;
	if (term == NULL)
		term = "";
	journal_add(app->journal, "terminal",
	    json_pack("{s:i,s:i,s:o}", "columns", app->width, "rows", app->height, "term",
		journal_text(term, strlen(term) > 64 ? 64 : strlen(term))),
	    NULL);
}
