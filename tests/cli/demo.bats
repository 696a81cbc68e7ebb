# What a newcomer sees first: the demo's story, and whether the journal it leaves is evidence.
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup_file() {
	local rc=0
	DEMO=$(mktemp -d "${TMPDIR:-/tmp}/hf-demo.XXXXXX")
	export DEMO
	mkdir -m 1777 "$DEMO/tmp"
	chmod 755 "$DEMO"
	# A directory of its own for whatever it starts, so that what it leaves can be seen. A second one runs
	# beside it: they must not disturb each other.
	TMPDIR=$DEMO/tmp OUT=$DEMO/beside ROWS=1000 bash "$HOLDFAST_TOP/tests/demo/demo.sh" \
		</dev/null >"$DEMO/printed.beside" 2>&1 3>&- &
	TMPDIR=$DEMO/tmp OUT=$DEMO/out ROWS=20000 bash "$HOLDFAST_TOP/tests/demo/demo.sh" \
		</dev/null >"$DEMO/printed" 2>&1 3>&- || rc=$?
	echo $rc >"$DEMO/rc"
	rc=0
	wait "$!" || rc=$?
	echo $rc >"$DEMO/rc.beside"
}

teardown_file() {
	rm -rf "${DEMO:?}"
}

journal() { echo "$DEMO"/out/*.jsonl; }
verify() { "$HOLDFAST_BUILD/holdfast" journal verify --operators "$DEMO/out/operators" "$@"; }
by_hand() { bash "$HOLDFAST_TOP/tests/lab/verify.sh" "$1" "$DEMO/out/operators"; }
is_empty() { [ -z "$(ls -A "$1")" ]; }
told() { grep -qE -- "$1" "$DEMO/out/transcript" || { echo "the transcript does not say: $1"; return 1; }; }

# The file's line N changed by an awk program that prints.
mutated() {
	awk "$1" "$(journal)" >"$DEMO/bad.jsonl"
	! cmp -s "$(journal)" "$DEMO/bad.jsonl"
}
# Both verifiers refuse it.
both_refuse() {
	run verify "$DEMO/bad.jsonl"
	[ "$status" -eq 1 ] || { echo "$1: verify says $status: $output"; return 1; }
	run by_hand "$DEMO/bad.jsonl"
	[ "$status" -ne 0 ] || { echo "$1: verify.sh says: $output"; return 1; }
}

@test "two demos side by side end well and keep their evidence" {
	[ "$(cat "$DEMO/rc")" = 0 ] || { cat "$DEMO/printed"; return 1; }
	[ "$(cat "$DEMO/rc.beside")" = 0 ] || { cat "$DEMO/printed.beside"; return 1; }
	cd "$DEMO/out"
	[ -s holdfast.conf ] && [ -s operators ] && [ -s transcript ]
	[ "$(ls -1 ./*.jsonl | wc -l)" = 1 ]
	[ "$(stat -c %a ./*.jsonl)" = 600 ]
	grep -q 'kept .*jsonl.*operators.*transcript' "$DEMO/printed"
}

@test "the demo leaves no process and no file behind" {
	[ -z "$(ls -A "$DEMO/tmp")" ] || { ls -A "$DEMO/tmp"; return 1; }
	run pgrep -af "$DEMO/tmp/"
	[ -z "$output" ]
}

@test "the transcript tells the story, each point checked with psql" {
	told 'alice \| \+- pg2 +replica'
	told 'alice \| +\+- pg3 +replica'
	told 'refused: .*order_items_order_fkey.*big_orders'
	told 'alice \| +- table public.orders: 20,000 rows'
	told 'alice filed this request and cannot approve it'
	told 'bob +\| approved by bob'
	told 'alice \| +pg2 +PROVEN'
	told 'alice \| +pg3 +PROVEN'
	told 'checked: orders is gone on pg1'
	told 'checked: pg3 still has every row \(20000\)'
	told 'checked: pg1 has everything as it was'
	told 'checked: pg3 equals pg1'
	told 'sealed and trusted: [0-9]+ records, certified by alice'
	told 'every check held'
	! grep -q FAILED "$DEMO/out/transcript"
	! grep -q $'\033' "$DEMO/out/transcript"
}

@test "interrupted in the middle, the demo leaves nothing behind" {
	local pid
	# A session of its own: the signal goes to all of it, as Ctrl-C at a terminal does.
	TMPDIR=$DEMO/tmp ROWS=20000 setsid perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' \
		bash "$HOLDFAST_TOP/tests/demo/demo.sh" </dev/null >"$DEMO/interrupted" 2>&1 3>&- &
	pid=$!
	wait_until 60 grep -q 'a plan, and nothing runs' "$DEMO/interrupted"
	kill -INT -- "-$pid"
	run wait "$pid"
	wait_until 20 is_empty "$DEMO/tmp"
	! grep -q 'every check held' "$DEMO/interrupted"
	run pgrep -af "$DEMO/tmp/"
	[ -z "$output" ]
}

@test "the sealed journal: 0 with the operators file, 4 without, and sha256sum with ssh-keygen agree" {
	verify "$(journal)"
	run "$HOLDFAST_BUILD/holdfast" journal verify "$(journal)"
	[ "$status" -eq 4 ]
	by_hand "$(journal)"
}

# One bit of every byte, and with BITS=8, as `make fault` asks, all of them.
@test "flipped bits of every byte, every deleted, doubled and exchanged line of it are refused" {
	local n i bits=${BITS:-1} pids=()
	n=$(nproc)
	for ((i = 0; i < n; i++)); do
		"$HOLDFAST_BUILD/flips" "$(journal)" "$DEMO/out/operators" "$i" "$n" "$bits" >"$DEMO/flips.$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || { cat "$DEMO"/flips.*; return 1; }; done
	cat "$DEMO"/flips.*
	# All of them were tried.
	[ "$(awk '{ t += $4 + $7 } END { print t }' "$DEMO"/flips.*)" -ge $(($(stat -c %s "$(journal)") * bits)) ]
}

@test "the program and the ten lines of shell refuse the same mutations" {
	local last
	last=$(wc -l <"$(journal)")
	mutated 'NR != 5'; both_refuse "line 5 deleted"
	mutated 'NR != 1'; both_refuse "the first line deleted"
	mutated '{ print } NR == 7 { print }'; both_refuse "line 7 doubled"
	mutated "{ print } NR == $last { print }"; both_refuse "the last line doubled"
	mutated 'NR == 9 { keep = $0; next } { print } NR == 10 { print keep }'; both_refuse "9 and 10 exchanged"
	mutated '/"type":"approval"/ { sub(/bob/, "eve") } { print }'; both_refuse "another approver"
	mutated '/"type":"begin"/ && !n++ { sub(/pg[123]/, "pg9") } { print }'; both_refuse "another node"
	mutated "NR == $last { sub(/\"t\":\"2/, \"\\\"t\\\":\\\"3\") } { print }"; both_refuse "the close at another time"
	mutated 'NR == 1 { sub(/alice/, "alicf") } { print }'; both_refuse "another person in the first record"
	mutated "NR != $last"
	run verify "$DEMO/bad.jsonl"
	[ "$status" -ne 0 ] && [ "$status" -ne 4 ]
	run by_hand "$DEMO/bad.jsonl"
	[ "$status" -ne 0 ]
}
