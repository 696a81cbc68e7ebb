#!/usr/bin/env bats
# A table dropped by mistake, and everything around it: two people as two OS users, the real program,
# a chain pg1 > pg2 > pg3. What is true is asked of the servers with plain psql. The tests are one
# story: each begins where the one before it ended.

load ../lab/lab
load ../lab/people
load ../tty/tmux

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 20000
	wait_until 10 caught_up pg2 pg3
	snapshot pg1 >"$LAB/before"
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
	[ -z "${PID:-}" ] || { stop_all "$PID" CONT; stop_all "$PID" TERM; } 2>/dev/null || true
}

# What the database is: its definition as pg_dump has it, and its rows in order.
snapshot() {
	local t
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" --schema-only -h 127.0.0.1 \
		-p "$(node_port "$1")" -U postgres shop | grep -v -e '^--' -e '^$' -e '^\\' | LC_ALL=C sort
	for t in customers orders order_items big_orders; do
		echo "$t $(sql "$1" "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM $t t")"
	done
}

same_as_before() { [ "$(snapshot "$1")" = "$(cat "$LAB/before")" ]; }

# The output as one line: what was wrapped for the width is whole again.
flat() { echo "$output" | sed -e 's/^ *> //' | tr -s ' \n' '  '; }

paused_at() { sql "$1" "SELECT pg_get_wal_replay_pause_state()"; }

table_on() { sql "$1" "SELECT count(*) FROM pg_class WHERE relname = '$2' AND relnamespace = 'public'::regnamespace"; }

held_of() { as "$1" -c where 2>/dev/null | sed -n 's/^ held *| *\([a-z][a-z0-9]*\).*/\1/p' | grep -v nothing | tr '\n' ' '; }

# A signal for the program itself, whatever started it.
stop_all() {
	local pid
	for pid in "$1" $(pgrep -P "$1"); do
		as_root kill "-$2" "$pid"
	done
}

# Flips one bit in the middle of the signature.
tamper() {
	as_root python3 - "$1" <<-'PY'
	import sys
	b = bytearray(open(sys.argv[1], "rb").read())
	n = b.index(b'","type"') - 40
	b[n] = ord("A") if b[n] != ord("A") else ord("B")
	open(sys.argv[1], "r+b").write(b)
	PY
}

nothing_held() {
	local p
	for p in alice bob; do
		[ -z "$(held_of $p)" ] || { as $p -c where; return 1; }
	done
}

release_all() {
	file_as alice "resume $*"
	approve_as bob "$REQ" pg1
	finish
	[ "$status" -eq 0 ]
	wait_until 15 caught_up pg2 pg3
}

@test "pause all means all: every replica, not the first" {
	run -0 as alice -c 'plan pause all;'
	[[ "$output" == *"pg2, pg3 would replay it: paused first and proved"* ]]
}

@test "DROP TABLE orders is refused: the server would refuse it, and says why" {
	run -5 as alice -c 'DROP TABLE orders;'
	[[ "$output" == *order_items_order_fkey*order_items*big_orders* ]]
	same_as_before pg1
}

@test "DROP TABLE orders CASCADE: shown, held, approved by bob, run, proved" {
	file_as alice 'DROP TABLE orders CASCADE;'
	local shown
	shown=$(cat "$OUT")
	[[ "$shown" == *"table public.orders: 20,000 rows, 1."*" MB"* ]]
	[[ "$shown" == *"constraint order_items_order_fkey on table order_items"* ]]
	[[ "$shown" == *"view big_orders"* ]]
	[[ "$shown" =~ holds\ +pg2,\ pg3 ]]
	[[ "$shown" == *"back "*"pg2 and pg3 keep everything"* ]]
	[[ "$shown" == *'SET SCHEMA "holdfast_quarantine"'* ]]
	# Nothing ran, and nothing is held.
	same_as_before pg1
	[ "$(paused_at pg2) $(paused_at pg3)" = "not paused not paused" ]
	# alice cannot approve her own.
	run -5 approve_as alice "$REQ" pg1
	[[ "$output" == *"alice filed this request and cannot approve it"* ]]
	same_as_before pg1
	approve_as bob "$REQ" pg1
	[[ "$SEEN" == *"DROP TABLE orders CASCADE"*"approved by bob"* ]]
	finish
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg2\ +PROVEN ]]
	[[ "$output" =~ pg3\ +PROVEN ]]
	echo "$REQ" >"$LAB/dropped"
	# The truth.
	[ "$(table_on pg1 orders) $(table_on pg1 big_orders)" = "0 0" ]
	[ "$(paused_at pg2) $(paused_at pg3)" = "paused paused" ]
	[ "$(sql pg2 'SELECT count(*) FROM orders')" = 20000 ]
	[ "$(sql pg3 'SELECT count(*) FROM orders')" = 20000 ]
	same_as_before pg2
	same_as_before pg3
	# Both know: the one who did it, and the other.
	[ "$(held_of alice)" = "pg2 pg3 " ]
	[ "$(held_of bob)" = "pg2 pg3 " ]
}

@test "its journal is sealed and trusted, by holdfast and by a script that knows nothing of it" {
	local file
	file=$(as_root grep -l '"type":"claim"\|DROP TABLE orders CASCADE' "$LAB"/journal/*-alice-*.jsonl | tail -n 1)
	run -0 as alice journal verify --operators "$LAB/operators" "$file"
	[[ "$output" == *"sealed and trusted"*"certified by alice"* ]]
	as_root install -m 644 "$file" "$LAB/sealed.jsonl"
	run -4 as_user hf-bob "$LAB/bin/holdfast" journal verify "$LAB/sealed.jsonl"
	run -0 "$HOLDFAST_TOP/tests/lab/verify.sh" "$LAB/sealed.jsonl" "$LAB/operators"
	# Both see one changed byte.
	sed 's/DROP TABLE orders/DROP TABLE 0rders/' "$LAB/sealed.jsonl" >"$LAB/forged.jsonl"
	run -1 as_user hf-bob "$LAB/bin/holdfast" journal verify --operators "$LAB/operators" "$LAB/forged.jsonl"
	run ! "$HOLDFAST_TOP/tests/lab/verify.sh" "$LAB/forged.jsonl" "$LAB/operators"
}

@test "a held standby that is restarted by hand comes up held, with the rows, and says so" {
	node_restart pg2
	wait_until 10 sql_is pg2 paused "SELECT pg_get_wal_replay_pause_state()"
	[ "$(sql pg2 'SELECT pg_is_in_recovery()')" = t ]
	same_as_before pg2
	run -0 as alice -c topology
	[[ "$output" =~ pg2\ +replica\ .*PAUSED ]]
	[[ "$output" == *"pg2 was RESTARTED; it is still paused"* ]]
	[[ "$(flat)" == *"resuming its replay would promote it"* ]]
	[ "$(held_of alice)" = "pg2 pg3 " ]
	run -5 as alice -c 'connect pg2' -c 'SELECT pg_promote();'
	screen_up 120 50 $(as_words alice)
	see 'HELD: pg2 at '
	see 'HELD: pg3 at '
	see 'held 2|2 held'
	line '\q'
}

@test "undo with one holder restarted: from the other one; the restarted one is never resumed" {
	file_as alice "undo $(cat "$LAB/dropped")"
	[[ "$(cat "$OUT")" == *"pg2 came up at a recovery"* ]]
	approve_as bob "$REQ" pg1
	[[ "$SEEN" == *"undo-table-v1"*"from = pg3"* ]]
	finish
	[ "$status" -eq 0 ]
	[[ "$output" == *"pg2 stays paused at "*"until its server is restarted by hand"* ]]
	same_as_before pg1
	[ "$(sql pg2 'SELECT pg_is_in_recovery()'),$(paused_at pg2)" = t,paused ]
	[ "$(paused_at pg3)" = "not paused" ]
	# By hand, as it said: then all of them converge.
	[[ "$output" == *"pg_ctl restart -m immediate"* ]]
	node_ctl pg2 -m immediate -w restart
	wait_until 20 caught_up pg2 pg3
	same_as_before pg2
	same_as_before pg3
	nothing_held
	run -0 as alice -c topology
	[[ "$output" != *PAUSED* && "$output" != *ALARM* && "$output" != *recovery_target* ]]
}

@test "TRUNCATE orders CASCADE: held, proved, undone, released, all equal again" {
	play alice 'TRUNCATE orders CASCADE;'
	[ "$status" -eq 0 ]
	[[ "$output" =~ pg2\ +PROVEN && "$output" =~ pg3\ +PROVEN ]]
	[ "$(sql pg1 'SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM order_items)')" = 0 ]
	same_as_before pg2
	same_as_before pg3
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before pg1
	wait_until 20 caught_up pg2 pg3
	same_as_before pg2
	same_as_before pg3
	[ "$(paused_at pg2) $(paused_at pg3)" = "not paused not paused" ]
	nothing_held
	[ "$(sql pg2 "SELECT count(*) FROM pg_file_settings WHERE name LIKE 'recovery\_target\_%'")" = 0 ]
}

@test "the reversible form: answered at the prompt, nobody approves, and it can be taken back" {
	screen_up 120 60 $(as_words alice)
	see 'PRIMARY shop>'
	line 'DROP TABLE order_items;'
	see 'or: reversible'
	see 'to file the request; anything else stops:'
	line 'reversible'
	see 'pg1\) to run it; anything else stops:'
	screen | grep -F 'ALTER TABLE "holdfast_quarantine"."order_items" SET SCHEMA "public"'
	line 'pg1'
	see 'ALTER TABLE'
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_tables WHERE schemaname = 'holdfast_quarantine'" || { screen; false; }
	line '\q'
	[ "$(sql pg1 'SELECT count(*) FROM holdfast_quarantine.order_items')" -gt 1000 ]
	[ "$(paused_at pg2)" = "not paused" ]
}

@test "pause needs nobody and shows its cost; resume needs another person" {
	sql pg1 'ALTER TABLE "holdfast_quarantine"."order_items" SET SCHEMA "public"'
	sql pg1 'DROP SCHEMA holdfast_quarantine'
	run -0 as alice --confirm pg1 -c 'pause pg2'
	[[ "$(flat)" == *"readers there see older and older rows"* ]]
	[ "$(paused_at pg2),$(paused_at pg3)" = "paused,not paused" ]
	[ "$(held_of bob)" = "pg2 " ]
	# Not by himself, and not in plain SQL either.
	run -6 as alice -c 'resume pg2'
	run -6 as alice -c 'connect pg2' -c 'SELECT pg_wal_replay_resume();'
	run -5 as alice -c 'connect pg2' -c 'SELECT pg_promote();'
	[ "$(paused_at pg2)" = paused ]
	play alice 'resume pg2'
	[ "$status" -eq 0 ]
	[ "$(paused_at pg2)" = "not paused" ]
	nothing_held
}

@test "pausing a synchronous standby whose replay writers wait for is refused" {
	sql pg1 "ALTER SYSTEM SET synchronous_standby_names = 'pg2'"
	sql pg1 "ALTER SYSTEM SET synchronous_commit = 'remote_apply'"
	sql pg1 "SELECT pg_reload_conf()"
	wait_until 10 sql_is pg1 sync "SELECT sync_state FROM pg_stat_replication"
	run -5 as alice --confirm pg1 -c 'pause pg2'
	[[ "$(flat)" == *"remote_apply"*"freezes every writer"* ]]
	[ "$(paused_at pg2)" = "not paused" ]
	sql pg1 "ALTER SYSTEM RESET synchronous_standby_names"
	sql pg1 "ALTER SYSTEM RESET synchronous_commit"
	sql pg1 "SELECT pg_reload_conf()"
}

@test "bob denies: alice's wait ends, with his name and his reason" {
	file_as alice 'DROP TABLE orders CASCADE;'
	run -0 deny_as bob "$REQ" "the shop still needs it"
	finish
	[ "$status" -eq 6 ]
	[[ "$(flat)" == *"bob"*"the shop still needs it"* ]]
	[ "$(table_on pg1 orders)" = 1 ]
}

@test "an answer with one changed byte: exit 7, and nothing ran" {
	local answer
	# It waits to the end for an answer that counts.
	WAIT=60 file_as alice 'DROP TABLE orders CASCADE;'
	stop_all "$PID" STOP
	approve_as bob "$REQ" pg1
	answer=$(ls "$LAB"/spool/"$REQ".*.answer)
	tamper "$answer"
	stop_all "$PID" CONT
	finish
	[ "$status" -eq 7 ]
	[ "$(table_on pg1 orders)" = 1 ]
	[ "$(paused_at pg2) $(paused_at pg3)" = "not paused not paused" ]
}

@test "an approval counts once: not for the same statement again, nor copied to another request" {
	local first
	file_as alice 'DELETE FROM order_items;'
	approve_as bob "$REQ" pg1
	first=$REQ
	finish
	[ "$status" -eq 0 ]
	[ "$(sql pg1 'SELECT count(*) FROM order_items')" = 0 ]
	play alice "resume pg2 pg3"
	WAIT=3 file_as alice 'DELETE FROM order_items;'
	for f in "$LAB"/spool/"$first".*.answer; do
		as_user hf-bob sh -c "sed 's/$first/$REQ/' '$f' >'${f/$first/$REQ}'; chmod 640 '${f/$first/$REQ}'"
	done
	finish
	[ "$status" -eq 7 ]
	nothing_held
}

@test "nobody answers in time: the request expires, exit 6, and nothing ran" {
	as_root sh -c "echo 'request_ttl = 30' >$LAB/policy; echo 'policy = \"policy\"' >>$LAB/holdfast.conf"
	WAIT=60 file_as alice 'DROP TABLE orders CASCADE;'
	finish
	[ "$status" -eq 6 ]
	[[ "$output" == *"expired"* ]]
	[ "$(table_on pg1 orders)" = 1 ]
	nothing_held
}
