/* The lexer of redact.c: white space, comments, literals. Shared by redact*.c only. */
#ifndef REDACT_VALUE_H
#define REDACT_VALUE_H

#include <stddef.h>

struct arena;

#define REDACT_LEVELS 20 /* of quotes in quotes; more than a record has room for */

struct span {
	size_t from, to;
};

struct lexer {
	struct arena *a;
	const char *s;
	size_t len;
	struct span *spans;
	size_t n;
	size_t done;	 /* everything before it was looked at */
	size_t star, lf; /* the next end of a comment, of a line, from where last looked */
	char none[3][REDACT_LEVELS]; /* no such closing quote comes any more */
	char quote;		     /* we are inside a literal, as far as can be told; 0 not */
	int has_client, is_dml;	     /* on this line; in this statement */
};

int lex_at(const struct lexer *x, size_t i); /* the byte, or -1 */
int lex_is_space(int c);
int lex_is_word(int c);
int lex_is_quote(int c);
size_t lex_word_end(const struct lexer *x, size_t i);
int lex_is(const struct lexer *x, size_t from, size_t to, const char *word);
int lex_ends(const struct lexer *x, size_t from, size_t to, const char *suffix);
/* White space and comments. */
size_t lex_skip(struct lexer *x, size_t i);
size_t lex_skip_prefix(const struct lexer *x, size_t i);
size_t lex_quoted_end(struct lexer *x, size_t i);
size_t lex_bare_end(struct lexer *x, size_t i);
/* Notes that the span is a secret. */
void lex_cut(struct lexer *x, size_t from, size_t to);
/* Cuts the value that starts at i, if one does, and returns where it ends. */
size_t lex_cut_value(struct lexer *x, size_t i, int may_be_bare);
/* 'a' 'b', 'a' || 'b': the rest of a value. */
void lex_cut_more(struct lexer *x, size_t i);

#endif
