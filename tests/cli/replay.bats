#!/usr/bin/env bats
# replay without a terminal: text, merged sessions, filters, an asciicast that asciinema plays, a live
# session followed; what was said is in the journal. A primary and a standby.

load ../lab/lab
load ../lab/people

# Adds the newest session to ALL. Those of one second have no order in their names.
started() {
	local f
	for f in $(as_root sh -c "ls $LAB/journal/*.jsonl"); do
		[[ "$ALL" == *"$f"* ]] || ALL=$ALL$f$'\n'
	done
}

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1
	ALL=
	# One incident, two sessions of alice's, a dangerous statement, a refused one, a hostile text.
	as alice -c 'incident open DB-7' -c "note first $(printf '\033[2J\342\200\256')line" \
		-c "select 'row of data' as x from generate_series(1, 3)" \
		-c 'topology' >/dev/null
	started
	as alice --wait 0 -c 'incident open DB-7' -c 'note second session' -c 'DROP TABLE order_items' \
		>/dev/null 2>&1 || true
	started
	as alice --confirm pg1 -c 'CREATE TABLE scratch (a int)' -c 'ALTER TABLE scratch ADD b int' >/dev/null
	started
	export ALL
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${LIVE:-}" ] || kill "$LIVE" 2>/dev/null || true
	[ -z "${WATCH:-}" ] || kill "$WATCH" 2>/dev/null || true
}

nth() { sed -n "$1p" <<<"$ALL"; }

# Nothing but printable text and line ends.
inert() { ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae' <<<"$output"; }

@test "one session as text at once: typed, said, timed; rows are not in it, their digest is" {
	run -0 --separate-stderr as alice replay "$(nth 1)"
	inert
	[[ "$output" == *"input "*"incident open DB-7"*"note first \\x1b[2J"*"close "* ]]
	# What the topology said is what was seen.
	[[ "$output" == *"screen "*"pg2"*"replica"* ]]
	[[ "$output" != *"row of data"$'\n'* ]]
	run -0 as alice journal show "$(nth 1)" --json
	want=$(printf 'row of data\nrow of data\nrow of data\n' | sha256sum | cut -d' ' -f1)
	jq -e --arg w "$want" '.[] | select(.rows_sha256 == $w and .rows_bytes == 36 and .exit == 0)' <<<"$output"
	# Head, length and digest of what was said agree.
	jq -e '[.[] | select(.type == "screen" and .bytes > 0)] | length > 0' <<<"$output"
	jq -j '[.[] | select(.type == "screen" and .bytes > 0)][0].head + "\n"' <<<"$output" >"$BATS_TEST_TMPDIR/head"
	[ "$(jq -r '[.[] | select(.type == "screen" and .bytes > 0)][0].sha256' <<<"$output")" = \
		"$(sha256sum <"$BATS_TEST_TMPDIR/head" | cut -d' ' -f1)" ]
}

@test "an incident by its name: its sessions in one order, each line saying whose" {
	run -0 --separate-stderr as alice replay DB-7
	inert
	[[ "$output" == *"note first"*"second session"*"DROP TABLE order_items"* ]]
	[[ "$output" != *"CREATE TABLE scratch"* ]]
	[ "$(grep -c '^alice ' <<<"$output")" -gt 10 ]
	run -2 as alice replay no-such-thing
	[[ "$output" == *"no journal file, session or incident"*"journal list"* ]]
	run -2 as alice replay --speed 0 DB-7
	run -2 as alice replay --from yesterday DB-7
	[[ "$output" == *"neither a record's number nor a time"* ]]
}

@test "--dangerous leaves only what was; --from starts at a record or a time" {
	run -0 --separate-stderr as alice replay --dangerous "$(nth 1)" "$(nth 2)" "$(nth 3)"
	[[ "$output" == *"intent "*"DROP TABLE order_items"*"intent "*"ALTER TABLE scratch"* ]]
	[[ "$output" != *"CREATE TABLE scratch"* ]]
	[[ "$output" != *"note "* ]]
	run -0 --separate-stderr as alice replay --from 3 "$(nth 1)"
	! grep -qE '^ +[0-9]+  [-0-9]+ [:0-9]+  open ' <<<"$output"
	[ "$(head -n 1 <<<"$output" | awk '{ print $1 }')" -ge 3 ]
	t=$(as alice journal show "$(nth 1)" --json | jq -r '.[3].t')
	run -0 --separate-stderr as alice replay --from "$t" "$(nth 1)"
	[ "$(head -n 1 <<<"$output" | awk '{ print $1 }')" -ge 3 ]
	run -0 --separate-stderr as alice replay --from 2099-01-01T00:00:00Z "$(nth 1)"
	[ -z "$output" ]
}

@test "an asciicast that asciinema plays, with marks at intents and outcomes" {
	local cast=$BATS_TEST_TMPDIR/x.cast
	as alice replay --asciicast --idle 1 DB-7 >"$cast"
	head -n 1 "$cast" | jq -e '.version == 2 and .width > 0 and .height > 0 and .idle_time_limit == 1'
	tail -n +2 "$cast" | jq -es 'all(.[]; (.[0] >= 0) and (.[1] == "o" or .[1] == "m")) and
		([.[][0]] == ([.[][0]] | sort)) and any(.[]; .[1] == "m" and (.[2] | startswith("intent")))'
	! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f-\xff]' "$cast"
	# It wants a terminal of its own.
	run -0 timeout 100 script -qec "asciinema cat $cast" /dev/null </dev/null
	[[ "$output" == *"incident open DB-7"*"second session"*"DROP TABLE order_items"* ]]
	[[ "$output" != *$'\e[2J'* ]]
	run -0 timeout 100 script -qec "asciinema play -s 1000 -i 0.1 $cast" /dev/null </dev/null
	[[ "$output" == *"second session"*"DROP TABLE order_items"* ]]
}

@test "--follow shows a live session as it goes on, over a torn tail, and ends with it" {
	local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/followed f
	mkfifo "$in"
	as alice <"$in" >/dev/null 2>&1 3>&- &
	LIVE=$!
	exec 7>"$in"
	echo 'note one' >&7
	live() { f=$(as alice --json journal list | jq -r '.[] | select(.state == "live").file' | head -n 1); [ -n "$f" ]; }
	wait_until 20 live
	as alice replay --follow "$f" >"$out" 2>&1 3>&- 7>&- &
	WATCH=$!
	wait_until 20 grep -q 'note one' "$out"
	echo 'note two, while somebody looks' >&7
	wait_until 20 grep -q 'note two, while somebody looks' "$out"
	kill -0 "$WATCH"
	exec 7>&-
	wait "$LIVE" && LIVE=
	wait "$WATCH" && WATCH=
	grep -q ' close ' "$out"
	grep -q 'the session is over' "$out"
	# A writer that died in the middle of a line: what is whole is shown, and it ends.
	cp "$f" "$BATS_TEST_TMPDIR/torn.jsonl"
	truncate -s -40 "$BATS_TEST_TMPDIR/torn.jsonl"
	run -0 timeout 60 "$HOLDFAST_BUILD/holdfast" replay --follow "$BATS_TEST_TMPDIR/torn.jsonl"
	[[ "$output" == *"note two"*"the session is over"* ]]
	[[ "$output" != *" close "* ]]
}
