/* SSH wire format and public keys: private to the signature code. */
#ifndef SSHSIG_KEY_H
#define SSHSIG_KEY_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* A reader that remembers whether anything was missing; after that it only returns zeros. */
struct wire {
	const uint8_t *p;
	size_t n;
	int is_bad;
};

uint32_t sshwire_u32(struct wire *w);
uint8_t sshwire_byte(struct wire *w);
const uint8_t *sshwire_string(struct wire *w, size_t *n);
/* True where the next string is exactly `s`. */
int sshwire_is(struct wire *w, const char *s);
/* True where all was there and nothing is left. */
int sshwire_end(const struct wire *w);
void sshwire_put_u32(struct buf *b, uint32_t v);
void sshwire_put(struct buf *b, const void *p, size_t n);

struct ssh_type;

struct ssh_key {
	const struct ssh_type *type;
	EVP_PKEY *pkey; /* owned: ssh_key_finish */
	const uint8_t *application;
	size_t napplication; /* of sk- keys */
};

/* ERR_CONFIG names what is wrong with the key, or that its kind is not taken. */
int ssh_key_parse(const uint8_t *blob, size_t n, struct ssh_key *out, struct err *e);
void ssh_key_finish(struct ssh_key *k);
const char *ssh_key_type(const struct ssh_key *k);
/* A signature as in the last field of SSHSIG over exactly these bytes. ERR_SIGNATURE. */
int ssh_key_verify(const struct ssh_key *k, const uint8_t *sig, size_t nsig, const void *data,
    size_t ndata, struct err *e);

/* "SSHSIG", namespace, reserved, hash name, SHA-512 of the message: what is really signed. */
void sshsig_preimage(struct buf *b, const char *namespace, const void *msg, size_t n);

#endif
