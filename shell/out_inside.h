/* Shared by out*.c only. */
#ifndef OUT_INSIDE_H
#define OUT_INSIDE_H

#include <stdio.h>

#include "buf.h"
#include "shell/out.h"

struct arena;
struct waiter;

/* Escape sequences of a style, or "" without colour. */
const char *style_on(const struct app *app, enum style style);
const char *style_off(const struct app *app, enum style style);
/* Each line of the text inert on a line of its own, after the indent. */
void out_block(
    struct app *app, FILE *f, enum style style, const char *text, size_t len, const char *indent);
/* A JSON string, or null; ASCII only, so inert by form. Bytes that are no UTF-8 become U+FFFD. */
void out_json_string(struct buf *b, const char *s, size_t len);
/* A number as it stands where JSON can hold it, else a string. */
void out_json_cell(struct buf *b, const char *s, size_t len, int is_numeric);

/* Where rows go: stdout, or a pager that is fed without ever blocking the loop. */
struct pager {
	int fd;	 /* -1: stdout */
	int pid; /* 0: none */
	int is_gone;
	struct app *app;
};
void pager_none(struct pager *p, struct app *app);
/* Starts $PAGER or less; 0 where there is none to use: then stdout stays. */
int pager_start(struct pager *p);
/* True where the pager can scroll sideways, so that lines need not be wrapped. */
int pager_scrolls(void);
/* -1 once the reader left. */
int pager_write(struct pager *p, const char *s, size_t n);
void pager_finish(struct pager *p);

#endif
