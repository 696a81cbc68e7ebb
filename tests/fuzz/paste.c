/*
 * Fuzzes what comes out of a chat: no crash, and armoring what was read gives a text that reads
 * back to the same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approval.h"
#include "arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
there_and_back(struct arena *a, const uint8_t *p, size_t n)
{
	char *text = paste_armor(a, "REQUEST", p, n);
	struct err e;
	uint8_t *out;
	size_t nout;

	if (paste_dearmor(a, "REQUEST", text, strlen(text), &out, &nout, &e) == -1 || nout != n ||
	    memcmp(out, p, n) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e;
	uint8_t *out;
	size_t n;

	if (paste_dearmor(a, "REQUEST", (const char *)data, size, &out, &n, &e) == 0)
		there_and_back(a, out, n);
	if (size > 0 && size < 65536)
		there_and_back(a, data, size);
	arena_free(a);
	return 0;
}
