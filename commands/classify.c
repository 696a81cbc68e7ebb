/*
 * classify: what the statements of a text would do. Asks no server and changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "command.h"
#include "text.h"
#include "banned.h"

struct listing {
	struct arena *row; /* of the row shown last */
	const char *text;
	struct script script;
	size_t next;
};

/* The whole file, bounded. */
static int
read_all(FILE *f, const char *name, struct arena *a, const char **text, size_t *len, struct err *e)
{
	char part[1 << 14];
	struct buf b;
	size_t n;

	buf_init(&b, (size_t)256 << 20);
	while (!b.overflow && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	if (b.overflow)
		err_set(e, ERR_USAGE, "%s is longer than 256 MiB", name);
	else if (ferror(f))
		err_set(e, ERR_FAILED, "could not read %s: %s", name, strerror(errno));
	*text = arena_memdup(a, buf_str(&b), b.len);
	*len = b.len;
	n = b.overflow || ferror(f);
	buf_free(&b);
	return n > 0 ? -1 : 0;
}

static int
next_row(struct view *v, const char **cells, struct err *e)
{
	struct listing *l = v->state;
	const struct statement *s;
	size_t n = 0;

	(void)e;
	arena_free(l->row);
	l->row = l->next < l->script.nstatements ? arena_new() : NULL;
	if (l->row == NULL)
		return 0;
	s = &l->script.statements[l->next++];
	cells[0] = danger_name(s->danger);
	cells[1] = statement_kinds(l->row, s);
	while (n < s->len && l->text[s->from + n] != '\n' && l->text[s->from + n] != '\r')
		n++;
	cells[2] = text_inert(l->row, l->text + s->from, n, 0);
	cells[3] = text_inert(l->row, statement_why(s), strlen(statement_why(s)), 0);
	return 1;
}

/* For people and pipes: the cells with tabs between, as one line. */
static int
next_line(struct view *v, const char **cells, struct err *e)
{
	const char *c[4];
	struct listing *l = v->state;
	int r = next_row(v, c, e);

	if (r == 1)
		cells[0] = arena_printf(l->row, "%s\t%s\t%s\t%s", c[0], c[1], c[2], c[3]);
	return r;
}

/* Nothing to judge is one row, so that every text has a class. */
static void
say_empty(struct arena *a, struct script *s)
{
	s->statements = arena_alloc(a, sizeof(*s->statements));
	s->nstatements = s->statements->nactions = 1;
	s->statements->actions = arena_alloc(a, sizeof(*s->statements->actions));
	s->statements->actions->kind = "empty";
	s->statements->actions->why = "nothing but white space and comments";
}

static int
arguments(int argc, char **argv, const char **file, const struct engine **g, struct err *e)
{
	const char *name = "postgresql";
	int i;

	*file = NULL;
	for (i = 1; i < argc; i++) {
		if (i + 1 < argc && strcmp(argv[i], "-e") == 0)
			name = argv[++i];
		else if (*file == NULL && (argv[i][0] != '-' || argv[i][1] == '\0'))
			*file = argv[i];
		else
			return err_set(
			    e, ERR_USAGE, "classify takes -e ENGINE and one file, not %s", argv[i]);
	}
	if ((*g = engine_by_name(name)) == NULL)
		err_set(e, ERR_USAGE, "there is no classifier for the engine %s", name);
	return *g != NULL ? 0 : err_hint(e, "Use -e postgresql, mysql, mariadb or sh.");
}

static int
classify_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	static const char *const titles[] = {"class", "kinds", "statement", "why"};
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct listing *l = arena_alloc(c->arena, sizeof(*l));
	const struct engine *g;
	const char *file;
	size_t len = 0;
	FILE *f = stdin;
	int ok;

	if (arguments(argc, argv, &file, &g, e) != 0)
		return -1;
	lx.engine = g;
	if (file != NULL && strcmp(file, "-") != 0 && (f = fopen(file, "re")) == NULL)
		return err_set(e, ERR_USAGE, "could not open %s: %s", file, strerror(errno));
	ok = read_all(f, file != NULL ? file : "the input", c->arena, &l->text, &len, e);
	if (f != stdin)
		fclose(f);
	if (ok != 0 || classify(c->classifier, l->text, len, &lx, c->arena, &l->script, e) != 0)
		return -1;
	if (l->script.nstatements == 0)
		say_empty(c->arena, &l->script);
	r->kind = RETURNS_VIEW;
	r->view.state = l;
	r->view.ncols = c->is_json ? 4 : 1;
	r->view.titles = c->is_json ? arena_memdup(c->arena, titles, sizeof(titles)) : NULL;
	r->view.next = c->is_json ? next_row : next_line;
	return 0;
}

const struct command command_classify = {
    .name = "classify",
    .args = "[-e ENGINE] [FILE]",
    .min = 0,
    .max = 3,
    .needs = AT_CLI | HAS_JSON,
    .help = "Say what the statements of a file or of the input would do",
    .exec = classify_exec,
};
