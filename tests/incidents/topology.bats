#!/usr/bin/env bats
# The picture of a cluster, taken from real servers by the library itself. What is true is asked
# of the servers with plain psql. A chain pg1 > pg2 > pg3 with slots.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 1000
	sql pg1 "CREATE ROLE nobody LOGIN PASSWORD 'nobody'"
	wait_until 10 caught_up pg2 pg3
}

teardown_file() {
	lab_down
}

at() { echo "$1=host=127.0.0.1 port=$(node_port "$1")"; }

# The picture, with the administrator's passfile.
picture() {
	as_root env PGPASSFILE="$LAB/pgpass" PGUSER=postgres "$HOLDFAST_BUILD/topology-driver" "$@"
}

all() { picture "$@" "$(at pg1)" "$(at pg2)" "$(at pg3)"; }

# field NODE KEY, of the JSON on standard input.
field() {
	python3 -c 'import json,sys
n = [n for n in json.load(sys.stdin)["nodes"] if n["name"] == sys.argv[1]][0]
print(n[sys.argv[2]])' "$1" "$2"
}

field_is() { [ "$(all -j | field "$1" "$2")" = "$3" ]; }

took() { sed -n 's/^took \([0-9]*\) ms$/\1/p' | tail -n 1; }

pause() {
	sql "$1" "SELECT pg_wal_replay_pause()"
	wait_until 5 sql_is "$1" paused "SELECT pg_get_wal_replay_pause_state()"
}

@test "the tree, from all configured nodes" {
	run -0 all
	[[ "${lines[1]}" =~ ^pg1\ +PRIMARY\ +TL1 ]]
	[[ "${lines[2]}" =~ ^\+-\ pg2\ +replica\ +TL1 ]]
	[[ "${lines[3]}" =~ ^\ \ \ \+-\ pg3\ +replica\ +TL1 ]]
	[[ "$output" != *UNIDENTIFIED* ]]
}

@test "the whole tree from its lowest node" {
	run -0 picture "$(at pg3)"
	[[ "${lines[0]}" == *", 3 nodes,"* ]]
	[[ "${lines[1]}" =~ ^pg1\ +PRIMARY ]]
	[[ "${lines[3]}" =~ ^\ \ \ \+-\ pg3\ +replica ]]
}

@test "from the primary alone a replica on an unknown port stays an unidentified consumer" {
	run -0 picture "$(at pg1)"
	[[ "$output" == *'walsender "pg2"'*UNIDENTIFIED* ]]
	[[ "$output" == *"is no known node"* ]]
}

@test "the background crawl says the same" {
	local digest
	digest=$(all -j | grep '"digest"')
	run -0 all -b -j
	[[ "$output" == *"$digest"* ]]
}

@test "no line is wider than 80 columns, and nothing needs colour" {
	run -0 all
	for l in "${lines[@]}"; do [ ${#l} -le 80 ]; done
	[[ "$output" != *$'\e'* ]]
}

@test "one node by socket and by TCP is one node" {
	run -0 all "s=host=$LAB/sock port=$(node_port pg1)"
	[[ "${lines[0]}" == *", 3 nodes,"* ]]
}

@test "paused is told from replaying, with its position" {
	pause pg2
	run -0 all
	[[ "$output" =~ pg2\ +replica\ .*PAUSED\ at\ 0/ ]]
	[[ "$output" == *"who paused it is not known from here"* ]]
	field_is pg2 hold paused
	field_is pg3 hold none
	sql pg2 "SELECT pg_wal_replay_resume()"
	field_is pg2 hold none
}

@test "lag in bytes while paused" {
	pause pg2
	sql pg1 "UPDATE customers SET name = name || ''"
	[ "$(all -j | field pg2 lag_bytes)" -gt 1000 ]
	run -0 all -l
	[[ "$output" =~ pg2.pg1.paused ]]
	sql pg2 "SELECT pg_wal_replay_resume()"
	wait_until 10 caught_up pg2 pg3
}

@test "a delayed standby that is asked to pause is held by its delay" {
	sql pg3 "ALTER SYSTEM SET recovery_min_apply_delay = '1h'"
	sql pg3 "SELECT pg_reload_conf()" >/dev/null
	wait_until 5 sql_is pg3 1h "SHOW recovery_min_apply_delay"
	sql pg1 "UPDATE customers SET name = name || ''"
	wait_until 5 sql_is pg3 RecoveryApplyDelay \
		"SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup'"
	field_is pg3 hold none
	field_is pg3 apply_delay_ms 3600000
	sql pg3 "SELECT pg_wal_replay_pause()"
	field_is pg3 hold held-by-delay
	run -0 all
	[[ "$output" == *"HELD BY DELAY"* ]]
	[[ "$output" == *"a way back for what happened since"* ]]
	sql pg3 "SELECT pg_wal_replay_resume()"
	sql pg3 "ALTER SYSTEM RESET recovery_min_apply_delay"
	sql pg3 "SELECT pg_reload_conf()" >/dev/null
	wait_until 10 caught_up pg3
}

@test "a hardened hold, and what is left of one" {
	pause pg2
	sql pg2 "ALTER SYSTEM SET recovery_target_lsn = 'F/0'"
	sql pg2 "ALTER SYSTEM SET recovery_target_action = 'pause'"
	field_is pg2 hardened True
	field_is pg2 hardened_at F/0
	run -0 all
	[[ "$output" == *", hardened"* ]]
	[[ "$output" != *"is not held"* ]]
	sql pg2 "SELECT pg_wal_replay_resume()"
	run -0 all -j
	[[ "$output" == *"has recovery_target_lsn F/0 in its configuration and is not held"* ]]
	sql pg2 "ALTER SYSTEM SET recovery_target_lsn = '0/100'"
	run -0 all -j
	[[ "$output" == *"it would not start again"* ]]
	sql pg2 "ALTER SYSTEM RESET recovery_target_lsn"
	sql pg2 "ALTER SYSTEM RESET recovery_target_action"
	field_is pg2 hardened False
}

@test "pg_receivewal is an unidentified consumer" {
	local walsender="FROM pg_stat_replication WHERE application_name = 'pg_receivewal'" owner
	owner=$(as_root stat -c %U "$(node_data pg1)")
	as_root install -d -o "$owner" "$LAB/servers/received"
	as_user "$owner" env PGPASSFILE="$LAB/servers/replicator.pgpass" \
		"$HOLDFAST_PG_BIN/pg_receivewal" --no-loop -h 127.0.0.1 -p "$(node_port pg1)" \
		-U replicator -D "$LAB/servers/received" >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg1 streaming "SELECT state $walsender"
	run all
	sql pg1 "SELECT pg_terminate_backend(pid) $walsender" >/dev/null
	wait
	[ "$status" -eq 0 ]
	[[ "$output" == *'walsender "pg_receivewal"'*UNIDENTIFIED* ]]
	wait_until 10 sql_is pg1 "" "SELECT state $walsender"
}

@test "a forgotten slot keeps log and may belong to a replica" {
	sql pg1 "SELECT pg_create_physical_replication_slot('forgotten', true)" >/dev/null
	sql pg1 "SELECT pg_switch_wal()" >/dev/null
	run -0 all
	[[ "$output" == *'slot "forgotten", inactive'*UNIDENTIFIED* ]]
	run -0 all -j
	[[ "$output" == *'\"forgotten\" on pg1 is inactive and keeps '* ]]
	sql pg1 "SELECT pg_drop_replication_slot('forgotten')"
	run -0 all
	[[ "$output" != *forgotten* ]]
}

@test "a node that does not answer costs its own deadline, and stays in the picture" {
	local ms
	node_freeze pg3
	run all -t 700
	node_thaw pg3
	[ "$status" -eq 0 ]
	ms=$(took <<<"$output")
	echo "took $ms ms with a deadline of 700 ms"
	[ "$ms" -ge 650 ]
	[ "$ms" -lt 1600 ]
	[[ "$output" =~ \+-\ pg3\ +unreachable ]]
	[[ "$output" =~ \+-\ pg2\ +replica ]]
}

@test "a node that hangs and is known below it by another address costs no second deadline" {
	local ms
	node_freeze pg2
	run picture -t 2000 "$(at pg1)" "pg2=host=localhost port=$(node_port pg2)" "$(at pg3)"
	node_thaw pg2
	echo "$output"
	[[ "$output" =~ \+-\ pg2\ +unreachable ]]
	[[ "$output" =~ pg3\ +replica ]]
	ms=$(took <<<"$output")
	[ "$ms" -ge 1950 ]
	[ "$ms" -lt 3900 ]
}

@test "a node that hangs under an open session costs one deadline too" {
	local pids
	mkfifo "$BATS_TEST_TMPDIR/in"
	all -t 700 -r 2 <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local job=$! ms
	exec 7>"$BATS_TEST_TMPDIR/in"
	wait_until 5 grep -q ^took "$BATS_TEST_TMPDIR/out"
	pids="$(node_pid pg3) $(pgrep -P "$(node_pid pg3)")"
	as_root kill -STOP $pids
	echo >&7
	exec 7>&-
	wait "$job" || true
	as_root kill -CONT $pids
	run cat "$BATS_TEST_TMPDIR/out"
	[[ "$output" == *"over an open session"* ]]
	ms=$(took <<<"$output")
	echo "took $ms ms with a deadline of 700 ms"
	[ "$ms" -lt 1600 ]
}

@test "hot_standby = off is starting, with the server's own reason" {
	sql pg3 "ALTER SYSTEM SET hot_standby = off"
	node_stop pg3
	node_ctl pg3 -W start
	wait_until 10 eval 'all -j | grep -q "Hot standby mode is disabled"'
	run all
	as_root sed -i '/hot_standby = /d' "$(node_data pg3)/postgresql.auto.conf"
	node_restart pg3
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg3\ +starting ]]
	wait_until 10 caught_up pg3
}

@test "no connection left is no-slots" {
	local i refused=0 jobs=()
	# A plain login: the reserved ones stay free for whoever cleans up.
	nobody() { env PGUSER=nobody PGPASSWORD=nobody "$@"; }
	sleeper() { nobody "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 -p "$(node_port pg3)" -d shop -c "SELECT pg_sleep($1)"; }
	# One that was refused while another was looking is not tried again: more are sent, until nobody gets in.
	for i in $(seq 1 300); do
		sleeper 120 >/dev/null 2>&1 3>&- &
		jobs+=($!)
		if sleeper 0 >/dev/null 2>&1; then refused=0; else refused=$((refused + 1)); fi
		[ $refused -lt 5 ] || break
	done
	run nobody "$HOLDFAST_BUILD/topology-driver" "$(at pg1)" "$(at pg2)" "$(at pg3)"
	sql pg3 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'nobody'" >/dev/null
	wait "${jobs[@]}" || true
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg3\ +no-slots ]]
}

@test "kept sessions survive a restart of a node" {
	mkfifo "$BATS_TEST_TMPDIR/in"
	all -j -r 3 <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local job=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	wait_until 5 test -s "$BATS_TEST_TMPDIR/out"
	node_restart pg2
	wait_until 10 caught_up pg2 pg3
	echo >&7
	echo >&7
	exec 7>&-
	wait "$job"
	run -0 python3 - "$BATS_TEST_TMPDIR/out" <<-'PY'
	import json, sys
	d, text, seen = json.JSONDecoder(), open(sys.argv[1]).read().strip(), []
	while text:
	    o, n = d.raw_decode(text)
	    text = text[n:].strip()
	    seen.append({k["name"]: k for k in o["nodes"]})
	assert len(seen) == 3
	assert all(n["role"] in ("primary", "replica") for s in seen for n in s.values())
	assert seen[0]["pg2"]["identity"] == seen[1]["pg2"]["identity"] == seen[2]["pg2"]["identity"]
	assert seen[0]["pg2"]["incarnation"] != seen[1]["pg2"]["incarnation"]
	assert seen[1]["pg2"]["incarnation"] == seen[2]["pg2"]["incarnation"]
	assert seen[0]["pg1"]["incarnation"] == seen[2]["pg1"]["incarnation"]
	PY
}

@test "a login without any right sees the tree, and the servers log no refusal" {
	wait_until 10 caught_up pg2 pg3
	run -0 env PGUSER=nobody PGPASSWORD=nobody "$HOLDFAST_BUILD/topology-driver" \
		"$(at pg1)" "$(at pg2)" "$(at pg3)"
	[[ "${lines[2]}" =~ ^\+-\ pg2\ +replica\ +TL1 ]]
	[[ "${lines[3]}" =~ ^\ \ \ \+-\ pg3\ +replica\ +TL1 ]]
	[[ "$output" != *UNIDENTIFIED* ]]
	as_root test -s "$LAB/servers/pg1.log"
	run as_root grep -h "permission denied" "$LAB/servers/pg1.log" "$LAB/servers/pg2.log"
	[ "$status" -eq 1 ]
}

@test "a wrong password is unreachable with its reason, and the password is not shown" {
	run -0 env PGUSER=nobody PGPASSWORD=geheim123 "$HOLDFAST_BUILD/topology-driver" "$(at pg1)"
	[[ "$output" == *unreachable* ]]
	[[ "$output" == *"authentication failed"* ]]
	[[ "$output" != *geheim123* ]]
}

@test "a promoted standby is a second primary" {
	node_promote pg3
	wait_until 10 sql_is pg3 f "SELECT pg_is_in_recovery()"
	run -0 all
	[[ "$output" == *"! pg1 and pg3 both accept writes in the same cluster"* ]]
	field_is pg3 timeline 2
	# It is in nobody's tree now: from the others nobody leads there.
	run -0 picture "$(at pg1)" "$(at pg2)"
	[[ "${lines[0]}" == *", 2 nodes,"* ]]
}
