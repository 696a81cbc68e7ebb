/* Output: the only place that writes to the terminal. Everything shown is inert. */
#ifndef OUT_H
#define OUT_H

#include <stddef.h>

#include "command.h"
#include "sink.h"

struct app;

/* Styles work without colour: words carry the meaning; NO_COLOR and a non-tty switch colour off. */
enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DANGER, STYLE_SAFE, STYLE_DIM };

void out_line(struct app *app, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Several lines of text of our own making, each made inert. */
void out_text(struct app *app, enum style style, const char *text, size_t len);
/* True while a pager shows something; any thread may ask. */
int pager_has_screen(const struct app *app);
/* Lines one by one between begin and end; with `pages`, through the pager at a terminal. */
struct out_lines;
struct out_lines *out_lines_begin(struct app *app, int pages);
void out_lines_put(struct out_lines *l, enum style style, const char *text);
void out_lines_end(struct out_lines *l);
/* True where fd is a terminal that takes colour, and the person did not say NO_COLOR. */
int out_wants_color(int fd);
/* Reads the terminal's size into app->width and height; 0 where stdout is none. */
void out_measure(struct app *app);
/* An error the way people can act on it: sentence, detail, position with caret, hint. To stderr. */
void out_error(struct app *app, const struct err *e, const char *statement, size_t len);
/* A view: table, lines or --json. Returns 0 or -1. */
int out_view(struct app *app, struct view *v, struct err *e);
/* A sink that prints query results as an aligned table (or expanded, csv, json), streaming, NULL
 * shown as (null), numbers right-aligned, wide characters measured; a pager for long ones on a
 * terminal. */
struct out_table;
struct sink *out_table_open(struct app *app, struct out_table **t);
/* Prints footer "(3 rows)" or the command tag, and time when \timing. */
void out_table_close(struct out_table *t, const char *tag, int64_t rows, int64_t ms);
/* Long work: rewrites one status line on a terminal, plain lines every few seconds elsewhere. */
void out_progress(struct app *app, const char *line);
void out_progress_done(struct app *app);

#endif
