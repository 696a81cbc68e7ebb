#!/usr/bin/env bats
# Ways around the second person: names that change their meaning inside a text, a requester under
# another name, an approver who is none any more. Whether something ran is asked with plain psql.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:1 --rows 20000
	sql pg1 "CREATE TABLE victim AS SELECT generate_series(1, 100) AS a; GRANT ALL ON victim TO alice;
		ALTER TABLE victim OWNER TO alice"
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	ended
	[ ! -e "$LAB/operators.all" ] || as_root mv "$LAB/operators.all" "$LAB/operators"
}

untouched() {
	[ "$(sql pg1 'SELECT count(*) FROM public.victim')" = 100 ]
}

# script TEXT: on standard input, in one session that has a temporary table of the same name.
script() {
	run as alice --confirm pg1 < <(printf 'CREATE TEMP TABLE victim (a int);\n%s\n' "$1")
	echo "$output"
	untouched
}

@test "a temporary table hides the lasting one only until it is gone" {
	script 'DROP TABLE victim; DROP TABLE victim;'
	[ "$status" -eq 5 ]
	script 'DISCARD TEMP; DROP TABLE victim;'
	[ "$status" -eq 5 ]
	script 'SET search_path = public, pg_temp; DROP TABLE victim;'
	[ "$status" -eq 5 ]
	script 'ALTER TABLE victim RENAME TO other; TRUNCATE victim;'
	[ "$status" -eq 5 ]
	script 'DROP TABLE victim;'
	[ "$status" -eq 0 ]
}

@test "who asks is whose key certified the session, whatever the config calls him" {
	as_root sed 's/person "alice"/person "mallory"/' "$LAB/holdfast.conf" >"$BATS_TEST_TMPDIR/conf"
	as_root install -m 644 "$BATS_TEST_TMPDIR/conf" "$LAB/mallory.conf"
	run as_user hf-alice "$(holdfast_bin)" --config "$LAB/mallory.conf" --as mallory \
		-c 'DROP TABLE victim;' --wait 2 </dev/null
	echo "$output"
	[ "$status" -eq 7 ]
	[[ "$output" == *"mallory"* ]]
	untouched
}

@test "an approver taken out of the operators file after filing does not count" {
	as_root cp -p "$LAB/operators" "$LAB/operators.old"
	as_root sed 's/"operators"/"operators.old"/' "$LAB/holdfast.conf" >"$BATS_TEST_TMPDIR/conf"
	as_root install -m 644 "$BATS_TEST_TMPDIR/conf" "$LAB/old.conf"
	file 'DROP TABLE victim;'
	as_root cp -p "$LAB/operators" "$LAB/operators.all"
	as_root sed -i '/^bob /d' "$LAB/operators"
	local words
	words=$(as_words bob approve "$ID")
	timeout 200 expect "$HOLDFAST_TOP/tests/lab/approve.exp" pg1 \
		"${words/holdfast.conf/old.conf}" </dev/null 3>&-
	answered
	echo "$OUT"
	[ "$RC" = 7 ]
	untouched
}

@test "changes that are counted are not mixed with what no transaction holds" {
	run as alice --confirm pg1 -c 'DELETE FROM orders WHERE id > 0; VACUUM;' </dev/null
	echo "$output"
	[ "$status" -eq 5 ]
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 20000 ]
}

@test "a plan of a verb without its words is a usage error" {
	run as alice -c 'plan undo' </dev/null
	echo "$output"
	[ "$status" -eq 2 ]
}

@test "a replica released while the statement runs: not proven, and it is said that it was done" {
	local locker
	# The statement must still wait for its lock when the replica was released, on a slow machine too.
	as_root sh -c "echo 'lock_timeout = 60000' >$LAB/policy; echo 'policy = \"policy\"' >>$LAB/holdfast.conf"
	sql pg1 "CREATE TABLE going AS SELECT 1 AS a; ALTER TABLE going OWNER TO alice"
	wait_until 10 caught_up pg2
	file 'DROP TABLE going;'
	sql pg1 'BEGIN; LOCK TABLE going IN ACCESS SHARE MODE; SELECT pg_sleep(60)' >/dev/null 3>&- &
	locker=$!
	bob approve
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
	sql pg2 'SELECT pg_wal_replay_resume()'
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'
		AND pid <> pg_backend_pid()"
	wait "$locker" || true
	answered
	as_root sed -i '/^policy = /d' "$LAB/holdfast.conf"
	echo "$OUT"
	[ "$RC" = 1 ]
	[[ "$OUT" == *"NOT PROVEN"* ]]
	[[ "$OUT" != *"still held"* ]]
	[[ "$OUT" == *"was done on pg1"* ]]
	[ "$(sql pg1 "SELECT to_regclass('going') IS NULL")" = t ]
}
