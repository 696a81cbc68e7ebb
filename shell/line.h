/* What a typed text is: a command line, a whole SQL text, or a part of one. And bytes that no line
 * editor should hold, masked. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>

#include "engine.h"

struct arena;

#define LINE_INPUT_MAX ((size_t)16 << 20) /* of one collected text */

enum line_need {
	LINE_EMPTY, /* white space and comments only */
	LINE_MORE,  /* a statement is not finished */
	LINE_WHOLE, /* every statement in it is finished */
};

/* True where the text's first word is a verb, or starts with a backslash. */
int line_is_command(const char *text, size_t len);
/*
 * Judges a collected text. *from is where the first unfinished statement starts: 0 at first, moved
 * on so that no finished statement is looked at twice. *in says in what it is unfinished.
 */
enum line_need line_judge(const struct engine *g, const struct lexical *lx, const char *text,
    size_t len, size_t *from, char *in);
/*
 * The first unit of a stream: a command line, or the lines up to one at whose end all statements
 * are finished. *unit is its length with the newline. is_end: nothing follows, a last line needs no
 * newline.
 */
enum line_need line_unit(const struct engine *g, const struct lexical *lx, const char *text,
    size_t len, int is_end, size_t *unit);

/*
 * Any bytes as text that a line editor can hold and a terminal can show: each byte of what is not
 * printable (controls but \n and \t, bytes that are no UTF-8, characters that hide or reorder) as
 * one private character. line_unmask is the exact inverse.
 */
char *line_mask(struct arena *a, const char *s, size_t len);
char *line_unmask(struct arena *a, const char *s, size_t *len);

#endif
