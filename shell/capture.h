/* What a line brought to the screen, for the journal: the beginning and the end of what was said,
 * how much there was of it and of rows, their digests. Rows themselves stay out. */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>

struct app;

/* One line's. Nested lines (a file that is run) belong to the outer one. */
void capture_begin(struct app *app);
void capture_text(struct app *app, const char *line, size_t len);
/* A row of a listing of ours: one line of text. */
void capture_cells(struct app *app, size_t n, const char *const *cells);
void capture_row(struct app *app, size_t n, const char *const *cells, const int *lengths);
/* Writes a `screen` record where anything was said, and gives the rest up. */
void capture_end(struct app *app);
void capture_free(struct app *app);
/* Size and kind of the terminal, at the start and when it changes. */
void capture_terminal(struct app *app);

#endif
