/*
 * Listings: const questions, see ask.h. What the operator names goes in as a quoted literal.
 */
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "banned.h"

#define NOT_SYSTEM(column)                                                                         \
	column " NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"

/* {A} is the argument as a literal, or NULL. */
static const struct row {
	enum ask_list what;
	int is_required, on_primary;
	const char *sql;
} lists[] = {
    {ASK_TABLES, 0, 0,
	"SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, LOWER(TABLE_TYPE) AS type, ENGINE "
	"AS engine, TABLE_ROWS AS `rows`, CONCAT(ROUND((DATA_LENGTH + INDEX_LENGTH) / 1048576, "
	"1), ' MB') AS size FROM information_schema.TABLES WHERE " NOT_SYSTEM(
	    "TABLE_SCHEMA") " AND ({A} IS NULL OR TABLE_SCHEMA = {A} OR TABLE_NAME = {A} OR "
			    "CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = {A} OR TABLE_NAME LIKE "
			    "REPLACE({A}, '*', '%')) ORDER BY 1, 2 LIMIT 5000"},
    {ASK_LOCKS, 0, 0,
	"SELECT w.ID AS id, w.USER AS waits, w.TIME AS seconds, w.STATE AS state, LEFT(w.INFO, "
	"60) AS statement, b.trx_mysql_thread_id AS blocker, LEFT(b.trx_query, 60) AS "
	"blocker_statement FROM information_schema.PROCESSLIST AS w LEFT JOIN "
	"information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = w.ID LEFT JOIN "
	"information_schema.INNODB_LOCK_WAITS AS lw ON lw.requesting_trx_id = t.trx_id LEFT JOIN "
	"information_schema.INNODB_TRX AS b ON b.trx_id = lw.blocking_trx_id WHERE w.STATE LIKE "
	"'Waiting for % lock%' OR lw.requesting_trx_id IS NOT NULL ORDER BY w.TIME DESC LIMIT "
	"2000"},
    {ASK_ACTIVITY, 0, 0,
	"SELECT ID AS id, USER AS login, HOST AS client, DB AS `database`, COMMAND AS command, "
	"TIME AS seconds, STATE AS state, LEFT(INFO, 80) AS statement FROM "
	"information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() ORDER BY TIME DESC LIMIT "
	"2000"},
    {ASK_LAG, 0, 1,
	"SELECT ID AS id, USER AS replica, HOST AS client, STATE AS state, TIME AS "
	"connected_seconds FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' "
	"ORDER BY ID LIMIT 1000"},
    {ASK_DATABASES, 0, 0,
	"SELECT SCHEMA_NAME AS name, DEFAULT_CHARACTER_SET_NAME AS encoding, "
	"DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA ORDER BY 1 LIMIT "
	"5000"},
    {ASK_ROLES, 0, 0, "SELECT User AS name, Host AS host FROM mysql.user ORDER BY 1, 2 LIMIT 5000"},
    {ASK_FUNCTIONS, 0, 0,
	"SELECT ROUTINE_SCHEMA AS `schema`, ROUTINE_NAME AS name, LOWER(ROUTINE_TYPE) AS type, "
	"SQL_DATA_ACCESS AS access FROM information_schema.ROUTINES WHERE " NOT_SYSTEM(
	    "ROUTINE_SCHEMA") " AND ({A} IS NULL OR ROUTINE_NAME = {A} OR ROUTINE_SCHEMA = {A}) "
			      "ORDER BY 1, 2 LIMIT 5000"},
    {ASK_SCHEMAS, 0, 0,
	"SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1 LIMIT 5000"},
    {ASK_COLUMNS, 1, 0,
	"SELECT COLUMN_NAME AS `column`, COLUMN_TYPE AS type, IF(IS_NULLABLE = 'NO', 'not null', "
	"'') AS `null`, COLUMN_DEFAULT AS `default`, EXTRA AS extra FROM "
	"information_schema.COLUMNS WHERE CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = {A} OR "
	"(TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {A}) ORDER BY ORDINAL_POSITION LIMIT 5000"},
    {ASK_INDEXES, 1, 0,
	"SELECT INDEX_NAME AS `index`, IF(NON_UNIQUE = 0, 'unique', '') AS `unique`, "
	"GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX) AS columns FROM "
	"information_schema.STATISTICS WHERE CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = {A} OR "
	"(TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {A}) GROUP BY 1, 2 ORDER BY 1 LIMIT 1000"},
    {ASK_CONSTRAINTS, 1, 0,
	"SELECT CONSTRAINT_NAME AS `constraint`, TABLE_NAME AS `table`, "
	"GROUP_CONCAT(COLUMN_NAME ORDER BY ORDINAL_POSITION) AS columns, "
	"REFERENCED_TABLE_NAME AS `references` FROM information_schema.KEY_COLUMN_USAGE WHERE "
	"CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) = {A} OR (TABLE_SCHEMA = DATABASE() AND "
	"(TABLE_NAME = {A} OR REFERENCED_TABLE_NAME = {A})) GROUP BY 1, 2, 4 ORDER BY 1 LIMIT "
	"1000"},
};

static const char *
fill(struct arena *a, const char *sql, const char *argument)
{
	const char *literal = argument == NULL ? "NULL" : my_quote_literal(a, argument), *at;
	const char *done = "";

	while ((at = strstr(sql, "{A}")) != NULL) {
		done = arena_printf(a, "%s%.*s%s", done, (int)(at - sql), sql, literal);
		sql = at + 3;
	}
	return arena_printf(a, "%s%s", done, sql);
}

int
my_ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e)
{
	const struct row *row = NULL;
	struct my_conn *x;
	struct member *m;
	CLEAN_MEMBERS struct cluster *held = NULL;
	struct my_rows r;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lists[i].what == what)
			row = &lists[i];
	if (row == NULL || (row->is_required && argument == NULL))
		return err_set(e, ERR_USAGE, "this listing needs a name");
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	m = row->on_primary ? act_primary(c, e) : cluster_member(c, c->operator_node);
	if (m == NULL)
		return err_set(e, ERR_CONN, "there is no session to ask; connect to a node first");
	if (!row->on_primary && !c->driver->is_usable(c->person))
		return err_set(e, ERR_CONN, "there is no session to ask; connect to a node first");
	if (row->on_primary) {
		if (my_control(c, m, w, &x, e) < 0)
			return -1;
	} else
		x = my(c->person);
	if (my_ask(x, w, cluster_deadline(c, LIMIT_QUERY), a, fill(a, row->sql, argument), &r, e) <
	    0)
		return err_wrap(e, "%s", m->name);
	*out = (struct listing){.ncols = r.ncols,
	    .nrows = r.n,
	    .titles = r.titles,
	    .cells = r.cells,
	    .is_numeric = r.is_numeric};
	return 0;
}

int
my_ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e)
{
	struct my_conn *x = my(c->person);
	const char *p = my_quote_literal(a, prefix);
	struct my_rows r;

	*out = NULL;
	*n = 0;
	if (x == NULL || x->is_broken || my_in_tx(x))
		return 0;
	if (my_ask(x, w, now_ms() + 300, a,
		arena_printf(a,
		    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
		    "DATABASE() AND LEFT(TABLE_NAME, CHAR_LENGTH(%s)) = %s ORDER BY 1 LIMIT 500",
		    p, p),
		&r, e) < 0)
		return -1;
	*out = r.cells;
	*n = r.n;
	return 0;
}
