/*
 * undo-table-v1 on real servers: the table dropped with everything CASCADE takes comes back from
 * the held standby equal to before (pg_dump says so, not our own comparison), or nothing changes.
 */
#include "pg_lab.h"
#include "text.h"

static int
start(void **state)
{
	return lab_start(state, "star:1", 5000);
}

static void
on_primary(struct fixture *f, const char *sql)
{
	ask_node(f, 0, sql);
}

/* Everything worth losing hangs on orders. */
static const char more[] =
    "ALTER TABLE orders ADD COLUMN gone int; ALTER TABLE orders DROP COLUMN gone;"
    "ALTER TABLE orders ADD COLUMN net numeric GENERATED ALWAYS AS (total / 1.2) STORED;"
    "ALTER TABLE orders ADD COLUMN note text DEFAULT E'a\\\\b\\n''c';"
    "UPDATE orders SET note = NULL WHERE id % 3 = 0;"
    "UPDATE orders SET note = E'tab\\there \\\\N \\\\. end' WHERE id % 7 = 0;"
    "ALTER TABLE orders ADD COLUMN n serial;"
    "ALTER TABLE orders SET (fillfactor = 90); ALTER TABLE orders ALTER total SET STATISTICS 500;"
    "CREATE STATISTICS orders_st ON customer_id, status FROM orders;"
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;"
    "CREATE POLICY own ON orders FOR SELECT TO shop_ro USING (total > 0);"
    "COMMENT ON POLICY own ON orders IS 'policy; with ''quotes''';"
    "CREATE UNIQUE INDEX \"Odd Name\" ON orders (id, n); "
    "ALTER TABLE orders REPLICA IDENTITY USING INDEX \"Odd Name\";"
    "ALTER TABLE orders CLUSTER ON orders_customer;"
    "COMMENT ON INDEX \"Odd Name\" IS 'odd'; COMMENT ON VIEW big_orders IS 'a view';"
    "COMMENT ON TRIGGER orders_changed ON orders IS 'a trigger';"
    "COMMENT ON CONSTRAINT order_items_order_fkey ON order_items IS 'a key';"
    "GRANT UPDATE (status) ON orders TO shop_ro; GRANT SELECT ON orders TO PUBLIC;"
    "CREATE VIEW bigger AS SELECT * FROM big_orders WHERE total > 450;"
    "ALTER VIEW bigger OWNER TO shop_app; GRANT SELECT ON bigger TO shop_ro;"
    "CREATE MATERIALIZED VIEW per_customer AS SELECT customer_id, count(*) AS n FROM orders "
    "GROUP BY 1; CREATE INDEX per_customer_i ON per_customer (n);"
    "CREATE PUBLICATION pub FOR TABLE orders, customers;"
    "CREATE RULE quiet AS ON DELETE TO orders WHERE false DO NOTHING;"
    "CREATE FUNCTION atomic_one() RETURNS bigint LANGUAGE sql BEGIN ATOMIC "
    "SELECT count(*) FROM orders; END;"
    "ALTER TABLE orders DISABLE TRIGGER orders_changed;";

static char *
schema_of(struct fixture *f, size_t node)
{
	char *cmd = arena_printf(f->a,
	    "PGPASSFILE=%s /usr/lib/postgresql/15/bin/pg_dump --schema-only -d '%s user=alice "
	    "dbname=shop' | grep -v '^.restrict\\|^.unrestrict' | sort",
	    f->passfile, f->address[node]);
	FILE *p = popen(cmd, "r");
	char *out = arena_alloc(f->a, 1 << 20);
	size_t n = fread(out, 1, (1 << 20) - 1, p);

	assert_int_equal(pclose(p), 0);
	assert_true(n > 1000);
	return out;
}

/* The serial's counter: a standby has it up to 32 ahead, as the log was written, never behind. */
static const char sums[] =
    "SELECT string_agg(x, ' ') FROM (SELECT (SELECT concat(count(*), ':', "
    "sum(hashtext(orders::text))) FROM orders) || ' ' || (SELECT concat(count(*), ':', "
    "sum(hashtext(order_items::text))) FROM order_items) || ' ' || (SELECT concat(last_value, "
    "is_called) FROM orders_id_seq) || ' ' || (SELECT last_value BETWEEN 5000 AND 5032 FROM "
    "orders_n_seq)) AS y(x)";

/* Until the standby has what the primary has now. What it received may end in the middle of a
 * record, so that is no measure. */
static void
has_all(struct fixture *f)
{
	char *lsn = ask_node(f, 0, "SELECT pg_current_wal_lsn()");

	wait_for(
	    f, 1, arena_printf(f->a, "SELECT pg_last_wal_replay_lsn() >= '%s'::pg_lsn", lsn), "t");
}

static void
hold(struct fixture *f)
{
	has_all(f);
	ask_node(f, 1, "SELECT pg_wal_replay_pause()");
	wait_for(f, 1, "SELECT pg_get_wal_replay_pause_state()", "paused");
}

static void
catch_up(struct fixture *f)
{
	ask_node(f, 1, "SELECT pg_wal_replay_resume()");
	has_all(f);
}

static char last_line[256];
static const char *last_xid = "";

static void
hear(void *ctx, const char *line)
{
	++*(int *)ctx;
	text_copy(last_line, sizeof(last_line), line);
}

static int
undo(struct fixture *f, const char *table, const char *oid, const char *mode, struct outcome *o)
{
	struct argument args[] = {{"from", "pg2"}, {"to", "pg1"}, {"database", "shop"},
	    {"schema", strcmp(mode, "schema") == 0 ? table : "public"}, {"table", table},
	    {"oid", oid}, {"dependents", "[]"}, {"plan", "x"}, {"mode", mode}, {"rows", "5000"},
	    {"xid", last_xid}};
	struct step s = {.type = STEP_PROC,
	    .proc = "undo-table-v1",
	    .node = "pg1",
	    .args = args,
	    .nargs = sizeof(args) / sizeof(args[0]),
	    .timeout_ms = 600000};
	int heard = 0, rc;

	err_clear(&f->e);
	rc = run_proc(f->c, &f->w, &s, f->a, o, hear, &heard, &f->e);
	if (rc == 0)
		assert_true(heard > 3);
	/* Its sessions end with it; the server needs a moment to notice. */
	wait_for(f, 0, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'", "0");
	return rc;
}

static void
no_files_left(void)
{
	assert_int_not_equal(system("ls -d /var/tmp/holdfast-undo.* >/dev/null 2>&1"), 0);
}

static void
test_drop_cascade(void **state)
{
	struct fixture *f = *state;
	char *schema, *rows, *oid;
	struct outcome o;

	on_primary(f, more);
	schema = schema_of(f, 0);
	rows = ask_node(f, 0, sums);
	oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	hold(f);
	on_primary(f, "DROP TABLE orders CASCADE");
	on_primary(f, "INSERT INTO customers (name, email) VALUES ('new', 'new@x')");
	if (undo(f, "orders", oid, "drop", &o) != 0)
		fail_msg("%s / %s / %s", f->e.msg, f->e.detail, f->e.hint);
	assert_int_equal(o.rows, 5000);
	assert_string_equal(o.tag, "UNDO TABLE");
	assert_true(strlen(o.xid) > 0);
	assert_string_equal(schema_of(f, 0), schema);
	assert_string_equal(ask_node(f, 0, sums), rows);
	assert_string_equal(ask_node(f, 0, "SELECT count(*) > 0 FROM per_customer"), "t");
	no_files_left();
	catch_up(f);
	assert_string_equal(schema_of(f, 1), schema);
	assert_string_equal(ask_node(f, 1, sums), rows);
}

/* Two tables lost in one statement come back one after the other. */
static void
test_two_tables(void **state)
{
	struct fixture *f = *state;
	char *schema = schema_of(f, 0), *rows = ask_node(f, 0, sums);
	char *orders = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	char *items = ask_node(f, 0, "SELECT 'order_items'::regclass::oid");
	struct outcome o;

	hold(f);
	on_primary(f, "DROP TABLE orders, order_items CASCADE");
	if (undo(f, "orders", orders, "drop", &o) != 0 ||
	    undo(f, "order_items", items, "drop", &o) != 0)
		fail_msg("%s / %s", f->e.msg, f->e.detail);
	assert_string_equal(schema_of(f, 0), schema);
	assert_string_equal(ask_node(f, 0, sums), rows);
	catch_up(f);
}

static void
test_partitions(void **state)
{
	struct fixture *f = *state;
	char *schema, *oid, *sum;
	struct outcome o;

	on_primary(f,
	    "CREATE TABLE parts (x int PRIMARY KEY, y text) PARTITION BY RANGE (x);"
	    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);"
	    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);"
	    "CREATE INDEX ON parts (y); INSERT INTO parts SELECT i, i FROM generate_series(0, 199) "
	    "i; GRANT SELECT ON parts_2 TO shop_ro; COMMENT ON COLUMN parts_1.y IS 'why'");
	schema = schema_of(f, 0);
	sum = ask_node(f, 0, "SELECT sum(hashtext(parts::text)) FROM parts");
	oid = ask_node(f, 0, "SELECT 'parts'::regclass::oid");
	hold(f);
	on_primary(f, "DROP TABLE parts");
	if (undo(f, "parts", oid, "drop", &o) != 0)
		fail_msg("%s / %s", f->e.msg, f->e.detail);
	assert_string_equal(schema_of(f, 0), schema);
	assert_string_equal(ask_node(f, 0, "SELECT sum(hashtext(parts::text)) FROM parts"), sum);
	catch_up(f);
	on_primary(f, "DROP TABLE parts");
}

static void
test_truncate(void **state)
{
	struct fixture *f = *state;
	char *schema = schema_of(f, 0), *rows = ask_node(f, 0, sums);
	char *oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	struct outcome o;

	on_primary(f, "ALTER TABLE orders ENABLE ALWAYS TRIGGER orders_changed;"
		      "CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION "
		      "orders_changed()");
	schema = schema_of(f, 0);
	hold(f);
	assert_int_equal(undo(f, "orders", oid, "truncate", &o), -1);
	assert_non_null(strstr(f->e.msg, "was not emptied"));
	on_primary(f, "TRUNCATE orders RESTART IDENTITY CASCADE");
	if (undo(f, "orders", oid, "truncate", &o) != 0)
		fail_msg("%s / %s", f->e.msg, f->e.detail);
	assert_string_equal(ask_node(f, 0, sums), rows);
	assert_string_equal(schema_of(f, 0), schema);
	/* Rows written since stay, and are not mistaken for lost ones. */
	on_primary(f, "TRUNCATE orders CASCADE; INSERT INTO orders (id, customer_id, total) VALUES "
		      "(1000001, 1, 5)");
	if (undo(f, "orders", oid, "truncate", &o) != 0)
		fail_msg("%s / %s", f->e.msg, f->e.detail);
	assert_string_equal(ask_node(f, 0, "SELECT count(*) FROM orders"), "5001");
	/* A row in the way: nothing changes. */
	on_primary(f, "TRUNCATE orders CASCADE; INSERT INTO orders (id, customer_id, total) VALUES "
		      "(7, 1, 5)");
	assert_int_equal(undo(f, "orders", oid, "truncate", &o), -1);
	assert_string_equal(ask_node(f, 0, "SELECT count(*) FROM orders"), "1");
	on_primary(f, "TRUNCATE orders CASCADE");
	assert_int_equal(undo(f, "orders", oid, "truncate", &o), 0);
	on_primary(f, "DROP TRIGGER stamp ON orders");
	catch_up(f);
}

static void
test_refusals(void **state)
{
	struct fixture *f = *state;
	char *oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	struct outcome o;

	assert_int_equal(undo(f, "orders", oid, "drop", &o), -1);
	assert_non_null(strstr(f->e.msg, "no longer held"));
	hold(f);
	assert_int_equal(undo(f, "orders", oid, "drop", &o), -1);
	assert_non_null(strstr(f->e.msg, "exists on pg1 now"));
	assert_int_equal(undo(f, "orders", "4711", "drop", &o), -1);
	assert_non_null(strstr(f->e.msg, "does not have"));
	on_primary(f, "DROP TABLE orders CASCADE");
	/* A child row whose parent was never there: the foreign key does not hold. */
	on_primary(f, "INSERT INTO order_items (order_id, article) VALUES (99999999, 'x')");
	assert_int_equal(undo(f, "orders", oid, "drop", &o), -1);
	assert_string_equal(o.sqlstate, "23503");
	assert_string_equal(ask_node(f, 0, "SELECT to_regclass('orders')"), "");
	no_files_left();
	on_primary(f, "DELETE FROM order_items WHERE order_id = 99999999");
	if (undo(f, "orders", oid, "drop", &o) != 0)
		fail_msg("%s / %s", f->e.msg, f->e.detail);
	catch_up(f);
}

static int countdown;

static int
impatient(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct waiter plain;

	(void)w;
	if (--countdown == 0)
		return -1;
	poll_waiter(&plain, -1);
	return plain.wait(&plain, fd, events, deadline);
}

/* Cancelled at any wait: nothing of it is left, and the next attempt works. */
static void
test_cancel(void **state)
{
	struct fixture *f = *state;
	char *oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid"), *rows = ask_node(f, 0, sums);
	struct outcome o;
	int i, cancelled = 0, rc = -1;

	hold(f);
	on_primary(f, "DROP TABLE orders CASCADE");
	for (i = 1; rc != 0; i++) {
		countdown = i;
		f->w.wait = impatient;
		rc = undo(f, "orders", oid, "drop", &o);
		poll_waiter(&f->w, -1);
		if (rc == 0)
			break;
		cancelled++;
		assert_true(o.is_unknown || f->e.code == ERR_CANCELLED);
		assert_string_equal(ask_node(f, 0, "SELECT to_regclass('orders')"), "");
		no_files_left();
	}
	assert_true(cancelled > 3);
	assert_string_equal(ask_node(f, 0, sums), rows);
	catch_up(f);
}

/* A DELETE of half a table with what cascades, and an UPDATE of a column that a trigger watches:
 * what others wrote since stays. */
static void
test_rows(void **state)
{
	static const char all[] =
	    "SELECT concat((SELECT concat(count(*), sum(hashtext(orders::text))) FROM orders), "
	    "(SELECT concat(count(*), sum(hashtext(order_items::text))) FROM order_items))";
	struct fixture *f = *state;
	char *oid, *before;
	struct outcome o;

	on_primary(f, "ALTER TABLE order_items DROP CONSTRAINT order_items_order_fkey, ADD FOREIGN "
		      "KEY (order_id) REFERENCES orders ON DELETE CASCADE");
	catch_up(f);
	hold(f);
	oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	before = ask_node(f, 0, all);
	on_primary(f, "DELETE FROM orders WHERE id % 2 = 0");
	assert_string_not_equal(ask_node(f, 0, all), before);
	if (undo(f, "orders", oid, "delete", &o) != 0)
		fail_msg("%s", f->e.msg);
	assert_string_equal(ask_node(f, 0, all), before);
	assert_int_equal(undo(f, "orders", oid, "delete", &o), -1);
	assert_non_null(strstr(f->e.msg, "no row of"));

	on_primary(f, "BEGIN");
	last_xid = ask_node(f, 0, "SELECT pg_current_xact_id()");
	on_primary(f, "UPDATE orders SET status = 'gone'");
	on_primary(f, "COMMIT");
	on_primary(f,
	    "UPDATE orders SET total = 1.11 WHERE id = 7; INSERT INTO orders (customer_id, "
	    "total) VALUES (1, 2.22)");
	if (undo(f, "orders", oid, "update", &o) != 0)
		fail_msg("%s", f->e.msg);
	assert_int_equal(o.rows, 4999);
	assert_non_null(strstr(last_line, "committing"));
	assert_string_equal(
	    ask_node(f, 0, "SELECT total || status FROM orders WHERE id = 7"), "1.11gone");
	on_primary(f,
	    "DELETE FROM orders WHERE total = 2.22; DELETE FROM order_items WHERE order_id = "
	    "7; DELETE FROM orders WHERE id = 7");
	last_xid = "";
	if (undo(f, "orders", oid, "delete", &o) != 0)
		fail_msg("%s", f->e.msg);
	assert_string_equal(ask_node(f, 0, all), before);
	catch_up(f);
}

/* Its definition and its values, then rows that came since; what would be lost stops it. */
static void
test_replace(void **state)
{
	static const char rows[] =
	    "SELECT concat(count(*), sum(hashtext(orders::text))) FROM orders";
	struct fixture *f = *state;
	char *oid, *before, *sums_before;
	struct outcome o;

	catch_up(f);
	hold(f);
	oid = ask_node(f, 0, "SELECT 'orders'::regclass::oid");
	before = schema_of(f, 0);
	sums_before = ask_node(f, 0, rows);
	on_primary(f, "ALTER TABLE orders ALTER status TYPE varchar(2) USING left(status, 2), DROP "
		      "COLUMN note");
	assert_string_not_equal(schema_of(f, 0), before);
	on_primary(f, "UPDATE orders SET total = total + 1 WHERE id = 5");
	assert_int_equal(undo(f, "orders", oid, "replace", &o), -1);
	assert_non_null(strstr(f->e.msg, "1 row of"));
	on_primary(f, "UPDATE orders SET total = total - 1 WHERE id = 5");
	on_primary(f,
	    "ALTER TABLE orders DISABLE TRIGGER orders_changed; UPDATE orders SET changed_at = "
	    "NULL WHERE id = 5; ALTER TABLE orders ENABLE TRIGGER orders_changed; INSERT INTO "
	    "orders (id, customer_id, total, status) VALUES (900000, 1, 3, 'ne')");
	if (undo(f, "orders", oid, "replace", &o) != 0)
		fail_msg("%s", f->e.msg);
	assert_string_equal(ask_node(f, 0, "SELECT status FROM orders WHERE id = 900000"), "new");
	on_primary(f, "DELETE FROM orders WHERE id = 900000");
	assert_string_equal(schema_of(f, 0), before);
	assert_string_equal(ask_node(f, 0, rows), sums_before);
	catch_up(f);
}

/* Everything in a schema, and what outside of it hung on that. */
static void
test_schema(void **state)
{
	struct fixture *f = *state;
	char *oid, *before;
	struct outcome o;

	on_primary(f,
	    "CREATE SCHEMA \"Odd one\"; COMMENT ON SCHEMA \"Odd one\" IS 'odd'; GRANT USAGE ON "
	    "SCHEMA \"Odd one\" TO shop_ro; CREATE TYPE \"Odd one\".mood AS ENUM ('good', 'bad'); "
	    "CREATE TABLE \"Odd one\".m (id serial PRIMARY KEY, m \"Odd one\".mood, o bigint "
	    "REFERENCES orders); INSERT INTO \"Odd one\".m (m, o) SELECT 'bad', i FROM "
	    "generate_series(1, 100) i; CREATE FUNCTION \"Odd one\".f(int) RETURNS int LANGUAGE "
	    "sql "
	    "AS 'SELECT $1 + 1'; COMMENT ON FUNCTION \"Odd one\".f(int) IS 'plus'; REVOKE ALL ON "
	    "FUNCTION \"Odd one\".f(int) FROM PUBLIC; CREATE TABLE tells (m int REFERENCES \"Odd "
	    "one\".m, mood \"Odd one\".mood); ALTER TABLE tells DROP COLUMN mood; CREATE VIEW v AS "
	    "SELECT * FROM \"Odd one\".m");
	catch_up(f);
	hold(f);
	oid = ask_node(f, 0, "SELECT '\"Odd one\"'::regnamespace::oid");
	before = schema_of(f, 0);
	on_primary(f, "DROP SCHEMA \"Odd one\" CASCADE");
	if (undo(f, "Odd one", oid, "schema", &o) != 0)
		fail_msg("%s", f->e.msg);
	assert_string_equal(schema_of(f, 0), before);
	assert_string_equal(ask_node(f, 0, "SELECT count(*) FROM v"), "100");
	catch_up(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_drop_cascade),
	    cmocka_unit_test(test_two_tables),
	    cmocka_unit_test(test_partitions),
	    cmocka_unit_test(test_truncate),
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_cancel),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, start, lab_stop);
}
