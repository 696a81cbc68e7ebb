/*
 * The table that a restore would replace, as it stands: what has its name, how big it is, and what
 * hangs on it from outside and would have to be turned to the new one. Reads the catalog only.
 */
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "banned.h"

static const char table_sql[] =
    "SELECT n.oid IS NOT NULL, c.oid, CASE c.relkind WHEN 'r' THEN NULL WHEN 'p' THEN 'a "
    "partitioned table' WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view' WHEN 'f' THEN "
    "'a foreign table' WHEN 'S' THEN 'a sequence' WHEN 'i' THEN 'an index' ELSE 'no table' END, "
    "CASE WHEN c.reltuples >= 0 THEN c.reltuples::pg_catalog.int8 END, CASE WHEN c.relkind = 'r' "
    "THEN pg_catalog.pg_table_size(c.oid) END, CASE WHEN c.relkind = 'r' THEN "
    "pg_catalog.pg_indexes_size(c.oid) END "
    "FROM (SELECT) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $1 "
    "LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = $2";

/* $1: its oid. */
static const char keys_sql[] =
    "SELECT pg_catalog.format('%s on %I.%I', k.conname, n.nspname, c.relname) FROM "
    "pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid JOIN "
    "pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND "
    "k.confrelid = $1::pg_catalog.oid AND k.conrelid <> k.confrelid ORDER BY 1";

static const char views_sql[] =
    "SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, v.relname) FROM pg_catalog.pg_depend AS "
    "d JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid JOIN pg_catalog.pg_class AS v ON v.oid = "
    "w.ev_class JOIN pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace WHERE d.classid = "
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $1::pg_catalog.oid AND v.oid <> "
    "d.refobjid AND v.relkind = 'v' ORDER BY 1";

/* What the swap does not know how to turn: the first of it. */
static const char stuck_sql[] =
    "SELECT what FROM (SELECT 1, 'it is a part of table ' || i.inhparent::pg_catalog.regclass FROM "
    "pg_catalog.pg_inherits AS i WHERE i.inhrelid = $1::pg_catalog.oid UNION ALL "
    "SELECT 2, 'table ' || i.inhrelid::pg_catalog.regclass || ' is a child of it' FROM "
    "pg_catalog.pg_inherits AS i WHERE i.inhparent = $1::pg_catalog.oid UNION ALL "
    "SELECT 3, pg_catalog.pg_describe_object(d.classid, d.objid, 0) || ' reads it' FROM "
    "pg_catalog.pg_depend AS d JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid JOIN "
    "pg_catalog.pg_class AS v ON v.oid = w.ev_class WHERE d.classid = "
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = $1::pg_catalog.oid AND v.oid <> "
    "d.refobjid AND v.relkind <> 'v' UNION ALL "
    "SELECT 4, 'publication ' || p.pubname || ' publishes it' FROM pg_catalog.pg_publication_rel "
    "AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = "
    "$1::pg_catalog.oid UNION ALL "
    "SELECT 5, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses it or its "
    "row type' FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_type AS t ON t.oid = c.reltype "
    "JOIN pg_catalog.pg_depend AS d ON (d.refclassid = "
    "'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid IN (t.oid, t.typarray)) OR "
    "(d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND "
    "d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass) WHERE c.oid = $1::pg_catalog.oid AND "
    "d.deptype = 'n' UNION ALL "
    "SELECT 6, pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses its "
    "counter ' || s.objid::pg_catalog.regclass FROM pg_catalog.pg_depend AS s JOIN "
    "pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND "
    "d.refobjid = s.objid AND d.deptype = 'n' JOIN pg_catalog.pg_attrdef AS f ON f.oid = d.objid "
    "AND d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass WHERE s.classid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND s.refclassid = s.classid AND s.refobjid = "
    "$1::pg_catalog.oid AND s.deptype IN ('a', 'i') AND f.adrelid <> s.refobjid"
    ") AS all_of_it(rank, what) ORDER BY rank, what LIMIT 1";

static const char roles_sql[] =
    "SELECT r.name FROM pg_catalog.unnest($1::pg_catalog.text[]) AS r(name) WHERE NOT EXISTS "
    "(SELECT FROM pg_catalog.pg_roles AS p WHERE p.rolname = r.name) ORDER BY 1";

static const char stage_sql[] =
    "SELECT pg_catalog.obj_description(n.oid, 'pg_namespace') FROM pg_catalog.pg_namespace AS n "
    "WHERE n.nspname = $1";

static const char sizes_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', c.relname, "
    "pg_catalog.pg_relation_size(c.oid)), E'\\n' ORDER BY c.relname) FROM pg_catalog.pg_index AS "
    "i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = "
    "$1::pg_catalog.oid";

struct asking {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
};

static int
names(struct asking *x, const char *sql, const char *param, const char ***out, size_t *n,
    struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int i;

	if (look(x->c, x->w, sql, 1, &param, &r, e) < 0)
		return -1;
	*n = 0;
	*out = arena_array(x->a, (size_t)PQntuples(r) + 1, sizeof(**out));
	for (i = 0; i < PQntuples(r); i++)
		(*out)[(*n)++] = look_text(x->a, r, i, 0);
	return 0;
}

static int
table(struct asking *x, const struct standing_question *q, struct standing *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[2] = {q->schema, q->table};

	if (look(x->c, x->w, table_sql, 2, params, &r, e) < 0)
		return -1;
	out->has_schema = PQgetvalue(r, 0, 0)[0] == 't';
	out->oid = (uint32_t)look_int(r, 0, 1, 0);
	out->taken = look_text(x->a, r, 0, 2);
	if (out->oid == 0)
		out->taken = NULL;
	out->rows = look_int(r, 0, 3, -1);
	out->bytes = look_int(r, 0, 4, 0);
	out->indexes = look_int(r, 0, 5, 0);
	return 0;
}

int
pg_ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *q, struct standing *out, struct err *e)
{
	struct asking x = {c, w, a};
	const char *oid, **list;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	out->stage = out->sizes = out->triggers = "";
	if (table(&x, q, out, e) < 0 ||
	    names(&x, roles_sql, look_array(a, q->roles, q->nroles), &out->missing, &out->nmissing,
		e) < 0 ||
	    names(&x, stage_sql, q->side, &list, &n, e) < 0)
		return -1;
	if (n == 1)
		out->stage = list[0] == NULL ? "something else" : list[0];
	if (out->oid == 0 || out->taken != NULL)
		return 0;
	oid = arena_printf(a, "%u", out->oid);
	if (names(&x, sizes_sql, oid, &list, &n, e) < 0)
		return -1;
	out->sizes = n == 1 && list[0] != NULL ? list[0] : "";
	if (names(&x, keys_sql, oid, &out->keys, &out->nkeys, e) < 0 ||
	    names(&x, views_sql, oid, &out->views, &out->nviews, e) < 0 ||
	    names(&x, stuck_sql, oid, &list, &n, e) < 0)
		return -1;
	out->stuck = n > 0 ? list[0] : NULL;
	return 0;
}
