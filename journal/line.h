/*
 * The line format of the journal, shared by writer and readers (holdfast-journal(5)): fixed prefix,
 * strict JSON, signature at the end; and reading a file line by line with bounded memory.
 */
#ifndef JOURNAL_LINE_H
#define JOURNAL_LINE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "hash.h"

struct arena;

#define JLINE_DEPTH 64			 /* nesting of one record */
#define JLINE_T_CHARS 27		 /* 2026-11-22T03:08:20.123456Z */
#define JLINE_TYPE_MAX 32		 /* characters of a type */
#define JLINE_INT_MAX 9007199254740991LL /* 2^53 - 1: what every JSON reader keeps */

/* What every line starts with; pointers go into the line. */
struct jhead {
	uint64_t seq;
	const char *prev; /* 64 characters */
	const char *t;	  /* JLINE_T_CHARS characters */
	const char *type;
	size_t ntype;
};

/* The fixed start, byte by byte. 0 or -1. Needs no JSON parser, so no two parsers can disagree. */
int jline_head(const char *line, size_t len, struct jhead *out);
int jline_is_type(const struct jhead *h, const char *type);
/* The whole line by the strict profile; NULL where it is not, and *why says what. */
json_t *jline_parse(const char *line, size_t len, const char **why);
/* A value the profile can hold: no reals, no NUL, no too large integers, not too deep. */
int jline_is_storable(const json_t *value, int depth);
/* `,"sig":"<base64>"}` at the end: *signed_len bytes are signed. 0 or -1. */
int jline_signature(
    const char *line, size_t len, size_t *signed_len, const char **sig, size_t *nsig);
/* Types whose lines end in a signature by the session key. */
int jline_is_signed_type(const char *type);
/* Types whose member sig is a person's, over the record's statement. */
int jline_is_statement_type(const char *type);
/* Types this version writes. */
int jline_is_known_type(const char *type);
void jline_leaf(const char *line, size_t len, uint8_t leaf[SHA256_BYTES]);

enum jscan_got {
	JSCAN_END,  /* the file ends after a line feed, or is empty */
	JSCAN_LINE, /* a line, without its line feed */
	JSCAN_TAIL, /* bytes after the last line feed */
	JSCAN_LONG, /* more than JOURNAL_LINE_MAX bytes without a line feed */
	JSCAN_FAIL, /* could not be read */
};

/* Reads the first `limit` bytes of fd by pread, so that passes do not disturb each other. */
struct jscan {
	int fd;
	off_t at, limit;
	char *buf;
	size_t from, have;
	int error; /* errno */
};

void jscan_init(struct jscan *s, int fd, off_t limit);
enum jscan_got jscan_next(struct jscan *s, const char **line, size_t *len);
void jscan_free(struct jscan *s);

/* Opens a journal file for reading: a regular file, never a FIFO or device. *is_live: a process
 * holds the writer's lock. Returns the descriptor or -1 (ERR_FAILED). */
int jfile_open(const char *file, off_t *size, int *is_live, struct err *e);
/* The last complete line (arena memory) and what follows it. 0, or -1 where there is none. */
struct jlast {
	char *line; /* NULL: no complete line */
	size_t len;
	char *tail; /* bytes after the last line feed */
	size_t ntail;
};
int jfile_last(struct arena *a, int fd, off_t size, struct jlast *out);

/* Now, as `t`; and CLOCK_BOOTTIME in nanoseconds. */
void jtime_now(char out[JLINE_T_CHARS + 1]);
int64_t jtime_boot(void);
/* Seconds since the epoch of an RFC 3339 time with Z, whole or with six decimals; -1 else. */
int64_t jtime_parse(const char *s);
const char *json_text_of(const json_t *object, const char *member); /* string or "" */

#endif
