# The story, played over two pseudo-terminals: alice's shell, and bob's own process under his own OS
# user. What they see is printed; what is true is asked of the servers with plain psql. Sourced by demo.sh.

PTY_COLUMNS=100
PTY_LINES=50
PROMPT='^lab/pg1 .*> *$'

say() { printf '\n=== %s\n' "$*"; }

# must SENTENCE COMMAND...: a check. The first that fails ends the demo, and says which.
must() {
	local what=$1
	shift
	if ! "$@" >/dev/null 2>"$LAB.why"; then
		echo "  FAILED: $what"
		sed "s/^/    /" "$LAB.why"
		echo "demo: FAILED at \"$what\""
		exit 1
	fi
	echo "  checked: $what"
}
not() { ! "$@"; }

# Everything on a pane since the last line typed into it, as a person sees it.
text_of() { pty_all "$1" | sed -e 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' ; }
mark_of() { text_of "$1" | wc -l >"$PTY_DIR/$1.line"; }
seen() { text_of "$1" | tail -n +"$(cat "$PTY_DIR/$1.line")"; }
saw() { seen "$1" | grep -qE -- "$2"; }
last_is() { seen "$1" | tail -n 1 | grep -qE -- "$2"; }

tell() { seen "$1" | sed -e '${/^lab\/pg1 .*>$/d}' -e "s/^/  $1 | /"; }

# wait_for PERSON PATTERN SECONDS: the last line of the pane matches.
wait_for() {
	local end=$((SECONDS + $3))
	until last_is "$1" "$2"; do
		if [ $SECONDS -ge $end ]; then
			tell "$1"
			echo "demo: FAILED: waited $3 s for $1's screen to end with /$2/"
			exit 1
		fi
		sleep 0.1
	done
}

# types PERSON TEXT PATTERN SECONDS: a line and Enter, until the screen ends so. answers: to a question.
types() {
	mark_of "$1"
	answers "$@"
}
answers() {
	pty_type "$1" "$2"
	pty_tmux send-keys -t "=$1:" Enter
	sleep 0.2
	wait_for "$1" "$3" "$4"
}

# bob_signs ID: reads every page of the request, types the node's name. His own process, OS user and key.
bob_signs() {
	local end=$((SECONDS + 60))
	BOBS=$((${BOBS:-0} + 1))
	pty_open "bob$BOBS" "cd /; $(as_words bob approve "$1")"
	echo 1 >"$PTY_DIR/bob$BOBS.line"
	until last_is "bob$BOBS" '(pg1|node).*: *$'; do
		if [ $SECONDS -ge $end ] || saw "bob$BOBS" '^\[left with'; then
			tell "bob$BOBS"
			echo "demo: FAILED: bob was not asked for the node's name"
			exit 1
		fi
		last_is "bob$BOBS" 'Enter: more' && pty_tmux send-keys -t "=bob$BOBS:" Enter
		sleep 0.1
	done
	pty_type "bob$BOBS" pg1
	pty_tmux send-keys -t "=bob$BOBS:" Enter
	wait_for "bob$BOBS" '^\[left with' 20
	# The steps byte by byte fill pages: he read them, the transcript counts them.
	seen "bob$BOBS" | awk '/^  STEPS/ { print; skip = 1; next }
		/^  level/ && skip { print "    ... every byte of every step, " n " lines ..."; skip = 0 }
		skip { n++; next } /^\[left with|^$/ { next } { print }' | sed 's/^/  bob   | /'
	must "bob signed" saw "bob$BOBS" '^\[left with 0\]'
}

request_id() { seen alice | sed -n 's/.*request \([a-z2-7]\{26\}\).*/\1/p' | tail -n 1; }
rows_are() { sql_is "$1" "$2" 'SELECT count(*) FROM orders'; }
has_orders() { sql_is "$1" t "SELECT to_regclass('public.orders') IS NOT NULL"; }
is_paused() { sql_is "$1" paused 'SELECT pg_get_wal_replay_pause_state()'; }
is_replaying() { sql_is "$1" 'not paused' 'SELECT pg_get_wal_replay_pause_state()'; }

# All that can be said of the table: its rows, and everything that hangs on it.
table_state() {
	sql "$1" "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders AS o;
		SELECT indexdef FROM pg_indexes WHERE tablename = 'orders' ORDER BY 1;
		SELECT conrelid::regclass::text, conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
			WHERE conrelid = 'orders'::regclass OR confrelid = 'orders'::regclass ORDER BY 1, 2;
		SELECT grantee, privilege_type FROM information_schema.role_table_grants
			WHERE table_name IN ('orders', 'big_orders') ORDER BY 1, 2;
		SELECT pg_get_viewdef('big_orders'); SELECT count(*) FROM big_orders"
}
state_is() {
	table_state "$1" >"$PTY_DIR/state" 2>&1
	diff <(echo "$2") "$PTY_DIR/state" >&2
}

story() {
	local rows before id plan journal n
	# Not before the standbys have what the primary has.
	wait_until 30 caught_up pg2 pg3
	rows=$(sql pg1 'SELECT count(*) FROM orders')
	before=$(table_state pg1)
	must "the primary has the table orders" test "$rows" -gt 0

	say "alice's shell opens"
	pty_open alice "$(as_words alice)"
	echo 1 >"$PTY_DIR/alice.line"
	wait_for alice "$PROMPT" 20
	tell alice
	say "Who replicates from whom?"
	types alice topology "$PROMPT" 20
	tell alice
	for n in pg1 pg2 pg3; do must "topology names $n" saw alice "$n"; done

	say "The mistake, first try"
	types alice 'DROP TABLE orders;' "$PROMPT" 20
	tell alice
	must "refused, naming the foreign key and the view" \
		saw alice 'refused.*order_items_order_fkey.*big_orders'
	must "orders is untouched on pg1" rows_are pg1 "$rows"

	say "The mistake, second try: a plan, and nothing runs"
	types alice 'DROP TABLE orders CASCADE;' 'pg1.*: *$' 20
	answers alice pg1 "$PROMPT" 20
	tell alice
	id=$(request_id)
	plan=$id
	must "a request was filed" test -n "$id"
	must "orders is untouched on pg1" rows_are pg1 "$rows"
	must "nothing is held yet" is_replaying pg2

	say "alice tries to approve it herself, and to run it unsigned"
	types alice "approve $id" "$PROMPT" 20
	tell alice
	must "she cannot" saw alice 'cannot approve'
	types alice "run $id" "$PROMPT" 20
	tell alice
	must "it does not run unsigned" saw alice 'nothing was run'
	must "orders is untouched on pg1" rows_are pg1 "$rows"

	say "bob reviews and signs, in his own terminal, as his own OS user"
	bob_signs "$id"
	must "bob's signature alone runs nothing" rows_are pg1 "$rows"

	say "alice runs it"
	types alice "run $id" "$PROMPT" 60
	tell alice
	must "both standbys are shown as PROVEN" saw alice 'pg2 +PROVEN'
	must "both standbys are shown as PROVEN, the lower one too" saw alice 'pg3 +PROVEN'
	must "orders is gone on pg1" not has_orders pg1
	for n in pg2 pg3; do
		must "$n is paused by its own pause" is_paused $n
		must "$n still has every row ($rows)" rows_are $n "$rows"
		must "$n has exactly what pg1 had before" state_is $n "$before"
	done

	say "undo"
	types alice "undo $plan" 'pg1.*: *$' 30
	answers alice pg1 "$PROMPT" 20
	tell alice
	id=$(request_id)
	must "undo is a request of its own" test -n "$id" -a "$id" != "$plan"
	say "bob reviews and signs the undo"
	bob_signs "$id"
	must "nothing is back yet" not has_orders pg1
	say "alice runs the undo"
	types alice "run $id" "$PROMPT" 120
	tell alice
	must "pg1 has everything as it was: rows, indexes, keys, grants, view" state_is pg1 "$before"
	for n in pg2 pg3; do must "$n replays again" is_replaying $n; done
	must "the standbys have caught up" wait_until 30 caught_up pg2 pg3
	for n in pg2 pg3; do must "$n equals pg1" state_is $n "$before"; done

	say "alice leaves, and the journal is sealed"
	types alice '\q' '^\[left with' 10
	tell alice | grep -v '^  alice | $'
	must "she left without an error" saw alice 'left with 0'
	journal=$(as_root grep -l "$plan" -r "$LAB/journal" | while read -r f; do
		as_root grep -q '"type":"outcome"' "$f" && echo "$f"; done | head -n 1)
	must "there is a journal" test -n "$journal"
	DEMO_JOURNAL=${journal##*/}
	echo "  \$ holdfast journal verify --operators operators $DEMO_JOURNAL"
	as_root "$(holdfast_bin)" journal verify --operators "$LAB/operators" "$journal" | sed 's/^/  | /'
	must "holdfast says the journal holds" as_root "$(holdfast_bin)" journal verify --operators \
		"$LAB/operators" "$journal"
	must "sha256sum and ssh-keygen say so too" as_root bash tests/lab/verify.sh "$journal" "$LAB/operators"
	say "done in $SECONDS s: every check held"
}
