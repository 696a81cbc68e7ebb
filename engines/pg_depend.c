/*
 * What hangs on an object, as the server itself would decide it: the closure over pg_depend, in
 * which what belongs to the object goes silently and everything else blocks a RESTRICT drop and
 * goes with CASCADE. Must never change anything.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "engines/pg_words.h"
#include "banned.h"

#define MAX_EDGES 50000

/*
 * All edges reachable from the root. "Down" follows dependents; "up" goes from a part (a view's
 * rule, a member of an extension) to what owns it, since a part is dropped only with its owner.
 * $1, $2: class and oid of the root.
 */
static const char edges_sql[] =
    "WITH RECURSIVE reached(classid, objid, subid) AS ("
    "SELECT $1::pg_catalog.regclass::pg_catalog.oid, $2::pg_catalog.oid, 0 UNION "
    "SELECT e.classid, e.objid, e.subid FROM reached AS r CROSS JOIN LATERAL ("
    "SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend AS d "
    "WHERE d.refclassid = r.classid AND d.refobjid = r.objid "
    "AND (r.subid = 0 OR d.refobjsubid = r.subid) UNION ALL "
    "SELECT d.refclassid, d.refobjid, 0 FROM pg_catalog.pg_depend AS d "
    "WHERE d.classid = r.classid AND d.objid = r.objid AND d.objsubid = r.subid "
    "AND d.deptype IN ('i', 'e') AND NOT (r.classid = $1::pg_catalog.regclass "
    "AND r.objid = $2::pg_catalog.oid)) AS e(classid, objid, subid)) "
    "SELECT DISTINCT r.classid, r.objid, r.subid, d.classid, d.objid, d.objsubid, d.deptype "
    "FROM reached AS r JOIN pg_catalog.pg_depend AS d "
    "ON d.refclassid = r.classid AND d.refobjid = r.objid "
    "AND (r.subid = 0 OR d.refobjsubid = r.subid) "
    "WHERE (d.classid, d.objid) <> (d.refclassid, d.refobjid) LIMIT 50001";

/* Names and sizes of the listed ones. $1, $2, $3: arrays of classes, oids, columns. */
static const char names_sql[] =
    "SELECT u.n, CASE WHEN k.contype = 'f' THEN 'foreign key' WHEN k.oid IS NOT NULL THEN "
    "'constraint' ELSE i.type END, coalesce(i.schema, kn.nspname), "
    "coalesce(at.attname, i.name, k.conname, t.tgname, p.polname, rw.rulename), "
    "(SELECT pg_catalog.format('%I.%I', tn.nspname, tc.relname) "
    "FROM pg_catalog.pg_class AS tc JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace "
    "WHERE tc.oid = coalesce(NULLIF(k.conrelid, 0), t.tgrelid, p.polrelid, rw.ev_class, "
    "ad.adrelid, at.attrelid)), "
    "pg_catalog.pg_describe_object(u.classid, u.objid, u.subid), "
    "CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0 THEN c.reltuples::pg_catalog.int8 "
    "END, CASE WHEN c.relkind IN ('r', 'm', 'p') THEN pg_catalog.pg_total_relation_size(c.oid) "
    "END, "
    "coalesce(NULLIF(k.conrelid, 0), t.tgrelid, p.polrelid, rw.ev_class, ad.adrelid, at.attrelid) "
    "FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.oid[]), "
    "pg_catalog.unnest($2::pg_catalog.oid[]), pg_catalog.unnest($3::pg_catalog.int4[])) "
    "WITH ORDINALITY AS u(classid, objid, subid, n) "
    "CROSS JOIN LATERAL pg_catalog.pg_identify_object(u.classid, u.objid, u.subid) AS i "
    "LEFT JOIN pg_catalog.pg_constraint AS k ON u.classid = 'pg_catalog.pg_constraint'::"
    "pg_catalog.regclass AND k.oid = u.objid "
    "LEFT JOIN pg_catalog.pg_namespace AS kn ON kn.oid = k.connamespace "
    "LEFT JOIN pg_catalog.pg_trigger AS t ON u.classid = 'pg_catalog.pg_trigger'::"
    "pg_catalog.regclass AND t.oid = u.objid "
    "LEFT JOIN pg_catalog.pg_policy AS p ON u.classid = 'pg_catalog.pg_policy'::"
    "pg_catalog.regclass AND p.oid = u.objid "
    "LEFT JOIN pg_catalog.pg_rewrite AS rw ON u.classid = 'pg_catalog.pg_rewrite'::"
    "pg_catalog.regclass AND rw.oid = u.objid "
    "LEFT JOIN pg_catalog.pg_attrdef AS ad ON u.classid = 'pg_catalog.pg_attrdef'::"
    "pg_catalog.regclass AND ad.oid = u.objid "
    "LEFT JOIN pg_catalog.pg_class AS c ON u.classid = 'pg_catalog.pg_class'::"
    "pg_catalog.regclass AND c.oid = u.objid AND u.subid = 0 "
    "LEFT JOIN pg_catalog.pg_attribute AS at ON u.subid > 0 AND u.classid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND at.attrelid = u.objid AND at.attnum = u.subid "
    "ORDER BY u.n";

struct vertex {
	uint32_t classid, oid;
	int column;	  /* of a table; 0 the whole */
	int depth;	  /* -1 not reached */
	int goes_quietly; /* belongs to something that is dropped */
};

struct edge {
	size_t from, to; /* vertices: dropping `from` takes `to` */
	char type;
};

struct graph {
	struct arena *a;
	struct vertex *v;
	struct edge *e;
	size_t nv, ne, *table, mask; /* open hash of vertex numbers + 1 */
};

static size_t
vertex_of(struct graph *g, uint32_t classid, uint32_t oid, int column)
{
	uint64_t key = (uint64_t)(classid * 31u + oid) * 1601u + (uint64_t)column;
	size_t h = (size_t)(key * 0x9E3779B97F4A7C15u >> 32) & g->mask;

	while (g->table[h] != 0) {
		struct vertex *v = &g->v[g->table[h] - 1];

		if (v->classid == classid && v->oid == oid && v->column == column)
			return g->table[h] - 1;
		h = (h + 1) & g->mask;
	}
	g->v[g->nv] =
	    (struct vertex){.classid = classid, .oid = oid, .column = column, .depth = -1};
	g->table[h] = ++g->nv;
	return g->nv - 1;
}

/* The vertex named by three columns of a row. */
static size_t
vertex_at(struct graph *g, const PGresult *r, int row, int first)
{
	return vertex_of(g, (uint32_t)look_int(r, row, first, 0),
	    (uint32_t)look_int(r, row, first + 1, 0), (int)look_int(r, row, first + 2, 0));
}

static void
graph_fill(struct graph *g, const PGresult *r, uint32_t classid, uint32_t oid)
{
	size_t n = (size_t)PQntuples(r), size = 64;
	int i;

	while (size < 4 * n + 8)
		size *= 2;
	g->mask = size - 1;
	g->table = arena_array(g->a, size, sizeof(*g->table));
	g->v = arena_array(g->a, 2 * n + 2, sizeof(*g->v));
	g->e = arena_array(g->a, 2 * n + 1, sizeof(*g->e));
	vertex_of(g, classid, oid, 0);
	for (i = 0; i < (int)n; i++) {
		size_t from = vertex_at(g, r, i, 0), to = vertex_at(g, r, i, 3);
		char type = PQgetvalue(r, i, 6)[0];

		g->e[g->ne++] = (struct edge){.from = from, .to = to, .type = type};
		/* A part pulls its owner along, as if the owner depended on it. */
		if ((type == 'i' || type == 'e') && to != 0)
			g->e[g->ne++] = (struct edge){.from = to, .to = from, .type = 'o'};
	}
}

/*
 * Breadth first over the edges by passes: the graphs are small, and a pass a level is plain. Parts
 * stand at the depth of their owner; an owner that was pulled stands where its part stood.
 */
static void
graph_walk(struct graph *g)
{
	int changed = 1;
	size_t i;

	g->v[0].depth = 0;
	g->v[0].goes_quietly = 1;
	while (changed) {
		changed = 0;
		for (i = 0; i < g->ne; i++) {
			struct vertex *from = &g->v[g->e[i].from], *to = &g->v[g->e[i].to];
			int step = g->e[i].type == 'n' ? 1 : 0;

			if (from->depth < 0)
				continue;
			if (to->depth < 0 || to->depth > from->depth + step) {
				to->depth = from->depth + step;
				changed = 1;
			}
		}
	}
	for (i = 0; i < g->ne; i++)
		if (g->v[g->e[i].from].depth >= 0 && g->e[i].type != 'n' && g->e[i].type != 'o')
			g->v[g->e[i].to].goes_quietly = 1;
}

static void
take_names(struct arena *a, const PGresult *r, struct dependent *list, size_t n)
{
	int row;

	for (row = 0; row < PQntuples(r); row++) {
		size_t at = (size_t)look_int(r, row, 0, 0);
		struct dependent *d;

		if (at < 1 || at > n)
			continue;
		d = &list[at - 1];
		d->type = look_text(a, r, row, 1);
		d->schema = look_text(a, r, row, 2);
		d->name = look_text(a, r, row, 3);
		d->table = look_text(a, r, row, 4);
		d->identity = look_text(a, r, row, 5);
		d->rows = look_int(r, row, 6, -1);
		d->bytes = look_int(r, row, 7, -1);
		d->table_oid = (uint32_t)look_int(r, row, 8, 0);
	}
}

static int
by_depth(const void *x, const void *y)
{
	const struct vertex *a = x, *b = y;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->oid < b->oid ? -1 : a->oid > b->oid;
}

/* The vertices people must hear of, nearest first. */
static size_t
list_vertices(const struct graph *g, struct vertex *list)
{
	size_t i, n = 0;

	for (i = 1; i < g->nv; i++)
		if (g->v[i].depth >= 0 && !g->v[i].goes_quietly)
			list[n++] = g->v[i];
	qsort(list, n, sizeof(*list), by_depth);
	return n;
}

static int
name_all(struct cluster *c, struct waiter *w, struct graph *g, struct dependent **out, size_t *n,
    struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct vertex *v = arena_array(g->a, g->nv, sizeof(*v));
	const char **lists[3], *params[3];
	size_t i;

	*n = list_vertices(g, v);
	*out = arena_array(g->a, *n + 1, sizeof(**out));
	for (i = 0; i < 3; i++)
		lists[i] = arena_array(g->a, *n + 1, sizeof(*lists[i]));
	for (i = 0; i < *n; i++) {
		(*out)[i] = (struct dependent){.classid = v[i].classid,
		    .oid = v[i].oid,
		    .depth = v[i].depth,
		    .rows = -1,
		    .bytes = -1};
		lists[0][i] = arena_printf(g->a, "%u", v[i].classid);
		lists[1][i] = arena_printf(g->a, "%u", v[i].oid);
		lists[2][i] = arena_printf(g->a, "%d", v[i].column);
	}
	if (*n == 0)
		return 0;
	for (i = 0; i < 3; i++)
		params[i] = look_array(g->a, lists[i], *n);
	if (look(c, w, names_sql, 3, params, &r, e) < 0)
		return -1;
	take_names(g->a, r, *out, *n);
	return 0;
}

/* Catalogues by the types of what stands in them; the oids are fixed. */
struct class_row {
	const char *type, *class;
	uint32_t oid;
};

static const struct class_row *
class_of(const struct object *o)
{
	static const struct class_row relation = {"", "pg_catalog.pg_class", 1259},
				      rows[] = {{"schema", "pg_catalog.pg_namespace", 2615},
					  {"type", "pg_catalog.pg_type", 1247},
					  {"domain", "pg_catalog.pg_type", 1247},
					  {"function", "pg_catalog.pg_proc", 1255},
					  {"extension", "pg_catalog.pg_extension", 3079}};
	size_t i;

	if (o->type == NULL || pg_is_relation(o))
		return o->type == NULL ? NULL : &relation;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(o->type, rows[i].type) == 0)
			return &rows[i];
	return NULL;
}

int
pg_ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const struct class_row *class = class_of(o);
	const char *params[2] = {
	    class == NULL ? NULL : class->class, arena_printf(a, "%u", o->oid)};
	struct graph g = {.a = a};

	*out = NULL;
	*n = 0;
	if (o->oid == 0 || class == NULL)
		return 0;
	if (look(c, w, edges_sql, 2, params, &r, e) < 0)
		return err_wrap(e, "looking up what hangs on %s", object_name(a, o));
	if (PQntuples(r) > MAX_EDGES) {
		err_set(e, ERR_REFUSED, "more than %d things hang on %s; they were not listed",
		    MAX_EDGES, object_name(a, o));
		return err_hint(e, "drop parts of it first");
	}
	graph_fill(&g, r, class->oid, o->oid);
	graph_walk(&g);
	if (name_all(c, w, &g, out, n, e) < 0)
		return err_wrap(e, "naming what hangs on %s", object_name(a, o));
	return 0;
}
