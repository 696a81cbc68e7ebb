#!/usr/bin/env bats
# The whole story, the same on every engine: a table dropped by mistake, signed, held back, proved,
# brought back; an answer that was tampered with; a world that changed; a shell that died. The engine is
# in this script's name: `make check` runs it on MariaDB by a link in tests/incidents (where drop.bats,
# crash.bats and stale.bats tell more of it on PostgreSQL), `make matrix` on PostgreSQL and MySQL. A
# chain of three; the truth is asked of the servers with plain clients.

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	export LAB_ENGINE=postgresql
	case $BATS_TEST_FILENAME in *-mariadb.bats) LAB_ENGINE=mariadb ;; *-mysql.bats) LAB_ENGINE=mysql ;; esac
	load ../lab/lab
	lab_up cascade:2 --rows 2000
	# Long enough to be killed while it waits for a lock.
	as_root sh -c "echo 'lock_timeout = 60000' >$LAB/policy"
	as_root sh -c "echo 'policy = \"policy\"' >>$LAB/holdfast.conf"
	wait_until 30 caught_up "$(node 2)" "$(node 3)"
	rows_of "$(node 1)" orders >"$LAB/orders"
	rows_of "$(node 1)" order_items >"$LAB/items"
}

teardown_file() {
	load ../lab/lab
	lab_down
}

setup() {
	load ../lab/lab
	load ../lab/people
	one=$(node 1) two=$(node 2) three=$(node 3)
	DROP='DROP TABLE order_items, orders'
	[ "$LAB_ENGINE" != postgresql ] || DROP='DROP TABLE orders, order_items CASCADE'
	# What a hold of all must be: a replica below a held one gets nothing where those pass on only
	# what they applied.
	below=held
	[ "$LAB_ENGINE" != mariadb ] || below=replaying
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
	[ -z "${LOCKER:-}" ] || kill "$LOCKER" 2>/dev/null || true
}

all_there() {
	[ "$(rows_of "$1" orders)" = "$(cat "$LAB/orders")" ]
	[ "$(rows_of "$1" order_items)" = "$(cat "$LAB/items")" ]
}
replaying() { [ "$(replay_of "$two"),$(replay_of "$three")" = replaying,replaying ]; }
held() { [ "$(replay_of "$two"),$(replay_of "$three")" = "held,$below" ]; }
flat() { tr -s ' \n' '  ' <<<"$output"; }

# Somebody reads order_items in a transaction that does not end.
lock_items() {
	local text='LOCK TABLES order_items READ; SELECT SLEEP(900)'
	[ "$LAB_ENGINE" != postgresql ] || text='BEGIN; LOCK TABLE order_items IN ACCESS SHARE MODE; SELECT pg_sleep(900)'
	sql "$one" "$text" >/dev/null 2>&1 </dev/null 3>&- &
	LOCKER=$!
	wait_until 20 sql_is "$one" 1 "$(sleepers)"
}
sleepers() {
	if [ "$LAB_ENGINE" = postgresql ]; then
		echo "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%' AND wait_event = 'PgSleep'"
	else
		echo "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"
	fi
}
droppers() {
	if [ "$LAB_ENGINE" = postgresql ]; then
		echo "SELECT count(*) FROM pg_stat_activity WHERE (query LIKE 'DROP TABLE%' OR query LIKE 'LOCK TABLE%') AND wait_event_type = 'Lock'"
	else
		echo "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DROP TABLE%' AND STATE LIKE 'Waiting%lock%'"
	fi
}
# The one who waits first: his connection may be alive for the server when his shell is not.
end_both() {
	local id
	if [ "$LAB_ENGINE" = postgresql ]; then
		sql "$one" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (query LIKE 'DROP TABLE%' OR query LIKE 'LOCK TABLE%')"
		sql "$one" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%' AND pid <> pg_backend_pid()"
	else
		for id in $(sql "$one" "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DROP TABLE%' AND STATE LIKE 'Waiting%' OR INFO LIKE 'SELECT SLEEP%' ORDER BY INFO"); do
			my_kill "$one" "$id"
		done
	fi
	wait_until 20 sql_is "$one" 0 "$(droppers)"
	wait_until 20 sql_is "$one" 0 "$(sleepers)"
}

kill_shell() {
	local all
	all="$PID $(pgrep -d ' ' -P "$PID" || true)"
	as_root kill -KILL $all 2>/dev/null || true
	wait "$PID" || true
	PID=
}

@test "three levels, each from its own source" {
	run -0 as alice topology --json
	[ "$(jq -r '.nodes[] | "\(.name) \(.role)"' <<<"$output" | tr '\n' ,)" = "$one primary,$two replica,$three replica," ]
	[ "$(jq -r '.nodes[2].upstream' <<<"$output")" = "$two" ] ||
		[ "$(jq -r '.nodes[2].upstream' <<<"$output")" = "$(jq -r '.nodes[1].identity' <<<"$output")" ]
}

@test "a drop that the server would refuse is not sent; it says why" {
	run -5 as alice -c 'DROP TABLE orders'
	[[ $output == *order_items_order_fkey* ]]
	all_there "$one"
	replaying
}

@test "dropped: shown, not signed by who filed it, signed by bob, held, PROVEN; every row is on the replicas" {
	file_as alice "$DROP"
	grep -qE 'TAKES AWAY|takes away|orders: 2,000 rows' "$OUT"
	all_there "$one"
	replaying
	run -5 approve_as alice "$REQ" "$one"
	[[ $output == *"alice filed this request and cannot approve it"* ]]
	all_there "$one"
	approve_as bob "$REQ" "$one"
	finish
	[ "$status" -eq 0 ]
	[[ $output =~ $two\ +PROVEN && $output =~ $three\ +PROVEN ]]
	[[ $output == *"$two"*"still held"* ]]
	[ "$LAB_ENGINE" != mariadb ] ||
		[[ $output == *"my3 replicates from my2 and gets only what is applied there:"*"protected by that hold"* ]]
	[ "$LAB_ENGINE" = postgresql ] ||
		[[ $output == *"trigger shop.orders_changed"* && $output == *"view shop.big_orders"* ]]
	held
	[ "$LAB_ENGINE" = postgresql ] || [ "$(replica_status "$two" Slave_IO_Running)" = Yes ]
	run ! sql "$one" 'SELECT 1 FROM orders'
	all_there "$two"
	all_there "$three"
	echo "$REQ" >"$LAB/dropped"
	run -0 as bob -c where
	[[ $output == *"$two"* ]]
}

@test "undo: signed again; both tables are back, equal, with what hung on them, and the holds end" {
	play alice "undo $(cat "$LAB/dropped")"
	[ "$status" -eq 0 ]
	all_there "$one"
	wait_until 60 caught_up "$two" "$three"
	replaying
	all_there "$three"
	run ! sql "$one" "INSERT INTO order_items (order_id, article) VALUES (99999999, 'x')"
	sql "$one" "UPDATE orders SET total = total WHERE id = 1"
	[ "$(sql "$one" 'SELECT COUNT(*) FROM big_orders WHERE total < 400')" = 0 ]
	wait_until 30 caught_up "$two" "$three"
	rows_of "$one" orders >"$LAB/orders"
	rows_of "$one" order_items >"$LAB/items"
}

@test "an answer with one changed byte: 7; denied: 6; nobody answers: 6; nothing ran" {
	local answer
	# It waits to the end for an answer that counts.
	WAIT=60 file_as alice "$DROP"
	as_root kill -STOP "$PID" $(pgrep -P "$PID" || true)
	approve_as bob "$REQ" "$one"
	answer=$(as_root sh -c "ls '$LAB'/spool/'$REQ'.*.answer")
	as_root python3 - "$answer" <<-'PY'
	import sys
	b = bytearray(open(sys.argv[1], "rb").read())
	n = b.index(b'","type"') - 40
	b[n] = ord("A") if b[n] != ord("A") else ord("B")
	open(sys.argv[1], "r+b").write(b)
	PY
	as_root kill -CONT "$PID" $(pgrep -P "$PID" || true)
	finish
	[ "$status" -eq 7 ]
	file_as alice "$DROP"
	deny_as bob "$REQ" "the shop needs it"
	finish
	[ "$status" -eq 6 ]
	[[ $(flat) == *"the shop needs it"* ]]
	run -6 as alice --wait 1 -c "$DROP"
	all_there "$one"
	replaying
}

@test "the table made again under the same name: 8, and nothing ran" {
	sql "$one" 'CREATE TABLE victim (a int)'
	file_as alice 'DROP TABLE victim'
	sql "$one" 'DROP TABLE victim; CREATE TABLE victim (a int); INSERT INTO victim VALUES (1)'
	approve_as bob "$REQ" "$one"
	finish
	[ "$status" -eq 8 ]
	[[ $(flat) == *victim*"->"*"nothing was run"* ]]
	[ "$(sql "$one" 'SELECT COUNT(*) FROM victim')" = 1 ]
	replaying
}

# By hand, whatever holds it: one that came up at its target would be promoted by a resume.
let_go() {
	if [ "$LAB_ENGINE" = postgresql ]; then
		sql "$1" 'ALTER SYSTEM RESET ALL'
		sql_is "$1" '' "SELECT setting FROM pg_settings WHERE name = 'recovery_target_lsn'" || {
			node_stop "$1" immediate
			node_start "$1"
		}
	fi
	replay "$1" start
}

@test "a held replica let go by someone else, or restarted, between filing and running: 8" {
	as alice -c "pause $two" >/dev/null
	file_as alice 'DROP TABLE victim'
	let_go "$two"
	approve_as bob "$REQ" "$one"
	finish
	[ "$status" -eq 8 ]
	[[ $(flat) == *"hold $two"*"->"*"nothing was run"* ]]
	as alice -c "pause $two" >/dev/null
	file_as alice 'DROP TABLE victim'
	node_restart "$two"
	approve_as bob "$REQ" "$one"
	finish
	[ "$status" -eq 8 ]
	[[ $(flat) == *"hold $two"*"->"*"nothing was run"* ]]
	[ "$(sql "$one" 'SELECT COUNT(*) FROM victim')" = 1 ]
	let_go "$two"
	wait_until 30 caught_up "$two" "$three"
}

@test "the shell killed while the drop waits for a lock: the next one says what is not known, and what is held" {
	lock_items
	file_as alice "$DROP"
	approve_as bob "$REQ" "$one"
	wait_until 60 sql_is "$one" 1 "$(droppers)" || { cat "$OUT"; false; }
	kill_shell
	end_both
	all_there "$one"
	held
	run as alice -c where
	[[ $(flat) == *"OUTCOME UNKNOWN: alice began this on $one at"* ]]
	echo "$output"
	[[ $(flat) == *"held | $two since "* ]]
	for answer in $(as_root grep -l '"type":"begin"' "$LAB"/journal/*-alice-*.jsonl | tail -n 1); do
		run -2 as alice journal verify --operators "$LAB/operators" "$answer"
	done
	play alice "resume $two"
	[ "$status" -eq 0 ]
	wait_until 30 replay_is "$two" replaying
}
