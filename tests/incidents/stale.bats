#!/usr/bin/env bats
# Between filing and running the world moves on. An approved plan runs in the world it was made for,
# or not at all: exit 8, and a sentence that names the field, before and after. Whether something ran
# is asked of the servers with plain psql. A chain pg1 > pg2 > pg3.

load ../lab/lab
load ../lab/people
load ../lab/pty

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 20000
	sql pg1 "CREATE TABLE other AS SELECT 1 AS a"
	wait_until 10 caught_up pg2 pg3
}

teardown_file() {
	[ ! -d "$LAB/servers/pg4" ] || stop_pg4
	lab_down
}

setup() {
	sql pg1 "DROP TABLE IF EXISTS victim CASCADE; CREATE TABLE victim AS SELECT generate_series(1, 100) AS a;
		GRANT ALL ON victim TO alice"
}

# Nothing stays held or hardened for the next test.
teardown() {
	ended
	pty_close
	local n
	for n in pg2 pg3; do
		sql_is "$n" t 'SELECT pg_is_in_recovery()' || continue
		sql "$n" 'ALTER SYSTEM RESET ALL'
		# Started with a target, it would be promoted by a resume. Immediate: a fast stop waits for
		# the standby below, which may be ahead of it.
		sql_is "$n" '' "SELECT setting FROM pg_settings WHERE name = 'recovery_target_lsn'" || {
			node_stop "$n" immediate
			node_start "$n"
		}
		sql "$n" 'SELECT pg_wal_replay_resume()'
	done
}

# Its oid before and after: the table is the same one, with all rows, also where plain psql looks.
untouched() {
	[ "$(sql pg1 'SELECT count(*) FROM victim')" = 100 ]
}

held() {
	as alice -c 'pause pg2' >/dev/null
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
}

# is_stale FIELD BEFORE AFTER: regular expressions.
is_stale() {
	answered
	echo "$OUT"
	echo "left with $RC"
	[ "$RC" = 8 ]
	[[ "$OUT" =~ $1:\ $2\ -\>\ $3 ]]
	[[ "$OUT" == *"nothing was run"* ]]
	untouched
	# A hold that did not stand before does not stand now: nothing was begun.
	[ "${4:-}" = promoted ] || [ "$(sql pg3 'SELECT pg_get_wal_replay_pause_state()')" = 'not paused' ]
}

@test "a held standby restarted: its start, or where it came up" {
	held
	file 'DROP TABLE victim;'
	node_restart pg2
	bob approve
	is_stale 'hold pg2 (start|position)' '[^ ]+' '[^ ]+'
}

@test "a held standby released: its hold" {
	held
	file 'DROP TABLE victim;'
	sql pg2 'SELECT pg_wal_replay_resume()'
	bob approve
	is_stale 'hold pg2 [a-z]+' '[^ ]+' '.+'
}

@test "a held standby released and paused again: its position" {
	held
	file 'DROP TABLE victim;'
	sql pg2 'SELECT pg_wal_replay_resume()'
	sql pg1 'INSERT INTO other VALUES (2)'
	wait_until 10 caught_up pg2
	sql pg2 'SELECT pg_wal_replay_pause()'
	wait_until 5 sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	bob approve
	is_stale 'hold pg2 position' '[0-9A-F]+/[0-9A-F]+' '[0-9A-F]+/[0-9A-F]+'
}

@test "the table made again under the same name: its oid" {
	local oid now
	oid=$(sql pg1 "SELECT 'victim'::regclass::oid")
	file 'DROP TABLE victim;'
	sql pg1 'BEGIN; DROP TABLE victim; CREATE TABLE victim AS SELECT generate_series(1, 100) AS a; COMMIT'
	now=$(sql pg1 "SELECT 'victim'::regclass::oid")
	bob approve
	is_stale 'object public.victim oid' "$oid" "$now"
}

@test "the table rewritten: its file" {
	local node now
	node=$(sql pg1 "SELECT pg_relation_filenode('victim')")
	file 'DROP TABLE victim;'
	sql pg1 'VACUUM FULL victim'
	now=$(sql pg1 "SELECT pg_relation_filenode('victim')")
	bob approve
	is_stale 'object public.victim relfilenode' "$node" "$now"
}

@test "a new view on the table: CASCADE would take more than was signed" {
	file 'DROP TABLE victim CASCADE;'
	sql pg1 'CREATE VIEW late AS SELECT * FROM victim'
	bob approve
	is_stale 'takes .*late' '\(not there\)' '.+'
	[ "$(sql pg1 'SELECT count(*) FROM late')" = 100 ]
}

@test "a new foreign key to the table: CASCADE would take more than was signed" {
	sql pg1 'ALTER TABLE victim ADD PRIMARY KEY (a)'
	file 'DROP TABLE victim CASCADE;'
	sql pg1 'CREATE TABLE child (a int REFERENCES victim)'
	bob approve
	is_stale 'takes .*child' '\(not there\)' '.+'
	sql pg1 'DROP TABLE child'
}

@test "a view that was listed went away: its fact" {
	sql pg1 'CREATE VIEW early AS SELECT * FROM victim'
	file 'DROP TABLE victim CASCADE;'
	sql pg1 'DROP VIEW early'
	bob approve
	is_stale 'takes .*early' '.+' '\(gone\)'
}

# somebody_makes TEXT: sits on the table until the plan's own lock waits for it, then makes something
# that hangs on it, and lets go.
somebody_makes() {
	sql pg1 "BEGIN; LOCK TABLE victim IN ACCESS SHARE MODE;
		DO \$\$ BEGIN FOR i IN 1..6000 LOOP
			IF EXISTS (SELECT FROM pg_locks WHERE relation = 'victim'::regclass AND NOT granted) THEN
				EXECUTE '$1'; RETURN;
			END IF; PERFORM pg_sleep(0.005);
		END LOOP; RAISE 'nobody waited'; END \$\$; COMMIT" >"$BATS_TEST_TMPDIR/somebody" 2>&1 3>&- &
	SOMEBODY=$!
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_locks WHERE relation = 'victim'::regclass AND mode = 'AccessShareLock' AND granted"
}

# behind_the_lock NAME: refused because of it, nothing ran, and what the plan held is let go again.
behind_the_lock() {
	local n
	answered
	echo "$OUT"
	wait $SOMEBODY || { cat "$BATS_TEST_TMPDIR/somebody"; return 1; }
	[ "$RC" = 8 ]
	[[ "$OUT" =~ what\ CASCADE\ would\ take\ besides\ what\ the\ plan\ lists\ is\ [^,]*$1 ]]
	[[ "$OUT" == *"nothing was run"* ]]
	untouched
	for n in pg2 pg3; do
		[ "$(sql "$n" 'SELECT pg_get_wal_replay_pause_state()')" = 'not paused' ]
		[ -z "$(sql "$n" "SELECT setting FROM pg_file_settings WHERE name = 'recovery_target_lsn'")" ]
	done
}

@test "a view made while the plan's lock waits: seen behind the lock" {
	sql pg1 'CREATE VIEW early AS SELECT * FROM victim'
	file 'DROP TABLE victim CASCADE;'
	somebody_makes 'CREATE VIEW late AS SELECT a FROM early'
	bob approve
	behind_the_lock 'view late'
	[ "$(sql pg1 'SELECT count(*) FROM late')" = 100 ]
}

@test "a foreign key made while a TRUNCATE's lock waits: seen behind the lock" {
	sql pg1 'ALTER TABLE victim ADD PRIMARY KEY (a); CREATE TABLE early (a int REFERENCES victim)'
	file 'TRUNCATE victim CASCADE;'
	somebody_makes 'CREATE TABLE late (a int); INSERT INTO late SELECT 1 WHERE false;
		ALTER TABLE early ADD UNIQUE (a); ALTER TABLE late ADD FOREIGN KEY (a) REFERENCES early (a)'
	bob approve
	behind_the_lock 'rows of late'
	sql pg1 'DROP TABLE early, late CASCADE'
}

@test "the primary restarted: its start" {
	file 'DROP TABLE victim;'
	node_restart pg1
	wait_until 20 sql_is pg1 2 "SELECT count(*) + 1 FROM pg_stat_replication WHERE state = 'streaming'"
	bob approve
	is_stale 'node pg1 start' '[0-9]+' '[0-9]+'
}

@test "a replica more held meanwhile: still valid, and it runs with proof" {
	file 'DROP TABLE victim;'
	sql pg3 'SELECT pg_wal_replay_pause()'
	wait_until 5 sql_is pg3 paused 'SELECT pg_get_wal_replay_pause_state()'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" = 0 ]
	[ -z "$(sql pg1 "SELECT to_regclass('victim')")" ]
	[ "$(sql pg2 'SELECT count(*) FROM victim')" = 100 ]
	[ "$(sql pg3 'SELECT count(*) FROM victim')" = 100 ]
}

# at_alice LINE PATTERN
at_alice() {
	pty_send alice "$1"
	pty_wait alice "$2" 15
}

# alice's shell, with a filed and approved request ID.
alice_files() {
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pg1.*PRIMARY' 15
	at_alice 'DROP TABLE victim;' "Type the node's name"
	at_alice pg1 '^request [a-z2-7]{26}'
	ID=$(pty_new alice | sed -n 's/^request \([a-z2-7]\{26\}\).*/\1/p')
	pty_mark alice
	bob approve
	pty_wait alice "request ${ID:0:8} is approved" 15
}

@test "at a terminal: search_path changed in alice's session" {
	alice_files
	at_alice 'SET search_path = pg_catalog, public;' '(^|  )SET *$'
	at_alice "run $ID" 'nothing was run|PROVEN'
	pty_wait alice 'session search_path: "\$user", public -> pg_catalog, public' 5
	untouched
	# Set back, it is the world of the plan again: the request was not used up.
	at_alice 'SET search_path = "$user", public;' '(^|  )SET *$'
	at_alice "run $ID" 'pg3 +PROVEN'
	[ -z "$(sql pg1 "SELECT to_regclass('victim')")" ]
	[ "$(sql pg3 'SELECT count(*) FROM victim')" = 100 ]
}

@test "at a terminal: another database, another node, another role" {
	alice_files
	at_alice '\c pg1 postgres' 'connected to pg1, .* database postgres'
	at_alice "run $ID" 'nothing was run|PROVEN'
	pty_wait alice 'session database: shop -> postgres' 5
	untouched
	at_alice '\c pg2 shop' 'connected to pg2'
	at_alice "run $ID" 'nothing was run|PROVEN'
	pty_wait alice 'session node: pg1 -> pg2' 5
	untouched
	at_alice '\c pg1 shop' 'connected to pg1'
	at_alice 'SET ROLE pg_monitor;' "Type the node's name"
	at_alice pg1 '(^|  )SET *$'
	at_alice "run $ID" 'nothing was run|PROVEN'
	pty_wait alice 'session role: alice -> pg_monitor' 5
	untouched
}

last_look() { sql pg2 "SELECT max(query_start) FROM pg_stat_activity WHERE application_name LIKE 'holdfast alice%'"; }
looked_since() { [ "$(last_look)" != "$1" ]; }

@test "at a terminal: the watch over a hold takes new pictures while the plan is read; the plan stays what it was" {
	local n
	held
	pty_open alice "$(as_words alice)"
	pty_wait alice '1 held' 15
	at_alice 'ALTER TABLE victim ADD COLUMN b int;' "Type the node's name"
	for n in 1 2 3; do wait_until 20 looked_since "$(last_look)"; done
	at_alice pg1 '(^|  )ALTER TABLE *$'
	[ "$(sql pg1 "SELECT count(*) FROM pg_attribute WHERE attrelid = 'victim'::regclass AND attname = 'b'")" = 1 ]
}

# From here on the tree changes for good.

pg4_port() { as_root sed -n 4p "$LAB/servers/pg4/postmaster.pid"; }
stop_pg4() {
	as_user "$(as_root stat -c %U "$LAB/servers/pg4")" "$HOLDFAST_PG_BIN/pg_ctl" -s -D "$LAB/servers/pg4" \
		-m immediate -w stop </dev/null 3>&-
}

@test "a new standby that nobody listed: seen from the primary" {
	local owner port
	owner=$(as_root stat -c %U "$(node_data pg2)")
	port=$(free_port)
	file 'DROP TABLE victim;'
	as_root install -d -m 700 -o "$owner" "$LAB/servers/pg4"
	as_user "$owner" env PGPASSFILE="$LAB/servers/replicator.pgpass" "$HOLDFAST_PG_BIN/pg_basebackup" \
		-h 127.0.0.1 -p "$(node_port pg1)" -U replicator -c fast -X stream -R \
		-d 'application_name=pg4' -D "$LAB/servers/pg4"
	as_user "$owner" sh -c "sed -i '/^port/d' '$LAB/servers/pg4/postgresql.conf'; echo 'port = $port' >>'$LAB/servers/pg4/postgresql.conf'"
	as_user "$owner" "$HOLDFAST_PG_BIN/pg_ctl" -s -D "$LAB/servers/pg4" -l "$LAB/servers/pg4/log" -w start </dev/null 3>&-
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg4' AND state = 'streaming'"
	bob approve
	is_stale '[a-z]+ .*pg4.*' '.*' '.+'
	# And a new plan says who is not known.
	run as alice -c 'DROP TABLE victim;'
	echo "$output"
	stop_pg4
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg4'"
}

@test "a standby promoted: its role" {
	file 'DROP TABLE victim;'
	node_promote pg3
	bob approve
	is_stale 'node pg3 role' replica standalone promoted
}
