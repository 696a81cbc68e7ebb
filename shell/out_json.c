/*
 * JSON for --json: written as it streams, ASCII only, so that nothing in it can reach a terminal
 * as a control character. Must never emit what a strict reader refuses.
 */
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "shell/out_inside.h"
#include "banned.h"

static void
add_escaped(struct buf *b, int32_t c)
{
	if (c >= 0x10000)
		buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((unsigned)(c - 0x10000) >> 10),
		    0xdc00 + ((unsigned)(c - 0x10000) & 0x3ff));
	else
		buf_printf(b, "\\u%04x", (unsigned)c);
}

void
out_json_string(struct buf *b, const char *s, size_t len)
{
	size_t i, used, run;
	int32_t c;

	if (s == NULL) {
		buf_puts(b, "null");
		return;
	}
	buf_puts(b, "\"");
	for (i = 0; i < len; i += used) {
		for (run = i; run < len && s[run] >= 0x20 && s[run] < 0x7f && s[run] != '"' &&
			      s[run] != '\\';
		     run++)
			;
		buf_add(b, s + i, run - i);
		if ((i = run) == len)
			break;
		c = text_rune((const unsigned char *)s + i, len - i, &used);
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", (char)c);
		else if (c == '\n')
			buf_puts(b, "\\n");
		else
			add_escaped(b, c < 0 ? 0xfffd : c);
	}
	buf_puts(b, "\"");
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?  NaN and Infinity are none. */
static int
is_number(const char *s, size_t len)
{
	size_t i = 0, from;

	if (i < len && s[i] == '-')
		i++;
	from = i;
	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	if (i == from || (s[from] == '0' && i - from > 1))
		return 0;
	if (i < len && s[i] == '.') {
		for (from = ++i; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			;
		if (i == from)
			return 0;
	}
	if (i < len && (s[i] == 'e' || s[i] == 'E')) {
		i++;
		if (i < len && (s[i] == '+' || s[i] == '-'))
			i++;
		for (from = i; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			;
		if (i == from)
			return 0;
	}
	return i == len && len > 0;
}

void
out_json_cell(struct buf *b, const char *s, size_t len, int is_numeric)
{
	if (s != NULL && is_numeric && is_number(s, len))
		buf_add(b, s, len);
	else
		out_json_string(b, s, len);
}
