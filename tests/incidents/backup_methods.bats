#!/usr/bin/env bats
# The other methods by which a site backs up, each with one of GitLab's faults beside a good one: check and
# drill name it. pgBackRest is the real one, with an archive that the server writes to.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up single --rows 20000
	FAR=$(mktemp -d /dev/shm/hf-methods.XXXXXX)
	export FAR LAB_TMP=$FAR/scratch
	as_root chmod 755 "$FAR"
	as_root install -d -m 700 -o hf-alice "$LAB_TMP"
	as_root install -d -m 755 -o hf-alice "$FAR/proofs" "$FAR/snap" "$FAR/linked" "$FAR/never" "$FAR/cmd" "$FAR/silent" "$FAR/endless"
	as_root install -d -m 2750 -o postgres -g "$(id -g hf-alice)" "$FAR/repo"
	as_root sh -c "cat >$LAB/pgbackrest.conf" <<-EOP
		[global]
		repo1-path=$FAR/repo
		log-level-file=off
		lock-path=$LAB/sock
		start-fast=y
		[lab]
		pg1-path=$(node_data pg1)
		pg1-port=$(node_port pg1)
		pg1-socket-path=$LAB/sock
	EOP
	as_root sh -c "cat >>$LAB/holdfast.conf" <<-EOP
		backup "repo" { cluster = "lab" method = pgbackrest stanza = "lab" config = "$LAB/pgbackrest.conf" path = "$FAR/repo" proofs = "$FAR/proofs" database = "shop" heartbeat = "$FAR/beat" }
		backup "nostanza" { cluster = "lab" method = pgbackrest stanza = "prod" config = "$LAB/pgbackrest.conf" path = "$FAR/repo" proofs = "$FAR/proofs" }
		backup "snap" { cluster = "lab" method = snapshot path = "$FAR/snap" database = "shop" heartbeat = "$FAR/beat" }
		backup "linked" { cluster = "lab" method = snapshot path = "$FAR/linked" database = "shop" heartbeat = "$FAR/beat" }
		backup "never" { cluster = "lab" method = snapshot path = "$FAR/never" database = "shop" }
		backup "cmd" { cluster = "lab" method = command command = {"/bin/cp", "$FAR/shop.sql", "$FAR/cmd/"} path = "$FAR/cmd" pattern = "*.sql" database = "shop" heartbeat = "$FAR/beat" log = "$FAR/cmd.log" }
		backup "silent" { cluster = "lab" method = command command = {"/bin/true"} path = "$FAR/silent" pattern = "*.sql" database = "shop" log = "$FAR/old.log" }
		backup "endless" { cluster = "lab" method = file path = "$FAR/endless" database = "shop" }
	EOP
	touch "$FAR/beat"
	echo "copied" >"$FAR/cmd.log"
	echo "copied" >"$FAR/old.log"
	touch -d '9 days ago' "$FAR/old.log"
	as_root chmod 644 "$FAR"/*.log "$FAR/beat" "$LAB/pgbackrest.conf"
	as_root sed -i '1i local all postgres peer' "$(node_data pg1)/pg_hba.conf"
	sql pg1 "ALTER SYSTEM SET archive_mode = on"
	sql pg1 "ALTER SYSTEM SET archive_command = 'pgbackrest --config=$LAB/pgbackrest.conf --stanza=lab archive-push %p'"
	node_restart pg1
	pgbackrest_as postgres stanza-create
	pgbackrest_as postgres --type=full --repo1-retention-full=9 backup
	sql pg1 "CREATE TABLE later AS SELECT generate_series(1, 1000) AS n"
	archived
}

teardown_file() {
	lab_down
	as_root rm -rf "$FAR"
}

pgbackrest_as() {
	local user=$1
	shift
	as_user "$user" pgbackrest --config="$LAB/pgbackrest.conf" --stanza=lab --log-level-console=warn "$@"
}

# All that the server has written is in the archive, in the end.
archived() {
	local file
	file=$(sql pg1 'SELECT pg_walfile_name(pg_switch_wal())')
	wait_until 30 has_segment "$file"
}
has_segment() { as_root find "$FAR/repo/archive" -name "$1-*.gz" | grep -q .; }

# seen NAME CHECK STATE: the one row of the table.
seen() { grep -E "^ *$1 +\| *$2 +\| *$3 " <<<"$output"; }

nothing_left() { [ -z "$(as_root ls -A "$LAB_TMP")" ]; }

@test "pgBackRest: the whole log since the backup is there, and the drill replays it" {
	run as alice -c 'backups check repo'
	echo "$output"
	[ "$status" -eq 0 ]
	seen repo decode ok
	seen repo logs ok
	seen repo version ok
	run as alice -c 'backups drill repo' --confirm pg1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"PROVED: 2"*"counts as live"* ]]
	run -0 as alice -c 'backups check repo'
	[[ $output == *"rows in 4 tables"* ]]
	nothing_left
}

@test "pgBackRest: a segment that is missing is named by check and by drill, and so is a stanza that is not there" {
	local gone i
	sql pg1 'INSERT INTO later SELECT 0'
	gone=$(sql pg1 'SELECT pg_walfile_name(pg_switch_wal())')
	wait_until 30 has_segment "$gone"
	for i in 1 2; do
		sql pg1 "INSERT INTO later SELECT $i"
		archived
	done
	as_root find "$FAR/repo/archive" -name "$gone-*" -delete
	run -1 as alice -c 'backups check repo'
	echo "$output"
	seen repo logs FAIL
	[[ $output == *"1 of "*" are missing: ${gone:8}; a restore ends before"* ]]
	run as alice -c 'backups drill repo' --confirm pg1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"restores, but 1 of "*"${gone:8}"* ]]
	run -1 as alice -c 'backups check nostanza'
	echo "$output"
	seen nostanza there FAIL
	nothing_left
}

@test "pgBackRest: a server that cannot archive is named" {
	sql pg1 "ALTER SYSTEM SET archive_command = 'false'"
	sql pg1 'SELECT pg_reload_conf()'
	sql pg1 'INSERT INTO later SELECT 2'
	sql pg1 'SELECT pg_switch_wal()'
	wait_until 60 sql_is pg1 t 'SELECT failed_count > 0 FROM pg_stat_archiver'
	run -1 as alice -c 'backups check repo'
	echo "$output"
	seen repo archiving FAIL
}

@test "snapshots: a good one is started by itself; one that leads to the live server's files never; none at all is named" {
	local dir
	dir=$LAB/sock/copy
	as_user postgres env PGPASSFILE="$LAB/servers/replicator.pgpass" "$HOLDFAST_PG_BIN/pg_basebackup" -h 127.0.0.1 \
		-p "$(node_port pg1)" -U replicator -D "$dir" -X stream -c fast
	as_root cp -R "$dir" "$FAR/snap/new"
	as_root cp -R "$dir" "$FAR/linked/new"
	as_root rm -rf "$FAR/linked/new/pg_wal"
	as_root ln -s "$(node_data pg1)/pg_wal" "$FAR/linked/new/pg_wal"
	as_root chown -Rh hf-alice "$FAR/snap/new" "$FAR/linked/new"
	run -1 as alice -c 'backups check'
	echo "$output"
	seen snap decode ok
	seen snap version ok
	seen linked decode FAIL
	seen never there FAIL
	seen never told FAIL
	run as alice -c 'backups drill snap' --confirm pg1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"PROVED: new restored"*"4 tables"*"counts as live"* ]]
	run as alice -c 'backups drill linked' --confirm pg1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"leads out of the copy"*"no server was started"* ]]
	nothing_left
}

@test "a command: what it leaves is drilled by what it is; one that ends well and leaves nothing is no backup" {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" -h 127.0.0.1 -p "$(node_port pg1)" -U postgres shop >"$FAR/shop.sql"
	as_root chmod 644 "$FAR/shop.sql"
	run as alice -c 'backups take cmd' --confirm pg1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"TAKEN: $FAR/cmd/shop.sql"* ]]
	run as alice -c 'backups drill cmd' --confirm pg1
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"PROVED: shop.sql restored"*"counts as live"* ]]
	run as alice -c 'backups take silent' --confirm pg1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"ended well and left no new file"* ]]
	run -1 as alice -c 'backups check silent'
	echo "$output"
	seen silent there FAIL
	seen silent log FAIL
	seen silent told FAIL
	# A table that is empty in it and not live: it restores, and is no backup.
	sed -i '/^COPY public.order_items/,/^\\\.$/{/^COPY/b;/^\\\.$/b;d}' "$FAR/shop.sql"
	run as alice -c 'backups take cmd' --confirm pg1
	[ "$status" -eq 0 ]
	run as alice -c 'backups drill cmd' --confirm pg1
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"public.order_items is empty in it, and has "* ]]
	nothing_left
}

scratch_of() { as_root find "$LAB_TMP" -name postmaster.pid; }
is_ready() { [ "$(as_root sed -n 8p "$(scratch_of)")" = "ready   " ]; }
loads() { as_root "$HOLDFAST_PG_BIN/psql" -XAtq -h "$DIR" -U postgres -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" | grep -qx 1; }

@test "a scratch server has little memory and no network; killed with the shell, it is found and removed at the next start" {
	printf -- '--\n-- PostgreSQL database dump\n--\nSELECT pg_sleep(3600);\n' >"$FAR/endless/a"
	as_root chmod 644 "$FAR/endless/a"
	as alice -c 'backups drill endless' --confirm pg1 >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
	local job=$! maker server
	wait_until 60 is_ready
	DIR=$(dirname "$(dirname "$(scratch_of)")")
	wait_until 60 loads
	server=$(as_root head -n 1 "$DIR/data/postmaster.pid")
	maker=$(as_root cat "$DIR/holdfast-scratch")
	as_root grep -qE '^Max address space +3221225472 ' "/proc/$server/limits"
	[ -z "$(as_root "$HOLDFAST_PG_BIN/psql" -XAtq -h "$DIR" -U postgres -c 'SHOW listen_addresses')" ]
	[ "$(as_root stat -c %a "$DIR")" = 700 ]
	as_root kill -9 "$maker"
	wait "$job" || true
	wait_until 60 gone "$server"
	as_root test -d "$DIR"
	run -0 as alice -c 'backups list'
	nothing_left
}
