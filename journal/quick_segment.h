/*
 * A stretch of a journal's file, hashed and looked through by one core: what of it depends on other
 * stretches is kept for quick_file.c to judge in order.
 */
#ifndef JOURNAL_QUICK_SEGMENT_H
#define JOURNAL_QUICK_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "leaves.h"
#include "line.h"
#include "quick.h"

#define SEGMENT ((off_t)2 << 20)
#define SEGMENT_BATCH 64

/* A record that is judged in its place: begin or outcome of plain plan and step as "plan" "step",
 * else the line. In the segment's kept bytes. */
struct quick_event {
	size_t at, len, nplan;
	uint64_t seq;
	int is_pair, is_begin;
};

struct segment {
	int fd, is_sure, in_pairs;
	off_t from, to, limit; /* lines that start in [from, to) */
	off_t at;	       /* what was read up to */
	char *buf;	       /* buf[-1] exists: the zero byte of the first leaf */
	size_t room, have;
	uint64_t first, lines;
	char prev[64]; /* of the first line */
	uint8_t leaf[SHA256_BYTES];
	char last_t[JLINE_T_CHARS];
	struct quick_event *events;
	size_t nevents, eroom;
	char *kept;
	size_t nkept, kroom;
	struct leaf_line batch[SEGMENT_BATCH];
	const char *claimed[SEGMENT_BATCH]; /* prev of each line of the batch */
	size_t nbatch;
};

/* Buffers for a file of that size. */
void segment_init(struct segment *g, off_t size);
void segment_free(struct segment *g);
/* The lines that start in [at, at + SEGMENT). */
void segment_set(struct segment *g, int fd, off_t size, off_t at);
/* A thread's work: is_sure says whether every line was plain and followed from the one before. */
void *segment_work(void *segment);

#endif
