#!/usr/bin/env bats
# An undo whose source breaks in its middle: the held replica is released by somebody, or dies. What then is
# known is said, nothing is half back, and the other replica still has everything.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:2 --rows 1000
	# Putting a row of it in waits at the gate: there the undo stands in its middle, having read, not committed.
	sql pg1 "CREATE TABLE gate AS SELECT true AS is_open; GRANT SELECT ON gate TO PUBLIC;
		CREATE FUNCTION waited(i int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN
			WHILE NOT (SELECT is_open FROM public.gate) LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN true; END';
		CREATE TABLE precious (id int PRIMARY KEY CHECK (waited(id)), x text);
		INSERT INTO precious SELECT i, md5(i::text) FROM generate_series(1, 100) i"
	local n
	for n in pg2 pg3; do
		sql $n 'ALTER SYSTEM SET max_standby_streaming_delay = 0'
		sql $n 'SELECT pg_reload_conf()'
	done
	wait_until 20 caught_up pg2 pg3
	rows_of pg1 precious >"$LAB/before"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

gate() { sql pg1 "UPDATE gate SET is_open = $1"; }
stands_at_gate() { sql_is pg1 t "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND wait_event = 'PgSleep'"; }
reads_none() { sql_is "$1" 0 "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND xact_start IS NOT NULL"; }
is_gone() { sql_is pg1 t "SELECT to_regclass('precious') IS NULL"; }

# The undo of request $1 comes to the gate; SOURCE is the replica it reads.
to_the_gate() {
	gate false
	file_as alice "undo $1"
	approve_as bob "$REQ" pg1
	SOURCE=$(grep -oE 'precious back from pg[23]' "$OUT" | head -n 1 | grep -oE 'pg[23]')
	wait_until 60 stands_at_gate
}

@test "somebody releases the held replica that the undo reads: said, rolled back, and nothing is half back" {
	play alice 'DROP TABLE precious'
	[ "$status" -eq 0 ]
	echo "$REQ" >"$LAB/dropped"
	to_the_gate "$REQ"
	replay "$SOURCE" start
	wait_until 60 reads_none "$SOURCE"
	gate true
	finish
	[ "$status" -eq 8 ]
	[[ $output == *"somebody released $SOURCE while "*precious*" was read from it; nothing of it was brought back, and pg1 is as it was"* ]]
	[[ $output == *"planned again, takes one of those"* ]]
	is_gone
}

@test "the held replica dies while the undo reads it: said, rolled back; started again it is the source" {
	to_the_gate "$(cat "$LAB/dropped")"
	local pid
	pid=$(node_pid "$SOURCE")
	as_root kill -9 "$pid"
	wait_until 60 gone "$pid"
	gate true
	finish
	[ "$status" -eq 4 ]
	[[ $output == *"$SOURCE went away while "*precious*" was read from it; nothing of it was brought back, and pg1 is as it was"* ]]
	is_gone
	# Its hold outlived it: it is the source again.
	node_start "$SOURCE"
	wait_until 60 replay_is "$SOURCE" held
	play alice "undo $(cat "$LAB/dropped")"
	[ "$status" -eq 0 ]
	[ "$(rows_of pg1 precious)" = "$(cat "$LAB/before")" ]
}
