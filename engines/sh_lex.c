/*
 * Command lines: words, pipes, lists, redirections. Substitutions are judged by what is inside of
 * them; nothing is ever expanded. One pass for each level of nesting.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_sql.h"
#include "engines/sh_lex.h"
#include "text.h"
#include "banned.h"

#define WORDS_MAX 4096
#define LINE_MAX ((size_t)1 << 20)

struct line {
	struct sh *s;
	const char *p;
	size_t len, i;
	struct sh_word *words;
	size_t n;
	int is_bad; /* a quote or a parenthesis never ends */
};

struct action *
sh_add(struct sh *s, enum danger d, const char *kind, const char *why)
{
	struct action *x;

	s->actions = arena_grow(s->a, s->actions, s->nactions, sizeof(*s->actions));
	x = &s->actions[s->nactions++];
	memset(x, 0, sizeof(*x));
	x->danger = d;
	x->kind = kind;
	x->why = why;
	return x;
}

static char
peek(const struct line *l, size_t ahead)
{
	return l->i + ahead < l->len ? l->p[l->i + ahead] : '\0';
}

/* Behind the parenthesis that closes the one at i, quotes respected; len where none does. */
static size_t
closing(const char *p, size_t len, size_t i)
{
	size_t depth = 0;
	char quote = 0;

	for (; i < len; i++) {
		if (p[i] == '\\' && quote != '\'')
			i++;
		else if (quote != 0) {
			if (p[i] == quote)
				quote = 0;
		} else if (p[i] == '\'' || p[i] == '"')
			quote = p[i];
		else if (p[i] == '(')
			depth++;
		else if (p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return len + 1;
}

/* $( ), ` `, <( ): runs what is inside. */
static void
substitution(struct line *l, size_t from, size_t end)
{
	sh_add(l->s, DANGER_DANGEROUS, "substitution", "runs a command to make a word of another");
	sh_text(l->s, l->p + from, end - from);
}

static void
backtick(struct line *l)
{
	size_t from = ++l->i;

	while (l->i < l->len && l->p[l->i] != '`')
		l->i += l->p[l->i] == '\\' ? 2 : 1;
	if (l->i >= l->len) {
		l->is_bad = 1;
		l->i = l->len;
		return;
	}
	substitution(l, from, l->i++);
}

static int
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* At a dollar. */
static void
dollar(struct line *l, struct sh_word *w)
{
	size_t end;

	w->is_expanded = w->is_variable = 1;
	if (peek(l, 1) == '(') {
		end = closing(l->p, l->len, l->i + 1);
		if (end > l->len) {
			l->is_bad = 1;
			l->i = l->len;
			return;
		}
		substitution(l, l->i + 2, end - 1);
		l->i = end;
		w->is_made = 1;
	} else if (peek(l, 1) == '{') {
		for (l->i += 2; l->i < l->len && l->p[l->i] != '}'; l->i++)
			if (l->p[l->i] == '`' || l->p[l->i] == '$')
				l->is_bad = 1; /* an expansion inside of an expansion */
		l->is_bad |= l->i >= l->len;
		l->i++;
	} else if (peek(l, 1) == '\'' || peek(l, 1) == '"') {
		l->is_bad = 1; /* $'...': escapes of its own */
		l->i++;
	} else
		for (l->i++; l->i < l->len && is_name(l->p[l->i]); l->i++)
			;
}

static void
double_quote(struct line *l, struct sh_word *w, struct buf *b)
{
	for (l->i++; l->i < l->len && l->p[l->i] != '"';) {
		if (l->p[l->i] == '\\' && l->i + 1 < l->len) {
			if (strchr("$`\"\\\n", l->p[l->i + 1]) == NULL)
				buf_add(b, "\\", 1);
			buf_add(b, l->p + l->i + 1, 1);
			l->i += 2;
		} else if (l->p[l->i] == '`') {
			w->is_expanded = w->is_variable = w->is_made = 1;
			backtick(l);
		} else if (l->p[l->i] == '$')
			dollar(l, w);
		else
			buf_add(b, l->p + l->i++, 1);
	}
	l->is_bad |= l->i >= l->len;
	l->i++;
}

static void
single_quote(struct line *l, struct buf *b)
{
	const char *end = memchr(l->p + l->i + 1, '\'', l->len - l->i - 1);

	if (end == NULL) {
		l->is_bad = 1;
		l->i = l->len;
		return;
	}
	buf_add(b, l->p + l->i + 1, (size_t)(end - l->p) - l->i - 1);
	l->i = (size_t)(end - l->p) + 1;
}

static int
ends_word(char c)
{
	return c == '\0' || strchr(" \t\n\r|&;()<>", c) != NULL;
}

/* One word at the cursor. */
static void
read_word(struct line *l, struct sh_word *w)
{
	struct buf b;
	size_t from = l->i;

	memset(w, 0, sizeof(*w));
	buf_init(&b, LINE_MAX);
	while (l->i < l->len && !ends_word(l->p[l->i])) {
		char c = l->p[l->i];

		if (c == '\'' || c == '"' || c == '\\')
			w->is_quoted = 1;
		if (c == '\'')
			single_quote(l, &b);
		else if (c == '"')
			double_quote(l, w, &b);
		else if (c == '`') {
			w->is_expanded = w->is_variable = w->is_made = 1;
			backtick(l);
		} else if (c == '$')
			dollar(l, w);
		else if (c == '\\') {
			if (l->i + 1 < l->len && l->p[l->i + 1] != '\n')
				buf_add(&b, l->p + l->i + 1, 1);
			l->i += 2;
		} else {
			if (strchr("*?[", c) != NULL) {
				w->is_pattern |= l->i > from;
				w->is_expanded |= l->i == from;
			}
			w->is_expanded |= c == '{' || c == '}';
			buf_add(&b, l->p + l->i++, 1);
		}
	}
	if (l->i > l->len)
		l->i = l->len;
	w->text = arena_strndup(l->s->a, buf_str(&b), b.len);
	w->is_expanded &= strcmp(w->text, "[") != 0; /* the command */
	buf_free(&b);
}

/* > and < with their target; where the output goes nowhere it is harmless. */
static void
redirection(struct line *l)
{
	static const char *const nowhere[] = {
	    "/dev/null", "1", "2", "-", "/dev/stdout", "/dev/stderr", NULL};
	int is_out = l->p[l->i] == '>', n = 0;
	struct sh_word w;
	struct action *x;
	size_t i;

	while (l->i < l->len && strchr("<>&|", l->p[l->i]) != NULL) {
		is_out |= l->p[l->i] == '>';
		n += l->p[l->i++] == '<';
	}
	if (peek(l, 0) == '(') {
		size_t end = closing(l->p, l->len, l->i);

		l->is_bad |= end > l->len;
		if (!l->is_bad)
			substitution(l, l->i + 1, end - 1);
		l->i = l->is_bad ? l->len : end;
		return;
	}
	while (peek(l, 0) == ' ' || peek(l, 0) == '\t')
		l->i++;
	read_word(l, &w);
	if (n == 2)
		sh_add(l->s, DANGER_OPAQUE, "here-document",
		    "feeds the lines that follow to a command");
	if (!is_out)
		return;
	for (i = 0; nowhere[i] != NULL; i++)
		if (strcmp(w.text, nowhere[i]) == 0 && !w.is_expanded)
			return;
	x = sh_add(l->s, DANGER_DANGEROUS, "redirect", "writes a file, over what stands there");
	if (strncmp(w.text, "/dev/", 5) == 0) {
		x->danger = DANGER_DESTRUCTIVE;
		x->why = "writes over a device";
	}
	x->objects = arena_alloc(l->s->a, sizeof(*x->objects));
	x->nobjects = 1;
	x->objects[0] = (struct object){.type = "path", .name = w.text, .rows = -1, .bytes = -1};
}

/* 1: what stands behind it is judged by itself. 2: how often it runs, or whether, is the shell's.
 */
static int
is_keyword(const struct sh_word *w)
{
	static const char *const words[] = {"if", "then", "else", "elif", "fi", "do", "done", "{",
	    "}", "!", NULL},
				 *const loops[] = {"while", "until", NULL},
				 *const heads[] = {"for", "case", "esac", "select", "function",
				     "in", "[[", "coproc", NULL};
	const char *const *const lists[] = {words, loops, heads};
	size_t i, k;

	for (k = 0; !w->is_quoted && k < 3; k++)
		for (i = 0; lists[k][i] != NULL; i++)
			if (strcmp(lists[k][i], w->text) == 0)
				return (int)k + 1;
	return 0;
}

/* The words so far are a command. */
static void
finish(struct line *l)
{
	size_t i = 0;
	int k;

	while (i < l->n && (k = is_keyword(&l->words[i])) != 0) {
		if (k > 1)
			sh_add(l->s, DANGER_OPAQUE, "control",
			    "runs commands as often as the shell decides");
		i = k == 3 ? l->n : i + 1;
	}
	if (i < l->n)
		sh_command(l->s, l->words + i, l->n - i);
	l->n = 0;
}

/* A digit in front of a redirection belongs to it. */
static int
is_descriptor(const struct line *l)
{
	size_t i = l->i;

	while (i < l->len && l->p[i] >= '0' && l->p[i] <= '9')
		i++;
	return i > l->i && i < l->len && (l->p[i] == '>' || l->p[i] == '<');
}

static void
step(struct line *l)
{
	char c = l->p[l->i];

	if (c == ' ' || c == '\t' || c == '\r')
		l->i++;
	else if (c == '#' && (l->i == 0 || ends_word(l->p[l->i - 1]))) {
		while (l->i < l->len && l->p[l->i] != '\n')
			l->i++;
	} else if (is_descriptor(l)) {
		while (l->p[l->i] >= '0' && l->p[l->i] <= '9')
			l->i++;
		redirection(l);
	} else if (c == '<' || c == '>' || (c == '&' && peek(l, 1) == '>'))
		redirection(l);
	else if (c == '|' || c == ';' || c == '\n' || c == '(' || c == ')' || c == '&') {
		if (c == '&' && peek(l, 1) != '&')
			sh_add(l->s, DANGER_DANGEROUS, "background",
			    "goes on behind the operator's back");
		if (c == '(' && l->n > 0)
			l->is_bad = 1; /* a function, or an array */
		finish(l);
		l->i++;
		if ((c == '&' || c == '|') && (peek(l, 0) == c || peek(l, 0) == '&'))
			l->i++;
	} else {
		l->words = arena_grow(l->s->a, l->words, l->n, sizeof(*l->words));
		read_word(l, &l->words[l->n]);
		if (l->n++ >= WORDS_MAX)
			l->is_bad = 1;
	}
}

void
sh_text(struct sh *s, const char *p, size_t len)
{
	struct line l = {.s = s, .p = p, .len = len};

	if (++s->nesting > SH_NESTING) {
		sh_add(s, DANGER_OPAQUE, "too-deep", "nests commands deeper than is followed");
		s->nesting--;
		return;
	}
	while (l.i < len && !l.is_bad)
		step(&l);
	finish(&l);
	if (l.is_bad)
		sh_add(s, DANGER_OPAQUE, "unknown",
		    "is not understood as a shell would understand it");
	s->nesting--;
}

/* One statement is one line of the text; quotes may hold line ends. */
int
sh_next(const char *text, size_t len, size_t *at, struct statement *s)
{
	size_t i = *at, from;
	char quote = 0;

	memset(s, 0, sizeof(*s));
	while (i < len && strchr(" \t\r\n;", text[i]) != NULL && text[i] != '\0')
		i++;
	if (i >= len) {
		*at = len;
		return 0;
	}
	for (from = i; i < len && (quote != 0 || text[i] != '\n'); i++) {
		if (text[i] == '\\' && quote != '\'')
			i++;
		else if (quote != 0)
			quote = text[i] == quote ? 0 : quote;
		else if (text[i] == '\'' || text[i] == '"')
			quote = text[i];
		else if (text[i] == '#' && (i == from || ends_word(text[i - 1])))
			while (i + 1 < len && text[i + 1] != '\n')
				i++;
	}
	*at = i < len ? i : len;
	s->from = from;
	s->len = *at - from;
	return 1;
}

void
sh_judge(const char *text, struct arena *a, struct statement *s)
{
	struct sh sh = {.a = a};
	const char *p = text + s->from;
	size_t i;

	if (s->len > LINE_MAX || memchr(p, '\0', s->len) != NULL || !text_is_utf8(p, s->len) ||
	    text_is_exotic(p, s->len)) {
		pg_give_up(a, s, "unknown",
		    "is too long, or holds bytes that cannot be shown as they are");
		return;
	}
	sh_text(&sh, p, s->len);
	if (sh.nactions == 0)
		sh_add(&sh, DANGER_READ, "empty", "runs nothing");
	s->actions = sh.actions;
	s->nactions = sh.nactions;
	s->danger = DANGER_READ;
	for (i = 0; i < sh.nactions; i++)
		if (sh.actions[i].danger > s->danger)
			s->danger = sh.actions[i].danger;
}

void
sh_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out)
{
	struct statement s;
	size_t at = 0;

	(void)lx;
	memset(out, 0, sizeof(*out));
	out->in = '-';
	if (!sh_next(text, len, &at, &s)) {
		out->state = SCAN_EMPTY;
		out->end = out->len = len;
		return;
	}
	out->state = SCAN_COMPLETE;
	out->len = s.from + s.len;
	out->end = at < len ? at + 1 : at;
}
