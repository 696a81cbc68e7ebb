#!/usr/bin/env bats
# Backups on MariaDB: mariadb-dump, directories of mariadb-backup, snapshots; what is wrong with each is named,
# and the good ones are restored, every table checked and counted.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true LAB_ENGINE=mariadb
	lab_up single --rows 5000
	FAR=$(mktemp -d /dev/shm/hf-backups.XXXXXX)
	export FAR LAB_TMP=$FAR/scratch
	as_root chmod 755 "$FAR"
	as_root install -d -m 700 -o hf-alice "$LAB_TMP"
	as_root install -d -m 755 -o hf-alice "$FAR/good" "$FAR/cut" "$FAR/old" "$FAR/whole" "$FAR/snap"
	as_root sh -c "cat >>$LAB/holdfast.conf" <<-EOP
		backup "good" { cluster = "lab" method = "mariadb-dump" path = "$FAR/good" pattern = "*.sql" database = "shop" heartbeat = "$FAR/beat" }
		backup "cut" { cluster = "lab" method = "mariadb-dump" path = "$FAR/cut" database = "shop" heartbeat = "$FAR/beat" }
		backup "old" { cluster = "lab" method = "mariadb-dump" path = "$FAR/old" database = "shop" heartbeat = "$FAR/beat" }
		backup "whole" { cluster = "lab" method = "mariadb-backup" path = "$FAR/whole" database = "shop" heartbeat = "$FAR/beat" }
		backup "snap" { cluster = "lab" method = snapshot path = "$FAR/snap" database = "shop" heartbeat = "$FAR/beat" }
	EOP
	touch "$FAR/beat"
	as_root chmod 644 "$FAR/beat"
}

teardown_file() {
	lab_down
	as_root rm -rf "$FAR"
}

# seen NAME CHECK STATE: the one row of the table.
seen() { grep -E "^ *$1 +\| *$2 +\| *$3 " <<<"$output"; }
nothing_left() { [ -z "$(as_root ls -A "$LAB_TMP")" ]; }

@test "mariadb-dump: taken with its place in the binary log, restored, checked, counted" {
	run as alice -c 'backups take good' --confirm my1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"TAKEN: $FAR/good/good-2"*.sql* ]]
	run as alice -c 'backups drill good' --confirm my1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"PROVED: good-2"*"3 tables"*"counts as live"* ]]
	run as alice -c 'backups check good'
	echo "$output"
	[ "$status" -eq 0 ]
	seen good logs ok
	seen good version ok
	seen good proved ok
	nothing_left
}

@test "a dump that was cut, one of another version, and binary logs that are gone: named by check and drill" {
	local dump
	dump=$(as_root sh -c "ls $FAR/good/*.sql")
	# Behind a whole statement: it loads without an error.
	sed '/^-- Table structure for table `orders`/,$d' "$dump" >"$FAR/cut/a"
	sed -e 's/^\(-- Server version\).*/\1 5.5.62-MariaDB/' -e '/^INSERT INTO `order_items`/,/;$/d' "$dump" >"$FAR/old/a"
	as_root chmod 644 "$FAR/cut/a" "$FAR/old/a"
	sql my1 'FLUSH BINARY LOGS'
	sql my1 "PURGE BINARY LOGS TO '$(sql my1 'SHOW MASTER STATUS' | cut -f 1)'"
	run -1 as alice -c 'backups check'
	echo "$output"
	seen good logs FAIL
	seen cut decode FAIL
	seen old version FAIL
	[[ $output == *"is gone from the server, which has my1-bin."* ]]
	run as alice -c 'backups drill good' --confirm my1
	[ "$status" -ne 0 ]
	[[ $output == *"restores, but my1-bin."* ]]
	run as alice -c 'backups drill cut' --confirm my1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"a restores, but it has no end: it was cut off"* ]]
	run as alice -c 'backups drill old' --confirm my1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *'`order_items` is empty in it, and has '* ]]
	nothing_left
}

@test "mariadb-backup and a snapshot of the directory: prepared, started by themselves, equal; a page that is damaged is found" {
	as_root mariadb-backup --defaults-file="$LAB/my.cnf" --backup --port="$(node_port my1)" \
		--datadir="$(node_data my1)" --target-dir="$FAR/whole/b1" >"$LAB/backup.log" 2>&1
	as_root chown -R hf-alice "$FAR/whole/b1"
	run as alice -c 'backups drill whole' --confirm my1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"PROVED: b1 restored"*"3 tables"*"counts as live"* ]]
	node_stop my1
	as_root cp -R "$(node_data my1)" "$FAR/snap/s1"
	node_start my1
	as_root chown -R hf-alice "$FAR/snap/s1"
	run as alice -c 'backups drill snap' --confirm my1
	echo "$output"
	[ "$status" -eq 0 ]
	as_root dd if=/dev/urandom of="$FAR/snap/s1/shop/orders.ibd" bs=4096 seek=17 count=3 conv=notrunc status=none
	run as alice -c 'backups drill snap' --confirm my1
	echo "$output"
	[ "$status" -ne 0 ]
	run -1 as alice -c 'backups check snap'
	seen snap proved FAIL
	nothing_left
}
