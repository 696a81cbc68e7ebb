/*
 * Armored blocks: see armor.h. Linear in the text; must never guess which of two blocks is meant.
 */
#include <string.h>

#include "arena.h"
#include "armor.h"
#include "buf.h"
#include "text.h"
#include "banned.h"

/* Dashes of every kind as '-', spaces that show nothing as ' ': one byte for each character. */
static char *
plain_text(struct arena *a, const char *text, size_t len, size_t *n)
{
	char *out = arena_alloc(a, len + 1);
	size_t i, used, o = 0;
	int32_t c;

	for (i = 0; i < len; i += used) {
		c = text_rune((const unsigned char *)text + i, len - i, &used);
		if (c == 0x2212 || (c >= 0x2010 && c <= 0x2015))
			out[o++] = '-';
		else if (c == 0xa0 || c == 0xfeff || (c >= 0x2000 && c <= 0x200f) || c == 0x2060 ||
			 (c > 0 && c <= ' '))
			out[o++] = ' ';
		else
			out[o++] = c > 0 && c < 0x7f ? (char)c : '?';
	}
	out[o] = '\0';
	*n = o;
	return out;
}

/* The next "-WORD LABEL-" from `from` on, or NULL. */
static const char *
find_mark(const char *from, const char *start, const char *mark)
{
	size_t n = strlen(mark);
	const char *p = from;

	while ((p = strstr(p, mark)) != NULL) {
		if (p > start && p[-1] == '-' && p[n] == '-')
			return p;
		p += n;
	}
	return NULL;
}

static char *
strip_body(struct arena *a, const char *from, const char *to, size_t *n)
{
	char *out = arena_alloc(a, (size_t)(to - from) + 1);
	size_t o = 0;
	const char *p;

	while (from < to && *from == '-')
		from++;
	while (to > from && to[-1] == '-')
		to--;
	for (p = from; p < to; p++)
		if (strchr(" >`|", *p) == NULL)
			out[o++] = *p;
	out[o] = '\0';
	*n = o;
	return out;
}

int
armor_read(struct arena *a, const char *label, const char *text, size_t len, char **body, size_t *n,
    struct err *e)
{
	const char *begin_mark = arena_printf(a, "BEGIN %s", label);
	const char *end_mark = arena_printf(a, "END %s", label);
	const char *plain, *begin, *end, *inside;

	plain = plain_text(a, text, len, n);
	begin = find_mark(plain, plain, begin_mark);
	if (begin == NULL)
		return err_set(e, ERR_FAILED, "found no line -----BEGIN %s-----", label);
	inside = begin + strlen(begin_mark);
	if (find_mark(inside, plain, begin_mark) != NULL)
		return err_set(e, ERR_FAILED, "found more than one block BEGIN %s", label);
	end = find_mark(plain, plain, end_mark);
	if (end == NULL || end < inside)
		return err_set(
		    e, ERR_FAILED, "found no line -----END %s----- after the begin line", label);
	if (find_mark(end + strlen(end_mark), plain, end_mark) != NULL)
		return err_set(e, ERR_FAILED, "found more than one line END %s", label);
	*body = strip_body(a, inside, end, n);
	return 0;
}

char *
armor_write(struct arena *a, const char *label, const char *body, size_t columns, const char *last)
{
	size_t len = strlen(body), i;
	struct buf b;
	char *out;

	buf_init(&b, (size_t)64 << 20);
	buf_printf(&b, "-----BEGIN %s-----\n", label);
	for (i = 0; i < len; i += columns)
		buf_printf(&b, "%.*s\n", (int)(len - i < columns ? len - i : columns), body + i);
	if (last != NULL)
		buf_printf(&b, "%s\n", last);
	buf_printf(&b, "-----END %s-----\n", label);
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}
