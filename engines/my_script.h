/*
 * The script that a dump of MariaDB or MySQL is, pulled statement by statement from one file or
 * several in a row. Memory is bounded by the longest statement. Private to engines/.
 */
#ifndef MY_SCRIPT_H
#define MY_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "engines/my_lex.h"
#include "err.h"
#include "wait.h"

enum my_piece {
	MY_PIECE_END,
	MY_PIECE_STATEMENT, /* without what ends it; its last byte may be followed by a NUL of ours
			     */
	MY_PIECE_REMARK,    /* a comment's line in front of a statement */
};

struct my_script {
	const char *const *paths; /* read one behind the other */
	size_t npaths, path;
	struct waiter *w;
	int fd; /* -1: the next path is opened first */
	char *buf;
	size_t at, have, room;
	char delimiter[MY_DELIMITER_MAX + 1];
	int is_over;   /* nothing more comes */
	int64_t taken; /* bytes read */
};

void my_script_init(struct my_script *s, const char *const *paths, size_t npaths, struct waiter *w);
void my_script_free(struct my_script *s); /* accepts one that was never begun */
/* The next piece; text lives until the next call. */
int my_script_next(
    struct my_script *s, enum my_piece *what, char **text, size_t *len, struct err *e);

/*
 * The rows of an INSERT that is nothing but literals. 1 with the row's text, parentheses included;
 * 0 behind the last; -1 it is something else, and must not be sent.
 */
struct my_tuples {
	const char *p;
	size_t len, i;
	int is_started;
};
int my_tuple(struct my_tuples *t, const char **row, size_t *len);

#endif
