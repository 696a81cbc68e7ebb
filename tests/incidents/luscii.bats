#!/usr/bin/env bats
# Luscii, April 2024: a foreign key on a large table that everybody reads queued them all behind it; two
# weeks later the same statement was run again by hand. Here it gives up at its limit, and the second time
# the journal remembers the first. NOT VALID, then VALIDATE, blocks nobody.

load ../lab/lab
load ../lab/people

FK='ALTER TABLE measurements ADD CONSTRAINT measurements_device FOREIGN KEY (device_id) REFERENCES devices (id)'

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_INCIDENT=luscii lab_up star:1 --rows 20000
	wait_until 30 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${SITS:-}" ] || sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'writer'" >/dev/null
}

flat() { sed -e 's/^ *> //' <<<"$output" | tr -s ' \n' '  '; }
# A client that wrote into the table, and has not committed.
writes() {
	mkfifo "$BATS_TEST_TMPDIR/open"
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME=writer "$HOLDFAST_PG_BIN/psql" -XAtq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d shop <"$BATS_TEST_TMPDIR/open" >/dev/null 2>&1 3>&- &
	exec 8>"$BATS_TEST_TMPDIR/open"
	SITS=1
	echo "BEGIN; INSERT INTO measurements VALUES (-1, 1, 1, now());" >&8
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'writer' AND state = 'idle in transaction'"
}
constraints() { sql pg1 "SELECT count(*) FROM pg_constraint WHERE conname = 'measurements_device' AND convalidated"; }

@test "the foreign key says what it locks; behind a writer it gives up at its limit" {
	writes
	run -1 as alice --confirm pg1 -c 'incident open luscii-1' -c "$FK;"
	echo "$output"
	[[ "$(flat)" == *"locks the table against writers"*"gives up at the lock limit"*"learned from luscii"* ]]
	[[ "$output" == *"lock timeout"* ]]
	[ "$(constraints)" = 0 ]
	exec 8>&-
}

@test "two weeks later: the same statement, and the journal remembers" {
	run as alice --confirm wrong -c 'incident open luscii-2' -c "$FK;" </dev/null
	echo "$output"
	[[ "$(flat)" == *"Something like this went wrong before: alice, "*"incident luscii-1"*"lock timeout"* ]]
	[ "$(constraints)" = 0 ]
}

@test "the form that blocks nobody: in two steps, and it holds" {
	run -0 as alice --confirm pg1 -c 'incident open luscii-2' -c "$FK NOT VALID;" \
		-c 'ALTER TABLE measurements VALIDATE CONSTRAINT measurements_device;' -c 'note corrected: in two steps'
	echo "$output"
	[ "$(constraints)" = 1 ]
	wait_until 30 sql_is pg2 1 "SELECT count(*) FROM pg_constraint WHERE conname = 'measurements_device' AND convalidated"
}

@test "the postmortems tell it, from sealed journals" {
	run -0 as alice postmortem luscii-1
	[[ "$output" == *"SEALED AND TRUSTED"* ]]
	[[ "$output" =~ "Outcome: **"[^$'\n']*"lock timeout" ]]
	run -0 as alice postmortem luscii-2
	[[ "$output" == *"SEALED AND TRUSTED"*"memory"* ]]
	[[ "$output" == *"Outcome: **DONE**"* ]]
}
