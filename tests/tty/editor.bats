# The line editor in a real terminal (tmux), with a program that shows which bytes it was handed.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

DRIVER=$HOLDFAST_BUILD/tty-driver

setup() {
	HIST=$(mktemp -d "${TMPDIR:-/tmp}/hf-hist.XXXXXX")/history
}

teardown() {
	screen_down
	rm -rf "$(dirname "$HIST")"
}

editor() {
	screen_up "${COLS:-80}" "${ROWS:-24}" "$@" "$DRIVER" "$HIST"
	see_last 'PRIMARY.*>$'
}

@test "the prompt says cluster, node, ROLE and database" {
	editor
	see '^main/pg1 PRIMARY shop>$'
	line 'hold;'
	see 'PRIMARY shop \[2 held\]>$'
	line 'begin;'
	see 'PRIMARY shop \[in transaction [0-9]+ s\] \[2 held\]>$'
}

@test "no key: unsigned" {
	screen_up 80 24 "$DRIVER" "$HIST" nokey
	see 'PRIMARY shop unsigned>$'
}

@test "colour repeats the word; NO_COLOR and a dumb terminal have none" {
	editor
	[[ "$(tm capture-pane -p -e)" == *$'\033[1m\033[31mPRIMARY'* ]]
	screen_down
	editor NO_COLOR=1
	[[ "$(tm capture-pane -p -e)" != *$'\033['* ]]
	screen_down
	editor TERM=dumb
	[[ "$(tm capture-pane -p -e)" != *$'\033['* ]]
}

@test "a verb is a line; SQL is collected, and the prompt says why" {
	editor
	line 'where'
	see '^GOT 5 "where"'
	line "select 'a"
	see_last "pg1 PRIMARY '>$"
	line "b' -- ;"
	see_last 'pg1 PRIMARY ->$'
	line 'where'
	line '/* x'
	see_last 'pg1 PRIMARY \*>$'
	line '*/ ;'
	see 'GOT 33 "select .a\\nb. -- ;\\nwhere\\n/\* x\\n\*/ ;"'
}

@test "several statements on a line are one text" {
	editor
	line 'begin; delete from t; commit;'
	see '^GOT 29 "begin; delete from t; commit;"'
}

@test "Ctrl-C clears the line and what was collected, never the shell" {
	editor
	line 'delete from'
	see_last 'PRIMARY ->$'
	keys 'orders'
	key C-c
	see_last 'PRIMARY shop>$'
	keys 'drop table'
	key C-c
	see_last 'PRIMARY shop>$'
	line 'select 2;'
	see '^GOT 9 "select 2;"'
	[ "$(screen | grep -c '^GOT')" = 1 ]
}

@test "Ctrl-C cancels what runs; the shell goes on" {
	editor
	line 'slow;'
	see '^GOT 5'
	key C-c
	see 'slow: cancelled'
	line 'select 3;'
	see 'GOT 9 "select 3;"'
}

@test "Ctrl-D leaves and says what stays held; with an open transaction it asks again" {
	editor
	line 'hold;'
	line 'begin;'
	see_last 'in transaction.*>$'
	key C-d
	see 'Ctrl-D again leaves'
	not_seen LEFT
	key C-d
	see '^LEFT 0'
	see '^pg2 is still held'
	see '^pg3 is still held'
}

@test "a bracketed paste is one unit: shown, not run; Enter hands over one text" {
	editor
	printf 'select 1;\ndrop table x;\nwhere\n' >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	see '^drop table x;'
	sleep 0.5
	not_seen '^GOT'
	key C-c
	see_last 'PRIMARY shop>$'
	not_seen '^GOT'
	printf 'select 1;\ndrop table x;\n' >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	see '^drop table x;'
	key Enter
	see '^GOT 23 "select 1;\\ndrop table x;"'
	[ "$(screen | grep -c '^GOT')" = 1 ]
}

@test "a paste larger than the screen is set aside, shown inert and bounded" {
	ROWS=10 editor
	keys '/* mine */ '
	{ seq -f 'insert into t values (%g);' 200; printf -- "-- \033[2J\033]0;x\007\302\233\342\200\256\000\377\n;\n"; } >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	see 'and 19[0-9] more lines'
	see_last 'PRIMARY paste>$'
	not_seen '^GOT'
	key C-c
	see_last 'PRIMARY shop>$'
	paste "$SCREEN_DIR/p"
	see_last 'paste>$'
	key Enter
	see '^GOT 5514 "insert into t values \(1\);\\ninsert'
	[ "$(screen | grep -c '^GOT')" = 1 ]
}

@test "any bytes pasted into a line are kept, and never shown raw" {
	editor
	printf "select '\033]0;x\007\302\233\342\200\256\000\377';" >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	key Enter
	see 'GOT 23 "select .\\x1b\]0;x\\x07\\u\{009b\}\\u\{202e\}\\x00\\xff.;"'
}

@test "typed bytes that are no UTF-8 are kept" {
	editor
	tm send-keys -H 73 ff c3 2b 3b 0d
	see 'GOT 5 "s\\xff\\xc3\+;"'
	line "select 'ä€😀';"
	see "GOT 19 \"select 'ä€😀';\""
}

@test "Ctrl-C inside a paste is a byte of it: what follows does not become keys" {
	editor
	tm send-keys -H 1b 5b 32 30 30 7e 73 65 6c 65 63 74 03 64 72 6f 70 3b 0d 1b 5b 32 30 31 7e
	sleep 0.5
	not_seen '^GOT'
	key Enter
	see '^GOT 12 "select\\x03drop;"'
	# A paste that never ends can be left.
	tm send-keys -H 1b 5b 32 30 30 7e 64 72 6f 70 3b 0d
	sleep 1.5
	key C-c
	sleep 0.5
	line 'select 4;'
	see 'GOT 9 "select 4;"'
	[ "$(screen | grep -c '^GOT')" = 2 ]
}

@test "lines typed ahead of an error are dropped" {
	editor
	line 'slow; '
	see '^GOT'
	line 'fail;'
	line 'drop table x;'
	see 'typed ahead of the error were dropped'
	sleep 0.3
	not_seen 'GOT.*drop'
}

@test "a notice comes above what is being typed" {
	editor
	line 'later;'
	see '^GOT'
	keys "select 'typing"
	see '^request ABC was approved\\x1b\[2J by bob'
	see_last "PRIMARY shop> select 'typing$"
	line " on';"
	see "GOT 19 \"select 'typing on';\""
}

@test "a question is not answered by what was typed before it" {
	editor
	line 'ask early;'
	see '^GOT'
	line 'pg1'
	see 'name of the node:'
	sleep 0.3
	line 'pg2'
	see '^answer: pg2'
	line 'ask;'
	sleep 1.5
	see_last 'name of the node:$'
	key C-c
	see '^answer: NONE'
	run grep pg2 "$HIST"
	[ "$status" -ne 0 ]
}

@test "Tab completes verbs, nodes and keywords, and no file names" {
	editor
	keys 'whe'
	key Tab
	see_last '> where'
	key C-c
	keys 'pause pg'
	key Tab Tab
	see 'pg1 +pg2 +pg3'
	keys '3'
	key Tab
	see_last '> pause pg3$'
	key C-c
	keys 'DROP TAB'
	key Tab
	see_last '> DROP TABLE'
	key C-c
	see_last 'shop>$'
	keys "select '/et"
	key Tab
	sleep 0.3
	see_last "> select '/et$"
}

@test "history: kept, 0600, whole entries, no secrets" {
	editor
	line 'select 5,'
	line ' 6;'
	see '^GOT 13'
	line "alter role bob password 'hunter2';"
	line 'select 7;'
	see 'GOT 9 "select 7;"'
	key C-d
	see '^LEFT 0'
	[ "$(stat -c %a "$HIST")" = 600 ]
	run grep -c hunter2 "$HIST"
	[ "$output" = 0 ]
	screen_down
	editor
	key Up Up
	see '> select 5,$'
	key Enter
	see 'GOT 13 "select 5,\\n 6;"'
	key C-r
	keys '7'
	sleep 0.3
	key Enter
	see 'GOT 9 "select 7;"'
}

@test "20x5: node and role stay, lines can be typed, a resize is taken" {
	COLS=20 ROWS=5 editor
	see '^pg1 PRIMARY>$'
	line 'select 1, 2, 3, 4, 5, 6, 7, 8;'
	see 'GOT 30'
	tm resize-window -x 100 -y 30
	sleep 0.5
	line 'select 8;'
	see 'GOT 9 "select 8;"'
	see_last '^main/pg1 PRIMARY shop>$'
}

@test "TERM=dumb works" {
	editor TERM=dumb
	line 'select 9;'
	see 'GOT 9 "select 9;"'
	keys 'garbage'
	key C-c
	line 'select 10;'
	see 'GOT 10 "select 10;"'
}

@test "a long result goes to the pager; leaving it leaves the shell" {
	PAGER= editor
	line 'rows 20000;'
	see '^ +1 \| some words'
	see_last '^:'
	key q
	see_last 'PRIMARY shop>$'
	line 'rows 3;'
	see '^\(3 rows\)'
}

@test "SIGTERM leaves in order" {
	editor
	keys 'half a line'
	tm list-panes -F '#{pane_pid}' >"$SCREEN_DIR/pid"
	kill -TERM "$(pgrep -P "$(cat "$SCREEN_DIR/pid")")"
	see '^LEFT 1'
	not_seen '^GOT'
}

@test "from a pipe: the same units, up to the first error" {
	run --separate-stderr "$DRIVER" <<-'END'
		-- a comment
		where
		select 'a
		;b'; select 2;
		fail;
		drop table x;
	END
	[ "$status" -eq 1 ]
	[ "${lines[0]}" = 'GOT 5 "where"' ]
	[ "${lines[1]}" = 'GOT 24 "select '"'a\n;b'"'; select 2;"' ]
	[ "${lines[2]}" = 'GOT 5 "fail;"' ]
	[ "${#lines[@]}" -eq 3 ]
}

@test "from a pipe: what ends inside a statement is not run" {
	run "$DRIVER" <<<'delete from orders'
	[ "$status" -eq 2 ]
	[[ "$output" == *'the input ended inside a statement; that statement was not run'* ]]
	[[ "$output" != *GOT* ]]
}

@test "from a pipe: ten megabytes in one statement are linear" {
	python3 -c "print(\"select '\" + \"a;b\n\" * 2500000 + \"';\")" >"$BATS_TEST_TMPDIR/big"
	run timeout 90 "$DRIVER" <"$BATS_TEST_TMPDIR/big"
	[ "$status" -eq 0 ]
	[[ "$output" == 'GOT 10000010 '* ]]
	head -c 20000000 /dev/zero | tr '\0' 'x' >"$BATS_TEST_TMPDIR/big"
	run timeout 90 "$DRIVER" <"$BATS_TEST_TMPDIR/big"
	[ "$status" -eq 2 ]
	[[ "$output" == *'larger than 16 MiB'* ]]
}

@test "a paste of ten megabytes is one text" {
	editor
	python3 -c "print(\"select '\" + \"abc\n\" * 2500000 + \"';\")" >"$SCREEN_DIR/p"
	paste "$SCREEN_DIR/p"
	SCREEN_WAIT=60 see_last 'PRIMARY paste>$'
	key Enter
	SCREEN_WAIT=30 see '^GOT 10000010 '
}
