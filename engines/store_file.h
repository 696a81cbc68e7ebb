/* Small files in a directory others write to: read without trust, written whole and durable. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "err.h"

struct arena;

/*
 * Reads a regular file of 1 to max bytes with one name, once, into memory. Never blocks (FIFO,
 * device), never follows a link. *owner is the OS user's name. ERR_FAILED says what it is instead;
 * errno is ENOENT where there is none.
 */
int store_read(struct arena *a, int dir, const char *name, size_t max, char **data, size_t *len,
    const char **owner, struct err *e);
enum store_mode {
	STORE_NEW,     /* fails with errno EEXIST where the name is taken */
	STORE_REPLACE, /* takes the place of an older one */
};
/*
 * The whole file or none of it, readable by the directory's group, durable when this returned 0.
 * held NULL, or receives a descriptor that has a shared lock on the file from its first moment on.
 */
int store_write(int dir, gid_t group, const char *name, const void *data, size_t len,
    enum store_mode mode, int *held, struct err *e);

/* What this session filed and holds the locks of: descriptors are owned by the list. */
struct held;
void held_add(struct held **list, const char *id, int fd);
void held_drop(struct held **list, const char *id); /* NULL: all */
/* True where some session holds the file's lock, or nobody can say. */
int held_is(int dir, const char *name);
/* True where this process may give a file to the group. */
int store_is_member(gid_t group);

#endif
