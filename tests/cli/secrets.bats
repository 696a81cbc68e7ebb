#!/usr/bin/env bats
# A canary: a password that was typed is in no file, no environment, no command line, no core of
# anything holdfast runs or writes. A primary and a standby; files and processes are looked at as root.

load ../lab/lab
load ../lab/people

CANARY=c4n4ryS3cret

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1
	sql pg1 "ALTER ROLE alice CREATEROLE; CREATE ROLE service LOGIN"
}

teardown_file() {
	lab_down
}

# No file of the lab holds it. A server's log quotes what it could not run: only what holdfast does not
# send at all may be asked for there.
in_no_file() {
	local found
	found=$(as_root grep -rlaF --exclude-dir=bin --exclude="pg?.log" -- "$CANARY" "$LAB" || true)
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

@test "a typed password is in no file, command line, environment, and can be in no core" {
	local in=$BATS_TEST_TMPDIR/in out=$BATS_TEST_TMPDIR/out pid
	mkfifo "$in"
	as alice <"$in" >"$out" 2>&1 3>&- &
	pid=$!
	exec 7>"$in"
	printf '%s\n' "note the new one is password: $CANARY" \
		"select 'postgres://u:$CANARY@127.0.0.1/x' as url where false;" "select 'ready';" >&7
	wait_until 20 grep -q ready "$out"
	in_no_process
	exec 7>&-
	wait "$pid" || true
	# Refused or failing: the text comes back in errors and plans.
	for s in "plan ALTER ROLE service PASSWORD '$CANARY';" \
		"select dblink_connect('host=127.0.0.1 password=$CANARY');" "ALTER ROLE service PASSWORD '$CANARY';" "ALTER USER service WITH ENCRYPTED PASSWORD E'$CANARY';" \
		"CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=$CANARY' PUBLICATION p;" \
		"DO \$\$ BEGIN EXECUTE 'ALTER ROLE service PASSWORD ''$CANARY'''; END \$\$;" \
		"CHANGE MASTER TO MASTER_PASSWORD='$CANARY';" "\\c postgresql://u:$CANARY@127.0.0.1:1/x"; do
		as alice --wait 0 <<<"$s" >>"$out" 2>&1 || true
	done
	# It was typed and kept: as what was typed without it, and saying that something is missing.
	as_root find "$LAB" -name "*.jsonl" -exec grep -hF '"type":"input"' {} + >"$BATS_TEST_TMPDIR/typed"
	[ "$(grep -cF '<redacted>' "$BATS_TEST_TMPDIR/typed")" -ge 9 ]
	grep -F "ALTER ROLE service PASSWORD <redacted>;" "$BATS_TEST_TMPDIR/typed" | grep -qF '"redacted":1'
	in_no_file
	! as_root grep -aE "(ROLE|USER) service .*$CANARY" "$LAB/servers/pg1.log"
	run as alice journal verify
	[ "$status" != 1 ]
}

@test "the check itself finds a secret that was left" {
	as_root bash -c "echo 'x $CANARY' >$LAB/leak"
	run in_no_file
	as_root rm "$LAB/leak"
	[ "$status" = 1 ]
	[[ "$output" == *leak* ]]
}
