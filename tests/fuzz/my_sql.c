/*
 * Fuzzes the scanners and classifiers of MySQL, MariaDB and command lines in one process: no input
 * may crash them, give a statement outside the text, or a class lower than that of its parts.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	static const struct engine *const engines[] = {&engine_mysql, &engine_mariadb, &engine_sh};
	struct lexical lx = {0};
	const struct engine *g;
	struct arena *a;
	struct script s;
	struct scan sc;
	struct err e;
	const char *text;

	if (size < 2)
		return 0;
	g = engines[data[0] % 3];
	lx.mode = data[1] & 0x3f;
	text = (const char *)data + 2;
	size -= 2;
	g->scan(text, size, &lx, &sc);
	if (sc.len > sc.end || sc.end > size)
		abort();
	a = arena_new();
	if (classify_here(g, text, size, &lx, a, &s, &e) == 0)
		check(&s, size);
	arena_free(a);
	return 0;
}
