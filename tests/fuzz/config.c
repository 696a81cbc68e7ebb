/*
 * Fuzz target: config and policy files. Either they are taken, or there is one sentence that names
 * the file; never a crash, and never a policy that asks nobody.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "shell/config.h"
#include "shell/policy_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct site_policy p;
	struct config c;
	struct err e = {0};

	if (config_parse(a, "f", "/", (const char *)data, size, &c, &e) != 0) {
		if (e.code != ERR_CONFIG || strstr(e.msg, "f") == NULL)
			abort();
	} else if (c.njournal == 0) {
		abort();
	}
	err_clear(&e);
	if (policy_parse(a, "f", (const char *)data, size, &p, &e) == 0) {
		if (p.approvals < 1 || p.lock_timeout_ms < 1)
			abort();
	} else if (e.code != ERR_CONFIG || e.msg[0] == '\0') {
		abort();
	}
	arena_free(a);
	return 0;
}
