# The same story on MariaDB: a table dropped by mistake, held back, approved, proved, brought back.

setup_file() {
	load ../lab/lab
	LAB_ENGINE=mariadb
	export LAB_ENGINE
	lab_up cascade:2 --rows 20000
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

@test "the picture: three levels, each from its own source" {
	run as alice topology --json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.nodes[] | "\(.name) \(.role)"' <<<"$output" | tr '\n' ,)" = "my1 primary,my2 replica,my3 replica," ]
}

@test "a drop that a foreign key refuses is not sent, and says by which key" {
	run as alice -c 'DROP TABLE orders'
	[ "$status" -eq 5 ]
	[[ $output == *"order_items_order_fkey"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM orders')" = 20000 ]
}

@test "the drop runs with my2 held, my3 protected by it, both PROVEN; a plain client finds every row there" {
	file 'DROP TABLE order_items, orders'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	[[ $OUT == *"trigger shop.orders_changed"* && $OUT == *"view shop.big_orders"* ]]
	[ "$(grep -c ' PROVEN' <<<"$OUT")" -eq 2 ]
	[[ $OUT == *"my3 replicates from my2 and gets only what is applied there:"*"protected by that hold"* ]]
	[[ $OUT == *"my2 is still held."* ]]
	run sql my1 'SELECT COUNT(*) FROM orders'
	[ "$status" -ne 0 ]
	[ "$(sql my2 'SELECT COUNT(*) FROM orders')" = 20000 ]
	[ "$(sql my3 'SELECT COUNT(*) FROM order_items')" = 4001 ]
	[[ $(sql my2 'SHOW ALL SLAVES STATUS') == *$'\tYes\tNo\t'* ]] # receives, applies nothing
	[[ $(sql my3 'SHOW ALL SLAVES STATUS') == *$'\tYes\tYes\t'* ]] # goes on, and gets nothing
	echo "$ID" >"$BATS_FILE_TMPDIR/dropped"
}

@test "undo brings both tables back from a held replica, equal, with keys and triggers, and lets go" {
	local sum
	sum=$(sql my3 'CHECKSUM TABLE orders, order_items')
	file "undo $(cat "$BATS_FILE_TMPDIR/dropped")"
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	[ "$(sql my1 'CHECKSUM TABLE orders, order_items')" = "$sum" ]
	wait_until 60 caught_up my2
	wait_until 60 sql_is my3 20000 'SELECT COUNT(*) FROM orders'
	sql my1 "UPDATE orders SET status = 'sent' WHERE id = 1"
	[ "$(sql my1 'SELECT changed_at IS NOT NULL FROM orders WHERE id = 1')" = 1 ]
	run sql my1 'INSERT INTO order_items (order_id, article) VALUES (99999999, "x")'
	[ "$status" -ne 0 ]
	[ "$(sql my1 'SELECT COUNT(*) FROM big_orders WHERE total < 400')" = 0 ]
}

@test "a replica whose applying thread waits for a lock: nothing runs, and what stops later is not left unsaid" {
	my_sql my2 'LOCK TABLES customers READ; SELECT SLEEP(100)' >/dev/null 2>&1 </dev/null 3>&- &
	local blocker=$!
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'"
	sql my1 'ALTER TABLE customers ADD COLUMN note varchar(10)'
	wait_until 20 sql_is my2 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'"
	run as alice -c 'pause my2 my3'
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"my2: it did not stop before the deadline: it is in"*"Waiting for table metadata lock"* ]]
	[[ $output == *"my2 my3 were asked to stop replaying and were not seen to"*"until resume my2 my3"* ]]
	[[ $output != *"still held"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM order_items')" = 4001 ]
	kill "$blocker" || true
	sql my2 "KILL QUERY $(sql my2 "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%' LIMIT 1")" || true
	wait_until 60 applies my2 No
	file 'resume my2 my3'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	applies my2 Yes
	applies my3 Yes
	wait_until 60 sql_is my3 1 "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_NAME = 'customers' AND COLUMN_NAME = 'note'"
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
