/*
 * SHA-256 of many short messages: see leaves.h. The compression function is here twice: OpenSSL's,
 * for any processor, and one over two messages with the SHA extensions of x86. The tests hold both
 * against each other, at every length.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the interface without a context on the heap, for each line  \
				     */
#include <openssl/sha.h>
#include <string.h>

#include "leaves.h"
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif
#include "banned.h"

#define BLOCK 64

static void
one(struct leaf_line *x)
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, x->line - 1, x->len + 1);
	SHA256_Final(x->leaf, &c);
}

#if defined(__x86_64__)
#define WITH_SHA __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {0x428a2f98, 0x71374491,
    0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
    0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138,
    0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f,
    0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* The words a b e f and c d g h, as the instructions want them. */
struct state {
	__m128i abef, cdgh;
};

static const struct {
	uint32_t abef[4], cdgh[4];
} start __attribute__((aligned(16))) = {{0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667},
    {0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372}};

/* Four rounds of both: words w + constants; the state turns by half each time. */
#define ROUNDS(s, w, k)                                                                            \
	do {                                                                                       \
		__m128i m_ = _mm_add_epi32((w), (k));                                              \
		(s).cdgh = _mm_sha256rnds2_epu32((s).cdgh, (s).abef, m_);                          \
		m_ = _mm_shuffle_epi32(m_, 0x0e);                                                  \
		(s).abef = _mm_sha256rnds2_epu32((s).abef, (s).cdgh, m_);                          \
	} while (0)

/* The next four words of the schedule, over the oldest four. */
#define SCHEDULE(w, i)                                                                             \
	(w)[(i)&3] = _mm_sha256msg2_epu32(                                                         \
	    _mm_add_epi32(_mm_sha256msg1_epu32((w)[(i)&3], (w)[((i) + 1) & 3]),                    \
		_mm_alignr_epi8((w)[((i) + 3) & 3], (w)[((i) + 2) & 3], 4)),                       \
	    (w)[((i) + 3) & 3])

static inline __m128i WITH_SHA
load(const uint8_t *p)
{
	const __m128i swap = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), swap);
}

/* One block of each of two messages. */
static inline void WITH_SHA
two_blocks(struct state *x, struct state *y, const uint8_t *p, const uint8_t *q)
{
	struct state s = *x, t = *y;
	__m128i v[4], w[4], k;
	int i;

	for (i = 0; i < 4; i++) {
		v[i] = load(p + 16 * i);
		w[i] = load(q + 16 * i);
	}
#pragma GCC unroll 16
	for (i = 0; i < 16; i++) {
		k = _mm_load_si128((const __m128i *)(const void *)&round_constants[4 * i]);
		ROUNDS(s, v[i & 3], k);
		ROUNDS(t, w[i & 3], k);
		if (i < 12) {
			SCHEDULE(v, i);
			SCHEDULE(w, i);
		}
	}
	x->abef = _mm_add_epi32(x->abef, s.abef);
	x->cdgh = _mm_add_epi32(x->cdgh, s.cdgh);
	y->abef = _mm_add_epi32(y->abef, t.abef);
	y->cdgh = _mm_add_epi32(y->cdgh, t.cdgh);
}

/* What is left after whole blocks, with its padding: one block or two. */
static size_t
pad(const uint8_t *rest, size_t nrest, uint64_t total, uint8_t out[2 * BLOCK])
{
	size_t n = nrest + 9 <= BLOCK ? BLOCK : 2 * BLOCK, i;

	memcpy(out, rest, nrest);
	memset(out + nrest, 0, n - nrest);
	out[nrest] = 0x80;
	for (i = 0; i < 8; i++)
		out[n - 1 - i] = (uint8_t)(total * 8 >> (8 * i));
	return n / BLOCK;
}

static inline void WITH_SHA
finish(const struct state *s, uint8_t leaf[SHA256_BYTES])
{
	/* The words of a half, last first, and their bytes: one turn of all 16. */
	const __m128i turn = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	__m128i abef = _mm_shuffle_epi8(s->abef, turn), cdgh = _mm_shuffle_epi8(s->cdgh, turn);

	_mm_storeu_si128((__m128i *)(void *)leaf, _mm_unpacklo_epi64(abef, cdgh));
	_mm_storeu_si128((__m128i *)(void *)(leaf + 16), _mm_unpackhi_epi64(abef, cdgh));
}

/* A message as its whole blocks, then its padded end. */
struct feed {
	const uint8_t *p;
	size_t whole, all;
	uint8_t end[2 * BLOCK];
};

static inline const uint8_t *
block(const struct feed *f, size_t i)
{
	return i < f->whole ? f->p + i * BLOCK : f->end + (i - f->whole) * BLOCK;
}

static void
feed(struct feed *f, const struct leaf_line *x)
{
	size_t n = x->len + 1;

	f->p = (const uint8_t *)x->line - 1;
	f->whole = n / BLOCK;
	f->all = f->whole + pad(f->p + f->whole * BLOCK, n % BLOCK, n, f->end);
}

/* A message on its way. */
struct lane {
	struct state s;
	struct feed f;
	size_t i; /* blocks done */
	struct leaf_line *line;
};

static inline void WITH_SHA
begin(struct lane *l, struct leaf_line *x)
{
	feed(&l->f, x);
	memcpy(&l->s.abef, start.abef, sizeof(l->s.abef));
	memcpy(&l->s.cdgh, start.cdgh, sizeof(l->s.cdgh));
	l->i = 0;
	l->line = x;
}

/* Two at a time; whichever ends makes room for the next, and the last goes on alone. */
static void WITH_SHA
pairs(struct leaf_line *lines, size_t n)
{
	struct lane both[2], *a = &both[0], *b = &both[1], *done;
	size_t next = 2;
	struct state idle;

	begin(a, &lines[0]);
	begin(b, &lines[1]);
	idle = a->s;
	for (;;) {
		for (; a->i < a->f.all && b->i < b->f.all; a->i++, b->i++)
			two_blocks(&a->s, &b->s, block(&a->f, a->i), block(&b->f, b->i));
		done = a->i == a->f.all ? a : b;
		finish(&done->s, done->line->leaf);
		if (next == n)
			break;
		begin(done, &lines[next++]);
	}
	done = done == a ? b : a;
	for (; done->i < done->f.all; done->i++)
		two_blocks(&idle, &done->s, done->f.end, block(&done->f, done->i));
	finish(&done->s, done->line->leaf);
}

static int WITH_SHA
is_hex_by_16(const char *hex, const uint8_t leaf[SHA256_BYTES])
{
	const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a',
			  'b', 'c', 'd', 'e', 'f'),
		      low = _mm_set1_epi8(15);
	__m128i differs = _mm_setzero_si128(), v, h, l;
	const __m128i *p = (const __m128i *)(const void *)hex;
	int i;

	for (i = 0; i < 2; i++) {
		v = _mm_loadu_si128((const __m128i *)(const void *)(leaf + 16 * i));
		h = _mm_shuffle_epi8(digits, _mm_and_si128(_mm_srli_epi16(v, 4), low));
		l = _mm_shuffle_epi8(digits, _mm_and_si128(v, low));
		differs = _mm_or_si128(
		    differs, _mm_xor_si128(_mm_loadu_si128(p + 2 * i), _mm_unpacklo_epi8(h, l)));
		differs = _mm_or_si128(differs,
		    _mm_xor_si128(_mm_loadu_si128(p + 2 * i + 1), _mm_unpackhi_epi8(h, l)));
	}
	return _mm_testz_si128(differs, differs);
}

int
leaves_have_pairs(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0)
		return 0;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}
#else
static int
is_hex_by_16(const char *hex, const uint8_t leaf[SHA256_BYTES])
{
	(void)hex;
	(void)leaf;
	return 0;
}

static void
pairs(struct leaf_line *lines, size_t n)
{
	(void)lines;
	(void)n;
}

int
leaves_have_pairs(void)
{
	return 0;
}
#endif

int
leaf_is_hex(const char *hex, const uint8_t leaf[SHA256_BYTES], int in_pairs)
{
	static const char digits[] = "0123456789abcdef";
	unsigned differs = 0;
	int i;

	if (in_pairs)
		return is_hex_by_16(hex, leaf);
	for (i = 0; i < SHA256_BYTES; i++)
		differs |= (unsigned)(hex[2 * i] ^ digits[leaf[i] >> 4]) |
			   (unsigned)(hex[2 * i + 1] ^ digits[leaf[i] & 15]);
	return differs == 0;
}

void
leaves_fill(struct leaf_line *lines, size_t n, int in_pairs)
{
	size_t i;

	if (in_pairs && n > 1) {
		pairs(lines, n);
		return;
	}
	for (i = 0; i < n; i++)
		one(&lines[i]);
}
