/*
 * The script that a dump of PostgreSQL is, pulled piece by piece from a file or a pipe: statements
 * one by one, and the rows of a COPY as whole lines. Memory is bounded by the longest line or
 * statement. Private to engines/.
 */
#ifndef PG_SCRIPT_H
#define PG_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "err.h"
#include "wait.h"

enum script_piece {
	SCRIPT_END,
	SCRIPT_STATEMENT, /* text without its semicolon */
	SCRIPT_COPY,	  /* the same; rows follow */
	SCRIPT_ROWS,	  /* whole lines with their newlines */
	SCRIPT_ROWS_END,
	SCRIPT_REMARK, /* a comment's line */
};

struct dump_script {
	int fd;
	int pidfd; /* of who writes into it; -1: nobody, a file */
	struct waiter *w;
	char *buf;
	size_t at, have, room;
	int is_over; /* nothing more comes */
	int in_rows;
	int64_t taken; /* bytes read */
};

void script_init(struct dump_script *s, int fd, int pidfd, struct waiter *w);
void script_free(struct dump_script *s);
/* The next piece; text lives until the next call. */
int script_next(
    struct dump_script *s, enum script_piece *what, char **text, size_t *len, struct err *e);

#endif
