/*
 * Hostile text: nothing that moves the cursor, hides or reorders reaches a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "arena.h"
#include "text.h"

static void
inert_escapes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain", "plain"},
	    {"\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac"},
	    {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
	    {"\x1b[31mred", "\\x1b[31mred"},
	    {"\x7f\x01", "\\x7f\\x01"},
	    {"\xc2\x9b"
	     "31m",
		"\\u{009b}31m"}, /* C1: an escape in one character */
	    {"\xe2\x80\xae"
	     "abc",
		"\\u{202e}abc"},	   /* right-to-left override */
	    {"\xe2\x80\x8b", "\\u{200b}"}, /* zero width space */
	    {"\xef\xbb\xbf", "\\u{feff}"},
	    {"\xff\xfe", "\\xff\\xfe"},
	    {"\xc0\xaf", "\\xc0\\xaf"},		 /* over-long */
	    {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
	    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
	    {"\xe2\x82", "\\xe2\\x82"}, /* cut off */
	    {"back\\slash", "back\\slash"},
	};
	struct arena *a = arena_new();
	size_t i;
	char *once;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		once = text_inert(a, cases[i].in, strlen(cases[i].in), 0);
		assert_string_equal(once, cases[i].out);
		assert_string_equal(text_inert(a, once, strlen(once), 0), once);
		assert_int_equal(text_is_exotic(once, strlen(once)), 0);
	}
	assert_string_equal(text_inert(a, "a\0b", 3, 0), "a\\x00b");
	assert_string_equal(text_inert(a, "a\nb\x1b", 4, TEXT_LINES), "a\nb\\x1b");
	arena_free(a);
}

/* Every byte, every pair of bytes: the result is valid, printable UTF-8. */
static void
inert_never_leaks(void **state)
{
	struct arena *a = arena_new();
	char in[2], *out;
	const char *p;
	int i, j;

	(void)state;
	for (i = 0; i < 256; i++)
		for (j = 0; j < 256; j++) {
			in[0] = (char)i;
			in[1] = (char)j;
			out = text_inert(a, in, 2, 0);
			assert_true(text_is_utf8(out, strlen(out)));
			for (p = out; *p != '\0'; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		}
	arena_free(a);
}

static void
fits(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(text_fit(a, "abcdef", 6, 6), "abcdef");
	assert_string_equal(text_fit(a, "abcdefg", 7, 6), "abc...");
	/* A wide character is never cut in half. */
	assert_string_equal(text_fit(a, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 12, 6),
	    "\xe6\xbc\xa2...");
	assert_int_equal(text_width("\xe6\xbc\xa2"
				    "a",
			     4),
	    3);
	assert_int_equal(text_width("e\xcc\x81", 3), 1);
	arena_free(a);
}

static void
names(void **state)
{
	(void)state;
	assert_true(text_is_name("alice", 64));
	assert_true(text_is_name("pg-1.db_x@y", 64));
	assert_false(text_is_name("", 64));
	assert_false(text_is_name("-rf", 64));
	assert_false(text_is_name("..", 64));
	assert_false(text_is_name("a/b", 64));
	assert_false(text_is_name("a b", 64));
	assert_false(text_is_name("abcdef", 5));
}

static void
amounts(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(text_count(a, 1000000), "1,000,000");
	assert_string_equal(text_count(a, -1234), "-1,234");
	assert_string_equal(text_count(a, 0), "0");
	assert_string_equal(text_bytes(a, 512), "512 B");
	assert_string_equal(text_bytes(a, 1258291), "1.2 MB");
	assert_string_equal(text_bytes(a, -1), "unknown size");
	assert_string_equal(text_seconds(a, 0.34), "340 ms");
	assert_string_equal(text_seconds(a, 192), "3 min 12 s");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(inert_escapes),
	    cmocka_unit_test(inert_never_leaks),
	    cmocka_unit_test(fits),
	    cmocka_unit_test(names),
	    cmocka_unit_test(amounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
