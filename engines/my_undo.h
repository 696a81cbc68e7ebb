/*
 * Bringing a table back from a held replica, MariaDB and MySQL. Private to the my_ files.
 */
#ifndef MY_UNDO_H
#define MY_UNDO_H

#include "engines/my_driver.h"

struct my_undo {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct outcome *out;
	void (*progress)(void *ctx, const char *line);
	void *progress_ctx;
	const char *schema, *table;
	const char *source;	  /* quoted, the table on the replica */
	const char *target;	  /* quoted, what rows are loaded into */
	int is_truncate, is_made; /* the table beside was made */
	struct member *from, *to;
	struct my_conn *src, *dst; /* sessions of the procedure alone */
	const char *columns;	   /* quoted list without generated ones */
	const char *order;	   /* of the primary key, or "" */
	size_t ncolumns;
	const unsigned char *kinds; /* per column: how its values are written */
	int64_t rows, start_ms;
};

enum my_kind { MY_PLAIN, MY_QUOTED, MY_BYTES, MY_TEXT };

/* One statement with its own deadline; the result may be NULL. */
int my_undo_do(struct my_undo *u, struct my_conn *x, const char *sql, MYSQL_RES **r, struct err *e);
void my_undo_say(struct my_undo *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* my_undo_rows.c: the columns, the rows from replica to primary, and that they are equal. */
int my_undo_columns(struct my_undo *u, struct err *e);
int my_undo_copy(struct my_undo *u, struct err *e);
int my_undo_compare(struct my_undo *u, struct err *e);
int my_proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
