#!/usr/bin/env bats
# What is MySQL's own, on Oracle's server: sets of GTIDs, and workers that leave gaps.

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true LAB_ENGINE=mysql
	load ../lab/lab
	lab_up star:2 --rows 500
	wait_until 60 caught_up my2 my3
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

finding() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | .sentence' <<<"$output"; }

@test "a transaction that only a replica has is said, by its GTID" {
	sql my1 'CREATE TABLE both_have (i int)'
	wait_until 30 caught_up my2 my3
	run -0 as alice topology --json
	[ -z "$(finding errant)" ]
	sql my3 'SET GLOBAL read_only = 0; CREATE TABLE only_here (i int)'
	run -0 as alice topology --json
	[[ $(finding errant) == *"my3 has transactions that its source does not have ($(sql my3 'SELECT @@server_uuid'):1)"* ]]
	sql my3 'SET GLOBAL read_only = 1'
}

@test "workers without GTIDs: where they stop nothing is proved, so the drop does not run" {
	without_gtid
	file 'DROP TABLE order_items'
	bob approve
	answered
	echo "$OUT"
	[ "$RC" -ne 0 ]
	[[ $OUT == *"gaps between the workers of my2"* ]]
	[ "$(sql my1 'SELECT COUNT(*) FROM order_items')" -gt 0 ]
	wait_until 30 replay_is my2 replaying
}

# The same cluster by file and position, and two workers on my2.
without_gtid() {
	local n
	for n in my2 my3; do sql $n 'STOP SLAVE'; done
	for n in my1 my2 my3; do
		as_root sed -i -e '/^gtid-mode/d' -e '/^enforce-gtid/d' "$LAB/servers/$n.cnf"
		node_restart $n
	done
	for n in my2 my3; do sql $n 'STOP SLAVE; CHANGE MASTER TO MASTER_AUTO_POSITION = 0'; done
	sql my2 'SET GLOBAL slave_parallel_workers = 2'
	for n in my2 my3; do sql $n 'START SLAVE'; done
	wait_until 30 replay_is my2 replaying
	wait_until 30 replay_is my3 replaying
}
