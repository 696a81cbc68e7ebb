#!/usr/bin/env bats
# The data directory on the wrong host: two PostgreSQL hosts behind two real sshds on loopback, as two
# OS users and two people. What is true is asked of the servers and of the file system. One story:
# each test begins where the one before it ended.

load ../lab/lab
load ../lab/people
load ../lab/hosts

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_INCIDENT=gitlab lab_up star:1 --rows 2000
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

flat() { echo "$output" | sed -e 's/^ *> //' | tr -s ' \n' '  '; }
inode() { as_root stat -c %d:%i "$(node_data "$1")"; }
quarantines() { as_root sh -c "ls -d $LAB/servers/.holdfast-quarantine-* 2>/dev/null" || true; }

# rm_and_run PATH [ARGS]: alice files, bob approves on host h2, it runs. Sets status and output.
rm_and_run() {
	file_as alice "rm h2:$1"
	approve_as bob "$REQ" h2
	finish
}

@test "lab incident gitlab: two machines behind real sshds, and a standby that can never catch up" {
	run -0 as alice -c topology
	[[ "$(flat)" == *"pg2 "*"not streaming"* ]]
	[[ "$(flat)" == *"pg1 on h1, in $(node_data pg1) pg2 on h2, in $(node_data pg2)"* ]]
	sql_is pg1 1000 'SELECT count(*) FROM spam_reports'
	run -0 as alice --json -c topology
	[[ "$output" == *'"machine": "h2"'* ]] && [[ "$output" == *"\"data_directory\": \"$(node_data pg2)\""* ]]
}

@test "topology of machines: each node's host and data directory, and who the machine is" {
	run -0 as alice -c 'topology' -c hosts
	run -0 as alice -c hosts
	[[ "$output" =~ h1\ .*pg1\ .*"$(node_data pg1)".*machine-h1/SHA256: ]]
	[[ "$output" =~ h2\ .*pg2\ .*"$(node_data pg2)".*machine-h2/SHA256: ]]
}

@test "the wrong host: the primary's directory is refused, naming both hosts" {
	local before
	before=$(inode pg1)
	run -5 as alice -c "rm h1:$(node_data pg1)"
	[[ "$(flat)" == *"is the data directory of pg1, the PRIMARY, on host h1"*"pg2, the replica, on host h2 in $(node_data pg2)"*"nothing was renamed"* ]]
	# Also by another way to it.
	as_root ln -s "$(node_data pg1)" "$LAB/servers/nice-name"
	run -5 as alice -c "rm h1:$LAB/servers/../servers/nice-name/"
	[[ "$(flat)" == *"data directory of pg1, the PRIMARY"* ]]
	[ "$(inode pg1)" = "$before" ]
	[ -z "$(quarantines)" ]
}

@test "the right host while its server runs: refused" {
	run -5 as alice -c "rm h2:$(node_data pg2)"
	[[ "$(flat)" == *"is in use: process $(node_pid pg2) works in it, it is pg2"* ]]
	[ -z "$(quarantines)" ]
}

@test "a part of it, what holds it, and what is none: refused" {
	run -5 as alice -c "rm h2:$(node_data pg2)/base"
	[[ "$(flat)" == *"lies inside the data directory $(node_data pg2)"* ]]
	run -5 as alice -c "rm h2:$LAB/servers"
	[[ "$(flat)" == *"it holds one: $LAB/servers/pg"* ]]
	run -5 as alice -c "rm h2:/"
	[[ "$(flat)" == *"is the root of everything there"* ]]
	run -5 as alice -c "rm h2:/proc"
	[[ "$(flat)" == *"is a mount point"* ]]
	# MariaDB's, also without its first file, and what holds it.
	as_hosts mkdir -p "$LAB/servers/my/mysql"
	as_hosts touch "$LAB/servers/my/aria_log_control"
	run -5 as alice -c "rm h2:$LAB/servers/my"
	[[ "$(flat)" == *"data directory of mariadb; that another server holds the same data cannot be proved"* ]]
	run -5 as alice -c "rm h2:$LAB/servers/my/mysql"
	[[ "$(flat)" == *"lies inside the data directory $LAB/servers/my"* ]]
	as_root rm -r "$LAB/servers/my"
	run -5 as alice -c "rm h2:$LAB/ssh"
	[[ "$(flat)" == *"is no data directory"* ]]
	run -5 as alice -c "rm h2:$LAB/holdfast.conf"
	[[ "$(flat)" == *"is no directory"* ]]
}

@test "bad words: no host, no path, a path nobody can see, an option" {
	run -2 as alice -c 'rm /var/lib'
	run -2 as alice -c 'rm -rf h2:/var/lib'
	run -2 as alice -c 'rm h2:'
	run -2 as alice -c 'rm h2:var/lib'
	run -2 as alice -c 'rm nosuch:/var/lib'
	[[ "$output" == *'no host section is called "nosuch"'* ]]
	run -2 as alice -c 'rm h2:/nonexistent'
	[[ "$output" == *"there is no /nonexistent on host h2"* ]]
	run -5 as alice -c "rm 'h2:/var/lib"$'\u202e'"gpj'"
	[[ "$output" == *"characters that cannot be seen"* ]]
	run -2 as alice -c 'rm h2:/etc/* h2:/usr'
}

@test "the replica, stopped: shown, approved on the host's name, renamed; the data stays" {
	local was
	node_stop pg2
	# However large it is, it is a rename: 10 GB more of it (make host-10g: with blocks of their own).
	as_hosts truncate -s 10G "$(node_data pg2)/large"
	was=$(inode pg2)
	file_as alice "rm h2:$(node_data pg2)"
	output=$(cat "$OUT")
	[[ "$(flat)" == *"host h2"*"machine-h2/SHA256:"*"data of pg2: PostgreSQL 15"*"left shut down in recovery, a standby"* ]]
	# The node's name is not the host's.
	run -6 approve_as bob "$REQ" pg1
	approve_as bob "$REQ" h2
	[[ "$SEEN" == *"host-quarantine-v1"*"above_inode"* ]]
	finish
	[ "$status" -eq 0 ]
	echo "$REQ" >"$LAB/removed"
	as_root test ! -e "$(node_data pg2)"
	[ "$(as_root stat -c %d:%i "$(quarantines)/data")" = "$was" ]
	as_root grep -q "path $(node_data pg2)" "$(quarantines)/MANIFEST"
	sql_is pg1 2000 'SELECT count(*) FROM orders'
}

@test "undo renames it back while nothing new stands there; the server starts and has every row" {
	local id
	id=$(sed -n 's/.*plan \([0-9a-z]\{26,\}\).*/\1/p' <(as_root cat "$(quarantines)/MANIFEST"))
	[ -n "$id" ]
	as_root install -d -o "$(hosts_user)" "$(node_data pg2)"
	run -8 as alice --confirm h2 -c "undo $id"
	[[ "$(flat)" == *"something new stands at $(node_data pg2)"* ]]
	as_root rmdir "$(node_data pg2)"
	run -6 as alice --confirm pg1 -c "undo $id"
	run -0 as alice --confirm h2 -c "undo $id"
	[ -z "$(quarantines)" ]
	as_root rm "$(node_data pg2)/large"
	node_start pg2
	sql_is pg2 2000 'SELECT count(*) FROM orders'
}

@test "a server started between approval and run: exit 8, nothing renamed" {
	node_stop pg2
	file_as alice "rm h2:$(node_data pg2)"
	node_start pg2
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 8 ]
	[ -z "$(quarantines)" ]
	node_stop pg2
}

@test "another directory put in its place after the approval: exit 8, nothing renamed" {
	local d
	d=$(node_data pg2)
	file_as alice "rm h2:$d"
	as_root mv "$d" "$d.real"
	as_root cp -a "$d.real" "$d"
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 8 ]
	as_root test -d "$d"
	[ -z "$(quarantines)" ]
	# A link to something else, in its place.
	as_root rm -r "$d"
	as_root ln -s "$(node_data pg1)" "$d"
	run -5 as alice -c "rm h2:$d"
	[[ "$(flat)" == *"is in use"* ]]
	as_root rm "$d"
	as_root mv "$d.real" "$d"
}

@test "expunge: approved by itself, with its size, and only what is in quarantine" {
	rm_and_run "$(node_data pg2)"
	[ "$status" -eq 0 ]
	local id
	id=$(sed -n 's/.*plan \([0-9a-z]\{26,\}\).*/\1/p' <(as_root cat "$(quarantines)/MANIFEST"))
	file_as alice "expunge $id"
	grep -q 'MB' "$OUT"
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 0 ]
	[ -z "$(quarantines)" ]
	sql_is pg1 2000 'SELECT count(*) FROM orders'
	run -8 as alice --confirm h2 -c "undo $id"
}

@test "the rebuild: what the primary has left is seen first, what it waits for is said, and it follows" {
	local d log
	d=$(node_data pg2)
	# No walsender left: said by name before anything is written.
	sql pg1 "ALTER SYSTEM SET max_wal_senders = 1"
	node_restart pg1
	run -8 as alice --confirm h2 -c "snapshot pg1 h2:$d --standby pg2"
	[[ "$(flat)" == *"free walsenders of pg1 (max_wal_senders)"*"nothing was run"* ]]
	as_root test ! -e "$d"
	sql pg1 "ALTER SYSTEM RESET max_wal_senders"
	node_restart pg1
	# Never over what stands there, and only where the name is typed.
	run -5 as alice -c "snapshot pg1 h1:$(node_data pg1)"
	[[ "$(flat)" == *"exists already; a copy is never made over anything"*"nothing was copied"* ]]
	run -6 as alice --confirm pg1 -c "snapshot pg1 h2:$d --standby pg2"
	run -0 as alice --confirm h2 -c "snapshot pg1 h2:$d --standby pg2"
	[[ "$(flat)" == *"pg1, the PRIMARY"*"is copied to host h2"*"as the standby pg2"*"It first waits until pg1 has finished a checkpoint"* ]]
	[[ "$(flat)" == *"A new slot pg2 on pg1 keeps the log for it"*"h2 COPIED: it stands there, and is verified"* ]]
	sql_is pg1 pg2 "SELECT slot_name FROM pg_replication_slots"
	as_root test -f "$d/standby.signal"
	# Two machines in one: the copy brought the port of the other along.
	printf "port = %s\ncluster_name = 'pg2'\n" "$(node_port pg2)" | as_root tee -a "$d/postgresql.auto.conf" >/dev/null
	log=$LAB/servers/pg2.log
	run -0 as alice --confirm h2 -c "sh h2 $HOLDFAST_PG_BIN/pg_ctl -s -w -D $d -l $log start"
	wait_until 30 caught_up pg2
	sql_is pg2 2000 'SELECT count(*) FROM orders'
	sql_is pg2 1000 'SELECT count(*) FROM spam_reports'
	run -0 as alice -c topology
	[[ "$(flat)" != *"not streaming"* ]]
}

@test "a copy of a stopped directory: equal by SHA-256, on its own host, never over anything" {
	local d=$LAB/servers/copy
	run -5 as alice -c "snapshot h2:$(node_data pg2) h2:$d"
	[[ "$(flat)" == *"is in use by process"*"files that change give no copy"* ]]
	node_stop pg2
	run -0 as alice --confirm h2 -c "snapshot h2:$(node_data pg2) h2:$d"
	[[ "$(flat)" == *"h2 COPIED"* ]]
	as_root diff -r "$(node_data pg2)" "$d"
	as_root sh -c "cd $d && sha256sum --quiet -c ../copy.sha256"
	run -5 as alice -c "snapshot h2:$(node_data pg2) h2:$d"
	[[ "$(flat)" == *"exists already"* ]]
	run -5 as alice -c "snapshot h2:$(node_data pg2) h2:$(node_data pg1)/x"
	[[ "$(flat)" == *"would lie inside the data directory $(node_data pg1)"* ]]
	run -2 as alice -c "snapshot h2:$(node_data pg2) h2:relative"
	run -2 as alice -c "snapshot nosuch h2:$d"
	run -2 as alice -c "snapshot pg1 h2:"
	run -2 as alice -c "snapshot pg1 h2:/nonexistent/x"
}

@test "a file nobody may read, a newer version, two nodes on one host: one sentence, nothing half-done" {
	local d=$LAB/servers/copy two=$LAB/two.conf
	as_root install -m 600 -o root /dev/null "$(node_data pg2)/secret"
	run -1 as alice --confirm h2 -c "snapshot h2:$(node_data pg2) h2:$d-2"
	[[ "$(flat)" == *"secret cannot be read; nothing was copied"* ]]
	as_root rm "$(node_data pg2)/secret"
	as_root sh -c "! ls -d $d-2 $LAB/servers/.holdfast-partial-* 2>/dev/null"
	# A control file of a version that nobody here knows.
	echo 99 | as_root tee "$d/PG_VERSION" >/dev/null
	printf '\xff\x27\0\0' | as_root dd of="$d/global/pg_control" bs=1 seek=8 conv=notrunc status=none
	run -5 as alice -c "rm h2:$d"
	[[ "$(flat)" == *"(PostgreSQL 99) cannot be understood, so whose data it is is not known; nothing was renamed"* ]]
	# The config gives the host two nodes, and neither answers.
	as_root sed "s/^\tnode \"pg2\" {/\tnode \"pg9\" {\n\t\taddress = \"host=127.0.0.1 port=1\"\n\t\thost = \"h2\"\n\t}\n&/" \
		"$LAB/holdfast.conf" | as_root tee "$two" >/dev/null
	as_root chmod 644 "$two"
	run -5 as_user hf-alice "$(holdfast_bin)" --config "$two" --as alice -c "rm h2:$(node_data pg2)"
	[[ "$(flat)" == *"2 nodes of the config are on host h2 and none says which directory is its own"*"nothing was renamed"* ]]
	as_root test -d "$(node_data pg2)"
}

@test "the journal tells it all, and verifies" {
	run -0 as_root grep -h '"proc":"host-quarantine-v1"' -r "$LAB/journal"
	[[ "$output" == *'"conn":"host"'* ]]
	local file n=0
	# Sessions that only looked have nothing that a key had to certify.
	for file in $(as_root grep -l '"type":"cert"' -r "$LAB/journal" | grep -- -alice-); do
		run -0 as alice journal verify --operators "$LAB/operators" "$file"
		echo "$output"
		[[ "$output" == *"certified by alice"* ]]
		n=$((n + 1))
	done
	[ $n -ge 3 ]
}
