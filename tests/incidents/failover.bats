#!/usr/bin/env bats
# failover, on real servers with a real sshd per host: planned, after kill -9 under load, and after a
# mistake that the replicas were held back from. What is true is asked with plain psql.

load ../lab/lab
load ../lab/people
load ../lab/hosts
load ../lab/loss

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:4 --rows 2000
	hosts_up pg1 pg2 pg3 pg4
	# What stands in h3/hook runs on h3 right before the next stop there.
	as_root tee "$LAB/ssh/h3/through" >/dev/null <<-SH
	#!/bin/sh
	case \$SSH_ORIGINAL_COMMAND in *'-m fast'*) [ ! -e $LAB/ssh/h3/hook ] || . $LAB/ssh/h3/hook ;; esac
	exec /bin/sh -c "\$SSH_ORIGINAL_COMMAND"
	SH
	as_root chmod 755 "$LAB/ssh/h3/through"
	echo "ForceCommand $LAB/ssh/h3/through" | as_root tee -a "$LAB/ssh/h3/sshd_config" >/dev/null
	sshd_stop h3
	sshd_start h3
	data_directories pg1 pg2 pg3 pg4 pg5
	sql pg1 'CREATE TABLE acked (n int PRIMARY KEY, at timestamptz DEFAULT clock_timestamp()); GRANT ALL ON acked TO PUBLIC'
}

teardown_file() {
	hosts_down
	lab_down
}

teardown() {
	[ -z "${WRITER:-}" ] || kill "$WRITER" 2>/dev/null || true
	ended
}

flat() { sed -e 's/^ *> //' <<<"${1:-$output}" | tr -s ' \n' '  '; }
is_primary() { sql_is "$1" f 'SELECT pg_is_in_recovery()'; }
streams_from() { sql_is "$1" "$(node_port "$2")" "SELECT sender_port FROM pg_stat_wal_receiver WHERE status = 'streaming'"; }

# writer NODE FILE: one row a transaction, each number into FILE once its commit was acknowledged.
writer() {
	as_root env PGPASSFILE="$LAB/pgpass" python3 - "$HOLDFAST_PG_BIN/psql" "$(node_port "$1")" "$2" "${3:-}" <<-'PY' 3>&- &
	import subprocess, sys
	p = subprocess.Popen([sys.argv[1], "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", sys.argv[2],
	    "-U", "postgres", "-d", "shop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
	with open(sys.argv[3], "w", buffering=1) as f:
	    p.stdin.write(sys.argv[4] + "\n")
	    p.stdin.write("SELECT coalesce(max(n), 0) FROM acked;\n"); p.stdin.flush()
	    n = int(p.stdout.readline())
	    while True:
	        n += 1
	        p.stdin.write(f"INSERT INTO acked VALUES ({n}) RETURNING n;\n"); p.stdin.flush()
	        got = p.stdout.readline().strip()
	        if got != str(n):
	            break
	        f.write(got + "\n")
	PY
	WRITER=$!
}

# approved LINE NODE: alice files it, bob signs it, it runs. Sets RC, OUT and SEEN.
approved() {
	file "$1"
	SEEN=$(bob approve "$2" | sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\r//g')
	answered
	echo "$OUT"
}

@test "without a name it ranks the candidates; what cannot be done is refused in words" {
	run -0 as alice -c failover
	[[ "$(flat)" == *"rank | node | would lose"*"1 | pg"*"In place of pg1, which answers."* ]]
	run -5 as alice -c 'failover pg1'
	[[ "$output" == *"pg1 takes the writes already; nothing was done"* ]]
	run -2 as alice -c 'failover nosuch'
	run -2 as alice -c 'failover pg2 sideways'
	run -2 as alice -c 'failover pg2 before'
	[[ "$output" == *"pg2 is not held back"* ]]
	run -2 as alice -c 'failover pg2 fenced'
	[[ "$(flat)" == *"pg1 answers, so it is not taken on anybody's word"* ]]
	is_primary pg1
}

@test "a careless promotion does not exist: pg_promote() is refused, and says what to type" {
	run -5 as alice --cluster lab -c 'connect pg2' -c 'SELECT pg_promote()'
	[[ "$(flat)" == *"Use failover and the node's name"* ]]
	run -0 as alice -c 'plan failover pg2'
	[[ "$(flat)" == *"before stop h1: stop pg1"*"main promote pg2"*"Fencing: STOPPED."* ]]
	! is_primary pg2
}

@test "planned: nothing is lost, the others follow, the old primary comes back as a replica" {
	writer pg1 "$BATS_TEST_TMPDIR/acked"
	wait_until 20 wrote "$BATS_TEST_TMPDIR/acked" 50
	approved 'failover pg2 rejoin' pg2
	[ "$RC" -eq 0 ]
	[[ "$SEEN" == *"pg2, the next PRIMARY"* ]]
	[[ "$(flat "$OUT")" == *"no commit is lost"*"pg1 is STOPPED, seen on its host (shut down)"*"pg2 has received everything up to"*"pg2 is the PRIMARY now, on timeline 2"* ]]
	is_primary pg2
	[ "$(sql pg2 'SELECT max(n) FROM acked')" -ge "$(tail -n 1 "$BATS_TEST_TMPDIR/acked")" ]
	for n in pg1 pg3 pg4 pg5; do wait_until 30 streams_from $n pg2; done
	[ "$(sql pg1 'SELECT count(*) FROM pg_replication_slots')" = 0 ]
	run -0 as alice -c topology
	[[ "$output" != *"diverged"* && "$output" != *"both accept writes"* ]]
}

# stall NODE REPLICA: REPLICA is sent nothing more by NODE. It is turned away by its login: a sender that is
# frozen by a signal may be holding a lock that every commit takes.
stall() {
	sql "$2" 'SHOW primary_conninfo' >"$BATS_TEST_TMPDIR/$2.upstream"
	upstream "$2" "$(cat "$BATS_TEST_TMPDIR/$2.upstream") user=nobody"
	wait_until 30 sql_is "$1" 0 "SELECT count(*) FROM pg_stat_replication WHERE application_name = '$2'"
}
# Once its upstream is dead a stalled replica has its own login again.
unstall() { upstream "$1" "$(cat "$BATS_TEST_TMPDIR/$1.upstream")"; }
upstream() {
	sql "$1" "ALTER SYSTEM SET primary_conninfo = '${2//\'/\'\'}'"
	sql "$1" 'SELECT pg_reload_conf()'
}

@test "kill -9 under load, asynchronous: at most what the estimate said is lost; fencing takes a host or a word" {
	local acked=$BATS_TEST_TMPDIR/acked n
	writer pg2 "$acked"
	wait_until 20 wrote "$acked" 50
	# What is not sent is lost: two replicas lag more, one less.
	for n in pg3 pg4 pg5; do stall pg2 $n; done
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 50))
	stall pg2 pg1
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 50))
	crash pg2
	for n in pg1 pg3 pg4 pg5; do unstall $n; done
	# Its log cannot be read without its host: then that is said, and a word is needed.
	sshd_stop h2
	run -5 as alice -c 'failover pg1'
	[[ "$(flat)" == *"whether pg2 is stopped cannot be seen from here"*"failover pg1 fenced"* ]]
	run -0 as alice -c 'plan failover pg1 fenced'
	[[ "$(flat)" == *"TAKES AWAY"*"not known: pg2 was never seen by this session"*"Fencing: YOUR WORD."* ]]
	run -0 as alice -c 'plan failover pg1 unfenced'
	[[ "$(flat)" == *"Fencing: NONE. Nobody stopped pg2"* ]]
	sshd_start h2
	run -0 as alice -c failover
	echo "$output"
	[[ "$(flat)" == *" 1 | pg1 "*"In place of pg2, which does not answer."* ]]
	run -0 as alice -c 'plan failover pg3'
	[[ "$(flat)" == *"what pg1 received and pg3 did not:"*"failover pg1"*"loses less"* ]]
	approved 'failover pg1' pg1
	[ "$RC" -eq 0 ]
	[[ "$(flat "$OUT")" == *"pg2 is STOPPED, seen on its host"*"LOST with pg1 as the primary:"* ]]
	is_primary pg1
	lost_on pg1 "$acked"
	[ "$LOST" -ge 50 ] && [ "$LOST" -le "$SAID" ] && [ "$SAID" -le $((LOST + 20)) ]
	# The estimate is in the journal, written before the promotion was sent.
	as_root sh -c "cat $LAB/journal/*.jsonl" | grep -oE '"kind":"(measure|promote)"' | uniq | tail -n 2 | tr -d '\n' |
		grep -q '"kind":"measure""kind":"promote"'
	for n in pg3 pg4 pg5; do wait_until 30 streams_from $n pg1; done
}

@test "kill -9 under load, one of three synchronous: nothing that was acknowledged is lost" {
	local acked=$BATS_TEST_TMPDIR/acked n
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (pg3, pg4, pg5)'"
	sql pg1 'SELECT pg_reload_conf()'
	wait_until 20 sql_is pg1 3 "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
	writer pg1 "$acked"
	wait_until 20 wrote "$acked" 50
	for n in pg4 pg5; do stall pg1 $n; done
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 50))
	crash pg1
	for n in pg4 pg5; do unstall $n; done
	run -0 as alice -c failover
	[[ "$(flat)" == *" 1 | pg3 "* ]]
	approved 'failover pg3' pg3
	[ "$RC" -eq 0 ]
	lost_on pg3 "$acked"
	[ "$LOST" -eq 0 ]
	for n in pg4 pg5; do wait_until 30 streams_from $n pg3; done
}

@test "a failing step before the promotion is taken back: the old primary takes writes again" {
	# The candidate dies in the moment the old primary is being stopped.
	local before
	before=$(sql pg3 'SELECT max(n) FROM acked')
	echo "kill -9 $(node_pid pg4) $(pgrep -P "$(node_pid pg4)" | tr '\n' ' ')" | as_root tee "$LAB/ssh/h3/hook" >/dev/null
	approved 'failover pg4' pg4
	as_root rm "$LAB/ssh/h3/hook"
	[ "$RC" -ne 0 ]
	[[ "$(flat "$OUT")" == *"pg3 is STOPPED"*"h3 open for writes again"*"error: pg4"* ]]
	is_primary pg3
	sql pg3 'INSERT INTO acked SELECT max(n) + 1 FROM acked'
	[ "$(sql pg3 'SELECT max(n) FROM acked')" -eq $((before + 1)) ]
	# What was killed lets go of its shared memory in its own time.
	wait_until 30 node_start pg4
	for n in pg4 pg5; do wait_until 30 streams_from $n pg3; done
}

@test "after a mistake: before it or with it, the operator chooses; the new primary has the table" {
	local n
	sql pg3 'CREATE TABLE victim AS SELECT g AS a FROM generate_series(1, 1000) AS g; ALTER TABLE victim OWNER TO alice; CREATE TABLE later (a int)'
	file 'DROP TABLE victim'
	bob approve pg3 >/dev/null
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	for n in {1..25}; do echo "INSERT INTO later VALUES ($n);"; done >"$BATS_TEST_TMPDIR/later"
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/psql" -XAtq -h 127.0.0.1 -p "$(node_port pg3)" \
		-U postgres -d shop -f - <"$BATS_TEST_TMPDIR/later"
	run -5 as alice -c 'failover pg4'
	[[ "$(flat)" == *"pg4 is held back"*"Choose: \`before\` stops right before the mistake, at "*"\`all\` replays everything"* ]]
	run -0 as alice -c 'plan failover pg4 all'
	[[ "$(flat)" == *"It replays EVERYTHING it received, the mistake it was held for included."* ]]
	run -5 as alice -c 'failover pg5 before'
	[[ "$(flat)" == *"takes a restart of its server, and no host is configured for pg5"* ]]
	approved 'failover pg4 before' pg4
	[ "$RC" -eq 0 ]
	is_primary pg4
	[ "$(sql pg4 'SELECT count(*) FROM victim')" = 1000 ]
	[ "$(sql pg4 'SELECT count(*) FROM later')" = 0 ]
	[[ "$(flat "$OUT")" == *"TAKES AWAY"*"The mistake is in it, and so is every good write since"* ]]
	[[ "$(flat "$OUT")" == *"pg5 is held and stays as it is"* ]]
	# The drop and the 25 rows, and what the server committed by itself meanwhile.
	n=$(sed -n 's/.*of log with \([0-9]*\) transactions, .*/\1/p' <<<"$(flat "$OUT")" | head -n 1)
	echo "# stopped before the mistake: 25 later rows and the drop are gone, the screen said $n transactions" >&3
	[ "$n" -ge 26 ]
	[ "$(sql pg4 "SELECT count(*) FROM pg_file_settings WHERE name = 'recovery_target_lsn'")" = 0 ]
}
