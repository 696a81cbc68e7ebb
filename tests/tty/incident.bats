# Handing an incident over at a terminal, and how long somebody has been at it. A primary and a standby.
load tmux
load ../lab/lab

setup_file() {
	lab_up star:1
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
}

shell() {
	local run=()
	[ "$(id -un)" = hf-alice ] || run=(setpriv --reuid=hf-alice "--regid=$(id -g hf-alice)" --init-groups)
	[ "$(id -u)" = 0 ] || run=(sudo -n -u hf-alice)
	screen_up 130 40 "${run[@]}" env "$@" "HOME=$LAB/home/hf-alice" INPUTRC=/dev/null \
		LANG=C.UTF-8 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice
	see_last '>$'
}

@test "the prompt says how long; handover: both names, hours, what is held; only the other's key signs it" {
	local key
	shell
	line 'incident open DB-9 "orders gone"'
	see_last 'DB-9 \(on duty 0 min\)>$'
	line 'incident handover carol'
	see 'does not name carol: nobody to hand over to'
	line 'incident handover bob'
	see 'handover of incident DB-9: alice hands over to bob'
	see '^alice: on duty 0 min$'
	see '^bob: on duty from now$'
	see '^held: nothing$'
	see 'BEGIN to END'
	screen | sed -n '/^holdfast-handover-v1$/,/^issued: /p' | tail -n 7 >"$BATS_TEST_TMPDIR/text"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/text")" = 7 ]
	# alice signs it herself: that is no handover.
	key=$LAB/keys/alice
	as_root ssh-keygen -q -Y sign -n handover@holdfast -f "$key" "$BATS_TEST_TMPDIR/text" 2>/dev/null
	paste "$BATS_TEST_TMPDIR/text.sig"
	key Enter
	see 'signed by alice, not by bob; you are still on duty'
	see_last 'on duty 0 min\)>$'
	rm -f "$BATS_TEST_TMPDIR/text.sig"
	tm clear-history
	line 'incident handover bob'
	n=0
	until [ "$(visible | grep -c 'BEGIN to END')" -ge 1 ] && visible | tail -n 12 | grep -q 'BEGIN to END'; do
		n=$((n + 1)); [ $n -lt 600 ]; sleep 0.1
	done
	visible | tac | sed '/^holdfast-handover-v1$/q' | tac | sed '/^issued: /q' >"$BATS_TEST_TMPDIR/text"
	key=$LAB/keys/bob
	as_root ssh-keygen -q -Y sign -n handover@holdfast -f "$key" "$BATS_TEST_TMPDIR/text" 2>/dev/null
	paste "$BATS_TEST_TMPDIR/text.sig"
	key Enter
	see 'bob is on duty for DB-9. This session stays alice'
	see_last 'DB-9>$'
	f=$(as_root sh -c "ls -t $LAB/journal/*.jsonl" | head -n 1)
	jq -es 'any(.[]; .type == "incident" and .action == "handover" and .person == "alice" and .to == "bob" and .held == "nothing")' "$f"
	# The record is enough to check it without holdfast.
	jq -jr 'select(.action == "handover") | .statement' "$f" >"$BATS_TEST_TMPDIR/m"
	diff "$BATS_TEST_TMPDIR/m" "$BATS_TEST_TMPDIR/text"
	run -0 as bob -c 'incident open DB-9' -c incident
	[[ "$output" == *"you are on duty since"* ]]
}

# fdatasync of the journal's files hangs for as long as the gate is there.
@test "a journal's disk that hangs: said within seconds, nothing is sent or acknowledged, then it goes on" {
	local gate=$LAB/gate file
	as_root install -m 755 "$HOLDFAST_BUILD/fault/shim.so" "$LAB/bin/"
	shell "LD_PRELOAD=$LAB/bin/shim.so" ASAN_OPTIONS=verify_asan_link_order=0 FAULT=fdatasync:1:hang:1000000 \
		"FAULT_GATE=$gate" "FAULT_DIR=$LAB/journal" FAULT_LOG=/dev/null
	as_root touch "$gate"
	line 'CREATE TABLE hung (a int);'
	see 'waiting [0-9]+ s for the disk of the journal .*-alice-'
	see 'nothing is sent or acknowledged until it answers'
	[ "$(sql pg1 "SELECT to_regclass('hung') IS NULL")" = t ]
	[ "$(sql pg1 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE TABLE hung%'")" = 0 ]
	run screen
	[[ "$output" != *$'\nCREATE TABLE'* ]]
	as_root rm "$gate"
	see '^CREATE TABLE'
	see 'the disk of the journal answered, after [0-9]+ s'
	[ "$(sql pg1 "SELECT to_regclass('hung') IS NOT NULL")" = t ]
	# A read is answered, and written down within a second: then the prompt says why it does not come.
	as_root touch "$gate"
	line 'SELECT 40 + 2 AS a;'
	see '^ *42$'
	wait_until 20 sh -c "[ \$(tmux -S '$PTY_DIR/socket' capture-pane -p -J -S -2000 | grep -c 'waiting [0-9]* s for the disk') -ge 2 ]"
	as_root rm "$gate"
	line '\q'
	see 'LEFT 0'
	file=$(as_root sh -c "ls -t $LAB/journal/*-alice-*.jsonl" | head -n 1)
	as_root grep -q '"sentence":"the disk of the journal took [0-9]* s to answer"' "$file"
	run as alice journal verify --operators "$LAB/operators" "$file"
	[ "$status" = 0 ]
}
