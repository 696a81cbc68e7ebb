/*
 * A dump of mariadb-dump or mysqldump, or a directory of mydumper, as far as one table of it goes.
 * Private to engines/.
 */
#ifndef MY_DUMP_H
#define MY_DUMP_H

#include "dump.h"
#include "engines/my_pick.h"
#include "engines/my_script.h"

struct my_dump {
	struct arena *a; /* of what stays */
	struct waiter *w;
	const char *path, *schema, *table;
	const char *format, *identity;
	int is_directory;
	int64_t bytes;
	const char **paths; /* to be read in this order */
	size_t npaths;

	/* While it is read. */
	struct my_script script;
	struct arena *tmp;    /* of one statement */
	const char *database; /* the current one of the dump */
};

/* In the side schema: what it is of, and how far that came. */
#define MY_RESTORE_MARK "holdfast_restore"
/* Triggers travel as a text: each has its settings and itself, with this behind both. */
#define MY_TRIGGER_END "\n;;\n"
const char *my_trigger_text(struct arena *a, const char *mode, const char *client,
    const char *collation, const char *text, size_t len);

/* What it is: format, size, identity, files. */
int my_dump_look(struct my_dump *d, struct err *e);
void my_dump_open(struct my_dump *d);
void my_dump_close(struct my_dump *d); /* accepts one that was not opened */
/* The next piece, and what a statement is to the table; its texts live until the next call. */
int my_dump_next(struct my_dump *d, enum my_piece *what, char **text, size_t *len,
    struct my_pick *pick, struct err *e);

#endif
