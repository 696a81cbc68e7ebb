/*
 * What one list of GTIDs has that another has not: a data directory goes only where this says
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "policy/remove.h"

static const struct row {
	const char *has, *in, *missing;
} rows[] = {
    {"0-1-27", "0-1-27", NULL},
    {"0-1-27", "0-1-28", NULL},
    {"0-1-28", "0-1-27", "0-1-28"},
    {"0-1-27,0-2-3", "0-2-9,0-1-40", NULL},
    {"0-1-27,0-2-3", "0-1-40", "0-2-3"},
    /* The same number from another server, or in another domain, is another transaction. */
    {"0-1-27", "0-2-27", "0-1-27"},
    {"1-1-27", "0-1-27", "1-1-27"},
    {"0-1-99999999999", "0-1-99999999999", NULL},
    {"0-1-99999999999", "0-1-2147483647", "0-1-99999999999"},
    {"0-1-27", "", "0-1-27"},
    /* What cannot be read is missing. */
    {"0-1", "0-1-27", "0-1"},
    {"0-1-2x", "0-1-27", "0-1-2x"},
    {"0-1-2", "garbage,0-1-27", "0-1-2"},
    {",", "0-1-27", ","},
};

static void
test_rows(void **state)
{
	struct arena *a = arena_new();
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = gtid_first_missing(a, rows[i].has, rows[i].in);
		if ((got == NULL) != (rows[i].missing == NULL) ||
		    (got != NULL && strcmp(got, rows[i].missing) != 0))
			fail_msg("row %zu: %s", i, got == NULL ? "nothing" : got);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
