/*
 * History: 0600, never through a link, nobody else's, no secrets, entries of several lines and of
 * any bytes come back as they were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <readline/history.h>

#include "arena.h"
#include "shell/history.h"
#include "shell/line.h"

static char dir[64];

static char *
path(const char *name)
{
	static char p[128];

	snprintf(p, sizeof(p), "%s/%s", dir, name);
	return p;
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/history.XXXXXX");
	clear_history();
	return mkdtemp(dir) == NULL;
}

static int
tear_down(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static char *
content(const char *file)
{
	static char buf[4096];
	FILE *f = fopen(file, "r");
	size_t n;

	if (f == NULL)
		return NULL;
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return buf;
}

static void
keep(const char *file, const char *s)
{
	history_keep(file, s, strlen(s));
}

static void
test_private_and_whole(void **state)
{
	static const char odd[] = "select 'a\0b\x1b\xff\xe2\x80\xae',\n\t1;";
	const char *why, *file = path("not/yet/there/h");
	struct arena *a = arena_new();
	struct stat st;
	size_t n;
	char *back;

	(void)state;
	umask(0);
	history_load(file, &why);
	keep(file, "select 1;\n");
	history_keep(file, odd, sizeof(odd) - 1);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	clear_history();
	assert_int_equal(history_load(file, &why), 0);
	assert_int_equal(history_length, 2);
	assert_string_equal(history_get(history_base)->line, "select 1;");
	back = line_unmask(a, history_get(history_base + 1)->line, &n);
	assert_int_equal(n, sizeof(odd) - 1);
	assert_memory_equal(back, odd, n);
	assert_null(strpbrk(content(file), "\x1b\xff"));
	arena_free(a);
}

static void
test_no_secrets(void **state)
{
	static const char *const secrets[] = {
	    "ALTER ROLE bob PASSWORD 'hunter2';",
	    "create user bob identified by 'hunter2';",
	    "connect postgresql://bob:hunter2@db1/shop",
	    "SELECT dblink_connect('host=x PGPASSWORD=hunter2');",
	    "INSERT INTO t VALUES ('SECRET:hunter2');",
	    "CREATE SUBSCRIPTION s CONNECTION 'host=x pass=hunter2' PUBLICATION p;",
	    "SELECT 'SCRAM-SHA-256$4096:hunter2';",
	};
	const char *why, *file = path("h");
	size_t i;

	(void)state;
	history_load(file, &why);
	keep(file, "SELECT count(*) FROM orders;");
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_true(history_is_secret(secrets[i], strlen(secrets[i])));
		keep(file, secrets[i]);
	}
	assert_string_equal(content(file), "SELECT count(*) FROM orders;\n");
	assert_false(history_is_secret("connect postgresql://db1/shop", 29));
}

static void
test_not_through_a_link(void **state)
{
	const char *why;
	char target[128], link[128];

	(void)state;
	snprintf(target, sizeof(target), "%s", path("target"));
	snprintf(link, sizeof(link), "%s", path("link"));
	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(history_load(link, &why), -1);
	assert_string_equal(why, "it is a symbolic link");
	keep(link, "select 1;");
	assert_int_equal(access(target, F_OK), -1);
}

static void
test_nobody_elses(void **state)
{
	const char *why, *file = path("h");
	FILE *f = fopen(file, "w");

	(void)state;
	fputs("select 1;\n", f);
	fclose(f);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 65534, 65534), 0);
		assert_int_equal(history_load(file, &why), -1);
		keep(file, "select 2;");
		assert_string_equal(content(file), "select 1;\n");
		assert_int_equal(chown(file, 0, 0), 0);
	}
	/* Our own, but readable by others: made private. */
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(history_load(file, &why), 0);
	keep(file, "select 2;");
	assert_string_equal(content(file), "select 1;\nselect 2;\n");
}

static void
test_bounded(void **state)
{
	const char *why, *file = path("h");
	FILE *f = fopen(file, "w");
	struct stat st;
	char *big;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++)
		fprintf(f, "select %d from a_table_with_some_name;\n", i);
	fclose(f);
	assert_int_equal(history_load(file, &why), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_in_range(st.st_size, 1, 1 << 20);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_in_range(history_length, 1, 5000);
	assert_string_equal(history_get(history_base + history_length - 1)->line,
	    "select 99999 from a_table_with_some_name;");
	big = malloc(1 << 20);
	memset(big, 'x', 1 << 20);
	history_keep(file, big, 1 << 20);
	free(big);
	assert_int_equal(stat(file, &st), 0);
	assert_in_range(st.st_size, 1, 1 << 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_private_and_whole, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_no_secrets, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_not_through_a_link, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nobody_elses, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
