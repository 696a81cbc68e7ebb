#!/usr/bin/env bats
# failover on MariaDB: after kill -9 under load, planned, and after a mistake that the replicas were
# held back from. What is true is asked with the plain client.

load ../lab/lab
load ../lab/people
load ../lab/hosts
load ../lab/loss

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_ENGINE=mariadb HOSTS_USER=root
	export LAB_ENGINE HOSTS_USER
	lab_up star:4 --rows 2000
	hosts_up my1 my2
	data_directories my1 my2
	sql my1 "CREATE TABLE acked (n int PRIMARY KEY); CREATE TABLE later (a int);
		CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'"
	wait_until 60 caught_up my2 my3 my4 my5
}

teardown_file() {
	hosts_down
	lab_down
}

teardown() {
	[ -z "${WRITER:-}" ] || kill "$WRITER" 2>/dev/null || true
	ended
}

flat() { sed -e 's/^ *> //' <<<"${1:-$output}" | tr -s ' \n' '  '; }
follows() {
	sql "$1" 'SHOW SLAVE STATUS' | awk -F'\t' -v port="$(node_port "$2")" \
		'$4 == port && $11 == "Yes" && $12 == "Yes" { ok = 1 } END { exit !ok }'
}
is_open() { sql_is "$1" 0 'SELECT @@read_only'; }

# writer NODE FILE: one row a transaction, each number into FILE once its commit was acknowledged.
writer() {
	python3 - "$(node_port "$1")" "$2" <<-'PY' 3>&- &
	import subprocess, sys
	p = subprocess.Popen(["mariadb", "--no-defaults", "-h127.0.0.1", "-P" + sys.argv[1], "-uapp", "-papp", "-Nn", "shop"],
	    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
	with open(sys.argv[2], "w", buffering=1) as f:
	    p.stdin.write("SELECT coalesce(max(n), 0) FROM acked;\n"); p.stdin.flush()
	    n = int(p.stdout.readline())
	    while True:
	        n += 1
	        try:
	            p.stdin.write(f"INSERT INTO acked VALUES ({n}); SELECT {n};\n"); p.stdin.flush()
	        except BrokenPipeError:
	            break
	        if p.stdout.readline().strip() != str(n):
	            break
	        f.write(f"{n}\n")
	PY
	WRITER=$!
}

approved() {
	file "$1"
	bob approve "$2" >/dev/null
	answered
	echo "$OUT"
}

@test "kill -9 under load, semi-synchronous: nothing that was acknowledged is lost" {
	local acked=$BATS_TEST_TMPDIR/acked n
	for n in my2 my3 my4 my5; do
		sql $n 'SET GLOBAL rpl_semi_sync_slave_enabled = 1; STOP SLAVE IO_THREAD; START SLAVE IO_THREAD'
	done
	sql my1 'SET GLOBAL rpl_semi_sync_master_timeout = 600000; SET GLOBAL rpl_semi_sync_master_enabled = 1'
	wait_until 20 sql_is my1 4 "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_clients'"
	writer my1 "$acked"
	wait_until 20 wrote "$acked" 30
	for n in my3 my4 my5; do sql $n 'STOP SLAVE IO_THREAD'; done
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 30))
	crash my1
	run -0 as alice -c failover
	echo "$output"
	[[ "$(flat)" == *" 1 | my2 "*"In place of my1, which does not answer."* ]]
	approved 'failover my2' my2
	[ "$RC" -eq 0 ]
	[[ "$(flat "$OUT")" == *"my1 is STOPPED, seen on its host"*"LOST with my2 as the primary:"* ]]
	is_open my2
	lost_on my2 "$acked"
	[ "$LOST" -eq 0 ]
	for n in my3 my4 my5; do wait_until 30 follows $n my2; done
}

@test "kill -9 under load, asynchronous: at most what the estimate said is lost" {
	local acked=$BATS_TEST_TMPDIR/acked n
	writer my2 "$acked"
	wait_until 20 wrote "$acked" 30
	for n in my4 my5; do sql $n 'STOP SLAVE IO_THREAD'; done
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 30))
	sql my3 'STOP SLAVE IO_THREAD'
	wait_until 20 wrote "$acked" $(($(wc -l <"$acked") + 30))
	crash my2
	run -0 as alice -c failover
	[[ "$(flat)" == *" 1 | my3 "*"In place of my2, which does not answer."* ]]
	approved 'failover my3' my3
	[ "$RC" -eq 0 ]
	lost_on my3 "$acked"
	[ "$LOST" -ge 30 ] && [ "$LOST" -le "$SAID" ] && [ "$SAID" -le $((LOST + 10)) ]
	for n in my4 my5; do wait_until 30 follows $n my3; done
}

@test "planned, over SQL alone: read-only and cut, nothing lost; the old one is no second primary" {
	local acked=$BATS_TEST_TMPDIR/acked
	writer my3 "$acked"
	wait_until 20 wrote "$acked" 30
	approved 'failover my4' my4
	[ "$RC" -eq 0 ]
	[[ "$(flat "$OUT")" == *"Fencing: READ-ONLY, CONNECTIONS CUT."*"has applied everything up to GTID"*"my4 is the PRIMARY now"* ]]
	wait "$WRITER" || true
	is_open my4
	sql_is my3 1 'SELECT @@read_only'
	[ "$(sql my4 'SELECT max(n) FROM acked')" -ge "$(tail -n 1 "$acked")" ]
	wait_until 30 follows my5 my4
	run -0 as alice -c topology
	[[ "$output" != *"both accept writes"* ]]
}

@test "SQL that promotes by hand is refused, and so is stopping the receiver of a held replica" {
	run -5 as alice -c 'connect my5' -c 'RESET SLAVE ALL'
	[[ "$(flat)" == *"Use failover and the node's name"* ]]
}

@test "after a mistake: stopped right before it by file and offset; the new primary has the table" {
	local n
	sql my4 'CREATE TABLE victim AS SELECT id AS a FROM orders LIMIT 1000'
	wait_until 30 sql_is my5 1000 'SELECT count(*) FROM victim'
	file 'DROP TABLE victim' -c 'connect my4'
	bob approve my4 >/dev/null
	answered
	echo "$OUT"
	[ "$RC" -eq 0 ]
	for n in {1..25}; do echo "INSERT INTO later VALUES ($n);"; done >"$BATS_TEST_TMPDIR/later"
	sql my4 "$(cat "$BATS_TEST_TMPDIR/later")"
	run -5 as alice -c 'connect my5' -c 'STOP SLAVE'
	[[ "$(flat)" == *"throw away what it received"* ]]
	run -5 as alice -c 'failover my5'
	[[ "$(flat)" == *"my5 is held back"*"failover my5 before, or: failover my5 all"* ]]
	approved 'failover my5 before' my5
	[ "$RC" -eq 0 ]
	[[ "$(flat "$OUT")" == *"TAKES AWAY"*"everything written on my4 after"*"my5 stands at"*"right before the mistake"* ]]
	[ "$(sql my5 'SELECT count(*) FROM victim')" = 1000 ]
	[ "$(sql my5 'SELECT count(*) FROM later')" = 0 ]
	is_open my5
	sql_is my4 1 'SELECT @@read_only'
}
