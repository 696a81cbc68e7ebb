/*
 * The operators file: what is taken, and that every way of being wrong refuses the whole file with
 * the line's number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "arena.h"
#include "operators.h"
#include "sshsig.h"

#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define KEY_B "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA"
#define NS "namespaces=\"approval@holdfast\" "

static int
parse(struct arena *a, const char *text, struct operators *o, struct err *e)
{
	return operators_parse(a, "ops", text, strlen(text), o, e);
}

static void
test_good(void **state)
{
	struct arena *a = arena_new();
	struct operators o;
	struct err e = {0};
	const char **who;

	(void)state;
	assert_int_equal(
	    parse(a,
		"# people\n\n"
		"alice namespaces=\"session@holdfast,approval@holdfast\" " KEY_A " alice@laptop\n"
		"  bob\tvalid-after=\"20260101Z\",valid-before=\"202701011200Z\","
		"namespaces=\"approval@holdfast\" " KEY_B,
		&o, &e),
	    0);
	assert_int_equal(o.nkeys, 2);
	assert_string_equal(o.keys[0].person, "alice");
	assert_string_equal(o.keys[0].type, "ssh-ed25519");
	assert_int_equal(o.keys[0].nnamespaces, 2);
	assert_int_equal(o.keys[0].valid_after, 0);
	assert_true(o.keys[0].valid_before == INT64_MAX);
	assert_int_equal(o.keys[1].line, 4);
	assert_int_equal(o.keys[1].valid_after, 1767225600);
	assert_int_equal(o.keys[1].valid_before, 1798804800);
	assert_int_equal(strncmp(o.keys[0].fingerprint, "SHA256:", 7), 0);
	assert_true(operators_has(&o, "bob"));
	assert_false(operators_has(&o, "bo"));
	assert_int_equal(operators_eligible(a, &o, NS_APPROVAL, &who), 2);
	assert_int_equal(operators_eligible(a, &o, NS_SESSION, &who), 1);
	assert_string_equal(who[0], "alice");
	assert_ptr_equal(operators_key(&o, o.keys[1].blob, o.keys[1].nblob), &o.keys[1]);
	assert_null(operators_key(&o, o.keys[1].blob, o.keys[1].nblob - 1));
	arena_free(a);
}

static void
test_persons_counted_once(void **state)
{
	struct arena *a = arena_new();
	struct operators o;
	struct err e = {0};
	const char **who;

	(void)state;
	assert_int_equal(parse(a, "bob " NS KEY_A "\nbob " NS KEY_B "\n", &o, &e), 0);
	assert_int_equal(operators_eligible(a, &o, NS_APPROVAL, &who), 1);
	arena_free(a);
}

static const struct {
	const char *text, *says;
} bad[] = {
    {"* " NS KEY_A, "person \"*\""},
    {"a,b " NS KEY_A, "person \"a,b\""},
    {"bob? " NS KEY_A, "person"},
    {"!bob " NS KEY_A, "person"},
    {"bob@x " NS KEY_A, "person"},
    {"\"bob\" " NS KEY_A, "person"},
    {"bob " KEY_A, "expected options"},
    {"bob valid-after=\"20260101Z\" " KEY_A, "no namespaces"},
    {"bob namespaces=\"\" " KEY_A, "namespace"},
    {"bob namespaces=\"*\" " KEY_A, "namespace"},
    {"bob namespaces=\"approval@*\" " KEY_A, "namespace"},
    {"bob namespaces=\"approval@holdfast,\" " KEY_A, "namespace"},
    {"bob namespaces=\"aproval@holdfast\" " KEY_A, "aproval"},
    {"bob namespaces=approval@holdfast " KEY_A, "expected options"},
    {"bob namespaces=\"approval@holdfast\" namespaces=\"x\" " KEY_A, "base64"},
    {"bob " NS "," KEY_A, "says something else"},
    {"bob namespaces=\"approval@holdfast\"" KEY_A, "text right after"},
    {"bob namespaces=\"approval@holdfast\",namespaces=\"x\" " KEY_A, "second"},
    {"bob namespaces=\"approval@holdfast " KEY_A, "quotes do not close"},
    {"bob cert-authority," NS KEY_A, "cert-authority"},
    {"bob cert-authority " KEY_A, "cert-authority"},
    {"bob no-touch-required=\"x\"," NS KEY_A, "option \"no-touch-required\""},
    {"bob Valid-After=\"20260101Z\"," NS KEY_A, "option \"Valid-After\""},
    {"bob valid-after=\"20260101\"," NS KEY_A, "followed by Z"},
    {"bob valid-before=\"202613010000Z\"," NS KEY_A, "followed by Z"},
    {"bob valid-before=\"20260231Z\"," NS KEY_A, "followed by Z"},
    {"bob valid-before=\"2026010100Z\"," NS KEY_A, "followed by Z"},
    {"bob valid-before=\"20260101ZZ\"," NS KEY_A, "followed by Z"},
    {"bob valid-after=\"20260102Z\",valid-before=\"20260101Z\"," NS KEY_A, "not after"},
    {"bob " NS KEY_A "\ncarol " NS KEY_A, "ops:2: the key of line 1 (bob) again"},
    {"bob " NS KEY_A "\nBob " NS KEY_B, "ops:2: person Bob"},
    {"bob " NS KEY_A "\r\n", "control character"},
    {"bob " NS "ssh-ed25519 AAAA", "ops:1:"},
    {"bob " NS "ssh-ed25519", "ops:1:"},
    {"bob", "ops:1:"},
    {"bob " NS "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
	"says something else"},
    {"bob " NS "ssh-dss AAAAB3NzaC1kc3MAAAAA", "not taken"},
    {"b\x1b[2J " NS KEY_A, "control character"},
    {"", "names nobody"},
    {"# only\n\n", "names nobody"},
};

static void
test_bad(void **state)
{
	struct operators o;
	struct arena *a;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = arena_new();
		err_clear(&e);
		if (parse(a, bad[i].text, &o, &e) != -1)
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(e.code, ERR_CONFIG);
		if (strstr(e.msg, bad[i].says) == NULL)
			fail_msg("%s\nsays: %s\nnot: %s", bad[i].text, e.msg, bad[i].says);
		arena_free(a);
	}
}

static void
test_nul_byte(void **state)
{
	static const char text[] = "bob " NS KEY_A "\0\ncarol " NS KEY_B;
	struct arena *a = arena_new();
	struct operators o;
	struct err e = {0};

	(void)state;
	assert_int_equal(operators_parse(a, "ops", text, sizeof(text) - 1, &o, &e), -1);
	assert_non_null(strstr(e.msg, "ops:1: a control character"));
	arena_free(a);
}

static int
load(struct arena *a, const char *file, struct err *e)
{
	struct operators o;

	err_clear(e);
	return operators_load(a, file, &o, e);
}

static void
test_file(void **state)
{
	struct arena *a = arena_new();
	char dir[] = "/tmp/operators.XXXXXX", *file, *other;
	struct err e;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = arena_printf(a, "%s/operators", dir);
	other = arena_printf(a, "%s/other", dir);
	f = fopen(file, "w");
	fprintf(f, "bob %s%s\n", NS, KEY_A);
	fclose(f);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(load(a, file, &e), 0);
	assert_int_equal(chmod(file, 0664), 0);
	assert_int_equal(load(a, file, &e), -1);
	assert_non_null(strstr(e.msg, "written by others"));
	assert_int_equal(chmod(file, 0646), 0);
	assert_int_equal(load(a, file, &e), -1);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(symlink(file, other), 0);
	assert_int_equal(load(a, other, &e), -1);
	assert_non_null(strstr(e.msg, "symbolic link"));
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0644), 0);
	assert_int_equal(load(a, other, &e), -1);
	assert_non_null(strstr(e.msg, "not a regular file"));
	assert_int_equal(load(a, dir, &e), -1);
	assert_int_equal(truncate(file, 1 << 21), 0);
	assert_int_equal(load(a, file, &e), -1);
	assert_non_null(strstr(e.msg, "1 MiB"));
	if (geteuid() == 0) {
		assert_int_equal(truncate(file, 0), 0);
		assert_int_equal(chown(file, 65534, 65534), 0);
		assert_int_equal(load(a, file, &e), -1);
		assert_non_null(strstr(e.msg, "neither root nor you"));
	}
	unlink(file);
	assert_int_equal(load(a, file, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	unlink(other);
	rmdir(dir);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_persons_counted_once),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_nul_byte),
	    cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests_name("operators", tests, NULL, NULL);
}
