/*
 * Leaves hashed in pairs are those hashed one by one, and those of OpenSSL's one call: every length
 * of either line, whatever stands beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "journal/leaves.h"

static void
test_pairs(void **state)
{
	static char text[8192];
	struct leaf_line two[3], one[3];
	uint8_t want[SHA256_BYTES];
	size_t n, i;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 167 + i / 7);
	for (n = 0; n < 700; n++) {
		two[0] = (struct leaf_line){.line = text + 1, .len = n};
		two[1] = (struct leaf_line){.line = text + 3001, .len = n * 13 % 701};
		two[2] = (struct leaf_line){.line = text + 6001, .len = 2 * n};
		text[0] = text[3000] = text[6000] = '\0';
		memcpy(one, two, sizeof(one));
		leaves_fill(two, 3, leaves_have_pairs());
		leaves_fill(one, 3, 0);
		for (i = 0; i < 3; i++) {
			assert_memory_equal(two[i].leaf, one[i].leaf, SHA256_BYTES);
			sha256("", 1, two[i].line, two[i].len, want);
			assert_memory_equal(two[i].leaf, want, SHA256_BYTES);
		}
	}
}

static void
test_hex(void **state)
{
	uint8_t leaf[SHA256_BYTES];
	char hex[SHA256_HEX];
	int pairs, i;

	(void)state;
	for (i = 0; i < SHA256_BYTES; i++)
		leaf[i] = (uint8_t)(i * 41 + 7);
	hex_encode(leaf, SHA256_BYTES, hex);
	for (pairs = 0; pairs <= leaves_have_pairs(); pairs++) {
		assert_true(leaf_is_hex(hex, leaf, pairs));
		for (i = 0; i < 64; i++) {
			hex[i] ^= 1;
			assert_false(leaf_is_hex(hex, leaf, pairs));
			hex[i] ^= 1;
		}
		hex[10] = 'A';
		assert_false(leaf_is_hex(hex, leaf, pairs));
		hex_encode(leaf, SHA256_BYTES, hex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pairs),
	    cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
