/*
 * What stands between a keyword and its value, and where a value ends: see redact_value.h. Must
 * never end a value early: where it is not clear, it is longer.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "redact_value.h"
#include "banned.h"

#define COMMENTS_MAX 8 /* between a keyword and its value */
#define TOKENS_MAX 24  /* parts of one value */
#define TAG_MAX 64

int
lex_at(const struct lexer *x, size_t i)
{
	return i < x->len ? (unsigned char)x->s[i] : -1;
}

int
lex_is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int
lex_is_word(int c)
{
	return c == '_' || (c < 128 && isalnum(c));
}

int
lex_is_quote(int c)
{
	return c == '\'' || c == '"' || c == '`';
}

void
lex_cut(struct lexer *x, size_t from, size_t to)
{
	if (from >= to)
		return;
	x->spans = arena_grow(x->a, x->spans, x->n, sizeof(*x->spans));
	x->spans[x->n++] = (struct span){from, to};
}

size_t
lex_word_end(const struct lexer *x, size_t i)
{
	while (lex_is_word(lex_at(x, i)))
		i++;
	return i;
}

int
lex_is(const struct lexer *x, size_t from, size_t to, const char *word)
{
	return to - from == strlen(word) && strncasecmp(x->s + from, word, to - from) == 0;
}

int
lex_ends(const struct lexer *x, size_t from, size_t to, const char *suffix)
{
	size_t n = strlen(suffix);

	return to - from >= n && strncasecmp(x->s + to - n, suffix, n) == 0;
}

/* --- between a keyword and its value -------------------------------------------------------- */

/* The end of a comment that starts at i, or i. */
static size_t
skip_comment(struct lexer *x, size_t i)
{
	int c = lex_at(x, i), d = lex_at(x, i + 1);
	const char *p;

	if (c == '/' && d == '*') {
		/* An executable comment is code. */
		if (lex_at(x, i + 2) == '!' || (lex_at(x, i + 2) == 'M' && lex_at(x, i + 3) == '!'))
			return i;
		if (x->star < i + 2) {
			p = memmem(x->s + i + 2, x->len - i - 2, "*/", 2);
			x->star = p == NULL ? x->len : (size_t)(p - x->s);
		}
		return x->star + 2 > x->len ? x->len : x->star + 2;
	}
	if ((c == '-' && d == '-') || c == '#') {
		if (x->lf < i) {
			p = memchr(x->s + i, '\n', x->len - i);
			x->lf = p == NULL ? x->len : (size_t)(p - x->s);
		}
		return x->lf;
	}
	return i;
}

size_t
lex_skip(struct lexer *x, size_t i)
{
	size_t k, end;

	for (k = 0; k < COMMENTS_MAX; k++) {
		while (lex_is_space(lex_at(x, i)))
			i++;
		if ((end = skip_comment(x, i)) == i)
			break;
		i = end;
	}
	return i;
}

/* --- values ---------------------------------------------------------------------------------- */

/*
 * The end of a literal whose quotes start at i. In a literal within a literal quotes are doubled,
 * in the next one doubled again, so a value opened by k quotes (a power of two) is closed by a run
 * of an odd multiple of k. A backslash may take the next character along, and does so here: where
 * it does not, the value is taken to be longer than it is.
 */
size_t
lex_quoted_end(struct lexer *x, size_t i)
{
	char q = x->s[i];
	int kind = q == '\'' ? 0 : q == '"' ? 1 : 2;
	size_t run = i, k, level = 0, from;

	while (lex_at(x, run) == q)
		run++;
	for (k = (run - i) & (~(run - i) + 1); k >> level > 1; level++)
		;
	from = i + k;
	if (level < REDACT_LEVELS && !x->none[kind][level]) {
		for (i = from; i < x->len; i = run) {
			run = i + 1;
			if (x->s[i] == '\\') {
				run = i + 2;
			} else if (x->s[i] == q) {
				while (lex_at(x, run) == q)
					run++;
				if ((run - i) / k % 2 == 1)
					return run;
			}
		}
		x->none[kind][level] = 1;
	}
	/* Never closed. Doubled quotes with nothing in them are an empty literal. */
	if (k > 1 && (lex_at(x, from) < 0 || lex_is_space(lex_at(x, from)) ||
			 strchr(",);", lex_at(x, from))))
		return from;
	return x->len;
}

/* $tag$...$tag$; 0 where there is none. */
static size_t
dollar_end(const struct lexer *x, size_t i)
{
	size_t tag = lex_word_end(x, i + 1);
	const char *p;

	if (lex_at(x, i) != '$' || lex_at(x, tag) != '$' || tag - i > TAG_MAX)
		return 0;
	tag++;
	p = memmem(x->s + tag, x->len - tag, x->s + i, tag - i);
	return p == NULL ? x->len : (size_t)(p - x->s) + (tag - i);
}

/* A prefix of a literal: E'', N'', X'', U&'', _utf8''. */
size_t
lex_skip_prefix(const struct lexer *x, size_t i)
{
	size_t end = lex_word_end(x, i);

	if (end > i && lex_at(x, end) == '&')
		end++;
	return end > i && lex_is_quote(lex_at(x, end)) && (end - i <= 2 || lex_at(x, i) == '_')
		   ? end
		   : i;
}

/* Up to white space; quotes inside belong to it as in a shell, unless one ends what it stands in.
 */
size_t
lex_bare_end(struct lexer *x, size_t i)
{
	int c, next;

	while ((c = lex_at(x, i)) >= 0 && !lex_is_space(c)) {
		next = lex_at(x, i + 1);
		if (lex_is_quote(c)) {
			if (next < 0 || lex_is_space(next) || next == c || strchr(",);]}|", next))
				return i;
			i = lex_quoted_end(x, i);
		} else {
			i += 1 + (c == '\\' && next >= 0);
		}
	}
	return i;
}

/* Every literal in the parentheses of a call, as in crypt('secret', ...). */
static size_t
cut_call(struct lexer *x, size_t i)
{
	int depth = 0, c;

	for (; (c = lex_at(x, i)) >= 0; i++) {
		if (lex_is_quote(c)) {
			lex_cut(x, i, lex_quoted_end(x, i));
			i = lex_quoted_end(x, i) - 1;
		} else if (c == '(') {
			depth++;
		} else if ((c == ')' && --depth == 0) || c == ';') {
			break;
		}
	}
	return i;
}

/* Cuts the value that starts at i, if one does, and returns where it ends. */
size_t
lex_cut_value(struct lexer *x, size_t i, int may_be_bare)
{
	size_t p = x->quote != 0 ? i : lex_skip_prefix(x, i), end;

	if (lex_at(x, p) == '\\' && lex_is_quote(lex_at(x, p + 1)))
		p++;
	if (lex_is_quote(lex_at(x, p))) {
		end = lex_quoted_end(x, p);
		/* Perhaps the quote ended what it stands in, and the value is in the next one. */
		if (x->quote == x->s[p] && end < x->len)
			end = lex_quoted_end(x, end - 1);
	} else if ((end = dollar_end(x, i)) > 0) {
		x->done = end;
	} else if (may_be_bare) {
		end = lex_word_end(x, i);
		if (end > i && lex_at(x, end) == '(')
			return x->done = cut_call(x, i);
		x->done = end = lex_bare_end(x, i);
	} else {
		return i;
	}
	lex_cut(x, i, end);
	return end;
}

/* 'a' 'b', 'a' || 'b': the rest of a value. */
void
lex_cut_more(struct lexer *x, size_t i)
{
	size_t k, p, end;

	for (k = 0; k < TOKENS_MAX; k++) {
		p = lex_skip(x, i);
		while (lex_at(x, p) == '|' || lex_at(x, p) == '+')
			p = lex_skip(x, p + 1);
		if ((end = lex_cut_value(x, p, 0)) == p)
			return;
		i = end;
	}
}
