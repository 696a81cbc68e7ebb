#!/usr/bin/env bats
# A statement that needs a strong lock queues behind an old transaction, and everybody else queues
# behind it. The lock limit (2 s unless the policy says otherwise) ends that. What other clients felt is
# measured by pgbench's log, one line a query. A primary and a standby.

load ../lab/lab
load ../lab/people

LIMIT_MS=2000
SLACK_MS=700

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 20000
	sql pg1 "ALTER TABLE orders ADD COLUMN spare int; CREATE TABLE child (id int, customer int);
		INSERT INTO child SELECT i, i FROM generate_series(1, 100) AS i;
		GRANT ALL ON child TO alice; ALTER TABLE child OWNER TO alice"
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	ended
	exec 8>&-
	nobody_sits
	sql pg2 'ALTER SYSTEM RESET ALL'
	sql pg2 'SELECT pg_wal_replay_resume()'
}

psql_in() {
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME="$1" "$HOLDFAST_PG_BIN/psql" -XAtq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d shop
}

# sits STATEMENT: a client that began a transaction, ran this, and went to lunch.
sits() {
	mkfifo "$BATS_TEST_TMPDIR/lunch"
	psql_in lunch <"$BATS_TEST_TMPDIR/lunch" >/dev/null 2>&1 3>&- &
	exec 8>"$BATS_TEST_TMPDIR/lunch"
	echo "BEGIN; $1;" >&8
	wait_until 10 sql_is pg1 1 \
		"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lunch' AND state = 'idle in transaction'"
}

nobody_sits() {
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('lunch', 'queue')" >/dev/null
}

# reads TABLE SECONDS: a client that only reads, in a loop.
reads() {
	echo "SELECT * FROM $1 LIMIT 1;" >"$BATS_TEST_TMPDIR/read.sql"
	(cd "$BATS_TEST_TMPDIR" && as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME=reader "$HOLDFAST_PG_BIN/pgbench" \
		-n -l -M simple -c 1 -R 100 -T "$2" -f read.sql -h 127.0.0.1 -p "$(node_port pg1)" -U postgres shop) \
		>/dev/null 2>&1 3>&- </dev/null &
	READER=$!
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reader'"
}

# The longest that one of its reads took, in ms: without what it slept between them.
longest_read() {
	wait "$READER"
	awk '{ us = $3 - $7; if (us > m) m = us } END { print int(m / 1000) }' "$BATS_TEST_TMPDIR"/pgbench_log.*
}

# gave_up: what was run left at its limit with a sentence, and no reader waited longer than the limit.
gave_up() {
	echo "$OUT"
	echo "left with $RC"
	[ "$RC" = 1 ]
	[[ "$OUT" == *"lock timeout"* ]]
	[[ "$OUT" == *"hint:"*"locks"* ]]
	LONGEST=$(longest_read)
	echo "the longest read took $LONGEST ms"
	[ "$LONGEST" -le $((LIMIT_MS + SLACK_MS)) ]
}

confirmed() {
	RC=0
	OUT=$(as alice --confirm pg1 -c "$1" 2>&1 3>&-) || RC=$?
}

@test "ADD COLUMN behind an idle reader gives up at its limit, and readers wait no longer" {
	sits 'SELECT count(*) FROM orders'
	reads orders 5
	SECONDS=0
	confirmed 'ALTER TABLE orders ADD COLUMN late int;'
	[ $SECONDS -le 20 ]
	gave_up
	# It was in the way: the measure measures something.
	[ "$LONGEST" -ge 1000 ]
	[ -z "$(sql pg1 "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'late'")" ]
	sql_is pg1 0 "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'orders'::regclass"
}

@test "with nobody in its way the same statement runs" {
	confirmed 'ALTER TABLE orders ADD COLUMN early int;'
	[ "$RC" = 0 ]
	[ "$(sql pg1 "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'early'")" = early ]
}

@test "DROP COLUMN, approved: the same limit, and the replica is let go again or said to be held" {
	sits 'SELECT count(*) FROM orders'
	file 'ALTER TABLE orders DROP COLUMN spare;'
	reads orders 7
	bob approve
	answered
	gave_up
	[ "$(sql pg1 "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'spare'")" = spare ]
	if [ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" != 'not paused' ]; then
		[[ "$OUT" == *"pg2 is still held"* ]]
	fi
}

@test "DROP TABLE, approved: given up before it began, and nothing is left on the replica" {
	# Settings of a restart that somebody else made stay.
	sql pg2 "ALTER SYSTEM SET work_mem = '5MB'"
	sits 'SELECT count(*) FROM child'
	file 'DROP TABLE child;'
	reads child 7
	bob approve
	answered
	gave_up
	[[ "$OUT" == *"pg2 as before for a restart again"*"pg2 released again"* ]]
	sql_is pg2 'not paused' 'SELECT pg_get_wal_replay_pause_state()'
	[ "$(sql pg2 "SELECT string_agg(name, ',') FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf' AND name <> 'primary_conninfo' AND name <> 'primary_slot_name'")" = work_mem ]
	run -0 as alice -c where
	[[ "$output" =~ held\ +\|\ nothing ]]
}

@test "a foreign key behind a writer of its parent: the same limit, and readers of the parent never wait" {
	sits "UPDATE customers SET name = name WHERE id = 1"
	reads customers 5
	confirmed 'ALTER TABLE child ADD FOREIGN KEY (customer) REFERENCES customers;'
	gave_up
	[ -z "$(sql pg1 "SELECT conname FROM pg_constraint WHERE conrelid = 'child'::regclass")" ]
}

@test "a rename behind an idle reader in the operator's own session keeps to the limit too" {
	sits 'SELECT count(*) FROM orders'
	reads orders 5
	confirmed 'ALTER TABLE orders RENAME COLUMN spare TO rare;'
	gave_up
}

@test "locks and activity show who waits for whom" {
	local waits sits
	sits 'SELECT count(*) FROM orders'
	echo 'BEGIN; LOCK TABLE orders;' | psql_in queue >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'queue' AND wait_event_type = 'Lock'"
	waits=$(sql pg1 "SELECT pid FROM pg_stat_activity WHERE application_name = 'queue'")
	sits=$(sql pg1 "SELECT pid FROM pg_stat_activity WHERE application_name = 'lunch'")
	run -0 as alice -c locks
	echo "$output"
	[[ "$output" =~ $sits.*lunch.*"holds it".*"+- $waits".*AccessExclusiveLock.*orders ]]
	run -0 as alice -c activity
	echo "$output"
	[[ "$output" =~ $sits.*lunch.*"idle in transaction" ]]
	[[ "$output" =~ $waits.*queue.*Lock:relation ]]
}

@test "who acts has the pen: a second person's confirmed act is refused, reads and pauses are not" {
	local table
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME='holdfast bob INC-9' "$HOLDFAST_PG_BIN/psql" -XAtq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d postgres -c 'SELECT pg_advisory_lock(7525352680829580148), pg_sleep(60)' \
		>/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
	run as alice --confirm pg1 -c 'ALTER TABLE child ADD COLUMN second int;'
	echo "$output"
	[ "$status" = 5 ]
	[[ "$output" =~ "holdfast bob INC-9, since "[0-9:]+" UTC is acting on this cluster" ]]
	[[ "$output" == *"nothing was sent"* ]]
	[ "$(sql pg1 "SELECT count(*) FROM pg_attribute WHERE attname = 'second'")" = 0 ]
	run -0 as alice -c 'SELECT count(*) FROM child;'
	run -0 as alice -c 'pause pg2'
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast bob INC-9'" >/dev/null
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
	run -0 as alice --confirm pg1 -c 'ALTER TABLE child ADD COLUMN second int;'
	[ "$(sql pg1 "SELECT count(*) FROM pg_attribute WHERE attname = 'second'")" = 1 ]
	# It was let go again.
	[ "$(sql pg1 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" = 0 ]
}
