/*
 * Equal to before: every definition of what was brought back, as text, from both sides, line by
 * line. Order of creation, oids and statistics do not count; everything else does.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "banned.h"

/* Options people set. Some builds of the server keep a stamp of their own among them (pg_attver, a
 * log position of the column's creation), which pg_dump leaves out and no copy can have. */
#define OPTIONS_OF(column)                                                                         \
	"ARRAY(SELECT o FROM pg_catalog.unnest(" column ") AS o WHERE o !~ '^pg_' ORDER BY 1)"

/* Settings on both sessions are the same and search_path is empty, so equal things read equal.
 * Foreign keys count on both ends. $1: names of relations. */
static const char same_sql[] =
    "SELECT u.name || ': ' || x.line FROM pg_catalog.unnest($1::pg_catalog.text[]) AS u(name) "
    "JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(u.name) CROSS JOIN LATERAL ("
    "SELECT pg_catalog.concat_ws(' ', 'relation', c.relkind, c.relpersistence, c.relispopulated, "
    "'owner', "
    "pg_catalog.pg_get_userbyid(c.relowner), 'options', " OPTIONS_OF(
	"c.reloptions") ", 'identity', c.relreplident, "
			"'rls', c.relrowsecurity, c.relforcerowsecurity, 'space', (SELECT "
			"t.spcname FROM "
			"pg_catalog.pg_tablespace AS t WHERE t.oid = c.reltablespace), 'method', "
			"(SELECT m.amname FROM "
			"pg_catalog.pg_am AS m WHERE m.oid = c.relam), 'bound', "
			"pg_catalog.pg_get_expr(c.relpartbound, "
			"c.oid), 'key', CASE WHEN c.relkind = 'p' THEN "
			"pg_catalog.pg_get_partkeydef(c.oid) END) "
			"UNION ALL SELECT 'grant ' || g::pg_catalog.text FROM "
			"pg_catalog.unnest(coalesce(c.relacl, "
			"pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' "
			"END::\"char\", c.relowner))) "
			"AS g UNION ALL SELECT pg_catalog.concat_ws(' ', 'column', "
			"pg_catalog.row_number() OVER (ORDER "
			"BY a.attnum), a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), "
			"a.attnotnull, "
			"a.attidentity, a.attgenerated, a.attstorage, a.attcompression, "
			"a.attstattarget, " OPTIONS_OF(
			    "a.attoptions") ", "
					    "a.attcollation::pg_catalog.regcollation, (SELECT "
					    "pg_catalog.pg_get_expr(d.adbin, d.adrelid) "
					    "FROM pg_catalog.pg_attrdef AS d WHERE d.adrelid = "
					    "a.attrelid AND d.adnum = a.attnum), "
					    "ARRAY(SELECT g::pg_catalog.text FROM "
					    "pg_catalog.unnest(a.attacl) AS g ORDER BY 1), "
					    "pg_catalog.col_description(a.attrelid, a.attnum)) "
					    "FROM pg_catalog.pg_attribute AS a "
					    "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
					    "a.attisdropped UNION ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'index', "
					    "pg_catalog.pg_get_indexdef(i.indexrelid), "
					    "i.indisvalid, i.indisclustered, i.indisreplident, "
					    "pg_catalog.obj_description(i.indexrelid, "
					    "'pg_class')) FROM pg_catalog.pg_index AS i WHERE "
					    "i.indrelid = c.oid UNION ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'constraint', "
					    "k.conname, 'of', "
					    "k.conrelid::pg_catalog.regclass, "
					    "pg_catalog.pg_get_constraintdef(k.oid), "
					    "k.convalidated, "
					    "pg_catalog.obj_description(k.oid, 'pg_constraint')) "
					    "FROM pg_catalog.pg_constraint AS k "
					    "WHERE (k.conrelid = c.oid OR k.confrelid = c.oid) AND "
					    "k.contype <> 't' "
					    "AND k.conname <> ALL ($2::pg_catalog.text[]) UNION "
					    "ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'trigger', "
					    "pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled, "
					    "pg_catalog.obj_description(t.oid, 'pg_trigger')) FROM "
					    "pg_catalog.pg_trigger AS t "
					    "WHERE t.tgrelid = c.oid AND NOT t.tgisinternal UNION "
					    "ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'policy', p.polname, "
					    "p.polcmd, p.polpermissive, "
					    "ARRAY(SELECT pg_catalog.pg_get_userbyid(o) FROM "
					    "pg_catalog.unnest(p.polroles) AS o ORDER BY "
					    "1), "
					    "pg_catalog.pg_get_expr(p.polqual, p.polrelid), "
					    "pg_catalog.pg_get_expr(p.polwithcheck, "
					    "p.polrelid)) FROM pg_catalog.pg_policy AS p WHERE "
					    "p.polrelid = c.oid UNION ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'rule', "
					    "pg_catalog.pg_get_ruledef(w.oid), w.ev_enabled) "
					    "FROM pg_catalog.pg_rewrite AS w WHERE w.ev_class = "
					    "c.oid UNION ALL "
					    "SELECT 'statistics ' || "
					    "pg_catalog.pg_get_statisticsobjdef(s.oid) "
					    "FROM pg_catalog.pg_statistic_ext AS s WHERE "
					    "s.stxrelid = c.oid UNION ALL "
					    "SELECT 'published by ' || b.pubname FROM "
					    "pg_catalog.pg_publication_rel AS pr JOIN "
					    "pg_catalog.pg_publication AS b ON b.oid = pr.prpubid "
					    "WHERE pr.prrelid = c.oid UNION ALL "
					    "SELECT 'inherits ' || "
					    "h.inhparent::pg_catalog.regclass::pg_catalog.text "
					    "FROM "
					    "pg_catalog.pg_inherits AS h WHERE h.inhrelid = c.oid "
					    "UNION ALL "
					    "SELECT 'comment ' || "
					    "pg_catalog.obj_description(c.oid, 'pg_class') "
					    "WHERE pg_catalog.obj_description(c.oid, 'pg_class') "
					    "IS NOT NULL UNION ALL "
					    "SELECT 'security label ' || l.provider || ' ' || "
					    "l.label FROM pg_catalog.pg_seclabel AS l "
					    "WHERE l.objoid = c.oid AND l.classoid = "
					    "'pg_catalog.pg_class'::pg_catalog.regclass UNION ALL "
					    "SELECT pg_catalog.concat_ws(' ', 'sequence', "
					    "q.seqtypid::pg_catalog.regtype, q.seqstart, "
					    "q.seqincrement, q.seqmax, q.seqmin, q.seqcache, "
					    "q.seqcycle) FROM pg_catalog.pg_sequence AS q "
					    "WHERE q.seqrelid = c.oid) AS x(line) ORDER BY (u.name "
					    "|| ': ' || x.line) COLLATE \"C\"";

/* Since 14 columns have a compression method of their own. */
static const char *
same_text(struct undo *u, struct pg_conn *conn)
{
	static const char newer[] = "a.attcompression, ";
	const char *at = strstr(same_sql, newer);

	if (at == NULL || PQserverVersion(conn->pq) >= 140000)
		return same_sql;
	return arena_printf(u->a, "%.*s%s", (int)(at - same_sql), same_sql, at + sizeof(newer) - 1);
}

static int
read_side(struct undo *u, struct pg_conn *conn, PGresult **r, struct err *e)
{
	const char **names = arena_array(u->a, u->nitems + 1, sizeof(*names)), *params[2];
	const char **skipped = arena_array(u->a, u->nitems + 1, sizeof(*skipped));
	size_t i, n = 0, k = 0;

	for (i = 0; i < u->nitems; i++) {
		if (u->items[i].is_skipped) {
			if (u->items[i].constraint != NULL)
				skipped[k++] = u->items[i].constraint;
			continue;
		}
		if (u->items[i].relkind != '\0' && strchr("rpvmfS", u->items[i].relkind) != NULL)
			names[n++] = u->items[i].full;
	}
	params[0] = look_array(u->a, names, n);
	params[1] = look_array(u->a, skipped, k);
	return undo_do(u, conn, same_text(u, conn), 2, params, r, e);
}

int
undo_same(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *there = NULL, *here = NULL;
	const char *x, *y;
	int i, n;

	if (read_side(u, u->src, &there, e) < 0 || read_side(u, u->dst, &here, e) < 0)
		return -1;
	n = PQntuples(there) > PQntuples(here) ? PQntuples(there) : PQntuples(here);
	for (i = 0; i < n; i++) {
		x = i < PQntuples(there) ? PQgetvalue(there, i, 0) : "nothing";
		y = i < PQntuples(here) ? PQgetvalue(here, i, 0) : "nothing";
		if (strcmp(x, y) == 0)
			continue;
		return err_set(e, ERR_FAILED,
		    "a definition is not equal to before (rolled back): %.300s on %s, %.300s on %s",
		    x, u->from->name, y, u->to->name);
	}
	return 0;
}
