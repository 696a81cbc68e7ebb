#!/usr/bin/env bats
# `holdfast classify -e mysql|mariadb|sh` as people call it; the cases themselves are judged by
# tests/unit/engines/test_my_cases.c.

setup() {
	top=${HOLDFAST_TOP:-$PWD} holdfast=${HOLDFAST_BUILD:-$top/build}/holdfast
}

@test "one line a statement; bodies and \\G are seen" {
	run "$holdfast" classify -e mysql <<<$'SELECT 1\\G CREATE PROCEDURE p() BEGIN SELECT 1; END; DROP TABLE x'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = $'read\tselect\tSELECT 1\treads' ]
	[[ "${lines[1]}" == $'write\tcreate-procedure\t'* ]]
	[[ "${lines[2]}" == $'destructive\tdrop-table\tDROP TABLE x\t'* ]]
}

@test "DELIMITER is obeyed, and is no statement" {
	run "$holdfast" classify -e mariadb <<<$'DELIMITER //\nSELECT \';\'//\nTRUNCATE t//\nDELIMITER ;\nSELECT 2;'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ "${lines[1]}" == $'destructive\ttruncate\tTRUNCATE t\t'* ]]
}

@test "--json gives class and kinds" {
	run "$holdfast" classify --json -e mariadb <<<'RESET MASTER'
	[ "$status" -eq 0 ]
	[[ "$output" == '[{"class": "destructive", "kinds": "reset-master"'* ]]
}

@test "the same text means something else to another engine" {
	text=$'UPDATE t SET a=0 -- \r WHERE id=7'
	[[ "$("$holdfast" classify -e postgresql <<<"$text")" == write* ]]
	[[ "$("$holdfast" classify -e mysql <<<"$text")" == destructive* ]]
}

@test "command lines of a host" {
	run "$holdfast" classify -e sh <<<$'df -h\nrm -rf /var/lib/mysql'
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ "${lines[0]}" == $'read\tdf\t'* ]]
	[[ "${lines[1]}" == $'destructive\trm\t'* ]]
}

@test "the single statements of my.test and sh.test have the same class through the child" {
	for what in my:mariadb sh:sh; do
		grep -vE '^#|^$|\\|;|--|/\*|DELIMITER|#|never ends|NAMES|CHARACTER SET|sql_mode' "$top/tests/classify/${what%:*}.test" |
			grep -E ' [|] (read|write|dangerous|destructive) [|] ' >"$BATS_TEST_TMPDIR/cases"
		end=';'
		[ "$what" != sh:sh ] || end=
		sed -E "s/ [|] (read|write|dangerous|destructive) [|].*\$/$end/" "$BATS_TEST_TMPDIR/cases" |
			"$holdfast" classify -e "${what#*:}" | cut -f1 >"$BATS_TEST_TMPDIR/got"
		sed -E 's/^.* [|] (read|write|dangerous|destructive) [|].*$/\1/' "$BATS_TEST_TMPDIR/cases" >"$BATS_TEST_TMPDIR/want"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/want")" -gt 100 ]
		diff "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
	done
}
