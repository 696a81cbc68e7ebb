/*
 * Typed text: verb or SQL, finished or not, units of a stream, and masking that loses nothing.
 * Uses the engine's real scanner.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "command.h"
#include "shell/line.h"
#include "text.h"
#include "wait.h"

static const struct lexical lx = {.standard_conforming_strings = 1};

static void
test_command_or_sql(void **state)
{
	static const char *const verbs[] = {
	    "where", " \twhere", "?", "? where", "\\dt", "\\x on", "\\", "where;"};
	static const char *const sql[] = {"", "select 1;", "wherever", "SELECT", ";", "'where'",
	    "-- where", "/* x */ where",
	    "a_word_that_is_much_longer_than_any_verb_of_this_shell_ever_will_be"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		assert_true(line_is_command(verbs[i], strlen(verbs[i])));
	for (i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
		assert_false(line_is_command(sql[i], strlen(sql[i])));
	assert_false(line_is_command("wh\0ere", 6));
}

static void
test_judge(void **state)
{
	static const struct {
		const char *text;
		enum line_need need;
		char in;
	} cases[] = {
	    {"", LINE_EMPTY, 0},
	    {" \n-- nothing\n", LINE_EMPTY, 0},
	    {"select 1;", LINE_WHOLE, 0},
	    {"select 1; select 2;", LINE_WHOLE, 0},
	    {"select 1; -- done", LINE_WHOLE, 0},
	    {"select 1\\G", LINE_WHOLE, 0},
	    {"select 1\\gx", LINE_WHOLE, 0},
	    {"select 1", LINE_MORE, '-'},
	    {"select 1; select", LINE_MORE, '-'},
	    {"select 'a;", LINE_MORE, '\''},
	    {"select \"a;", LINE_MORE, '"'},
	    {"do $x$ begin; $$", LINE_MORE, '$'},
	    {"select (1;", LINE_MORE, '('},
	    {"select 1 /* ;", LINE_MORE, '*'},
	    {"select 'it''s';", LINE_WHOLE, 0},
	    {"-----BEGIN HOLDFAST ANSWER-----\nQQ==\n", LINE_MORE, 'p'},
	    {"\n-----BEGIN HOLDFAST ANSWER-----\nQQ==\n-----END HOLDFAST ANSWER-----", LINE_WHOLE,
		'p'},
	};
	size_t i, from;
	char in;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		from = 0;
		assert_int_equal(line_judge(&engine_postgresql, &lx, cases[i].text,
				     strlen(cases[i].text), &from, &in),
		    cases[i].need);
		if (cases[i].need == LINE_MORE)
			assert_int_equal(in, cases[i].in);
	}
}

/* Judging again after each line gives what judging the whole gives. */
static void
test_judge_goes_on(void **state)
{
	static const char text[] = "select 1; select 'a\nb'; select\n2;";
	size_t from = 0;
	char in;

	(void)state;
	assert_int_equal(line_judge(&engine_postgresql, &lx, text, 19, &from, &in), LINE_MORE);
	assert_int_equal(from, 9);
	assert_int_equal(in, '\'');
	assert_int_equal(line_judge(&engine_postgresql, &lx, text, 30, &from, &in), LINE_MORE);
	assert_int_equal(from, 23);
	assert_int_equal(
	    line_judge(&engine_postgresql, &lx, text, strlen(text), &from, &in), LINE_WHOLE);
	assert_int_equal(from, strlen(text));
}

static void
assert_units(const char *text, const char *const *want)
{
	size_t len = strlen(text), at = 0, unit;
	enum line_need need;

	while (at < len) {
		need = line_unit(&engine_postgresql, &lx, text + at, len - at, 1, &unit);
		if (need == LINE_EMPTY) {
			at += unit;
			continue;
		}
		assert_non_null(*want);
		if (need == LINE_MORE) {
			assert_string_equal(*want, "...");
			return;
		}
		assert_int_equal(unit, strlen(*want));
		assert_memory_equal(text + at, *want, unit);
		want++;
		at += unit;
	}
	assert_null(*want);
}

static void
test_units(void **state)
{
	(void)state;
	assert_units("-- head\n\nwhere\nselect 1;\nwhere",
	    (const char *const[]){"where\n", "select 1;\n", "where", NULL});
	assert_units("select 1; select\n 'a\nwhere\n;b'; -- end\nwhere\n",
	    (const char *const[]){"select 1; select\n 'a\nwhere\n;b'; -- end\n", "where\n", NULL});
	assert_units("/* two\nlines */\nwhere\n", (const char *const[]){"where\n", NULL});
	assert_units(
	    "select 1;\ndelete from orders", (const char *const[]){"select 1;\n", "...", NULL});
	assert_units(
	    "select 1\\G\nwhere\n", (const char *const[]){"select 1\\G\n", "where\n", NULL});
}

/* A stream that has not ended: no unit before its line is whole. */
static void
test_units_wait(void **state)
{
	size_t unit;

	(void)state;
	assert_int_equal(line_unit(&engine_postgresql, &lx, "select 1;", 9, 0, &unit), LINE_MORE);
	assert_int_equal(line_unit(&engine_postgresql, &lx, "whe", 3, 0, &unit), LINE_MORE);
	assert_int_equal(
	    line_unit(&engine_postgresql, &lx, "select 1;\n", 10, 0, &unit), LINE_WHOLE);
}

static void
test_mask(void **state)
{
	struct arena *a = arena_new();
	char all[768], *m, *back;
	size_t i, n;

	(void)state;
	for (i = 0; i < 256; i++) {
		all[i] = (char)i;
		all[256 + i] = (char)(255 - i);
		all[512 + i] = (char)(i * 7);
	}
	m = line_mask(a, all, sizeof(all));
	assert_true(text_is_utf8(m, strlen(m)));
	for (i = 0; m[i] != '\0'; i++)
		assert_false((unsigned char)m[i] < 0x20 && m[i] != '\n' && m[i] != '\t');
	back = line_unmask(a, m, &n);
	assert_int_equal(n, sizeof(all));
	assert_memory_equal(back, all, n);
	/* What looks masked already is masked again, so nothing can be smuggled in. */
	m = line_mask(a, "\xef\x9c\x80;", 4);
	back = line_unmask(a, m, &n);
	assert_int_equal(n, 4);
	assert_memory_equal(back, "\xef\x9c\x80;", 4);
	assert_string_equal(line_mask(a, "s\xc3\xa4\n\t", 5), "s\xc3\xa4\n\t");
	arena_free(a);
}

static void
test_linear(void **state)
{
	struct arena *a = arena_new();
	size_t n = 10 << 20, from = 0;
	char *s = arena_alloc(a, n + 1), in;
	int64_t t = now_ms();

	(void)state;
	memset(s, ';', n);
	s[0] = '\'';
	assert_int_equal(line_judge(&engine_postgresql, &lx, s, n, &from, &in), LINE_MORE);
	memset(s, 'x', n);
	s[n - 1] = ';';
	assert_int_equal(line_judge(&engine_postgresql, &lx, s, n, &from, &in), LINE_WHOLE);
	assert_in_range(now_ms() - t, 0, 5000);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_command_or_sql),
	    cmocka_unit_test(test_judge),
	    cmocka_unit_test(test_judge_goes_on),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_units_wait),
	    cmocka_unit_test(test_mask),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
