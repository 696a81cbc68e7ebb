/*
 * What chat does to a pasted block, and what must still be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "approval.h"
#include "arena.h"
#include "buf.h"

static int
setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

static uint8_t *
payload(struct arena *a, size_t n)
{
	uint8_t *p = arena_alloc(a, n + 1);
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 7 + i / 256);
	return p;
}

static int
reads(struct arena *a, const char *text, size_t len, const uint8_t *p, size_t n)
{
	struct err e = {0};
	uint8_t *out;
	size_t nout;

	if (paste_dearmor(a, "REQUEST", text, len, &out, &nout, &e) == -1) {
		assert_int_equal(e.code, ERR_USAGE);
		return 0;
	}
	return nout == n && memcmp(out, p, n) == 0;
}

/* Every `from` as `to`. */
static char *
all(struct arena *a, const char *s, const char *from, const char *to)
{
	struct buf b;
	const char *at;
	char *out;

	buf_init(&b, 1 << 22);
	for (; (at = strstr(s, from)) != NULL; s = at + strlen(from)) {
		buf_add(&b, s, (size_t)(at - s));
		buf_puts(&b, to);
	}
	buf_puts(&b, s);
	out = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return out;
}

static void
test_chat(void **state)
{
	struct arena *a = *state;
	size_t n, k;
	uint8_t *p;
	char *armor, *v[12];

	for (n = 1; n < 200; n += 13) {
		p = payload(a, n);
		armor = paste_armor(a, "REQUEST", p, n);
		v[0] = armor;
		v[1] = all(a, armor, "\n", "\r\n");
		v[2] = arena_printf(a, "> %s", all(a, armor, "\n", "\n> "));
		v[3] = arena_printf(a, "    %s", all(a, armor, "\n", "\n    "));
		v[4] = arena_printf(a, "hi bob,\n```\n%s```\nthanks!\n", armor);
		v[5] = all(a, armor, " ", "\302\240");
		v[6] = all(a, armor, "-----", "\342\200\224\342\200\224-");
		v[7] = all(a, armor, "\n", " ");
		v[8] = all(a, armor, "\n", "\n\n");
		v[9] = all(a, armor, "-----",
		    "\342\200\223\342\200\223\342\200\223\342\200\223\342\200\223");
		v[10] = arena_printf(a, "\357\273\277%s", armor);
		v[11] = arena_printf(a, "> > %s", all(a, armor, "\n", "\t\n> >\t"));
		for (k = 0; k < 12; k++)
			if (!reads(a, v[k], strlen(v[k]), p, n))
				fail_msg("form %zu of %zu bytes not read:\n%s", k, n, v[k]);
	}
}

static void
test_lines_of_64(void **state)
{
	struct arena *a = *state;
	char *armor = paste_armor(a, "ANSWER", payload(a, 1000), 1000), *line, *nl;

	assert_int_equal(strncmp(armor, "-----BEGIN HOLDFAST ANSWER-----\n", 32), 0);
	for (line = armor; (nl = strchr(line, '\n')) != NULL; line = nl + 1)
		assert_true(nl - line <= 64);
	assert_non_null(strstr(armor, "\nsum:"));
}

static void
test_damage(void **state)
{
	struct arena *a = *state;
	uint8_t *p = payload(a, 150);
	char *armor = paste_armor(a, "REQUEST", p, 150), *other, *at, old;
	size_t i, n = strlen(armor);

	/* No changed character gives other bytes, and hardly any is not noticed. */
	for (i = 0; i < n; i++) {
		old = armor[i];
		armor[i] = old == 'Q' ? 'R' : 'Q';
		if (reads(a, armor, n, p, 150))
			assert_true(old == '-' || old == '\n' || old == ' ');
		armor[i] = old;
	}
	for (i = 0; i < n - 7; i++)
		assert_false(reads(a, armor, i, p, 150));
	other = arena_printf(a, "%s%s", armor, armor);
	assert_false(reads(a, other, strlen(other), p, 150));
	other = paste_armor(a, "ANSWER", p, 150);
	assert_false(reads(a, other, strlen(other), p, 150));
	other = all(a, armor, "sum:", "sum:sum:");
	assert_false(reads(a, other, strlen(other), p, 150));
	other = arena_strdup(a, armor);
	at = strstr(other, "sum:");
	memmove(at, at + 21, strlen(at + 21) + 1);
	assert_false(reads(a, other, strlen(other), p, 150));
	assert_false(reads(a, "", 0, p, 150));
	other = arena_alloc(a, 3 << 20);
	memset(other, '\n', 3 << 20);
	assert_false(reads(a, other, 3 << 20, p, 150));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_chat, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_lines_of_64, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
	};

	return cmocka_run_group_tests_name("paste", tests, NULL, NULL);
}
