# The shell in the hand: what stands right above the question, what the prompt carries, what a paste is.
# The editor itself is tested in editor.bats, plain statements in shell.bats.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup_file() {
	lab_up cascade:2 --rows 20000
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
	sql pg2 'SELECT pg_wal_replay_resume()' >/dev/null
	sql pg3 'SELECT pg_wal_replay_resume()' >/dev/null
}

# session COLUMNS LINES PERSON [ENV...]: a person's shell; "-" is nobody.
session() {
	local columns=$1 lines=$2 person=$3 words
	shift 3
	words=$(TERM_IN=${TERM_IN:-screen} as_words "${person/-/alice}")
	[ "$person" != - ] || words=${words% --as alice}
	screen_up "$columns" "$lines" bash -c "${words/ PATH=/ $* PATH=}"
	see_last '>$'
}

@test "80x24: what, where, what is lost and the way back stand above the question" {
	session 80 24 alice
	line 'DROP TABLE orders CASCADE;'
	see_last '^Type the node.s name \(pg1\) to file the request; anything else stops:$'
	in_sight '^  WHAT +DROP TABLE orders CASCADE;'
	in_sight '^  WHERE +pg1, the PRIMARY, database shop; held back first: pg2, pg3'
	in_sight '^  TAKES AWAY +table public.orders: 20,000 rows, .*; and 2 more'
	in_sight '^  WAY BACK +pg2 and pg3 keep everything'
	in_sight 'or: reversible'
	line 'pg2'
	see '^error: stopped: nothing was run on pg1'
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 20000 ]
}

@test "120x40: the same, and nothing depends on colour" {
	session 120 40 alice NO_COLOR=1
	line 'TRUNCATE orders CASCADE;'
	see_last 'anything else stops:$'
	in_sight '^  WHERE +pg1, the PRIMARY'
	in_sight '^  TAKES AWAY '
	[[ "$(tm capture-pane -p -e)" != *$'\033['* ]]
	key C-c
	see_last 'PRIMARY shop>$'
	[ "$(sql pg1 'SELECT count(*) FROM orders')" = 20000 ]
}

@test "a paste of 30 lines with a DROP in the middle is one plan, shown whole, and runs nothing before" {
	session 100 40 alice
	local i
	{
		echo 'BEGIN;'
		for i in {1..14}; do echo "UPDATE customers SET name = name WHERE id = $i;"; done
		echo 'DROP TABLE order_items;'
		for i in {15..27}; do echo "UPDATE customers SET name = name WHERE id = $i;"; done
		echo 'COMMIT;'
	} >"$SCREEN_DIR/p"
	[ "$(wc -l <"$SCREEN_DIR/p")" = 30 ]
	local before
	before=$(sql pg1 'SELECT sum(xmin::text::bigint) FROM customers')
	paste "$SCREEN_DIR/p"
	key Enter
	see_last 'anything else stops:$'
	see '^  what +[0-9]+ bytes, 30 statements'
	in_sight 'TAKES AWAY +table public.order_items'
	[ "$(screen | grep -c '^PLAN ')" = 1 ]
	line no
	see '^error: stopped: nothing was run'
	[ "$(sql pg1 'SELECT sum(xmin::text::bigint) FROM customers')" = "$before" ]
	[ "$(sql pg1 "SELECT to_regclass('order_items') IS NOT NULL")" = t ]
}

@test "the prompt counts what is held, names the incident, and leaving says what stays held" {
	session 80 24 alice
	line 'incident open INC-77'
	see_last 'INC-77 \(on duty [0-9]+ min\)>$'
	line 'pause pg2'
	see_last '(stops:|>)$'
	visible | grep -q 'stops: *$' && line pg2
	see_last '\[1 held\] INC-77( \(on duty [0-9]+ min\))?>$'
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = paused ]
	line '\q'
	see '^pg2 is still held, and stays held'
	see '^LEFT 0'
	screen_down
	session 80 24 alice
	see '^HELD: pg2 at [0-9A-F]+/[0-9A-F]+ since [-0-9T:]+Z by alice'
	see_last '\[1 held\]>$'
}

@test "nobody's shell says unsigned, and lets nobody sign" {
	session 80 24 - PGUSER=alice PGPASSFILE=$LAB/keys/alice.pgpass
	see_last 'PRIMARY shop.* unsigned>$'
	line 'approve'
	see '^error: approve needs to know who you are: this session is unsigned'
}

@test "Tab completes verbs, nodes and tables" {
	session 80 24 alice
	keys 'topo'
	key Tab
	see_last '> topology'
	key C-c
	keys 'connect pg'
	key Tab
	key Tab
	see 'pg1 +pg2 +pg3'
	key C-c
	keys 'select count(*) from order_'
	key Tab
	see_last 'from order_items'
}

@test "progress of quick steps does not stay on the screen" {
	session 80 24 alice
	line 'ALTER TABLE customers ADD COLUMN seen_by_test int;'
	see_last 'anything else stops:$'
	line pg1
	see '^ALTER TABLE$'
	see_last 'PRIMARY shop.*>$'
	[ "$(sql pg1 "SELECT count(*) FROM pg_attribute WHERE attname = 'seen_by_test'")" = 1 ]
}

@test "20x5 and TERM=dumb: the question and the refusal can still be read" {
	TERM_IN=dumb session 20 5 alice
	line 'DROP TABLE orders;'
	see 'order_items_order_fkey'
	see_last '>$'
	line 'select 6 * 7 as x;'
	see '^ +42$'
	line '\q'
	see 'LEFT 0'
}
