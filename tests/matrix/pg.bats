#!/usr/bin/env bats
# The line on another version of PostgreSQL: $VERSION, its programs in $HOLDFAST_PG_BIN. A chain pg1 >
# pg2 > pg3. Plain psql says what is there.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 5000
	wait_until 30 caught_up pg2 pg3
	[[ "$(sql pg1 'SHOW server_version')" == "$VERSION"* ]]
}

teardown_file() {
	lab_down
}

rows() { sql "$1" "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM orders t"; }
states() { echo "$(sql pg2 "$1"),$(sql pg3 "$1")"; }

@test "$VERSION: topology: roles, chain, positions" {
	run -0 as alice -c topology
	[[ "$output" == *"pg1 "*PRIMARY*"+- pg2 "*replica*"+- pg3 "*replica* ]]
	run -0 as alice --json -c topology
	jq -e '.nodes | length == 3' <<<"$output"
}

@test "$VERSION: grammar newer than the parser's is opaque, and says so" {
	run as alice -c "plan MERGE INTO orders AS t USING customers AS s ON t.id = s.id WHEN NOT MATCHED BY SOURCE THEN DELETE;"
	if [ "$VERSION" -ge 17 ]; then
		[[ "$output" == *opaque*"grammar does not know it"* ]]
	else
		[[ "$output" == *"syntax error"* ]]
	fi
}

@test "$VERSION: drop, held and proved; every row on both standbys; undo" {
	local before id
	before=$(rows pg1)
	if [ "$VERSION" -lt 13 ]; then
		# This version does not tell paused from asked to pause: nothing is held, nothing runs.
		file_as alice 'DROP TABLE orders CASCADE;'
		approve_as bob "$REQ" pg1
		finish
		[ "$status" -eq 8 ]
		[[ "$output" == *"pause requested, and must be held; nothing was run"* ]]
		[ "$(rows pg1)" = "$before" ]
		[ "$(states 'SELECT pg_is_wal_replay_paused()')" = f,f ]
		return 0
	fi
	play alice 'DROP TABLE orders CASCADE;'
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg2\ +PROVEN && "$output" =~ pg3\ +PROVEN ]]
	[ "$(sql pg1 "SELECT to_regclass('orders') IS NULL")" = t ]
	[ "$(rows pg2)" = "$before" ]
	[ "$(rows pg3)" = "$before" ]
	id=$REQ
	node_restart pg3
	wait_until 20 sql_is pg3 t 'SELECT pg_is_wal_replay_paused()'
	[ "$(rows pg3)" = "$before" ]
	play alice "undo $id"
	if [ "$VERSION" -gt 15 ]; then
		# pg_dump of this version is not in Debian 12: said, and everything stays as it is.
		[ "$status" -ne 0 ]
		[[ "$output" == *"no pg_dump of version $VERSION or later is installed here; nothing was done"* ]]
		[ "$(rows pg2)" = "$before" ]
		return 0
	fi
	[ "$status" -eq 0 ]
	[ "$(rows pg1)" = "$before" ]
	[ "$(sql pg1 "SELECT count(*) FROM pg_constraint WHERE conname = 'order_items_order_fkey' AND convalidated")" = 1 ]
	[ "$(sql pg1 "SELECT to_regclass('big_orders') IS NOT NULL")" = t ]
}
