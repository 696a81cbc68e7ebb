/*
 * The SQL of every listing. Const texts; what the operator names comes in as a parameter. Titles
 * are the column names. Sizes are left to pg_class where taking a lock could wait.
 */
#include "engines/pg_lists.h"
#include "banned.h"

/* What the argument may mean: a schema, a name, schema.name, or a pattern of either with * in it.
 * No backslash stands in these texts: the session may read them either way. */
#define NAMED(name)                                                                                \
	"($1::pg_catalog.text IS NULL OR n.nspname = $1 OR " name " = $1 OR "                      \
	"pg_catalog.concat(n.nspname, '.', " name ") = $1 OR (pg_catalog.strpos($1, '*') > 0 "     \
	"AND CASE WHEN pg_catalog.strpos($1, '.') > 0 THEN pg_catalog.concat(n.nspname, "          \
	"'.', " name ") ELSE " name " END LIKE pg_catalog.replace($1, '*', '%'))) "
#define VISIBLE_OR_NAMED                                                                           \
	"n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast' "      \
	"AND " NAMED("c.relname")

const struct list_row pg_lists[] = {
    {ASK_TABLES, LIST_PERSON, 1, 0,
	"SELECT n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'r' THEN 'table' "
	"WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' "
	"WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' END || CASE c.relpersistence "
	"WHEN 't' THEN ' (temporary)' WHEN 'u' THEN ' (unlogged)' ELSE '' END AS type, "
	"pg_catalog.pg_get_userbyid(c.relowner) AS owner, "
	"CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0 THEN "
	"c.reltuples::pg_catalog.int8 END AS rows, CASE WHEN c.relkind IN ('r', 'm') THEN "
	"pg_catalog.pg_size_pretty((SELECT pg_catalog.sum(x.relpages::pg_catalog.int8) FROM "
	"pg_catalog.pg_class AS x WHERE x.oid = c.oid OR x.oid = c.reltoastrelid OR x.oid IN "
	"(SELECT i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid)) * "
	"pg_catalog.current_setting('block_size')::pg_catalog.int8) END AS size "
	"FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
	"WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND (c.relkind <> 'S' OR "
	"$1::pg_catalog.text IS NOT NULL) AND " VISIBLE_OR_NAMED "ORDER BY 1, 2 LIMIT 5000"},
    {ASK_LOCKS, LIST_CONTROL, 0, 0,
	"SELECT w.pid, w.usename AS waits, pg_catalog.left(w.query, 60) AS statement, "
	"pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - "
	"l.waits_since)::pg_catalog.numeric, 1) AS seconds, l.mode, "
	"l.relation::pg_catalog.regclass "
	"AS object, b.pid AS blocker, b.usename AS held_by, b.application_name AS application, "
	"b.state, pg_catalog.left(b.query, 60) AS blocker_statement "
	"FROM pg_catalog.pg_stat_activity AS w JOIN (SELECT k.*, (pg_catalog.to_jsonb(k) ->> "
	"'waitstart')::pg_catalog.timestamptz AS waits_since FROM pg_catalog.pg_locks AS k) AS l "
	"ON l.pid = w.pid AND NOT l.granted CROSS JOIN LATERAL "
	"pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS "
	"k(pid) LEFT JOIN pg_catalog.pg_stat_activity AS b ON b.pid = k.pid "
	"ORDER BY l.waits_since, w.pid, b.pid LIMIT 2000"},
    {ASK_ACTIVITY, LIST_CONTROL, 0, 0,
	"SELECT a.pid, a.usename AS login, a.datname AS database, a.application_name AS "
	"application, coalesce(pg_catalog.host(a.client_addr), 'local') AS client, a.state, "
	"pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - "
	"a.xact_start)::pg_catalog.numeric, 1) AS tx_seconds, a.wait_event_type || ':' || "
	"a.wait_event AS waits_for, pg_catalog.left(a.query, 80) AS statement "
	"FROM pg_catalog.pg_stat_activity AS a WHERE a.backend_type = 'client backend' AND a.pid "
	"<> pg_catalog.pg_backend_pid() ORDER BY a.xact_start NULLS LAST, a.pid LIMIT 2000"},
    {ASK_LAG, LIST_PRIMARY, 0, 0,
	"SELECT r.application_name AS replica, coalesce(pg_catalog.host(r.client_addr), 'local') "
	"AS client, r.state, r.sync_state AS sync, "
	"pg_catalog.pg_wal_lsn_diff(p.lsn, r.replay_lsn) AS bytes_behind, "
	"pg_catalog.round(extract(epoch from r.replay_lag)::pg_catalog.numeric, 1) AS "
	"seconds_behind FROM pg_catalog.pg_stat_replication AS r CROSS JOIN (SELECT CASE WHEN "
	"pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_receive_lsn() ELSE "
	"pg_catalog.pg_current_wal_lsn() END AS lsn) AS p ORDER BY 1 LIMIT 500"},
    {ASK_DATABASES, LIST_CONTROL, 0, 0,
	"SELECT d.datname AS name, pg_catalog.pg_get_userbyid(d.datdba) AS owner, "
	"pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collation, CASE "
	"WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_size_pretty("
	"pg_catalog.pg_database_size(d.oid)) END AS size, (SELECT pg_catalog.count(*) FROM "
	"pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid) AS sessions FROM "
	"pg_catalog.pg_database AS d WHERE NOT d.datistemplate ORDER BY 1 LIMIT 1000"},
    {ASK_ROLES, LIST_CONTROL, 0, 0,
	"SELECT r.rolname AS name, pg_catalog.concat_ws(', ', CASE WHEN r.rolsuper THEN "
	"'superuser' END, CASE WHEN r.rolreplication THEN 'replication' END, CASE WHEN "
	"r.rolcreaterole THEN 'create role' END, CASE WHEN r.rolcreatedb THEN 'create database' "
	"END, CASE WHEN r.rolbypassrls THEN 'bypass RLS' END, CASE WHEN NOT r.rolcanlogin THEN "
	"'no login' END) AS attributes, pg_catalog.array_to_string(ARRAY(SELECT g.rolname FROM "
	"pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid WHERE "
	"m.member = r.oid ORDER BY 1), ', ') AS member_of FROM pg_catalog.pg_roles AS r WHERE "
	"r.rolname !~ '^pg_' ORDER BY 1 LIMIT 2000"},
    {ASK_FUNCTIONS, LIST_PERSON, 1, 0,
	"SELECT n.nspname AS schema, p.proname AS name, "
	"pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments, "
	"pg_catalog.pg_get_function_result(p.oid) AS result, CASE p.prokind WHEN 'a' THEN "
	"'aggregate' WHEN 'w' THEN 'window' WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind, "
	"CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END "
	"AS volatility FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = "
	"p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND " NAMED(
	    "p.proname") "ORDER BY 1, 2, 3 LIMIT 5000"},
    {ASK_SCHEMAS, LIST_PERSON, 0, 0,
	"SELECT n.nspname AS name, pg_catalog.pg_get_userbyid(n.nspowner) AS owner, (SELECT "
	"pg_catalog.count(*) FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND "
	"c.relkind IN ('r', 'p')) AS tables FROM pg_catalog.pg_namespace AS n WHERE n.nspname !~ "
	"'^pg_' AND n.nspname <> 'information_schema' ORDER BY 1 LIMIT 5000"},
    {ASK_COLUMNS, LIST_PERSON, 1, 1,
	"SELECT a.attname AS column, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, CASE "
	"WHEN a.attnotnull THEN 'not null' ELSE '' END AS nullable, CASE a.attidentity WHEN 'a' "
	"THEN 'generated always as identity' WHEN 'd' THEN 'generated by default as identity' ELSE "
	"pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS default, "
	"pg_catalog.col_description(a.attrelid, a.attnum) AS comment FROM pg_catalog.pg_attribute "
	"AS a LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = "
	"a.attnum WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT "
	"a.attisdropped ORDER BY a.attnum"},
    {ASK_INDEXES, LIST_PERSON, 1, 1,
	"SELECT c.relname AS index, pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, CASE "
	"WHEN NOT i.indisvalid THEN 'INVALID' ELSE 'valid' END AS state, "
	"pg_catalog.pg_size_pretty(c.relpages::pg_catalog.int8 * "
	"pg_catalog.current_setting('block_size')::pg_catalog.int8) AS size FROM "
	"pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid WHERE "
	"i.indrelid = pg_catalog.to_regclass($1) ORDER BY i.indisprimary DESC, 1"},
    {ASK_CONSTRAINTS, LIST_PERSON, 1, 1,
	"SELECT k.conname AS constraint, CASE WHEN k.confrelid = x.oid AND k.conrelid <> x.oid "
	"THEN 'referenced by ' || k.conrelid::pg_catalog.regclass::pg_catalog.text ELSE 'own' END "
	"AS side, pg_catalog.pg_get_constraintdef(k.oid) AS definition, CASE WHEN k.convalidated "
	"THEN 'valid' ELSE 'NOT VALID' END AS state FROM (SELECT pg_catalog.to_regclass($1)::"
	"pg_catalog.oid AS oid) AS x JOIN pg_catalog.pg_constraint AS k ON k.conrelid = x.oid OR "
	"k.confrelid = x.oid ORDER BY 2, 1"},
    {ASK_PARTS, LIST_PERSON, 1, 1,
	"SELECT q.part, q.name, q.definition, q.detail FROM (SELECT pg_catalog.to_regclass($1)::"
	"pg_catalog.oid AS oid) AS x CROSS JOIN LATERAL ("
	"SELECT 0 AS k, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' "
	"WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' "
	"WHEN 'i' THEN 'index' WHEN 'I' THEN 'partitioned index' WHEN 'S' THEN 'sequence' ELSE "
	"'relation' END AS part, pg_catalog.concat(n.nspname, '.', c.relname) AS name, "
	"pg_catalog.concat_ws(', ', 'owner ' || pg_catalog.pg_get_userbyid(c.relowner)::"
	"pg_catalog.text, CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.reltuples >= 0 THEN "
	"'about ' || c.reltuples::pg_catalog.int8::pg_catalog.text || ' rows' END, CASE WHEN "
	"c.relpersistence = 'u' THEN 'unlogged' WHEN c.relpersistence = 't' THEN 'temporary' END, "
	"CASE WHEN c.relrowsecurity THEN 'row security' END, CASE WHEN c.relkind IN ('r', 'p', "
	"'m') AND c.relreplident <> 'd' THEN "
	"'replica identity ' || c.relreplident::pg_catalog.text END) AS definition, "
	"pg_catalog.concat_ws(', ', CASE WHEN c.relpages > 0 THEN pg_catalog.pg_size_pretty("
	"c.relpages::pg_catalog.int8 * pg_catalog.current_setting('block_size')::pg_catalog.int8) "
	"END, pg_catalog.obj_description(c.oid, 'pg_class')) AS detail "
	"FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = "
	"c.relnamespace WHERE c.oid = x.oid "
	"UNION ALL SELECT 1, 'partition of', i.inhparent::pg_catalog.regclass::pg_catalog.text, "
	"coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'inherits'), '' FROM "
	"pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE "
	"i.inhrelid = x.oid "
	"UNION ALL SELECT 2, 'partition key', '', pg_catalog.pg_get_partkeydef(x.oid), '' FROM "
	"pg_catalog.pg_partitioned_table AS p WHERE p.partrelid = x.oid "
	"UNION ALL SELECT 3, 'partition', i.inhrelid::pg_catalog.regclass::pg_catalog.text, "
	"coalesce(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'inherits'), "
	"pg_catalog.pg_size_pretty(c.relpages::pg_catalog.int8 * "
	"pg_catalog.current_setting('block_size')::pg_catalog.int8) FROM pg_catalog.pg_inherits "
	"AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = x.oid "
	"UNION ALL SELECT 4, 'trigger', t.tgname, pg_catalog.pg_get_triggerdef(t.oid, true), CASE "
	"t.tgenabled WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN "
	"'on replicas only' ELSE 'always' END FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = "
	"x.oid AND NOT t.tgisinternal "
	"UNION ALL SELECT 5, 'rule', r.rulename, pg_catalog.pg_get_ruledef(r.oid, true), '' FROM "
	"pg_catalog.pg_rewrite AS r WHERE r.ev_class = x.oid AND r.rulename <> '_RETURN' "
	"UNION ALL SELECT 6, 'policy', l.polname, pg_catalog.concat_ws(' ', CASE l.polcmd WHEN 'r' "
	"THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE "
	"'ALL' END, 'USING (' || pg_catalog.pg_get_expr(l.polqual, l.polrelid) || ')', 'CHECK (' "
	"|| pg_catalog.pg_get_expr(l.polwithcheck, l.polrelid) || ')'), CASE WHEN "
	"l.polpermissive THEN 'permissive' ELSE 'restrictive' END FROM pg_catalog.pg_policy AS l "
	"WHERE l.polrelid = x.oid "
	"UNION ALL SELECT 7, 'published by', p.pubname, '', '' FROM pg_catalog.pg_publication_rel "
	"AS r JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid WHERE r.prrelid = x.oid "
	"UNION ALL SELECT 8, 'view text', '', pg_catalog.pg_get_viewdef(x.oid, true), '' FROM "
	"pg_catalog.pg_class AS c WHERE c.oid = x.oid AND c.relkind IN ('v', 'm') "
	"UNION ALL SELECT 9, 'index text', '', pg_catalog.pg_get_indexdef(x.oid), '' FROM "
	"pg_catalog.pg_class AS c WHERE c.oid = x.oid AND c.relkind IN ('i', 'I')) AS q "
	"ORDER BY q.k, q.name LIMIT 5000"},
    {ASK_ALL_INDEXES, LIST_PERSON, 1, 0,
	"SELECT n.nspname AS schema, c.relname AS name, t.relname AS table, pg_catalog."
	"pg_size_pretty(c.relpages::pg_catalog.int8 * "
	"pg_catalog.current_setting('block_size')::pg_catalog.int8) AS size, "
	"pg_catalog.pg_stat_get_numscans(c.oid) AS scans, CASE WHEN NOT i.indisvalid THEN "
	"'INVALID' WHEN i.indisprimary THEN 'primary key' WHEN i.indisunique THEN 'unique' ELSE '' "
	"END AS state FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = "
	"i.indexrelid JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid JOIN "
	"pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname NOT IN "
	"('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast' AND "
	"($1::pg_catalog.text IS NULL OR n.nspname = $1 OR c.relname = $1 OR t.relname = $1 OR "
	"pg_catalog.concat(n.nspname, '.', c.relname) = $1 OR (pg_catalog.strpos($1, '*') > 0 AND "
	"CASE WHEN pg_catalog.strpos($1, '.') > 0 THEN pg_catalog.concat(n.nspname, '.', "
	"c.relname) "
	"ELSE c.relname END LIKE pg_catalog.replace($1, '*', '%'))) ORDER BY 1, 3, 2 LIMIT 5000"},
    {ASK_EXTENSIONS, LIST_PERSON, 0, 0,
	"SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema, "
	"pg_catalog.obj_description(e.oid, 'pg_extension') AS what FROM pg_catalog.pg_extension "
	"AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace ORDER BY 1 LIMIT 2000"},
    {ASK_PRIVILEGES, LIST_PERSON, 1, 0,
	"SELECT n.nspname AS schema, c.relname AS name, coalesce(g.rolname, 'public') AS grantee, "
	"pg_catalog.string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS privileges, "
	"pg_catalog.string_agg(DISTINCT pg_catalog.pg_get_userbyid(a.grantor)::pg_catalog.text, "
	"', ') AS granted_by FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON "
	"n.oid = c.relnamespace CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(c.relacl, "
	"pg_catalog.acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::pg_catalog.char, "
	"c.relowner))) AS a LEFT JOIN pg_catalog.pg_roles AS g ON g.oid = a.grantee WHERE "
	"c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND " VISIBLE_OR_NAMED
	"GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT 5000"},
    {ASK_SOURCE, LIST_PERSON, 1, 1,
	"SELECT l.line FROM (SELECT 1 AS k, p.oid, pg_catalog.pg_get_functiondef(p.oid) AS text "
	"FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace "
	"WHERE p.prokind IN ('f', 'p') AND (pg_catalog.concat(n.nspname, '.', p.proname) = $1 OR "
	"(p.proname = $1 AND pg_catalog.pg_function_is_visible(p.oid))) UNION ALL SELECT 2, c.oid, "
	"pg_catalog.pg_get_viewdef(c.oid, true) FROM pg_catalog.pg_class AS c WHERE c.oid = "
	"pg_catalog.to_regclass($1) AND c.relkind IN ('v', 'm')) AS s CROSS JOIN LATERAL "
	"pg_catalog.regexp_split_to_table(s.text, '[' || pg_catalog.chr(10) || ']') WITH "
	"ORDINALITY AS l(line, no) ORDER BY s.k, s.oid, l.no LIMIT 20000"},
};
const size_t pg_nlists = sizeof(pg_lists) / sizeof(pg_lists[0]);
