/*
 * Text that came from somewhere: everything a server, file, terminal or person sent is
 * hostile. Before it is shown it is made inert; before it is parsed it is bounded.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum text_flags {
	TEXT_LINES = 1 << 0, /* keep \n and \t as they are (multi-line display) */
	TEXT_TABS = 1 << 1,  /* keep \t as it is (lines for pipes) */
};

/*
 * The bytes as printable UTF-8 on one line: C0, C1 and DEL as \n \t \r or \xHH, bytes that are no
 * valid UTF-8 as \xHH, format characters that hide or reorder (bidi controls, zero width,
 * line separators, BOM, tags) as \u{HHHH}. A backslash stays as it is. Arena memory.
 */
char *text_inert(struct arena *a, const char *s, size_t len, unsigned flags);
/* As above, cut after at most `columns` terminal columns, with "..." where it was cut. */
char *text_fit(struct arena *a, const char *s, size_t len, int columns);
/* Terminal columns of inert UTF-8 text; wide characters count two, combining ones none. */
int text_width(const char *s, size_t len);
/* The next code point of valid UTF-8, or -1; *used is set to the bytes consumed (at least 1). */
int32_t text_rune(const unsigned char *s, size_t len, size_t *used);
int text_is_utf8(const char *s, size_t len);
/* True where the text has a character text_inert would escape, other than \n and \t. */
int text_is_exotic(const char *s, size_t len);
/* True for [A-Za-z0-9._@-]{1,max}: names of people, nodes, incidents. */
int text_is_name(const char *s, size_t max);
/* "1.2 MB", "340 ms", "3 min 12 s", "1,000,000": arena memory. */
char *text_bytes(struct arena *a, int64_t bytes);
char *text_seconds(struct arena *a, double seconds);
/* "growing 3 MB an hour on average; room for 20 GB: full in 6 h": growth in bytes a second, room in
 * bytes, -1 not known. */
const char *text_outlook(struct arena *a, int64_t growth, int is_average, int64_t room);
char *text_count(struct arena *a, int64_t n);
/* "1 row", "2,000 rows". */
char *text_many(struct arena *a, int64_t n, const char *noun);
/* Copies at most size - 1 bytes and terminates; returns dst. */
char *text_copy(char *dst, size_t size, const char *src);

#endif
