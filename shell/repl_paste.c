/*
 * A paste is one unit. A small one goes into the line and can be edited; one that is large for the
 * screen is shown inert, bounded, and set aside. Either way nothing runs before Enter, and then it
 * is handed over as one text. Must never hand over a line of a paste by itself.
 */
#include <stdio.h>
#include <string.h>
#include <readline/readline.h>

#include "arena.h"
#include "text.h"
#include "shell/line.h"
#include "shell/out.h"
#include "shell/repl.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define EDIT_MAX 4096 /* bytes that still make a line to edit */
#define SHOW_LINES 20

/* Terminals send CR for the newlines of a paste. Newlines at its end are dropped: Enter is asked
 * for anyway. */
static size_t
straighten(char *s, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == '\r' && i + 1 < n && s[i + 1] == '\n')
			continue;
		s[k++] = s[i] == '\r' ? '\n' : s[i];
	}
	while (k > 0 && s[k - 1] == '\n')
		k--;
	return k;
}

static size_t
count_lines(const char *s, size_t n)
{
	size_t lines = 1, i;

	for (i = 0; i < n; i++)
		lines += s[i] == '\n';
	return lines;
}

/* Lines on the screen, when wrapped. */
static size_t
height_of(const struct app *app, const char *s, size_t n)
{
	size_t cells = n + (size_t)rl_end + 40, width = app->width > 0 ? (size_t)app->width : 80;

	return count_lines(s, n) + cells / width;
}

static void
show(struct repl *r, const char *s, size_t n, size_t lines, const char *came)
{
	struct app *app = r->app;
	struct arena *a = arena_new();
	size_t max = app->height > 12 ? (size_t)app->height / 2 : 4, at = 0, len, shown = 0;
	const char *nl;

	if (max > SHOW_LINES)
		max = SHOW_LINES;
	for (; at < n && shown < max; shown++, at += len + 1) {
		nl = memchr(s + at, '\n', n - at);
		len = nl == NULL ? n - at : (size_t)(nl - (s + at));
		printf("| %s\n", text_fit(a, s + at, len > 1024 ? 1024 : len,
				     app->width > 8 ? app->width - 3 : 72));
	}
	if (shown < lines)
		printf("| ... and %s more lines\n", text_count(a, (int64_t)(lines - shown)));
	printf("%s: %s line%s, %s. Enter hands it over as one text, Ctrl-C drops it.\n", came,
	    text_count(a, (int64_t)lines), lines == 1 ? "" : "s", text_bytes(a, (int64_t)n));
	arena_free(a);
}

/* What is left of the cursor stands before the paste, what is right of it stays in the line. */
static void
set_aside(struct repl *r, const char *s, size_t n)
{
	struct arena *a = arena_new();
	char *before = arena_strndup(a, rl_line_buffer, (size_t)rl_point), *raw;
	size_t len;

	raw = line_unmask(a, before, &len);
	repl_lift(r);
	if (r->collected.len > 0 && !r->waits_for_enter)
		buf_puts(&r->collected, "\n");
	buf_add(&r->collected, raw, len);
	buf_add(&r->collected, s, n);
	rl_delete_text(0, rl_point);
	rl_point = 0;
	r->waits_for_enter = 1;
	r->why = 'p';
	show(r, s, n, count_lines(s, n), "pasted");
	repl_lower(r);
	arena_free(a);
}

void
repl_offer(struct app *app, const char *text, size_t len)
{
	struct repl *r = app->repl;

	buf_reset(&r->collected);
	r->scanned = 0;
	buf_add(&r->collected, text, len);
	r->waits_for_enter = 1;
	r->why = 'p';
	show(r, text, len, count_lines(text, len), "read");
}

void
paste_take(struct repl *r)
{
	size_t n = straighten(r->paste.data == NULL ? (char[]){""} : r->paste.data, r->paste.len);
	const char *s = buf_str(&r->paste);
	struct arena *a;
	size_t screen = r->app->height > 3 ? (size_t)r->app->height - 2 : 1;

	if (r->paste.overflow || r->collected.len + n > LINE_INPUT_MAX) {
		repl_lift(r);
		out_line(r->app, STYLE_DANGER,
		    "the paste is larger than 16 MiB: nothing of it was kept");
		repl_lower(r);
	} else if (n <= EDIT_MAX && height_of(r->app, s, n) <= screen) {
		a = arena_new();
		rl_begin_undo_group();
		rl_insert_text(line_mask(a, s, n));
		rl_end_undo_group();
		rl_redisplay();
		arena_free(a);
	} else
		set_aside(r, s, n);
	buf_reset(&r->paste);
	input_resume(r);
}
