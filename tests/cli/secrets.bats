#!/usr/bin/env bats
# A canary: a password that was typed is in no file, no environment, no command line, no core of
# anything holdfast runs or writes. A primary and a standby; files and processes are looked at as root.

load ../lab/lab
load ../lab/people
load ../lab/canary

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1
	sql pg1 "ALTER ROLE alice CREATEROLE; CREATE ROLE service LOGIN"
}

teardown_file() {
	lab_down
}

@test "a typed password is in no file, command line, environment, and can be in no core" {
	local out=$BATS_TEST_TMPDIR/out
	typed_and_running
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
