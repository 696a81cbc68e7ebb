/*
 * Texts from a pipe or file: the same units as at the prompt, one after the other, until the first
 * error. What ends inside a statement is not run: it may be the first half of something else.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "shell/feed.h"
#include "shell/line.h"
#include "shell/out.h"
#include "shell/repl.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define CHUNK 65536

struct batch {
	struct app *app;
	struct buf text;
	size_t at;    /* handed over up to here */
	size_t tried; /* length of what was seen to be unfinished */
	int is_end;
	int is_in_row; /* COPY's data: what comes next is the rest of a line */
};

static int
fail(struct app *app, enum err_code code, const char *sentence, const char *hint)
{
	struct err e = {0};

	err_set(&e, code, "%s", sentence);
	err_hint(&e, "%s", hint);
	out_error(app, &e, NULL, 0);
	app->exit = err_exit(&e);
	return -1;
}

/* Reads more. -1 on Ctrl-C or a failure. */
static int
more(struct batch *b)
{
	struct waiter *w = loop_waiter(b->app->loop);
	char buf[CHUNK];
	ssize_t n;

	if (b->at > 0 && b->at >= b->text.len / 2) {
		memmove(b->text.data, b->text.data + b->at, b->text.len - b->at);
		b->text.len -= b->at;
		b->text.data[b->text.len] = '\0';
		b->at = 0;
	}
	if (w->wait(w, STDIN_FILENO, POLLIN, INT64_MAX) < 0)
		return fail(b->app, ERR_CANCELLED, "interrupted; the rest of the input was not run",
		    "Run it again from where it stopped.");
	n = read(STDIN_FILENO, buf, sizeof(buf));
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return fail(b->app, ERR_FAILED, "could not read the input; the rest was not run",
		    "Give the text as a file.");
	if (n == 0)
		b->is_end = 1;
	if (n > 0)
		buf_add(&b->text, buf, (size_t)n);
	if (b->text.overflow)
		return fail(b->app, ERR_USAGE,
		    "one text of the input is larger than 16 MiB; it was not run",
		    "Split it into statements that end with a semicolon.");
	return 0;
}

/* Looks again only when an eighth was added or nothing more is there yet: keeps it linear. */
static int
is_worth_a_look(const struct batch *b, size_t open)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	if (open == 0)
		return 0;
	if (b->is_end || open < CHUNK || open >= b->tried + b->tried / 8)
		return 1;
	return poll(&p, 1, 0) == 0;
}

/*
 * Rows for COPY: the lines up to one that is \. alone. Input that ends before it was cut off, and
 * then no row is kept.
 */
static int
feed(struct app *app, char *data, size_t size)
{
	struct batch *b = app->feed_ctx;
	size_t n = 0, line;
	const char *text;

	while (n == 0) {
		while ((line = feed_line(buf_str(&b->text) + b->at, b->text.len - b->at, size - n,
			    b->is_end)) > 0) {
			text = buf_str(&b->text) + b->at;
			if (!b->is_in_row && feed_is_end(text, line)) {
				if (n == 0)
					b->at += line;
				return (int)n;
			}
			memcpy(data + n, text, line);
			b->is_in_row = text[line - 1] != '\n';
			b->at += line;
			n += line;
		}
		if (n > 0)
			break;
		if (b->is_end)
			return fail(app, ERR_USAGE,
			    "the input ended inside COPY's rows; none of them was kept",
			    "End them with a line that is \\. alone.");
		if (more(b) != 0)
			return -1;
	}
	return (int)n;
}

/* One unit, or more input. 0 to go on, 1 at the end, -1 error. */
static int
turn(struct batch *b)
{
	struct lexical lx = repl_lexical(b->app);
	const char *text = buf_str(&b->text) + b->at;
	struct arena *a;
	size_t open = b->text.len - b->at, unit = 0;
	enum line_need need = LINE_MORE;

	if (open == 0 && b->is_end)
		return 1;
	if (is_worth_a_look(b, open))
		need = line_unit(repl_engine(b->app), &lx, text, open, b->is_end, &unit);
	if (need == LINE_MORE) {
		b->tried = open;
		if (b->is_end)
			return fail(b->app, ERR_USAGE,
			    "the input ended inside a statement; that statement was not run",
			    "End it with a semicolon.");
		return more(b);
	}
	b->tried = 0;
	b->at += unit;
	if (need == LINE_EMPTY)
		return 0;
	while (unit > 0 && (text[unit - 1] == '\n' || text[unit - 1] == '\r'))
		unit--;
	a = arena_new(); /* what follows may move while it runs */
	b->is_in_row = 0;
	app_line(b->app, arena_strndup(a, text, unit), unit);
	arena_free(a);
	return b->app->exit != 0 ? -1 : b->app->quit;
}

int
repl_batch(struct app *app)
{
	struct batch b = {.app = app};
	int rc = 0;

	buf_init(&b.text, LINE_INPUT_MAX + 2 * CHUNK);
	app->feed = feed;
	app->feed_ctx = &b;
	while (rc == 0 && !loop_is_leaving(app->loop))
		rc = turn(&b);
	app->feed = NULL;
	buf_free(&b.text);
	return app->exit;
}
