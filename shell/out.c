/*
 * Output: lines, blocks, progress. Everything that writes to the terminal goes through out*.c, and
 * every text is made inert first: no byte a server, a file or a person sent may move the cursor.
 * Must never put meaning into colour alone.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/app.h"
#include "shell/capture.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "banned.h"

#define PROGRESS_PLAIN_MS 3000
#define PROGRESS_LIVE_MS 100
#define OUT_LINE_MAX ((size_t)1 << 20)

int
out_wants_color(int fd)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (!isatty(fd) || (no != NULL && no[0] != '\0'))
		return 0;
	return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

void
out_measure(struct app *app)
{
	struct winsize w;

	app->width = 0;
	app->height = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0) {
		app->width = w.ws_col == 0 ? 80 : w.ws_col;
		app->height = w.ws_row == 0 ? 24 : w.ws_row;
	}
}

const char *
style_on(const struct app *app, enum style style)
{
	static const char *const codes[] = {
	    [STYLE_PLAIN] = "",
	    [STYLE_BOLD] = "\033[1m",
	    [STYLE_DANGER] = "\033[1;31m",
	    [STYLE_SAFE] = "\033[32m",
	    [STYLE_DIM] = "\033[2m",
	};

	return app->has_color ? codes[style] : "";
}

const char *
style_off(const struct app *app, enum style style)
{
	return app->has_color && style != STYLE_PLAIN ? "\033[0m" : "";
}

/* One line of a block: the text is inert, the style is ours. */
static void
put(struct app *app, FILE *f, enum style style, const char *s, size_t len, const char *indent)
{
	struct arena *a = arena_new();

	if (f == stdout)
		capture_text(app, s, len);
	fprintf(f, "%s%s%s%s\n", indent, style_on(app, style), text_inert(a, s, len, 0),
	    style_off(app, style));
	arena_free(a);
}

void
out_block(
    struct app *app, FILE *f, enum style style, const char *text, size_t len, const char *indent)
{
	const char *end = text + len, *nl;

	for (;;) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			break;
		put(app, f, style, text, (size_t)(nl - text), indent);
		text = nl + 1;
	}
	if (text < end)
		put(app, f, style, text, (size_t)(end - text), indent);
}

void
out_line(struct app *app, enum style style, const char *fmt, ...)
{
	struct buf b;
	va_list ap, again;
	int n;

	buf_init(&b, OUT_LINE_MAX);
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= OUT_LINE_MAX)
		n = OUT_LINE_MAX - 2;
	b.data = malloc((size_t)n + 1);
	if (b.data == NULL)
		abort();
	vsnprintf(b.data, (size_t)n + 1, fmt, again);
	va_end(again);
	out_progress_done(app);
	put(app, stdout, style, b.data, strlen(b.data), "");
	fflush(stdout);
	buf_free(&b);
}

void
out_text(struct app *app, enum style style, const char *text, size_t len)
{
	out_progress_done(app);
	out_block(app, stdout, style, text, len, "");
	fflush(stdout);
}

/* Can the line be rewritten in place? */
static int
is_live(const struct app *app)
{
	return app->is_interactive && app->width > 0 && isatty(STDOUT_FILENO);
}

void
out_progress(struct app *app, const char *line)
{
	int64_t now = now_ms();
	struct arena *a;
	char *shown;
	int w;

	if (app->progress_ms != 0 &&
	    now - app->progress_ms < (is_live(app) ? PROGRESS_LIVE_MS : PROGRESS_PLAIN_MS))
		return;
	app->progress_ms = now;
	a = arena_new();
	if (!is_live(app)) {
		fprintf(stderr, "%s\n", text_inert(a, line, strlen(line), 0));
		arena_free(a);
		return;
	}
	shown = text_fit(a, line, strlen(line), app->width - 1);
	w = text_width(shown, strlen(shown));
	/* Blanks instead of an erase sequence: a dumb terminal has none. */
	printf("\r%s%*s", shown, app->progress_width > w ? app->progress_width - w : 0, "");
	app->progress_width = w;
	fflush(stdout);
	arena_free(a);
}

void
out_progress_done(struct app *app)
{
	if (app->progress_width > 0) {
		printf("\r%*s\r", app->progress_width, "");
		fflush(stdout);
	}
	app->progress_width = 0;
	app->progress_ms = 0;
}
