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

@test "two statements that commit by themselves are said to be permanent one by one; a reference is no CASCADE" {
	run as alice -c 'CREATE TABLE one (a int); CREATE TABLE two (a int)' --confirm my1
	echo "$output"
	[[ $output != *"All statements run in one transaction"* ]]
	run as alice -c 'DROP TABLE orders'
	[[ $output == *"CASCADE does nothing there"* && $output != *"CASCADE yourself"* ]]
	run as alice topology
	[[ $output != *TL0* ]]
}
