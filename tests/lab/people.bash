# Two people, each with one line: alice's -c in the background, and bob at a terminal of his own.
# Load after lab.bash. The short form:
#
#	file 'DROP TABLE t;'	alice files it with -c and --wait; ID is the request, when it is filed
#	bob approve		bob reads request ID to its end and signs it
#	answered		waits until alice's -c left: RC is its exit code, OUT what it said
#	ended			ends whatever file started, however the test ended

# and the form that names who does what:
#
#	file_as alice LINE [ARGUMENTS]	files LINE in the background with --wait; sets REQ, PID and OUT, a file
#	approve_as bob REQ NODE		bob reviews on a pty, pages, types NODE; sets SEEN; the program's status
#	deny_as bob REQ WHY...		bob denies
#	finish				waits for what was filed; sets status and output
#	play alice LINE [ARGUMENTS]	file_as, approve_as bob on pg1, finish
# file LINE [more arguments before -c]
file() {
	local line=$1
	shift
	OUTFILE=$BATS_TEST_TMPDIR/alice
	as alice "$@" --wait 200 -c "$line" >"$OUTFILE" 2>&1 3>&- </dev/null &
	FILED=$!
	wait_until 20 grep -qE '^request [a-z2-7]{26}$' "$OUTFILE" || {
		cat "$OUTFILE" >&2
		return 1
	}
	ID=$(sed -n 's/^request //p' "$OUTFILE")
}

answered() {
	RC=0
	wait "$FILED" || RC=$?
	FILED=
	OUT=$(cat "$OUTFILE")
}

ended() {
	[ -z "${FILED:-}" ] || kill "$FILED" 2>/dev/null || true
}

# bob VERB [NODE]: the screen is paged through, and the node's name typed.
bob() {
	timeout 200 expect "$HOLDFAST_TOP/tests/lab/approve.exp" "${2:-$(node 1)}" \
		"$(as_words bob "$1" "$ID")" </dev/null 3>&-
}
WAIT=${WAIT:-200}

file_as() {
	local person=$1 line=$2 n=0
	shift 2
	OUT=$(mktemp "${BATS_TEST_TMPDIR:-/tmp}/out.XXXXXX")
	as "$person" -c "$line" --wait "$WAIT" "$@" >"$OUT" 2>&1 </dev/null 3>&- &
	PID=$!
	until REQ=$(sed -n 's/^request \([a-z2-7]*\)$/\1/p' "$OUT") && [ -n "$REQ" ]; do
		if ! kill -0 "$PID" 2>/dev/null || [ $((n += 1)) -gt 900 ]; then
			echo "no request was filed for: $line" >&2
			cat "$OUT" >&2
			return 1
		fi
		sleep 0.1
	done
}

approve_as() {
	local rc=0
	SEEN=$(TERM_IN=xterm timeout 200 expect "$HOLDFAST_TOP/tests/lab/approve.exp" "$3" \
		$(TERM_IN=xterm as_words "$1" approve "$2") </dev/null 2>&1 3>&-) || rc=$?
	SEEN=$(sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\r//g' <<<"$SEEN")
	[ $rc -eq 0 ] || echo "$SEEN" | tail -n 20 >&2
	return $rc
}

deny_as() { as "$1" deny "$2" "${@:3}"; }

finish() {
	status=0
	wait "$PID" || status=$?
	output=$(cat "$OUT")
	echo "$output" | tail -n 30
}

play() {
	file_as "$@" && approve_as bob "$REQ" "$(node 1)" && finish
}

