/*
 * Sets of MySQL's GTIDs: what one has that another has not, and that nothing unreadable counts as
 * there.
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
#include "engines/my_gtid.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4e11fa47-71ca-11e1-9e33-c80aa9429562"

static const struct row {
	const char *has, *in, *skip, *outside;
} rows[] = {
    {"", "", NULL, NULL},
    {"", A ":1-9", NULL, NULL},
    {A ":1-5", A ":1-9", NULL, NULL},
    {A ":1-9", A ":1-9", NULL, NULL},
    {A ":1-10", A ":1-9", NULL, A ":1-10"},
    {A ":1-5:7", A ":1-5:7-9", NULL, NULL},
    {A ":1-5:7", A ":1-5:8-9", NULL, A ":7"},
    {A ":1-5,\n" B ":1", A ":1-9", NULL, B ":1"},
    {A ":1-5,\n" B ":1", A ":1-9", B, NULL},
    {A ":1-5,\n" B ":1", A ":1-3", B, A ":1-5"},
    {"3E11FA47-71ca-11e1-9e33-c80aa9429562:1", A ":1-3", NULL, NULL},
    {A ":1-5:blue:1-2", A ":1-5", NULL, A ":blue:1-2"},
    {A ":1-5:blue:1-2", A ":1-5:blue:1-3", NULL, NULL},
    {A ":1-5:blue:1-2:red:1", A ":1-5:blue:1-3", NULL, A ":red:1"},
    /* An interval that was purged apart: two that touch are not joined by a guess. */
    {A ":1-6", A ":1-3:4-6", NULL, A ":1-6"},
    {A, A ":1-9", NULL, "what cannot be read"},
    {A ":", A ":1-9", NULL, "what cannot be read"},
    {A ":0-3", A ":1-9", NULL, "what cannot be read"},
    {A ":5-3", A ":1-9", NULL, "what cannot be read"},
    {A ":1-3x", A ":1-9", NULL, "what cannot be read"},
    /* What it is compared with cannot be read: nothing behind that lies in it. */
    {A ":1-3", "garbage," A ":1-9", NULL, A ":1-3"},
    {A ":1-3", NULL, NULL, A ":1-3"},
};

static void
test_rows(void **state)
{
	struct arena *a = arena_new();
	const char *got;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const skip[] = {rows[i].skip, NULL};

		got = my_gtid_outside(a, rows[i].has, rows[i].in, skip);
		if ((got == NULL) != (rows[i].outside == NULL) ||
		    (got != NULL && strcmp(got, rows[i].outside) != 0))
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
