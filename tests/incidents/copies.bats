#!/usr/bin/env bats
# No replica to hold: what is destroyed or rewritten is copied first, exactly what is touched, and undo
# brings it back from there. pg_dump of before and after is the judge.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up single --rows 20000
	export LAB_TMP=$LAB/scratch
	as_root install -d -m 700 -o hf-alice "$LAB/copies" "$LAB_TMP"
	as_root sh -c "cd $LAB && echo 'policy = \"policy\"' >>holdfast.conf && cat >policy" <<-EOP
		safety_copies = "$LAB/copies"
		safety_days = 3
		write_confirm_rows = 10
	EOP
	dump >"$LAB/before"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

dump() {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/pg_dump" --create -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres shop | grep -v -e '^--' -e '^$' -e '^\\' -e 'pg_catalog.setval' | LC_ALL=C sort
}

same_as_before() { diff <(dump) "$LAB/before" >&2; }

nothing_left() { [ -z "$(as_root ls -A "$LAB_TMP")" ]; }

@test "a table dropped with CASCADE: copied first, and back from the copy through a scratch server" {
	play alice 'DROP TABLE orders CASCADE'
	[ "$status" -eq 0 ]
	[[ $SEEN == *"way back: The safety copy in "*"read again before it runs"* ]]
	[[ $output == *"SAFETY COPY"* || $output == *"DROP TABLE"* ]]
	local dir="$LAB/copies/$REQ.1"
	as_root test -f "$dir/manifest.json"
	[ "$(as_root jq -r '.files[] | select(.what == "rows of public.orders") | .rows' "$dir/manifest.json")" = 20000 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	nothing_left
}

@test "backups list shows each copy, and how long it is to be kept; one that never ended is none" {
	as_root install -d -m 700 -o hf-alice "$LAB/copies/broken.1"
	run -0 as alice -c 'backups list'
	echo "$output"
	[[ $output == *"safety copy"*"public.orders of pg1"*"to be kept 2 days 23 h more"* ]]
	[[ $output == *"broken"*"not complete: no copy"* ]]
	local m
	m=$(as_root sh -c "ls $LAB/copies/*/manifest.json" | head -n 1)
	as_root sed -i 's/"expires": [0-9]*/"expires": 1700000000/' "$m"
	run -0 as alice -c 'backups list'
	[[ $output == *"kept long enough since "* ]]
	as_root rm -r "$LAB/copies/broken.1"
}

@test "a DELETE with a condition: only the rows it means are copied; truncated tables are filled" {
	run -0 as alice -c "DELETE FROM order_items WHERE id % 4 = 0" --confirm pg1
	[[ $output == *"the rows it means of"* ]]
	local id
	id=$(as_root grep -l '"where": " id % 4 = 0"' "$LAB"/copies/*/manifest.json | sed -e 's/.*copies\///' -e 's/\..*//')
	[ "$(as_root jq -r '.files[] | select(.name == "data.1.sql") | .rows' "$LAB/copies/$id.1/manifest.json")" = 1000 ]
	play alice "undo $id"
	[ "$status" -eq 0 ]
	same_as_before
	play alice 'TRUNCATE orders, order_items'
	[ "$status" -eq 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
}

@test "a column's type, at confirm: copied before it is rewritten" {
	run -0 as alice -c "ALTER TABLE customers ALTER since TYPE text USING left(since::text, 4)" --confirm pg1
	[[ $output == *"all of public.customers"* ]]
	local id
	id=$(as_root grep -l '"mode": "replace"' "$LAB"/copies/*/manifest.json | sed -e 's/.*copies\///' -e 's/\..*//')
	[ "$(sql pg1 'SELECT since FROM customers LIMIT 1' | wc -c)" = 5 ]
	play alice "undo $id"
	[ "$status" -eq 0 ]
	same_as_before
}

@test "a copy that was changed, or is gone, is not believed; a directory that is full or open to all is refused" {
	play alice 'TRUNCATE order_items'
	[ "$status" -eq 0 ]
	local id=$REQ
	as_root sed -i 's/article 1/artikel 1/' "$LAB/copies/$id.1/data.1.sql"
	play alice "undo $id"
	[ "$status" -ne 0 ]
	[[ $output == *"data.1.sql is not what it was when it was written"* ]]
	[ "$(sql pg1 'SELECT count(*) FROM order_items')" = 0 ]
	as_root sed -i 's/artikel 1/article 1/' "$LAB/copies/$id.1/data.1.sql"
	as_root chmod 777 "$LAB/copies"
	play alice 'TRUNCATE orders CASCADE'
	[ "$status" -ne 0 ]
	[[ $output == *"can be written by everybody"* ]]
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 20000 ]
	as_root chmod 700 "$LAB/copies"
	play alice "undo $id"
	[ "$status" -eq 0 ]
	same_as_before
	nothing_left
}

@test "MariaDB: a DELETE with a condition that cascades, and a dropped table, back from their copies" {
	LAB_ENGINE=mariadb
	LAB=
	lab_up single --rows 5000
	as_root install -d -m 700 -o hf-alice "$LAB/copies"
	as_root sh -c "cd $LAB && echo 'policy = \"policy\"' >>holdfast.conf && printf 'safety_copies = \"%s\"\nwrite_confirm_rows = 10\n' $LAB/copies >policy"
	sql my1 "ALTER TABLE order_items DROP FOREIGN KEY order_items_order_fkey, ADD CONSTRAINT c FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE"
	local sums id rc=0
	sums=$(sql my1 'CHECKSUM TABLE orders, order_items, customers')
	as alice -c "DELETE FROM orders WHERE id % 2 = 0" --confirm my1 || rc=1
	id=$(as_root ls "$LAB/copies" | head -n 1)
	[ "$(sql my1 'SELECT COUNT(*) FROM orders')" = 2500 ] && [ $rc = 0 ] &&
		play alice "undo ${id%.*}" && [ "$status" -eq 0 ] &&
		[ "$(sql my1 'CHECKSUM TABLE orders, order_items, customers')" = "$sums" ] &&
		play alice 'DROP TABLE order_items' && [ "$status" -eq 0 ] &&
		play alice "undo $REQ" && [ "$status" -eq 0 ] &&
		[ "$(sql my1 'CHECKSUM TABLE orders, order_items, customers')" = "$sums" ] || rc=1
	lab_down
	[ $rc = 0 ]
}
