/*
 * How many rows a statement would touch, as the planner guesses: EXPLAIN without ANALYZE, inside a
 * READ ONLY transaction or behind a savepoint, never waiting long for a lock. Must never execute
 * the statement: what EXPLAIN cannot plan is unknown.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "banned.h"

#define ESTIMATE_TEXT_MAX (1 << 20)
#define PLAN_DEPTH_MAX 200

/* True where the text begins with a statement that is planned; comments in front make it unknown.
 */
static int
is_plannable(const char *text, size_t len)
{
	static const char *const words[] = {
	    "select", "insert", "update", "delete", "merge", "with", "values", "table", NULL};
	size_t i, n = 0;

	while (len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (n < len && isalpha((unsigned char)text[n]))
		n++;
	for (i = 0; words[i] != NULL; i++)
		if (n == strlen(words[i]) && strncasecmp(words[i], text, n) == 0)
			return 1;
	return 0;
}

static int64_t
rows_of(const json_t *node)
{
	const json_t *v = json_object_get(node, "Plan Rows");

	return json_is_number(v) ? (int64_t)json_number_value(v) : -1;
}

static int
is_side_plan(const json_t *node)
{
	const char *how = json_string_value(json_object_get(node, "Parent Relationship"));

	return how != NULL && (strcmp(how, "InitPlan") == 0 || strcmp(how, "SubPlan") == 0);
}

/* The most rows any ModifyTable in the tree changes; -1 where there is none. The node itself says
 * 0, its inputs say how many. */
static int64_t
changed_rows(const json_t *node, int depth)
{
	const json_t *plans = json_object_get(node, "Plans"), *child;
	const char *type = json_string_value(json_object_get(node, "Node Type"));
	int64_t most = -1, sum = 0, n;
	size_t i;

	if (depth > PLAN_DEPTH_MAX)
		return -1;
	json_array_foreach(plans, i, child)
	{
		if (!is_side_plan(child) && rows_of(child) > 0)
			sum += rows_of(child);
		n = changed_rows(child, depth + 1);
		most = n > most ? n : most;
	}
	if (type != NULL && strcmp(type, "ModifyTable") == 0 && sum > most)
		most = sum;
	return most;
}

static int64_t
read_plan(const char *text)
{
	json_t *root = json_loads(text, 0, NULL), *plan;
	int64_t n;

	plan = json_object_get(json_array_get(root, 0), "Plan");
	n = changed_rows(plan, 0);
	if (n < 0)
		n = rows_of(plan);
	json_decref(root);
	return n;
}

int
pg_ask_estimate(
    struct cluster *c, struct waiter *w, const char *text, size_t len, int64_t *rows, struct err *e)
{
	int in_tx;
	struct arena *a;
	PGresult *r[5] = {NULL};
	const char *texts[5];
	size_t n = 0, explain, i;

	*rows = -1;
	if (!look_is_possible(c))
		return cluster_is_connected(c) ? 0
					       : err_set(e, ERR_CONN, "there is no session to ask");
	if (!is_plannable(text, len) || len > ESTIMATE_TEXT_MAX || memchr(text, '\0', len) != NULL)
		return 0;
	a = arena_new();
	in_tx = PQtransactionStatus(pg(c->person)->pq) == PQTRANS_INTRANS;
	texts[n++] = in_tx ? "SAVEPOINT holdfast_look" : "BEGIN READ ONLY";
	texts[n++] = "SET LOCAL lock_timeout = '500ms'";
	explain = n;
	texts[n++] = arena_printf(a, "EXPLAIN (FORMAT JSON) %.*s", (int)len, text);
	texts[n++] = in_tx ? "ROLLBACK TO SAVEPOINT holdfast_look" : "ROLLBACK";
	if (in_tx)
		texts[n++] = "RELEASE SAVEPOINT holdfast_look";
	/* Each text runs whatever became of the one before: the last ones always clean up. */
	pg_pipeline(pg(c->person), w, cluster_deadline(c, LIMIT_QUERY), texts, n, r, NULL);
	if (r[explain] != NULL && PQresultStatus(r[explain]) == PGRES_TUPLES_OK &&
	    PQntuples(r[explain]) == 1)
		*rows = read_plan(PQgetvalue(r[explain], 0, 0));
	for (i = 0; i < n; i++)
		PQclear(r[i]);
	arena_free(a);
	if (!cluster_is_connected(c))
		return err_set(e, ERR_CONN, "the connection to %s broke", c->operator_node);
	return 0;
}
