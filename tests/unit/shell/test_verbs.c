/*
 * No verb is the first keyword of a statement, of PostgreSQL or of MySQL/MariaDB: a line whose
 * first word is a verb is a command, so such a verb would take a statement away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <cmocka.h>

#include "command.h"

/* First keywords of the statements of MySQL 8 and MariaDB 11, from their manuals' contents. */
static const char *const mysql[] = {"alter", "analyze", "backup", "begin", "binlog", "cache",
    "call", "change", "check", "checksum", "clone", "close", "commit", "create", "deallocate",
    "declare", "delete", "desc", "describe", "do", "drop", "execute", "explain", "fetch", "flush",
    "for", "get", "grant", "handler", "help", "if", "import", "insert", "install", "iterate",
    "kill", "leave", "load", "lock", "loop", "open", "optimize", "prepare", "purge", "release",
    "rename", "repair", "repeat", "replace", "reset", "resignal", "restart", "return", "revoke",
    "rollback", "savepoint", "select", "set", "show", "shutdown", "signal", "slave", "start",
    "stop", "table", "truncate", "uninstall", "unlock", "update", "use", "values", "while", "with",
    "xa", NULL};

/* What PostgreSQL 15 has for certain: the list itself is not trusted to be whole. */
static const char *const postgresql[] = {"abort", "alter", "analyze", "begin", "call", "checkpoint",
    "close", "cluster", "comment", "commit", "copy", "create", "deallocate", "declare", "delete",
    "discard", "do", "drop", "end", "execute", "explain", "fetch", "grant", "import", "insert",
    "listen", "load", "lock", "merge", "move", "notify", "prepare", "reassign", "refresh",
    "reindex", "release", "reset", "revoke", "rollback", "savepoint", "security", "select", "set",
    "show", "start", "table", "truncate", "unlisten", "update", "vacuum", "values", "with", NULL};

static int
has(const char *const *list, const char *word)
{
	size_t i;

	for (i = 0; list[i] != NULL; i++)
		if (strcasecmp(list[i], word) == 0)
			return 1;
	return 0;
}

static void
test_no_verb_is_a_first_keyword(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; commands[i] != NULL; i++) {
		if (has(engine_postgresql.keywords, commands[i]->name) ||
		    has(engine_mysql.keywords, commands[i]->name) ||
		    has(engine_mariadb.keywords, commands[i]->name) ||
		    has(mysql, commands[i]->name))
			fail_msg("the verb %s begins a statement", commands[i]->name);
		if (commands[i]->alias != NULL && commands[i]->alias[0] != '\\')
			assert_false(has(engine_postgresql.keywords, commands[i]->alias) ||
				     has(engine_mysql.keywords, commands[i]->alias) ||
				     has(mysql, commands[i]->alias));
	}
	assert_true(i > 10);
}

/* The engine's list says what the manual says: else the test above would prove nothing. */
static void
test_the_list_is_whole(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; postgresql[i] != NULL; i++)
		if (!has(engine_postgresql.keywords, postgresql[i]))
			fail_msg("%s is missing", postgresql[i]);
	for (i = 0; mysql[i] != NULL; i++)
		if (!has(engine_mysql.keywords, mysql[i]) ||
		    !has(engine_mariadb.keywords, mysql[i]))
			fail_msg("%s is missing", mysql[i]);
}

/* Verbs differ, in whatever case, and each says what it is for in one line. */
static void
test_rows(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; commands[i] != NULL; i++) {
		assert_non_null(commands[i]->help);
		assert_non_null(commands[i]->args);
		assert_non_null(commands[i]->exec);
		assert_in_range(strlen(commands[i]->help), 10, 90);
		assert_true(commands[i]->help[strlen(commands[i]->help) - 1] != '.');
		assert_true(commands[i]->max == -1 || commands[i]->max >= commands[i]->min);
		assert_true(commands[i]->needs & (IN_SHELL | AT_CLI));
		assert_ptr_equal(command_find(commands[i]->name), commands[i]);
		for (j = 0; j < i; j++)
			assert_int_not_equal(strcasecmp(commands[i]->name, commands[j]->name), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_verb_is_a_first_keyword),
	    cmocka_unit_test(test_the_list_is_whole),
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
