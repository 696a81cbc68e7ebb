# CxAlloy, March 2022: a damaged table was to be dropped and loaded again, and the replica, not held,
# dropped it too. Here the server really cannot read it, and the replica keeps every row.

setup_file() {
	load ../lab/lab
	LAB_ENGINE=mariadb LAB_INCIDENT=cxalloy
	export LAB_ENGINE
	lab_up star:1 --rows 5000
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

lines() { sql "$1" 'SELECT COUNT(*) FROM checklistsectionline'; }

@test "the server says what CxAlloy's said, and a DROP is stopped: first the rebuild on the primary alone" {
	run sql my1 'SELECT COUNT(*) FROM checklistsectionline'
	[[ $output == *"is corrupted. Please drop the table and recreate"* ]]
	run as alice -c 'DROP TABLE checklistsectionline'
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"Nothing of the rows of"*"rebuild it there alone."*"every replica keeps its table"*"learned from cxalloy"* ]]
	[[ $output == *"my2 would replay it: paused first and proved"* ]]
	[ "$(lines my2)" = 5000 ]
}

@test "with my2 held and PROVEN the drop runs, my2 still has every row, and undo brings them back" {
	local sum
	sum=$(sql my2 'CHECKSUM TABLE checklistsectionline')
	file 'DROP TABLE checklistsectionline'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	[[ $OUT == *"my2          PROVEN"* && $OUT == *"my2 is still held"* ]]
	run sql my1 'SELECT 1 FROM checklistsectionline'
	[ "$status" -ne 0 ]
	sql my1 "UPDATE customers SET name = 'x' WHERE id = 1"
	[ "$(sql my2 'CHECKSUM TABLE checklistsectionline')" = "$sum" ]
	run as alice -c 'resume my2'
	echo "$output"
	[[ $output == *"my2 replays everything it was kept from"* ]]
	flat=$(sed -e 's/^ *> //' <<<"$output" | tr -s ' \n' '  ')
	[[ $flat == *"my2 would replay the statement of plan"*"and a reload that followed it"*"sql_slave_skip_counter"* ]]
	file "undo $ID"
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	[ "$(sql my1 'CHECKSUM TABLE checklistsectionline')" = "$sum" ]
	wait_until 60 caught_up my2
	[ "$(lines my2)" = 5000 ]
}

@test "with sql_log_bin = 0 it happens on my1 alone: nobody is held, my2 keeps its table and replicates" {
	printf 'SET sql_log_bin = 0;\nDROP TABLE checklistsectionline;\n' >"$BATS_TEST_TMPDIR/lines"
	chmod 755 "$BATS_TEST_TMPDIR"
	chmod 644 "$BATS_TEST_TMPDIR/lines"
	as alice --confirm my1 --wait 200 <"$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/alice" 2>&1 3>&- &
	FILED=$!
	OUTFILE=$BATS_TEST_TMPDIR/alice
	wait_until 20 grep -qE '^request [a-z2-7]{26}$' "$OUTFILE"
	ID=$(sed -n 's/^request //p' "$OUTFILE")
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	[[ $OUT == *"it happens on my1 alone"* ]]
	[[ $OUT != *"STOP ALL SLAVES"* && $OUT != *"still held"* ]]
	run sql my1 'SELECT 1 FROM checklistsectionline'
	[ "$status" -ne 0 ]
	sql my1 "INSERT INTO customers (name, email) VALUES ('y', 'y@shop.example')"
	wait_until 60 caught_up my2
	[ "$(lines my2)" = 5000 ]
	[ "$(sql my2 "SELECT COUNT(*) FROM customers WHERE name = 'y'")" = 1 ]
}
