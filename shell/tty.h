/* The terminal itself, whatever standard input and output are: for what a person must read and
 * type. */
#ifndef TTY_H
#define TTY_H

#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "err.h"
#include "shell/show.h"

struct app;
struct arena;
struct buf;

struct tty {
	struct app *app;
	int fd, has_color, can_erase, was_paging;
	int width, height;
	struct termios saved, cooked;
};

/* ERR_USAGE where this process has no terminal. */
int tty_open(struct app *app, struct tty *t, struct err *e);
void tty_close(struct tty *t);
void tty_line(struct tty *t, enum show_style style, const char *inert);
/* Page by page. 0: the end was reached. -1: ERR_CANCELLED, the reader left. */
int tty_pages(struct tty *t, const struct show *s, struct err *e);
/* Keys one by one from here on, not shown; and lines again. */
void tty_keys(struct tty *t);
void tty_lines(struct tty *t);
/* A key pressed before the deadline, as its byte; 0 none; -1 Ctrl-C or the end. What a key sends
 * beyond its first byte is thrown away. */
int tty_key(struct tty *t, int64_t deadline);
/* One typed line, after throwing type-ahead away. NULL on Ctrl-C, end of input or deadline. */
char *tty_ask(struct tty *t, struct arena *a, const char *question, int64_t deadline);
/* Typed or pasted text until a line with `mark`, end of input, or the buffer's maximum. -1: Ctrl-C.
 */
int tty_paste(struct tty *t, const char *mark, struct buf *b);

#endif
