#!/usr/bin/env bats
# The connection breaks in the middle of an approved statement. Either the server said what became of
# it, or nobody knows: then the shell leaves with 10, the journal has a begin and no outcome, the next
# start says so, and pg_xact_status decides. Nothing is guessed. A primary and a standby.

load ../lab/lab
load ../lab/people
load ../lab/pty

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 20000
	sql pg1 "CREATE TABLE slow AS SELECT generate_series(1, 100) AS a; GRANT ALL ON slow TO alice;
		CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN OLD; END';
		CREATE TRIGGER linger BEFORE DELETE ON slow FOR EACH ROW EXECUTE FUNCTION linger();
		CREATE TABLE quick AS SELECT generate_series(1, 100) AS a; GRANT ALL ON quick TO alice"
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	ended
	pty_close
	wait_until 20 sql_is pg1 f 'SELECT pg_is_in_recovery()'
	sql pg1 'ALTER SYSTEM RESET synchronous_standby_names'
	sql pg1 'SELECT pg_reload_conf()'
	sql pg2 'ALTER SYSTEM RESET ALL'
	sql pg2 'SELECT pg_wal_replay_resume()'
}

# acting PATTERN: the process that works on an approved statement in that state.
acting() {
	wait_until 15 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND $1"
	sql pg1 "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'holdfast%' AND $1"
}

# The journal of the last session with a request, and what it says about the statement.
journal() { as_root sh -c "grep -l '\"type\":\"request\"' '$LAB'/journal/*.jsonl | tail -n 1"; }

# step_of TEXT: begins and outcomes of the step that sent it, as "begin N" lines.
begun_without_outcome() {
	as_root cat "$(journal)" | python3 -c '
import json, sys
begun, ended = {}, set()
for line in sys.stdin:
    r = json.loads(line)
    key = (r.get("plan"), r.get("step"))
    if r["type"] == "begin":
        begun[key] = r
    if r["type"] == "outcome":
        ended.add(key)
for key, r in begun.items():
    if key not in ended:
        print(r.get("kind"))'
}

xid() {
	as_root cat "$(journal)" | python3 -c '
import json, sys
print([r["xid"] for r in map(json.loads, sys.stdin) if r["type"] == "begin" and r.get("xid")][-1])'
}

# said_unknown KIND: exit 10, no outcome in the journal, the next session says so and how to find out.
said_unknown() {
	answered
	echo "$OUT"
	echo "left with $RC"
	[ "$RC" = 10 ]
	[[ "$OUT" == *"OUTCOME UNKNOWN"* ]]
	[ "$(begun_without_outcome)" = "$1" ]
	wait_until 20 sql_is pg1 f 'SELECT pg_is_in_recovery()'
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pg1 PRIMARY' 15
	output=$(pty_new alice)
	echo "$output"
	[[ "$output" == *"OUTCOME UNKNOWN: alice began this on pg1"* ]]
	[[ "$output" == *"pg_xact_status('$(xid)')"* ]]
	[[ "$output" == *"HELD: pg2"* ]]
}

# resolved WORDS...: alice settles what is left; nobody says a word of it afterwards.
resolved() {
	local id
	pty_send alice '\q'
	pty_wait alice '\[left with 0\]' 15
	run -0 --separate-stderr as alice -c 'journal resolve'
	LISTED=$output
	echo "$output"
	[[ "$stderr" == "OUTCOME UNKNOWN: alice began this on pg1"*"journal resolve"* ]] || false
	[ "${#stderr_lines[@]}" = 1 ]
	for id in $(grep -oE '[a-z2-7]{8}:[0-9]+' <<<"$output"); do
		run -0 as alice -c "journal resolve $id $*"
		echo "$output"
	done
	run -0 --separate-stderr as alice -c 'journal resolve'
	[ -z "$stderr" ]
	[[ "$output" == *"no outcome is unknown"* ]] || false
	pty_close
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pg1 PRIMARY' 15
	[[ "$(pty_new alice)" != *"OUTCOME UNKNOWN"* ]] || false
	# Signed into the chain of the session that found out.
	id=$(as_root sh -c "grep -l '\"type\":\"recover\"' '$LAB'/journal/*.jsonl | tail -n 1")
	run as alice journal verify --operators "$LAB/operators" "$id"
	echo "$output"
	[ "$status" = 0 ]
}

@test "the session ended by an administrator in the middle: a failure the server spoke of" {
	file 'DELETE FROM slow;'
	bob approve
	sql pg1 "SELECT pg_terminate_backend($(acting "query LIKE '%DELETE FROM slow%' AND wait_event = 'PgSleep'"))"
	answered
	echo "$OUT"
	[ "$RC" = 1 ] || [ "$RC" = 10 ]
	if [ "$RC" = 1 ]; then
		[[ "$OUT" == *"terminating connection due to administrator command"* ]]
		[ -z "$(begun_without_outcome)" ]
	fi
	[ "$(sql pg1 'SELECT count(*) FROM slow')" = 100 ]
	[ "$(sql pg2 'SELECT count(*) FROM slow')" = 100 ]
}

@test "the server crashes in the middle: unknown, and pg_xact_status says it never was" {
	file 'DELETE FROM slow;'
	bob approve
	as_root kill -9 "$(acting "query LIKE '%DELETE FROM slow%' AND wait_event = 'PgSleep'")"
	said_unknown statement
	[ "$(sql pg1 "SELECT pg_xact_status('$(xid)')")" != committed ]
	[ "$(sql pg1 'SELECT count(*) FROM slow')" = 100 ]
	[ "$(sql pg2 'SELECT count(*) FROM slow')" = 100 ]
	resolved aborted all 100 rows are there
}

@test "the server crashes while it commits: unknown, and pg_xact_status says that it is done" {
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
	sql pg1 'SELECT pg_reload_conf()'
	file 'DELETE FROM quick;'
	bob approve
	as_root kill -9 "$(acting "wait_event = 'SyncRep'")"
	said_unknown commit
	sql pg1 'ALTER SYSTEM RESET synchronous_standby_names'
	[ "$(sql pg1 "SELECT pg_xact_status('$(xid)')")" = committed ]
	[ "$(sql pg1 'SELECT count(*) FROM quick')" = 0 ]
	# The rows are where they were held.
	[ "$(sql pg2 'SELECT count(*) FROM quick')" = 100 ]
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	# The number could be another transaction's now: the crash forgot which were given out.
	resolved committed no row is left
	[[ "$LISTED" == *"it says committed, but it crashed since"* ]]
}
