/*
 * The strict profile of a line in one pass, without memory of its own. Says yes only to what is
 * plain: anything rare (escapes in names, surrogates, other scripts, long numbers) is "not sure".
 */
#include <string.h>

#include "journal.h"
#include "quick.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "banned.h"

#define KEYS_MAX 128
#define DEPTH_MAX 32
#define START_MIN 139 /* bytes of the shortest record */
#define WORDS_MAX 64  /* of 64 bytes each: longer lines are read byte by byte */

struct scan {
	const char *p, *end, *line;
	size_t nwords; /* of quotes; 0: not known, the line is not all plain, or too long */
	uint64_t quotes[WORDS_MAX]; /* a bit for each byte of the line that is one */
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

#if defined(__x86_64__)
#define WITH_AVX2 __attribute__((target("avx2")))

/* The quotes of 64 bytes; adds to *odd where one is neither a quote nor plain. */
static inline uint64_t WITH_AVX2
quotes_of(const char *p, __m256i *odd)
{
	uint64_t out = 0;
	__m256i v;
	int i;

	for (i = 0; i < 2; i++) {
		v = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32 * i));
		/* Signed: bytes from 0x80 on are below 0x20 too. */
		*odd = _mm256_or_si256(*odd, _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), v));
		*odd = _mm256_or_si256(*odd, _mm256_cmpeq_epi8(_mm256_set1_epi8(0x7f), v));
		*odd = _mm256_or_si256(*odd, _mm256_cmpeq_epi8(_mm256_set1_epi8('\\'), v));
		out |= (uint64_t)(uint32_t)_mm256_movemask_epi8(
			   _mm256_cmpeq_epi8(_mm256_set1_epi8('"'), v))
		       << (32 * i);
	}
	return out;
}

/* All quotes of a line at once, where every other byte of it is plain. */
static void WITH_AVX2
find_quotes(struct scan *s, size_t len)
{
	__m256i odd = _mm256_setzero_si256();
	char rest[64];
	size_t i, n = len / 64;

	for (i = 0; i < n; i++)
		s->quotes[i] = quotes_of(s->line + 64 * i, &odd);
	memset(rest, ' ', sizeof(rest));
	memcpy(rest, s->line + 64 * n, len % 64);
	s->quotes[n] = quotes_of(rest, &odd);
	s->nwords = _mm256_testz_si256(odd, odd) ? n + 1 : 0;
}

static int
can_find_quotes(size_t len)
{
	return len < 64 * WORDS_MAX && __builtin_cpu_supports("avx2");
}
#else
static void
find_quotes(struct scan *s, size_t len)
{
	(void)len;
	s->nwords = 0;
}

static int
can_find_quotes(size_t len)
{
	(void)len;
	return 0;
}
#endif

/* In a plain line a string ends at the next quote. */
static inline int __attribute__((always_inline)) plain_string(struct scan *s)
{
	size_t at = (size_t)(s->p - s->line), w = at >> 6;
	uint64_t bits = w < s->nwords ? s->quotes[w] & (~(uint64_t)0 << (at & 63)) : 0;

	while (bits == 0) {
		if (++w >= s->nwords)
			return 0;
		bits = s->quotes[w];
	}
	s->p = s->line + (w << 6) + (unsigned)__builtin_ctzll(bits) + 1;
	return 1;
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
	if (s->nkeys == KEYS_MAX ||
	    !(s->nwords > 0 ? plain_string(s) : string(s, &escaped) && !escaped))
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
		return s->nwords > 0 ? plain_string(s) : string(s, &escaped);
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

/* A day its month has every year. */
static int
day_is_plain(const char *t)
{
	int month = (t[5] - '0') * 10 + t[6] - '0', day = (t[8] - '0') * 10 + t[9] - '0';
	int most = month == 2						   ? 28
		   : month == 4 || month == 6 || month == 9 || month == 11 ? 30
									   : 31;

	return month >= 1 && day >= 1 && day <= most;
}

/* The 29th of February is not sure. `known`: a time that is plain, mostly of the same second. */
static int
time_is_plain(const char *t, const char *known)
{
	int i;

	for (i = 20; i < 26; i++)
		if (!is_digit(t[i]))
			return 0;
	if (known != NULL && memcmp(t, known, 20) == 0)
		return t[26] == 'Z';
	return t[0] == '2' && t[1] == '0' && two(t + 2, 99) && t[4] == '-' && two(t + 5, 12) &&
	       t[7] == '-' && two(t + 8, 31) && day_is_plain(t) && t[10] == 'T' &&
	       two(t + 11, 23) && t[13] == ':' && two(t + 14, 59) && t[16] == ':' &&
	       two(t + 17, 59) && t[19] == '.' && t[26] == 'Z';
}

/* Past the digits; the first 16 at once. */
static const char *
digits(const char *p, const char *end)
{
	if (end - p >= 16) {
		bytes16 v = *(const bytes16 *)p;
		longs2 odd = (longs2)((v < '0') | (v > '9'));

		if ((odd[0] | odd[1]) == 0)
			p += 16;
	}
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* The fixed start, as jline_head. prev is compared by the caller, byte by byte. */
static int
head(struct scan *s, const char *known_t, struct quick_record *out)
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
	if (s->end - s->p < JLINE_T_CHARS + 10 || !time_is_plain(s->p, known_t))
		return 0;
	s->p += JLINE_T_CHARS;
	if (!word(s, "\",\"boot\":\"", 10))
		return 0;
	from = s->p;
	s->p = digits(s->p, s->end);
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
	if (x->n == 4)
		return memcmp(x->p, "prev", 4) == 0 || memcmp(x->p, "boot", 4) == 0 ||
		       memcmp(x->p, "type", 4) == 0;
	return is(x, "seq", 3) || is(x, "t", 1);
}

int
quick_line(const char *line, size_t len, const char *known_t, struct quick_record *out)
{
	struct quick_span key, v;
	struct scan s;

	memset(out, 0, sizeof(*out));
	s.p = s.line = line;
	s.nwords = 0;
	s.end = line + len;
	s.nkeys = s.start[0] = 0;
	s.some[0] = 0;
	s.objects = 1;
	s.depth = 0;
	if (len > JOURNAL_LINE_MAX || !head(&s, known_t, out))
		return 0;
	if (can_find_quotes(len))
		find_quotes(&s, len);
	while (s.p < s.end && *s.p == ',') {
		s.p++;
		if (!name(&s, &key) || is_of_start(&key))
			return 0;
		v.p = s.p;
		if (s.nwords > 0 && s.p < s.end && *s.p == '"') {
			s.p++;
			if (!plain_string(&s))
				return 0;
		} else if (!value(&s)) {
			return 0;
		}
		v.n = (size_t)(s.p - v.p);
		if (key.n == 3)
			out->has_sig |= memcmp(key.p, "sig", 3) == 0;
		else if (key.n == 4 && memcmp(key.p, "plan", 4) == 0)
			out->plan = v;
		else if (key.n == 4 && memcmp(key.p, "step", 4) == 0)
			out->step = v;
	}
	return s.end - s.p == 1 && *s.p == '}';
}
