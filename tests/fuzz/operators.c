/*
 * Fuzzes the operators file: no crash, and every accepted line names one person and its purposes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "operators.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct operators o;
	struct err e = {0};
	size_t i, k;

	if (operators_parse(a, "fuzz", (const char *)data, size, &o, &e) == 0) {
		if (o.nkeys == 0)
			abort();
		for (i = 0; i < o.nkeys; i++) {
			if (!text_is_name(o.keys[i].person, 64) || o.keys[i].nnamespaces == 0 ||
			    o.keys[i].valid_after >= o.keys[i].valid_before)
				abort();
			for (k = 0; k < o.keys[i].nnamespaces; k++)
				if (strchr(o.keys[i].namespaces[k], '*') != NULL)
					abort();
		}
	} else if (e.code != ERR_CONFIG || e.msg[0] == '\0') {
		abort();
	}
	arena_free(a);
	return 0;
}
