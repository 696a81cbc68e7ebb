/*
 * Every node type of the installed parser has a row that says how it is handled, the tables are in
 * order, and no row hides a statement among the parts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "engines/pg_walk.h"
#include "engines/pg_lex.h"

#define PROTO "/usr/include/pg_query/pg_query.proto"

/* Calls each(name) for every value of an enum, or every member of the message Node. */
static int
each_name(const char *block, const char *before, const char *after, int (*each)(const char *))
{
	char line[512], *p, *end;
	FILE *f = fopen(PROTO, "r");
	int inside = 0, n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, block, strlen(block)) == 0)
			inside = 1;
		else if (*line == '}')
			inside = 0;
		if (!inside || (p = strstr(line, before)) == NULL)
			continue;
		p += strlen(before);
		if ((end = strstr(p, after)) == NULL)
			continue;
		*end = '\0';
		p += strspn(p, " \t");
		if (strchr(p, ' ') == NULL && strchr(p, '_') != p)
			n += each(p);
	}
	fclose(f);
	return n;
}

static int handled;

static int
check_node(const char *name)
{
	const struct node_row *r = pg_node_find(name, strlen(name));
	size_t n = strlen(name);

	if (r == NULL) {
		print_message("# no row for %s\n", name);
		return 1;
	}
	handled++;
	if (n > 4 && strcmp(name + n - 4, "Stmt") == 0 && r->role == NODE_PART &&
	    strcmp(name, "RawStmt") != 0 && strcmp(name, "ReturnStmt") != 0 &&
	    strcmp(name, "ReplicaIdentityStmt") != 0) {
		print_message("# %s is a statement and has no rule\n", name);
		handled--;
	}
	return 1;
}

static void
test_nodes(void **state)
{
	int n;

	(void)state;
	handled = 0;
	n = each_name("message Node ", "json_name=\"", "\"", check_node);
	print_message("# node types handled: %d of %d\n", handled, n);
	assert_true(n > 200);
	assert_int_equal(handled, n);
	assert_int_equal(pg_nnodes, (size_t)n);
}

/* Sub-commands the grammar makes; the others are made by the server itself. */
static int
check_alter(const char *name)
{
	static const char *const inner[] = {"Recurse", "AT_AddColumnToView",
	    "AT_CookedColumnDefault", "AT_CheckNotNull", "AT_AddIndex", "AT_ReAdd",
	    "AT_ReplaceRelOptions", NULL};
	size_t i;

	if (strncmp(name, "AT_", 3) != 0)
		return 0;
	for (i = 0; inner[i] != NULL; i++)
		if (strstr(name, inner[i]) != NULL)
			return 0;
	for (i = 0; i < pg_nalters; i++)
		if (strcmp(pg_alters[i].subtype, name) == 0)
			return 1;
	fail_msg("no row for %s", name);
	return 0;
}

static int
check_type(const char *name)
{
	const struct type_row *t;

	if (strncmp(name, "OBJECT_", 7) != 0 || strstr(name, "UNDEFINED") != NULL ||
	    strncmp(name, "OBJECT_AMOP", 11) == 0 || strncmp(name, "OBJECT_AMPROC", 13) == 0 ||
	    strncmp(name, "OBJECT_PUBLICATION_", 19) == 0)
		return 0;
	for (t = pg_types; t->object != NULL; t++)
		if (strcmp(t->object, name) == 0)
			return 1;
	fail_msg("no row for %s", name);
	return 0;
}

static void
test_enums(void **state)
{
	(void)state;
	assert_int_equal(
	    each_name("enum AlterTableType", "  ", " =", check_alter), (int)pg_nalters);
	assert_true(each_name("enum ObjectType", "  ", " =", check_type) > 40);
}

static void
test_order(void **state)
{
	size_t i;

	(void)state;
	for (i = 1; i < pg_nnodes; i++)
		assert_true(strcmp(pg_nodes[i - 1].node, pg_nodes[i].node) < 0);
	for (i = 1; i < pg_neffects; i++)
		assert_true(strcmp(pg_effects[i - 1].name, pg_effects[i].name) < 0);
	for (i = 1; i < pg_nharmless; i++)
		assert_true(strcmp(pg_harmless[i - 1], pg_harmless[i]) < 0);
	for (i = 1; i < pg_nsettings; i++)
		assert_true(strcmp(pg_settings[i - 1].name, pg_settings[i].name) < 0);
}

/* No function stands in both lists. */
static void
test_lists_are_apart(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < pg_neffects; i++)
		for (k = 0; k < pg_nharmless; k++)
			assert_string_not_equal(pg_effects[i].name, pg_harmless[k]);
}

static void
test_first_keywords(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; pg_first_keywords[i] != NULL; i++) {
		for (k = 0; pg_all_keywords[k] != NULL; k++)
			if (strcmp(pg_all_keywords[k], pg_first_keywords[i]) == 0)
				break;
		assert_non_null(pg_all_keywords[k]);
	}
	assert_true(i > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_enums),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_lists_are_apart),
	    cmocka_unit_test(test_first_keywords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
