# A session as somebody has it at four in the morning: one shell, kept open, on a screen that changes
# its size. What the screen shows is compared whole where it must be the same every time.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup_file() {
	lab_up star:1 --rows 20000
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${OTHER:-}" ] || kill "$OTHER" 2>/dev/null || true
	screen_down
}

# shell COLUMNS LINES [ENV...]: alice's.
shell() {
	local columns=$1 lines=$2 words
	shift 2
	words=$(TERM_IN=${TERM_IN:-screen} as_words alice)
	screen_up "$columns" "$lines" bash -c "${words/ PATH=/ $* PATH=}"
	see_last 'PRIMARY.*>$'
}

# The last N lines that are not empty, to be compared whole.
tail_of() { visible | sed -e 's/ *$//' -e '/^$/d' | tail -n "$1"; }
same_as() {
	local want n=0
	want=$(cat)
	until [ "$(tail_of "$(wc -l <<<"$want")")" = "$want" ]; do
		[ $((n++)) -lt $((50 * PATIENCE)) ] || { diff <(echo "$want") <(tail_of "$(wc -l <<<"$want")"); return 1; }
		sleep 0.1
	done
}

@test "300x80: a wide table is one line a row; narrower, the same shell cuts nothing silently" {
	shell 300 80
	line "select 1 as id, repeat('wide ', 40) as text, null as nothing, 12.5 as number;"
	same_as <<-EOF
	 id |$(printf '%99s' '')text$(printf '%99s' '')| nothing | number
	----+$(printf -- '-%.0s' {1..202})+---------+--------
	  1 | $(printf 'wide %.0s' {1..40}) | (null)  |   12.5
	(1 row)
	lab/pg1 PRIMARY shop>
	EOF
	tm resize-window -x 60 -y 20
	line "select 1 as id, repeat('wr' || 'ap ', 20) as text;"
	# Every one of the twenty words is there, wrapped.
	all_words() { [ "$(visible | grep -o 'wrap' | wc -l)" = 20 ]; }
	wait_until 10 all_words
	tm resize-window -x 20 -y 5
	line 'select 5 as five;'
	see '^ +5$'
	see_last 'PRIMARY>$'
}

@test "completion, Ctrl-C in a long query, a resize while it runs, and the shell goes on" {
	shell 100 30
	keys 'select na'
	key Tab
	keys ' from cust'
	key Tab
	see_last 'from customers'
	key C-c
	line 'select pg_sleep(300);'
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'select pg_sleep(300)%' AND state = 'active'"
	tm resize-window -x 50 -y 12
	key C-c
	see 'error: pg1: the statement was cancelled'
	see_last 'PRIMARY shop>$'
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'select pg_sleep(300)%' AND state = 'active'"
	line 'select 41 + 1 as answer;'
	see '^ +42$'
}

@test "a paste of 200 lines with a DROP in the middle is one plan" {
	shell 100 40
	{
		echo 'BEGIN;'
		for i in {1..99}; do echo "UPDATE customers SET name = name WHERE id = $i;"; done
		echo 'DROP TABLE order_items;'
		for i in {100..197}; do echo "UPDATE customers SET name = name WHERE id = $i;"; done
		echo 'COMMIT;'
	} >"$SCREEN_DIR/p"
	[ "$(wc -l <"$SCREEN_DIR/p")" = 200 ]
	local before
	before=$(sql pg1 'SELECT sum(xmin::text::bigint) FROM customers')
	paste "$SCREEN_DIR/p"
	see 'DROP TABLE order_items|200 lines'
	key Enter
	see_last 'anything else stops:$'
	see '^  what +[0-9,]+ bytes, 200 statements'
	[ "$(screen | grep -c '^PLAN ')" = 1 ]
	line no
	see '^error: stopped: nothing was run'
	[ "$(sql pg1 'SELECT sum(xmin::text::bigint) FROM customers')" = "$before" ]
	[ "$(sql pg1 "SELECT to_regclass('order_items') IS NOT NULL")" = t ]
}

@test "a pager for what is taller than the screen; less -S scrolls sideways, and q comes back" {
	shell 80 15 PAGER='less\ -S'
	line "select g, repeat('x', 200) as wide from generate_series(1, 60) as g;"
	see_last '^(:|.*lines 1-.*)$'
	# One screen line a row, although it is wider.
	[ "$(visible | grep -cE '^ +[0-9]+ \| x+')" -ge 10 ]
	key q
	see_last 'PRIMARY shop>$'
}

@test "plan LINE at 80x24: a pager for the whole plan, and what matters stays below it" {
	shell 80 24
	line 'plan DROP TABLE orders CASCADE;'
	see_last '^:'
	visible | head -n 1 | grep -q '^PLAN '
	key q
	see_last 'PRIMARY shop>$'
	in_sight '^  WHAT +DROP TABLE orders CASCADE;$'
	in_sight '^  WHERE +pg1, the PRIMARY, database shop; held back first: pg2$'
	in_sight '^  TAKES AWAY +table public.orders: 20,000 rows'
	in_sight '^  WAY BACK '
	line 'plan SELECT 1;'
	see '^PLAN .* read$'
	see_last 'PRIMARY shop>$'
}

@test "pspg as the pager: the same rows, scrolled sideways, and q comes back" {
	shell 80 15 PAGER=pspg
	line "select g, repeat('x', 200) as wide from generate_series(1, 60) as g;"
	# It takes the table for one: the title line stays, 80 of more than 200 columns are shown.
	see '80/2[0-9][0-9] +L:'
	see '^ +g +\|'
	[ "$(visible | grep -cE '^ +[0-9]+ \| x+')" -ge 9 ]
	key q
	see_last 'PRIMARY shop>$'
	line "select 'after' as pspg;"
	see '^ after$'
}

@test "TERM=dumb: \\watch and live screens show one picture below the other, and no control sequence" {
	TERM_IN=dumb shell 80 24
	line 'select 1 as one;'
	see '^\(1 row\)$'
	line '\watch 0.2'
	see 'every 0.2 s; Ctrl-C ends it'
	key C-c
	see_last 'PRIMARY shop>$'
	line 'lag live 0.2'
	see '^lag on pg1, .*every 0.2 s; q leaves'
	see 'pg2'
	key q
	see_last 'PRIMARY shop>$'
}

# Somebody who blocks, somebody who waits, from plain psql.
blocked() {
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME=nightly "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d shop \
		-c "BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(300)" >/dev/null 2>&1 3>&- &
	OTHER=$!
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nightly' AND wait_event = 'PgSleep'"
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME=$'shop\e[31m' "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d shop -c "SELECT count(*) FROM customers" >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
}
released() {
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nightly'" >/dev/null
}

@test "locks live: who blocks whom as a tree, until it is over; q brings the screen before back" {
	shell 120 24
	line "select 'the screen before' as mark;"
	see 'the screen before$'
	blocked
	keys 'locks li'
	key Tab
	see_last 'locks live'
	line ' 0.3'
	see_last 'AccessShareLock public.customers'
	in_sight '^locks on pg1, [0-9:]+Z, every 0.3 s; q leaves'
	in_sight '^ [0-9]+ +\| postgres, nightly +\| .*\| holds it '
	in_sight '^ \+- [0-9]+ +\| postgres +\| waits '
	released
	see_last 'nobody waits for a lock on this node'
	key q
	see_last 'PRIMARY shop>$'
	see 'the screen before$'
	! visible | grep -q 'nobody waits'
}

@test "activity live fits the screen, also a smaller one, and says how many more there are" {
	local i
	for i in $(seq 1 12); do
		as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME="app-$i" "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
			-p "$(node_port pg1)" -U postgres -d shop -c "SELECT pg_sleep(300)" >/dev/null 2>&1 3>&- &
	done
	wait_until 10 sql_is pg1 12 "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'app-%' AND state = 'active'"
	shell 120 24
	line 'activity live 0.3'
	see_last '^ [0-9]+ '
	for i in $(seq 1 12); do in_sight "app-$i\b"; done
	tm resize-window -x 120 -y 10
	see_last '^\.\.\. and [0-9]+ more'
	in_sight '^activity on pg1'
	key C-c
	see_last 'PRIMARY shop>$'
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'app-%'" >/dev/null
}

@test "lag: earlier pictures of this session, and which way it goes" {
	shell 130 24
	line 'lag'
	see '^ pg2 '
	sql pg2 'SELECT pg_wal_replay_pause()'
	sql pg1 "CREATE TABLE lagging AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)"
	wait_until 10 sql_is pg2 t "SELECT pg_last_wal_receive_lsn() - pg_last_wal_replay_lsn() > 1000000"
	line 'lag'
	see '^ pg2 .*paused.*\| +[0-9]{7,} .*in [0-9].*falls behind [0-9.]+ .B/s'
	sql pg2 'SELECT pg_wal_replay_resume()'
	wait_until 10 caught_up pg2
	line 'lag'
	see '^ pg2 .*streaming.*\| +0 .* level '
	sql pg1 'DROP TABLE lagging'
}

@test "what others have open, wait for and run stands in topology and where" {
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME='holdfast carol INC-9' "$HOLDFAST_PG_BIN/psql" -Xq -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d postgres \
		-c "SELECT pg_advisory_lock(7525352680829580148), pg_sleep(300)" >/dev/null 2>&1 3>&- &
	wait_until 10 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast carol INC-9' AND wait_event = 'PgSleep'"
	as bob -c 'DROP TABLE order_items;' --wait 100 >"$BATS_TEST_TMPDIR/bob" 2>&1 3>&- </dev/null &
	OTHER=$!
	wait_until 15 grep -q '^request ' "$BATS_TEST_TMPDIR/bob"
	shell 80 50
	line 'topology'
	see '^other operators:$'
	see '^  carol INC-9: sessions on pg1; ACTS \(has the lock\) on pg1, active for [0-9.]+ m?s:'
	see '^  bob: sessions on pg1, pg2'
	see '^  bob: request [a-z2-7]{8} for pg1: DROP TABLE order_items;'
	see '! somebody else is here: "carol INC-9" ACTS on pg1; "bob" works on pg1, pg2'
	[ "$(screen | grep -c 'somebody else')" = 1 ]
	line 'where'
	see '^ also here +\| carol INC-9: sessions on pg1; ACTS'
	see '^ also here +\| bob: request '
	sql pg1 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast carol INC-9'" postgres >/dev/null
}
