#!/usr/bin/env bats
# A table out of a dump on MariaDB: loaded beside, swapped, taken back. Plain mariadb and mariadb-dump judge.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_ENGINE=mariadb
	export LAB_ENGINE
	lab_up star:1 --rows 20000
	export DUMPS=$LAB/dumps
	as_root install -d -m 755 "$DUMPS"
	own_dump --routines --triggers --databases shop | as_root tee "$DUMPS/whole" >/dev/null
	dump >"$LAB/before"
	rows_of my1 orders >"$LAB/rows"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
	[ -z "${LOCKER:-}" ] || kill "$LOCKER" 2>/dev/null || true
}

own_dump() {
	as_root mariadb-dump --defaults-file="$LAB/my.cnf" -P "$(node_port my1)" "$@"
}

# In an order of its own. A table that was renamed has its trigger ON `orders`.
dump() {
	own_dump --skip-comments --skip-extended-insert --triggers --databases shop |
		grep -v -e '^/\*![0-9]* SET' -e '^/\*M!' | sed -e 's/ AUTO_INCREMENT=[0-9]*//' -e 's/ON shop\.orders/ON `orders`/' | LC_ALL=C sort
}

# A plan's lines are wrapped: as one.
flat() { sed 's/^ *> / /' <<<"$1" | tr -s ' \n' ' '; }

refused() {
	run as alice -c "restore table ${2:-shop.orders} from $1"
	output=$(flat "$output")
	echo "$output"
	[ "$status" -ne 0 ]
}

schemas() { sql my1 "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'holdfast_${1:-restore}%'"; }
drop_aside() {
	local s
	for s in $(schemas aside); do sql my1 "SET foreign_key_checks = 0; DROP DATABASE $s"; done
}

@test "half of it deleted, the rest overwritten: back out of the dump of the whole database, and undone" {
	sql my1 "DELETE FROM order_items; DELETE FROM orders WHERE id % 2 = 0; UPDATE orders SET total = 0"
	dump >"$LAB/damaged"
	play alice "restore table shop.orders from $DUMPS/whole"
	[ "$status" -eq 0 ]
	SEEN=$(flat "$SEEN")
	[[ $SEEN == *"20,000 rows"*"is loaded beside and then takes the place of what stands"* ]]
	[[ $SEEN == *"TAKES AWAY"*"table shop.orders as it stands: "*"moved aside, not dropped"* ]]
	[[ $output == *"LOADED: 20,000 rows"*"SWAPPED: shop.orders is the restored one"* ]]
	[[ $output == *"my2"*PROVEN* ]]
	[[ $output != *REPORT* ]]
	[ "$(rows_of my1 orders)" = "$(cat "$LAB/rows")" ]
	# Definitions, keys, those of others, the trigger: as they were.
	diff <(dump | grep -v '^INSERT') <(grep -v '^INSERT' "$LAB/before")
	replay_is my2 held
	[ -z "$(schemas)" ]

	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	[[ $output == *"SWAPPED BACK"* ]]
	diff <(dump) "$LAB/damaged"
	sql my1 "UPDATE orders SET status = 'back' WHERE id = 1"
	[ "$(sql my1 "SELECT changed_at IS NOT NULL FROM orders WHERE id = 1")" = 1 ]
	drop_aside
}

@test "a directory of mydumper, a dump of one database, and --beside touches nothing" {
	local f
	as_root mydumper --defaults-file="$LAB/my.cnf" -h 127.0.0.1 -P "$(node_port my1)" -B shop -o "$DUMPS/my" >/dev/null 2>&1
	own_dump shop customers | as_root tee "$DUMPS/one" >/dev/null
	as_root chmod -R a+rX "$DUMPS"
	rows_of my1 customers >"$LAB/customers"
	run as alice -c "plan restore table customers from $DUMPS/one"
	[ "$status" -eq 0 ]
	[[ $(flat "$output") == *"load 1,010 rows of shop.customers into database"*"then 1 definitions"* ]]
	play alice "restore table customers from $DUMPS/my beside"
	[ "$status" -eq 0 ]
	[[ $output == *"LOADED: 1,010 rows"* ]]
	f=$(schemas)
	[ "$(rows_of my1 "$f.customers" | sed "s/$f/shop/")" = "$(cat "$LAB/customers")" ]
	[ "$(sql my1 "SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '$f' AND TABLE_NAME = 'customers'")" = 2 ]
	sql my1 "DROP DATABASE $f"
}

@test "killed with -9, then the same restore goes on from there" {
	own_dump --skip-extended-insert shop customers | as_root tee "$DUMPS/single" >/dev/null
	sql my1 "LOCK TABLES customers READ; SELECT SLEEP(600)" >/dev/null 2>&1 3>&- &
	LOCKER=$!
	wait_until 60 locked
	file_as alice "restore table customers from $DUMPS/single"
	approve_as bob "$REQ" my1
	wait_until 60 begun
	as_root kill -9 "$(program)"
	finish
	[ "$status" -ne 0 ]
	sql my1 "SELECT 1 FROM customers LIMIT 1"
	sql my1 "KILL $(sql my1 "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(600)%'")"
	wait "$LOCKER" || true
	LOCKER=
	play alice "restore table customers from $DUMPS/single"
	[ "$status" -eq 0 ]
	[[ $(flat "$SEEN") == *"An earlier restore of the same rows was stopped"* ]]
	[[ $output == *"SWAPPED: shop.customers is the restored one"* ]]
	[ "$(rows_of my1 customers)" = "$(cat "$LAB/customers")" ]
	[ -z "$(schemas)" ]
	drop_aside
}
locked() { [ -n "$(sql my1 "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP(600)%'")" ]; }
begun() {
	local s
	s=$(schemas) && [ -n "$s" ] && sql my1 "SELECT stage FROM $s.holdfast_restore" 2>/dev/null | grep -qE 'made|loaded'
}
# The program itself, below what started it.
program() {
	local p=$PID
	until [ "$(as_root readlink "/proc/$p/exe")" = "$LAB/bin/holdfast" ]; do
		p=$(pgrep -P "$p" | head -n 1) && [ -n "$p" ] || return 1
	done
	echo "$p"
}

@test "rows that do not fit: the others are in, these are kept with their reason, and the report says so" {
	local side
	own_dump shop customers | sed -e '0,/^(5,/s/^(5,.*/&\n(5,"twice","five@shop.example","2020-01-01"),/' -e "s/'2020-01-04'/'2020-13-04'/" |
		as_root tee "$DUMPS/twice" >/dev/null
	play alice "restore table customers from $DUMPS/twice"
	[ "$status" -eq 0 ]
	[[ $output == *"LOADED: 1,011 rows"*"REPORT: 1 row did not fit: each is kept as text, with the reason, in holdfast_restore_"*"REPORT: the server changed values"* ]]
	side=$(schemas)
	[[ $(sql my1 "SELECT reason, row_text FROM $side.holdfast_unfit") == *"Duplicate entry '5'"*'(5,"twice","five@shop.example","2020-01-01")'* ]]
	[ "$(sql my1 "SELECT COUNT(*) FROM customers")" = 1010 ]
	sql my1 "DROP DATABASE $side"
	drop_aside
	# Orders whose customers are gone: they are all there, and told.
	sql my1 "SET foreign_key_checks = 0; DELETE FROM customers WHERE id = 7"
	play alice "restore table shop.orders from $DUMPS/whole"
	[ "$status" -eq 0 ]
	[[ $output == *"REPORT: "*" of shop.orders have no parent in shop.customers (foreign key orders_customer_fkey"* ]]
	[ "$(rows_of my1 orders)" = "$(cat "$LAB/rows")" ]
	drop_aside
}

@test "bad input: a clear sentence, and nothing done" {
	local f=$LAB/bad
	as_root install -d -m 755 "$f"
	as_root head -c 400000 "$DUMPS/whole" | as_root tee "$f/cut" >/dev/null
	refused "$f/cut"
	[[ $output == *"the dump ends in the middle of a statement: it was cut"* ]]
	as_root sed '/^-- Dump completed/d' "$DUMPS/whole" | as_root tee "$f/end" >/dev/null
	refused "$f/end"
	[[ $output == *"is no whole dump: it was cut"* ]]
	as_root sed 's/^-- Server version.*/-- Server version\t8.0.36/' "$DUMPS/whole" | as_root tee "$f/mysql" >/dev/null
	refused "$f/mysql"
	[[ $output == *"is of MySQL and this server is MariaDB"* ]]
	as_root sed 's/^-- Server version.*/-- Server version\t12.3.1-MariaDB/' "$DUMPS/whole" | as_root tee "$f/new" >/dev/null
	refused "$f/new"
	[[ $output == *"of version 12.3 and my1 is version 10.11"* ]]
	as_root sed '0,/^(1,/s/^(1,/(SLEEP(1),/' "$DUMPS/one" | as_root tee "$f/code" >/dev/null
	refused "$f/code" customers
	[[ $output == *"is not only literals"* ]]
	as_root sed "/^CREATE TABLE .customers/,/^) ENGINE=/s/^) ENGINE=.*/) AS SELECT LOAD_FILE('\\/etc\\/passwd') AS seen;/" "$DUMPS/one" | as_root tee "$f/reads" >/dev/null
	refused "$f/reads" customers
	[[ $output == *"the dump's definition of customers does more than make a table"* ]]
	refused "$DUMPS/whole" shop.nothing
	[[ $output == *"has no definition of a table shop.nothing"* ]]
	refused "$DUMPS/whole" shop.big_orders
	refused "$DUMPS" shop.orders
	[[ $output == *"is no dump of mariadb-dump, mysqldump or mydumper"* ]]
	as_root sed -i '/^Finished/d' "$DUMPS/my/metadata"
	refused "$DUMPS/my" shop.orders
	[[ $output == *"was not finished"* ]]
	run as alice -c 'connect my2' -c "restore table shop.orders from $DUMPS/whole"
	[ "$status" -eq 5 ]
	[ -z "$(schemas)$(schemas aside)" ]
}
