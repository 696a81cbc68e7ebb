#!/usr/bin/env bats
# What a paused standby is not: traps that were met on live servers. A pause that was only asked for, one
# that keeps a table locked, one the standby made itself, what it costs its primary; an address that leads
# to another server than it should; a pooler in front.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 1000
	wait_until 10 caught_up pg2
}

teardown_file() {
	[ ! -s "$LAB/pooler/pid" ] || as_root kill "$(cat "$LAB/pooler/pid")"
	lab_down
}

at() { echo "$1=host=127.0.0.1 port=$(node_port "$1")"; }
picture() {
	as_root env PGPASSFILE="$LAB/pgpass" PGUSER=postgres "$HOLDFAST_BUILD/topology-driver" "$@"
}
finding() {
	picture -j "$(at pg1)" "$(at pg2)" | python3 -c 'import json,sys
print("\n".join(f["sentence"] for f in json.load(sys.stdin)["findings"] if f["id"] == sys.argv[1]))' "$1"
}
says() { finding "$1" | grep -qE -- "$2"; }
is_silent() { ! finding "$1" | grep -q .; }
reload() { sql "$1" 'SELECT pg_reload_conf()' >/dev/null; }

# A reader on pg2 whose snapshot replay waits for, for as long as the test needs it.
reader() {
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME=reader "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
		-p "$(node_port pg2)" -U postgres -d shop \
		-c "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM customers; SELECT pg_sleep(300)" >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg2 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader' AND wait_event = 'PgSleep'"
}
reader_ends() {
	sql pg2 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reader'" >/dev/null
}
state_is() { sql_is "$1" "$2" 'SELECT pg_get_wal_replay_pause_state()'; }

@test "asked to pause is not paused: no hold is claimed while replay waits for a reader" {
	sql pg2 "ALTER SYSTEM SET max_standby_streaming_delay = -1"
	reload pg2
	reader
	sql pg1 "ALTER TABLE customers ADD COLUMN trap int"
	wait_until 10 sql_is pg2 t "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"
	run as alice --confirm pg1 -c 'pause pg2'
	echo "$output"
	[ "$status" -ne 0 ]
	[[ "$output" != *'pg2 is still held'* ]]
	[[ "$output" == *pg2* ]]
	reader_ends
	sql pg2 'SELECT pg_wal_replay_resume()'
	wait_until 10 caught_up pg2
}

@test "paused between two records: the table it keeps locked is counted, and what that means" {
	reader
	sql pg1 "ALTER TABLE customers ALTER COLUMN trap SET DEFAULT 1"
	wait_until 10 sql_is pg2 t "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()"
	sql pg2 'SELECT pg_wal_replay_pause()'
	run -0 picture "$(at pg1)" "$(at pg2)"
	[[ "$output" =~ pg2\ +replica.*PAUSE\ REQUESTED ]]
	[[ "$output" == *"pg2 was asked to pause and has not stopped yet"* ]]
	reader_ends
	wait_until 10 state_is pg2 paused
	says replay-locks 'pg2 stopped between two records and keeps [0-9]+ tables? locked: readers of (it|them) wait'
	# It is so: a reader there waits.
	run sql pg2 "SET lock_timeout = '300ms'; SELECT count(*) FROM customers"
	[[ "$output" == *'lock timeout'* ]]
	sql pg2 'SELECT pg_wal_replay_resume()'
	wait_until 10 caught_up pg2
	is_silent replay-locks
	sql pg2 "ALTER SYSTEM RESET max_standby_streaming_delay"
	reload pg2
}

@test "a paused standby with feedback holds back vacuum on its primary: said while it lasts" {
	sql pg2 "ALTER SYSTEM SET hot_standby_feedback = on"
	reload pg2
	wait_until 10 sql_is pg2 on 'SHOW hot_standby_feedback'
	is_silent feedback
	sql pg2 'SELECT pg_wal_replay_pause()'
	wait_until 10 state_is pg2 paused
	says feedback 'pg2 has hot_standby_feedback = on: while it is paused, vacuum on its primary'
	sql pg2 'SELECT pg_wal_replay_resume()'
	sql pg2 "ALTER SYSTEM RESET hot_standby_feedback"
	reload pg2
}

@test "lag is bytes: the server's own replay_lag stays small while a paused standby falls behind" {
	sql pg2 'SELECT pg_wal_replay_pause()'
	wait_until 10 state_is pg2 paused
	sql pg1 "CREATE TABLE behind AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 3000)"
	wait_until 10 sql_is pg2 t "SELECT pg_last_wal_receive_lsn() - pg_last_wal_replay_lsn() > 2000000"
	run -0 picture -l "$(at pg1)" "$(at pg2)"
	echo "$output; replay_lag: $(sql pg1 'SELECT replay_lag FROM pg_stat_replication')"
	[ "$(awk -F '\t' '$1 == "pg2" { print $4 }' <<<"$output")" -gt 2000000 ]
	sql pg2 'SELECT pg_wal_replay_resume()'
	wait_until 10 caught_up pg2
	sql pg1 'DROP TABLE behind'
}

@test "a standby that paused itself, since its primary has more connections: resuming would end it" {
	sql pg1 "ALTER SYSTEM SET max_connections = 90"
	node_restart pg1
	sql pg1 "CREATE TABLE after_raise (a int)"
	wait_until 20 state_is pg2 paused
	says limits-behind 'pg2 has max_connections = 60 and its upstream pg1 90: its replay stops by itself, and resuming it there would end the server'
	sql pg2 "ALTER SYSTEM SET max_connections = 90"
	node_restart pg2
	wait_until 20 caught_up pg2
	is_silent limits-behind
	sql pg1 'DROP TABLE after_raise'
}

@test "what a standby connects with holds a password: it stands nowhere" {
	local own
	own=$(sql pg2 'SHOW primary_conninfo')
	# The password is not asked for: a passfile stands beside it.
	sql pg2 "ALTER SYSTEM SET primary_conninfo = '${own//\'/\'\'} password=geheim9'"
	reload pg2
	wait_until 10 sql_is pg2 1 "SELECT count(*) FROM pg_settings WHERE name = 'primary_conninfo' AND setting LIKE '%geheim9%'"
	run -0 picture -j "$(at pg1)" "$(at pg2)"
	[[ "$output" == *'"pg2"'* ]]
	[[ "$output" != *geheim9* ]]
	run as alice -c topology -c lag -c activity
	[[ "$output" != *geheim9* ]]
	run as_root grep -rl geheim9 "$LAB/journal"
	[ "$status" -eq 1 ]
	sql pg2 "ALTER SYSTEM RESET primary_conninfo"
	reload pg2
	wait_until 10 caught_up pg2
}

@test "two names of the configuration that lead to one server are said, not shown as one" {
	run -0 picture "$(at pg1)" "$(at pg2)" "dc2=host=127.0.0.1,127.0.0.1 port=1,$(node_port pg2)"
	echo "$output"
	[[ "$(tr '\n' ' ' <<<"$output" | tr -s ' ')" == *"dc2 and pg2 of the configuration lead to the same server (127.0.0.1:$(node_port pg2))"* ]]
	[[ "${lines[0]}" == *', 2 nodes,'* ]]
}

@test "an address of two hosts whose first one went away is another server, and nothing acts there" {
	local conf=$LAB/two.conf
	sed "s/host=127.0.0.1 port=$(node_port pg1)\"/host=127.0.0.1,127.0.0.1 port=$(node_port pg1),$(node_port pg2)\"/" \
		"$LAB/holdfast.conf" | as_root tee "$conf" >/dev/null
	two() { as_user hf-alice "$(holdfast_bin)" --config "$conf" --as alice "$@"; }
	run -0 two -c 'SELECT 1;' -c where
	[[ "$output" =~ role\ +\|\ PRIMARY ]]
	node_stop pg1
	run two --confirm pg1 -c 'CREATE TABLE must_not (a int);'
	echo "$output"
	node_start pg1
	[ "$status" -ne 0 ]
	wait_until 10 caught_up pg2
	[ -z "$(sql pg1 "SELECT to_regclass('must_not')")" ]
}

@test "a pooler in front is recognised; looking works, acting through it is refused" {
	local d=$LAB/pooler port
	port=$(free_port)
	as_root install -d -m 755 -o hf-alice "$d"
	printf '%s\n' '[databases]' "shop = host=127.0.0.1 port=$(node_port pg1) dbname=shop" '[pgbouncer]' \
		'listen_addr = 127.0.0.1' "listen_port = $port" 'auth_type = trust' \
		"auth_file = $d/users" "pidfile = $d/pid" "logfile = $d/log" 'pool_mode = session' \
		'ignore_startup_parameters = extra_float_digits,options' 'unix_socket_dir =' |
		as_root tee "$d/ini" >/dev/null
	as_root sh -c "sed -n 's/^127.0.0.1:[0-9]*:[^:]*:alice:\(.*\)/\"alice\" \"\1\"/p' '$LAB/keys/alice.pgpass' | sort -u >'$d/users'
		chown hf-alice '$d/users' '$d/ini'; chmod 600 '$d/users'"
	as_user hf-alice /usr/sbin/pgbouncer -d "$d/ini" </dev/null >/dev/null 2>&1 3>&-
	sed "s/port=$(node_port pg1)\"/port=$port\"/" "$LAB/holdfast.conf" |
		as_root tee "$LAB/pooled.conf" >/dev/null
	pooled() { as_user hf-alice "$(holdfast_bin)" --config "$LAB/pooled.conf" --as alice "$@"; }
	wait_until 10 pooled -c 'SELECT 1;'
	run -0 pooled -c topology
	echo "$output"
	[[ "$output" == *"the address of pg1 leads through a pooler"* ]]
	[[ "$output" == *"give the address of the server itself"* ]]
	run pooled --confirm pg1 -c 'ALTER TABLE customers ADD COLUMN pooled int;'
	echo "$output"
	[ "$status" -ne 0 ]
	[[ "$output" == *pooler* ]]
	[ "$(sql pg1 "SELECT count(*) FROM pg_attribute WHERE attname = 'pooled'")" = 0 ]
}
