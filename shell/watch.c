/*
 * \watch: the last query, or the last verb that only shows something, again and again; a verb's
 * picture replaces the one before. Each run is judged as if it were typed anew; only what was read
 * and allowed is repeated. Must never repeat an act.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/files.h"
#include "shell/out.h"
#include "text.h"
#include "banned.h"

#define EVERY_S 2.0
#define EVERY_MIN_S 0.1
#define EVERY_MAX_S 86400.0

static void
header(struct app *app, double every)
{
	time_t now = time(NULL);
	struct tm tm;
	char at[32];

	gmtime_r(&now, &tm);
	strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S UTC", &tm);
	out_line(app, STYLE_DIM, "%s, every %g s; Ctrl-C ends it", at, every);
}

void
files_watch(struct app *app, const char *argument)
{
	struct waiter *w = loop_waiter(app->loop);
	double every = EVERY_S;
	char *end = NULL, view[sizeof(app->last_view)];

	if (argument[0] != '\0') {
		every = strtod(argument, &end);
		if (*end != '\0' || !(every >= EVERY_MIN_S && every <= EVERY_MAX_S)) {
			files_fail(app, "\\watch takes seconds from 0.1 to 86400; nothing was run",
			    "\\watch 2");
			return;
		}
	}
	if (app->last_view[0] == '\0' && (app->last_text == NULL || !app->last_is_read)) {
		files_fail(app,
		    "the last text was no query that runs at once: only such are repeated; nothing "
		    "was run",
		    "Run a SELECT first, or a verb like locks, then \\watch.");
		return;
	}
	text_copy(view, sizeof(view), app->last_view);
	do {
		if (view[0] != '\0' && app->is_interactive && app->has_color)
			printf("\033[H\033[J");
		header(app, every);
		if (view[0] != '\0')
			app_line(app, view, strlen(view));
		else
			app_text(app, app->last_text, app->last_len);
	} while (app->exit == 0 && !loop_is_leaving(app->loop) &&
		 w->wait(w, -1, 0, now_ms() + (int64_t)(every * 1000)) >= 0);
}
