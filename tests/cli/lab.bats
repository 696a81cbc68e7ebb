# The lab itself: what comes up, what is left behind (nothing), and who gets in (who has a password).
load ../lab/lab.bash

DRIVER() { "$HOLDFAST_BUILD/lab-driver" "$@"; }

setup_file() { lab_up cascade:2; }
teardown_file() { lab_down; }

setup() { D=$(mktemp -d /tmp/hf-labtest.XXXXXX); chmod 755 "$D"; }
teardown() {
	as_root "$HOLDFAST_BUILD/lab-driver" down --dir "$D" 2>/dev/null || true
	as_root rm -rf "$D"
}
no_server_below() { ! as_root sh -c 'readlink /proc/[0-9]*/cwd' | grep -qF "$1/servers/"; }

@test "a cascade: each standby follows the one before it, in its own slot, caught up" {
	[ "$(sql pg1 "SELECT application_name, state FROM pg_stat_replication")" = "pg2|streaming" ]
	[ "$(sql pg2 "SELECT application_name, state FROM pg_stat_replication")" = "pg3|streaming" ]
	[ "$(sql pg1 "SELECT slot_name, active FROM pg_replication_slots")" = "pg2|t" ]
	[ "$(sql pg2 "SELECT slot_name, active FROM pg_replication_slots")" = "pg3|t" ]
	caught_up pg2 pg3
}

@test "a million orders on every node, with checksums, keys, view, trigger and grants" {
	for n in pg1 pg2 pg3; do sql_is $n 1000000 "SELECT count(*) FROM orders"; done
	sql_is pg1 on "SHOW data_checksums"
	sql_is pg1 2 "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"
	sql_is pg3 t "SELECT count(*) > 0 FROM big_orders"
	sql_is pg1 1 "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"
	sql_is pg1 t "SELECT has_table_privilege('shop_ro', 'orders', 'SELECT')"
	sql_is pg1 f "SELECT has_table_privilege('shop_ro', 'orders', 'DELETE')"
	sql_is pg1 t "SELECT has_table_privilege('shop_app', 'orders', 'DELETE')"
	sql pg1 "BEGIN; INSERT INTO orders (customer_id, total) VALUES (1, 2); ROLLBACK"
}

@test "servers listen on the loopback address, do not run as root, and want a password" {
	sql_is pg1 127.0.0.1 "SHOW listen_addresses"
	[ "$(as_root stat -c %U "/proc/$(node_pid pg1)")" != root ]
	sql_is pg1 0 "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"
	run env PGPASSFILE=/dev/null "$HOLDFAST_PG_BIN/psql" -w -X -h 127.0.0.1 -p "$(node_port pg1)" \
		-U postgres -d shop -c "SELECT 1"
	[ "$status" -ne 0 ]
	run env PGPASSFILE=/dev/null "$HOLDFAST_PG_BIN/psql" -w -X -h "$LAB/sock" -p "$(node_port pg1)" \
		-U postgres -d shop -c "SELECT 1"
	[ "$status" -ne 0 ]
}

@test "keys and passwords are their owner's alone" {
	[ "$(stat -c '%U %a' "$LAB/keys/alice")" = "hf-alice 600" ]
	[ "$(stat -c '%U %a' "$LAB/keys/bob.pgpass")" = "hf-bob 600" ]
	[ "$(stat -c %a "$LAB/pgpass")" = 600 ]
	run as_user hf-bob cat "$LAB/keys/alice"
	[ "$status" -ne 0 ]
	run as_user hf-alice cat "$LAB/pgpass"
	[ "$status" -ne 0 ]
	# No password stands anywhere else.
	pw=$(as_root cut -d: -f5 "$LAB/pgpass" | head -n 1)
	[ "$(as_root grep -rlF "$pw" "$LAB" --exclude-dir=servers --exclude-dir=bin)" = "$LAB/pgpass" ]
	[ ! -e "$LAB/script" ] && [ ! -e "$LAB/sock/pw" ]
}

@test "ssh-keygen reads the operators file" {
	echo x | as_user hf-alice ssh-keygen -Y sign -f "$LAB/keys/alice" -n session@holdfast >"$D/sig" 2>/dev/null
	echo x | ssh-keygen -Y verify -f "$LAB/operators" -I alice -n session@holdfast -s "$D/sig"
	run bash -c "echo x | ssh-keygen -Y verify -f '$LAB/operators' -I bob -n session@holdfast -s '$D/sig'"
	[ "$status" -ne 0 ]
	run bash -c "echo x | ssh-keygen -Y verify -f '$LAB/operators' -I alice -n file -s '$D/sig'"
	[ "$status" -ne 0 ]
}

@test "each shape comes up as it says" {
	LAB=$D
	as_root "$HOLDFAST_BUILD/lab-driver" up --shape sync:2 --rows 100 --no-slots --dir "$D"
	sql_is pg1 "pg2:sync,pg3:potential" "SELECT string_agg(application_name || ':' || sync_state, ',' ORDER BY application_name) FROM pg_stat_replication"
	sql_is pg1 0 "SELECT count(*) FROM pg_replication_slots"
	sql pg1 "CREATE TABLE committed ()"
	as_root "$HOLDFAST_BUILD/lab-driver" down --dir "$D"
	mkdir -p "$D"; chmod 755 "$D"
	as_root "$HOLDFAST_BUILD/lab-driver" up --shape delayed --rows 100 --dir "$D"
	sql_is pg3 1h "SHOW recovery_min_apply_delay"
	sql_is pg2 0 "SHOW recovery_min_apply_delay"
	sql pg1 "CREATE TABLE late ()"
	wait_until 10 sql_is pg2 1 "SELECT count(*) FROM pg_class WHERE relname = 'late'"
	sql_is pg3 0 "SELECT count(*) FROM pg_class WHERE relname = 'late'"
	as_root "$HOLDFAST_BUILD/lab-driver" down --dir "$D"
	mkdir -p "$D"; chmod 755 "$D"
	as_root "$HOLDFAST_BUILD/lab-driver" up --shape tree:4 --rows 100 --dir "$D"
	sql_is pg2 "pg4,pg5" "SELECT string_agg(application_name, ',' ORDER BY application_name) FROM pg_stat_replication"
}

@test "two labs side by side do not disturb each other" {
	mkdir "$D/a" "$D/b"
	as_root "$HOLDFAST_BUILD/lab-driver" up --shape star:1 --rows 100 --dir "$D/a" &
	as_root "$HOLDFAST_BUILD/lab-driver" up --shape star:1 --rows 100 --dir "$D/b"
	wait $!
	as_root "$HOLDFAST_BUILD/lab-driver" status | grep -qF "$D/a"
	as_root "$HOLDFAST_BUILD/lab-driver" down --dir "$D/a"
	no_server_below "$D/a"
	LAB=$D/b sql_is pg2 100 "SELECT count(*) FROM orders"
	as_root "$HOLDFAST_BUILD/lab-driver" down --dir "$D/b"
	no_server_below "$D"
}

@test "an ordinary user has a lab of their own, without root" {
	as_root chown hf-alice "$D"
	as_user hf-alice cp "$HOLDFAST_BUILD/lab-driver" "$D/driver" 2>/dev/null || cp "$HOLDFAST_BUILD/lab-driver" /tmp/hf-driver.$$
	mkdir -p "$D/x"; as_root chown hf-alice "$D/x"
	bin=$D/driver; [ -x "$bin" ] || bin=/tmp/hf-driver.$$
	as_user hf-alice "$bin" up --shape star:1 --rows 100 --dir "$D/x"
	[ "$(as_root stat -c %U "/proc/$(LAB=$D/x node_pid pg2)")" = hf-alice ]
	run as_user hf-bob "$bin" down --dir "$D/x"
	[ "$status" -eq 2 ]
	as_user hf-alice "$bin" down --dir "$D/x"
	rm -f "/tmp/hf-driver.$$"
	no_server_below "$D"
}

@test "Ctrl-C at any moment leaves nothing" {
	for s in 0.3 1.2 2.0 3.0; do
		"$HOLDFAST_BUILD/lab-driver" up --shape cascade:2 --rows 300000 --dir "$D/x" 3>&- &
		pid=$!
		sleep "$s"
		kill -INT "$pid" 2>/dev/null || true
		rc=0
		wait "$pid" || rc=$?
		if [ $rc -eq 0 ]; then "$HOLDFAST_BUILD/lab-driver" down --dir "$D/x"; fi
		[ ! -e "$D/x" ]
		no_server_below "$D"
	done
}

@test "kill -9 in the middle: down removes what is there" {
	"$HOLDFAST_BUILD/lab-driver" up --shape cascade:2 --rows 300000 --dir "$D/x" 3>&- &
	pid=$!
	sleep 1.5
	kill -9 "$pid"
	wait "$pid" || true
	[ -d "$D/x" ]
	"$HOLDFAST_BUILD/lab-driver" down --dir "$D/x"
	[ ! -e "$D/x" ]
	no_server_below "$D"
}

@test "a frozen server is stopped all the same" {
	LAB=$D/x
	"$HOLDFAST_BUILD/lab-driver" up --shape single --rows 100 --dir "$D/x"
	node_freeze pg1
	"$HOLDFAST_BUILD/lab-driver" down --dir "$D/x"
	no_server_below "$D"
}

@test "what is no lab is left alone, and what cannot be is said in one sentence" {
	mkdir "$D/mine"; touch "$D/mine/file"
	run DRIVER down --dir "$D/mine"
	[ "$status" -eq 2 ] && [[ $output == *"is no lab of yours"* ]] && [ -e "$D/mine/file" ]
	run DRIVER up --shape single --dir "$D/mine"
	[ "$status" -eq 2 ] && [[ $output == *"not an empty directory"* ]] && [ -e "$D/mine/file" ]
	run DRIVER up --shape ring:3 --dir "$D/x"
	[ "$status" -eq 2 ] && [[ $output == *"is no shape of a lab"* ]] && [ ! -e "$D/x" ]
	run DRIVER up --shape single --dir "$D/a b"
	[ "$status" -eq 2 ] && [[ $output == *"letters, digits"* ]] && [ ! -e "$D/a b" ]
	run DRIVER up --shape single --engine oracle --dir "$D/x"
	[ "$status" -eq 2 ] && [ ! -e "$D/x" ]
	run DRIVER up --shape single --user root --dir "$D/x"
	[ "$status" -eq 2 ] && [[ $output == *"never run as root"* ]] && [ ! -e "$D/x" ]
	HOLDFAST_PG_BIN=/nowhere run DRIVER up --shape single --dir "$D/x"
	[ "$status" -eq 1 ] && [[ $output == *"could not find"* ]] && [ ! -e "$D/x" ]
	mkdir "$D/closed"; chmod 700 "$D/closed"
	if [ "$(id -u)" = 0 ]; then
		run DRIVER up --shape single --dir "$D/closed/x"
		[ "$status" -eq 1 ] && [[ $output == *"could not enter"* ]] && [ ! -e "$D/closed/x" ]
	fi
}
