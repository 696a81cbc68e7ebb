/*
 * Fuzzes signatures: armor, base64, the blob, the keys in it. No crash, and nothing random
 * verifies.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "hash.h"
#include "sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	char *line = arena_strndup(a, (const char *)data, size), *base64;
	const uint8_t *blob;
	struct sshsig sig;
	struct err e;
	size_t n;

	if (sshsig_verify(a, (const char *)data, size, NS_APPROVAL, "m", 1, &sig, &e) == 0)
		abort();
	base64 = base64_encode(a, data, size);
	if (sshsig_verify(a, base64, strlen(base64), NS_APPROVAL, "m", 1, &sig, &e) == 0)
		abort();
	if (sshsig_dearmor(a, (const char *)data, size, &base64, &e) == 0 &&
	    base64_decode(a, base64, strlen(base64), &n) == NULL)
		abort();
	ssh_public_blob(a, line, &blob, &n, &e);
	arena_free(a);
	return 0;
}
