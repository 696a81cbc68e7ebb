/*
 * The habits people have in their fingers, as rows: \x \timing \q \c and those this shell refuses.
 * Must never run anything itself: what acts goes on to a verb, and so through the door.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "text.h"
#include "shell/app.h"
#include "shell/files.h"
#include "shell/habits.h"
#include "shell/out.h"
#include "banned.h"

struct habit {
	const char *name;
	void (*fn)(struct app *app, const struct habit *h, const char *argument);
	const char *text; /* sentence, or verb */
};

static void
fail(struct app *app, const char *sentence, const char *hint)
{
	struct err e = {0};

	err_set(&e, ERR_USAGE, "%s", sentence);
	err_hint(&e, "%s", hint);
	out_error(app, &e, NULL, 0);
	app->exit = ERR_USAGE;
}

/* on, off, or nothing: the other one. */
static void
flip(struct app *app, int *value, const char *argument, const char *what)
{
	if (argument[0] == '\0')
		*value = !*value;
	else if (strcmp(argument, "on") == 0)
		*value = 1;
	else if (strcmp(argument, "off") == 0)
		*value = 0;
	else {
		fail(app, "this takes on, off or nothing; nothing was changed", "Type it again.");
		return;
	}
	out_line(app, STYLE_PLAIN, "%s is %s.", what, *value ? "on" : "off");
}

static void
do_expanded(struct app *app, const struct habit *h, const char *argument)
{
	if (strcmp(argument, "auto") == 0) {
		app->expanded = EXPANDED_AUTO;
		out_line(app, STYLE_PLAIN, "%s where a row is wider than the screen.", h->text);
		return;
	}
	if (argument[0] == '\0' && app->expanded == EXPANDED_AUTO)
		app->expanded = 1;
	flip(app, &app->expanded, argument, h->text);
}

static void
do_timing(struct app *app, const struct habit *h, const char *argument)
{
	flip(app, &app->timing, argument, h->text);
}

static void
do_quit(struct app *app, const struct habit *h, const char *argument)
{
	(void)h, (void)argument;
	app->quit = 1;
}

static void
do_refuse(struct app *app, const struct habit *h, const char *argument)
{
	(void)argument;
	fail(app, h->text, "Use another terminal for it.");
}

static void
do_copy(struct app *app, const struct habit *h, const char *argument)
{
	(void)h;
	files_copy(app, argument);
}

static void
do_include(struct app *app, const struct habit *h, const char *argument)
{
	(void)h;
	files_include(app, argument);
}

static void
do_edit(struct app *app, const struct habit *h, const char *argument)
{
	(void)h;
	files_edit(app, argument);
}

static void
do_watch(struct app *app, const struct habit *h, const char *argument)
{
	(void)h;
	files_watch(app, argument);
}

/* null, expanded and format: what a listing or a result looks like. */
static void
do_pset(struct app *app, const struct habit *h, const char *argument)
{
	size_t n = strcspn(argument, " \t");
	const char *value = argument + n + strspn(argument + n, " \t");
	struct arena *a = arena_new();

	if (n == 4 && memcmp(argument, "null", 4) == 0) {
		text_copy(
		    app->null_text, sizeof(app->null_text), text_inert(a, value, strlen(value), 0));
		out_line(app, STYLE_PLAIN, "NULL is shown as \"%s\".",
		    value[0] == '\0' ? "(null)" : app->null_text);
	} else if (n == 8 && memcmp(argument, "expanded", 8) == 0) {
		do_expanded(app, &(struct habit){"\\x", NULL, "One column a line"}, value);
	} else if (n == 6 && memcmp(argument, "format", 6) == 0 &&
		   (strcmp(value, "csv") == 0 || strcmp(value, "aligned") == 0)) {
		app->is_csv = value[0] == 'c';
		out_line(app, STYLE_PLAIN, "Results are shown as %s.", value);
	} else
		fail(app,
		    "\\pset takes null TEXT, expanded on|off|auto or format csv|aligned; "
		    "nothing was changed",
		    "\\pset null (null)");
	(void)h;
	arena_free(a);
}

static int
is_node(const struct app *app, const char *name)
{
	size_t i;

	for (i = 0; app->cluster_config != NULL && i < app->cluster_config->nnodes; i++)
		if (strcmp(app->cluster_config->nodes[i].name, name) == 0)
			return 1;
	return 0;
}

/* \c takes a database first, as psql's does; a node's name is understood too. */
static void
do_connect(struct app *app, const struct habit *h, const char *argument)
{
	struct arena *a = arena_new();
	const char *node = app->session == NULL ? NULL : app->session->node;
	size_t n = strcspn(argument, " \t");
	char *first = arena_strndup(a, argument, n), *line;

	if (argument[0] == '\0')
		line = arena_strdup(a, "where");
	else if (argument[n] != '\0' || node == NULL || is_node(app, first))
		line = arena_printf(a, "%s %s", h->text, argument);
	else
		line = arena_printf(a, "%s %s %s", h->text, node, first);
	app_line(app, line, strlen(line));
	arena_free(a);
}

static const struct habit habits[] = {
    {"\\x", do_expanded, "One column a line"},
    {"\\timing", do_timing, "Timing"},
    {"\\q", do_quit, NULL},
    {"\\quit", do_quit, NULL},
    {"\\c", do_connect, "connect"},
    {"\\connect", do_connect, "connect"},
    {"\\!", do_refuse,
	"this shell starts no other shell: what ran there could not be judged or "
	"journaled; nothing was run"},
    {"\\o", do_refuse,
	"this shell does not send results to files or programs; nothing was changed"},
    {"\\copy", do_copy, NULL},
    {"\\i", do_include, NULL},
    {"\\ir", do_include, NULL},
    {"\\include", do_include, NULL},
    {"\\e", do_edit, NULL},
    {"\\edit", do_edit, NULL},
    {"\\watch", do_watch, NULL},
    {"\\pset", do_pset, NULL},
    {"\\gexec", do_refuse,
	"this shell does not run what a query returns: nobody read it before; nothing was run"},
    {"\\password", do_refuse, "this shell does not change passwords; nothing was changed"},
};

int
habit_line(struct app *app, const char *line)
{
	char argument[512];
	size_t n, i, len;

	line += strspn(line, " \t");
	/* \!ls is \! with an argument. */
	n = line[0] == '\\' && line[1] == '!' ? 2 : strcspn(line, " \t\n;");
	for (i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		if (strlen(habits[i].name) == n && memcmp(habits[i].name, line, n) == 0)
			break;
	if (i == sizeof(habits) / sizeof(habits[0]))
		return 0;
	line += n;
	line += strspn(line, " \t");
	len = strlen(line);
	while (len > 0 && strchr(" \t\r\n;", line[len - 1]) != NULL)
		len--;
	app->exit = 0;
	if (len >= sizeof(argument)) {
		fail(app, "the argument is too long; nothing was done", "Type it again.");
		return 1;
	}
	memcpy(argument, line, len);
	argument[len] = '\0';
	habits[i].fn(app, &habits[i], argument);
	return 1;
}
