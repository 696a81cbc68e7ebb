/*
 * Digests, encodings and random bytes: see hash.h.
 */
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "arena.h"
#include "hash.h"
#include "banned.h"

static EVP_MD *sha256_md;

static void
sha256_fetch(void)
{
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (sha256_md == NULL)
		abort();
}

/* Looking an algorithm up by name costs more than the digest of a short line. */
static const EVP_MD *
sha256_algorithm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, sha256_fetch);
	return sha256_md;
}

void
sha256(const void *prefix, size_t nprefix, const void *data, size_t n, uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL || EVP_DigestInit_ex(ctx, sha256_algorithm(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, prefix == NULL ? "" : prefix, prefix == NULL ? 0 : nprefix) !=
		1 ||
	    EVP_DigestUpdate(ctx, data, n) != 1 || EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
}

void
sha256_hex(const void *data, size_t n, char out[SHA256_HEX])
{
	uint8_t d[SHA256_BYTES];

	sha256(NULL, 0, data, n, d);
	hex_encode(d, sizeof(d), out);
}

void
hex_encode(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode(const char *s, void *out, size_t n)
{
	uint8_t *b = out;
	size_t i;
	int hi, lo;

	for (i = 0; i < n; i++) {
		if ((hi = hex_digit(s[2 * i])) < 0 || (lo = hex_digit(s[2 * i + 1])) < 0)
			return -1;
		b[i] = (uint8_t)(hi << 4 | lo);
	}
	return s[2 * n] == '\0' ? 0 : -1;
}

char *
base64_encode(struct arena *a, const void *p, size_t n)
{
	char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	return out;
}

uint8_t *
base64_decode(struct arena *a, const char *s, size_t len, size_t *n)
{
	uint8_t *out;
	int got;

	if (len == 0 || len % 4 != 0 || len > (64U << 20))
		return NULL;
	out = arena_alloc(a, len / 4 * 3 + 1);
	got = EVP_DecodeBlock(out, (const unsigned char *)s, (int)len);
	if (got < 0)
		return NULL;
	got -= s[len - 1] == '=' ? (s[len - 2] == '=' ? 2 : 1) : 0;
	*n = (size_t)got;
	if ((*n + 2) / 3 * 4 != len || memcmp(base64_encode(a, out, *n), s, len) != 0)
		return NULL;
	return out;
}

void
id_new(char out[ID_CHARS + 1])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t r[17] = {0}; /* 16 random bytes and room for the last, partial group */
	size_t i, bit;

	random_bytes(r, 16);
	for (i = 0, bit = 0; i < ID_CHARS; i++, bit += 5)
		out[i] = alphabet[(r[bit / 8] << 8 | r[bit / 8 + 1]) >> (11 - bit % 8) & 31];
	out[ID_CHARS] = '\0';
}

int
id_is_valid(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz234567") == ID_CHARS && s[ID_CHARS] == '\0';
}

void
random_bytes(void *p, size_t n)
{
	if (getrandom(p, n, 0) != (ssize_t)n)
		abort();
}

struct hasher {
	EVP_MD_CTX *ctx;
};

struct hasher *
hasher_new(void)
{
	struct hasher *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(h->ctx, sha256_algorithm(), NULL) != 1)
		abort();
	return h;
}

void
hasher_add(struct hasher *h, const void *p, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, p, n) != 1)
		abort();
}

void
hasher_take(struct hasher *h, char out[SHA256_HEX])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (h == NULL)
		return;
	if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1 ||
	    EVP_DigestInit_ex(h->ctx, NULL, NULL) != 1)
		abort();
	hex_encode(digest, SHA256_BYTES, out);
}

void
hasher_finish(struct hasher *h, char out[SHA256_HEX])
{
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (h == NULL)
		return;
	if (EVP_DigestFinal_ex(h->ctx, digest, NULL) != 1)
		abort();
	if (out != NULL)
		hex_encode(digest, SHA256_BYTES, out);
	EVP_MD_CTX_free(h->ctx);
	free(h);
}
