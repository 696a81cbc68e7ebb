#!/usr/bin/env bats
# The shell dies in the middle (kill -9): what the next one says first, what still holds, what the
# journal is worth. A chain pg1 > pg2 > pg3; the truth is asked of the servers with plain psql.

load ../lab/lab
load ../lab/people
load ../tty/tmux

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 2000
	# Long enough to be killed while it waits for a lock.
	as_root sh -c "echo 'lock_timeout = 60000' >$LAB/policy"
	as_root sh -c "echo 'policy = \"policy\"' >>$LAB/holdfast.conf"
	wait_until 10 caught_up pg2 pg3
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
	[ -z "${LOCKER:-}" ] || kill "$LOCKER" 2>/dev/null || true
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

# Somebody reads a table in a transaction that does not end.
lock_table() {
	sql pg1 "BEGIN; LOCK TABLE $1 IN ACCESS SHARE MODE; SELECT pg_sleep(40)" >/dev/null 2>&1 3>&- &
	LOCKER=$!
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%' AND wait_event = 'PgSleep'"
}

unlock() {
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'" >/dev/null
}

waits() { sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP TABLE%' AND wait_event_type = 'Lock'"; }

# PID may be a wrapper (sudo, a subshell) that ends by itself as soon as its child is gone.
kill_shell() {
	local all
	all="$PID $(pgrep -d ' ' -P "$PID" || true)"
	as_root kill -KILL $all 2>/dev/null || true
	wait "$PID" || true
	wait_until 10 gone $all
	PID=
}

gone() {
	local p
	for p; do
		[ ! -e "/proc/$p" ] || grep -q '^State:	Z' "/proc/$p/status" 2>/dev/null || return 1
	done
}

@test "killed while the DROP waits for a lock: the next start says OUTCOME UNKNOWN, and what is held" {
	# DROP ... CASCADE takes a foreign key away from order_items, and waits for it.
	lock_table order_items
	file_as alice 'DROP TABLE orders CASCADE;'
	approve_as bob "$REQ" pg1
	wait_until 20 waits
	kill_shell
	unlock
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DROP TABLE%'"
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 2000 ]
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()'),$(sql pg3 'SELECT pg_get_wal_replay_pause_state()')" = paused,paused ]
	screen_up 140 50 $(as_words alice)
	see 'OUTCOME UNKNOWN: alice began this on pg1 at .*DROP TABLE orders CASCADE'
	see "pg_xact_status\\('[0-9]+'\\)"
	see 'HELD: pg2 at '
	see 'HELD: pg3 at '
	see '2 held'
	line '\q'
}

@test "its journal is a crash tail: 2; nothing of it was lost" {
	local file
	for file in $(as_root grep -l '"type":"begin"' "$LAB"/journal/*-alice-*.jsonl); do
		run -2 as alice journal verify --operators "$LAB/operators" "$file"
	done
	run ! "$HOLDFAST_TOP/tests/lab/verify.sh" "$file" "$LAB/operators"
	[ "$(as_root grep -c '"type":"begin".*DROP TABLE orders CASCADE' "$file")" = 1 ]
}

@test "the holds outlive a restart, too, and a new session releases them" {
	node_restart pg3
	wait_until 10 sql_is pg3 paused 'SELECT pg_get_wal_replay_pause_state()'
	play alice 'resume pg2'
	[ "$status" -eq 0 ]
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = "not paused" ]
	play alice 'resume pg3'
	[ "$status" -eq 0 ]
	[[ "$output" == *"pg3 stays paused"*"restarted by hand"* ]]
	node_restart pg3
	wait_until 20 caught_up pg2 pg3
	run -0 as alice -c where
	[[ "$output" =~ held\ +\|\ nothing ]]
}

@test "what an ended session published goes when nothing of it is held; another configuration's stays" {
	local ended spool="$LAB/spool" doc='[{"node":"pg2","identity":"x","person":"alice"}]'
	ended=$(as_root sh -c "head -qn 1 '$LAB'/journal/*-alice-*.jsonl" | sed -n 's/.*"session":"\([a-z2-7]*\)".*/\1/p' | head -n 1)
	[ "${#ended}" = 26 ]
	as_user hf-alice sh -c "umask 077; echo '$doc' >'$spool/$ended.holds'; echo '$doc' >'$spool/${ended:0:25}7.holds'"
	run -0 as alice -c where
	run ! as_root test -e "$spool/$ended.holds"
	as_root test -e "$spool/${ended:0:25}7.holds"
	as_root rm "$spool/${ended:0:25}7.holds"
}

@test "killed while its request waits: the request is listed as dead, and nobody signs it" {
	file_as alice 'DROP TABLE orders CASCADE;'
	run -0 as bob requests
	[[ "$output" == *"${REQ:0:8}"*"open"* ]]
	kill_shell
	run -0 as bob requests
	[[ "$output" == *"${REQ:0:8}"*"dead"*"its session ended: it cannot run"* ]]
	run ! approve_as bob "$REQ" pg1
	[[ "$output" == *"the session that filed request $REQ ended: it cannot run; nothing was signed"* ]]
}

@test "killed right after the holds: they stand, and the statement was never begun" {
	lock_table orders
	file_as alice 'DROP TABLE orders CASCADE;'
	approve_as bob "$REQ" pg1
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%' AND wait_event_type = 'Lock'"
	kill_shell
	unlock
	[ "$(as_root cat "$LAB"/journal/*-alice-*.jsonl | grep -c '"type":"begin".*DROP TABLE orders CASCADE')" = 1 ]
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 2000 ]
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()'),$(sql pg3 'SELECT pg_get_wal_replay_pause_state()')" = paused,paused ]
	screen_up 140 50 $(as_words alice)
	see "HELD: pg2 at .*plan ${REQ:0:8}"
	see "HELD: pg3 at .*plan ${REQ:0:8}"
	line '\q'
}

@test "where the server cannot say what became of it, a person does, with a reason" {
	local id
	lock_table order_items
	as alice -c 'CREATE INDEX CONCURRENTLY slow_index ON order_items (order_id);' --confirm pg1 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- </dev/null &
	PID=$!
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'"
	kill_shell
	unlock
	run -0 --separate-stderr as alice -c 'journal resolve'
	[ "${#stderr_lines[@]}" = 1 ]
	[[ "$stderr" == "OUTCOME UNKNOWN: "*" and 2 more: "*"journal resolve)" ]]
	echo "$output"
	id=$(grep 'no transaction id was recorded' <<<"$output" | grep -oE '[a-z2-7]{8}:[0-9]+')
	run -10 as alice -c "journal resolve $id"
	[[ "$output" == *"the server cannot say"*"Look at the data"* ]]
	run -2 as alice -c "journal resolve $id aborted"
	run -2 as alice -c "journal resolve $id maybe it did"
	run -0 as alice -c "journal resolve $id aborted the index is there and INVALID"
	[[ "$output" == *"aborted, says the operator"* ]]
	[[ "$(as alice journal show "$(as_root sh -c "grep -l '\"type\":\"recover\"' '$LAB'/journal/*.jsonl | tail -n 1")")" == *"recover"*"aborted, says the operator"*"INVALID"* ]]
	run -0 --separate-stderr as alice -c 'journal resolve'
	[[ "$output" != *"$id"* ]]
}

@test "where the server that ran it says what became of it, that is written down, and nothing else" {
	local id
	sql pg1 'CREATE TABLE quick AS SELECT generate_series(1, 100) AS a; GRANT ALL ON quick TO alice'
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
	sql pg1 'SELECT pg_reload_conf()'
	file_as alice 'DELETE FROM quick;'
	approve_as bob "$REQ" pg1
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE 'holdfast%'"
	kill_shell
	run -0 --separate-stderr as alice -c 'journal resolve'
	echo "$output"
	id=$(grep 'COMMIT' <<<"$output" | grep -oE '[a-z2-7]{8}:[0-9]+')
	run -10 as alice -c "journal resolve $id committed it must be"
	[[ "$output" == *"still in progress on pg1; nothing was written down"* ]]
	sql pg1 'ALTER SYSTEM RESET synchronous_standby_names'
	sql pg1 'SELECT pg_reload_conf()'
	wait_until 10 sql_is pg1 0 'SELECT count(*) FROM quick'
	run -5 as alice -c "journal resolve $id aborted I would have noticed"
	[[ "$output" == *"is committed, not aborted; nothing was written down"* ]]
	run -0 as alice -c "journal resolve $id"
	[[ "$output" == *"committed, says the server"* ]]
	run -0 --separate-stderr as alice -c 'journal resolve'
	[[ "$output" != *"$id"* ]]
	[ "$(as_root cat "$LAB"/journal/*.jsonl | grep -c '"status":"committed","by":"server"')" = 1 ]
}
