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

# Debian's server of version 15, by itself, under the name dwh.
stranger() {
	local owner bin=/usr/lib/postgresql/15/bin
	owner=$(as_root stat -c %U "$(node_data pg1)")
	PORT=$(free_port)
	as_root install -d -m 700 -o "$owner" "$LAB/servers/dwh"
	as_user "$owner" $bin/initdb -D "$LAB/servers/dwh" -U postgres -A trust >/dev/null
	as_user "$owner" $bin/pg_ctl -s -w -D "$LAB/servers/dwh" -l "$LAB/servers/dwh/log" \
		-o "-p $PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start </dev/null 3>&-
	psql -XAtqh 127.0.0.1 -p "$PORT" -U postgres -c 'CREATE ROLE alice SUPERUSER LOGIN' -c 'CREATE DATABASE shop'
}

@test "$VERSION: a server of another cluster and version in one configuration: said, and nothing is dropped" {
	local owner
	owner=$(as_root stat -c %U "$(node_data pg1)")
	stranger
	sed "s/^\([[:space:]]*\)node \"pg2\"/\1node \"dwh\" { address = \"host=127.0.0.1 port=$PORT\" }\n&/" \
		"$LAB/holdfast.conf" | as_root tee "$LAB/mixed.conf" >/dev/null
	mixed() { as_user hf-alice "$(holdfast_bin)" --config "$LAB/mixed.conf" --as alice "$@"; }
	run -0 mixed -c topology
	echo "$output"
	[[ "$output" == *'dwh '*'standalone'* && "$output" == *'! dwh belongs to another cluster (pg:'* ]]
	run -0 mixed -c 'connect dwh' -c 'SHOW server_version;'
	[[ "$output" == *' 15.'* ]]
	run -5 mixed -c 'connect pg1' -c 'DROP TABLE customers CASCADE;'
	echo "$output"
	[[ "$output" == *'not seen to be the one primary'* ]]
	[ -n "$(sql pg1 "SELECT to_regclass('customers')")" ]
	as_user "$owner" /usr/lib/postgresql/15/bin/pg_ctl -s -w -D "$LAB/servers/dwh" -m fast stop
}
