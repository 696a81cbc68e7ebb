/*
 * Making text inert and measuring it: see text.h. Must never write a raw control character.
 */
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "arena.h"
#include "buf.h"
#include "text.h"
#include "banned.h"

#define SHOW_MAX ((size_t)64 << 20)

int32_t
text_rune(const unsigned char *s, size_t len, size_t *used)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n, i;
	int32_t c;

	*used = 1;
	if (len == 0)
		return -1;
	if (s[0] < 0x80)
		return s[0];
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return -1;
	c = s[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*used = n;
	return c;
}

/* Characters that hide, reorder or break lines (facts: what an approver must see escaped). */
static int
is_sly(int32_t c)
{
	static const struct {
		int32_t from, to;
	} sly[] = {{0x80, 0x9f}, {0xa0, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c},
	    {0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5}, {0x180b, 0x180f},
	    {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
	    {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
	size_t i;

	for (i = 0; i < sizeof(sly) / sizeof(sly[0]); i++)
		if (c >= sly[i].from && c <= sly[i].to)
			return 1;
	return 0;
}

static void
add_rune(struct buf *b, const char *s, int32_t c, size_t used, unsigned flags)
{
	if (((flags & TEXT_LINES) && c == '\n') ||
	    ((flags & (TEXT_LINES | TEXT_TABS)) && c == '\t'))
		buf_add(b, s, 1);
	else if (c == '\n')
		buf_puts(b, "\\n");
	else if (c == '\t')
		buf_puts(b, "\\t");
	else if (c == '\r')
		buf_puts(b, "\\r");
	else if (c < 0 || c < 0x20 || c == 0x7f)
		buf_printf(b, "\\x%02x", (unsigned char)s[0]);
	else if (is_sly(c))
		buf_printf(b, "\\u{%04x}", (unsigned)c);
	else
		buf_add(b, s, used);
}

char *
text_inert(struct arena *a, const char *s, size_t len, unsigned flags)
{
	struct buf b;
	size_t i, used;
	int32_t c;
	char *out;

	buf_init(&b, SHOW_MAX);
	for (i = 0; i < len; i += used) {
		c = text_rune((const unsigned char *)s + i, len - i, &used);
		add_rune(&b, s + i, c, used, flags);
	}
	out = arena_strndup(a, buf_str(&b), b.len);
	buf_free(&b);
	return out;
}

static int
rune_width(int32_t c)
{
	static const struct {
		int32_t from, to;
	} wide[] = {{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a}, {0x23e9, 0x23ec},
	    {0x25fd, 0x25fe}, {0x2614, 0x2615}, {0x2648, 0x2653}, {0x26a1, 0x26a1},
	    {0x2705, 0x2705}, {0x274c, 0x274c}, {0x2753, 0x2757}, {0x2795, 0x2797},
	    {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff},
	    {0xa000, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff},
	    {0xfe30, 0xfe6f}, {0xff01, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f},
	    {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}},
	  none[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5bd}, {0x610, 0x61a}, {0x64b, 0x65f},
	      {0x900, 0x902}, {0x93c, 0x93c}, {0xe31, 0xe31}, {0xe34, 0xe3a}, {0x1ab0, 0x1aff},
	      {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f}};
	size_t i;

	if (c < none[0].from)
		return c < 0x20 ? 0 : 1;
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (c >= none[i].from && c <= none[i].to)
			return 0;
	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i].from && c <= wide[i].to)
			return 2;
	return 1;
}

int
text_width(const char *s, size_t len)
{
	size_t i, used;
	int32_t c;
	int w = 0;

	for (i = 0; i < len; i += used) {
		c = text_rune((const unsigned char *)s + i, len - i, &used);
		w += c < 0 ? 1 : rune_width(c);
	}
	return w;
}

char *
text_fit(struct arena *a, const char *s, size_t len, int columns)
{
	char *t = text_inert(a, s, len, 0);
	size_t n = strlen(t), i, used, cut = 0;
	int w = 0, cw;

	if (text_width(t, n) <= columns)
		return t;
	for (i = 0; i < n; i += used) {
		cw = rune_width(text_rune((const unsigned char *)t + i, n - i, &used));
		if (w + cw > columns - 3)
			break;
		w += cw;
		cut = i + used;
	}
	return arena_printf(a, "%.*s%s", (int)cut, t, columns >= 3 ? "..." : "");
}

int
text_is_utf8(const char *s, size_t len)
{
	size_t i, used;

	for (i = 0; i < len; i += used)
		if (text_rune((const unsigned char *)s + i, len - i, &used) < 0)
			return 0;
	return 1;
}

int
text_is_exotic(const char *s, size_t len)
{
	size_t i, used;
	int32_t c;

	for (i = 0; i < len; i += used) {
		c = text_rune((const unsigned char *)s + i, len - i, &used);
		if (c == '\n' || c == '\t')
			continue;
		if (c < 0x20 || c == 0x7f || is_sly(c))
			return 1;
	}
	return 0;
}

int
text_is_name(const char *s, size_t max)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

	return n > 0 && n <= max && s[n] == '\0' && s[0] != '-' && s[0] != '.';
}

char *
text_bytes(struct arena *a, int64_t bytes)
{
	static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB"};
	double v = (double)bytes;
	size_t i = 0;

	if (bytes < 0)
		return arena_strdup(a, "unknown size");
	while (v >= 1024 && i < 5) {
		v /= 1024;
		i++;
	}
	return arena_printf(a, i == 0 || v >= 100 ? "%.0f %s" : "%.1f %s", v, unit[i]);
}

char *
text_seconds(struct arena *a, double s)
{
	long n = (long)s;

	if (s < 0)
		return arena_strdup(a, "unknown time");
	if (s < 1)
		return arena_printf(a, "%.0f ms", s * 1000);
	if (s < 60)
		return arena_printf(a, "%.1f s", s);
	if (n < 3600)
		return arena_printf(a, "%ld min %ld s", n / 60, n % 60);
	if (n < 172800)
		return arena_printf(a, "%ld h %ld min", n / 3600, n % 3600 / 60);
	return arena_printf(a, "%ld days %ld h", n / 86400, n % 86400 / 3600);
}

char *
text_count(struct arena *a, int64_t n)
{
	char digits[32], *out = arena_alloc(a, 48), *p = out;
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n), i;

	for (i = 0; i < len; i++) {
		*p++ = digits[i];
		if (digits[i] != '-' && i < len - 1 && (len - 1 - i) % 3 == 0)
			*p++ = ',';
	}
	return out;
}

char *
text_many(struct arena *a, int64_t n, const char *noun)
{
	return arena_printf(a, "%s %s%s", text_count(a, n), noun, n == 1 ? "" : "s");
}

char *
text_copy(char *dst, size_t size, const char *src)
{
	snprintf(dst, size, "%s", src);
	return dst;
}

const char *
text_outlook(struct arena *a, int64_t growth, int is_average, int64_t room)
{
	int64_t s = growth > 0 && room >= 0 ? room / growth : -1;
	const char *rate;

	if (growth < 0)
		rate = "how fast it grows is not known yet";
	else
		rate = growth == 0
			   ? "not growing now"
			   : arena_printf(a, "growing %s an hour%s", text_bytes(a, growth * 3600),
				 is_average ? " on average" : "");
	if (room < 0)
		return arena_printf(
		    a, "%s; how much room is left there is not known from here", rate);
	return arena_printf(a, "%s; room for %s%s%s", rate, text_bytes(a, room),
	    s < 0 ? "" : ": full in ", s < 0 ? "" : text_seconds(a, (double)s));
}
