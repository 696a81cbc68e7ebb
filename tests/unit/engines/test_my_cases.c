/*
 * The cases of tests/classify/my.test (for both engines) and sh.test, judged in this process; and
 * properties every verdict has: it never falls when a statement is appended, comments, white space
 * and case do not change it, and size and depth are no danger.
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
#include "engine.h"
#include "wait.h"

#define LINE_MAX_BYTES 4096

static FILE *
cases(const char *name)
{
	const char *top = getenv("HOLDFAST_TOP");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/classify/%s", top != NULL ? top : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

/* In place; returns the length. */
static size_t
decode(char *s)
{
	static const char from[] = "nrtfv\\", to[] = "\n\r\t\f\v\\";
	const char *k, *p = s;
	char *out = s, digits[3] = "";

	while (*p != '\0') {
		if (*p != '\\' || p[1] == '\0')
			*out++ = *p++;
		else if (p[1] == 'x' && strlen(p) >= 4) {
			memcpy(digits, p + 2, 2);
			*out++ = (char)strtoul(digits, NULL, 16);
			p += 4;
		} else if ((k = strchr(from, p[1])) != NULL) {
			*out++ = to[k - from];
			p += 2;
		} else
			*out++ = *p++;
	}
	*out = '\0';
	return (size_t)(out - s);
}

/* The next case; 0 at the end. */
static int
next_case(FILE *f, char *line, size_t *len, enum danger *d, char **kinds)
{
	char *class, *p;

	while (fgets(line, LINE_MAX_BYTES, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "# ", 2) == 0 || *line == '\0')
			continue;
		class = *kinds = NULL;
		for (p = line; (p = strstr(p, " |")) != NULL; p += 2) {
			class = *kinds;
			*kinds = p;
		}
		assert_non_null(class);
		**kinds = *class = '\0';
		*kinds += (*kinds)[2] == ' ' ? 3 : 2;
		assert_true(danger_parse(class + 3) >= 0);
		*d = (enum danger)danger_parse(class + 3);
		*len = decode(line);
		return 1;
	}
	return 0;
}

static void
judge(const struct engine *g, unsigned mode, struct arena *a, const char *text, size_t len,
    struct script *s)
{
	struct lexical lx = {.mode = mode};
	struct err e;

	assert_int_equal(classify_here(g, text, len, &lx, a, s, &e), 0);
}

static void
run_cases(const char *file, const struct engine *g, int least)
{
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases(file);
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len, i;
	const char *got;
	int n = 0, bad = 0;

	while (next_case(f, line, &len, &d, &kinds)) {
		a = arena_new();
		judge(g, 0, a, line, len, &s);
		for (got = "", i = 0; i < s.nstatements; i++)
			got = arena_printf(a, "%s%s%s", got, i > 0 ? ";" : "",
			    statement_kinds(a, &s.statements[i]));
		n++;
		if (s.danger != d || (strcmp(got, kinds) != 0 &&
					 !(s.nstatements == 0 && strcmp(kinds, "empty") == 0))) {
			bad++;
			print_message("# %s %s: expected %s (%s), is %s (%s)\n", g->name, line,
			    danger_name(d), kinds, danger_name(s.danger), got);
		}
		arena_free(a);
	}
	fclose(f);
	print_message("# %s: %d of %d cases as expected\n", g->name, n - bad, n);
	assert_true(n >= least);
	assert_int_equal(bad, 0);
}

static void
test_cases(void **state)
{
	(void)state;
	run_cases("my.test", &engine_mysql, 400);
	run_cases("my.test", &engine_mariadb, 400);
	run_cases("sh.test", &engine_sh, 150);
}

/* The case between two texts must not fall below what it is alone. */
static void
between(
    const char *file, const struct engine *g, const char *front, const char *behind, int is_same)
{
	char line[LINE_MAX_BYTES], *kinds, *text;
	FILE *f = cases(file);
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len, n = strlen(front), m = strlen(behind);

	while (next_case(f, line, &len, &d, &kinds)) {
		/* What only counts at the start of the text. */
		if (*line == '\\' || strncasecmp(line, "delimiter", 9) == 0)
			continue;
		/* What stands behind ends the comment. */
		if (strstr(line, "never ends") != NULL && strstr(behind, "*/") != NULL)
			continue;
		a = arena_new();
		text = arena_alloc(a, n + len + m + 1);
		memcpy(text, front, n);
		memcpy(text + n, line, len);
		memcpy(text + n + len, behind, m);
		judge(g, 0, a, text, n + len + m, &s);
		if (s.danger < d || (is_same && s.danger != d))
			fail_msg("%s%s%s: is %s, not %s", front, line, behind,
			    danger_name(s.danger), danger_name(d));
		arena_free(a);
	}
	fclose(f);
}

static void
test_never_falls(void **state)
{
	static const char *const tails[] = {"\n;SELECT 1", "\n;DROP TABLE zz", "\n;COMMIT;",
	    "\n;SELEC 1", "\n/* x */", "\n-- x", "\n# x", " /*!99999 x */"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		between("my.test", &engine_mysql, "", tails[i], 0);
	between("sh.test", &engine_sh, "", "\nls", 0);
	between("sh.test", &engine_sh, "ls; ", "", 0);
	between("sh.test", &engine_sh, "sudo true && ", "", 0);
	between(
	    "my.test", &engine_mariadb, "SET STATEMENT lock_wait_timeout=5 FOR SELECT 1;", "", 0);
}

static void
test_blanks_do_not_matter(void **state)
{
	(void)state;
	between("my.test", &engine_mysql, "/* a ' */ -- \"\n # `\n \t\f\v\r\n", "", 1);
	between("my.test", &engine_mariadb, "-- x\n", "\n", 1);
}

static void
test_case_does_not_matter(void **state)
{
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases("my.test");
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len, i;

	(void)state;
	while (next_case(f, line, &len, &d, &kinds)) {
		if (strpbrk(line, "'\"$\\") != NULL)
			continue;
		for (i = 0; i < len; i++)
			if (line[i] >= 'a' && line[i] <= 'z')
				line[i] = (char)(line[i] - 'a' + 'A');
		a = arena_new();
		judge(&engine_mysql, 0, a, line, len, &s);
		if (s.danger != d)
			fail_msg("%s: is %s in upper case", line, danger_name(s.danger));
		arena_free(a);
	}
	fclose(f);
}

static void
test_modes(void **state)
{
	static const struct {
		const char *text;
		unsigned mode;
		enum danger danger;
	} rows[] = {
	    {"DELETE FROM t WHERE \"id\" = 5", 0, DANGER_DESTRUCTIVE},
	    {"DELETE FROM t WHERE \"id\" = 5", LEXICAL_ANSI_QUOTES, DANGER_WRITE},
	    {"SELECT '\\'; DROP TABLE t; -- '", 0, DANGER_READ},
	    {"SELECT '\\'; DROP TABLE t; -- '", LEXICAL_NO_BACKSLASH, DANGER_DESTRUCTIVE},
	    {"SELECT \"a\\\"; DROP TABLE t; -- \"", 0, DANGER_READ},
	    {"SELECT \"a\\\"; DROP TABLE t; -- \"", LEXICAL_ANSI_QUOTES, DANGER_DESTRUCTIVE},
	    {"DELETE FROM t WHERE id = 1 || 1", 0, DANGER_DESTRUCTIVE},
	    {"DELETE FROM t WHERE id = 1 || 1", LEXICAL_PIPES_CONCAT, DANGER_WRITE},
	    {"SELECT '\xc3\xa4'", 0, DANGER_READ},
	    {"SELECT '\xc3\xa4'", LEXICAL_UNSAFE_CHARSET, DANGER_OPAQUE},
	    {"SELECT 'a'", LEXICAL_UNSAFE_CHARSET, DANGER_READ},
	    {"SELECT '\xbf\\'; DROP TABLE t; -- '", 0, DANGER_OPAQUE},
	    {"SELECT 'a'", LEXICAL_UNKNOWN, DANGER_READ},
	    {"SELECT \"a\"", LEXICAL_UNKNOWN, DANGER_OPAQUE},
	    {"SELECT 'a\\nb'", LEXICAL_UNKNOWN, DANGER_OPAQUE},
	    {"SELECT NOW ()", 0, DANGER_OPAQUE},
	    {"SELECT NOW ()", LEXICAL_IGNORE_SPACE, DANGER_READ},
	};
	struct arena *a = arena_new();
	struct script s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		judge(&engine_mysql, rows[i].mode, a, rows[i].text, strlen(rows[i].text), &s);
		if (s.danger != rows[i].danger)
			fail_msg("%s in mode %u: is %s", rows[i].text, rows[i].mode,
			    danger_name(s.danger));
	}
	judge(&engine_mysql, 0, a, "DROP TABLE x\0y", 14, &s);
	assert_int_equal(s.danger, DANGER_OPAQUE);
	arena_free(a);
}

static unsigned
flags_of(struct arena *a, const char *text)
{
	struct script s;

	judge(&engine_mariadb, 0, a, text, strlen(text), &s);
	assert_int_equal(s.nstatements, 1);
	return script_flags(&s);
}

static void
test_flags_and_objects(void **state)
{
	struct arena *a = arena_new();
	struct script s;
	const struct action *x;

	(void)state;
	assert_true(flags_of(a, "START SLAVE") & ACTION_RESUME);
	assert_true(flags_of(a, "START REPLICA SQL_THREAD") & ACTION_RESUME);
	assert_false(flags_of(a, "START SLAVE IO_THREAD") & ACTION_RESUME);
	assert_true(flags_of(a, "CHANGE MASTER TO MASTER_DELAY = 0") & ACTION_RESUME);
	assert_true(flags_of(a, "ALTER TABLE t ADD a INT") & ACTION_COMMITS);
	assert_true(flags_of(a, "TRUNCATE t") & ACTION_COMMITS);
	assert_false(flags_of(a, "CREATE TEMPORARY TABLE t (a INT)") & ACTION_COMMITS);
	assert_true(flags_of(a, "DELETE FROM t") & ACTION_UNBOUNDED);
	assert_true(flags_of(a, "COMMIT") & ACTION_TX);
	assert_true(flags_of(a, "CREATE USER a IDENTIFIED BY 'x'") & ACTION_SECRET);
	assert_true(flags_of(a, "SELECT f()") & ACTION_REFINABLE);
	judge(&engine_mariadb, 0, a, "DROP TABLE IF EXISTS shop.`we``ird`, t", 38, &s);
	x = s.statements[0].actions;
	assert_string_equal(x->kind, "drop-table");
	assert_int_equal(x->nobjects, 2);
	assert_string_equal(x->objects[0].schema, "shop");
	assert_string_equal(x->objects[0].name, "we`ird");
	assert_null(x->objects[1].schema);
	assert_true(x->flags & ACTION_IF_EXISTS);
	arena_free(a);
}

/* A piece again and again: linear in time, bounded in depth, and never less than it is. */
static void
repeat(
    const struct engine *g, const char *front, const char *piece, size_t bytes, enum danger least)
{
	size_t n = strlen(front), m = strlen(piece), at = n;
	char *text = malloc(bytes + n + m);
	struct arena *a = arena_new();
	struct script s;
	int64_t from = now_ms();

	assert_non_null(text);
	memcpy(text, front, n);
	for (; at < bytes; at += m)
		memcpy(text + at, piece, m);
	judge(g, 0, a, text, at, &s);
	assert_true(s.danger >= least);
	print_message(
	    "# %s %s%s...: %lld ms\n", g->name, front, piece, (long long)(now_ms() - from));
	/* Generous: a quadratic one takes hours. */
	assert_true(now_ms() - from < 120000);
	arena_free(a);
	free(text);
}

static void
test_size_and_depth(void **state)
{
	size_t mb = (size_t)1 << 20;

	(void)state;
	repeat(&engine_mysql, "", "SELECT 1;", 10 * mb, DANGER_READ);
	repeat(&engine_mysql, "SELECT ", "(", 2 * mb, DANGER_OPAQUE);
	repeat(&engine_mysql, "DELETE FROM t WHERE ", "(", 2 * mb, DANGER_OPAQUE);
	repeat(&engine_mysql, "DELETE FROM t WHERE ", "NOT ", mb, DANGER_DESTRUCTIVE);
	repeat(&engine_mysql, "DELETE FROM t WHERE id = 1", " OR id = 1", mb, DANGER_WRITE);
	repeat(&engine_mysql, "DELETE FROM t WHERE id IN ", "(SELECT id FROM t WHERE id IN ",
	    mb / 4, DANGER_OPAQUE);
	repeat(&engine_mysql, "SELECT ", "/*!50000 1 + */", mb, DANGER_READ);
	repeat(&engine_mysql, "SELECT 1 ", "/*!", mb, DANGER_OPAQUE);
	repeat(&engine_mysql, "", "'", mb + 1, DANGER_OPAQUE);
	repeat(&engine_mysql, "BEGIN NOT ATOMIC ", "BEGIN ", mb, DANGER_OPAQUE);
	repeat(
	    &engine_mysql, "DELETE a FROM a ", "JOIN b ON b.x = a.x ", mb / 4, DANGER_DESTRUCTIVE);
	repeat(&engine_mysql, "EXPLAIN ", "EXPLAIN ", mb, DANGER_OPAQUE);
	repeat(&engine_mysql, "ALTER TABLE t ADD a INT", ", ADD a INT", mb, DANGER_DANGEROUS);
	repeat(&engine_sh, "", "ls -l /var/log\n", 10 * mb, DANGER_READ);
	repeat(&engine_sh, "ls ", "$(", mb, DANGER_OPAQUE);
	repeat(&engine_sh, "", "sudo ", mb / 2, DANGER_OPAQUE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_never_falls),
	    cmocka_unit_test(test_blanks_do_not_matter),
	    cmocka_unit_test(test_case_does_not_matter),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_flags_and_objects),
	    cmocka_unit_test(test_size_and_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
