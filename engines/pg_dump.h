/*
 * A dump of pg_dump in any of its formats, as a script that streams by. Private to engines/.
 */
#ifndef PG_DUMP_H
#define PG_DUMP_H

#include "dump.h"
#include "engines/pg_pick.h"
#include "engines/pg_script.h"
#include "engines/scratch.h"

/* dir: a private directory for lists, pipe and the tool's words. */
struct dump {
	struct arena *a;
	struct waiter *w;
	const char *path, *dir;
	const char *format, *identity, *made;
	const char *program; /* pg_restore; NULL for a plain one */
	int64_t bytes;
	struct scratch tool;
	struct dump_script script;
	int fd;
	const char *log;
};

/* What it is: format, size, identity; and the program that reads it. */
int dump_look(struct dump *d, int major, struct err *e);
/* Begins to stream it: an archive as pg_restore turns it into a script with these options. */
int dump_open(struct dump *d, const char *const *options, struct err *e);
/* Ends that. is_whole: everything was read, and the program must say that all went well. */
int dump_close(struct dump *d, int is_whole, struct err *e);
/* A list for --use-list, of the table's rows and of the counters that are its own; NULL for a
 * plain dump. */
int dump_list(struct dump *d, const struct pick *x, const char **out, struct err *e);
/* The options that stream the rows. */
const char *const *dump_rows_options(struct dump *d, const char *list);

#endif
