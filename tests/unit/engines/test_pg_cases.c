/*
 * The cases of tests/classify/pg.test, judged in this process; and properties every verdict has: it
 * never falls when a statement is appended, and comments and white space do not change it.
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
#include "engines/pg_lex.h"

#define LINE_MAX_BYTES 4096

/* The parser library leaks the message of a PL/pgSQL error. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:pg_query\n";
}

static FILE *
cases(void)
{
	const char *top = getenv("HOLDFAST_TOP");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/classify/pg.test", top != NULL ? top : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3f));
	out[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

static unsigned
hex(const char *p, size_t n)
{
	char digits[8] = "";

	memcpy(digits, p, n);
	return (unsigned)strtoul(digits, NULL, 16);
}

/* In place; returns the length. */
static size_t
decode(char *s)
{
	static const char from[] = "nrtfv\\", to[] = "\n\r\t\f\v\\";
	const char *k, *p = s;
	char *out = s;

	while (*p != '\0') {
		if (*p != '\\' || p[1] == '\0') {
			*out++ = *p++;
			continue;
		}
		if (p[1] == 'x' && strlen(p) >= 4) {
			*out++ = (char)hex(p + 2, 2);
			p += 4;
		} else if (p[1] == 'u' && strlen(p) >= 6) {
			out += put_utf8(out, hex(p + 2, 4));
			p += 6;
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
		if (*line == '#' || *line == '\0')
			continue;
		class = NULL;
		*kinds = NULL;
		for (p = line; (p = strstr(p, " |")) != NULL; p += 2) {
			class = *kinds;
			*kinds = p;
		}
		assert_non_null(class);
		**kinds = *class = '\0';
		*kinds += (*kinds)[2] == ' ' ? 3 : 2;
		class ++;
		assert_true(danger_parse(class + 2) >= 0);
		*d = (enum danger)danger_parse(class + 2);
		*len = decode(line);
		return 1;
	}
	return 0;
}

static void
judge(struct arena *a, const char *text, size_t len, struct script *s)
{
	static const struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct err e;

	assert_int_equal(classify_here(&engine_postgresql, text, len, &lx, a, s, &e), 0);
}

static const char *
all_kinds(struct arena *a, const struct script *s)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < s->nstatements; i++)
		out = arena_printf(
		    a, "%s%s%s", out, i > 0 ? ";" : "", statement_kinds(a, &s->statements[i]));
	return s->nstatements == 0 ? "empty" : out;
}

static void
test_cases(void **state)
{
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases();
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len;
	int n = 0, bad = 0;

	(void)state;
	while (next_case(f, line, &len, &d, &kinds)) {
		a = arena_new();
		judge(a, line, len, &s);
		n++;
		if (s.danger != d || strcmp(all_kinds(a, &s), kinds) != 0) {
			bad++;
			print_message("# %s: expected %s (%s), is %s (%s)\n", line, danger_name(d),
			    kinds, danger_name(s.danger), all_kinds(a, &s));
		}
		arena_free(a);
	}
	fclose(f);
	print_message("# %d of %d cases as expected\n", n - bad, n);
	assert_true(n >= 400);
	assert_int_equal(bad, 0);
}

/* Rules of a site name kinds: one that is not listed could not be named. */
static void
test_kinds_are_listed(void **state)
{
	char line[LINE_MAX_BYTES], *kinds;
	struct arena *a = arena_new(), *own;
	const char **all;
	size_t nall = engine_kinds(a, &all), len, i, k, m;
	FILE *f = cases();
	struct script s;
	enum danger d;

	(void)state;
	while (next_case(f, line, &len, &d, &kinds)) {
		own = arena_new();
		judge(own, line, len, &s);
		for (i = 0; i < s.nstatements; i++)
			for (k = 0; k < s.statements[i].nactions; k++) {
				for (m = 0; m < nall; m++)
					if (strcmp(all[m], s.statements[i].actions[k].kind) == 0)
						break;
				if (m == nall)
					fail_msg("no rule can name the kind %s (%s)",
					    s.statements[i].actions[k].kind, line);
			}
		arena_free(own);
	}
	fclose(f);
	arena_free(a);
}

static void
test_never_falls(void **state)
{
	static const char *const tails[] = {
	    "\n;SELECT 1", "\n;DROP TABLE zz", "\n;COMMIT;", "\n;SELEC 1", "\n/* x */", "\n-- x"};
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases();
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len, i;

	(void)state;
	while (next_case(f, line, &len, &d, &kinds))
		for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
			a = arena_new();
			char *text = arena_alloc(a, len + 32);

			memcpy(text, line, len);
			memcpy(text + len, tails[i], strlen(tails[i]));
			judge(a, text, len + strlen(tails[i]), &s);
			if (s.danger < d)
				fail_msg("%s%s: falls from %s to %s", line, tails[i],
				    danger_name(d), danger_name(s.danger));
			arena_free(a);
		}
	fclose(f);
}

static void
test_blanks_do_not_matter(void **state)
{
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases();
	struct arena *a;
	struct script s;
	enum danger d;
	size_t len;

	(void)state;
	while (next_case(f, line, &len, &d, &kinds)) {
		if (*line == '\\' || strchr("\v", *line) != NULL)
			continue;
		a = arena_new();
		char *text = arena_alloc(a, len + 64);
		size_t n = (size_t)sprintf(text, "/* a /* b */ ' */ -- \"\n \t\f\r\n");

		memcpy(text + n, line, len);
		judge(a, text, n + len, &s);
		if (s.danger != d)
			fail_msg("%s: is %s with comments in front", line, danger_name(s.danger));
		arena_free(a);
	}
	fclose(f);
}

/* Upper case outside of quotes: PostgreSQL folds names, so the verdict is the same. */
static void
test_case_does_not_matter(void **state)
{
	char line[LINE_MAX_BYTES], *kinds;
	FILE *f = cases();
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
		judge(a, line, len, &s);
		if (s.danger != d)
			fail_msg("%s: is %s in upper case", line, danger_name(s.danger));
		arena_free(a);
	}
	fclose(f);
}

static void
test_other_dialect(void **state)
{
	static const struct lexical off = {.version = 150000};
	static const char *const texts[] = {
	    "SELECT '\\'; DROP TABLE t; --'", "SELECT 'a\\'b'", "SELECT E'\\n'"};
	struct arena *a = arena_new();
	struct script s;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(
		    classify_here(&engine_postgresql, texts[i], strlen(texts[i]), &off, a, &s, &e),
		    0);
		assert_true(s.danger >= DANGER_OPAQUE);
	}
	assert_int_equal(classify_here(&engine_postgresql, "SELECT 'a'", 10, &off, a, &s, &e), 0);
	assert_int_equal(s.danger, DANGER_READ);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_kinds_are_listed),
	    cmocka_unit_test(test_never_falls),
	    cmocka_unit_test(test_blanks_do_not_matter),
	    cmocka_unit_test(test_case_does_not_matter),
	    cmocka_unit_test(test_other_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
