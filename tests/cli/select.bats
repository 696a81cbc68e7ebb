#!/usr/bin/env bats
# Queries that hide a change, and rows that stream in and out. What really happened is asked of the
# server with plain psql.

load ../lab/lab

setup_file() {
	lab_up single --rows 20000
	sql pg1 "CREATE TABLE log_t (x int);
		CREATE TABLE target (id bigint PRIMARY KEY, a int);
		INSERT INTO target SELECT i, 0 FROM generate_series(1, 5000) AS i; ANALYZE target;
		CREATE FUNCTION f_evil() RETURNS int LANGUAGE plpgsql AS
			'BEGIN INSERT INTO log_t VALUES (1); RETURN 1; END';
		CREATE VIEW v_plain AS SELECT id, random() FROM orders;
		CREATE VIEW v_evil AS SELECT id, f_evil() FROM orders LIMIT 3;
		CREATE VIEW v_deep AS SELECT * FROM v_evil;
		GRANT ALL ON ALL TABLES IN SCHEMA public TO alice"
}

teardown_file() { lab_down; }
setup() { sql pg1 'TRUNCATE log_t'; }

batch() { as alice "$@" 2>&1; }
copied() { sql pg1 'SELECT count(*) FROM log_t'; }

@test "a table, a harmless view and the catalogues are read unasked" {
	for q in 'SELECT count(*) FROM orders;' 'SELECT count(id) FROM v_plain;' \
		'SELECT count(*) FROM pg_class;' 'SELECT 1;'; do
		run as alice -c "$q"
		[ "$status" -eq 0 ]
		[[ "$output" != *PLAN* ]]
	done
}

@test "a view that calls what changes rows is asked about, and cannot change them" {
	run as alice -c 'SELECT * FROM v_deep;'
	[ "$status" -eq 6 ]
	[[ "$output" == *public.f_evil* ]]
	[ "$(copied)" = 0 ]
	run as alice --confirm pg1 -c 'SELECT * FROM v_deep;'
	[ "$status" -ne 0 ]
	[[ "$output" == *"read-only transaction"* ]]
	[ "$(copied)" = 0 ]
}

@test "rows follow their COPY, and the next statement follows them" {
	run batch --confirm pg1 <<<$'COPY log_t FROM STDIN;\n1\n2\n\\.\nSELECT 42;'
	[ "$status" -eq 0 ]
	[[ "$output" == *"COPY 2"* && "$output" == *42* ]]
	[ "$(copied)" = 2 ]
}

@test "two hundred thousand rows, Windows line ends and a long row" {
	sql pg1 'CREATE TABLE wide (t text); GRANT ALL ON wide TO alice'
	{
		printf 'COPY log_t FROM STDIN;\n'
		seq 200000
		printf '\\.\nCOPY wide FROM STDIN;\n'
		head -c 300000 /dev/zero | tr '\0' x
		printf '\n\\.\n'
	} >"$BATS_TEST_TMPDIR/in"
	run batch --confirm pg1 <"$BATS_TEST_TMPDIR/in"
	[ "$status" -eq 0 ]
	[ "$(copied)" = 200000 ]
	[ "$(sql pg1 'SELECT sum(x) FROM log_t')" = 20000100000 ]
	[ "$(sql pg1 'SELECT length(t) FROM wide')" = 300000 ]
	run batch --confirm pg1 <<<$'COPY log_t FROM STDIN;\r\n7\r\n\\.\r'
	[ "$status" -eq 0 ]
	[ "$(copied)" = 200001 ]
}

@test "COPY is asked about; what stands below it is never run as SQL" {
	run batch <<<$'COPY log_t FROM STDIN;\n1\n\\.\nINSERT INTO log_t VALUES (9);'
	[ "$status" -eq 6 ]
	[ "$(copied)" = 0 ]
}

@test "rows that are cut off or wrong: none is kept, and nothing after them runs" {
	run batch --confirm pg1 <<<$'COPY log_t FROM STDIN;\n1\n2'
	[ "$status" -ne 0 ]
	[[ "$output" == *"ended inside COPY's rows"* ]]
	[ "$(copied)" = 0 ]
	run batch --confirm pg1 <<<$'COPY log_t FROM STDIN;\n1\nx\n\\.\nINSERT INTO log_t VALUES (9);'
	[ "$status" -ne 0 ]
	[[ "$output" == *'"x"'* ]]
	[ "$(copied)" = 0 ]
}

@test "with -c there are no rows to come, and it says so" {
	run as alice --confirm pg1 -c 'COPY log_t FROM STDIN;'
	[ "$status" -eq 2 ]
	[[ "$output" == *"none can follow here; nothing was run"* ]]
	run as alice --confirm pg1 -c 'COPY log_t FROM STDIN; SELECT 1;'
	[ "$status" -ne 0 ]
	[ "$(copied)" = 0 ]
}

@test "COPY TO STDOUT gives the rows and not a byte more" {
	as alice -c "COPY (SELECT E'a\\\\tb\\x1b[31m', NULL) TO STDOUT;" >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "$(sql pg1 "COPY (SELECT E'a\\\\tb\\x1b[31m', NULL) TO STDOUT")" ]
	as alice -c 'COPY orders TO STDOUT;' | cmp - <(sql pg1 'COPY orders TO STDOUT')
}

# rows STATEMENT: what the plan says it changes; the server's rows are left alone.
rows() {
	run as alice -c "$1"
	echo "$output"
	[ "$status" -eq 6 ]
	ROWS=$(tr -d '\n>' <<<"$output" | tr -s ' ' | grep -o 'It changes [^ ]* *[^ ]* rows' | grep -o '[0-9,]*' | tr -d ,)
}

@test "the estimate is of the rows that are changed, not of what is read beside them" {
	sql pg1 'CREATE TABLE few AS SELECT 1::bigint AS id; ANALYZE few; GRANT ALL ON few TO alice'
	for q in 'UPDATE target SET a = 0 FROM few WHERE target.id = few.id;' \
		'DELETE FROM target USING few WHERE target.id = few.id AND few.id < 0;' \
		'INSERT INTO target SELECT id + 100000, 0 FROM few WHERE id IN (SELECT id FROM orders) AND id < 0;'; do
		run as alice -c "$q"
		echo "$q: $output"
		[ "$status" -eq 0 ]
		[[ "$output" != *PLAN* ]]
	done
	rows 'UPDATE target SET a = 0 FROM orders WHERE target.id = orders.id;'
	[ "$ROWS" -ge 2500 ] && [ "$ROWS" -le 10000 ]
	rows 'DELETE FROM target USING orders WHERE target.id = orders.id;'
	[ "$ROWS" -ge 2500 ] && [ "$ROWS" -le 10000 ]
	rows 'INSERT INTO log_t SELECT id FROM orders;'
	[ "$ROWS" -ge 15000 ] && [ "$ROWS" -le 25000 ]
	rows 'MERGE INTO target USING orders ON target.id = orders.id WHEN MATCHED THEN UPDATE SET a = 0;'
	[ "$ROWS" -ge 2500 ] && [ "$ROWS" -le 10000 ]
	[ "$(copied)" = 0 ]
}

@test "1,600 columns, in every form" {
	local q
	q="SELECT $(seq -s, 1 1600 | sed -E 's/([0-9]+)/\1 AS c\1/g');"
	run -0 as alice --csv -c "$q"
	[ "${#lines[@]}" = 2 ]
	[ "$(tr -cd , <<<"${lines[1]}" | wc -c)" = 1599 ]
	run -0 as alice --json -c "$q"
	[ "$(python3 -c 'import json,sys; print(len(json.load(sys.stdin)[0]))' <<<"$output")" = 1600 ]
	run -0 as alice -c "$q"
	[[ "$output" == *'|  1600'* ]]
}

@test "a value of many megabytes: its beginning at a screen, with its size; whole where a program reads" {
	as alice -c "SELECT repeat('x', 12 * 1024 * 1024) AS big;" >"$BATS_TEST_TMPDIR/screen"
	[ "$(wc -c <"$BATS_TEST_TMPDIR/screen")" -lt 4194304 ]
	grep -q 'x \.\.\. (the first 1\.0 MB of 12\.0 MB; --csv or --json gives all of it)$' "$BATS_TEST_TMPDIR/screen"
	[ "$(as alice --csv -c "SELECT repeat('x', 12 * 1024 * 1024) AS big;" | tail -n 1 | wc -c)" = 12582913 ]
}

@test "a server that sends notices without end: shown as they come, and stopped by Ctrl-C" {
	sql pg1 "CREATE FUNCTION noisy() RETURNS int LANGUAGE plpgsql AS \$\$
		BEGIN LOOP RAISE NOTICE E'again \\e[31m'; PERFORM pg_sleep(0.001); END LOOP; END \$\$"
	as alice --confirm pg1 -c 'SELECT noisy();' >"$BATS_TEST_TMPDIR/noise" 2>&1 3>&- </dev/null &
	local job=$! rc=0 kib pid
	many() { [ "$(grep -c 'again' "$BATS_TEST_TMPDIR/noise")" -gt 300 ]; }
	wait_until 20 many
	pid=$(pgrep -u hf-alice -f -o -- "$LAB/holdfast.conf.*SELECT noisy")
	kib=$(as_root awk '/VmHWM/ { print $2 }' "/proc/$pid/status")
	as_root kill -INT "$pid"
	wait "$job" || rc=$?
	echo "left with $rc, at most $kib KiB"
	[ "$rc" -ne 0 ]
	[ "$kib" -lt 65536 ]
	! grep -q $'\e' "$BATS_TEST_TMPDIR/noise"
	wait_until 10 sql_is pg1 0 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT noisy%' AND state = 'active'"
}
