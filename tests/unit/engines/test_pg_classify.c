/*
 * The classifier in its child process: crashes, deadlines, hostile bytes, properties of verdicts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "engine.h"
#include "wait.h"

struct state {
	struct classifier *c;
	struct arena *a;
};

static struct state st;

static int
start(void **s)
{
	struct err e;

	(void)s;
	st.a = arena_new();
	return classifier_start(&engine_postgresql, &st.c, &e);
}

static int
stop(void **s)
{
	(void)s;
	classifier_stop(st.c);
	arena_free(st.a);
	return 0;
}

static struct script
judge(const char *text, size_t len)
{
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct script s;
	struct err e;

	assert_int_equal(classify(st.c, text, len, &lx, st.a, &s, &e), 0);
	return s;
}

static enum danger
danger(const char *text)
{
	return judge(text, strlen(text)).danger;
}

/* "1 - 1 - 1 ... ": prefix, n terms, suffix. */
static char *
chain(const char *prefix, const char *term, size_t n, const char *suffix)
{
	size_t t = strlen(term), i, p = strlen(prefix);
	char *s = malloc(p + n * t + strlen(suffix) + 1);

	memcpy(s, prefix, p);
	for (i = 0; i < n; i++)
		memcpy(s + p + i * t, term, t);
	memcpy(s + p + n * t, suffix, strlen(suffix) + 1);
	return s;
}

static void
test_round_trip(void **s)
{
	struct script k = judge("SELECT 1; DROP TABLE a.b, c CASCADE; SELECT f(1)", 48);

	(void)s;
	assert_int_equal(k.nstatements, 3);
	assert_int_equal(k.danger, DANGER_DESTRUCTIVE);
	assert_string_equal(k.statements[1].actions[0].kind, "drop-table");
	assert_int_equal(k.statements[1].actions[0].nobjects, 2);
	assert_string_equal(k.statements[1].actions[0].objects[0].schema, "a");
	assert_string_equal(k.statements[1].actions[0].objects[1].name, "c");
	assert_true(k.statements[1].actions[0].flags & ACTION_CASCADE);
	assert_int_equal(k.statements[2].danger, DANGER_OPAQUE);
	assert_string_equal(k.statements[2].actions[1].functions[0], "f");
	assert_int_equal(k.statements[1].from, 10);
}

static void
test_long_chains(void **s)
{
	size_t n[] = {60000, 100000, 200000, 500000}, i;
	char *t;

	(void)s;
	for (i = 0; i < 4; i++) {
		t = chain("SELECT 1", "-1", n[i], "; DROP TABLE orders; SELECT 1");
		struct script k = judge(t, strlen(t));

		assert_int_equal(k.nstatements, 3);
		assert_true(k.statements[0].danger == DANGER_READ ||
			    k.statements[0].danger == DANGER_OPAQUE);
		assert_int_equal(k.statements[1].danger, DANGER_DESTRUCTIVE);
		assert_int_equal(k.statements[2].danger, DANGER_READ);
		free(t);
	}
}

static void
test_deep_nesting(void **s)
{
	const char *open[] = {"SELECT (", "SELECT NOT ", "SELECT ", "SELECT (SELECT "};
	const char *more[] = {"(", "NOT ", "- ", "(SELECT "};
	size_t i;
	char *t;

	(void)s;
	for (i = 0; i < 4; i++) {
		t = chain(open[i], more[i], 100000, "1; DROP TABLE orders");
		assert_true(danger(t) >= DANGER_OPAQUE);
		free(t);
		assert_int_equal(danger("SELECT 1"), DANGER_READ);
	}
}

static void
test_parser_aborts(void **s)
{
	static const char *const texts[] = {"DO LANGUAGE plpgsql", "DO LANGUAGE plpython3u 'x'",
	    "DO $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql; END $$",
	    "DO $$ DECLARE r nosuch%ROWTYPE; BEGIN END $$", "DO $$ BEGIN RETURN 1; END $$", "DO ''",
	    "DO $$ DECLARE c CURSOR FOR SELECT 1; BEGIN OPEN c; END $$",
	    "DO $$ <<x>> DECLARE a int; BEGIN x.a := f(1); END x $$",
	    "DO $$ DECLARE x ALIAS FOR $1; BEGIN END $$", "DO $$ BEGIN $1 := 2; END $$"};
	size_t i;
	char *t;

	(void)s;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		t = chain(texts[i], "; SELECT 1", 1, "; DROP TABLE t");
		struct script k = judge(t, strlen(t));

		assert_int_equal(k.danger, DANGER_DESTRUCTIVE);
		assert_int_equal(k.statements[1].danger, DANGER_READ);
		if (i < 2)
			assert_int_equal(k.statements[0].danger, DANGER_OPAQUE);
		free(t);
	}
}

static void
test_random_bytes(void **s)
{
	size_t n = 10 << 20, i;
	char *t = malloc(n);
	uint32_t x = 2463534242u;

	(void)s;
	for (i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		t[i] = (char)x;
	}
	assert_int_equal(judge(t, n).danger >= DANGER_OPAQUE, 1);
	for (i = 0; i < n; i++)
		t[i] = (char)(32 + ((unsigned char)t[i] % 95));
	assert_int_equal(judge(t, n).danger >= DANGER_OPAQUE, 1);
	free(t);
}

static void
test_large_texts(void **s)
{
	char *t = chain("",
	    "DELETE FROM orders WHERE id = 42 AND note <> 'a long enough text here' "
	    "AND status IN (1, 2, 3); ",
	    100000, "");
	int64_t from = now_ms();
	struct script k = judge(t, strlen(t));

	(void)s;
	assert_int_equal(k.nstatements, 100000);
	assert_int_equal(k.danger, DANGER_WRITE);
	print_message("# 100,000 statements: %lld ms\n", (long long)(now_ms() - from));
	assert_true(now_ms() - from < 30000);
	free(t);
	t = chain("SELECT '", "0123456789", 1 << 20, "'; SELECT 1");
	k = judge(t, strlen(t));
	assert_int_equal(k.nstatements, 2);
	assert_int_equal(k.statements[0].danger, DANGER_OPAQUE);
	assert_int_equal(k.statements[1].danger, DANGER_READ);
	free(t);
}

static void
test_worker_killed(void **s)
{
	int i;

	(void)s;
	raise(SIGCHLD);
	for (i = 0; i < 3; i++) {
		/* Whatever crashed before, the next statement has an answer. */
		assert_int_equal(danger("SELECT 1"), DANGER_READ);
		assert_int_equal(danger("DROP TABLE t"), DANGER_DESTRUCTIVE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_long_chains),
	    cmocka_unit_test(test_deep_nesting),
	    cmocka_unit_test(test_parser_aborts),
	    cmocka_unit_test(test_random_bytes),
	    cmocka_unit_test(test_large_texts),
	    cmocka_unit_test(test_worker_killed),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
