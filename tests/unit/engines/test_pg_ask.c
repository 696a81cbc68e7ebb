/*
 * Questions against a real server: the session, names and functions, what hangs on a table,
 * estimates, listings; and that none of them disturbs an open transaction.
 */
#include "pg_lab.h"
#include "engines/ask.h"
#include "engines/pg_look.h"

static int
start(void **state)
{
	return lab_start(state, "single", 2000);
}

static void
say(struct fixture *f, const char *sql)
{
	PGresult *r = NULL;

	if (pg_query(pg(f->c->person), &f->w, now_ms() + 5000, sql, 0, NULL, &r, &f->e) < 0)
		fail_msg("%s: %s", sql, f->e.msg);
	PQclear(r);
}

static void
test_session(void **state)
{
	struct fixture *f = *state;
	struct session s;

	assert_int_equal(ask_session(f->c, &f->w, f->a, &s, &f->e), 0);
	assert_int_equal(s.tx, TX_NONE);
	assert_string_equal(s.database, "shop");
	assert_string_equal(s.login, "alice");
	assert_string_equal(s.node, "pg1");
	assert_string_equal(s.cluster, f->n[0].cluster);
	assert_string_equal(s.incarnation, f->n[0].incarnation);
	assert_int_equal(s.role, ROLE_PRIMARY);
	assert_string_equal(session_setting(&s, "search_path"), "\"$user\", public");
	assert_string_equal(session_setting(&s, "standard_conforming_strings"), "on");
	assert_int_equal(s.database_oid,
	    strtol(ask_node(f, 0, "SELECT oid FROM pg_database WHERE datname = 'shop'"), NULL, 10));
	say(f, "PREPARE p1 AS SELECT 1");
	say(f, "CREATE TEMP TABLE t1 (x int)");
	say(f, "SET search_path = shop, \"a,b\"");
	say(f, "SET ROLE shop_app");
	assert_int_equal(ask_session(f->c, &f->w, f->a, &s, &f->e), 0);
	assert_int_equal(s.nprepared, 1);
	assert_string_equal(s.prepared[0], "p1");
	assert_int_equal(s.ntemporary, 1);
	assert_string_equal(s.current_role, "shop_app");
	assert_string_equal(session_setting(&s, "search_path"), "shop, \"a,b\"");
	say(f, "RESET ROLE");
	say(f, "DISCARD ALL");
}

/* In a transaction nothing may take its snapshot: SET TRANSACTION must still be possible. */
static void
test_session_in_tx(void **state)
{
	struct fixture *f = *state;
	struct session s;
	PGresult *r = NULL;

	say(f, "BEGIN");
	assert_int_equal(ask_session(f->c, &f->w, f->a, &s, &f->e), 0);
	assert_int_equal(s.tx, TX_OPEN);
	assert_true(s.database_oid > 0);
	assert_true(s.tx_age_ms >= 0);
	assert_string_equal(session_setting(&s, "search_path"), "\"$user\", public");
	say(f, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
	assert_int_equal(
	    pg_query(pg(f->c->person), &f->w, now_ms() + 5000, "SELECT 1/0", 0, NULL, &r, &f->e),
	    -1);
	assert_int_equal(ask_session(f->c, &f->w, f->a, &s, &f->e), 0);
	assert_int_equal(s.tx, TX_FAILED);
	say(f, "ROLLBACK");
}

static void
refine_one(struct fixture *f, struct action *act)
{
	static struct statement st;
	static struct script s;

	st = (struct statement){.actions = act, .nactions = 1, .danger = act->danger};
	s = (struct script){.statements = &st, .nstatements = 1, .danger = act->danger};
	if (ask_refine(f->c, &f->w, f->a, &s, &f->e) != 0)
		fail_msg("%s", f->e.msg);
	assert_int_equal(s.danger, act->danger);
}

static void
test_objects(void **state)
{
	struct fixture *f = *state;
	struct object o[] = {{.type = "table", .name = "orders"},
	    {.type = "table", .schema = "public", .name = "nothing"},
	    {.type = "schema", .name = "public"}, {.type = "table", .name = "big_orders"},
	    {.type = "table", .name = "o\"d'd\\{,}"}};
	struct action act = {
	    .kind = "drop-table", .objects = o, .nobjects = 5, .danger = DANGER_DESTRUCTIVE};

	say(f, "CREATE TABLE public.\"o\"\"d'd\\{,}\" (x int)");
	refine_one(f, &act);
	assert_string_equal(o[0].schema, "public");
	assert_int_equal(
	    o[0].oid, strtol(ask_node(f, 0, "SELECT 'orders'::regclass::oid"), NULL, 10));
	assert_int_equal(o[0].relfilenode,
	    strtol(ask_node(f, 0, "SELECT pg_relation_filenode('orders')"), NULL, 10));
	assert_int_equal(o[0].rows, 2000);
	assert_int_equal(o[0].bytes,
	    strtol(ask_node(f, 0, "SELECT pg_total_relation_size('orders')"), NULL, 10));
	assert_int_equal(o[1].oid, 0);
	assert_int_equal(o[1].rows, -1);
	assert_true(o[2].oid > 0);
	assert_true(o[3].oid > 0);
	assert_int_equal(o[3].relfilenode, 0);
	assert_true(o[4].oid > 0);
	assert_int_equal(o[4].rows, 0);
	say(f, "DROP TABLE \"o\"\"d'd\\{,}\"");
}

static void
test_partitions_and_locks(void **state)
{
	struct fixture *f = *state;
	struct object o[] = {{.type = "table", .name = "parts"}};
	struct action act = {.kind = "drop-table", .objects = o, .nobjects = 1};
	PGconn *pq;
	int64_t start;

	say(f, "CREATE TABLE parts (x int) PARTITION BY RANGE (x)");
	say(f, "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100)");
	say(f, "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200)");
	say(f, "INSERT INTO parts SELECT generate_series(0, 149)");
	say(f, "ANALYZE parts_1");
	say(f, "ANALYZE parts_2");
	refine_one(f, &act);
	assert_int_equal(o[0].rows, 150);
	assert_int_equal(o[0].bytes, 2 * 8192);
	pq = PQconnectdb(arena_printf(
	    f->a, "%s user=alice passfile=%s dbname=shop", f->address[0], f->passfile));
	PQclear(PQexec(pq, "BEGIN; LOCK TABLE parts_1"));
	start = now_ms();
	refine_one(f, &act);
	assert_true(now_ms() - start < 1000);
	assert_true(o[0].oid > 0);
	PQfinish(pq);
	say(f, "DROP TABLE parts");
}

static void
test_functions(void **state)
{
	static const struct {
		const char *name;
		enum danger danger;
	} rows[] = {{"f_stable", DANGER_READ}, {"public.f_stable", DANGER_READ},
	    {"f_volatile", DANGER_OPAQUE}, {"f_definer", DANGER_OPAQUE}, {"f_mixed", DANGER_OPAQUE},
	    {"f_nowhere", DANGER_OPAQUE}, {"other.f_stable", DANGER_OPAQUE},
	    {"agg_bad", DANGER_OPAQUE}, {"agg_good", DANGER_READ},
	    {"pg_catalog.upper", DANGER_READ}, {"a.b.c", DANGER_OPAQUE}, {"proc", DANGER_OPAQUE}};
	struct fixture *f = *state;
	size_t i;

	say(f, "CREATE FUNCTION f_stable() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1'");
	say(f, "CREATE FUNCTION f_volatile() RETURNS int LANGUAGE sql AS 'SELECT 1'");
	say(f, "CREATE FUNCTION f_definer() RETURNS int STABLE SECURITY DEFINER LANGUAGE sql AS "
	       "'SELECT 1'");
	say(f, "CREATE FUNCTION f_mixed() RETURNS int STABLE LANGUAGE sql AS 'SELECT 1'");
	say(f, "CREATE FUNCTION f_mixed(int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
	say(f, "CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1'");
	say(f, "CREATE AGGREGATE agg_bad(int) (sfunc = step, stype = int)");
	say(f, "CREATE AGGREGATE agg_good(int) (sfunc = int4pl, stype = int)");
	say(f, "CREATE PROCEDURE proc() LANGUAGE sql AS 'SELECT 1'");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *names[] = {rows[i].name};
		struct action act = {.kind = "call-unknown",
		    .danger = DANGER_OPAQUE,
		    .flags = ACTION_REFINABLE,
		    .functions = names,
		    .nfunctions = 1};

		refine_one(f, &act);
		if (act.danger != rows[i].danger)
			fail_msg("%s: %s", rows[i].name, danger_name(act.danger));
	}
}

static void
test_temporary(void **state)
{
	struct fixture *f = *state;
	struct object o = {.type = "table", .name = "orders"};
	struct action act = {.kind = "delete",
	    .objects = &o,
	    .nobjects = 1,
	    .danger = DANGER_DESTRUCTIVE,
	    .flags = ACTION_TEMPABLE};
	struct object index[] = {{.type = "table"}, {.type = "index", .name = "fresh_i"}};
	struct action create = {.kind = "create-index",
	    .objects = index,
	    .nobjects = 2,
	    .danger = DANGER_DANGEROUS,
	    .flags = ACTION_TEMPABLE};

	refine_one(f, &act);
	assert_int_equal(act.danger, DANGER_DESTRUCTIVE);
	say(f, "CREATE TEMP TABLE orders (x int)");
	refine_one(f, &act);
	assert_int_equal(act.danger, DANGER_WRITE);
	assert_int_equal(o.is_temporary, 1);
	index[0] = o;
	refine_one(f, &create);
	assert_int_equal(create.danger, DANGER_WRITE);
	create.danger = DANGER_DANGEROUS;
	index[0] = (struct object){.type = "table", .schema = "public", .name = "orders"};
	refine_one(f, &create);
	assert_int_equal(create.danger, DANGER_DANGEROUS);
	say(f, "DISCARD TEMP");
}

/* Asked inside a transaction: sees its objects, and leaves it open, even after an error. */
static void
test_in_transaction(void **state)
{
	struct fixture *f = *state;
	struct object o = {.type = "table", .name = "fresh"};
	struct action act = {.kind = "drop-table", .objects = &o, .nobjects = 1};
	PGresult *r = NULL;

	say(f, "BEGIN");
	say(f, "CREATE TABLE fresh (x int)");
	refine_one(f, &act);
	assert_true(o.oid > 0);
	assert_int_equal(look(f->c, &f->w, "SELECT 1/0", 0, NULL, &r, &f->e), -1);
	say(f, "INSERT INTO fresh VALUES (1)");
	say(f, "ROLLBACK");
	o.oid = 0;
	refine_one(f, &act);
	assert_int_equal(o.oid, 0);
}

static int
has(struct dependent *d, size_t n, const char *type, const char *schema, const char *name,
    const char *table, int depth)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(d[i].type, type) == 0 && strcmp(d[i].name, name) == 0 &&
		    (schema == NULL || (d[i].schema != NULL && strcmp(d[i].schema, schema) == 0)) &&
		    (table == NULL || (d[i].table != NULL && strcmp(d[i].table, table) == 0)) &&
		    d[i].depth == depth)
			return 1;
	for (i = 0; i < n; i++)
		print_error("%s %s %s on %s depth %d: %s\n", d[i].type,
		    d[i].schema ? d[i].schema : "-", d[i].name, d[i].table ? d[i].table : "-",
		    d[i].depth, d[i].identity);
	return 0;
}

static void
test_dependents(void **state)
{
	struct fixture *f = *state;
	struct object o[] = {
	    {.type = "table", .name = "orders"}, {.type = "table", .name = "customers"}};
	struct action act = {.kind = "drop-table", .objects = o, .nobjects = 2};
	struct dependent *d;
	size_t n;

	refine_one(f, &act);
	assert_int_equal(ask_dependents(f->c, &f->w, f->a, &o[0], &d, &n, &f->e), 0);
	assert_int_equal(n, 2);
	assert_true(has(d, n, "view", "public", "big_orders", NULL, 1));
	assert_true(
	    has(d, n, "foreign key", "public", "order_items_order_fkey", "public.order_items", 1));
	say(f, "CREATE VIEW bigger AS SELECT * FROM big_orders");
	say(f, "CREATE MATERIALIZED VIEW m AS SELECT * FROM bigger");
	say(f, "CREATE INDEX m_i ON m (id)");
	say(f, "CREATE TABLE typed (o orders)");
	say(f, "CREATE TABLE child () INHERITS (orders)");
	assert_int_equal(ask_dependents(f->c, &f->w, f->a, &o[0], &d, &n, &f->e), 0);
	assert_int_equal(n, 6);
	assert_true(has(d, n, "view", "public", "bigger", NULL, 2));
	assert_true(has(d, n, "materialized view", "public", "m", NULL, 3));
	assert_true(has(d, n, "table", "public", "child", NULL, 1));
	assert_true(has(d, n, "table column", NULL, "o", "public.typed", 1));
	say(f, "DROP TABLE child, typed");
	say(f, "DROP VIEW bigger CASCADE");
	/* What the server itself says it would take is the measure. */
	assert_int_equal(ask_dependents(f->c, &f->w, f->a, &o[1], &d, &n, &f->e), 0);
	assert_int_equal(n, 2);
	assert_true(has(d, n, "foreign key", NULL, "orders_customer_fkey", "public.orders", 1));
}

static int64_t
estimate(struct fixture *f, const char *text)
{
	int64_t rows;

	assert_int_equal(ask_estimate(f->c, &f->w, text, strlen(text), &rows, &f->e), 0);
	return rows;
}

static void
test_estimate(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(estimate(f, "DELETE FROM orders"), 2000);
	assert_int_equal(estimate(f, "  update orders SET total = 1 WHERE id = 7"), 1);
	assert_int_equal(estimate(f, "SELECT * FROM orders LIMIT 10"), 10);
	assert_int_equal(
	    estimate(f, "WITH d AS (DELETE FROM orders RETURNING id) SELECT count(*) FROM d"),
	    2000);
	assert_int_equal(estimate(f, "DROP TABLE orders"), -1);
	assert_int_equal(estimate(f, "SELECT 1; DELETE FROM orders"), -1);
	assert_int_equal(estimate(f, "SELECT nothing"), -1);
	say(f, "BEGIN");
	assert_int_equal(estimate(f, "DELETE FROM orders"), 2000);
	assert_int_equal(estimate(f, "SELECT nothing"), -1);
	say(f, "SELECT 1");
	say(f, "ROLLBACK");
	assert_string_equal(ask_node(f, 0, "SELECT count(*) FROM orders"), "2000");
}

static void
test_lists(void **state)
{
	struct fixture *f = *state;
	struct listing l;
	int i;

	for (i = ASK_TABLES; i <= ASK_CONSTRAINTS; i++)
		if (ask_list(f->c, &f->w, f->a, (enum ask_list)i,
			i >= ASK_COLUMNS ? "orders" : NULL, &l, &f->e) != 0)
			fail_msg("list %d: %s", i, f->e.msg);
	assert_int_equal(l.nrows, 4);
	assert_int_equal(ask_list(f->c, &f->w, f->a, ASK_TABLES, NULL, &l, &f->e), 0);
	assert_int_equal(l.nrows, 4);
	assert_string_equal(l.titles[1], "name");
	assert_string_equal(l.cells[1], "big_orders");
	assert_int_equal(ask_list(f->c, &f->w, f->a, ASK_TABLES, "ord*", &l, &f->e), 0);
	assert_int_equal(l.nrows, 4); /* two tables and their sequences */
	assert_int_equal(ask_list(f->c, &f->w, f->a, ASK_COLUMNS, "public.nix", &l, &f->e), -1);
	assert_non_null(strstr(f->e.msg, "public.nix"));
	assert_int_equal(ask_list(f->c, &f->w, f->a, ASK_COLUMNS, NULL, &l, &f->e), -1);
}

static void
test_names(void **state)
{
	struct fixture *f = *state;
	const char **names;
	size_t n;

	assert_int_equal(ask_names(f->c, &f->w, f->a, "ord", &names, &n, &f->e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "order_items");
	assert_int_equal(ask_names(f->c, &f->w, f->a, "public.cu", &names, &n, &f->e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(names[0], "public.customers");
	assert_int_equal(ask_names(f->c, &f->w, f->a, "%", &names, &n, &f->e), 0);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_session_in_tx),
	    cmocka_unit_test(test_objects),
	    cmocka_unit_test(test_partitions_and_locks),
	    cmocka_unit_test(test_functions),
	    cmocka_unit_test(test_temporary),
	    cmocka_unit_test(test_in_transaction),
	    cmocka_unit_test(test_dependents),
	    cmocka_unit_test(test_estimate),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, start, lab_stop);
}
