# What a secret must not be found in. Load after lab.bash.

CANARY=c4n4ryS3cret

# No file of the lab holds it. A server's log quotes what it could not run: only what holdfast does not
# send at all may be asked for there.
in_no_file() {
	local found
	found=$(as_root grep -rlaF --exclude-dir=bin --exclude="pg?.log" --exclude="my?.log" -- "$CANARY" "$LAB" || true)
	[ -z "$found" ] || { echo "in: $found"; return 1; }
}

# What a shell typed, with the program and all its helpers still running.
in_no_process() {
	local pid p
	pid=$(pgrep -u hf-alice -o -f "^$LAB/bin/holdfast --config")
	[ -n "$pid" ]
	for p in "$pid" $(pgrep -P "$pid"); do
		[ -e "/proc/$p" ] || [ "$p" = "$pid" ] || continue # a helper that is done
		! as_root cat "/proc/$p/cmdline" "/proc/$p/environ" 2>/dev/null | grep -qaF -- "$CANARY" ||
			{ echo "process $p"; return 1; }
		# Not dumpable: no core, and nobody of the same user may look into it.
		[ "$p" != "$pid" ] || [ "$(as_root stat -c %U "/proc/$p/environ")" = root ] || { echo "process $p is dumpable"; return 1; }
	done
}

# typed_and_running [STATEMENT]: a session that has typed it is looked at while it runs.
typed_and_running() {
	local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out pid
	rm -f "$in"
	mkfifo "$in"
	as alice <"$in" >"$out" 2>&1 3>&- &
	pid=$!
	exec 7>"$in"
	printf '%s\n' "${1:-note the new one is password: $CANARY}" \
		"select 'postgres://u:$CANARY@127.0.0.1/x' as url where false;" "select 'ready';" >&7
	wait_until 20 grep -q ready "$out"
	in_no_process
	exec 7>&-
	wait "$pid" || true
}
