#!/usr/bin/env bats
# What was done by approval is undone by approval: rows, a column's type, a schema, a database, from
# the held standby. pg_dump of before and after is the judge.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 20000
	as_root sh -c "cd $LAB && echo 'policy = \"policy\"' >>holdfast.conf && cat >policy" <<-'EOP'
		rule "rows" {
		    kinds = {"delete", "update", "alter-column-type"}
		    level = approve
		    sentence = "Rows and types are changed with another person, and can be undone."
		}
	EOP
	sql pg1 "CREATE SCHEMA app; COMMENT ON SCHEMA app IS 'the app'; GRANT USAGE ON SCHEMA app TO shop_app;
		CREATE TABLE app.settings (k text PRIMARY KEY, v jsonb, o bigint REFERENCES orders);
		INSERT INTO app.settings SELECT 'k' || i, jsonb_build_object('n', i), i FROM generate_series(1, 500) i;
		CREATE FUNCTION app.plus(i int) RETURNS int LANGUAGE sql AS 'SELECT i + 1';
		CREATE VIEW app_settings AS SELECT k, app.plus(1) FROM app.settings"
	# Each points at the other: neither can be made whole before the other is there.
	sql pg1 'ALTER TABLE orders ADD COLUMN first_item bigint REFERENCES order_items'
	sql pg1 'CREATE DATABASE "Old shop"'
	sql pg1 "CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 3000) i;
		COMMENT ON DATABASE \"Old shop\" IS 'kept'; ALTER DATABASE \"Old shop\" SET work_mem = '8MB';
		GRANT CONNECT ON DATABASE \"Old shop\" TO shop_ro" "Old shop"
	wait_until 20 caught_up pg2
	dump shop >"$LAB/before"
	dump "Old shop" >"$LAB/before-old"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

# Everything of a database as text, order aside.
dump() {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" --create -h 127.0.0.1 \
		-p "$(node_port "${2:-pg1}")" -U postgres "$1" | grep -v -e '^--' -e '^$' -e '^\\' -e 'pg_catalog.setval' | LC_ALL=C sort
}

same_as_before() { diff <(dump shop) "$LAB/before" >&2; }

@test "DELETE, UPDATE and ALTER TYPE in one plan: the way back stands in it, and undo brings all of it back" {
	play alice "DELETE FROM order_items WHERE id % 2 = 0; UPDATE orders SET status = 'oops';
		ALTER TABLE customers ALTER since TYPE text USING left(since::text, 4)" --confirm pg1
	[ "$status" -eq 0 ]
	[[ $SEEN == *"pg2 keeps everything as it was before this: "*undo* ]]
	[[ $output == *PROVEN* ]]
	[ "$(sql pg1 "SELECT count(*) FROM orders WHERE status = 'oops'")" = 20000 ]
	sql pg1 "UPDATE orders SET total = 1 WHERE id = 17"
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	[[ $output == *BACK* ]]
	# What was written since stays as it was written; else all is as before.
	[ "$(sql pg1 "SELECT status || ' ' || total FROM orders WHERE id = 17")" = "oops 1.00" ]
	sql pg1 "ALTER TABLE orders DISABLE TRIGGER orders_changed; UPDATE orders SET status = (ARRAY['new','paid','sent','done'])[1 + id % 4],
		total = (id % 50000) / 100.0, changed_at = NULL WHERE id = 17; ALTER TABLE orders ENABLE TRIGGER orders_changed"
	same_as_before
	wait_until 20 caught_up pg2
}

@test "two tables that need each other, named the wrong way round: each step is shown, and all of it comes back" {
	play alice 'DROP TABLE order_items, orders CASCADE'
	[ "$status" -eq 0 ]
	[ "$(sql pg1 "SELECT to_regclass('orders') IS NULL AND to_regclass('order_items') IS NULL")" = t ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	[[ $SEEN == *"bring public.order_items back from pg2"*"bring public.orders back from pg2"* ]]
	same_as_before
	wait_until 20 caught_up pg2
}

@test "a table that was emptied, with what hangs on it" {
	play alice 'TRUNCATE orders CASCADE'
	[ "$status" -eq 0 ]
	[ "$(sql pg1 "SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items)")" = 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up pg2
}

@test "a schema with all that was in it, and what hung on it elsewhere" {
	play alice 'DROP SCHEMA app CASCADE'
	[ "$status" -eq 0 ]
	[ "$(sql pg1 "SELECT to_regnamespace('app') IS NULL")" = t ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up pg2
}

@test "a database; where one of that name exists again, nothing is touched" {
	play alice 'DROP DATABASE "Old shop"'
	[ "$status" -eq 0 ]
	[ "$(sql pg1 "SELECT count(*) FROM pg_database WHERE datname = 'Old shop'")" = 0 ]
	local dropped=$REQ
	sql pg1 'CREATE DATABASE "Old shop"'
	play alice "undo $dropped"
	[ "$status" -ne 0 ]
	[[ $output == *'a database called "Old shop" exists on pg1 now; nothing was done'* ]]
	sql pg1 'DROP DATABASE "Old shop"'
	play alice "undo $dropped"
	[ "$status" -eq 0 ]
	diff <(dump "Old shop") "$LAB/before-old"
	wait_until 20 caught_up pg2
}
