/*
 * Fuzzes requests and answers: no crash, and what decodes encodes to the very same bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approval.h"
#include "arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const char *json = (const char *)data;
	struct request r;
	struct answer s;
	struct err e = {0};
	char *again;
	size_t n;

	if (request_decode(a, json, size, &r, &e) == 0 &&
	    (request_encode(a, &r, &again, &n, &e) == -1 || n != size ||
		memcmp(again, json, n) != 0 || strlen(request_statement(a, &r)) == 0))
		abort();
	if (answer_decode(a, json, size, &s, &e) == 0 &&
	    (answer_encode(a, &s, &again, &n, &e) == -1 || n != size ||
		memcmp(again, json, n) != 0))
		abort();
	arena_free(a);
	return 0;
}
