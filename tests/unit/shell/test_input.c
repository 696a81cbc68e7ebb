/*
 * Bytes of the terminal: wherever the reads happen to cut them, a paste comes out whole, none of it
 * becomes a key, and Ctrl-C inside it is a byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "shell/line.h"
#include "shell/repl_inside.h"

static const char stream[] = "ab\xc3\xa4\033[A\033[200~drop\003;\r\n\xff\033[20x\033[201~c\r";

static void
assert_keys(struct repl *r, const char *want)
{
	assert_int_equal(r->keys.len, strlen(want));
	assert_memory_equal(r->keys.data, want, r->keys.len);
}

/* Cut into pieces of every size. */
static void
test_cuts(void **state)
{
	struct repl r;
	size_t size, i, n = sizeof(stream) - 1, pastes;

	(void)state;
	for (size = 1; size <= n; size++) {
		memset(&r, 0, sizeof(r));
		r.interrupt_key = 3;
		input_init(&r);
		for (i = pastes = 0; i < n; i += size) {
			input_feed(&r, stream + i, size < n - i ? size : n - i);
			if (!r.has_paste)
				continue;
			pastes++;
			assert_int_equal(r.paste.len, 14);
			assert_memory_equal(r.paste.data, "drop\003;\r\n\xff\033[20x", 14);
			assert_keys(&r, "ab\xc3\xa4\033[A");
			input_resume(&r);
		}
		assert_int_equal(pastes, 1);
		assert_int_equal(r.is_interrupted, 0);
		assert_keys(&r, "ab\xc3\xa4\033[Ac\r");
		input_free(&r);
	}
}

static void
test_odd_keys_are_masked(void **state)
{
	struct arena *a = arena_new();
	struct repl r = {0};
	size_t n;
	char *back;

	(void)state;
	input_init(&r);
	input_feed(&r, "a\xff\xc2\x9b\xe2\x80\xae", 7);
	assert_null(memchr(r.keys.data, '\xff', r.keys.len));
	assert_null(memmem(r.keys.data, r.keys.len, "\xc2\x9b", 2));
	back = line_unmask(a, r.keys.data, &n);
	assert_int_equal(n, 7);
	assert_memory_equal(back, "a\xff\xc2\x9b\xe2\x80\xae", 7);
	input_free(&r);
	arena_free(a);
}

/* A lone ESC is a key, once it is clear that nothing follows. */
static void
test_lone_escape(void **state)
{
	struct repl r = {0};

	(void)state;
	input_init(&r);
	input_feed(&r, "\033", 1);
	assert_false(input_has_keys(&r));
	assert_true(input_deadline(&r) < now_ms() + 1000);
	usleep(150000);
	input_settle(&r);
	assert_true(input_has_keys(&r));
	assert_true(input_deadline(&r) == INT64_MAX);
	input_free(&r);
}

static void
test_interrupt_takes_back(void **state)
{
	struct repl r = {.interrupt_key = 3};

	(void)state;
	input_init(&r);
	input_feed(&r, "drop;\003x", 7);
	assert_true(r.is_interrupted);
	assert_keys(&r, "x");
	input_free(&r);
}

static void
test_paste_is_bounded(void **state)
{
	static char chunk[1 << 16];
	struct repl r = {0};
	int i;

	(void)state;
	input_init(&r);
	memset(chunk, 'x', sizeof(chunk));
	input_feed(&r, "\033[200~", 6);
	for (i = 0; i < 400; i++)
		input_feed(&r, chunk, sizeof(chunk));
	input_feed(&r, "\033[201~", 6);
	assert_true(r.has_paste);
	assert_true(r.paste.overflow);
	assert_true(r.paste.size <= 2 * LINE_INPUT_MAX);
	input_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cuts),
	    cmocka_unit_test(test_odd_keys_are_masked),
	    cmocka_unit_test(test_lone_escape),
	    cmocka_unit_test(test_interrupt_takes_back),
	    cmocka_unit_test(test_paste_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
