/*
 * Statements a second: bare pg_query_parse against classify_here, over the same statements in one
 * process, in turns. Prints one line a run: BARE OURS RATIO. Also, with a number as argument, how
 * long a script of so many statements takes: milliseconds.
 */
#include <pg_query.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "wait.h"

#define RUNS 7
#define ROUNDS 20
#define STATEMENTS_MAX 2000

struct bench {
	char *statements[STATEMENTS_MAX];
	size_t n, len;
	char *script; /* all of them, with semicolons */
};

/* Lines "STATEMENT | CLASS | KINDS" without escapes that the parser takes. */
static void
load(struct bench *b, FILE *f)
{
	char line[4096], *bar;
	PgQueryParseResult r;

	b->script = malloc((size_t)STATEMENTS_MAX * sizeof(line));
	while (b->n < STATEMENTS_MAX && fgets(line, sizeof(line), f) != NULL) {
		if (*line == '#' || strchr(line, '\\') != NULL ||
		    (bar = strrchr(line, '|')) == NULL)
			continue;
		*bar = '\0';
		if ((bar = strrchr(line, '|')) == NULL || bar == line)
			continue;
		bar[-1] = '\0';
		r = pg_query_parse(line);
		if (r.error == NULL) {
			b->statements[b->n++] = strdup(line);
			b->len += (size_t)snprintf(b->script + b->len, sizeof(line), "%s;\n", line);
		}
		pg_query_free_parse_result(r);
	}
}

static double
bare(const struct bench *b)
{
	int64_t from = now_ms();
	size_t i;
	int k;

	for (k = 0; k < ROUNDS; k++)
		for (i = 0; i < b->n; i++)
			pg_query_free_parse_result(pg_query_parse(b->statements[i]));
	return (double)b->n * ROUNDS * 1000 / (double)(now_ms() - from + 1);
}

static double
ours(const struct bench *b, size_t *n)
{
	static const struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct arena *a;
	struct script s;
	struct err e;
	int64_t from = now_ms();
	int k;

	for (k = 0; k < ROUNDS; k++) {
		a = arena_new();
		if (classify_here(&engine_postgresql, b->script, b->len, &lx, a, &s, &e) != 0)
			exit(1);
		*n = s.nstatements;
		arena_free(a);
	}
	return (double)*n * ROUNDS * 1000 / (double)(now_ms() - from + 1);
}

static int
one_script(size_t n)
{
	static const struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	static const char s[] = "UPDATE orders SET total = 7 WHERE id = 42 AND note <> 'a;b';\n";
	char *text = malloc(n * (sizeof(s) - 1));
	struct arena *a = arena_new();
	struct script out;
	struct err e;
	int64_t from;
	size_t i;

	for (i = 0; i < n; i++)
		memcpy(text + i * (sizeof(s) - 1), s, sizeof(s) - 1);
	from = now_ms();
	if (classify_here(&engine_postgresql, text, n * (sizeof(s) - 1), &lx, a, &out, &e) != 0 ||
	    out.nstatements != n)
		return 1;
	printf("%lld\n", (long long)(now_ms() - from));
	arena_free(a);
	free(text);
	return 0;
}

int
main(int argc, char **argv)
{
	struct bench b = {0};
	FILE *f;
	double x, y;
	size_t n = 0;
	int i;

	if (argc > 1 && atol(argv[1]) > 0)
		return one_script((size_t)atol(argv[1]));
	if ((f = fopen(argc > 1 ? argv[1] : "tests/classify/pg.test", "r")) == NULL)
		return 1;
	load(&b, f);
	fclose(f);
	for (i = 0; i < RUNS; i++) {
		x = bare(&b);
		y = ours(&b, &n);
		if (n < b.n)
			return 1;
		printf("%.0f %.0f %.3f\n", x, y, y / x);
	}
	return 0;
}
