/*
 * Bytes no line editor should hold, masked one by one as private characters, and back: see line.h.
 * Must never lose or invent a byte.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "shell/line.h"
#include "banned.h"

/* Masked bytes are U+F700 + byte: private characters, three bytes each, one column wide. */
char *
line_mask(struct arena *a, const char *s, size_t len)
{
	struct buf b;
	size_t i, k, used;
	unsigned char c, m[3];
	char *out;

	buf_init(&b, LINE_INPUT_MAX * 3 + 1);
	for (i = 0; i < len; i += used) {
		text_rune((const unsigned char *)s + i, len - i, &used);
		if (!text_is_exotic(s + i, used)) {
			buf_add(&b, s + i, used);
			continue;
		}
		for (k = 0; k < used; k++) {
			c = (unsigned char)s[i + k];
			m[0] = 0xef;
			m[1] = 0x9c | c >> 6;
			m[2] = 0x80 | (c & 0x3f);
			buf_add(&b, m, 3);
		}
	}
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

char *
line_unmask(struct arena *a, const char *s, size_t *len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = strlen(s), i = 0, k = 0;
	char *out = arena_alloc(a, n + 1);

	while (i < n) {
		if (n - i >= 3 && p[i] == 0xef && (p[i + 1] & 0xfc) == 0x9c &&
		    (p[i + 2] & 0xc0) == 0x80) {
			out[k++] = (char)((p[i + 1] & 3) << 6 | (p[i + 2] & 0x3f));
			i += 3;
		} else
			out[k++] = s[i++];
	}
	out[k] = '\0';
	*len = k;
	return out;
}
