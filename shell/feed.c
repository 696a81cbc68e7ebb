/*
 * Rows for COPY FROM STDIN, line by line up to the one that is \. alone. What ends without it keeps
 * no row. Must never take a line for a row that a person typed to something else: the terminal is
 * only read after its prompt was shown.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/app.h"
#include "shell/feed.h"
#include "shell/out.h"
#include "banned.h"

#define PIECE_MIN 16
#define TERMINAL_LINE 4096 /* what the kernel keeps of a typed line */

size_t
feed_line(const char *text, size_t len, size_t room, int is_end)
{
	const char *nl = memchr(text, '\n', len);
	size_t n = nl != NULL ? (size_t)(nl - text) + 1 : len;

	if (n <= room && (nl != NULL || is_end))
		return n;
	/* Pieces are never so short that one could look like the end. */
	return n < room || room < PIECE_MIN ? 0 : room;
}

int
feed_is_end(const char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	return len == 2 && memcmp(line, "\\.", 2) == 0;
}

int
feed_terminal(struct app *app, char *data, size_t size)
{
	struct waiter *w = loop_waiter(app->loop);
	ssize_t n;

	if (!app->is_feeding)
		out_line(app, STYLE_DIM,
		    "Type the rows. A line that is \\. alone ends them; Ctrl-C keeps none.");
	app->is_feeding = 1;
	printf(">> ");
	fflush(stdout);
	do {
		if (w->wait(w, STDIN_FILENO, POLLIN, INT64_MAX) < 0) {
			app->is_feeding = 0;
			printf("\n");
			return -1;
		}
		n = read(STDIN_FILENO, data, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n > 0 && n < TERMINAL_LINE && !feed_is_end(data, (size_t)n))
		return (int)n;
	app->is_feeding = 0;
	if (n > 0 && n < TERMINAL_LINE)
		return 0;
	out_line(app, STYLE_PLAIN, "%s: no row is kept",
	    n > 0 ? "the line is longer than a terminal takes" : "the rows did not end with \\.");
	return -1;
}
