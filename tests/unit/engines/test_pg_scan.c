/*
 * Where statements end: quotes, comments, parentheses, SQL bodies, psql's endings, and text that
 * grows line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "engines/pg_lex.h"
#include "wait.h"

static struct scan
scan(const char *text, int conforming)
{
	struct lexical lx = {.version = 150000, .standard_conforming_strings = conforming};
	struct scan s;

	pg_scan(text, strlen(text), &lx, &s);
	return s;
}

struct row {
	const char *text;
	enum scan_state state;
	size_t end;
	char in;
};

static const struct row rows[] = {
    {"", SCAN_EMPTY, 0, '-'},
    {" \t\r\n\f", SCAN_EMPTY, 5, '-'},
    {"-- only; a comment", SCAN_EMPTY, 18, '-'},
    {"/* a /* b; */ ; */", SCAN_EMPTY, 18, '-'},
    {";", SCAN_COMPLETE, 1, '-'},
    {"select 1;x", SCAN_COMPLETE, 9, '-'},
    {"select 1", SCAN_INCOMPLETE, 8, '-'},
    {"select (1;", SCAN_INCOMPLETE, 10, '('},
    {"select (1));", SCAN_COMPLETE, 12, '-'},
    {"select 1));2;", SCAN_COMPLETE, 11, '-'},
    {"select ';", SCAN_INCOMPLETE, 9, '\''},
    {"select ''';", SCAN_INCOMPLETE, 11, '\''},
    {"select '''';", SCAN_COMPLETE, 12, '-'},
    {"select '\\';", SCAN_COMPLETE, 11, '-'},
    {"select E'\\';", SCAN_INCOMPLETE, 12, '\''},
    {"select e'\\\\';", SCAN_COMPLETE, 13, '-'},
    {"select ae'\\';", SCAN_COMPLETE, 13, '-'},
    {"select e'a'\n'\\';", SCAN_INCOMPLETE, 16, '\''},
    {"select e'a' -- c\n'\\';", SCAN_INCOMPLETE, 21, '\''},
    {"select e'a' '\\';", SCAN_COMPLETE, 16, '-'},
    {"select 'a'\n'\\';", SCAN_COMPLETE, 15, '-'},
    {"select u&'\\';", SCAN_COMPLETE, 13, '-'},
    {"select b'1;';", SCAN_COMPLETE, 13, '-'},
    {"select \";", SCAN_INCOMPLETE, 9, '"'},
    {"select \"a\"\";\";", SCAN_COMPLETE, 14, '-'},
    {"select $$;", SCAN_INCOMPLETE, 10, '$'},
    {"select $$;$$;", SCAN_COMPLETE, 13, '-'},
    {"select $a$;$$;$a$;", SCAN_COMPLETE, 18, '-'},
    {"select $a$;$A$;", SCAN_INCOMPLETE, 15, '$'},
    {"select $1;2", SCAN_COMPLETE, 10, '-'},
    {"select a$b$;2", SCAN_COMPLETE, 12, '-'},
    {"select $1a$;", SCAN_COMPLETE, 12, '-'},
    {"select \xc3\xa4$b$;", SCAN_COMPLETE, 13, '-'},
    {"select $\xc3\xa4$;$\xc3\xa4$;", SCAN_COMPLETE, 17, '-'},
    {"select 1 /* ;", SCAN_INCOMPLETE, 13, '*'},
    {"select 1 -- ;\n;", SCAN_COMPLETE, 15, '-'},
    {"select 1 -- ;\r;", SCAN_COMPLETE, 15, '-'},
    {"select 1 +-- ;\n;", SCAN_COMPLETE, 16, '-'},
    {"select 1 */* ;*/;", SCAN_COMPLETE, 17, '-'},
    {"select 1 - - 2;", SCAN_COMPLETE, 15, '-'},
    {"\\d orders\nselect", SCAN_COMPLETE, 10, '-'},
    {"  \\x", SCAN_COMPLETE, 4, '-'},
    {"select 1 \\g\n2", SCAN_COMPLETE, 11, '-'},
    {"select 1 \\g x\n;", SCAN_COMPLETE, 15, '-'},
    {"create function f() begin atomic; select 1; end; x", SCAN_COMPLETE, 48, '-'},
    {"create or replace procedure f() begin atomic select case when a then b end; end;x",
	SCAN_COMPLETE, 80, '-'},
    {"create function f() begin atomic select 1;", SCAN_INCOMPLETE, 42, '-'},
    {"create table begin (atomic int); x", SCAN_COMPLETE, 32, '-'},
    {"begin; select 1; end;", SCAN_COMPLETE, 6, '-'},
    {"create rule r as on insert to a do (select 1; select 2); x", SCAN_COMPLETE, 56, '-'},
};

static void
test_rows(void **state)
{
	struct scan s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s = scan(rows[i].text, 1);
		if (s.state != rows[i].state || s.end != rows[i].end || s.in != rows[i].in)
			fail_msg(
			    "%s: state %d, end %zu, in %c", rows[i].text, s.state, s.end, s.in);
	}
}

static void
test_endings(void **state)
{
	struct scan s = scan("select 1 \\gx\nselect 2", 1);

	(void)state;
	assert_true(s.is_gx);
	assert_int_equal(s.len, 9);
	assert_int_equal(s.end, 12);
	s = scan("select 1\\G", 1);
	assert_true(s.is_gx);
	assert_int_equal(s.len, 8);
	s = scan("select 1;", 1);
	assert_false(s.is_g);
	assert_int_equal(s.len, 8);
}

static void
test_other_dialect(void **state)
{
	(void)state;
	assert_int_equal(scan("select '\\';", 0).state, SCAN_INCOMPLETE);
	assert_int_equal(scan("select '\\'';", 0).state, SCAN_COMPLETE);
	assert_int_equal(scan("select \"\\\";", 0).state, SCAN_COMPLETE);
}

/* Text that comes line by line is complete at the same place as the whole. */
static void
test_growing(void **state)
{
	static const char text[] =
	    "select 'a;\nb', $x$;\n$x$, (1\n;\n) /* ;\n*/\n, E'\\';'\n; select 2";
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct scan whole, part;
	size_t i;

	(void)state;
	pg_scan(text, strlen(text), &lx, &whole);
	assert_int_equal(whole.state, SCAN_COMPLETE);
	for (i = 0; i < whole.end; i++) {
		pg_scan(text, i, &lx, &part);
		assert_int_not_equal(part.state, SCAN_COMPLETE);
	}
	for (; i <= strlen(text); i++) {
		pg_scan(text, i, &lx, &part);
		assert_int_equal(part.state, SCAN_COMPLETE);
		assert_int_equal(part.end, whole.end);
	}
}

static int64_t
timed(const char *piece, size_t n)
{
	size_t len = strlen(piece), i, at = 0;
	char *t = malloc(len * n + 1);
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct scan s;
	int64_t from;

	for (i = 0; i < n; i++)
		memcpy(t + i * len, piece, len);
	from = now_ms();
	while (at < len * n) {
		pg_scan(t + at, len * n - at, &lx, &s);
		at += s.end;
	}
	free(t);
	return now_ms() - from;
}

static void
test_linear(void **state)
{
	static const char *const pieces[] = {"select 1; ", "select ''''", "$a$ x $b$", "/*", "(",
	    "e'' ", "-- x\n", "\\g x ", "'a'\n"};
	size_t i;

	(void)state;
	/* 10 MB each; a scanner that goes back over the text would need hours. */
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		assert_true(timed(pieces[i], 10000000 / strlen(pieces[i])) < 60000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_endings),
	    cmocka_unit_test(test_other_dialect),
	    cmocka_unit_test(test_growing),
	    cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
