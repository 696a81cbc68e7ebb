/* Heads seen before, from a file of this user's. */
#ifndef JOURNAL_SEEN_H
#define JOURNAL_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "hash.h"

struct arena;

struct seen_head {
	const char *session;
	int part;
	uint64_t seq;
	uint8_t leaf[SHA256_BYTES];
};

struct seen {
	struct seen_head *heads;
	size_t n;
	int is_new; /* something was noted that the file does not say */
};

/* No file: nothing seen. Lines it cannot read are skipped. ERR_FAILED where the file is not ours.
 */
int seen_load(struct arena *a, const char *file, struct seen *out, struct err *e);
struct seen_head *seen_find(const struct seen *s, const char *session, int part);
/* Keeps the further head. */
void seen_note(struct arena *a, struct seen *s, const struct seen_head *head);
/* 0600, by rename. ERR_FAILED. */
int seen_save(struct arena *a, const char *file, const struct seen *s, struct err *e);

#endif
