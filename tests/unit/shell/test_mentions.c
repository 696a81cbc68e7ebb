/* What a half-typed text speaks of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "shell/mentions.h"

static void
tables_are_found(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *first, *last;
	} cases[] = {
	    {"select  from orders o join public.customers c", 2, "orders", "public.customers"},
	    {"UPDATE \"Odd\" set ", 1, "\"Odd\"", "\"Odd\""},
	    {"insert into t (", 1, "t", "t"},
	    {"select 'from x' -- from y\n from z", 1, "z", "z"},
	    {"alter table only a.b", 1, "a.b", "a.b"},
	    {"select 1", 0, NULL, NULL},
	    {"select 'from never closed", 0, NULL, NULL},
	    {"from a from b from c from d from e", 4, "a", "d"},
	};
	char out[MENTIONS_MAX][MENTION_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    mentions_tables(cases[i].text, strlen(cases[i].text), out), cases[i].n);
		if (cases[i].n == 0)
			continue;
		assert_string_equal(out[0], cases[i].first);
		assert_string_equal(out[cases[i].n - 1], cases[i].last);
	}
}

static void
a_long_name_is_no_name(void **state)
{
	char text[400], out[MENTIONS_MAX][MENTION_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "from ", 5);
	assert_int_equal(mentions_tables(text, sizeof(text), out), 0);
}

static void
what_stands_next(void **state)
{
	(void)state;
	assert_int_equal(mentions_wants_table("select * from ", 14), 1);
	assert_int_equal(mentions_wants_table("select * from orders where ", 27), 0);
	assert_int_equal(mentions_wants_table("", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables_are_found),
	    cmocka_unit_test(a_long_name_is_no_name),
	    cmocka_unit_test(what_stands_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
