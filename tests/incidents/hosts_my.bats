#!/usr/bin/env bats
# A replica of MariaDB that dies while it is held; and data directories behind two real
# sshds: what may go into quarantine, what may not and why. What is true is asked of the servers and of the
# file system. One story: each test begins where the one before it ended.

load ../lab/lab
load ../lab/people
load ../lab/hosts

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_ENGINE=mariadb HOSTS_USER=root
	export LAB_ENGINE HOSTS_USER
	lab_up star:2 --rows 2000
	hosts_up my1 my2
	sql my1 'CREATE TABLE told (a int PRIMARY KEY); INSERT INTO told VALUES (1)'
	wait_until 60 caught_up my2
}

teardown_file() {
	hosts_down
	lab_down
}

teardown() {
	ended
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

flat() { echo "$output" | sed -e 's/^ *> //' | tr -s ' \n' '  '; }
quarantines() { as_root sh -c "ls -d $LAB/servers/.holdfast-quarantine-* 2>/dev/null" || true; }
# Until my1 knows that it is gone: that shows when it sends something.
stop_my2() {
	node_stop my2
	wait_until 30 left
}
left() {
	sql my1 'CREATE OR REPLACE TABLE tick (a int)'
	! sql my1 'SHOW SLAVE HOSTS' | grep -q '^2\b'
}
refused() { # WORDS: of rm of my2's directory; nothing is renamed.
	run -5 as alice -c "rm h2:$(node_data my2)"
	[[ "$(flat)" == *"$1"*"nothing was renamed"* ]] || { flat; return 1; }
	[ -z "$(quarantines)" ]
}

# applies NODE Yes|No: what the server says of its applying thread.
applies() { sql "$1" 'SHOW ALL SLAVES STATUS' | awk -F'\t' -v want="$2" '$14 == want { ok = 1 } END { exit !ok }'; }

@test "no host: the hold dies with a restart, and that is said; it dies: an alarm, and resume settles it alone" {
	run -0 as alice -c 'pause my3'
	[[ "$(flat)" == *"The hold on my3 dies with a restart of it. See that nobody restarts it."* ]]
	my_stop my3 KILL
	run -5 as alice -c topology -c 'pause my3 my2'
	[[ $output == *"ALARM: held my3 cannot be seen any more"*"my3 (unreachable): Can't connect to server"*"my3 is unreachable, not a replica; nothing was sent"* ]]
	applies my2 Yes
	node_start my3
	wait_until 60 caught_up my3
	run -0 as alice -c topology
	[[ $output == *"ALARM: held my3 was RESTARTED, and its hold died with that: it replays again (\`resume my3\` settles it)"* ]]
	run -0 as alice --confirm my1 -c 'resume my3'
	[[ "$(flat)" == *"my3 replays already: somebody released it without \`resume\`."* ]]
	run -0 as alice -c topology
	[[ $output != *"ALARM"* ]]
}

# its_lines NODE: of a hold, in its option file.
its_lines() { as_root awk '/^skip-slave-start$/ { n++ } END { print n + 0 }' "$LAB/servers/$1.cnf"; }

@test "a hold that its host can harden: restarted it stays stopped; resume takes the lines out, and it follows" {
	local before
	before=$(as_root cat "$LAB/servers/my2.cnf")
	run -0 as alice -c 'pause my2'
	[[ "$(flat)" == *"make the hold of my2 survive a restart: write skip-slave-start at the end of $LAB/servers/my2.cnf"* ]]
	[[ "$(flat)" == *"What my2 receives while it is held gathers on the disk of its data directory on host h2, where its relay log has "*": growing "*" an hour on average; room for "*": full in "* ]]
	[ "$(its_lines my2)" = 1 ]
	run -0 as alice -c where
	[[ $output == *my2*"survives a restart"* ]]
	sql my1 'CREATE TABLE kept_back (a int)'
	node_restart my2
	applies my2 No
	run -0 as alice -c topology
	[[ $output == *"ALARM: held my2 was RESTARTED; it is still paused"* ]]
	# Held again while it stands: nothing is written twice.
	file_as alice 'DROP TABLE kept_back'
	[[ "$(cat "$OUT")" != *"skip-slave-start at the end"* ]]
	deny_as bob "$REQ" 'not now'
	finish
	[ "$status" -eq 6 ]
	file_as alice 'resume my2'
	approve_as bob "$REQ" my1
	finish
	[ "$status" -eq 0 ]
	[ "$(as_root cat "$LAB/servers/my2.cnf")" = "$before" ]
	wait_until 60 caught_up my2
	sql_is my2 0 'SELECT count(*) FROM kept_back'
	node_restart my2
	wait_until 60 applies my2 Yes
	sql my1 'DROP TABLE kept_back'
	wait_until 60 caught_up my2
}

@test "a plan that stops takes the lines out again; a directory of option files gets a file of its own" {
	local d=$LAB/servers/my2.conf.d
	as_root install -d "$d"
	echo "!includedir $d/" | as_root tee -a "$LAB/servers/my2.cnf" >/dev/null
	sql my1 'CREATE TABLE gone (a int)'
	wait_until 60 caught_up my2 my3
	file_as alice 'DROP TABLE gone'
	sql my1 'DROP TABLE gone; CREATE TABLE gone (a int, b int)'
	wait_until 60 caught_up my2 my3
	approve_as bob "$REQ" my1
	finish
	[ "$status" -eq 8 ]
	as_root test ! -e "$d/zz-holdfast-hold.cnf"
	[ "$(its_lines my2)" = 0 ]
	play alice 'DROP TABLE gone'
	[ "$status" -eq 0 ]
	as_root grep -qx skip-slave-start "$d/zz-holdfast-hold.cnf"
	node_restart my2
	applies my2 No
	sql_is my2 1 "SELECT count(*) FROM information_schema.tables WHERE table_name = 'gone'"
	file_as alice 'resume my2 my3'
	approve_as bob "$REQ" my1
	finish
	[ "$status" -eq 0 ]
	as_root test ! -e "$d/zz-holdfast-hold.cnf"
	wait_until 60 caught_up my2 my3
}

@test "the primary's directory is refused, naming both hosts; a running replica's is in use" {
	run -5 as alice -c "rm h1:$(node_data my1)"
	[[ "$(flat)" == *"is the data directory of my1, the PRIMARY, on host h1"*"my2, the replica, on host h2 in $(node_data my2)"* ]]
	refused "is in use: process $(node_pid my2) works in it, it is my2"
}

@test "a replica that was killed: what its log holds is not certain, so it stays" {
	my_stop my2 KILL
	refused "cannot be proved: it was not shut down cleanly"
	node_start my2
	wait_until 60 caught_up my2
}

@test "shut down cleanly, and my1 has all that it has: approved, renamed, and undone; it starts and follows" {
	local was state id
	state=$(sql my2 'SELECT @@gtid_binlog_state')
	stop_my2
	sql my1 'INSERT INTO told VALUES (2)'
	was=$(as_root stat -c %d:%i "$(node_data my2)")
	file_as alice "rm h2:$(node_data my2)"
	output=$(cat "$OUT")
	[[ "$(flat)" == *"data of my2: MariaDB, a replica of 127.0.0.1:$(node_port my1), shut down cleanly at GTID state $state;"* ]]
	[[ "$(flat)" == *"my1, the PRIMARY, on host h1"*"holds the same data now: every transaction in this one's log stands in its log, too"* ]]
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 0 ]
	as_root test ! -e "$(node_data my2)"
	[ "$(as_root stat -c %d:%i "$(quarantines)/data")" = "$was" ]
	as_root grep -q "GTID state $state" "$(quarantines)/MANIFEST"
	id=$(sed -n 's/^plan //p' <(as_root cat "$(quarantines)/MANIFEST"))
	run -0 as alice --confirm h2 -c "undo $id"
	[ -z "$(quarantines)" ]
	node_start my2
	wait_until 60 caught_up my2
	sql_is my2 2 'SELECT count(*) FROM told'
	sql_is my2 2000 'SELECT count(*) FROM orders'
}

@test "a server that ran between filing and running: exit 8, nothing renamed" {
	stop_my2
	file_as alice "rm h2:$(node_data my2)"
	node_start my2
	sql my1 'INSERT INTO told VALUES (3)'
	wait_until 60 caught_up my2
	stop_my2
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 8 ]
	[[ "$(flat)" == *"path GTID state"* ]]
	[ -z "$(quarantines)" ]
}

@test "nothing says that it was a replica; it replicated from a stranger; no log: refused, and why" {
	local d
	d=$(node_data my2)
	as_root mv "$d/master.info" "$LAB/master.info"
	refused "nothing in it says that it was a replica"
	as_root sed '4s/.*/db9.example/' "$LAB/master.info" | as_root tee "$d/master.info" >/dev/null
	refused "it replicated from db9.example:$(node_port my1), which is no server of this cluster"
	as_root mv "$LAB/master.info" "$d/master.info"
	as_root mv "$d/my2-bin.index" "$LAB/my2-bin.index"
	refused "no index of binary logs stands in it"
	as_root mv "$LAB/my2-bin.index" "$d/my2-bin.index"
	as_root mv "$d/my2-bin.state" "$LAB/my2-bin.state"
	refused "it wrote down no state of its log"
	as_root mv "$LAB/my2-bin.state" "$d/my2-bin.state"
}

@test "a copy of a running server with mariadb-backup: prepared, it starts with every row; and what is refused" {
	local d=$LAB/servers/copy cnf=$LAB/servers/copy.cnf port
	node_start my2
	wait_until 60 caught_up my2
	run -5 as alice -c "snapshot my2 h2:$d"
	[[ "$(flat)" == *"nothing says how a copy of my2 logs in. Give its node section copy ="* ]]
	as_root sed -i "/node \"my2\" {/a\\\t\tcopy = \"$LAB/servers/copy-login.cnf\"" "$LAB/holdfast.conf"
	as_root sed "s/^port.*/port = $(node_port my2)/; /^\[client\]/a port = $(node_port my2)" "$LAB/my.cnf" |
		as_root tee "$LAB/servers/copy-login.cnf" >/dev/null
	as_root sh -c "echo '[mariadb-backup]'; echo datadir = $(node_data my2)" | as_root tee -a "$LAB/servers/copy-login.cnf" >/dev/null
	run -5 as alice -c "snapshot my2 h1:$d"
	[[ "$(flat)" == *"my2 is on host h2: its files can only be copied there by mariadb-backup"* ]]
	run -0 as alice --confirm h2 -c "snapshot my2 h2:$d"
	[[ "$(flat)" == *"my2, the replica"*"is copied to host h2"*"h2 COPIED"* ]]
	as_root sh -c "cd $d && sha256sum --quiet -c ../copy.sha256"
	as_root sh -c "! ls -d $LAB/servers/.holdfast-partial-* 2>/dev/null"
	port=$(free_port)
	as_root sed -e "s#^datadir=.*#datadir=$d#; s#^pid-file=.*#pid-file=$d/mysqld.pid#; s#^port=.*#port=$port#" \
		-e "s#^socket=.*#socket=$LAB/sock/copy#" "$LAB/servers/my2.cnf" | as_root tee "$cnf" >/dev/null
	echo 'skip-slave-start' | as_root tee -a "$cnf" >/dev/null
	as_root chown -R mysql:mysql "$d"
	printf 'copy %s\n' "$port" | as_root tee -a "$LAB/nodes" >/dev/null
	node_start copy
	sql_is copy 2000 'SELECT count(*) FROM orders'
	node_stop copy
	node_stop my2
}

@test "a transaction that only the replica has: refused, and which" {
	node_start my2
	wait_until 60 caught_up my2
	sql my2 'CREATE TABLE only_here (a int)'
	local own
	own=$(sql my2 'SELECT @@last_gtid, @@gtid_binlog_pos' | cut -f2)
	stop_my2
	refused "holds transaction $own, which stands not in the log of my1, so it may be the only copy of it"
}
