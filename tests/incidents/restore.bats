#!/usr/bin/env bats
# A table out of a dump: planned with what it would take away, loaded beside, swapped, taken back. Plain
# psql and pg_dump judge.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 20000
	export LAB_TMP=$LAB/scratch DUMPS=$LAB/dumps
	as_root install -d -m 700 -o hf-alice "$LAB_TMP"
	as_root install -d -m 755 "$DUMPS"
	pg_dump -Fc -f "$DUMPS/shop.dump" shop
	dump >"$LAB/before"
	rows_of pg1 orders >"$LAB/rows"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || as_root kill "$(program)" 2>/dev/null || true
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

pg_dump() {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres "$@"
	as_root chmod -R a+rX "$DUMPS"
}

# Everything but what went aside, in an order of its own.
dump() {
	pg_dump -N 'holdfast_*' shop | grep -v -e '^--' -e '^$' -e '^\\' -e 'pg_catalog.setval' | LC_ALL=C sort
}

# planned FILE [TABLE]: the plan of a restore, which runs nothing.
planned() {
	run as alice -c "plan restore table ${2:-public.orders} from $1"
	echo "$output"
	output=$(flat "$output")
}

# A plan's lines are wrapped: as one.
flat() { sed 's/^ *> / /' <<<"$1" | tr -s ' \n' ' '; }

nothing_left() {
	[ -z "$(sql pg1 "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'holdfast_restore%'")" ]
	[ -z "$(as_root ls -A "$LAB_TMP")" ]
}

@test "half of it deleted, the rest overwritten: back out of the dump of the whole database, and undone" {
	sql pg1 "DELETE FROM order_items; DELETE FROM orders WHERE id % 2 = 0; UPDATE orders SET total = 0"
	dump >"$LAB/damaged"
	play alice "restore table public.orders from $DUMPS/shop.dump"
	[ "$status" -eq 0 ]
	SEEN=$(flat "$SEEN")
	[[ $SEEN == *"20,000 rows"*"is loaded beside and then takes the place of what stands"* ]]
	[[ $SEEN == *"TAKES AWAY"*"table public.orders as it stands: "*"moved aside, not dropped"* ]]
	[[ $SEEN == *"CREATE TABLE \"holdfast_restore_"*"orders ("* ]]
	[[ $output == *"LOADED: 20,000 rows"*"SWAPPED: public.orders is the restored one"* ]]
	[[ $output == *"pg2"*PROVEN* ]]
	[ "$(rows_of pg1 orders)" = "$(cat "$LAB/rows")" ]
	# Definitions, grants, comments, keys of others, the view: as they were.
	diff <(dump | grep -v -P '\t') <(grep -v -P '\t' "$LAB/before")
	[ "$(sql pg1 "SELECT confrelid::regclass || ' ' || convalidated FROM pg_constraint WHERE conname = 'order_items_order_fkey'")" = 'orders true' ]
	replay_is pg2 held
	nothing_left

	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	[[ $output == *"SWAPPED BACK"* ]]
	diff <(dump) "$LAB/damaged"
	nothing_left
}

@test "every format of pg_dump, and --beside touches nothing" {
	local f
	pg_dump -Fd -f "$DUMPS/dir" shop
	pg_dump -Ft -f "$DUMPS/tar" shop
	pg_dump -Fp -C -f "$DUMPS/plain" shop
	pg_dump -Fp -t customers -f "$DUMPS/one" shop
	for f in dir tar plain; do
		planned "$DUMPS/$f" public.customers
		echo "$output"
		[ "$status" -eq 0 ]
		[[ $output == *"load 1,010 rows of public.customers into schema"* ]]
	done
	planned "$DUMPS/one" customers
	[ "$status" -eq 0 ]
	rows_of pg1 customers >"$LAB/customers"
	play alice "restore table public.customers from $DUMPS/plain beside"
	[ "$status" -eq 0 ]
	f=$(sql pg1 "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'holdfast_restore%'")
	[ "$(rows_of pg1 "$f.customers")" = "$(cat "$LAB/customers")" ]
	[ "$(sql pg1 "SELECT count(*) FROM pg_indexes WHERE schemaname = '$f'")" = 2 ]
	sql pg1 "DROP SCHEMA $f CASCADE"
}

@test "killed with -9, then a swap that cannot get its lock: nothing was touched, and the same restore goes on from there" {
	local was=$LAB/was
	dump >"$was"
	sql pg1 "BEGIN; LOCK orders IN ACCESS SHARE MODE; SELECT pg_sleep(600)" >/dev/null 2>&1 3>&- &
	local locker=$!
	wait_until 20 locked
	file_as alice "restore table public.orders from $DUMPS/shop.dump"
	approve_as bob "$REQ" pg1
	wait_until 60 loaded
	# It waits for the lock of the swap now, or has given up: either way it was stopped.
	as_root kill -9 "$(program)" || true
	finish
	[ "$status" -ne 0 ]
	diff <(dump) "$was"
	play alice "restore table public.orders from $DUMPS/shop.dump"
	[ "$status" -ne 0 ]
	[[ $(flat "$SEEN") == *"An earlier restore of the same rows was stopped"* ]]
	[[ $output == *"nothing was swapped"*"the same restore goes on from there"*"lock timeout"* ]]
	diff <(dump) "$was"
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'AccessShareLock' AND relation = 'orders'::regclass" >/dev/null
	wait "$locker" || true
	play alice "restore table public.orders from $DUMPS/shop.dump"
	[ "$status" -eq 0 ]
	[ "$(rows_of pg1 orders)" = "$(cat "$LAB/rows")" ]
	nothing_left
}
locked() {
	[ "$(sql pg1 "SELECT count(*) FROM pg_locks WHERE mode = 'AccessShareLock' AND granted AND relation = 'orders'::regclass AND pid <> pg_backend_pid()")" -gt 0 ]
}
loaded() {
	sql pg1 "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname LIKE 'holdfast_restore%'" | grep -q ' loaded 6$'
}
# The program itself, below what started it.
program() {
	local p=$PID
	until [ "$(as_root readlink "/proc/$p/exe")" = "$LAB/bin/holdfast" ]; do
		p=$(pgrep -P "$p" | head -n 1) && [ -n "$p" ] || return 1
	done
	echo "$p"
}

@test "a restore a hundred times as slow: failing over is recommended in its first 5 %; Ctrl-C leaves nothing" {
	local was=$LAB/was real=$HOLDFAST_PG_BIN
	dump >"$was"
	as_root install -d -m 755 "$LAB/slow"
	as_root tee "$LAB/slow/pg_restore" >/dev/null <<-EOP
		#!/usr/bin/python3
		import subprocess, sys, time
		args = ["$real/pg_restore"] + sys.argv[1:]
		out = [a[7:] for a in args if a.startswith("--file=")]
		if "--data-only" not in args or not any("holdfast-undo" in a for a in args):
		    sys.exit(subprocess.call(args))
		p = subprocess.Popen([a for a in args if not a.startswith("--file=")] + ["--file=-"], stdout=subprocess.PIPE)
		with open(out[0], "wb", buffering=0) as f:
		    while piece := p.stdout.read(2000):
		        f.write(piece)
		        time.sleep(1)
		sys.exit(p.wait())
	EOP
	as_root chmod 755 "$LAB/slow/pg_restore"
	as() { as_user "hf-$1" env HOLDFAST_PG_BIN="$LAB/slow" "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as "$1" "${@:2}"; }
	file_as alice "restore table public.orders from $DUMPS/shop.dump"
	approve_as bob "$REQ" pg1
	wait_until 30 grep -q 'FASTER: failing over to pg2 (held, complete to [^)]*) about 3[0-9.]* s; rows: ' "$OUT" || { cat "$OUT" && false; }
	grep -m 1 FASTER "$OUT"
	[ "$(sed -n 's/.*FASTER: .*; rows: \([0-9,]*\) of 20,000.*/\1/p' "$OUT" | head -n 1 | tr -d ,)" -le 1000 ]
	grep -E 'done about ..:..:..Z ± .*then keys and indexes .* left$' "$OUT"
	as_root kill -INT "$(program)"
	finish
	[ "$status" -ne 0 ]
	[[ $output == *"no table that stands was touched, and nothing was kept"*cancelled* ]]
	diff <(dump) "$was"
	nothing_left
}

@test "bad input: a clear sentence, and nothing done" {
	head -c "$(($(as_root stat -c %s "$DUMPS/shop.dump") / 2))" "$DUMPS/shop.dump" >"$LAB_TMP.cut"
	planned "$LAB_TMP.cut"
	[ "$status" -ne 0 ]
	[[ $output == *"is no whole dump"* ]]
	head -n "$(($(wc -l <"$DUMPS/plain") / 2))" "$DUMPS/plain" >"$LAB_TMP.cut2"
	planned "$LAB_TMP.cut2" public.order_items
	[ "$status" -ne 0 ]
	[[ $output == *"it was cut"* || $output == *"has no"* ]]
	# Refused before anything could be filed.
	planned() { run as alice -c "restore table ${2:-public.orders} from $1"; output=$(flat "$output"); }
	sed 's/^-- Dumped from database version 15/-- Dumped from database version 19/' "$DUMPS/one" >"$LAB_TMP.new"
	planned "$LAB_TMP.new" customers
	[ "$status" -eq 5 ]
	[[ $output == *"of version 19 and pg1 is version 15"* ]]
	sed 's/TO shop_ro;/TO nobody_here;/' "$DUMPS/one" >"$LAB_TMP.role"
	planned "$LAB_TMP.role" customers
	[ "$status" -eq 5 ]
	[[ $output == *"does not have: nobody_here. Create the role first"* ]]
	planned "$DUMPS/shop.dump" public.nothing
	[ "$status" -eq 1 ]
	[[ $output == *"has no definition of a table public.nothing"* ]]
	planned "$DUMPS/shop.dump" public.big_orders
	[ "$status" -eq 1 ]
	planned "$DUMPS/nowhere"
	[ "$status" -eq 1 ]
	planned "$DUMPS"
	[ "$status" -eq 5 ]
	[[ $output == *"is no dump of pg_dump"* ]]
	run as alice -c 'connect pg2' -c "restore table public.orders from $DUMPS/shop.dump"
	[ "$status" -eq 5 ]
	[[ $output == *"a restore goes to the primary, pg1"* ]]
	nothing_left
}

@test "rows that do not fit any more: all are there, the key stays NOT VALID, and the report says so" {
	sql pg1 "DELETE FROM order_items; DELETE FROM orders; DELETE FROM customers WHERE id = 7"
	play alice "restore table public.orders from $DUMPS/shop.dump"
	[ "$status" -eq 0 ]
	[[ $output == *"REPORT: the key stays NOT VALID: "*"orders_customer_fkey"*"(customer_id)=(7)"* ]]
	[ "$(rows_of pg1 orders)" = "$(cat "$LAB/rows")" ]
	[ "$(sql pg1 "SELECT convalidated FROM pg_constraint WHERE conname = 'orders_customer_fkey' AND conrelid = 'orders'::regclass")" = f ]
}
