/* A table on its way to the screen. Shared by out_table.c and out_rows.c. */
#ifndef OUT_ROWS_H
#define OUT_ROWS_H

#include "shell/out_inside.h"
#include "sink.h"

#define BATCH_ROWS 1000
#define BATCH_BYTES ((size_t)4 << 20)

enum layout { LAYOUT_ALIGNED, LAYOUT_EXPANDED, LAYOUT_LINES, LAYOUT_JSON, LAYOUT_CSV };

/* A cell, inert already; NULL is SQL NULL. */
struct cell {
	const char *s;
	int width;
};

struct out_table {
	struct sink sink;
	struct app *app;
	struct arena *arena; /* titles and the first batch */
	struct arena *row;   /* of the row in hand, renewed when it grew */
	enum layout layout;
	size_t ncols;
	struct cell *titles;
	const char **names; /* titles as they came, for JSON */
	unsigned char *is_numeric;
	int *widths;	     /* of each column, after wrapping */
	struct cell **batch; /* rows kept until widths are known */
	size_t nbatch;
	int is_open;	/* columns are known */
	int is_flowing; /* the batch is out; rows go straight */
	int is_copy;	/* COPY TO STDOUT: the bytes are all that is shown */
	int is_wrapped;
	int is_view;	 /* a listing: one line a row, cut where it must be */
	int is_terminal; /* CSV: a terminal shows it */
	int64_t rows;
	struct buf line;
	struct pager pager;
};

/* Decides layout and widths from titles and batch, and whether a pager is wanted. */
void rows_settle(struct out_table *t);
int rows_header(struct out_table *t);
int rows_put(struct out_table *t, const struct cell *row);
/* A sentence under the rows, folded to the screen; stays in t->line. */
void rows_folded(struct out_table *t, const char *s);
/* CSV goes by without a batch. lengths NULL: cells end with NUL. */
int csv_header(struct out_table *t);
int csv_row(struct out_table *t, const char *const *cells, const int *lengths);

#endif
