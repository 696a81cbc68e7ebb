/*
 * Fuzzes what the parent reads from the classifier's child: any bytes, no crash, nothing unbounded.
 */
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "engines/classifier_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct arena *a = arena_new();
	struct statement s = {0};

	while (at < end && wire_get(a, &at, end, &s) == 0)
		if (s.nactions == 0 || s.actions[0].kind == NULL || s.actions[0].why == NULL)
			abort();
	arena_free(a);
	return 0;
}
