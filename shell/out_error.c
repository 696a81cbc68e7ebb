/*
 * Errors, the way a person can act on them: the sentence, the server's detail, the line with a
 * caret under the place, one next step. Must never trust the position: it comes from a server.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "err.h"
#include "text.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "banned.h"

#define DETAIL_LINES_MAX 200

/* "label: first line" and the further lines indented, so that no text can pass for a label. */
static void
labelled(struct app *app, const char *label, enum style style, const char *text)
{
	struct arena *a = arena_new();
	size_t n = strcspn(text, "\n");
	int lines = 1;

	fprintf(stderr, "%s%s:%s %s\n", style_on(app, style), label, style_off(app, style),
	    text_inert(a, text, n, 0));
	text += n;
	while (*text == '\n' && lines++ < DETAIL_LINES_MAX) {
		n = strcspn(++text, "\n");
		if (n > 0)
			fprintf(stderr, "        %s\n", text_inert(a, text, n, 0));
		text += n;
	}
	arena_free(a);
}

/* Byte offset of the 1-based character. Bytes that are no UTF-8 count one each. */
static size_t
offset_of(const char *s, size_t len, int position)
{
	size_t at = 0, used;

	while (position-- > 1 && at < len) {
		text_rune((const unsigned char *)s + at, len - at, &used);
		at += used;
	}
	return at;
}

/* The part of the line around the place that fits, with "..." where something was left out. */
static void
caret(struct app *app, const char *line, size_t len, size_t at, int number)
{
	struct arena *a = arena_new();
	int max = app->width > 20 ? app->width : 80, label, w;
	size_t from = 0, used;
	char *before, *head = arena_printf(a, "LINE %d: ", number);

	label = (int)strlen(head);
	max -= label + 1;
	/* Start so that the place stands in the middle of a long line. */
	before = text_inert(a, line, at, 0);
	w = text_width(before, strlen(before));
	while (w > max * 2 / 3 && from < at) {
		text_rune((const unsigned char *)line + from, at - from, &used);
		from += used;
		before = text_inert(a, line + from, used, 0);
		w -= text_width(before, strlen(before));
	}
	if (from > 0)
		max -= 3;
	before = text_inert(a, line + from, at - from, 0);
	fprintf(stderr, "%s%s%s\n", head, from > 0 ? "..." : "",
	    text_fit(a, line + from, len - from > 4096 ? 4096 : len - from, max));
	fprintf(stderr, "%*s%s^%s\n",
	    label + (from > 0 ? 3 : 0) + text_width(before, strlen(before)), "",
	    style_on(app, STYLE_DANGER), style_off(app, STYLE_DANGER));
	arena_free(a);
}

static void
place(struct app *app, int position, const char *statement, size_t len)
{
	size_t at = offset_of(statement, len, position), from = at, to = at, i;
	int number = 1;

	while (from > 0 && statement[from - 1] != '\n')
		from--;
	while (to < len && statement[to] != '\n')
		to++;
	for (i = 0; i < from; i++)
		number += statement[i] == '\n';
	/* A window of bytes: the work must not grow with a line of ten megabytes. */
	if (at - from > 4096) {
		from = at - 4096;
		while (from < at && ((unsigned char)statement[from] & 0xc0) == 0x80)
			from++;
	}
	caret(app, statement + from, to - from, at - from, number);
}

void
out_error(struct app *app, const struct err *e, const char *statement, size_t len)
{
	out_progress_done(app);
	fflush(stdout);
	labelled(app, "error", STYLE_DANGER, e->msg[0] != '\0' ? e->msg : "something failed");
	if (e->detail[0] != '\0')
		labelled(app, "detail", STYLE_PLAIN, e->detail);
	if (e->position > 0 && statement != NULL && len > 0)
		place(app, e->position, statement, len);
	if (e->hint[0] != '\0')
		labelled(app, "hint", STYLE_BOLD, e->hint);
	fflush(stderr);
}
