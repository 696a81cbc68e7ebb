/* Rows for COPY FROM STDIN. */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>

struct app;

/* How much of the text is a line with its newline, or as much of one as fits; 0: more is needed. */
size_t feed_line(const char *text, size_t len, size_t room, int is_end);
/* True for the line that ends the rows. */
int feed_is_end(const char *line, size_t len);
/* Lines typed at the terminal, up to the one that ends them: struct app's feed. */
int feed_terminal(struct app *app, char *data, size_t size);

#endif
