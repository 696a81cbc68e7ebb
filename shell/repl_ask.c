/*
 * Questions and notices beside the line that is being typed. A question throws type-ahead away, so
 * that nothing typed before it was read can answer it. Must never keep an answer in the history.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "arena.h"
#include "text.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "shell/repl.h"
#include "shell/repl_inside.h"
#include "banned.h"

#define ANSWER_MAX 4096

void
repl_notice(struct app *app, const char *line)
{
	struct repl *r = app->repl;

	if (r != NULL && app->is_paging && r->nnotices < NOTICES_MAX) {
		r->notices[r->nnotices++] = strdup(line);
		return;
	}
	/* Who reads JSON reads nothing else there. */
	if (app->is_json && !app->is_interactive) {
		out_block(app, stderr, STYLE_BOLD, line, strlen(line), "");
		return;
	}
	if (r == NULL || !r->is_at_prompt) {
		out_line(app, STYLE_BOLD, "%s", line);
		return;
	}
	repl_lift(r);
	out_line(app, STYLE_BOLD, "%s", line);
	repl_lower(r);
}

void
repl_flush_notices(struct repl *r)
{
	size_t i, n = r->nnotices;

	r->nnotices = 0;
	for (i = 0; i < n; i++) {
		if (r->notices[i] != NULL)
			out_line(r->app, STYLE_BOLD, "%s", r->notices[i]);
		free(r->notices[i]);
	}
}

/* Reads up to a newline. 1 a line, 0 deadline or end, -1 Ctrl-C. */
static int
read_answer(struct app *app, char *buf, size_t size, int64_t deadline)
{
	struct waiter plain, *w = &plain;
	size_t n = 0;
	ssize_t did;
	int rc;

	poll_waiter(&plain, -1);
	if (app->loop != NULL)
		w = loop_waiter(app->loop);
	while (n < size - 1) {
		rc = w->wait(w, STDIN_FILENO, POLLIN, deadline);
		if (rc <= 0)
			return rc;
		did = read(STDIN_FILENO, buf + n, size - 1 - n);
		if (did <= 0)
			return 0;
		n += (size_t)did;
		if (buf[n - 1] == '\n')
			break;
	}
	/* More than fits, or several lines at once: that was pasted, not read and answered. */
	if (buf[n - 1] != '\n' || memchr(buf, '\n', n - 1) != NULL ||
	    memchr(buf, '\0', n) != NULL) {
		tcflush(STDIN_FILENO, TCIFLUSH);
		n = 1;
	}
	buf[n - 1] = '\0';
	return 1;
}

char *
repl_ask(struct app *app, struct arena *a, const char *question, int deadline_s)
{
	char buf[ANSWER_MAX];
	int64_t deadline = deadline_s > 0 ? now_ms() + (int64_t)deadline_s * 1000 : INT64_MAX;
	int rc;

	if (!isatty(STDIN_FILENO))
		return NULL;
	if (app->repl != NULL) {
		repl_release(app->repl);
		input_drop(app->repl);
		app->repl->is_discarding = app->repl->is_pasting = 0;
	}
	out_progress_done(app);
	tcflush(STDIN_FILENO, TCIFLUSH);
	printf("%s%s", text_inert(a, question, strlen(question), 0),
	    question[0] != '\0' && question[strlen(question) - 1] == ' ' ? "" : " ");
	fflush(stdout);
	rc = read_answer(app, buf, sizeof(buf), deadline);
	if (rc <= 0) {
		printf(rc < 0 ? "^C\n" : "\n");
		fflush(stdout);
		tcflush(STDIN_FILENO, TCIFLUSH);
		return NULL;
	}
	return arena_strdup(a, buf);
}
