#!/usr/bin/env bats
# While replicas are held, a watch looks at them every two seconds: what it sees stands at the prompt
# and in the journal as an alarm. pg1 > pg2, with a slot; alice at her prompt.

load ../lab/lab
load ../lab/people
load ../lab/pty

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 1000
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${WRITER:-}" ] || kill "$WRITER" 2>/dev/null || true
	pty_close
}

alice_holds() {
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pg1.*PRIMARY' 15
	pty_send alice 'pause pg2'
	pty_wait alice '1 held.*> ' 15
}

# The alarm stands in the journal of the session, too.
journaled() {
	as alice -c 'journal list' >/dev/null
	as_root sh -c "cat $LAB/journal/*/*.jsonl $LAB/journal/*.jsonl 2>/dev/null" |
		jq -r 'select(.type == "alarm") | .sentence' | tee "$BATS_TEST_TMPDIR/alarms" | grep -E "$1"
}

@test "who holds it is named; released by hand it is an alarm, and one command settles it" {
	alice_holds
	pty_send alice topology
	pty_wait alice 'pg2 is held by alice since 20[0-9T:-]+Z, plan [a-z2-7]{8}' 15
	[ -n "$(sql pg2 "SELECT setting FROM pg_file_settings WHERE name = 'recovery_target_lsn'")" ]
	sql pg2 'SELECT pg_wal_replay_resume()'
	pty_wait alice 'ALARM: held pg2 was RELEASED by someone else: it replays again .`resume pg2` settles it' 15
	# Nothing is let go any more, so nobody else is asked.
	pty_send alice 'resume pg2'
	pty_wait alice 'pg2 replays already' 15
	pty_wait alice "Type the node's name" 15
	pty_send alice pg1
	pty_wait alice 'RELEASED: it replays again' 15
	pty_wait alice 'PRIMARY shop> ' 15
	[ -z "$(sql pg2 "SELECT setting FROM pg_file_settings WHERE name = 'recovery_target_lsn'")" ]
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = 'not paused' ]
}

@test "a slot that fills: growth and minutes left, then unreserved, then lost" {
	sql pg1 "ALTER SYSTEM SET max_slot_wal_keep_size = '96MB'"
	sql pg1 "ALTER SYSTEM SET wal_keep_size = 0"
	sql pg1 "SELECT pg_reload_conf()"
	alice_holds
	# Its connection breaks. A paused standby opens no new one, so now the primary keeps the log.
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_replication"
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_stat_replication"
	while sql pg1 "SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000)), pg_sleep(0.1)" >/dev/null 2>&1; do :; done 3>&- &
	WRITER=$!
	pty_wait alice 'ALARM: slot pg2 on pg1 keeps [0-9.]+ MB of log for held pg2, growing [0-9.]+ .?B/s; room for [0-9.]+ MB: max_slot_wal_keep_size is reached in (about|less than)' 30
	pty_wait alice 'ALARM: slot pg2 on pg1 keeps [0-9.]+ MB for held pg2, past max_slot_wal_keep_size \(unreserved\)' 40
	kill "$WRITER"
	sql pg1 CHECKPOINT
	pty_wait alice 'ALARM: slot pg2 on pg1 is lost' 20
	journaled 'growing .*minute'
	journaled 'unreserved'
	journaled 'is lost'
	# Each said once, not with every picture.
	[ "$(grep -c 'is lost' "$BATS_TEST_TMPDIR/alarms")" = 1 ]
	pty_send alice topology
	pty_wait alice 'slot pg2 of pg2 on pg1 is lost' 10
}
