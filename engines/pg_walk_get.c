/*
 * Small readers over the recorded events, for the rules. Must never assume that a member is there.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_walk.h"
#include "banned.h"

uint32_t
walk_get(struct walk *w, uint32_t node, const char *key)
{
	return json_get(w->j, node, key);
}

char *
walk_string(struct walk *w, uint32_t node, const char *key)
{
	return json_text(w->j, w->a, json_get(w->j, node, key));
}

int
walk_is(struct walk *w, uint32_t node, const char *key, const char *text)
{
	return json_is(w->j, json_get(w->j, node, key), text);
}

int
walk_is_true(struct walk *w, uint32_t node, const char *key)
{
	return walk_is(w, node, key, "true");
}

int
walk_is_cascade(struct walk *w, uint32_t node)
{
	return walk_is(w, node, "behavior", "DROP_CASCADE");
}

/* A_Const's inside; an absent inner value is how the parser writes 0 and false. */
static const char *
constant(struct walk *w, uint32_t c)
{
	uint32_t v;
	char *s;

	if ((v = walk_get(w, c, "sval")) != 0)
		return (s = walk_string(w, v, "sval")) != NULL ? s : "";
	if ((v = walk_get(w, c, "ival")) != 0)
		return arena_printf(w->a, "%ld", json_number(w->j, walk_get(w, v, "ival")));
	if ((v = walk_get(w, c, "fval")) != 0)
		return walk_string(w, v, "fval");
	if ((v = walk_get(w, c, "boolval")) != 0)
		return walk_is_true(w, v, "boolval") ? "on" : "off";
	return NULL;
}

const char *
walk_constant(struct walk *w, uint32_t wrapper)
{
	uint32_t n;
	char *s;

	if ((n = json_node(w->j, wrapper, "A_Const")) != 0)
		return constant(w, n);
	if ((n = json_node(w->j, wrapper, "String")) != 0)
		return (s = walk_string(w, n, "sval")) != NULL ? s : "";
	if ((n = json_node(w->j, wrapper, "Integer")) != 0)
		return arena_printf(w->a, "%ld", json_number(w->j, walk_get(w, n, "ival")));
	if ((n = json_node(w->j, wrapper, "Float")) != 0)
		return walk_string(w, n, "fval");
	if ((n = json_node(w->j, wrapper, "Boolean")) != 0)
		return walk_is_true(w, n, "boolval") ? "on" : "off";
	if ((n = json_node(w->j, wrapper, "TypeCast")) != 0)
		return walk_constant(w, walk_get(w, n, "arg"));
	return NULL;
}

/* The server takes any unambiguous beginning of a word. */
int
walk_is_on(const char *v)
{
	static const char *const words[] = {"true", "yes", "on", "1"};
	size_t i, n = strlen(v);

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (n > 0 && n >= (words[i][0] == 'o' ? 2 : 1) && n <= strlen(words[i]) &&
		    strncasecmp(v, words[i], n) == 0)
			return 1;
	return 0;
}

uint32_t
walk_option_find(struct walk *w, uint32_t list, const char *name)
{
	uint32_t i, d, found = 0;
	char *n;

	for (i = json_first(w->j, list); i != 0; i = json_after(w->j, list, i)) {
		d = json_node(w->j, i, "DefElem");
		n = d != 0 ? walk_string(w, d, "defname") : NULL;
		if (n != NULL && strcasecmp(n, name) == 0)
			found = d;
	}
	return found;
}

int
walk_option(struct walk *w, uint32_t list, const char *name, int otherwise)
{
	uint32_t d = walk_option_find(w, list, name), arg;
	const char *v;

	if (d == 0)
		return otherwise;
	if ((arg = walk_get(w, d, "arg")) == 0)
		return 1;
	v = walk_constant(w, arg);
	return v == NULL || walk_is_on(v) || (*v >= '2' && *v <= '9');
}

int
pg_is_catalog(const char *schema, const char *name)
{
	if (schema == NULL)
		return name != NULL && strncmp(name, "pg_", 3) == 0;
	return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "pg_toast") == 0 ||
	       strcmp(schema, "information_schema") == 0;
}

int
pg_is_temporary(const char *schema)
{
	return schema != NULL && strncmp(schema, "pg_temp", 7) == 0;
}

const struct type_row *
pg_type_find(const struct json_events *j, uint32_t i)
{
	const struct type_row *t;

	for (t = pg_types; t->object != NULL; t++)
		if (json_is(j, i, t->object))
			return t;
	return NULL;
}
