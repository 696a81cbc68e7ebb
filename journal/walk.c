/*
 * The hash chain over a file's raw bytes: prefix, number, previous leaf. Must never parse: what
 * it accepts is what sha256sum accepts.
 */
#include <stdio.h>
#include <string.h>

#include "line.h"
#include "walk.h"
#include "banned.h"

#define PREV_AT 9 /* {"prev":" */

static size_t
prefix(uint64_t seq, const uint8_t leaf[SHA256_BYTES], char *out, size_t size)
{
	static const char zeros[] =
	    "0000000000000000000000000000000000000000000000000000000000000000";
	char hex[SHA256_HEX];

	hex_encode(leaf, SHA256_BYTES, hex);
	return (size_t)snprintf(out, size, "{\"prev\":\"%s\",\"seq\":%llu,", seq == 0 ? zeros : hex,
	    (unsigned long long)seq);
}

int
walk_is_damage(const char *line, size_t len)
{
	struct jhead head;
	const char *why;
	json_t *v;

	if (memchr(line, '\0', len) != NULL)
		return 1;
	/* Signed bytes that changed are no accident we could tell from a forgery. */
	if (memmem(line, len, ",\"sig\":\"", 8) != NULL ||
	    (jline_head(line, len, &head) == 0 && jline_is_type(&head, "close")))
		return 0;
	v = jline_parse(line, len, &why);
	json_decref(v);
	return v == NULL;
}

/* Line `seq` does not start as it must. Looks at it and at what follows to say which is wrong. */
static void
broken(struct walk *w, struct jscan *s, const char *line, size_t len, const char *expect, size_t n)
{
	int right_seq = len > n && memcmp(line, expect, PREV_AT) == 0 &&
			memcmp(line + PREV_AT + 64, expect + PREV_AT + 64, n - PREV_AT - 64) == 0;
	int is_damage = walk_is_damage(line, len);
	uint8_t leaf[SHA256_BYTES];
	struct jhead head;
	char next[128];
	size_t m;

	w->end = WALK_BROKEN;
	w->bad = w->lines;
	w->found = jline_head(line, len, &head) == 0 ? (int64_t)head.seq : -1;
	jline_leaf(line, len, leaf);
	m = prefix(w->lines + 1, leaf, next, sizeof(next));
	switch (jscan_next(s, &line, &len)) {
	case JSCAN_END:
		w->is_damage = is_damage && w->lines > 0;
		if (right_seq && !is_damage && w->lines > 0)
			w->bad--;
		break;
	case JSCAN_LINE:
		/* The next line vouches for this one: then the one before it was changed. */
		if (right_seq && w->lines > 0 && len > m && memcmp(line, next, m) == 0)
			w->bad--;
		break;
	case JSCAN_TAIL:
	case JSCAN_LONG:
	case JSCAN_FAIL:
		break;
	}
}

static void
meet(struct claim *claims, size_t n, uint64_t seq, const uint8_t leaf[SHA256_BYTES])
{
	size_t i;

	for (i = 0; i < n; i++)
		if (claims[i].seq == seq && claims[i].seq < claims[i].at &&
		    memcmp(claims[i].leaf, leaf, SHA256_BYTES) == 0)
			claims[i].is_met = 1;
}

void
walk_chain(int fd, off_t size, struct claim *claims, size_t nclaims, struct walk *out)
{
	uint8_t leaf[SHA256_BYTES] = {0};
	enum jscan_got got;
	struct jhead head;
	const char *line;
	struct jscan s;
	char expect[128];
	size_t len, n;
	int is_closed = 0;

	memset(out, 0, sizeof(*out));
	jscan_init(&s, fd, size);
	while ((got = jscan_next(&s, &line, &len)) == JSCAN_LINE) {
		n = prefix(out->lines, leaf, expect, sizeof(expect));
		if (len <= n || memcmp(line, expect, n) != 0) {
			broken(out, &s, line, len, expect, n);
			out->is_damage = out->is_damage && !is_closed;
			jscan_free(&s);
			return;
		}
		jline_leaf(line, len, leaf);
		memcpy(out->leaf, leaf, sizeof(leaf));
		meet(claims, nclaims, out->lines, leaf);
		out->lines++;
		is_closed = jline_head(line, len, &head) == 0 && jline_is_type(&head, "close");
	}
	if (got == JSCAN_TAIL) {
		out->end = WALK_TAIL;
		out->ntail = len;
	} else if (got == JSCAN_LONG) {
		out->end = WALK_BROKEN;
		out->bad = out->lines;
		out->found = -1;
	} else if (got == JSCAN_FAIL) {
		out->end = WALK_FAIL;
		out->error = s.error;
	}
	jscan_free(&s);
}
