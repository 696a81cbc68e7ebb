/*
 * What stays on one server: with sql_log_bin = 0 a session writes nothing into the binary log, and
 * no replica gets what it does.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "engines/my_wording.h"
#include "banned.h"

int
my_stays_here(const struct session *s)
{
	size_t i;

	for (i = 0; i < s->nsettings; i++)
		if (strcmp(s->settings[i].name, "sql_log_bin") == 0)
			return strcmp(s->settings[i].value, "0") == 0;
	return 0;
}

/* A table that exists and whose rows and size the server cannot tell is one it cannot read. */
char *
my_rebuild_here(struct arena *a, const struct plan *p, const struct node *primary)
{
	const struct action *x = p->nstatements == 1 && p->statements[0].nactions == 1
				     ? &p->statements[0].actions[0]
				     : NULL;
	const struct object *o;

	if (x == NULL || strcmp(x->kind, "drop-table") != 0 || x->nobjects != 1)
		return NULL;
	o = &x->objects[0];
	if (o->oid == 0 || o->is_temporary || o->rows >= 0)
		return NULL;
	return arena_printf(a,
	    "Nothing of the rows of %s can be read on %s: if only its copy is damaged, rebuild it "
	    "there alone. First SET sql_log_bin = 0, then this DROP, CREATE TABLE and the rows of "
	    "a replica: every replica keeps its table and goes on replicating.",
	    object_name(a, o), primary->name);
}

/* Out of the way, in the same database: a table with a trigger cannot leave it. */
char *
my_reversible(struct arena *a, const struct statement *s, const char *schema)
{
	const struct action *x = s->nactions == 1 ? &s->actions[0] : NULL;
	const char *list = "";
	size_t i;

	if (x == NULL || strcmp(x->kind, "drop-table") != 0 || x->nobjects == 0)
		return NULL;
	for (i = 0; i < x->nobjects; i++) {
		const struct object *o = &x->objects[i];
		const char *to;

		if (o->oid == 0 || o->schema == NULL)
			return NULL;
		to = arena_printf(a, "%s_%s", schema, o->name);
		if (strlen(to) > 64)
			return NULL;
		list = arena_printf(a, "%s%s%s.%s TO %s.%s", list, i > 0 ? ", " : "",
		    my_quote_name(a, o->schema), my_quote_name(a, o->name),
		    my_quote_name(a, o->schema), my_quote_name(a, to));
	}
	return arena_printf(a, "RENAME TABLE %s", list);
}
