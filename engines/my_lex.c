/*
 * Tokens of MySQL and MariaDB by the servers' own rules: quotes and escapes by sql_mode, `--` only
 * before white space, a comment that ends at the first end, executable comments as code. One pass,
 * no memory. Must never end a quote or a comment earlier or later than a server does.
 */
#include <string.h>

#include "engines/my_lex.h"
#include "banned.h"

int
my_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '$' || (c & 0x80) != 0;
}

static char
peek(const struct my_lexer *x, size_t ahead)
{
	return x->i + ahead < x->len ? x->p[x->i + ahead] : '\0';
}

static int
is_delimiter(const struct my_lexer *x, size_t at)
{
	size_t n = x->delimiter != NULL ? strlen(x->delimiter) : 0;

	return n > 0 && x->len - at >= n && memcmp(x->p + at, x->delimiter, n) == 0;
}

static void
note_version(struct my_lexer *x, uint32_t v)
{
	int i;

	for (i = 0; i < x->nversions; i++)
		if (x->versions[i] == v)
			return;
	if (x->nversions == 8)
		x->is_ambiguous = 1;
	else
		x->versions[x->nversions++] = v;
}

/* Behind the end of a comment; nested ones where levels allow. -1 where it never ends. */
static int
skip_comment(struct my_lexer *x, int levels)
{
	while (x->i + 1 < x->len) {
		if (levels > 0 && x->p[x->i] == '/' && x->p[x->i + 1] == '*') {
			x->is_ambiguous = 1;
			x->i += 2;
			if (skip_comment(x, levels - 1) < 0)
				return -1;
		} else if (x->p[x->i] == '*' && x->p[x->i + 1] == '/') {
			x->i += 2;
			return 1;
		} else
			x->i++;
	}
	x->i = x->len;
	x->in = '*';
	return -1;
}

/* At an executable comment. 1 it is skipped or entered, -1 it never ends. */
static int
executable(struct my_lexer *x, int is_m)
{
	uint32_t v = 0;
	int n = 0, is_code;

	x->i += is_m ? 4 : 3;
	x->has_executable = 1;
	x->has_m |= is_m;
	/* Where one starts inside another the servers differ. */
	if (x->depth > 0)
		x->is_ambiguous = 1;
	while (n < 6 && is_digit(peek(x, (size_t)n)))
		v = v * 10 + (uint32_t)(x->p[x->i + (size_t)n++] - '0');
	if (n < 5) {
		v = 0;
		n = 0;
	} else if (n == 6 && !my_is_space(peek(x, 6)))
		x->is_ambiguous = 1; /* some read five digits and a number */
	x->i += (size_t)n;
	if (v > 0)
		note_version(x, v);
	is_code = !x->reading.is_none && !(is_m && x->reading.is_m_none) && v <= x->reading.limit;
	if (!is_code)
		return skip_comment(x, 1);
	x->depth++;
	return 1;
}

/* An optimizer hint is a comment, but SET_VAR in it is a SET. */
static int
hint(struct my_lexer *x)
{
	size_t from = x->i + 3;

	x->i += 2;
	if (skip_comment(x, 0) < 0)
		return -1;
	if (x->i >= from + 2 && memmem(x->p + from, x->i - from, "(", 1) != NULL) {
		x->hint_from = from;
		x->hint_len = x->i - 2 - from;
	}
	return 1;
}

/* White space and comments. 1 some token may follow, -1 a comment never ends. */
static int
skip_blank(struct my_lexer *x)
{
	char c;
	int k = 1;

	while (k == 1 && x->i < x->len) {
		c = x->p[x->i];
		if (is_delimiter(x, x->i))
			return 1;
		if (my_is_space(c))
			x->i++;
		else if (c == '#' || (c == '-' && peek(x, 1) == '-' &&
					 (x->i + 2 >= x->len || (unsigned char)peek(x, 2) <= ' ' ||
					     peek(x, 2) == 0x7f))) {
			while (x->i < x->len && x->p[x->i] != '\n')
				x->i++;
		} else if (c == '/' && peek(x, 1) == '*') {
			if (peek(x, 2) == '!')
				k = executable(x, 0);
			else if (peek(x, 2) == 'M' && peek(x, 3) == '!')
				k = executable(x, 1);
			else if (peek(x, 2) == '+')
				k = hint(x);
			else {
				x->i += 2;
				k = skip_comment(x, 0);
			}
		} else if (c == '*' && peek(x, 1) == '/' && x->depth > 0) {
			x->depth--;
			x->i += 2;
		} else
			return 1;
	}
	if (k == 1 && x->depth > 0) {
		x->in = '*';
		k = -1;
	}
	return k;
}

/* From the opening quote to behind the closing one. -1 where it never ends. */
static int
quoted(struct my_lexer *x, char quote, int has_escapes)
{
	x->i++;
	while (x->i < x->len) {
		if (has_escapes && x->p[x->i] == '\\')
			x->i += 2;
		else if (x->p[x->i] != quote)
			x->i++;
		else if (peek(x, 1) == quote)
			x->i += 2;
		else {
			x->i++;
			return 1;
		}
	}
	x->i = x->len;
	x->in = quote;
	return -1;
}

static int
quote(struct my_lexer *x, struct my_token *t)
{
	char c = x->p[x->i];
	int is_name = c == '`' || (c == '"' && (x->mode & LEXICAL_ANSI_QUOTES));

	t->type = is_name ? MY_NAME : MY_STRING;
	return quoted(x, c, !is_name && !(x->mode & LEXICAL_NO_BACKSLASH));
}

/* x'4d' and b'01': 0 where it is none. */
static int
literal(struct my_lexer *x, struct my_token *t)
{
	char c = (char)(x->p[x->i] | 0x20);
	size_t n = 2;

	if ((c != 'x' && c != 'b') || peek(x, 1) != '\'')
		return 0;
	while (c == 'x' ? is_hex(peek(x, n)) : peek(x, n) == '0' || peek(x, n) == '1')
		n++;
	if (peek(x, n) != '\'')
		return 0;
	t->type = MY_NUMBER;
	x->i += n + 1;
	return 1;
}

/* Behind digits, a fraction and an exponent. */
static void
number(struct my_lexer *x)
{
	size_t n;

	while (is_digit(peek(x, 0)))
		x->i++;
	if (peek(x, 0) == '.')
		do
			x->i++;
		while (is_digit(peek(x, 0)));
	if ((peek(x, 0) | 0x20) == 'e') {
		n = peek(x, 1) == '+' || peek(x, 1) == '-' ? 2 : 1;
		if (is_digit(peek(x, n)))
			for (x->i += n; is_digit(peek(x, 0));)
				x->i++;
	}
}

/* An identifier may begin with digits and may not be digits only. */
static void
word(struct my_lexer *x, struct my_token *t, int is_after_dot)
{
	size_t n = 0, digits = 0, exponent;

	while (x->i + n < x->len && is_word(x->p[x->i + n]) && !is_delimiter(x, x->i + n))
		n++;
	while (digits < n && is_digit(x->p[x->i + digits]))
		digits++;
	t->type = MY_WORD;
	if (digits > 0 && !is_after_dot) {
		exponent = digits;
		if (exponent < n && (x->p[x->i + exponent] | 0x20) == 'e')
			for (exponent++; exponent < n && is_digit(x->p[x->i + exponent]);)
				exponent++;
		if (digits == n || exponent == n || peek(x, digits) == '.') {
			t->type = MY_NUMBER;
			number(x);
			return;
		}
		if (n > 2 && *(x->p + x->i) == '0' && (peek(x, 1) == 'x' || peek(x, 1) == 'b'))
			t->type = MY_NUMBER;
	}
	x->i += n;
}

static int
variable(struct my_lexer *x, struct my_token *t)
{
	char c = peek(x, 1);

	t->type = MY_VAR;
	if (c == '@') {
		t->type = MY_OP;
		x->i += 2;
		return 1;
	}
	x->i++;
	if (c == '\'' || c == '"')
		return quoted(x, c, !(x->mode & LEXICAL_NO_BACKSLASH));
	if (c == '`')
		return quoted(x, c, 0);
	while (
	    x->i < x->len && (is_word(x->p[x->i]) || x->p[x->i] == '.') && !is_delimiter(x, x->i))
		x->i++;
	return 1;
}

static void
punctuation(struct my_lexer *x, struct my_token *t)
{
	static const char *const many[] = {"<=>", "->>", "<=", ">=", "<>", "!=", ":=", "||", "&&",
	    "<<", ">>", "->", "\\N", "\\G", "\\g", NULL};
	size_t i, n = 1;

	for (i = 0; many[i] != NULL; i++)
		if (x->len - x->i >= strlen(many[i]) &&
		    memcmp(x->p + x->i, many[i], strlen(many[i])) == 0) {
			n = strlen(many[i]);
			break;
		}
	t->type = MY_OP;
	x->i += n;
}

/* A dot right behind a name belongs to it, whatever follows. */
static int
is_qualified(const struct my_lexer *x, size_t before)
{
	return x->i == before && x->i > 0 && (is_word(x->p[x->i - 1]) || x->p[x->i - 1] == '`');
}

int
my_token(struct my_lexer *x, struct my_token *t)
{
	size_t before = x->i, n;
	int k = skip_blank(x), is_after_dot = x->i > 0 && x->i == before && x->p[x->i - 1] == '.';
	char c;

	memset(t, 0, sizeof(*t));
	t->from = (uint32_t)x->i;
	if (k < 0)
		return -1;
	if (x->i >= x->len || is_delimiter(x, x->i))
		return 0;
	t->is_tight = x->i == before;
	c = x->p[x->i];
	if (c == '\'' || c == '"' || c == '`')
		k = quote(x, t);
	else if (c == '@')
		k = variable(x, t);
	else if (is_word(c)) {
		if (!literal(x, t))
			word(x, t, is_after_dot);
	} else if (c == '.' && is_digit(peek(x, 1)) && !is_qualified(x, before)) {
		t->type = MY_NUMBER;
		number(x);
	} else
		punctuation(x, t);
	t->len = (uint32_t)(x->i - t->from);
	if (t->type == MY_OP) {
		n = t->len < sizeof(t->op) ? t->len : sizeof(t->op) - 1;
		memcpy(t->op, x->p + t->from, n);
	}
	return k;
}
