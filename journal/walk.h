/* Walking the chain over raw bytes: no JSON, so there is nothing to disagree about. */
#ifndef JOURNAL_WALK_H
#define JOURNAL_WALK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "verify.h"

enum walk_end {
	WALK_CLEAN,  /* every line follows from the one before it */
	WALK_TAIL,   /* and bytes without a line feed at the end */
	WALK_BROKEN, /* a line does not follow */
	WALK_FAIL,   /* could not be read */
};

struct walk {
	enum walk_end end;
	uint64_t lines; /* that hold */
	size_t ntail;
	uint64_t bad;  /* WALK_BROKEN: the record that is wrong, as far as can be told */
	int64_t found; /* WALK_BROKEN: the number that stands there; -1 no record at all */
	int is_damage; /* WALK_BROKEN: the last line, no record, unsigned: a crash can do that */
	int error;     /* WALK_FAIL: errno */
	uint8_t leaf[SHA256_BYTES]; /* of the last line that holds */
};

/* Reads `size` bytes. Claims about records on the way are met where the leaves agree. */
void walk_chain(int fd, off_t size, struct claim *claims, size_t nclaims, struct walk *out);
/* True where a crash, and nobody's signature, can explain a last line that is no record. */
int walk_is_damage(const char *line, size_t len);

#endif
