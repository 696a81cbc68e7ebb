#!/usr/bin/env bats
# The same mistake with a million rows, and the way back without anything in between. Plain psql and
# pg_dump say what is there.

load ../lab/lab
load ../lab/people

setup_file() {
	lab_up cascade:2
	wait_until 30 caught_up pg2 pg3
}

teardown_file() {
	lab_down
}

schema() {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" --schema-only -h 127.0.0.1 \
		-p "$(node_port "$1")" -U postgres shop | grep -v -e '^--' -e '^$' -e '^\\' | LC_ALL=C sort
}

rows() { sql "$1" "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM orders t"; }

@test "a million rows: dropped, held, brought back, released, equal on all three" {
	local before_schema before_rows id
	before_schema=$(schema pg1)
	before_rows=$(rows pg1)
	[[ "$before_rows" == 1000000\|* ]]
	play alice 'DROP TABLE orders CASCADE;'
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg2\ +PROVEN && "$output" =~ pg3\ +PROVEN ]]
	[ "$(sql pg1 "SELECT to_regclass('orders') IS NULL AND to_regclass('big_orders') IS NULL")" = t ]
	[ "$(rows pg2)" = "$before_rows" ]
	[ "$(rows pg3)" = "$before_rows" ]
	id=$REQ
	WAIT=120 play alice "undo $id"
	[ "$status" -eq 0 ]
	wait_until 30 caught_up pg2 pg3
	for n in pg1 pg2 pg3; do
		[ "$(schema $n)" = "$before_schema" ]
		[ "$(rows $n)" = "$before_rows" ]
	done
	# What CASCADE took with it is back and works, and so do identity and trigger.
	[ "$(sql pg1 "SELECT count(*) FROM pg_constraint WHERE conname = 'order_items_order_fkey' AND convalidated")" = 1 ]
	[ "$(sql pg1 'SELECT count(*) > 0 FROM big_orders')" = t ]
	[ "$(sql pg1 "INSERT INTO orders (customer_id, total) VALUES (1, 5) RETURNING id > 1000000")" = t ]
	[ "$(sql pg1 "UPDATE orders SET total = 6 WHERE id = 1 RETURNING changed_at IS NOT NULL")" = t ]
}
