# The whole program at a terminal, on real servers: what a person sees and what the hands expect.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup_file() {
	lab_up star:1
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
}

# alice's shell; further words go to env.
shell() {
	local run=()
	[ "$(id -un)" = hf-alice ] || run=(setpriv --reuid=hf-alice "--regid=$(id -g hf-alice)" --init-groups)
	[ "$(id -u)" = 0 ] || run=(sudo -n -u hf-alice)
	screen_up "${COLS:-100}" "${ROWS:-30}" "${run[@]}" env "HOME=$LAB/home/hf-alice" INPUTRC=/dev/null \
		LANG=C.UTF-8 "$@" "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice
	see_last '>$'
}

@test "the prompt names cluster, node, PRIMARY and database" {
	shell
	see_last 'pg1 PRIMARY shop>$'
}

@test "a statement over several lines, its table, an error with its place" {
	shell
	line 'select count(*) as n,'
	see_last 'pg1 PRIMARY ->$'
	line "null as nothing from customers;"
	see '^ +n +\| nothing$'
	see '^-+\+-+$'
	see '^ *[0-9]+ \| \(null\)$'
	see '^\(1 row\)$'
	line 'select 1, wrong;'
	see '^error: pg1: column "wrong" does not exist'
	see '^LINE 1: select 1, wrong;?$'
	see '^                  \^$'
	see_last 'PRIMARY shop>$'
}

@test "\\x, \\timing, \\conninfo, \\!, \\q" {
	shell
	line '\x'
	line "select 1 as one, 'zwei' as two;"
	see '^-\[ RECORD 1 \]-'
	see '^two \| zwei$'
	line '\x off'
	line '\timing'
	line 'select 2 as two;'
	see '^Time: '
	line '\conninfo'
	see 'role +\| PRIMARY'
	line '\!ls'
	see '^error: this shell starts no other shell'
	line '\q'
	see '^LEFT 0'
}

@test "hostile rows are shown inert" {
	shell
	line "select E'\\x1b[2J\\x1b]0;owned\\x07' || chr(155) || chr(8238) as \"a\nb\";"
	see '\\x1b\[2J\\x1b\]0;owned\\x07\\u\{009b\}\\u\{202e\}'
}

@test "Ctrl-C cancels the query, not the shell" {
	shell
	line 'select pg_sleep(60);'
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep.60' AND pid <> pg_backend_pid()"
	key C-c
	see_last 'PRIMARY shop>$'
	line 'select 41 + 1 as answer;'
	see '^ +42$'
}

@test "an open transaction stands in the prompt, a failed one too" {
	shell
	line 'begin;'
	see_last '\[in transaction [0-9]+ s\].*>$'
	line 'select nothing;'
	see_last 'FAILED\].*>$'
	line 'rollback;'
	see_last 'PRIMARY shop>$'
}

@test "Tab completes tables of the server" {
	shell
	keys 'select * from custo'
	key Tab
	see_last 'from customers'
	key C-c
	keys 'top'
	key Tab
	see_last '> topology'
}

@test "Tab completes columns of the tables the text speaks of, and only tables after FROM" {
	shell
	keys 'select * from orders where customer_'
	key Tab
	see_last 'where customer_id'
	key C-c
	line 'select count(*)'
	keys 'from orders o where o.id > 0 and created_'
	key Tab
	see_last 'and created_at'
	key C-c
	keys 'select * from ord'
	key Tab
	see_last 'from order'
	key Tab Tab
	see 'order_items +orders'
}

@test "a paste of several statements is one plan: nothing of it ran before Enter, and it is judged whole" {
	shell
	printf 'select 1;\ndrop table orders;\n' >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	see '^drop table orders;$'
	sleep 0.5
	not_seen '^\(1 row\)'
	key Enter
	# RESTRICT would be refused by the server: so the SELECT before it did not run either.
	see '^error: refused: .*order_items'
	see_last 'PRIMARY shop>$'
	not_seen '^\(1 row\)'
	[ "$(sql pg1 "select count(*) from pg_class where relname = 'orders'")" = 1 ]
}

@test "TERM=dumb, NO_COLOR and 20x5 work" {
	COLS=20 ROWS=5 shell TERM=dumb
	line 'select 5 as five;'
	see '^ +5$'
	screen_down
	shell NO_COLOR=1
	[[ "$(tm capture-pane -p -e)" != *$'\033['* ]]
}

@test "the history is private and holds no password" {
	shell
	line "select 'remember me';"
	see '\(1 row\)'
	line "select 'password hunter2';"
	see 'hunter2$'
	line '\q'
	see '^LEFT 0'
	local h
	h=$(as_root find "$LAB/home/hf-alice" -name history)
	[ -n "$h" ]
	[ "$(as_root stat -c %a "$h")" = 600 ]
	run as_root grep -c hunter2 "$h"
	[ "$output" = 0 ]
}

@test "\\i, \\e and \\watch: shown first, Enter hands over, Ctrl-C ends" {
	local f=$LAB/home/hf-alice/f.sql
	printf 'SELECT 41 + 1 AS answer;\nDROP TABLE orders;\n' >"$f"
	printf '#!/bin/sh\necho "SELECT 600 + 66 AS edited;" >"$1"\n' >"$LAB/home/hf-alice/ed"
	chmod 755 "$f" "$LAB/home/hf-alice/ed"
	shell "EDITOR=$LAB/home/hf-alice/ed"
	line "\\i $f"
	see '^\| DROP TABLE orders;$'
	see '^read: 2 lines.*Enter hands it over as one text, Ctrl-C drops it'
	key C-c
	see_last 'PRIMARY shop>$'
	line '\e'
	see '^\| SELECT 600 \+ 66 AS edited;$'
	key Enter
	see '^ *666$'
	see_last 'PRIMARY shop>$'
	line '\watch 0.2'
	see 'every 0.2 s; Ctrl-C ends it'
	key C-c
	see_last 'PRIMARY shop>$'
	sql_is pg1 t "SELECT count(*) > 0 FROM orders"
}
