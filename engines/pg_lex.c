/*
 * Finds where a statement of PostgreSQL ends, by the server's own lexical rules (quotes, dollar
 * quotes, nested comments) and psql's for what a semicolon does not end: parentheses and SQL
 * bodies of CREATE FUNCTION. One pass, no memory. Must never end a statement inside a quote.
 */
#include <string.h>

#include "engines/pg_lex.h"
#include "banned.h"

struct lexer {
	const char *p;
	size_t len, i;
	int is_conforming;
	int has_text;		/* anything but white space and comments seen */
	int parens, body_depth; /* open parentheses, BEGIN ATOMIC and CASE */
	int words;		/* identifiers seen so far, for CREATE FUNCTION */
	int is_routine, was_begin;
	char in;
};

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static int
is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static int
is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static int
is_word(char c)
{
	return is_word_start(c) || (c >= '0' && c <= '9');
}

static char
peek(const struct lexer *x, size_t ahead)
{
	return x->i + ahead < x->len ? x->p[x->i + ahead] : '\0';
}

/* Behind a line comment that starts here; the newline stays. */
static void
skip_line(struct lexer *x)
{
	while (x->i < x->len && !is_newline(x->p[x->i]))
		x->i++;
}

/* Behind a block comment; they nest. 0 where it never ends. */
static int
skip_comment(struct lexer *x)
{
	int depth = 0;

	while (x->i < x->len) {
		if (peek(x, 0) == '/' && peek(x, 1) == '*') {
			depth++;
			x->i += 2;
		} else if (peek(x, 0) == '*' && peek(x, 1) == '/') {
			x->i += 2;
			if (--depth == 0)
				return 1;
		} else
			x->i++;
	}
	x->in = '*';
	return 0;
}

/* A quote that continues behind a newline keeps its kind: the index of the next quote, or 0. */
static size_t
continued(const struct lexer *x, size_t i)
{
	int has_newline = 0;

	while (i < x->len) {
		if (is_newline(x->p[i]))
			has_newline = 1;
		if (is_space(x->p[i]))
			i++;
		else if (x->p[i] == '-' && i + 1 < x->len && x->p[i + 1] == '-') {
			while (i < x->len && !is_newline(x->p[i]))
				i++;
		} else
			return x->p[i] == '\'' && has_newline ? i : 0;
	}
	return 0;
}

/* From the opening quote to behind the closing one. 0 where it never ends. */
static int
skip_quote(struct lexer *x, char quote, int has_escapes)
{
	size_t again;

	x->i++;
	while (x->i < x->len) {
		if (has_escapes && x->p[x->i] == '\\')
			x->i += 2;
		else if (x->p[x->i] != quote)
			x->i++;
		else if (peek(x, 1) == quote)
			x->i += 2;
		else if (has_escapes && (again = continued(x, x->i + 1)) != 0)
			x->i = again + 1;
		else {
			x->i++;
			return 1;
		}
	}
	x->i = x->len;
	x->in = quote;
	return 0;
}

/* At a dollar: a parameter, a dollar quote, or just a dollar. 0 where a quote never ends. */
static int
skip_dollar(struct lexer *x)
{
	size_t n = 1;
	const char *found, *from;

	if (peek(x, 1) >= '0' && peek(x, 1) <= '9') {
		while (peek(x, n) >= '0' && peek(x, n) <= '9')
			n++;
		x->i += n;
		return 1;
	}
	if (is_word_start(peek(x, 1)))
		while (is_word(peek(x, n)))
			n++;
	if (peek(x, n) != '$') {
		x->i++;
		return 1;
	}
	n++;
	for (from = x->p + x->i + n;; from = found + 1) {
		found = memmem(from, (size_t)(x->p + x->len - from), x->p + x->i, n);
		if (found == NULL) {
			x->in = '$';
			x->i = x->len;
			return 0;
		}
		x->i = (size_t)(found - x->p) + n;
		return 1;
	}
}

static int
word_is(const char *p, size_t n, const char *word)
{
	return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

/* CREATE [OR REPLACE] FUNCTION|PROCEDURE makes BEGIN ATOMIC ... END count. */
static void
note_word(struct lexer *x, const char *p, size_t n)
{
	int is_kind = word_is(p, n, "function") || word_is(p, n, "procedure");

	if (x->words == 0)
		x->is_routine = word_is(p, n, "create") ? 1 : 0;
	else if (x->words == 1 && x->is_routine == 1)
		x->is_routine = is_kind ? 4 : word_is(p, n, "or") ? 2 : 0;
	else if (x->words == 2 && x->is_routine == 2)
		x->is_routine = word_is(p, n, "replace") ? 3 : 0;
	else if (x->words == 3 && x->is_routine == 3)
		x->is_routine = is_kind ? 4 : 0;
	if (x->words < 4)
		x->words++;
	if (x->is_routine != 4 || x->parens > 0)
		return;
	if (x->was_begin && word_is(p, n, "atomic"))
		x->body_depth++;
	else if (x->body_depth > 0 && word_is(p, n, "case"))
		x->body_depth++;
	else if (x->body_depth > 0 && word_is(p, n, "end"))
		x->body_depth--;
	x->was_begin = word_is(p, n, "begin");
}

/* A word, or a quote with a letter in front. 0 where the quote never ends. */
static int
skip_word(struct lexer *x)
{
	const char *p = x->p + x->i;
	size_t n = 1;

	while (x->i + n < x->len && (is_word(p[n]) || p[n] == '$'))
		n++;
	x->i += n;
	if (n == 1 && peek(x, 0) == '\'') {
		if (*p == 'e' || *p == 'E')
			return skip_quote(x, '\'', 1);
		/* B, X and N: N is a plain literal, the others have no backslash. */
		if (memchr("bBxX", *p, 4) != NULL)
			return skip_quote(x, '\'', 0);
	}
	note_word(x, p, n);
	return 1;
}

/* Digits and what clings to them, so that 1e'x' is not taken for an escape string... the server
 * reads a number, then a word. */
static void
skip_number(struct lexer *x)
{
	while (peek(x, 0) >= '0' && peek(x, 0) <= '9')
		x->i++;
}

/* \g, \gx or \G at the end of its line ends a statement, as a semicolon does. */
static size_t
ends_by_g(const struct lexer *x, struct scan *out)
{
	size_t n = 2, i;

	if (peek(x, 1) != 'g' && peek(x, 1) != 'G')
		return 0;
	out->is_g = 1;
	out->is_gx = peek(x, 1) == 'G';
	if (peek(x, 1) == 'g' && peek(x, 2) == 'x') {
		out->is_gx = 1;
		n++;
	}
	for (i = x->i + n; i < x->len && !is_newline(x->p[i]); i++)
		if (!is_space(x->p[i])) {
			out->is_g = out->is_gx = 0;
			return 0;
		}
	return n;
}

/* A command of the shell takes its whole line. */
static void
take_line(struct lexer *x, struct scan *out)
{
	skip_line(x);
	out->state = SCAN_COMPLETE;
	out->len = x->i;
	out->end = x->i + (x->i < x->len);
}

/* One piece of text. 1 goes on, 0 a quote or comment never ends, -1 *out is done. */
static int
step(struct lexer *x, struct scan *out)
{
	char c = x->p[x->i];
	size_t n;

	if (is_space(c)) {
		x->i++;
		return 1;
	}
	if (c == '-' && peek(x, 1) == '-') {
		skip_line(x);
		return 1;
	}
	if (c == '/' && peek(x, 1) == '*')
		return skip_comment(x);
	if (c == '\\' && !x->has_text) {
		take_line(x, out);
		return -1;
	}
	n = c == ';' && x->parens == 0 && x->body_depth == 0 ? 1
	    : c == '\\'					     ? ends_by_g(x, out)
							     : 0;
	if (n > 0) {
		out->state = SCAN_COMPLETE;
		out->len = x->i;
		out->end = x->i + n;
		return -1;
	}
	x->has_text = 1;
	if (c == '\'')
		return skip_quote(x, c, !x->is_conforming);
	if (c == '"')
		return skip_quote(x, c, 0);
	if (c == '$')
		return skip_dollar(x);
	if (is_word_start(c))
		return skip_word(x);
	if (c >= '0' && c <= '9') {
		skip_number(x);
		return 1;
	}
	if (c == '(')
		x->parens++;
	else if (c == ')' && x->parens > 0)
		x->parens--;
	x->i++;
	return 1;
}

void
pg_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out)
{
	struct lexer x = {.p = text, .len = len};
	int more = 1;

	x.is_conforming = lx == NULL || lx->standard_conforming_strings;
	memset(out, 0, sizeof(*out));
	out->in = '-';
	while (more == 1 && x.i < len)
		more = step(&x, out);
	if (more == -1)
		return;
	out->end = out->len = len;
	if (more == 1 && !x.has_text) {
		out->state = SCAN_EMPTY;
		return;
	}
	out->state = SCAN_INCOMPLETE;
	out->in = x.in != 0 ? x.in : x.parens > 0 ? '(' : '-';
}
