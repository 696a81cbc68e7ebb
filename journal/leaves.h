/*
 * Leaves of many lines at once: the SHA-256 of a zero byte and the line, as jline_leaf has it.
 * Where the processor can, two lines are hashed side by side: one alone leaves its units half idle.
 */
#ifndef JOURNAL_LEAVES_H
#define JOURNAL_LEAVES_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

struct leaf_line {
	const char *line; /* line[-1] is the zero byte */
	size_t len;
	uint8_t leaf[SHA256_BYTES];
};

/* True where this processor has the instructions for pairs. */
int leaves_have_pairs(void);
void leaves_fill(struct leaf_line *lines, size_t n, int in_pairs);
/* True where the 64 characters are the leaf, in lower case. */
int leaf_is_hex(const char *hex, const uint8_t leaf[SHA256_BYTES], int in_pairs);

#endif
