/*
 * A safety copy as a directory: files, and a manifest that says what they are. The manifest is
 * written last, so a directory without one is no copy. Private to engines/.
 */
#ifndef COPIES_H
#define COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hash.h"

struct arena;

#define COPY_FILES_MAX 500

struct copy_file {
	const char *name, *what; /* "data.1.sql", "rows of public.orders" */
	char sha256[SHA256_HEX];
	int64_t bytes, rows; /* rows -1: none of its own */
};

struct copy {
	const char *dir;
	const char *engine, *identity, *node, *database;
	const char *plan, *mode, *schema, *table, *where; /* where "": all rows */
	int major;					  /* of the server */
	int64_t taken, expires;				  /* epoch seconds */
	int64_t ms;					  /* how long it took */
	struct copy_file *files;
	size_t nfiles;
};

/* Makes directory/name, 0700. ERR_REFUSED where the directory is not ours alone to write in, or has
 * less than `room` bytes. */
int copy_make(struct arena *a, struct copy *c, const char *directory, const char *name,
    int64_t room, struct err *e);
const char *copy_path(struct arena *a, const struct copy *c, const char *name);
/* Adds a file that is there: its size and digest are read from it, and it is made durable. */
int copy_add(struct arena *a, struct copy *c, const char *name, const char *what, int64_t rows,
    struct err *e);
/* Reads every file again, compares, then writes the manifest. */
int copy_seal(struct arena *a, struct copy *c, struct err *e);
/* Reads the manifest; `check` also reads every file and compares. */
int copy_read(struct arena *a, const char *dir, int check, struct copy *out, struct err *e);
/* A file's digest and size. */
int copy_digest(const char *path, char out[SHA256_HEX], int64_t *bytes, struct err *e);

#endif
