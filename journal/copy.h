/*
 * A second copy of every file in another directory, written by a helper process, so that a mount
 * that hangs costs a deadline and not the session.
 */
#ifndef JOURNAL_COPY_H
#define JOURNAL_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct arena;
struct jcopy;

/* Starts the helper. NULL where it could not be: *e says why. */
struct jcopy *jcopy_start(const char *dir, struct err *e);
/* The first `bytes` bytes of file, `records` records, are durable: waits up to wait_ms until they
 * are in the copy too. Behind by more than that, it goes on behind and does not wait again. */
void jcopy_upto(struct jcopy *c, const char *file, off_t bytes, uint64_t records, int wait_ms);
/* Takes what the helper says; asks again for what failed. Never waits. */
void jcopy_tick(struct jcopy *c);
/* Waits up to wait_ms until the copy is whole, or what failed is known. */
void jcopy_settle(struct jcopy *c, int wait_ms);
/* "the journal's copy in DIR is 3 records behind: REASON"; NULL where it is not. */
char *jcopy_trouble(struct arena *a, const struct jcopy *c);
/* Ends the helper, which first finishes what it was asked. Accepts NULL. */
void jcopy_stop(struct jcopy *c);

/* Between the two: one message each way. */
struct copy_ask {
	uint64_t bytes, records;
	char file[4096];
};
struct copy_answer {
	uint64_t bytes, records; /* that the copy holds, durable, of the file asked last */
	char why[256];		 /* "" or what failed */
};

/* The helper's life; returns when the socket ends. */
void copier_run(int sock, const char *dir);

#endif
