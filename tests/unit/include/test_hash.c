/*
 * Digests and encodings: known answers, and what a strict decoder must refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "arena.h"
#include "hash.h"

static void
sha(void **state)
{
	char hex[SHA256_HEX];
	uint8_t one[SHA256_BYTES], two[SHA256_BYTES];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(
	    hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_string_equal(
	    hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256("a", 1, "bc", 2, one);
	sha256(NULL, 0, "abc", 3, two);
	assert_memory_equal(one, two, SHA256_BYTES);
}

static void
hex(void **state)
{
	uint8_t b[2];
	char s[5];

	(void)state;
	assert_int_equal(hex_decode("00ff", b, 2), 0);
	hex_encode(b, 2, s);
	assert_string_equal(s, "00ff");
	assert_int_equal(hex_decode("00FF", b, 2), -1);
	assert_int_equal(hex_decode("00f", b, 2), -1);
	assert_int_equal(hex_decode("00ff0", b, 2), -1);
	assert_int_equal(hex_decode("0x00", b, 2), -1);
	assert_int_equal(hex_decode("", b, 2), -1);
}

static void
base64(void **state)
{
	static const char *const bad[] = {"", "Zg",
	    "Zg=", "Zh==", "Zg===", "Zm9=", "Z m8=", "Zg==\n", "====", "Zg==Zg==", "Zm9v\n",
	    "!!!!"};
	struct arena *a = arena_new();
	uint8_t *p;
	size_t i, n;

	(void)state;
	assert_string_equal(base64_encode(a, "f", 1), "Zg==");
	assert_string_equal(base64_encode(a, "fo", 2), "Zm8=");
	assert_string_equal(base64_encode(a, "foo", 3), "Zm9v");
	p = base64_decode(a, "Zm8=", 4, &n);
	assert_non_null(p);
	assert_int_equal(n, 2);
	assert_memory_equal(p, "fo", 2);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(base64_decode(a, bad[i], strlen(bad[i]), &n));
	arena_free(a);
}

static void
ids(void **state)
{
	char x[ID_CHARS + 1], y[ID_CHARS + 1];
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		id_new(x);
		id_new(y);
		assert_true(id_is_valid(x));
		assert_string_not_equal(x, y);
	}
	assert_false(id_is_valid(""));
	assert_false(id_is_valid("../../../../etc/passwd/aaaa"));
	assert_false(id_is_valid("AAAAAAAAAAAAAAAAAAAAAAAAAA"));
	assert_false(id_is_valid("aaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha),
	    cmocka_unit_test(hex),
	    cmocka_unit_test(base64),
	    cmocka_unit_test(ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
