/*
 * Arenas and growing buffers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "buf.h"

static void
keeps_all(void **state)
{
	struct arena *a = arena_new();
	char *p[2000];
	size_t i, k;

	(void)state;
	for (i = 0; i < 2000; i++) {
		p[i] = arena_alloc(a, i);
		assert_true((uintptr_t)p[i] % 16 == 0);
		for (k = 0; k < i; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)(i & 0xff), i);
	}
	for (i = 0; i < 2000; i++)
		for (k = 0; k < i; k++)
			assert_int_equal((unsigned char)p[i][k], i & 0xff);
	arena_free(a);
	arena_free(NULL);
}

static void
grows(void **state)
{
	struct arena *a = arena_new();
	int *v = NULL, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		v = arena_grow(a, v, (size_t)i, sizeof(*v));
		v[i] = i;
	}
	for (i = 0; i < 1000; i++)
		assert_int_equal(v[i], i);
	assert_null(arena_strdup(a, NULL));
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "x"), "7-x");
	arena_free(a);
}

static void
stops_at_its_maximum(void **state)
{
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 10);
	assert_string_equal(buf_str(&b), "");
	for (i = 0; i < 5; i++)
		buf_puts(&b, "abc");
	assert_true(b.overflow);
	assert_int_equal(b.len, 9);
	assert_string_equal(buf_str(&b), "abcabcabc");
	buf_puts(&b, "d"); /* would fit: but the text would have a hole */
	assert_int_equal(b.len, 9);
	buf_reset(&b);
	buf_printf(&b, "%d", 42);
	assert_string_equal(buf_str(&b), "42");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keeps_all),
	    cmocka_unit_test(grows),
	    cmocka_unit_test(stops_at_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
