#!/usr/bin/env bats
# The same bytes mean something else under another sql_mode or character set, also when it changes in
# the middle of a session. One MariaDB server.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true LAB_ENGINE=mariadb
	lab_up single --rows 1000
}

teardown_file() {
	lab_down
}

# after SETTING TEXT: the text in a session that has the setting; nobody approves.
after() {
	run as alice --confirm my1 --wait 0 -c "$1" -c "$2"
	echo "$output"
}
stands() { [ "$(sql my1 'SELECT count(*) > 0 FROM orders')" = 1 ]; }

@test "NO_BACKSLASH_ESCAPES: what hides behind a quote is seen" {
	local text="SELECT '\\'; DROP TABLE orders; -- ';"
	run -0 as alice --wait 0 -c "$text"
	[[ "$output" == *"DROP TABLE orders"* ]]
	after "SET sql_mode = 'NO_BACKSLASH_ESCAPES'" "$text"
	[ "$status" = 5 ] || [ "$status" = 6 ]
	stands
}

@test "ANSI_QUOTES: a name between double quotes is a name" {
	after "SET sql_mode = 'ANSI_QUOTES'" 'DROP TABLE "order_items";'
	[ "$status" = 6 ]
	[[ "$output" == *destructive* && "$output" == *order_items* ]]
	[ "$(sql my1 'SELECT count(*) > 0 FROM order_items')" = 1 ]
}

@test "gbk: what a backslash may belong to is not understood" {
	after "SET NAMES gbk" "$(printf "SELECT '\\xbf\\x5c'; DROP TABLE orders; -- ';")"
	[ "$status" != 0 ]
	stands
}
