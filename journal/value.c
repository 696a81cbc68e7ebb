/*
 * Bytes as a JSON value: what arrived is kept exactly; only showing makes it inert.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "hash.h"
#include "journal.h"
#include "text.h"
#include "banned.h"

json_t *
journal_text(const char *s, size_t len)
{
	size_t i, used;
	struct arena *a;
	struct buf b;
	json_t *v;

	if (memchr(s, '\0', len) == NULL && text_is_utf8(s, len))
		return json_stringn(s, len);
	a = arena_new();
	buf_init(&b, 3 * len + 1);
	for (i = 0; i < len; i += used) {
		if (text_rune((const unsigned char *)s + i, len - i, &used) <= 0)
			buf_puts(&b, "\xef\xbf\xbd");
		else
			buf_add(&b, s + i, used);
	}
	v = json_pack("{s:s,s:s}", "text", buf_str(&b), "raw", base64_encode(a, s, len));
	buf_free(&b);
	arena_free(a);
	return v;
}
