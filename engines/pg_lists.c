/*
 * Listings and completion: see ask_list and ask_names in ask.h. Runs rows of pg_lists_table.c and
 * copies the cells. Must never send a name as part of a text.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_lists.h"
#include "engines/pg_look.h"
#include "banned.h"

static int
run_list(struct cluster *c, struct waiter *w, const struct list_row *row, const char *argument,
    PGresult **r, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;
	const char *params[1] = {argument};
	struct pg_conn *control;
	struct member *m;

	if (row->where == LIST_PERSON)
		return look(c, w, row->sql, row->nparams, params, r, e);
	if (!cluster_is_connected(c))
		return err_set(e, ERR_CONN, "there is no session to ask; connect to a node first");
	if (members_enter(c, w, &held, e) < 0)
		return -1;
	m = row->where == LIST_PRIMARY ? act_primary(c, e) : cluster_member(c, c->operator_node);
	if (m == NULL || pg_control(c, m, w, &control, e) < 0)
		return -1;
	if (pg_query(control, w, cluster_deadline(c, LIMIT_QUERY), row->sql, row->nparams, params,
		r, e) < 0)
		return err_wrap(e, "%s", m->name);
	return 0;
}

static int
is_number(Oid type)
{
	return type == 20 || type == 21 || type == 23 || type == 26 || type == 700 || type == 701 ||
	       type == 1700;
}

static void
copy_cells(struct arena *a, const PGresult *r, struct listing *out)
{
	int rows = PQntuples(r), cols = PQnfields(r), i, k;

	out->ncols = (size_t)cols;
	out->nrows = (size_t)rows;
	out->titles = arena_array(a, out->ncols + 1, sizeof(*out->titles));
	out->is_numeric = arena_array(a, out->ncols + 1, sizeof(*out->is_numeric));
	out->cells = arena_array(a, out->ncols * out->nrows + 1, sizeof(*out->cells));
	for (k = 0; k < cols; k++) {
		out->titles[k] = arena_strdup(a, PQfname(r, k));
		out->is_numeric[k] = (unsigned char)is_number(PQftype(r, k));
	}
	for (i = 0; i < rows; i++)
		for (k = 0; k < cols; k++)
			out->cells[(size_t)i * out->ncols + (size_t)k] = look_text(a, r, i, k);
}

int
pg_ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const struct list_row *row = NULL;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < pg_nlists && row == NULL; i++)
		if (pg_lists[i].what == what)
			row = &pg_lists[i];
	if (row == NULL || (row->is_required && argument == NULL))
		return err_set(e, ERR_USAGE, "this listing needs the name of a table");
	if (run_list(c, w, row, argument, &r, e) < 0)
		return -1;
	if (row->is_required && PQntuples(r) == 0 && what == ASK_COLUMNS) {
		err_set(
		    e, ERR_FAILED, "no table or view is called %s in this search_path", argument);
		return err_hint(e, "type \\dt to see the tables");
	}
	copy_cells(a, r, out);
	return 0;
}

/* $1 what was typed; its part before the first dot names a schema. Quoted where SQL needs it. */
static const char names_sql[] =
    "SELECT CASE WHEN p.schema IS NULL THEN pg_catalog.quote_ident(c.relname) ELSE "
    "pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) END "
    "FROM (SELECT CASE WHEN pg_catalog.strpos($1, '.') > 0 THEN pg_catalog.split_part($1, '.', 1) "
    "END AS schema, CASE WHEN pg_catalog.strpos($1, '.') > 0 THEN pg_catalog.substr($1, "
    "pg_catalog.strpos($1, '.') + 1) ELSE $1 END AS name) AS p "
    "JOIN pg_catalog.pg_namespace AS n ON p.schema IS NULL OR n.nspname = p.schema "
    "JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid "
    "AND pg_catalog.left(c.relname, pg_catalog.length(p.name)) = p.name "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (p.schema IS NOT NULL OR "
    "(pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog')) "
    "ORDER BY 1 LIMIT 200";

/* Completion never touches an open transaction: there, nothing is offered. */
int
pg_ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int i;

	*out = NULL;
	*n = 0;
	if (!cluster_is_connected(c) || PQtransactionStatus(pg(c->person)->pq) != PQTRANS_IDLE)
		return 0;
	if (look(c, w, names_sql, 1, &prefix, &r, e) < 0)
		return -1;
	*out = arena_array(a, (size_t)PQntuples(r) + 1, sizeof(**out));
	for (i = 0; i < PQntuples(r); i++)
		(*out)[(*n)++] = look_text(a, r, i, 0);
	return 0;
}
