#!/usr/bin/env bats
# Backups with the faults that GitLab's had, and one good one: check names each, drill proves the good
# one in a scratch server, and its record is what list shows from then on.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up single --rows 20000
	FAR=$(mktemp -d /dev/shm/hf-backups.XXXXXX)
	export FAR
	as_root install -d -m 755 -o hf-alice "$FAR/good" "$FAR/tiny" "$FAR/shrunk" "$FAR/old" "$FAR/cut" "$FAR/none" "$LAB/near"
	as_root sh -c "cat >>$LAB/holdfast.conf" <<-EOP
		backup "good" { cluster = "lab" method = pg_dump path = "$FAR/good" pattern = "*.dump" database = "shop" log = "$FAR/good.log" heartbeat = "$FAR/beat" }
		backup "tiny" { cluster = "lab" method = pg_dump path = "$FAR/tiny" database = "shop" heartbeat = "$FAR/beat" }
		backup "shrunk" { cluster = "lab" method = pg_dump path = "$FAR/shrunk" database = "shop" heartbeat = "$FAR/beat" }
		backup "old" { cluster = "lab" method = pg_dump path = "$FAR/old" database = "shop" log = "$FAR/cron.log" heartbeat = "$FAR/beat" }
		backup "cut" { cluster = "lab" method = pg_dump path = "$FAR/cut" database = "shop" heartbeat = "$FAR/beat" }
		backup "near" { cluster = "lab" method = pg_dump path = "$LAB/near" database = "shop" }
		backup "none" { cluster = "lab" method = pg_dump path = "$FAR/none" database = "shop" heartbeat = "$FAR/beat" }
	EOP
	touch "$FAR/beat"
	echo "started; done" >"$FAR/good.log"
	echo "pg_dump: error: server version: 15.18; pg_dump version: 9.2" >"$FAR/cron.log"
	as_root chmod 644 "$FAR"/*.log "$FAR/beat"
	as_root chmod 755 "$FAR"
}

teardown_file() {
	lab_down
	as_root rm -rf "$FAR"
}

# seen NAME CHECK STATE: the one row of the table.
seen() { grep -E "^ *$1 +\| *$2 +\| *$3 " <<<"$output"; }

@test "take writes one more, decoded before it gets its name" {
	run -0 as alice -c 'backups take good' --confirm pg1
	echo "$output"
	run -0 as alice -c 'backups list'
	echo "$output"
	[[ $output =~ good\ +\|\ +pg_dump\ +\|\ +good-2[0-9TZ]+\.dump ]]
	[[ $output == *"| never"* ]]
	! ls -A "$FAR/good" | grep -q part
}

@test "check names each fault, and finds none in the good one" {
	local dump
	dump=$(ls "$FAR"/good/*.dump | head -n 1)
	echo x >"$FAR/tiny/a"
	cp "$dump" "$FAR/shrunk/1" && cp "$dump" "$FAR/shrunk/2" && touch -d '2 days ago' "$FAR/shrunk/1" "$FAR/shrunk/2"
	head -c 8000 "$dump" >"$FAR/shrunk/3"
	head -c "$(($(stat -c %s "$dump") / 2))" "$dump" >"$FAR/cut/a"
	{ printf -- '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 9.6.1\n-- Dumped by pg_dump version 9.2.18\n'
		head -c 4000 /dev/zero | tr '\0' 'x'
		printf '\n--\n-- PostgreSQL database dump complete\n--\n'; } >"$FAR/old/a"
	cp "$dump" "$LAB/near/a"
	as_root chmod 644 "$FAR"/*/* "$LAB/near/a"
	run -1 as alice -c 'backups check'
	echo "$output"
	seen tiny size FAIL
	seen shrunk size FAIL
	seen cut decode FAIL
	seen old version FAIL
	seen old log FAIL
	seen near place FAIL
	seen near told FAIL
	seen none there FAIL
	run -0 as alice -c 'backups check good'
	echo "$output"
	[[ $output != *FAIL* ]]
	seen good decode ok
	seen good version ok
	seen good told ok
	seen good place ok
}

@test "drill restores the newest into a scratch server, reads all of it, and is remembered; a bad one is not proved" {
	run as alice -c 'backups drill good' --confirm pg1
	echo "$output"
	[ "$status" -eq 0 ]
	run -0 as alice -c 'backups check good'
	echo "$output"
	seen good proved ok
	[[ $output == *"was restored "*" rows in 3 tables"* ]]
	run as alice -c 'backups drill cut' --confirm pg1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"a could not be restored"* ]]
	run -1 as alice -c 'backups check cut'
	seen cut proved FAIL
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 20000 ]
}
