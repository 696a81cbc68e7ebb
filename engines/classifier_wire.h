/* Between the classifier's parent and its child processes. Private to engines/. */
#ifndef CLASSIFIER_WIRE_H
#define CLASSIFIER_WIRE_H

#include <stdint.h>

#include "action.h"
#include "buf.h"
#include "engine.h"

#define WIRE_FRAME_MAX ((uint32_t)64 << 20)
#define WIRE_BATCH ((size_t)64 << 10) /* replies are sent when they are this long */

struct wire_request {
	uint32_t len; /* of the text that follows */
	int32_t version;
	int32_t standard_conforming_strings;
	int32_t is_careful; /* answer after every statement */
	uint32_t mode;	    /* enum lexical_mode */
	uint32_t dialect;   /* index in dialects[] */
	uint32_t skip;	    /* statements in front that need no answer */
};

struct wire_frame {
	uint32_t len, is_last;
};

/* What a statement does, without its span: that the parent knows better. */
void wire_put(struct buf *b, const struct statement *s);
/* Reads one from *p..end, moves *p; -1 where the bytes are not what wire_put makes. Everything is
 * bounded: the child has parsed hostile input. */
int wire_get(struct arena *a, const char **p, const char *end, struct statement *s);
/* All n bytes, whatever it takes; 0, or -1 at the end of the file or on an error. */
int wire_read(int fd, void *p, size_t n);
int wire_write(int fd, const void *p, size_t n);

/* The process that makes workers: never returns. */
void zygote_main(int fd) __attribute__((noreturn));
/* A worker: answers requests on fd until it ends. */
void worker_main(int fd) __attribute__((noreturn));

#endif
