#!/usr/bin/env bats
# What a fleet has beside a plain chain: synchronous sets, slots that fill, logical replication, a
# pooler in front, standbys fed from an archive, managers by their marks, and at last two primaries.
# One primary and two standbys; each test puts back what it changed, but for the last.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:2 --rows 1000
	sql pg1 "ALTER SYSTEM SET wal_level = 'logical'"
	node_restart pg1
	wait_until 15 caught_up pg2 pg3
}

teardown_file() {
	[ ! -s "$LAB/pooler.pid" ] || as_root kill "$(cat "$LAB/pooler.pid")"
	lab_down
}

at() { echo "$1=host=127.0.0.1 port=$(node_port "$1")"; }

picture() {
	as_root env PGPASSFILE="$LAB/pgpass" PGUSER=postgres "$HOLDFAST_BUILD/topology-driver" "$@"
}
all() { picture "$@" "$(at pg1)" "$(at pg2)" "$(at pg3)"; }

# The sentence of a finding, from the JSON on standard input; empty where there is none.
finding() {
	python3 -c 'import json,re,sys
print("\n".join(f["sentence"] for f in json.load(sys.stdin)["findings"] if re.fullmatch(sys.argv[1], f["id"])))' "$1"
}
says() { all -j | finding "$1" | grep -qE -- "$2"; }
is_silent() { ! all -j | finding "$1" | grep -q .; }

reload() { sql "$1" 'SELECT pg_reload_conf()' >/dev/null; }

@test "synchronous sets: who counts, and that commits hang before anybody asks why" {
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (pg2, pg3)'"
	sql pg1 "ALTER SYSTEM SET synchronous_commit = 'remote_apply'"
	reload pg1
	wait_until 10 sql_is pg1 2 "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
	run -0 all
	[[ "$output" == *"commits on pg1 wait for ANY 1 (pg2, pg3) (synchronous_commit ="*"now: pg2 pg3"* ]]
	[[ "$output" =~ pg2\ +replica.*quorum ]]
	[[ "$output" == *"pg1 commits with remote_apply: pausing a synchronous replica freezes"* ]]
	is_silent sync-short
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'FIRST 3 (pg2, pg3, pg4)'"
	reload pg1
	wait_until 10 says sync-short 'commits on pg1 wait for 3 synchronous standbys .* and 2 stream: every commit hangs'
	sql pg1 "ALTER SYSTEM RESET synchronous_standby_names"
	sql pg1 "ALTER SYSTEM RESET synchronous_commit"
	reload pg1
	wait_until 10 is_silent sync-short
}

@test "a slot nobody reads from: what it keeps, how fast that grows, when it is full" {
	sql pg1 "ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'"
	reload pg1
	sql pg1 "SELECT pg_create_physical_replication_slot('gone', true)" >/dev/null
	sql pg1 "CREATE TABLE filler AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 3000)"
	run -0 all
	[[ "$output" == *'slot "gone" on pg1 is inactive and keeps '* ]]
	all -j | python3 -c 'import json,sys
c = [c for c in json.load(sys.stdin)["consumers"] if c["name"] == "gone"][0]
assert c["retained"] > 3000000 and c["growth"] > 0 and 0 < c["room"] <= 1 << 30, c'
	says '(idle|filling)-slot' 'growing [0-9.]+ .B an hour on average; room for [0-9.]+ [MG]B: full in'
	sql pg1 "SELECT pg_drop_replication_slot('gone')"
	sql pg1 "DROP TABLE filler"
	sql pg1 "ALTER SYSTEM RESET max_slot_wal_keep_size"
	reload pg1
}

@test "a standby that is away: its slot, under its own name" {
	node_stop pg3
	sql pg1 "SELECT pg_switch_wal()" >/dev/null
	sql pg1 "CREATE TABLE while_away AS SELECT 1 AS a"
	wait_until 10 says standby-slot 'slot pg3 on pg1 keeps .* of log for pg3, which is away'
	run all
	node_start pg3
	[[ "$output" =~ \+-\ pg3\ +unreachable ]]
	wait_until 10 caught_up pg3
	wait_until 10 is_silent standby-slot
	sql pg1 "DROP TABLE while_away"
}

@test "publications and subscriptions, and one whose worker is gone" {
	sql pg1 "CREATE DATABASE dwh" postgres
	sql pg1 "CREATE PUBLICATION pub FOR TABLE customers"
	sql pg1 "SELECT pg_create_logical_replication_slot('sub', 'pgoutput')" >/dev/null
	sql pg1 "CREATE TABLE customers (id int PRIMARY KEY, name text)" dwh
	# On one server the slot has to be there before.
	sql pg1 "CREATE SUBSCRIPTION sub CONNECTION 'host=127.0.0.1 port=$(node_port pg1) dbname=shop
		user=replicator passfile=$LAB/servers/replicator.pgpass' PUBLICATION pub
		WITH (create_slot = false, slot_name = 'sub', enabled = false, copy_data = false)" dwh
	run -0 picture "$(at pg1) dbname=shop" "$(at pg2)" "$(at pg3)"
	[[ "$output" == *'on pg1, database shop: publication "pub" (1 table, with TRUNCATE)'* ]]
	[[ "$output" == *'on pg1, database dwh: subscription "sub", disabled (publications pub, slot'* ]]
	[[ "$output" == *'logical slot "sub", inactive'* ]]
	[[ "$output" == *'subscription "sub" of database dwh on pg1 is disabled'* ]]
	sql pg1 "ALTER SUBSCRIPTION sub SET (slot_name = NONE)" dwh
	sql pg1 "DROP SUBSCRIPTION sub" dwh
	sql pg1 "SELECT pg_drop_replication_slot('sub')" >/dev/null
	sql pg1 "DROP PUBLICATION pub"
	sql pg1 "DROP DATABASE dwh" postgres
}

@test "fed from an archive only: said to be, and not called cut off" {
	wait_until 10 caught_up pg3
	sql pg3 "ALTER SYSTEM SET restore_command = 'cp /nowhere/%f %p'"
	sql pg3 "ALTER SYSTEM SET primary_conninfo = ''"
	sql pg3 "ALTER SYSTEM SET primary_slot_name = ''"
	node_restart pg3
	run -0 all
	[[ "$output" =~ pg3\ +replica\ .*archive-fed ]]
	[[ "$output" == *"pg3 gets its log from an archive only: no server lists it"* ]]
	[[ "$output" != *"pg3 does not stream"* ]]
	sql pg3 "ALTER SYSTEM RESET restore_command"
	sql pg3 "ALTER SYSTEM RESET primary_conninfo"
	sql pg3 "ALTER SYSTEM RESET primary_slot_name"
	node_restart pg3
	wait_until 10 caught_up pg3
}

# mark NODE NAME: a session that calls itself so, until the test lets it go.
mark() {
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME="$2" "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
		-p "$(node_port "$1")" -U postgres -d shop -c 'SELECT pg_sleep(300)' >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is "$1" 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$2'"
}
unmark() {
	sql "$1" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$2'" >/dev/null
	wait_until 10 sql_is "$1" 0 "SELECT count(*) FROM pg_stat_activity WHERE application_name = '$2'"
}

@test "managers by their marks: what each would do to a hold, in one sentence" {
	local row name does
	while IFS='|' read -r row name does; do
		mark pg2 "$row"
		run all -j
		unmark pg2 "$row"
		[ "$status" -eq 0 ]
		[[ "$(finding manager <<<"$output")" == "$name manages pg2 and was not seen to be paused ("*"$does"* ]]
	done <<-'ROWS'
	repmgrd|repmgrd|it resumes a paused replica before it elects one
	pgautofailover_standby_2|pg_auto_failover|it may promote a paused replica
	cnpg_metrics_exporter|CloudNativePG|it restarts pods by itself, which ends a pause
	ROWS
	is_silent manager
}

@test "two managers leave their marks in slots where they have no session" {
	sql pg1 "SELECT pg_create_physical_replication_slot('pgautofailover_standby_7')" >/dev/null
	sql pg1 "SELECT pg_create_physical_replication_slot('_cnpg_shop_2')" >/dev/null
	says manager '^pg_auto_failover manages pg1|^CloudNativePG manages pg1'
	sql pg1 "SELECT pg_drop_replication_slot('pgautofailover_standby_7')" >/dev/null
	says manager '^CloudNativePG manages pg1'
	sql pg1 "SELECT pg_drop_replication_slot('_cnpg_shop_2')" >/dev/null
	is_silent manager
}

@test "two primaries: where they parted, and what each wrote since; a standby past the fork" {
	# pg2 stays behind, pg3 goes on; then pg2 is promoted and pg3 told to follow it.
	wait_until 10 caught_up pg2 pg3
	sql pg2 "ALTER SYSTEM SET primary_conninfo = ''"
	sql pg2 "ALTER SYSTEM SET primary_slot_name = ''"
	reload pg2
	wait_until 10 sql_is pg2 0 "SELECT count(*) FROM pg_stat_wal_receiver"
	sql pg1 "CREATE TABLE only_old AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 1000)"
	wait_until 10 caught_up pg3
	node_promote pg2
	wait_until 10 sql_is pg2 f "SELECT pg_is_in_recovery()"
	local fork
	fork=$(as_root cut -f 2 "$(node_data pg2)/pg_wal/00000002.history")
	run -0 all -j
	[[ "$(finding two-primaries <<<"$output")" =~ ^pg1\ and\ pg2\ both\ accept\ writes.*parted\ on\ timeline\ 1\ at\ $fork:\ pg1\ has\ written\ 1\.[0-9]\ MB\ since ]]
	[[ "$(finding clone <<<"$output")" == "pg2 has the system identifier of pg1 and nothing replicates from it"* ]]
	sql pg3 "ALTER SYSTEM SET primary_slot_name = ''"
	sql pg3 "ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=$(node_port pg2) user=replicator application_name=pg3 passfile=$LAB/servers/replicator.pgpass'"
	reload pg3
	wait_until 20 says diverged "^pg3 has replayed to .* on timeline 1, and its upstream pg2 left that timeline at $fork: it has diverged by .*cannot follow"
	# At 80 columns, most dangerous first, each with its next step.
	run -0 all
	local l
	for l in "${lines[@]}"; do [ ${#l} -le 80 ]; done
	[[ "$output" =~ 'most dangerous first:'.*'both accept writes'.*'nothing replicates from it'.*'it has diverged' ]]
	[ "$(grep -c '^  ! ' <<<"$output")" = "$(grep -c '^    next: ' <<<"$output")" ]
	# A failover would not end that, and is refused.
	run -5 as alice -c 'failover pg3'
	[[ "$output" == *"SPLIT BRAIN: pg1 and pg2 take writes both"*"Stop writes on the wrong one first"* ]]
}
