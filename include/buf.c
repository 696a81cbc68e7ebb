/*
 * A growing byte string with a maximum: see buf.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "banned.h"

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->overflow = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

static int
room(struct buf *b, size_t n)
{
	size_t size;

	if (b->overflow || n > b->max || b->len > b->max - n) {
		b->overflow = 1;
		return 0;
	}
	if (b->data != NULL && b->size - b->len > n)
		return 1;
	size = b->size < 256 ? 256 : b->size;
	while (size - b->len <= n)
		size *= 2;
	b->data = realloc(b->data, size);
	if (b->data == NULL)
		abort();
	b->size = size;
	return 1;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	if (!room(b, n))
		return;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	if (room(b, (size_t)n)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

const char *
buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}
