/*
 * Ways back as statements: the reversible form of a drop, and the statement that undoes another
 * one. Only where that is certain; else NULL. Must never guess and never talk to a server.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_words.h"
#include "banned.h"

/*
 * DROP TABLE moved aside: the rows, indexes, grants, foreign keys and views stay as they are, and
 * moving the table back is one statement. The schema must be known: the name the text gave may
 * mean another table under another search_path. TRUNCATE has no such form.
 */
char *
pg_word_reversible(struct arena *a, const struct statement *s, const char *schema)
{
	struct buf b;
	char *out;
	size_t i;

	if (s->nactions != 1 || strcmp(s->actions[0].kind, "drop-table") != 0 ||
	    s->actions[0].nobjects == 0)
		return NULL;
	buf_init(&b, 1 << 16);
	buf_printf(&b, "CREATE SCHEMA IF NOT EXISTS %s", pg_quote_name(a, schema));
	for (i = 0; i < s->actions[0].nobjects; i++) {
		const struct object *o = &s->actions[0].objects[i];

		if (strcmp(o->type, "table") != 0 || o->oid == 0 || o->is_temporary ||
		    o->schema == NULL || strcmp(o->schema, schema) == 0) {
			buf_free(&b);
			return NULL;
		}
		buf_printf(&b, "; ALTER TABLE %s SET SCHEMA %s", pg_quote_full(a, o),
		    pg_quote_name(a, schema));
	}
	out = b.overflow ? NULL : arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return out;
}

/* What is created by a statement of this kind, and the word that drops it. */
static const struct inverse {
	const char *kind, *type, *drop;
} inverses[] = {
    {"create-index", "index", "DROP INDEX"},
    {"create-view", "view", "DROP VIEW"},
};

/*
 * Only for what the statement itself makes new: an object that did not exist when the plan was
 * made, named in full, holding nothing that is not also elsewhere. Dropping a new table or sequence
 * would take what was written meanwhile, so their CREATE has no inverse here.
 */
char *
pg_word_inverse(struct arena *a, const struct statement *s)
{
	const struct object *made = NULL, *table = NULL;
	const struct inverse *row = NULL;
	const struct action *act;
	struct object named;
	size_t i;

	if (s->nactions != 1)
		return NULL;
	act = &s->actions[0];
	for (i = 0; i < sizeof(inverses) / sizeof(inverses[0]); i++)
		if (strcmp(inverses[i].kind, act->kind) == 0)
			row = &inverses[i];
	/* With IF NOT EXISTS it may have been there before, and is not ours to drop. */
	if (row == NULL || (act->flags & ACTION_IF_EXISTS) != 0)
		return NULL;
	for (i = 0; i < act->nobjects; i++)
		if (strcmp(act->objects[i].type, row->type) == 0)
			made = &act->objects[i];
		else if (strcmp(act->objects[i].type, "table") == 0)
			table = &act->objects[i];
	if (made == NULL || made->oid != 0 || made->name == NULL)
		return NULL;
	named = *made;
	/* An index lives in its table's schema. */
	if (named.schema == NULL && strcmp(row->type, "index") == 0 && table != NULL)
		named.schema = table->schema;
	if (named.schema == NULL)
		return NULL;
	return arena_printf(a, "%s%s %s", row->drop,
	    (act->flags & ACTION_CONCURRENTLY) != 0 ? " CONCURRENTLY" : "",
	    pg_quote_full(a, &named));
}
