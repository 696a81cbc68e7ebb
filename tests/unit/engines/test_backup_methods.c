/* Backup methods: every name the configuration knows has its row, and files are told by what they
 * are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"

static void
test_every_name_has_its_row(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; backup_method_names[i] != NULL; i++)
		assert_non_null(backup_method(backup_method_names[i]));
	for (i = 0; backup_methods[i].name != NULL; i++)
		assert_non_null(backup_methods[i].items);
	assert_null(backup_method("tar"));
}

static const char *
kind_of(struct arena *a, const char *text)
{
	char path[] = "/tmp/hf-method.XXXXXX";
	int fd = mkstemp(path);
	const struct backup_method *m;

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	m = backup_by_content(a, path);
	unlink(path);
	return m == NULL ? "" : m->name;
}

static void
test_content(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(kind_of(a, "PGDMP\1"), "pg_dump");
	assert_string_equal(kind_of(a, "--\n-- PostgreSQL database dump\n"), "pg_dump");
	assert_string_equal(
	    kind_of(a, "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump"),
	    "mariadb-dump");
	assert_string_equal(kind_of(a, "-- MySQL dump 10.13"), "mariadb-dump");
	assert_string_equal(kind_of(a, "PGDM"), "");
	assert_string_equal(kind_of(a, ""), "");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name_has_its_row),
	    cmocka_unit_test(test_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
