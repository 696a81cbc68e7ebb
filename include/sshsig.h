/*
 * SSHSIG signatures (PROTOCOL.sshsig of OpenSSH): parse, verify with libcrypto, sign with a key in
 * memory or through ssh-keygen -Y sign. Stricter than ssh-keygen: empty reserved field,
 * canonical base64, user presence required of sk- keys, exact namespace.
 */
#ifndef SSHSIG_H
#define SSHSIG_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "operators.h"

#define NS_SESSION "session@holdfast"
#define NS_REQUEST "request@holdfast"
#define NS_APPROVAL "approval@holdfast"
#define NS_CHECKPOINT "checkpoint@holdfast"
#define NS_REVIEW "review@holdfast"
#define NS_HANDOVER "handover@holdfast"
#define SSHSIG_MAX_BYTES 16384

struct arena;

/* An Ed25519 key made in memory, locked, left out of cores, wiped on free. */
struct session_key;

int session_key_new(struct session_key **out, struct err *e);
void session_key_free(struct session_key *k); /* accepts NULL */
/* "ssh-ed25519 AAAA..." without comment. */
const char *session_key_public(const struct session_key *k);
/* The SSH wire format blob of its public key. */
const uint8_t *session_key_blob(const struct session_key *k, size_t *n);

/* The signature blob as canonical base64 on one line. */
int sshsig_sign(struct arena *a, const struct session_key *k, const char *namespace,
    const void *msg, size_t n, char **base64, struct err *e);
/*
 * Signs with a person's key file through `ssh-keygen -Y sign` (agent, FIDO and passphrases work;
 * argv holds no secret). ERR_CONFIG where the key is not usable. Blocks on the terminal.
 */
int sshsig_sign_file(struct arena *a, const char *key_file, const char *namespace, const void *msg,
    size_t n, char **base64, struct err *e);

struct sshsig {
	const uint8_t *key; /* public key blob inside the signature */
	size_t nkey;
	const char *key_type;
	const char *namespace;
	const char *fingerprint;
};

/* Verifies against the key inside the signature. ERR_SIGNATURE names what does not hold. */
int sshsig_verify(struct arena *a, const char *base64, size_t len, const char *namespace,
    const void *msg, size_t n, struct sshsig *out, struct err *e);
/* As above, and the key must stand in the file for this namespace, valid at `at` (epoch s).
 * *out names the person. */
int sshsig_verify_person(struct arena *a, const struct operators *o, const char *base64, size_t len,
    const char *namespace, const void *msg, size_t n, int64_t at, const struct operator_key **out,
    struct err *e);
/* Public key line "TYPE BASE64 [comment]" to wire blob. */
int ssh_public_blob(
    struct arena *a, const char *line, const uint8_t **blob, size_t *n, struct err *e);
char *ssh_fingerprint(struct arena *a, const uint8_t *blob, size_t n);
/* base64 <-> the armored form ssh-keygen reads and writes. The reader takes what chat does to
 * text (CR, quoting, indentation, code fences, dashes) and then demands exactly one block. */
char *sshsig_armor(struct arena *a, const char *base64);
int sshsig_dearmor(struct arena *a, const char *text, size_t len, char **base64, struct err *e);

#endif
