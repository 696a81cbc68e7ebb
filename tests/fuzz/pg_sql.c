/*
 * Fuzzes the scanner and the classifier of PostgreSQL's SQL in one process: no input may crash
 * them, give a statement outside the text, or a class lower than that of its parts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"
#include "engines/pg_lex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* The parser library leaks the message of a PL/pgSQL error. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:pg_query\n";
}

/* What is known to abort the parser library itself is the child process's matter, not ours. */
static int
has_block(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++)
		if ((text[i] == 'd' || text[i] == 'D') &&
		    (text[i + 1] == 'o' || text[i + 1] == 'O'))
			return 1;
	return 0;
}

static void
check(const struct script *s, size_t len)
{
	size_t i, k, end = 0;

	for (i = 0; i < s->nstatements; i++) {
		const struct statement *t = &s->statements[i];

		if (t->from < end || t->from + t->len > len || t->nactions == 0 ||
		    t->danger > s->danger)
			abort();
		end = t->from + t->len;
		for (k = 0; k < t->nactions; k++)
			if (t->actions[k].danger > t->danger || t->actions[k].kind == NULL ||
			    t->actions[k].why == NULL)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lexical lx = {.version = 150000, .standard_conforming_strings = 1};
	struct arena *a;
	struct script s;
	struct scan sc;
	struct err e;
	const char *text;

	if (size < 1)
		return 0;
	lx.standard_conforming_strings = data[0] != 'x';
	text = (const char *)data + 1;
	size--;
	pg_scan(text, size, &lx, &sc);
	if (sc.len > sc.end || sc.end > size)
		abort();
	if (has_block(text, size))
		return 0;
	a = arena_new();
	if (pg_classify(text, size, &lx, a, &s, &e) == 0)
		check(&s, size);
	arena_free(a);
	return 0;
}
