/* How a session's texts are read, by its sql_mode and character set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engines/my_lex.h"

static unsigned
mode_of(const char *sql_mode, const char *charset)
{
	struct setting settings[2];
	struct session s = {.settings = settings, .version = 101119};
	struct lexical lx;

	if (charset != NULL)
		settings[s.nsettings++] = (struct setting){"character_set_client", charset};
	if (sql_mode != NULL)
		settings[s.nsettings++] = (struct setting){"sql_mode", sql_mode};
	my_lexical(&s, &lx);
	assert_int_equal(lx.version, 101119);
	return lx.mode;
}

static void
modes(void **state)
{
	(void)state;
	assert_int_equal(mode_of("STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "utf8mb4"), 0);
	assert_int_equal(mode_of("", "utf8mb4"), 0);
	assert_int_equal(mode_of("ANSI_QUOTES", "utf8mb4"), LEXICAL_ANSI_QUOTES);
	assert_int_equal(
	    mode_of("STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES", "latin1"), LEXICAL_NO_BACKSLASH);
	assert_int_equal(
	    mode_of("REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI", "utf8mb3"),
	    LEXICAL_PIPES_CONCAT | LEXICAL_ANSI_QUOTES | LEXICAL_IGNORE_SPACE);
	assert_true(mode_of("PIPES_AS_CONCAT,ORACLE", "utf8mb4") & LEXICAL_UNKNOWN);
}

static void
what_is_not_known_is_the_worst(void **state)
{
	(void)state;
	assert_int_equal(mode_of("", "gbk"), LEXICAL_UNSAFE_CHARSET);
	assert_int_equal(mode_of("", "sjis"), LEXICAL_UNSAFE_CHARSET);
	assert_int_equal(mode_of("", NULL), LEXICAL_UNSAFE_CHARSET);
	assert_int_equal(mode_of(NULL, "utf8mb4"), LEXICAL_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(modes),
	    cmocka_unit_test(what_is_not_known_is_the_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
