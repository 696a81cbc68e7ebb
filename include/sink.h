/*
 * A result on its way from a server to whoever shows it: memory stays flat however large it is.
 */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>

/* A result as it streams by; NULL callbacks are skipped. Return -1 to stop (query is cancelled). */
struct sink {
	int (*columns)(
	    struct sink *s, size_t n, const char *const *names, const unsigned char *is_numeric);
	int (*row)(struct sink *s, size_t n, const char *const *cells, const int *lengths);
	void (*notice)(struct sink *s, const char *severity, const char *text);
	/* COPY TO STDOUT data; COPY FROM STDIN pulls with copy_in: bytes, 0 end, -1 abort. */
	int (*copy_out)(struct sink *s, const char *data, size_t n);
	int (*copy_in)(struct sink *s, char *data, size_t size);
	void *ctx;
};

#endif
