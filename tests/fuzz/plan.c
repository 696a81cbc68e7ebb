/*
 * Fuzz target: a filed plan. What decodes encodes to the very same bytes; nothing crashes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e;
	struct plan *p = plan_decode(a, (const char *)data, size, &e);
	char objects[SHA256_HEX], *again;
	size_t len;

	if (p != NULL) {
		again = plan_encode(a, p, &len, &e);
		if (again == NULL || len != size || memcmp(again, data, size) != 0)
			abort();
		plan_objects_digest(p, objects);
	}
	arena_free(a);
	return 0;
}
