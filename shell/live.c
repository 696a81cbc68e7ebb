/*
 * Live screens: locks, activity and lag, drawn anew every few seconds over the one before. Only
 * verbs that show something are repeated, and each time they are judged as if typed. The screen
 * before comes back when it is left. Must never act on a key but to leave or to look again.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/live.h"
#include "shell/out.h"
#include "shell/tty.h"
#include "text.h"
#include "banned.h"

#define LINES_BESIDE 3 /* header, titles, ruler */
#define NARROW 60      /* below this a row may be one value a line */
#define RECORD_LINES 10

static void
header(struct app *app, const struct screen *s)
{
	time_t now = time(NULL);
	struct tm tm;
	char at[32];

	strftime(at, sizeof(at), "%H:%M:%SZ", gmtime_r(&now, &tm));
	out_line(app, STYLE_BOLD, "%s on %s, %s, every %g s; q leaves, space looks again",
	    s->argument, app->session == NULL ? "no node" : app->session->node, at,
	    (double)s->interval_ms / 1000);
}

/* One picture. -1 where the verb could not show it. */
static int
draw(struct app *app, const struct command *cmd, const struct screen *s, struct err *e)
{
	char verb[16], *argv[] = {verb, NULL};

	text_copy(verb, sizeof(verb), s->argument);
	out_measure(app);
	if (app->has_color)
		printf("\033[H\033[J");
	header(app, s);
	app->rows_max = app->height > LINES_BESIDE + 2 ? app->height - LINES_BESIDE - 2 : 1;
	if (app->width < NARROW)
		app->rows_max = (app->rows_max + RECORD_LINES - 1) / RECORD_LINES;
	if (app_command(app, cmd, 1, argv, verb, strlen(verb), e) != 0)
		return -1;
	fflush(stdout);
	return 0;
}

/* 0: draw again; -1: left. */
static int
wait_for_key(struct app *app, struct tty *t, int ms)
{
	int key = tty_key(t, now_ms() + ms);

	return key < 0 || key == 'q' || key == 'Q' || key == 4 || loop_is_leaving(app->loop) ? -1
											     : 0;
}

int
live_run(struct app *app, const struct screen *s, struct err *e)
{
	const struct command *cmd = command_find(s->argument);
	struct tty t;
	int rc;

	if (!app->is_interactive) {
		err_set(e, ERR_USAGE, "a live screen needs a terminal; nothing was shown");
		return err_hint(e, "Type %s without live.", s->argument);
	}
	if (tty_open(app, &t, e) != 0)
		return -1;
	tty_keys(&t);
	if (app->has_color)
		printf("\033[?1049h");
	do
		rc = draw(app, cmd, s, e);
	while (rc == 0 && wait_for_key(app, &t, s->interval_ms) == 0);
	app->rows_max = 0;
	if (app->has_color)
		printf("\033[?1049l");
	fflush(stdout);
	tty_lines(&t);
	tty_close(&t);
	return rc;
}
