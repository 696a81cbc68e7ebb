# What goes wrong at a terminal: it is tiny, dumb, or gone; the server goes; names are hostile.
bats_require_minimum_version 1.5.0
load ../lab/lab.bash
load tmux.bash

setup_file() { lab_up cascade:1 --rows 2000; }
teardown_file() { lab_down; }
teardown() { screen_down; }

shell() { screen_up "$1" "$2" bash -c "$(as_words alice "${@:3}")"; }
# This lab's shells, and no others; their children are named with -P.
shells() {
	local p
	for p in $(pgrep -f "^$LAB/bin/holdfast"); do
		[[ $(ps -o args= -p "$(ps -o ppid= -p "$p" | tr -d ' ')" 2>/dev/null) == "$LAB/bin/holdfast"* ]] || echo "$p"
	done
}
gone() { ! pgrep -f "^$LAB/bin/holdfast"; }
sealed() { # every journal of alice's is closed and signed
	for f in "$LAB"/journal/*.jsonl; do
		run as_user hf-alice "$(holdfast_bin)" journal verify --operators "$LAB/operators" "$f"
		echo "$output"
		[ "$status" = 0 ] || [[ $output == *": sealed"* ]] || return 1
	done
}

@test "20 columns, 5 lines: the shell works" {
	shell 20 5
	see 'PRIMARY.*>'
	line 'select 40 + 2 as n;'
	see '42'
	line 'plan drop table orders cascade;'
	see_last '^:'
	key q
	see 'WAY BACK'
	see_last 'PRIMARY>'
	line 'topology'
	see '[+]- pg2'
	keys q
	sleep 0.5
	key C-u
	line '\q'
	see 'LEFT 0'
}

@test "a dumb terminal gets no control sequence" {
	printf "select null as n;\nselect * from nowhere;\ntopology\n\\\\q\n" >"$BATS_TEST_TMPDIR/in"
	TERM_IN=dumb run timeout 90 script -qec "$(TERM_IN=dumb as_words alice)" /dev/null <"$BATS_TEST_TMPDIR/in"
	[[ $output == *PRIMARY* ]]
	! grep -qP '\x1b|\xc2\x9b' <<<"$output"
}

@test "Ctrl-C cancels the query, not the shell" {
	shell 100 30
	see 'shop>'
	line 'select pg_sleep(60);'
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep.60' AND pid <> pg_backend_pid()"
	key C-c
	see 'cancel'
	line "select 'still ' || 'here';"
	see 'still here'
	sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep.60'  AND pid <> pg_backend_pid()"
}

@test "the terminal vanishes, at the prompt and in a query: the session ends, requests withdrawn, journal sealed" {
	for l in '' 'select 1' 'select pg_sleep(60);' 'begin;' 'select * from orders;'; do
		shell 100 30
		see 'shop>'
		[ -z "$l" ] || line "$l"
		sleep 1
		screen_down
		wait_until 5 gone
	done
	shell 100 50
	see 'shop>'
	line 'drop table orders cascade;'
	see 'name \(pg1\)'
	line pg1
	see 'Filed'
	[ "$(ls "$LAB/spool" | grep -c 'request$')" = 1 ]
	screen_down
	wait_until 5 gone
	[ "$(ls "$LAB/spool" | grep -c 'request$')" = 0 ]
	sealed
}

@test "SIGTERM and SIGHUP: the same known end" {
	for s in TERM HUP; do
		shell 100 50
		see 'shop>'
		line 'drop table orders cascade;'
		see 'name \(pg1\)'
		line pg1
		see 'Filed'
		kill -$s $(shells)
		see 'LEFT [1-9]'
		[ "$(ls "$LAB/spool" | grep -c 'request$')" = 0 ]
		screen_down
	done
	wait_until 5 gone
	sealed
}

@test "Ctrl-C while a request waits: withdrawn, and said" {
	shell 100 50 --wait 200 -c 'drop table orders cascade'
	see '^request '
	key C-c
	see 'withdrawn'
	see 'LEFT [1-9]'
	[ "$(ls "$LAB/spool" | grep -c 'request$')" = 0 ]
	sql_is pg1 2000 "SELECT count(*) FROM orders"
}

@test "the server stops during the session: the shell says so, stays, and connects again" {
	shell 100 40
	see 'shop>'
	node_stop pg1 immediate
	line 'select 41 + 1;'
	see 'error:'
	line 'where'
	see 'not connected|no connection'
	node_start pg1
	line 'connect pg1'
	see_last 'PRIMARY'
	line 'select 41 + 1 as n;'
	see '^ *42'
}

@test "hostile names at the prompt, in completion and in a long result" {
	E=$(printf '\033[31m\302\233\342\200\256')
	sql pg1 "CREATE DATABASE \"d${E}\""
	sql pg1 "CREATE TABLE \"hostile${E}\" (n int)"
	shell 100 40
	tm pipe-pane "cat >$SCREEN_DIR/raw"
	see 'shop>'
	line "incident open i$(printf '\342\200\256')x"
	line "connect pg1 d${E}"
	sleep 1
	line 'connect pg1 shop'
	see 'shop>'
	keys 'select * from host'
	key Tab
	key Tab
	sleep 1
	key C-c
	line 'select relname from pg_class where relname ~ $$^hostile$$;'
	see '1 row'
	line '\q'
	see 'LEFT 0'
	! grep -qP '\x1b\[31m|\xc2\x9b|\xe2\x80\xae' "$SCREEN_DIR/raw"
	sql pg1 "DROP DATABASE \"d${E}\""
	sql pg1 "DROP TABLE \"hostile${E}\""
}
