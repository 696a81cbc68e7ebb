# What is MariaDB's own: the story that every engine tells is story-mariadb.bats.

setup_file() {
	load ../lab/lab
	LAB_ENGINE=mariadb
	export LAB_ENGINE
	lab_up star:2 --rows 500
}

teardown_file() {
	load ../lab/lab
	lab_down
}

setup() {
	load ../lab/lab
	load ../lab/people
}

teardown() { ended; }

# applies NODE Yes|No: what the server says of its applying thread.
applies() { sql "$1" 'SHOW ALL SLAVES STATUS' | awk -F'\t' -v want="$2" '$14 == want { ok = 1 } END { exit !ok }'; }

@test "a drop that a foreign key refuses is not sent, and says by which key" {
	run as alice -c 'DROP TABLE orders'
	[ "$status" -eq 5 ]
	[[ $output == *"order_items_order_fkey"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM orders')" = 500 ]
}

@test "a replica whose applying thread waits for a lock: nothing runs, the other goes on, and what stops later is said" {
	my_sql my2 'LOCK TABLES customers READ; SELECT SLEEP(900)' >/dev/null 2>&1 </dev/null 3>&- &
	local blocker=$!
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"
	sql my1 'ALTER TABLE customers ADD COLUMN note varchar(10)'
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'"
	wait_until 20 caught_up my3
	file 'DROP TABLE order_items'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -ne 0 ]
	[[ $OUT == *"my2: it did not stop before the deadline: it is in"*"Waiting for table metadata lock"* ]]
	[[ $OUT == *"until resume my2"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM order_items')" = 101 ]
	applies my3 Yes
	kill "$blocker" || true
	sql my2 "KILL QUERY $(sql my2 "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%' LIMIT 1")" || true
	wait_until 60 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_NAME = 'customers' AND COLUMN_NAME = 'note'"
	wait_until 60 applies my2 No
	file 'resume my2'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	applies my2 Yes
}

@test "a server that is gone in the middle of STOP SLAVE: unknown and said to be; restarted it applies, and resume settles it alone" {
	my_sql my2 'LOCK TABLES customers READ; SELECT SLEEP(900)' >/dev/null 2>&1 </dev/null 3>&- &
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"
	# Crash-safe by its own words: after the restart it is applied again, or was.
	sql my1 'ALTER TABLE customers ADD COLUMN IF NOT EXISTS note2 varchar(10)'
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'"
	OUTFILE=$BATS_TEST_TMPDIR/alice
	as alice -c 'pause my2' >"$OUTFILE" 2>&1 </dev/null 3>&- &
	FILED=$!
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'STOP ALL SLAVES%'"
	my_stop my2 KILL
	answered
	echo "$OUT"
	[ "$RC" -ne 0 ]
	[[ $OUT == *"my2: "*"Lost connection"* ]]
	applies my3 Yes
	node_start my2
	wait_until 60 caught_up my2
	applies my2 Yes
	run -0 as alice -c topology
	echo "$output"
	[[ $output == *"my2 was asked to stop and still replays"*"resume my2"* ]]
	run -0 as alice --confirm my1 -c 'resume my2'
	run -0 as alice -c topology
	[[ $output != *ALARM* ]]
	applies my2 Yes
}

@test "two statements that commit by themselves are said to be permanent one by one; a reference is no CASCADE" {
	run as alice -c 'CREATE TABLE one (a int); CREATE TABLE two (a int)' --confirm my1
	echo "$output"
	[[ $output != *"All statements run in one transaction"* ]]
	run as alice -c 'DROP TABLE orders'
	[[ $output == *"CASCADE does nothing there"* && $output != *"CASCADE yourself"* ]]
	run as alice topology
	[[ $output != *TL0* ]]
}

waits() { sql my1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'DROP TABLE$1%' AND STATE LIKE 'Waiting%lock%'"; }
waiting() { [ "$(waits "$1")" = "$2" ]; }

# The shell of an approved DROP TABLE t never hears the end of it: stopped while the drop waits for a reader of
# t, and killed after that happened.
lost_while_it_waits() {
	local all
	sql my1 "CREATE TABLE IF NOT EXISTS $1 (a int)"
	wait_until 20 caught_up my2 my3
	my_sql my1 "LOCK TABLES $1 READ; SELECT SLEEP(900)" >/dev/null 2>&1 </dev/null 3>&- &
	wait_until 20 sql_is my1 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(900)%'"
	file "DROP TABLE $1"
	bob approve
	wait_until 60 waiting " $1" 1
	all="$FILED $(pgrep -d ' ' -P "$FILED" || true)"
	as_root kill -STOP $all
	"${@:2}"
	wait_until 30 waiting " $1" 0
	as_root kill -KILL $all 2>/dev/null || true
	wait "$FILED" || true
	FILED=
	run -0 --separate-stderr as alice -c 'journal resolve'
	echo "$output"
	LOST=$(grep -E "DROP TABLE $1" <<<"$output" | grep -oE '[a-z2-7]{8}:[0-9]+' | head -n 1)
}
ends() {
	local id
	for id in $(sql my1 "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '$1%' AND ID <> CONNECTION_ID()"); do
		my_kill my1 "$id"
	done
}

@test "OUTCOME UNKNOWN: the server's log says that it is committed, with its GTID, or that nothing of it is there" {
	lost_while_it_waits never ends 'DROP TABLE never'
	ends 'SELECT SLEEP(900)'
	run -5 as alice -c "journal resolve $LOST committed I saw it"
	[[ $output == *"is aborted, not committed; nothing was written down"* ]]
	run -0 as alice -c "journal resolve $LOST"
	echo "$output"
	[[ $output == *"aborted, says the server (nothing of it in the log up to my1-bin.0"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM never')" = 0 ]
	replay my2 start
	replay my3 start
	# A drop waits for a few seconds only: on a slow machine it may have given up before the reader ended.
	for _ in 1 2 3 4; do
		lost_while_it_waits truly ends 'SELECT SLEEP(900)'
		sql my1 'SELECT COUNT(*) FROM truly' 2>/dev/null || break
	done
	run sql my1 'SELECT COUNT(*) FROM truly'
	[ "$status" -ne 0 ]
	# Others go on meanwhile.
	sql my1 'DROP TABLE never'
	run -0 as alice -c "journal resolve $LOST"
	echo "$output"
	[[ $output == *"committed, says the server (my1-bin.0"*", GTID 0-"* ]]
	GTID=$(grep -oE 'GTID [0-9-]+' <<<"$output")
	sql my1 "SHOW BINLOG EVENTS" | grep -F "$GTID" -A 1 | grep -F 'truly'
	as_root cat "$LAB"/journal/*.jsonl | grep '"status":"committed","by":"server"' | grep -F "$GTID"
}
