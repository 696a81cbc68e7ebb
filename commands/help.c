/*
 * The verbs and what they do, printed from the rows themselves, so that help cannot differ from
 * what exists. `\h` says where SQL is explained. Must never list a verb that has no row.
 */
#include <string.h>

#include "arena.h"
#include "command.h"
#include "text.h"
#include "banned.h"

#define USAGE_WIDTH 22
#define FORMS_MAX 16

extern const struct command command_help, command_sql_help;

static const char *const habits[][2] = {
    {"\\x [on|off]", "One column a line, or a table"},
    {"\\timing [on|off]", "Show how long statements took"},
    {"\\c [DATABASE|NODE]", "Connect elsewhere (connect)"},
    {"\\G  \\gx  \\g", "End a statement like ';' (\\G, \\gx: one column a line)"},
    {"\\q", "Leave; what is held stays held"},
};

/* What stands in the list: the words where they are few, so that the sentence beside it is seen. */
static char *
brief(struct context *c, const struct command *row)
{
	const char *args = row->args == NULL ? "" : row->args;
	char *full = arena_printf(c->arena, "%s%s%s", row->name, args[0] != '\0' ? " " : "", args);
	const char *also = row->alias == NULL ? "" : arena_printf(c->arena, ", %s", row->alias);

	if (c->is_json)
		return full;
	if (strlen(full) + strlen(also) > USAGE_WIDTH)
		full = arena_printf(c->arena, "%s ...", row->name);
	return arena_printf(c->arena, "%s%s", full, also);
}

/* One line for each form of the arguments: those that " | " parts outside of brackets. */
static size_t
forms(struct context *c, const struct command *row, char **lines)
{
	const char *p, *from = row->args == NULL ? "" : row->args;
	size_t n = 0;
	int depth = 0;

	for (p = from; *p != '\0' && n < FORMS_MAX - 1; p++) {
		depth += *p == '[' || *p == '(';
		depth -= *p == ']' || *p == ')';
		if (depth > 0 || p[0] != ' ' || p[1] != '|' || strchr(" \n", p[2]) == NULL)
			continue;
		lines[n++] = arena_printf(c->arena, "%s %.*s", row->name, (int)(p - from), from);
		from = p + 2 + strspn(p + 2, " \n");
		p = from - 1;
	}
	lines[n++] = arena_printf(c->arena, "%s%s%s", row->name, *from != '\0' ? " " : "", from);
	return n;
}

static int
explain(struct context *c, const char *verb, struct result *r, struct err *e)
{
	const struct command *row = command_find(verb);
	char **lines;
	size_t n = 0;

	if (row == NULL) {
		err_set(e, ERR_USAGE, "there is no verb %s",
		    text_fit(c->arena, verb, strlen(verb), 40));
		return err_hint(e, "? lists the verbs; everything else is SQL.");
	}
	lines = arena_array(c->arena, FORMS_MAX + 2, sizeof(*lines));
	n = forms(c, row, lines);
	lines[n++] = arena_printf(c->arena, "    %s.", row->help);
	if (row->alias != NULL)
		lines[n++] = arena_printf(c->arena, "    Also: %s", row->alias);
	view_lines(c->arena, &r->view, lines, n);
	return 0;
}

static int
help_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[] = {"verb", "what it does"};
	size_t nhabits = sizeof(habits) / sizeof(habits[0]), n = 0, i;
	const char **cells;

	r->kind = RETURNS_VIEW;
	if (argc > 1)
		return explain(c, argv[1], r, e);
	for (i = 0; commands[i] != NULL; i++)
		;
	cells = arena_array(c->arena, (i + nhabits) * 2, sizeof(*cells));
	for (i = 0; commands[i] != NULL; i++) {
		if (!(commands[i]->needs & IN_SHELL))
			continue;
		cells[n++] = brief(c, commands[i]);
		cells[n++] = commands[i]->help;
	}
	for (i = 0; i < nhabits; i++) {
		cells[n++] = habits[i][0];
		cells[n++] = habits[i][1];
	}
	view_table(c->arena, &r->view, 2, titles, cells, n / 2, NULL);
	r->view.footer =
	    "Everything else is SQL, up to ';'. `plan LINE` shows what a line would do, `? VERB` "
	    "all words of a verb.";
	return 0;
}

const struct command command_help = {
    .name = "?",
    .alias = "\\?",
    .args = "[VERB]",
    .min = 0,
    .max = 1,
    .needs = IN_SHELL | HAS_JSON,
    .help = "List the verbs, or explain one",
    .exec = help_exec,
};

static int
sql_help_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const lines[] = {
	    "holdfast holds no pages about SQL; your server's manual does.",
	    "What a statement would do here, without doing it: plan STATEMENT",
	    "What a table is made of: \\d TABLE",
	    "The verbs of this shell: ?",
	};

	if (argc > 1 && command_find(argv[1]) != NULL)
		return help_exec(c, argc, argv, r, e);
	r->kind = RETURNS_VIEW;
	view_lines(c->arena, &r->view, (char **)arena_memdup(c->arena, lines, sizeof(lines)), 4);
	return 0;
}

const struct command command_sql_help = {
    .name = "\\h",
    .args = "[VERB]",
    .min = 0,
    .max = -1,
    .needs = IN_SHELL,
    .help = "Say where SQL is explained",
    .exec = sql_help_exec,
};
