/*
 * Arenas: see arena.h. A list of blocks, freed together. Must never return NULL.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "banned.h"

#define BLOCK_BYTES ((size_t)8192)
#define ALIGN ((size_t)16)

struct block {
	struct block *next;
	size_t used, size; /* bytes of data */
	_Alignas(16) char data[];
};

struct arena {
	struct block *head;
	size_t total;
};

static void *
must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

struct arena *
arena_new(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

void
arena_free(struct arena *a)
{
	struct block *b, *next;

	if (a == NULL)
		return;
	for (b = a->head; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;
	size_t want, room;
	void *p;

	if (size > SIZE_MAX / 2)
		abort();
	size = size == 0 ? ALIGN : (size + ALIGN - 1) & ~(ALIGN - 1);
	if (b == NULL || b->size - b->used < size) {
		room = b == NULL ? BLOCK_BYTES : (b->size < 1 << 20 ? b->size * 2 : b->size);
		want = size > room ? size : room;
		b = must(malloc(sizeof(*b) + want));
		b->used = 0;
		b->size = want;
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->used;
	b->used += size;
	a->total += size;
	return memset(p, 0, size);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / 2 / size)
		abort();
	return arena_alloc(a, n * size);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s == NULL ? NULL : arena_strndup(a, s, strlen(s));
}

void *
arena_memdup(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);

	if (n > 0)
		memcpy(q, p, n);
	return q;
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

size_t
arena_used(const struct arena *a)
{
	return a->total;
}

void *
arena_grow(struct arena *a, void *array, size_t n, size_t size)
{
	void *bigger;

	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	bigger = arena_array(a, n == 0 ? 1 : n * 2, size);
	if (n > 0)
		memcpy(bigger, array, n * size);
	return bigger;
}
