#!/usr/bin/env bats
# Has anyone run this before, and what happened? Journals are searched, and the judge remembers what went
# wrong. A primary and a standby.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1
	sql pg1 "CREATE TABLE once (a int); INSERT INTO once VALUES (1), (1); GRANT ALL ON once TO alice; ALTER TABLE once OWNER TO alice"
	as alice -c 'incident open DB-5' --confirm pg1 -c 'CREATE TABLE fine (a int)' \
		-c 'ALTER TABLE once ADD UNIQUE (a)' >/dev/null 2>&1 || true
}

teardown_file() {
	lab_down
}

teardown() {
	ended
}

@test "search by text, object, class and time: who, where, which incident, what came of it, which record" {
	run -0 as alice journal search 'add unique'
	[[ "$output" == *"alice"*"DB-5"*"pg1"*"ALTER TABLE once ADD UNIQUE (a)"*"FAILED"*"could not create unique index"* ]]
	[[ "$output" != *"CREATE TABLE fine"* ]]
	run -0 as alice journal search --object once --json
	rec=$(jq -r 'select(length == 1) | .[0] | select(.bad and .class == "dangerous" and .incident == "DB-5").record' <<<"$output")
	file=$(jq -r '.[0].file' <<<"$output")
	jq -es --argjson r "$rec" '.[$r] | .type == "intent" and (.objects | test("once$")) and (.kinds | length > 0)' "$file"
	run -0 as alice journal search --class write
	[[ "$output" == *"CREATE TABLE fine"*"ok, CREATE TABLE"* && "$output" != *UNIQUE* ]]
	run -0 as alice journal search --since 2099 --json
	[ "$output" = '[]' ]
	run -0 as alice journal search --bad --json
	jq -e 'length == 1' <<<"$output"
	run -2 as alice journal search --class terrible
}

@test "the plan says that one like it went wrong, with date, incident and record; the level stays" {
	run -0 as alice -c 'plan ALTER TABLE once ADD UNIQUE (a)'
	[[ "$(tr -s ' \n' '  ' <<<"$output")" == *"went wrong before: alice, 20"*"incident DB-5: FAILED: "*"unique index"* ]]
	[[ "$output" == *"level  confirm"* ]]
	# Another text, the same thing done to the same table.
	run -0 as alice -c 'plan alter table  once add constraint u unique (a)'
	[[ "$output" == *"went wrong before"* ]]
	run -0 as alice -c 'plan ALTER TABLE fine ADD UNIQUE (a)'
	[[ "$output" != *"went wrong before"* ]]
}

@test "what a reviewer denied is remembered, and the request that says so is approved and runs" {
	file_as alice 'DROP TABLE fine'
	deny_as bob "$REQ" too early
	finish
	[ "$status" = 6 ]
	play alice 'DROP TABLE fine'
	[ "$status" = 0 ]
	[[ "$(tr -s ' \n' '  ' <<<"$output $SEEN")" == *"went wrong before: alice, 20"*"denied by bob"* ]]
	sql_is pg1 t "SELECT to_regclass('fine') IS NULL"
}
