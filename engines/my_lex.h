/*
 * The lexical rules of MySQL and MariaDB: tokens, and where a statement ends. Both dialects share
 * them; where they differ the caller asks for more than one reading. Private to engines/.
 */
#ifndef MY_LEX_H
#define MY_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"

#define MY_DELIMITER_MAX 16
#define MY_STATEMENT_MAX ((size_t)4 << 20)

enum my_type {
	MY_END,
	MY_WORD,   /* a keyword or an identifier without quotes */
	MY_NAME,   /* an identifier in quotes */
	MY_STRING, /* a literal, without its introducer */
	MY_NUMBER, /* also hexadecimal and bit literals */
	MY_VAR,	   /* @name, or @ and a host */
	MY_OP,	   /* punctuation; op holds up to three characters */
};

struct my_token {
	enum my_type type;
	uint32_t from, len; /* in the text, with quotes */
	char op[4];	    /* of MY_OP */
	int is_tight;	    /* nothing stands between it and the token before */
};

/*
 * Which executable comments are code. A server runs those up to its version; MariaDB leaves a hole
 * and has comments of its own. So a statement is read in several ways and the worst counts.
 */
struct my_reading {
	int is_none;	/* all of them are comments */
	int is_m_none;	/* those with an M are comments */
	uint32_t limit; /* versions up to it are code; UINT32_MAX: all */
};

struct my_lexer {
	const char *p;
	size_t len, i;
	unsigned mode; /* enum lexical_mode */
	struct my_reading reading;
	const char *delimiter; /* NULL: ; */
	char in;	       /* what never ends, or 0 */
	int depth;	       /* of executable comments */
	int has_executable, is_ambiguous;
	uint32_t versions[8]; /* distinct ones met */
	int nversions;
	int has_m;
	size_t hint_from, hint_len; /* the last optimizer hint with SET_VAR */
};

/* The next token. 1, 0 at the end (or at a delimiter other than ;), -1 something never ends. */
int my_token(struct my_lexer *x, struct my_token *t);
int my_is_space(char c);

/* Follows tokens of one statement: does a semicolon here end it, or is it inside a body? */
struct my_body {
	enum { BODY_FIRST, BODY_CREATE, BODY_HEAD, BODY_INSIDE, BODY_NONE } state;
	int words;	  /* seen so far */
	int may_start;	  /* a statement of the body may start here */
	int is_after_end; /* IF of END IF opens nothing */
	int parens;
	int depth;
	int has_list;	/* the header's parentheses, FOR EACH ROW or DO were seen */
	uint64_t kinds; /* one bit a level: a CASE that is an expression */
	int is_label;	/* the first token was a name: a label may follow */
	int was_begin;
};
/* 1: this token, a semicolon, ends the statement. */
int my_body_step(struct my_body *b, const char *text, const struct my_token *t);

/* The splitter's memory between two statements. */
struct my_split {
	size_t at;
	char delimiter[MY_DELIMITER_MAX + 1]; /* empty: ; */
	int is_mode_unknown;		      /* a statement before changed how text is read */
};
/*
 * The next statement: 1 with from and len set and *in what never ends ('-' none), 0 at the end.
 * DELIMITER is obeyed and is no statement.
 */
int my_split_next(const char *text, size_t len, unsigned mode, struct my_split *sp,
    struct statement *s, char *in);
int my_is_plain_mode(const char *p, size_t n);
int my_is_plain_charset(const char *p, size_t n);

void my_scan(const char *text, size_t len, const struct lexical *lx, struct scan *out);
extern const char *const my_first_keywords[]; /* lower case, NULL-terminated */
extern const char *const my_all_keywords[];

/* my_mode.c: sql_mode and character set of a session. */
void my_lexical(const struct session *s, struct lexical *out);

#endif
