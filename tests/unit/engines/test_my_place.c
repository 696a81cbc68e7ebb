/*
 * Addresses and log positions of MariaDB and MySQL: what is taken, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "engines/my_driver.h"

static void
test_taken(void **state)
{
	struct my_place p;

	(void)state;
	assert_int_equal(my_place_parse("mariadb://db1", &p, NULL), 0);
	assert_string_equal(p.host, "db1");
	assert_int_equal(p.port, 3306);
	assert_int_equal(my_place_parse("mysql://u%40x@[::1]:3307/sh%6Fp?ssl-ca=/a", &p, NULL), 0);
	assert_string_equal(p.user, "u@x");
	assert_string_equal(p.host, "::1");
	assert_int_equal(p.port, 3307);
	assert_string_equal(p.database, "shop");
	assert_string_equal(p.ssl_ca, "/a");
	assert_true(p.wants_tls);
	assert_int_equal(my_place_parse("mariadb:///?socket=/run/my.sock", &p, NULL), 0);
	assert_string_equal(p.socket, "/run/my.sock");
}

/* An option file's words: groups of clients only, the last one counts, nothing of a long line. */
static void
test_files(void **state)
{
	static const struct {
		const char *text, *host, *socket;
		int port;
	} rows[] = {
	    {"[client]\nhost=db1\nport=3307\n", "db1", "", 3307},
	    {"[client]\n host = \"db1\" \n[holdfast]\nhost='db2'\n", "db2", "", 0},
	    {"[mysqld]\nhost=db1\nport=1\n", "", "", 0},
	    {"host=db1\n", "", "", 0},
	    {"[client]\n#host=db1\n;port=1\n!includedir /x\nport=x\nport=70000\n", "", "", 0},
	    {"[client]\nsocket=/run/s\n", "", "/run/s", 0},
	    {"[client]\nsocket=run/s\npassword=host=db1\n", "", "", 0},
	    {"[client]\r\nhost=db1\r\n", "db1", "", 0},
	    {"[client", "", "", 0},
	};
	struct my_place p;
	char text[4096];
	size_t i;
	FILE *f;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&p, 0, sizeof(p));
		snprintf(text, sizeof(text), "%s", rows[i].text);
		f = fmemopen(text, strlen(text), "r");
		my_place_read(f, &p);
		fclose(f);
		assert_string_equal(p.host, rows[i].host);
		assert_string_equal(p.socket, rows[i].socket);
		assert_int_equal(p.port, rows[i].port);
	}
	/* The rest of a line that is too long is no line of its own. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "[client]\nuser=", 14);
	memcpy(text + 1032, "host=db1\n", 9);
	memset(&p, 0, sizeof(p));
	f = fmemopen(text, 2000, "r");
	my_place_read(f, &p);
	fclose(f);
	assert_string_equal(p.host, "");
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {"mysql://u:secret@db1", "mysql://db1:0", "mysql://db1:x",
	    "mysql://db1:70000", "mysql://", "mysql://db1?evil=1", "mysql://db%00", "mysql://[::1"};
	struct my_place p;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&e, 0, sizeof(e));
		assert_int_equal(my_place_parse(bad[i], &p, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		assert_null(strstr(e.msg, "secret"));
	}
}

static void
test_neighbour(void **state)
{
	char *at = my_place_at("mariadb://u@db1:3306/shop?ssl-mode=REQUIRED", "db2", 3310);

	(void)state;
	assert_string_equal(at, "mariadb://u@db2:3310/shop?ssl-mode=REQUIRED");
	free(at);
	/* A socket belongs to the machine it was reached on. */
	at = my_place_at("mysql:///?socket=/s", "::1", 3306);
	assert_string_equal(at, "mysql://[::1]:3306");
	free(at);
}

/* Without a host: what the environment says, as the ecosystem's clients take it. */
static void
test_environment(void **state)
{
	struct my_place p;

	(void)state;
	assert_int_equal(setenv("MYSQL_HOST", "db7", 1), 0);
	assert_int_equal(my_place_parse("mariadb:///shop", &p, NULL), 0);
	assert_string_equal(p.host, "db7");
	assert_int_equal(p.port, 3306);
	assert_int_equal(setenv("MYSQL_TCP_PORT", "3310", 1), 0);
	assert_int_equal(my_place_parse("mariadb://", &p, NULL), 0);
	assert_int_equal(p.port, 3310);
	/* A host that is said comes with its own port. */
	assert_int_equal(my_place_parse("mariadb://db8", &p, NULL), 0);
	assert_string_equal(p.host, "db8");
	assert_int_equal(p.port, 3306);
	assert_int_equal(setenv("MYSQL_TCP_PORT", "70000", 1), 0);
	assert_int_equal(my_place_parse("mariadb://", &p, NULL), -1);
	unsetenv("MYSQL_HOST");
	assert_int_equal(setenv("MYSQL_UNIX_PORT", "/run/my.sock", 1), 0);
	assert_int_equal(my_place_parse("mariadb:///shop", &p, NULL), 0);
	assert_string_equal(p.socket, "/run/my.sock");
	assert_int_equal(setenv("MYSQL_UNIX_PORT", "relative", 1), 0);
	assert_int_equal(my_place_parse("mariadb:///shop", &p, NULL), -1);
	unsetenv("MYSQL_UNIX_PORT");
	unsetenv("MYSQL_TCP_PORT");
	assert_int_equal(my_place_parse("mariadb:///shop", &p, NULL), -1);
}

static void
test_position(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(my_log_position(a, "my1-bin.000007", "752"), "7/2F0");
	assert_string_equal(my_log_position(a, "a.b.000010", "4"), "A/4");
	assert_string_equal(my_log_position(a, "my1-bin", "4"), "");
	assert_string_equal(my_log_position(a, "my1-bin.x", "4"), "");
	assert_string_equal(my_log_position(a, "my1-bin.1", "-4"), "");
	assert_string_equal(my_log_position(a, NULL, NULL), "");
	arena_free(a);
}

static void
test_quotes(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_string_equal(my_quote_literal(a, "shop"), "'shop'");
	/* Neither a backslash nor a quote is left to a sql_mode, nor a byte to a character set. */
	assert_string_equal(my_quote_literal(a, "a'"), "CONVERT(0x6127 USING utf8mb4)");
	assert_string_equal(my_quote_literal(a, "\\"), "CONVERT(0x5C USING utf8mb4)");
	assert_string_equal(my_quote_literal(a, "\xbf'"), "CONVERT(0xBF27 USING utf8mb4)");
	assert_string_equal(my_quote_name(a, "a`b"), "`a``b`");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_neighbour),
	    cmocka_unit_test(test_environment),
	    cmocka_unit_test(test_position),
	    cmocka_unit_test(test_quotes),
	};

	setenv("HOME", "/nonexistent", 1); /* whose option files are not meant here */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
