/*
 * Secrets out of texts. The canary must never be left, whatever it is wrapped in; what is no
 * secret must stand; and the time must stay linear for texts made to prevent that.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "redact.h"
#include "wait.h"

#define CANARY "c4n4ryS3cret"

static const char *const secrets[] = {
    "CREATE USER u PASSWORD 'c4n4ryS3cret'",
    "create role u login encrypted password 'c4n4ryS3cret' valid until '2030-01-01'",
    "ALTER ROLE u WITH PASSWORD E'c4n4ryS3cret\\'more c4n4ryS3cret'",
    "ALTER USER u PASSWORD'c4n4ryS3cret'",
    "ALTER USER u PASSWORD /* a ' comment */ -- and ' another\n 'it''s c4n4ryS3cret'",
    "ALTER USER u PASSWORD $$c4n4ryS3cret$$",
    "ALTER USER u PASSWORD $x$a $$ c4n4ryS3cret$x$ VALID UNTIL 'infinity'",
    "ALTER USER u PASSWORD U&'\\0063 c4n4ryS3cret'",
    "ALTER USER u PASSWORD 'c4n4ryS3cret",
    "ALTER USER u PASSWORD $x$c4n4ryS3cret",
    "ALTER USER u PASSWORD '' 'c4n4ryS3cret'",
    "ALTER USER u PASSWORD 'a'\n'c4n4ryS3cret'",
    "DO $$ BEGIN EXECUTE 'ALTER USER u PASSWORD ''c4n4ryS3cret x c4n4ryS3cret'''; END $$",
    "EXECUTE 'EXECUTE ''ALTER USER u PASSWORD ''''c4n4ryS3cret''''''';",
    "EXECUTE format('ALTER USER u PASSWORD %L', 'x'); ALTER USER v PASSWORD 'c4n4ryS3cret'",
    "CREATE USER u IDENTIFIED BY 'c4n4ryS3cret'",
    "CREATE USER u IDENTIFIED BY PASSWORD '*c4n4ryS3cret'",
    "GRANT ALL ON *.* TO u@h IDENTIFIED WITH mysql_native_password BY \"c4n4ryS3cret\"",
    "ALTER USER u IDENTIFIED VIA ed25519 USING PASSWORD('c4n4ryS3cret') OR unix_socket",
    "ALTER USER u IDENTIFIED WITH x AS 0xc4n4ryS3cret",
    "ALTER USER u IDENTIFIED BY 'new' REPLACE 'c4n4ryS3cret'",
    "CREATE USER u /*!50000 IDENTIFIED BY 'c4n4ryS3cret' */",
    "SET PASSWORD = 'c4n4ryS3cret'",
    "SET PASSWORD = PASSWORD('c4n4ryS3cret')",
    "SET PASSWORD FOR 'u'@'%' = 'c4n4ryS3cret'",
    "SET PASSWORD FOR u@'%' = OLD_PASSWORD('c4n4ryS3cret')",
    "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='c4n4ryS3cret', MASTER_PORT=3306",
    "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD = 'c4n4ryS3cret'",
    "START SLAVE USER='u' PASSWORD='c4n4ryS3cret'",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u', PASSWORD 'c4n4ryS3cret')",
    "INSERT INTO mysql.user (Host, User, x) VALUES ('%', 'u', 'c4n4ryS3cret')",
    "UPDATE `mysql`.`user` SET plugin = 'x', y = \"c4n4ryS3cret\" WHERE User = 'u'",
    "UPDATE mysql.global_priv SET Priv = 'c4n4ryS3cret'",
    "UPDATE pg_authid SET rolpassword = 'c4n4ryS3cret'",
    "UPDATE people SET password = crypt('c4n4ryS3cret', gen_salt('bf'))",
    "UPDATE people SET password = concat('a', 'c4n4ryS3cret')",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=c4n4ryS3cret' PUBLICATION p",
    "ALTER SUBSCRIPTION s CONNECTION 'host=h password = c4n4ryS3cret dbname=d'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=''c4n4 c4n4ryS3cret'' dbname=d'",
    "CREATE SUBSCRIPTION s CONNECTION 'password=a\\ c4n4ryS3cret'",
    "SELECT * FROM dblink('host=h password=c4n4ryS3cret','select 1') AS t(a int)",
    "SELECT dblink_connect('c', 'password=' || 'c4n4ryS3cret')",
    "CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password 'c4n4ryS3cret')",
    "ALTER USER MAPPING FOR u SERVER s OPTIONS (SET \"password\" 'x', SET password 'c4n4ryS3cret')",
    "ALTER SYSTEM SET primary_conninfo = 'user=r password=c4n4ryS3cret sslmode=prefer'",
    "SELECT set_config('my.password', 'x', true), password => 'c4n4ryS3cret'",
    "SET app.api_key TO 'c4n4ryS3cret'",
    "\\c postgresql://alice:c4n4ryS3cret@db.example/shop",
    "connect 'postgres://a:c4n4:ryc4n4ryS3cret@h:5432/d?sslmode=require'",
    "\\c \"host=h password=c4n4ryS3cret\"",
    "postgres://h/d?user=u&password=c4n4ryS3cret",
    "COPY t FROM PROGRAM 'PGPASSWORD=c4n4ryS3cret psql -c x'",
    "sh PGPASSWORD='a b c4n4ryS3cret' psql",
    "sh PGPASSWORD=ab'c d c4n4ryS3cret'ef psql",
    "sh MYSQL_PWD=c4n4ryS3cret mysql -e x",
    "sh mysql -uroot -pc4n4ryS3cret shop",
    "sh mysqldump --password=c4n4ryS3cret shop",
    "sh AWS_SECRET_ACCESS_KEY=c4n4ryS3cret aws s3 ls",
    "sh curl -H 'Authorization: Bearer c4n4ryS3cret' https://h",
    "note {\"user\": \"u\", \"password\": \"c4n4ryS3cret\"}",
    "note {\\\"password\\\": \\\"c4n4ryS3cret\\\"}",
    "note password: c4n4ryS3cret",
    "don't; ALTER USER u PASSWORD 'c4n4ryS3cret'",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nc4n4ryS3cret\n-----END OPENSSH PRIVATE KEY-----\nrest",
    "-----BEGIN RSA PRIVATE KEY-----\nc4n4ryS3cret",
};

static const char *const harmless[] = {
    "SELECT password, 'x' FROM people WHERE id = 7",
    "SELECT * FROM people WHERE password = other.password",
    "SELECT * FROM people WHERE password IS NOT NULL AND name = 'x'",
    "COMMENT ON COLUMN people.password IS 'never logged'",
    "ALTER ROLE u PASSWORD NULL",
    "SET password_encryption = 'scram-sha-256'",
    "RAISE NOTICE 'wrong password'; SELECT 'other'",
    "the row was identified; see 'orders'",
    "SELECT 'http://example.com/a:b' AS url",
    "SELECT 'ssh://git@example.com:22/x'",
    "SELECT '12:30'::time, x::text, a@b FROM t",
    "INSERT INTO user (a) VALUES ('b')",
    "SELECT user FROM mysql.user WHERE host = '%'",
    "mysql -u root -h h shop",
    "DROP TABLE orders CASCADE",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    "",
};

static void
test_no_secret_is_left(void **state)
{
	struct arena *a = arena_new();
	size_t i, len, n;
	char *out;

	(void)state;
	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		out = redact(a, secrets[i], strlen(secrets[i]), &len, &n);
		if (out == NULL || strstr(out, CANARY) != NULL || n == 0 || strlen(out) != len)
			fail_msg(
			    "left in: %s\n  -> %s", secrets[i], out == NULL ? "as it is" : out);
	}
	arena_free(a);
}

static void
test_what_is_no_secret_stands(void **state)
{
	struct arena *a = arena_new();
	size_t i, len, n;
	char *out;

	(void)state;
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		out = redact(a, harmless[i], strlen(harmless[i]), &len, &n);
		if (out != NULL || n != 0)
			fail_msg("changed: %s\n  -> %s", harmless[i], out);
	}
	arena_free(a);
}

static void
test_only_the_secret_goes(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"ALTER USER u PASSWORD 'x' VALID UNTIL '2030-01-01'; SELECT 'y'",
		"ALTER USER u PASSWORD <redacted> VALID UNTIL '2030-01-01'; SELECT 'y'"},
	    {"CREATE SUBSCRIPTION s CONNECTION 'host=h password=x dbname=d' PUBLICATION p",
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=<redacted> dbname=d' "
		"PUBLICATION p"},
	    {"\\c postgresql://alice:x@db.example/shop",
		"\\c postgresql://alice:<redacted>@db.example/shop"},
	    {"CHANGE MASTER TO MASTER_PASSWORD='x', MASTER_PORT=3306",
		"CHANGE MASTER TO MASTER_PASSWORD=<redacted>, MASTER_PORT=3306"},
	    {"CREATE USER a IDENTIFIED BY 'x', b IDENTIFIED BY 'y' REQUIRE SUBJECT 's'",
		"CREATE USER a IDENTIFIED BY <redacted>, b IDENTIFIED BY <redacted> REQUIRE "
		"SUBJECT 's'"},
	    {"SELECT * FROM dblink('password=x','select 1')",
		"SELECT * FROM dblink('password=<redacted>','select 1')"},
	};
	struct arena *a = arena_new();
	size_t i, len, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    redact(a, rows[i].in, strlen(rows[i].in), &len, &n), rows[i].out);
	arena_free(a);
}

/* 1 MB of each of these; a second is generous by orders of magnitude for linear, and far too
 * little for anything else. */
static void
test_time_is_linear(void **state)
{
	static const char *const pieces[] = {"password '' ", "password /* ", "password --\n",
	    "password $a$", "password '''' x ", "a://", "identified by 'a' ",
	    "password=", "password \"'` ", "password for ", "-----BEGIN PRIVATE KEY",
	    "insert mysql.user '", "password=f(", "password\\'", "/*password*/", "mysql -p'",
	    "password 'password '", "PASSWORD \"\"\"\" '' "};
	struct arena *a = arena_new();
	struct buf b;
	size_t i, len, n;
	int64_t from;

	(void)state;
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		buf_init(&b, 2 << 20);
		while (b.len < 1 << 20)
			buf_puts(&b, pieces[i]);
		from = now_ms();
		redact(a, buf_str(&b), b.len, &len, &n);
		if (now_ms() - from > 5000)
			fail_msg("%s took %lld ms", pieces[i], (long long)(now_ms() - from));
		buf_free(&b);
	}
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_secret_is_left),
	    cmocka_unit_test(test_what_is_no_secret_stands),
	    cmocka_unit_test(test_only_the_secret_goes),
	    cmocka_unit_test(test_time_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
