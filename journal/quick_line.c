/*
 * The strict profile of a line in one pass, without memory of its own. Says yes only to what is
 * plain: anything rare (escapes in names, surrogates, other scripts, long numbers) is "not sure".
 */
#include <string.h>

#include "journal.h"
#include "quick.h"
#include "banned.h"

#define KEYS_MAX 128
#define DEPTH_MAX 32
#define START_MIN 139 /* bytes of the shortest record */

struct scan {
	const char *p, *end;
	struct quick_span keys[KEYS_MAX];
	size_t nkeys, start[DEPTH_MAX + 1];
	uint64_t some[DEPTH_MAX + 1]; /* a bit for each name of the object: none is surely new */
	uint64_t objects;	      /* bit per depth: an object, not an array */
	int depth;
};

typedef signed char bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef long long longs2 __attribute__((vector_size(16)));

/* To the first byte that is no plain ASCII character of a string. */
static const char *
plain(const char *p, const char *end)
{
	while (end - p >= 16) {
		bytes16 v = *(const bytes16 *)p;
		/* Signed: bytes from 0x80 on are below 0x20 too. */
		longs2 odd = (longs2)((v < 0x20) | (v == '"') | (v == '\\') | (v == 0x7f));

		if ((odd[0] | odd[1]) != 0)
			break;
		p += 16;
	}
	while (p < end && (signed char)*p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f)
		p++;
	return p;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
hex4(const char *p, unsigned *out)
{
	int i;

	for (*out = 0, i = 0; i < 4; i++) {
		unsigned c = (unsigned char)p[i] | 0x20;

		if (is_digit(p[i]))
			*out = *out * 16 + (unsigned)(p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*out = *out * 16 + c - 'a' + 10;
		else
			return -1;
	}
	return 0;
}

/* After the opening quote; leaves p after the closing one. Whether it has escapes is *escaped. */
static int
string(struct scan *s, int *escaped)
{
	unsigned u;

	*escaped = 0;
	for (;;) {
		s->p = plain(s->p, s->end);
		if (s->p >= s->end)
			return 0;
		if (*s->p == '"') {
			s->p++;
			return 1;
		}
		if (*s->p != '\\' || s->end - s->p < 2)
			return 0;
		*escaped = 1;
		if (s->p[1] == 'u') {
			if (s->end - s->p < 6 || hex4(s->p + 2, &u) != 0 || u == 0 ||
			    (u >= 0xd800 && u <= 0xdfff))
				return 0;
			s->p += 6;
		} else if (strchr("\"\\/bfnrt", s->p[1]) != NULL && s->p[1] != '\0') {
			s->p += 2;
		} else {
			return 0;
		}
	}
}

static int
number(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && is_digit(*s->p))
		s->p++;
	if (s->p == from || s->p - from > 15 || (*from == '0' && s->p - from > 1))
		return 0;
	return s->p < s->end && (*s->p == ',' || *s->p == '}' || *s->p == ']');
}

static int
word(struct scan *s, const char *text, size_t n)
{
	if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0)
		return 0;
	s->p += n;
	return 1;
}

/* A name that the object has not yet. */
static int
name(struct scan *s, struct quick_span *out)
{
	uint64_t bit;
	int escaped;
	size_t i;

	if (s->p >= s->end || *s->p++ != '"')
		return 0;
	out->p = s->p;
	if (!string(s, &escaped) || escaped || s->nkeys == KEYS_MAX)
		return 0;
	out->n = (size_t)(s->p - out->p) - 1;
	bit = out->n == 0 ? 1
			  : (uint64_t)1 << ((out->n * 7 + (unsigned char)out->p[0] * 5 +
						(unsigned char)out->p[out->n - 1]) &
					    63);
	if (s->some[s->depth] & bit)
		for (i = s->start[s->depth]; i < s->nkeys; i++)
			if (s->keys[i].n == out->n && memcmp(s->keys[i].p, out->p, out->n) == 0)
				return 0;
	s->some[s->depth] |= bit;
	s->keys[s->nkeys++] = *out;
	return s->p < s->end && *s->p++ == ':';
}

static int
enter(struct scan *s, int is_object)
{
	if (s->depth == DEPTH_MAX)
		return 0;
	s->depth++;
	s->start[s->depth] = s->nkeys;
	s->some[s->depth] = 0;
	s->objects = (s->objects & ~((uint64_t)1 << s->depth)) | (uint64_t)is_object << s->depth;
	s->p++;
	return 1;
}

/* A value that is no container: 1 read, 0 not sure. */
static int
scalar(struct scan *s)
{
	int escaped;

	switch (*s->p) {
	case '"':
		s->p++;
		return string(s, &escaped);
	case 't':
		return word(s, "true", 4);
	case 'f':
		return word(s, "false", 5);
	case 'n':
		return word(s, "null", 4);
	default:
		return number(s);
	}
}

/* A value with all that is in it. */
static int
value(struct scan *s)
{
	int base = s->depth, is_first = 0;
	struct quick_span ignored;

	do {
		if (s->p >= s->end)
			return 0;
		if (is_first && *s->p == (s->objects >> s->depth & 1 ? '}' : ']')) {
			; /* empty: left below */
		} else {
			if (s->depth > base && (s->objects >> s->depth & 1) && !name(s, &ignored))
				return 0;
			if (s->p >= s->end)
				return 0;
			if (*s->p == '{' || *s->p == '[') {
				if (!enter(s, *s->p == '{'))
					return 0;
				is_first = 1;
				continue;
			}
			if (!scalar(s))
				return 0;
		}
		is_first = 0;
		while (s->depth > base && s->p < s->end &&
		       *s->p == (s->objects >> s->depth & 1 ? '}' : ']')) {
			s->nkeys = s->start[s->depth--];
			s->p++;
		}
		if (s->depth > base && (s->p >= s->end || *s->p++ != ','))
			return 0;
	} while (s->depth > base);
	return 1;
}

static int
two(const char *p, int max)
{
	return is_digit(p[0]) && is_digit(p[1]) && (p[0] - '0') * 10 + p[1] - '0' <= max;
}

/* Dates that every month of every year has; the rest is not sure. */
static int
time_is_plain(const char *t)
{
	int i;

	for (i = 20; i < 26; i++)
		if (!is_digit(t[i]))
			return 0;
	return t[0] == '2' && t[1] == '0' && two(t + 2, 99) && t[4] == '-' && two(t + 5, 12) &&
	       (t[5] != '0' || t[6] != '0') && t[7] == '-' && two(t + 8, 28) &&
	       (t[8] != '0' || t[9] != '0') && t[10] == 'T' && two(t + 11, 23) && t[13] == ':' &&
	       two(t + 14, 59) && t[16] == ':' && two(t + 17, 59) && t[19] == '.' && t[26] == 'Z';
}

/* The fixed start, as jline_head. prev is compared by the caller, byte by byte. */
static int
head(struct scan *s, struct quick_record *out)
{
	const char *from;

	if (s->end - s->p < START_MIN || !word(s, "{\"prev\":\"", 9))
		return 0;
	out->prev = s->p;
	s->p += 64;
	if (!word(s, "\",\"seq\":", 8))
		return 0;
	from = s->p;
	for (out->seq = 0; is_digit(*s->p) && s->p - from < 16; s->p++)
		out->seq = out->seq * 10 + (uint64_t)(*s->p - '0');
	if (s->p == from || s->p - from > 15 || (*from == '0' && s->p - from > 1) ||
	    !word(s, ",\"t\":\"", 6))
		return 0;
	out->t = s->p;
	if (s->end - s->p < JLINE_T_CHARS + 10 || !time_is_plain(s->p))
		return 0;
	s->p += JLINE_T_CHARS;
	if (!word(s, "\",\"boot\":\"", 10))
		return 0;
	for (from = s->p; s->p < s->end && is_digit(*s->p); s->p++)
		;
	if (s->p == from || s->p - from > 20 || !word(s, "\",\"type\":\"", 10))
		return 0;
	for (from = s->p; s->p < s->end && ((*s->p >= 'a' && *s->p <= 'z') || *s->p == '-'); s->p++)
		;
	out->type = (struct quick_span){from, (size_t)(s->p - from)};
	return out->type.n > 0 && out->type.n <= JLINE_TYPE_MAX && s->end - s->p >= 2 &&
	       *s->p++ == '"';
}

static int
is(const struct quick_span *x, const char *text, size_t n)
{
	return x->n == n && memcmp(x->p, text, n) == 0;
}

/* The five members of the start, as names that may not come again. */
static int
is_of_start(const struct quick_span *x)
{
	return is(x, "prev", 4) || is(x, "seq", 3) || is(x, "t", 1) || is(x, "boot", 4) ||
	       is(x, "type", 4);
}

int
quick_line(const char *line, size_t len, struct quick_record *out)
{
	struct quick_span key, v;
	struct scan s;

	memset(out, 0, sizeof(*out));
	s.p = line;
	s.end = line + len;
	s.nkeys = s.start[0] = 0;
	s.some[0] = 0;
	s.objects = 1;
	s.depth = 0;
	if (len > JOURNAL_LINE_MAX || !head(&s, out))
		return 0;
	while (s.p < s.end && *s.p == ',') {
		s.p++;
		if (!name(&s, &key) || is_of_start(&key))
			return 0;
		v.p = s.p;
		if (!value(&s))
			return 0;
		v.n = (size_t)(s.p - v.p);
		if (is(&key, "plan", 4))
			out->plan = v;
		else if (is(&key, "step", 4))
			out->step = v;
		else if (is(&key, "sig", 3))
			out->has_sig = 1;
	}
	return s.end - s.p == 1 && *s.p == '}';
}
