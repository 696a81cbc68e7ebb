/*
 * What CASCADE takes along, looked at once more behind the locks of the plan: a view or a foreign
 * key made since the plan was looked over would go unseen. The same closure over pg_depend as the
 * question asks (pg_depend.c), less what the plan says goes. Must never talk to a server.
 */
#include <string.h>
#include <jansson.h>

#include "arena.h"
#include "buf.h"
#include "engines/pg_words.h"
#include "banned.h"

#define TEXT_MAX (8 << 20)

/* $R roots, $K known. What belongs to something reached goes quietly with it. */
static const char drop_sql[] =
    "WITH RECURSIVE root(classid, objid) AS (VALUES $R),\n"
    "known(id) AS (SELECT pg_catalog.unnest(ARRAY[$K]::pg_catalog.text[])),\n"
    "reached(classid, objid, subid) AS (SELECT root.classid, root.objid, 0 FROM root UNION\n"
    "SELECT e.classid, e.objid, e.subid FROM reached AS r CROSS JOIN LATERAL (\n"
    "SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d\n"
    "WHERE d.refclassid = r.classid AND d.refobjid = r.objid\n"
    "AND (r.subid = 0 OR d.refobjsubid = r.subid) UNION ALL\n"
    "SELECT d.refclassid, d.refobjid, 0 FROM pg_catalog.pg_depend AS d\n"
    "WHERE d.classid = r.classid AND d.objid = r.objid AND d.objsubid = r.subid\n"
    "AND d.deptype IN ('i', 'e') AND (r.classid, r.objid) NOT IN (SELECT * FROM root)\n"
    ") AS e(classid, objid, subid))\n"
    "SELECT coalesce(pg_catalog.string_agg(\n"
    "pg_catalog.pg_describe_object(n.classid, n.objid, n.subid), ' and '), 'nothing') AS new\n"
    "FROM reached AS n LEFT JOIN pg_catalog.pg_attribute AS at ON n.subid > 0\n"
    "AND n.classid = 'pg_catalog.pg_class'::pg_catalog.regclass\n"
    "AND at.attrelid = n.objid AND at.attnum = n.subid\n"
    "WHERE (n.classid, n.objid) NOT IN (SELECT * FROM root)\n"
    "AND pg_catalog.concat(n.objid, '.' || at.attname::pg_catalog.text)\n"
    "NOT IN (SELECT known.id FROM known)\n"
    "AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d JOIN reached AS u\n"
    "ON d.refclassid = u.classid AND d.refobjid = u.objid\n"
    "AND (u.subid = 0 OR d.refobjsubid = u.subid)\n"
    "WHERE d.classid = n.classid AND d.objid = n.objid AND d.objsubid = n.subid\n"
    "AND d.deptype <> 'n' AND (d.classid, d.objid) <> (d.refclassid, d.refobjid))";

static const char truncate_sql[] =
    "WITH RECURSIVE root(oid) AS (VALUES $R),\n"
    "known(name) AS (SELECT pg_catalog.unnest(ARRAY[$K]::pg_catalog.text[])),\n"
    "reached(oid) AS (SELECT root.oid FROM root UNION\n"
    "SELECT k.conrelid FROM reached AS r JOIN pg_catalog.pg_constraint AS k\n"
    "ON k.confrelid = r.oid AND k.contype = 'f' AND k.conparentid = 0)\n"
    "SELECT coalesce(pg_catalog.string_agg(pg_catalog.concat('all rows of ',\n"
    "n.oid::pg_catalog.regclass), ' and '), 'nothing') AS new FROM reached AS n\n"
    "WHERE n.oid NOT IN (SELECT root.oid FROM root) AND n.oid NOT IN (SELECT\n"
    "coalesce(pg_catalog.to_regclass(known.name)::pg_catalog.oid, 0) FROM known)";

static int
is_truncate(const struct action *act)
{
	return strcmp(act->kind, "truncate") == 0;
}

/* Dropping a part of a table takes along what hangs on the part: the plan does not list that. */
static int
is_whole_drop(const struct action *act)
{
	return strncmp(act->kind, "drop-", 5) == 0 && strcmp(act->kind, "drop-column") != 0 &&
	       strcmp(act->kind, "drop-constraint") != 0;
}

static int
cascades(const struct action *act)
{
	return (act->flags & ACTION_CASCADE) && act->danger == DANGER_DESTRUCTIVE &&
	       (is_truncate(act) || is_whole_drop(act));
}

/* The row of a root, or NULL where what hangs on it is not asked either. */
static const char *
root_row(struct arena *a, const struct action *act, const struct object *o)
{
	if (o->oid == 0 || o->type == NULL || o->is_temporary)
		return NULL;
	if (is_truncate(act))
		return arena_printf(a, "(%u::pg_catalog.oid)", o->oid);
	if (pg_is_relation(o))
		return arena_printf(a,
		    "('pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, "
		    "%u::pg_catalog.oid)",
		    o->oid);
	if (strcmp(o->type, "schema") == 0)
		return arena_printf(a,
		    "('pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid, "
		    "%u::pg_catalog.oid)",
		    o->oid);
	return NULL;
}

static void
add_roots(struct arena *a, struct buf *b, const struct plan *p, int truncate)
{
	const struct action *act;
	const char *row;
	size_t i, k, j;

	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			act = &p->statements[i].actions[k];
			if (!cascades(act) || is_truncate(act) != truncate)
				continue;
			for (j = 0; j < act->nobjects; j++)
				if ((row = root_row(a, act, &act->objects[j])) != NULL)
					buf_printf(b, "%s%s", b->len > 0 ? ", " : "", row);
		}
}

/* How the query names one thing the plan says goes: see commands/taken.c, which wrote the fact. */
static const char *
known_id(struct arena *a, const json_t *o, int truncate)
{
	const char *type = json_string_value(json_object_get(o, "type"));
	const char *name = json_string_value(json_object_get(o, "name"));
	const char *table = json_string_value(json_object_get(o, "table"));
	json_int_t oid = json_integer_value(json_object_get(o, "oid"));

	if (truncate)
		return table == NULL ? NULL : arena_strdup(a, table);
	if (type != NULL && name != NULL && strstr(type, " column") != NULL)
		return arena_printf(a, "%lld.%s", (long long)oid, name);
	return arena_printf(a, "%lld", (long long)oid);
}

static void
add_known(struct arena *a, struct buf *b, const struct plan *p, int truncate)
{
	const char *id;
	json_t *o;
	size_t i;

	for (i = 0; i < p->nworld; i++) {
		if (strncmp(p->world[i].name, "takes ", 6) != 0)
			continue;
		o = json_loads(p->world[i].value, JSON_REJECT_DUPLICATES, NULL);
		id = o == NULL ? NULL : known_id(a, o, truncate);
		json_decref(o);
		if (id != NULL)
			buf_printf(b, "%s%s", b->len > 0 ? ", " : "", pg_quote_literal(a, id));
	}
}

/* Our own two marks of a const text, each once, replaced. */
static char *
fill(struct arena *a, const char *sql, const char *roots, const char *known)
{
	const char *r = strstr(sql, "$R"), *k = strstr(sql, "$K");

	return arena_printf(
	    a, "%.*s%s%.*s%s%s", (int)(r - sql), sql, roots, (int)(k - r - 2), r + 2, known, k + 2);
}

static void
add_step(struct arena *a, struct plan *p, const struct node *n, int truncate)
{
	struct buf roots, known;
	struct step *s;

	buf_init(&roots, TEXT_MAX);
	buf_init(&known, TEXT_MAX);
	add_roots(a, &roots, p, truncate);
	add_known(a, &known, p, truncate);
	if (roots.len > 0) {
		s = word_step(a, p, KIND_CHECK, n->name, 0, 0);
		s->conn = CONN_MAIN;
		/* A list that was cut knows less: then more is new, and nothing runs. */
		word_text(a, s,
		    fill(a, truncate ? truncate_sql : drop_sql, buf_str(&roots),
			known.overflow ? "" : buf_str(&known)));
		word_check(a, s, 0, CHECK_EQ, VALUE_TEXT, "nothing", NULL,
		    "what CASCADE would take besides what the plan lists");
		s->why = "behind the locks, CASCADE must still take nothing but what the plan "
			 "lists";
	}
	buf_free(&roots);
	buf_free(&known);
}

int
pg_word_cascades(const struct plan *p)
{
	size_t i, k;

	for (i = 0; i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++)
			if (cascades(&p->statements[i].actions[k]))
				return 1;
	return 0;
}

void
pg_word_cascade(struct arena *a, struct plan *p, const struct node *n)
{
	add_step(a, p, n, 0);
	add_step(a, p, n, 1);
}
