/*
 * The line editor by itself. app_line shows exactly which bytes it was handed, as one line:
 *	GOT <length> "<bytes, escaped>"
 * so that a test sees what is one text and what is not. Words of the line act it out: "fail" fails,
 * "slow" waits three seconds in the loop, "ask" asks ("ask early" once a line was typed ahead),
 * "later" makes a notice come after a second, "rows N" shows a table of N rows, "hold" and "begin"
 * change what the prompt says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/habits.h"
#include "shell/out.h"
#include "shell/repl.h"
#include "text.h"

static struct session session = {.node = "pg1", .role = ROLE_PRIMARY, .database = "shop"};
static struct hold holds[] = {{.node = "pg2"}, {.node = "pg3"}};
static int64_t due;

static void
tick(void *ctx)
{
	if (due != 0 && now_ms() >= due) {
		due = 0;
		repl_notice(ctx, "request ABC was approved\033[2J by bob");
	}
}

static void
rows(struct app *app, int n)
{
	const char *const titles[] = {"n", "word"};
	const unsigned char numeric[] = {1, 0};
	char number[16];
	const char *const cells[] = {number, "some words"};
	struct out_table *t;
	struct sink *s = out_table_open(app, &t);
	int i;

	s->columns(s, 2, titles, numeric);
	for (i = 1; i <= n; i++) {
		snprintf(number, sizeof(number), "%d", i);
		if (s->row(s, 2, cells, NULL) != 0)
			break;
	}
	out_table_close(t, "SELECT", n, 1);
}

/* Until a whole line was typed ahead. */
static void
typed_early(void)
{
	int i, n = 0;

	for (i = 0; i < 300 && (ioctl(STDIN_FILENO, FIONREAD, &n) != 0 || n < 4); i++)
		usleep(100000);
}

static void
act(struct app *app, const char *s)
{
	struct arena *a = arena_new();
	struct waiter *w = loop_waiter(app->loop);
	char *answer;

	if (strncmp(s, "rows ", 5) == 0)
		rows(app, (int)strtol(s + 5, NULL, 10));
	else if (strncmp(s, "slow", 4) == 0)
		out_line(app, STYLE_PLAIN, "slow: %s",
		    w->wait(w, -1, 0, now_ms() + 3000) < 0 ? "cancelled" : "done");
	else if (strncmp(s, "later", 5) == 0)
		due = now_ms() + 1000;
	else if (strncmp(s, "hold", 4) == 0)
		app->nholds = 2;
	else if (strncmp(s, "begin", 5) == 0)
		session.tx = TX_OPEN;
	else if (strncmp(s, "ask", 3) == 0) {
		if (strstr(s, "early") != NULL)
			typed_early(); /* keys typed meanwhile are no answer */
		answer = repl_ask(app, a, "name of the node:", 2);
		out_line(app, STYLE_PLAIN, "answer: %s", answer == NULL ? "NONE" : answer);
	}
	arena_free(a);
}

/* What \\i, \\e and \\watch would run. */
void
app_text(struct app *app, const char *text, size_t len)
{
	app_line(app, text, len);
}

void
app_line(struct app *app, const char *text, size_t len)
{
	struct arena *a = arena_new();
	size_t show = len > 2000 ? 2000 : len;

	app->exit = strncmp(text, "fail", 4) == 0;
	if (!habit_line(app, text)) {
		out_line(app, STYLE_PLAIN, "GOT %zu \"%s\"", len, text_inert(a, text, show, 0));
		act(app, text);
	}
	arena_free(a);
}

int
main(int argc, char **argv)
{
	static struct node_config nodes[] = {{.name = "pg1"}, {.name = "pg2"}, {.name = "pg3"}};
	static struct cluster_config cluster = {.name = "main", .nodes = nodes, .nnodes = 3};
	static struct config config;
	static struct person_config alice = {.name = "alice", .key = "k"};
	int rc;
	struct app app = {.config = &config, .cluster_config = &cluster, .session = &session};

	config.history = argc > 1 ? argv[1] : NULL;
	app.person_config = argc > 2 ? NULL : &alice;
	app.engine = engine_by_name("postgresql");
	app.holds = holds;
	app.loop = loop_new();
	loop_every(app.loop, 100, tick, &app);
	app.is_interactive = isatty(STDIN_FILENO);
	rc = app.is_interactive ? repl_run(&app) : repl_batch(&app);
	loop_free(app.loop);
	return rc;
}
