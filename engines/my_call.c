/*
 * Function calls: known effects, known harmlessness, and the rest, which may be anything.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_sql.h"
#include "banned.h"

static int
by_function(const void *key, const void *row)
{
	return strcmp(key, ((const struct my_function *)row)->name);
}

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static char *
lower(char *s)
{
	char *p;

	for (p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return s;
}

static void
unknown(struct my *m, const char *schema, const char *name)
{
	const char *full = schema != NULL ? arena_printf(m->a, "%s.%s", schema, name) : name;
	struct action *x = NULL;
	size_t i;

	for (i = 0; i < m->nactions; i++)
		if (strcmp(m->actions[i].kind, "call-unknown") == 0)
			x = &m->actions[i];
	if (x == NULL) {
		x = my_opaque(
		    m, "call-unknown", arena_printf(m->a, "calls %s, which may do anything", full));
		x->flags = ACTION_REFINABLE;
	}
	for (i = 0; i < x->nfunctions; i++)
		if (strcmp(x->functions[i], full) == 0)
			return;
	x->functions = arena_grow(m->a, x->functions, x->nfunctions, sizeof(*x->functions));
	x->functions[x->nfunctions++] = full;
}

/* Those the grammar knows only with the parenthesis at once; else a stored function is meant. */
static int
needs_tight(const char *name)
{
	static const char *const list[] = {"adddate", "bit_and", "bit_or", "bit_xor", "cast",
	    "curdate", "curtime", "date_add", "date_sub", "extract", "group_concat", "max", "mid",
	    "min", "now", "position", "session_user", "std", "stddev", "stddev_pop", "stddev_samp",
	    "subdate", "substr", "substring", "sum", "sysdate", "system_user", "trim", "variance",
	    "var_pop", "var_samp", NULL};
	size_t i;

	for (i = 0; list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return 1;
	return 0;
}

void
my_call(struct my *m, size_t i, const char *schema)
{
	char *name = lower(my_text(m, i));
	const struct my_function *f = NULL;
	int is_known;

	if (schema == NULL || my_is_system(schema))
		f = bsearch(name, my_effects, my_neffects, sizeof(*my_effects), by_function);
	if (f != NULL) {
		my_add(m, f->danger, f->name, f->why)->flags = f->flags;
		return;
	}
	is_known = bsearch(name, my_harmless, my_nharmless, sizeof(*my_harmless), by_name) != NULL;
	if (schema == NULL
		? is_known && (m->t[i + 1].is_tight || !needs_tight(name) ||
				  (m->mode & LEXICAL_IGNORE_SPACE))
		: strcasecmp(schema, "sys") == 0 &&
		      (strncmp(name, "format_", 7) == 0 || strncmp(name, "version_", 8) == 0 ||
			  strncmp(name, "extract_", 8) == 0))
		return;
	unknown(m, schema, name);
}
