/*
 * A growing byte string with a maximum size, for text whose length is not known beforehand.
 * Always NUL-terminated after the data. Past the maximum it stops growing and says so in
 * ->overflow; nobody has to check every call.
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>

struct buf {
	char *data; /* owned; NULL while empty */
	size_t len, size, max;
	int overflow;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
void buf_reset(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *buf_str(const struct buf *b); /* "" while empty */

#endif
