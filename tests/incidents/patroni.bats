#!/usr/bin/env bats
# A manager that resumes what somebody paused: Patroni, over etcd, two nodes on loopback. A hold is only
# made where its REST address says that it is paused, never on an operator's word.

load ../lab/lab
load ../lab/people
load ../lab/pty
load ../lab/patroni

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up single --rows 10
	patroni_up || { tail -n 5 "$PATRONI"/*.log; return 1; }
	psql_at pa 'CREATE TABLE victim AS SELECT generate_series(1, 100) AS a; ALTER TABLE victim OWNER TO alice' shop
	# Streaming is not replayed: before that pb has neither the database nor alice.
	wait_until 30 pb_has_victim
}

teardown_file() {
	patroni_down
	lab_down
}

teardown() {
	ended
	pty_close
}

pb_has_victim() { [ "$(psql_at pb 'SELECT count(*) FROM victim' shop)" = 100 ]; }
state_of_pb() { psql_at pb 'SELECT pg_get_wal_replay_pause_state()'; }
pb_is() { [ "$(state_of_pb)" = "$1" ]; }

# Refused because of Patroni, with the next step; nothing was paused.
is_refused() {
	echo "$output"
	[ "$status" = 5 ]
	[[ "$output" == *"Patroni manages pa and pb and is not paused: it resumes a paused replica within its loop"* ]]
	[[ "$output" == *'nothing was sent. Type `patronictl pause --wait`, then try again.'* ]]
	[ "$(state_of_pb)" = 'not paused' ]
}

@test "while Patroni manages: no pause, and nothing that needs a hold" {
	run as alice -c 'pause pb'
	is_refused
	run as alice -c 'DROP TABLE victim;'
	is_refused
	run -0 as alice -c topology
	[[ "$output" == *'Patroni manages pb and is not paused'* ]]
	# What needs no hold goes on.
	run -0 as alice --confirm pa -c 'ALTER TABLE victim ADD COLUMN b int;'
	[ "$(psql_at pa 'SELECT count(b) FROM victim' shop)" = 0 ]
}

@test "for the record: Patroni resumes what was paused by hand within its loop" {
	local from
	from=$(date +%s%N)
	psql_at pb 'SELECT pg_wal_replay_pause()'
	wait_until 20 pb_is 'not paused'
	echo "# paused by hand, replaying again after $((($(date +%s%N) - from) / 1000000)) ms, at loop_wait = 2 s" >&3
}

@test "a Patroni that cannot be asked is not taken for a paused one" {
	local conf=$LAB/unseen.conf
	sed -e "s/:$REST_PB\"/:1\"/" "$LAB/holdfast.conf" | as_root tee "$conf" >/dev/null
	patroni_ctl pause --wait
	run as_user hf-alice "$(holdfast_bin)" --config "$conf" --as alice -c 'pause pb'
	echo "$output"
	[ "$status" = 5 ]
	[[ "$output" == *'Patroni manages pb and was not seen to be paused (127.0.0.1:1: no answer'* ]]
	[ "$(state_of_pb)" = 'not paused' ]
}

@test "after patronictl pause: held with proof, over several of its loops" {
	run -0 as alice -c topology
	[[ "$output" == *'Patroni manages pb and is paused'* ]]
	file 'DROP TABLE victim;'
	bob approve pa
	answered
	echo "$OUT"
	[ "$RC" = 0 ]
	[[ "$OUT" =~ pb\ +PROVEN ]]
	[ -z "$(psql_at pa "SELECT to_regclass('victim')" shop)" ]
	# Three loops later it is as it was.
	wait_until 20 patroni_looped 3
	pb_is paused
	[ "$(psql_at pb 'SELECT count(*) FROM victim' shop)" = 100 ]
}

# Patroni writes a line of its log with every loop.
patroni_looped() {
	local n
	n=$(wc -l <"$PATRONI/pb.log")
	[ -n "${LOOPED_FROM:-}" ] || LOOPED_FROM=$n
	[ $((n - LOOPED_FROM)) -ge "$1" ]
}

@test "its pause ended while replicas are held: an alarm at the prompt" {
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pa.*PRIMARY' 15
	patroni_ctl resume --wait
	pty_wait alice 'ALARM: Patroni manages pb and is not paused any more while replicas are held' 15
	pty_wait alice 'ALARM: held pb was RELEASED by someone else' 15
}

in_recovery() { [ "$(psql_at "$1" 'SELECT pg_is_in_recovery()')" = t ]; }

@test "failover is Patroni's own switchover, run on a host; nothing promotes beside it" {
	# The hold that Patroni ended is settled first: for holdfast it still stands.
	as alice --confirm pa -c 'resume pb'
	wait_until 20 pb_is 'not paused'
	run -5 as alice -c 'failover pb'
	echo "$output"
	[[ "$(tr -s ' \n' '  ' <<<"$output")" == *"Patroni manages pb, so only its own command may switch it"*"patronictl switchover --candidate pb"* ]]
	as_root sed -i "s|^cluster \"lab\" {|host \"here\" { transport = local }\n&|; s|node \"pb\" {|& host = \"here\" patroni_config = \"$PATRONI/pa.yml\"|" "$LAB/holdfast.conf"
	run -5 as alice -c 'connect pb' -c 'SELECT pg_promote()'
	file 'failover pb'
	bob approve pb
	answered
	echo "$OUT"
	[ "$RC" = 0 ]
	[[ "$OUT" == *"pb           is the PRIMARY now, on timeline 2"* ]]
	[ "$(psql_at pb 'SELECT pg_is_in_recovery()')" = f ]
	wait_until 60 in_recovery pa
}
