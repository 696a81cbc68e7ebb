/*
 * Arenas: memory with one lifetime. One per typed line, per plan, per topology, per session.
 * No pointer crosses from one arena into another that lives longer. Out of memory aborts:
 * by then everything acknowledged is in the journal. Memory is zeroed.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdarg.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* accepts NULL */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t n, size_t size); /* aborts on overflow */
char *arena_strdup(struct arena *a, const char *s);	   /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Bytes handed out so far; for limits and tests. */
size_t arena_used(const struct arena *a);

/* Grows an array by doubling: returns the array with room for n + 1 elements. */
void *arena_grow(struct arena *a, void *array, size_t n, size_t size);

#endif
