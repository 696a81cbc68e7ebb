/*
 * Digests, random bytes and the three text encodings the formats use. libcrypto underneath.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define SHA256_BYTES 32
#define SHA256_HEX 65 /* 64 lowercase digits and a NUL */

/* SHA-256 of prefix (may be NULL) followed by data. */
void sha256(
    const void *prefix, size_t nprefix, const void *data, size_t n, uint8_t out[SHA256_BYTES]);
void sha256_hex(const void *data, size_t n, char out[SHA256_HEX]);
/* Bytes as they come. hasher_finish frees it; out may be NULL. */
struct hasher;
struct hasher *hasher_new(void);
void hasher_add(struct hasher *h, const void *p, size_t n);
/* The digest so far; the next bytes are the first again. Accepts NULL: nothing. */
void hasher_take(struct hasher *h, char out[SHA256_HEX]);
void hasher_finish(struct hasher *h, char out[SHA256_HEX]); /* accepts NULL: nothing */
void hex_encode(const void *p, size_t n, char *out);	    /* out: 2n + 1 bytes */
/* Strict: lowercase, even length, exactly n bytes. 0 or -1. */
int hex_decode(const char *s, void *out, size_t n);
/* RFC 4648 base64 with padding; arena memory, NUL-terminated. */
char *base64_encode(struct arena *a, const void *p, size_t n);
/* Strict and canonical: what re-encodes to the same text. Returns NULL where it does not. */
uint8_t *base64_decode(struct arena *a, const char *s, size_t len, size_t *n);
/* 128 random bits as 26 lowercase base32 characters (RFC 4648 alphabet, no padding). */
#define ID_CHARS 26
void id_new(char out[ID_CHARS + 1]);
int id_is_valid(const char *s);
void random_bytes(void *p, size_t n); /* aborts if the kernel has none */

#endif
