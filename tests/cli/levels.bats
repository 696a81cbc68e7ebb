#!/usr/bin/env bats
# The level of each statement, as the plan states it and as -c enforces it. That nothing ran, or that
# it did, is asked of the server with plain psql. A primary and a standby.

load ../lab/lab
load ../lab/people
load ../lab/pty

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 20000
	sql pg1 "CREATE FUNCTION own() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 7; END';
		CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql AS 'BEGIN DELETE FROM order_items; RETURN 1; END';
		CREATE TABLE notes (id int PRIMARY KEY, t text);
		INSERT INTO notes SELECT i, 'x' FROM generate_series(1, 5000) AS i; ANALYZE notes; GRANT ALL ON notes TO alice"
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	ended
	[ "${KEEP:-}" = 1 ] || pty_close
}

# is_level LEVEL STATEMENT: the plan's own word, and nothing ran.
is_level() {
	run -0 --separate-stderr as alice -c "plan $2"
	[[ "$output" =~ (^|$'\n')"  level  "([a-z]+) ]]
	echo "$2: ${BASH_REMATCH[2]}, not $1"
	[ "${BASH_REMATCH[2]}" = "$1" ]
}

# left CODE ARGUMENTS...: alice's shell leaves with it; $output is what it said.
left() {
	local want=$1
	shift
	run as alice "$@"
	echo "$output"
	[ "$status" = "$want" ]
}

count() { sql pg1 "SELECT count(*) FROM $1"; }

@test "a text that only mentions a drop: allow, and it runs" {
	is_level allow "SELECT 'drop table orders';"
	left 0 -c "SELECT 'drop table orders';"
	[[ "$output" == *"drop table orders"* ]]
}

@test "what deletes, however it is dressed: approve, held replicas in the plan, exit 6 with nobody to ask" {
	local s
	for s in 'DELETE FROM orders;' 'WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d;' \
		'EXPLAIN ANALYZE DELETE FROM orders;' 'DO $$ BEGIN DELETE FROM orders; END $$;' \
		'TRUNCATE orders;' 'BEGIN; DELETE FROM orders; COMMIT;' \
		'/* harmless */ dElEtE /**/ FROM "orders"'; do
		is_level approve "$s"
		[[ "$output" == *"pg2 would replay it: paused first and proved"* ]]
		left 6 --confirm pg1 -c "$s"
		[[ "$output" == *"waits for another person; nothing was run"* ]]
	done
	[ "$(count orders)" = 20000 ]
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = 'not paused' ]
}

@test "EXPLAIN without ANALYZE runs nothing: allow" {
	is_level allow 'EXPLAIN DELETE FROM orders;'
}

@test "TRUNCATE says who refers to the table, and with CASCADE everything it empties" {
	run -0 as alice -c 'plan TRUNCATE orders;'
	[[ "$output" == *"The server will refuse it as it stands: constraint"*"order_items_order_fkey"* ]]
	run -0 as alice -c 'plan TRUNCATE customers CASCADE;'
	[[ "$output" == *"- rows of public.customers"*"- all rows of public.orders"*"- all rows of public.order_items"* ]]
	run -0 as alice -c 'plan TRUNCATE orders, order_items;'
	[[ "$output" != *"will refuse it"* ]]
}

@test "DROP TABLE with dependents: refused by name, nothing sent" {
	left 5 --confirm pg1 -c 'DROP TABLE orders;'
	[[ "$output" == *"The server will refuse it"*"big_orders"* ]]
	[[ "$output" == *"order_items_order_fkey"* ]]
	[ "$(count orders)" = 20000 ]
	# What the statement itself names is no obstacle.
	sql pg1 'CREATE TABLE top (a int PRIMARY KEY); CREATE TABLE low (a int REFERENCES top)'
	is_level refuse 'DROP TABLE top;'
	is_level approve 'DROP TABLE low, top;'
	sql pg1 'DROP TABLE low, top'
}

@test "what hangs on a type, a domain, an extension is listed; a column that goes is no mere definition" {
	sql pg1 "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN pos AS int CHECK (VALUE > 0);
		CREATE TABLE moody (id int, m mood, p pos); CREATE TABLE base (a int); CREATE TABLE uses (id int, b base)"
	is_level refuse 'DROP TYPE mood;'
	is_level approve 'DROP TYPE mood CASCADE;'
	[[ "$output" == *"- column m of table moody: with its value in every row"* ]]
	is_level approve 'DROP DOMAIN pos CASCADE;'
	[[ "$output" == *"- column p of table moody: with its value in every row"* ]]
	is_level approve 'ALTER TABLE moody DROP COLUMN p;'
	[[ "$output" == *"- column moody.p: with its value in every row"* && "$output" != *"does not exist"* ]]
	is_level refuse 'DROP EXTENSION plpgsql;'
	is_level approve 'DROP TYPE nowhere;'
	[[ "$output" == *"type nowhere: does not exist on this node"* ]]
	# undo does not promise what it cannot do.
	is_level approve 'DROP TABLE base, uses CASCADE;'
	[[ "$output" == *'`undo` brings it back'* ]]
	file 'DROP TABLE base CASCADE;'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" = 0 ]
	[[ "$OUT" == *"- column b of table uses: with its value in every row"* ]]
	[[ "$(tr -s ' >\n' ' ' <<<"$OUT")" == *'`undo` cannot bring column b of table uses back'* ]]
	left 5 -c "undo $ID"
	[[ "$output" == *"column b of table uses"*"nothing was done"*"Copy that table from pg2"* ]]
	sql pg2 'ALTER SYSTEM RESET ALL'
	sql pg2 'SELECT pg_wal_replay_resume()'
	sql pg1 'DROP TABLE moody, uses; DROP TYPE mood; DROP DOMAIN pos'
	wait_until 10 caught_up pg2
}

@test "ending somebody's session: confirm, and exit 6 until the node is named" {
	local pid
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/psql" -XAtq -h 127.0.0.1 -p "$(node_port pg1)" -U postgres \
		-d shop -c "SET application_name = 'victim'" -c 'SELECT pg_sleep(60)' >/dev/null 2>&1 3>&- </dev/null &
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'"
	pid=$(sql pg1 "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim'")
	is_level confirm "SELECT pg_terminate_backend($pid);"
	left 6 -c "SELECT pg_terminate_backend($pid);"
	[[ "$output" == *"not confirmed"*"(pg1)"*"nothing was run"* ]]
	left 6 --confirm pg2 -c "SELECT pg_terminate_backend($pid);"
	[[ "$output" == *"does not name the node"* ]]
	sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'"
	left 0 --confirm PG1 -c "SELECT pg_terminate_backend($pid);"
	wait_until 5 sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'victim'"
}

@test "ALTER TABLE ... ADD COLUMN: confirm, with the lock limit in the plan" {
	is_level confirm 'ALTER TABLE orders ADD COLUMN x int;'
	[[ "$output" == *"set_config('lock_timeout', '2000', true)"* ]]
	[[ "$output" == *"set_config('statement_timeout'"* ]]
	left 6 -c 'ALTER TABLE orders ADD COLUMN x int;'
	left 6 --confirm pg2 -c 'ALTER TABLE orders ADD COLUMN x int;'
	[ -z "$(sql pg1 "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'x'")" ]
	left 0 --confirm pg1 -c 'ALTER TABLE orders ADD COLUMN x int;'
	[ "$(sql pg1 "SELECT attname FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'x'")" = x ]
	# Only what destroys holds replicas.
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = 'not paused' ]
}

@test "a query with a function nobody knows: confirm, in a READ ONLY transaction" {
	is_level confirm 'SELECT own();'
	[[ "$output" == *"BEGIN READ ONLY"* ]]
	left 0 --confirm pg1 -c 'SELECT own();'
	[[ "$output" =~ (^|$'\n')" "+7 ]]
	left 1 --confirm pg1 -c 'SELECT evil();'
	[[ "$output" == *"read-only transaction"* ]]
	[ "$(count order_items)" -gt 0 ]
}

@test "a row by its key: allow, and it runs unasked" {
	is_level allow "INSERT INTO notes VALUES (9001, 'n');"
	left 0 -c "INSERT INTO notes VALUES (9001, 'n');"
	is_level allow "UPDATE notes SET t = 'm' WHERE id = 9001;"
	left 0 -c "UPDATE notes SET t = 'm' WHERE id = 9001;"
	[ "$(sql pg1 'SELECT t FROM notes WHERE id = 9001')" = m ]
	sql pg1 'DELETE FROM notes WHERE id = 9001'
}

# alice's shell, at its prompt.
alice() {
	pty_open alice "$(as_words alice)"
	pty_wait alice 'pg1 PRIMARY' 15
}
at_alice() {
	pty_send alice "$1"
	pty_wait alice "$2" 15
}

@test "many rows: confirm, the real count, and only the word commit keeps them" {
	is_level approve "UPDATE notes SET t = 'all';"
	is_level confirm "UPDATE notes SET t = 'many' WHERE id > 0;"
	left 6 -c "UPDATE notes SET t = 'many' WHERE id > 0;"
	alice
	at_alice "UPDATE notes SET t = 'many' WHERE id > 0;" "Type the node's name"
	at_alice pg1 'Type commit'
	pty_new alice | grep -qF '5,000 rows in an open transaction on pg1'
	[ "$(sql pg1 "SELECT count(*) FROM notes WHERE t = 'many'")" = 0 ]
	at_alice yes 'rolled back: nothing was changed on pg1'
	[ "$(sql pg1 "SELECT count(*) FROM notes WHERE t = 'many'")" = 0 ]
	at_alice "UPDATE notes SET t = 'many' WHERE id > 0;" "Type the node's name"
	at_alice pg1 'Type commit'
	at_alice commit 'PRIMARY shop( \[.*\])?>'
	[ "$(sql pg1 "SELECT count(*) FROM notes WHERE t = 'many'")" = 5000 ]
}

@test "many rows and no answer: rolled back when its minute is over, nobody waits longer" {
	alice
	at_alice "UPDATE notes SET t = 'late' WHERE id > 0;" "Type the node's name"
	at_alice pg1 'Type commit'
	SECONDS=0
	pty_wait alice 'rolled back: nothing was changed on pg1' 75
	[ $SECONDS -ge 50 ]
	[ "$(sql pg1 "SELECT count(*) FROM notes WHERE t = 'late'")" = 0 ]
	sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
}

@test "destructive in the operator's open transaction: refused, the transaction stands" {
	alice
	at_alice 'BEGIN;' 'PRIMARY shop.*> *$'
	at_alice "INSERT INTO notes VALUES (9002, 'tx');" 'INSERT 0 1'
	at_alice 'DELETE FROM notes;' 'refused: Your transaction is open'
	at_alice 'COMMIT;' '(^|  )COMMIT *$'
	[ "$(sql pg1 'SELECT count(*) FROM notes')" = 5001 ]
	sql pg1 'DELETE FROM notes WHERE id = 9002'
}

@test "BEGIN; ...; COMMIT as one text is one plan with one outcome" {
	run -0 as alice -c 'plan BEGIN; UPDATE notes SET t = 1 WHERE id = 1; DELETE FROM notes; COMMIT;'
	[ "$(grep -c '^PLAN ' <<<"$output")" = 1 ]
	[[ "$output" =~ 3\ statements|4\ statements|2\ statements ]]
	[ "$(grep -c 'main *commit' <<<"$output")" = 1 ]
	left 5 --confirm pg1 -c 'BEGIN; DELETE FROM notes;'
	[[ "$output" == *"exactly one BEGIN first and one COMMIT last"* ]]
	left 5 --confirm pg1 -c 'DELETE FROM notes; COMMIT;'
	file 'BEGIN; INSERT INTO notes VALUES (9003, 1); DELETE FROM notes; SELECT 1/(count(*)) FROM notes; COMMIT;'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" = 1 ]
	[ "$(sql pg1 'SELECT count(*) FROM notes')" = 5000 ]
	release pg2
}

# The standby is let go by the administrator, for the next test.
release() {
	sql "$1" 'ALTER SYSTEM RESET ALL'
	sql "$1" 'SELECT pg_wal_replay_resume()'
}

@test "pg_promote: refused, held or not: failover is the way" {
	is_level refuse 'SELECT pg_promote();'
	left 0 -c 'pause pg2'
	left 5 --confirm pg2 -c 'connect pg2' -c 'SELECT pg_promote();'
	[[ "$output" == *"pg2 is held back: promoting it ends the hold"* ]]
	sql_is pg2 t 'SELECT pg_is_in_recovery()'
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	release pg2
}

# nobody ARGUMENTS...: a session that no key signed, as alice's OS user and login.
nobody() {
	as_user hf-alice env PGPASSFILE="$LAB/keys/alice.pgpass" PGUSER=alice "$(holdfast_bin)" \
		--config "${CONF:-$LAB/holdfast.conf}" "$@"
}

@test "without a key: reading and pausing work, anything else is refused with a sentence" {
	local s
	run -0 nobody -c 'SELECT 41 + 1;'
	[[ "$output" == *42* ]]
	run -0 nobody -c topology
	for s in "INSERT INTO notes VALUES (9004, 'n');" 'ALTER TABLE notes ADD COLUMN y int;' 'DROP TABLE notes;' \
		'SELECT own();' 'DELETE FROM notes;'; do
		run -5 nobody --confirm pg1 -c "$s"
		[[ "$output" == *"This session has no key"*"nothing was sent"* ]]
	done
	[ "$(count notes)" = 5000 ]
	run -0 nobody -c 'pause pg2'
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	run nobody -c 'resume pg2'
	[ "$status" -ne 0 ]
	[[ "$output" == *unsigned* ]]
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	release pg2
}

@test "no journal can be written: reading and pausing work, anything else leaves with 9" {
	local s
	as_root sed 's|^journal = .*|journal = {"/proc/nothing"}|' "$LAB/holdfast.conf" >"$BATS_TEST_TMPDIR/conf"
	as_root install -m 644 "$BATS_TEST_TMPDIR/conf" "$LAB/nojournal.conf"
	no_journal() { as_user hf-alice "$(holdfast_bin)" --config "$LAB/nojournal.conf" --as alice --confirm pg1 "$@"; }
	run -0 no_journal -c 'SELECT 41 + 1;'
	[[ "$output" == *42* ]]
	for s in "INSERT INTO notes VALUES (9005, 'n');" 'ALTER TABLE notes ADD COLUMN y int;' 'DROP TABLE notes;' \
		'SELECT own();' 'note it happened'; do
		run -9 no_journal -c "$s"
		[[ "$output" == *ournal* ]]
	done
	[ "$(count notes)" = 5000 ]
	run -0 no_journal -c 'pause pg2'
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	release pg2
}

@test "policy explain says the same, with and without a server" {
	run -0 --separate-stderr as alice --json policy explain 'DELETE FROM orders'
	[ "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["level"])' <<<"$output")" = approve ]
	run -0 --separate-stderr as alice -c 'policy explain DELETE FROM orders'
	echo "$output"
	[[ "$output" =~ (^|$'\n')approve\ \(1\) ]]
	run -0 --separate-stderr as alice -c "policy explain \"SELECT 'drop table orders'\""
	[[ "$output" =~ (^|$'\n')allow ]]
}
