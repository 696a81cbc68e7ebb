/*
 * The operators file: who is who, and whose signature counts for what. The format is
 * allowed_signers of ssh-keygen(1), read strictly (facts: ssh-keygen skips bad lines, takes
 * patterns, takes any namespace and local time): exact names, one line a key, explicit
 * namespaces without wildcards, validity only with Z; anything else refuses the whole file.
 */
#ifndef OPERATORS_H
#define OPERATORS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

struct operator_key {
	const char *person;
	const uint8_t *blob; /* SSH wire format public key */
	size_t nblob;
	const char *type;	 /* "ssh-ed25519" */
	const char *fingerprint; /* "SHA256:..." */
	const char **namespaces;
	size_t nnamespaces;
	int64_t valid_after, valid_before; /* seconds since the epoch; 0, INT64_MAX */
	int line;
};

struct operators {
	const char *file;
	struct operator_key *keys;
	size_t nkeys;
};

/* Reads and checks the file (regular, not a symlink, not writable by others, at most 1 MiB). */
int operators_load(struct arena *a, const char *file, struct operators *out, struct err *e);
int operators_parse(struct arena *a, const char *file, const char *text, size_t len,
    struct operators *out, struct err *e);
/* True where the person has at least one key. */
int operators_has(const struct operators *o, const char *person);
/* True where the key's line names exactly this namespace. */
int operators_may(const struct operator_key *k, const char *namespace);
/* Distinct persons who may sign in the namespace. */
size_t operators_eligible(
    struct arena *a, const struct operators *o, const char *namespace, const char ***persons);
/* The key with this blob, or NULL. */
const struct operator_key *operators_key(const struct operators *o, const uint8_t *blob, size_t n);

#endif
