#!/usr/bin/env bats
# `holdfast classify` as people call it; the cases themselves are judged by tests/unit/engines/test_pg_cases.c.

setup() {
	top=${HOLDFAST_TOP:-$PWD} holdfast=${HOLDFAST_BUILD:-$top/build}/holdfast
}

@test "one line a statement, in order, exit 0 whatever the classes" {
	run "$holdfast" classify -e postgresql <<<$'SELECT 1; DROP TABLE x;\nDELETE FROM a\n WHERE id = 1;'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = $'read\tselect\tSELECT 1\treads' ]
	[[ "${lines[1]}" == $'destructive\tdrop-table\tDROP TABLE x\t'* ]]
	[[ "${lines[2]}" == $'write\tdelete\tDELETE FROM a\t'* ]]
}

@test "control characters of a statement are escaped" {
	run "$holdfast" classify <<<$'SELECT \'\e[2J\u202e\tx\''
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == *'\x1b[2J\u{202e}\tx'* ]]
}

@test "a text of comments only is read" {
	run "$holdfast" classify -e postgresql <<<'/* /* */ DROP TABLE orders -- */'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "${lines[0]}" == $'read\tempty\t'* ]]
}

@test "--json gives objects" {
	run "$holdfast" classify --json <<<'TRUNCATE orders'
	[ "$status" -eq 0 ]
	[[ "$output" == '[{"class": "destructive", "kinds": "truncate"'* ]]
}

@test "a file, and one that is not there" {
	echo 'SELECT 1' >"$BATS_TEST_TMPDIR/a.sql"
	run "$holdfast" classify "$BATS_TEST_TMPDIR/a.sql"
	[ "$status" -eq 0 ]
	[[ "$output" == $'read\t'* ]]
	run "$holdfast" classify "$BATS_TEST_TMPDIR/none.sql"
	[ "$status" -eq 2 ]
}

@test "an engine without a classifier is refused" {
	run "$holdfast" classify -e oracle <<<'SELECT 1'
	[ "$status" -eq 2 ]
	[[ "$output" == *oracle* ]]
}

@test "the single statements of pg.test have the same class through the program" {
	grep -vE '^#|^$|\\|;|--|/\*' "$top/tests/classify/pg.test" | grep -E ' [|] (read|write|dangerous|destructive) [|] ' \
		>"$BATS_TEST_TMPDIR/cases"
	sed -E 's/ [|] [a-z]+ [|].*$/;/' "$BATS_TEST_TMPDIR/cases" | "$holdfast" classify | cut -f1 >"$BATS_TEST_TMPDIR/got"
	sed -E 's/^.* [|] ([a-z]+) [|].*$/\1/' "$BATS_TEST_TMPDIR/cases" >"$BATS_TEST_TMPDIR/want"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -gt 400 ]
	diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}
