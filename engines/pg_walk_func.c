/*
 * Rules for calls. A function is read only where it is known to be harmless; an unknown one makes
 * the statement opaque, and is named so that the catalog can tell later.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

static int
by_function(const void *key, const void *row)
{
	return strcmp(key, ((const struct function_row *)row)->name);
}

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static void
unknown(struct walk *w, const char *schema, const char *name)
{
	struct action *x;
	const char *full = schema != NULL ? arena_printf(w->a, "%s.%s", schema, name) : name;

	x = walk_opaque(w, "call-unknown",
	    arena_printf(w->a, "calls %s, and what that does is not in the text", full));
	x->flags = ACTION_REFINABLE;
	x->functions = arena_grow(w->a, x->functions, x->nfunctions, sizeof(*x->functions));
	x->functions[x->nfunctions++] = full;
}

/* set_config('name', 'value', local): judged as SET where the arguments are constants. */
static void
set_config(struct walk *w, uint32_t call)
{
	uint32_t args = walk_get(w, call, "args"), first = json_first(w->j, args), second;
	const char *name, *value;

	second = first != 0 ? json_after(w->j, args, first) : 0;
	name = walk_constant(w, first);
	value = second != 0 ? walk_constant(w, second) : NULL;
	if (name == NULL || value == NULL) {
		walk_add(w, DANGER_DANGEROUS, "set-config",
		    "changes a setting that cannot be read from the text");
		return;
	}
	walk_setting(w, name, value, 0, "set-config");
	if (strcasecmp(name, "search_path") == 0 && strstr(value, "pg_catalog") > value) {
		w->actions[w->nactions - 1].danger = DANGER_DANGEROUS;
		w->actions[w->nactions - 1].why = WALK_HIDES_CATALOG;
	}
}

/* A conninfo or a statement in a literal can hold a password. */
static int
has_secret(struct walk *w, uint32_t call)
{
	uint32_t i;
	const char *v;

	if ((i = walk_get(w, call, "args")) == 0)
		return 0;
	for (i = json_first(w->j, i); i != 0; i = json_after(w->j, walk_get(w, call, "args"), i))
		if ((v = walk_constant(w, i)) != NULL && strcasestr(v, "password") != NULL)
			return 1;
	return 0;
}

static const char *
lower(struct walk *w, const char *s)
{
	char *out = arena_strdup(w->a, s), *p;

	for (p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

static int
with_effect(struct walk *w, uint32_t call, const char *name)
{
	const struct function_row *f =
	    bsearch(name, pg_effects, pg_neffects, sizeof(*pg_effects), by_function);
	struct action *x;

	if (f == NULL)
		return 0;
	x = walk_add(w, f->danger, name, f->why);
	x->flags = f->flags;
	if (f->danger == DANGER_OPAQUE && has_secret(w, call))
		x->flags |= ACTION_SECRET;
	if (strncmp(name, "pg_drop_replication_slot", 24) == 0)
		walk_object(
		    w, "slot", NULL, walk_constant(w, json_first(w->j, walk_get(w, call, "args"))));
	return 1;
}

void
rule_function_call(struct walk *w, uint32_t node, const struct node_row *row)
{
	const char *schema, *name;
	int is_known_only = w->nscopes > 0;

	(void)row;
	walk_split_names(w, walk_get(w, node, "funcname"), &schema, &name);
	if (name == NULL) {
		walk_opaque(w, "unknown", "calls a function without a name");
		return;
	}
	if (schema == NULL || strcmp(schema, "pg_catalog") == 0) {
		if (strcmp(name, "set_config") == 0) {
			set_config(w, node);
			return;
		}
		if (with_effect(w, node, name))
			return;
		if (bsearch(name, pg_harmless, pg_nharmless, sizeof(*pg_harmless), by_name) !=
		    NULL) {
			if (schema == NULL && !is_known_only)
				walk_reads(w, "function", NULL, name);
			return;
		}
	} else if (with_effect(w, node, lower(w, name)))
		return; /* an extension may live in any schema */
	if (!is_known_only && (schema == NULL || strcmp(schema, "information_schema") != 0))
		unknown(w, schema, name);
}

/* a OPERATOR(schema.+) b runs that schema's function; a + b may run somebody's own, too. */
void
rule_operator(struct walk *w, uint32_t node, const struct node_row *row)
{
	const char *schema, *name;
	uint32_t list = walk_get(w, node, "name"), first = json_first(w->j, list);

	(void)row;
	if (first == 0 || w->nscopes > 0)
		return;
	walk_split_names(w, list, &schema, &name);
	if (schema == NULL && name != NULL)
		walk_reads(w, "operator", NULL, name);
	else if (schema != NULL && strcmp(schema, "pg_catalog") != 0)
		unknown(w, schema, arena_printf(w->a, "operator %s", name));
}

/* TABLESAMPLE method (...) calls the function of that name. */
void
rule_sample(struct walk *w, uint32_t node, const struct node_row *row)
{
	const char *schema, *name;

	(void)row;
	walk_split_names(w, walk_get(w, node, "method"), &schema, &name);
	if (name == NULL ||
	    (strcmp(name, "system") != 0 && strcmp(name, "bernoulli") != 0 &&
		strcmp(name, "system_rows") != 0 && strcmp(name, "system_time") != 0))
		unknown(w, schema, name != NULL ? name : "a sampling method");
}
