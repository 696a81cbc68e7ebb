#!/usr/bin/env bats
# What people have in their fingers from psql: the same bytes as psql --csv, files in and out, the
# \d family; and that none of it goes around the door. One primary with a standby.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 2000
	sql pg1 "CREATE TABLE odd (id int PRIMARY KEY, t text, n numeric);
		INSERT INTO odd VALUES (1, E'a,b', 1.5), (2, E'say \"no\"', NULL), (3, E'two\nlines', 2),
		(4, '', 0), (5, NULL, -1), (6, E'\\\\.', 3), (7, E'tab\tand \u00fcml\u00e4ut \u4e16\u754c', 4), (8, E'cr\rlf', 5);
		GRANT ALL ON odd TO alice;
		CREATE TABLE parts (id int, d date) PARTITION BY RANGE (d);
		CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
		ALTER TABLE odd ENABLE ROW LEVEL SECURITY;
		CREATE POLICY mine ON odd FOR SELECT USING (id > 0);
		CREATE PUBLICATION pub FOR TABLE odd;
		CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql AS 'SELECT 2 * i'" >/dev/null
	mkdir -p "$LAB/home/files"
	chmod 777 "$LAB/home/files"
}

teardown_file() {
	lab_down
}

ours() { as alice "$@"; }
psql_csv() {
	as_root env PGPASSFILE="$LAB/pgpass" "$HOLDFAST_PG_BIN/psql" -X --csv -h 127.0.0.1 \
		-p "$(node_port pg1)" -U postgres -d shop -c "$1"
}

@test "--csv: byte for byte what psql --csv prints" {
	local q
	for q in 'SELECT * FROM odd ORDER BY id' 'SELECT 1 AS "a,b", NULL AS "c""d"' \
		'SELECT id, total, created_at FROM orders ORDER BY id LIMIT 1500' 'SELECT 1 WHERE false'; do
		ours --csv -c "$q" >"$BATS_TEST_TMPDIR/ours" 2>&1
		psql_csv "$q" >"$BATS_TEST_TMPDIR/psql"
		cmp "$BATS_TEST_TMPDIR/ours" "$BATS_TEST_TMPDIR/psql"
	done
	run -0 ours --csv -c '\di orders'
	[[ ${lines[0]} == schema,name,table,* ]]
	[[ $output != *"("*"rows)"* ]]
}

@test "\\pset null, \\x auto: how results look, nothing else" {
	run -0 ours -c '\pset null <none>' -c 'SELECT NULL::text AS x'
	[[ $output == *"<none>"* ]]
	run -0 ours -c '\x auto'
	[[ $output == *"where a row is wider"* ]]
	run -0 ours -c '\pset format csv' -c "SELECT 1 AS a, 'x,y' AS b"
	[[ $output == *$'a,b\n1,"x,y"'* ]]
	run -2 ours -c '\pset border 2'
}

@test "\\copy out and in again: the same rows; no file is overwritten; no program is started" {
	local f=$LAB/home/files/odd.csv
	run -0 ours -c "\\copy (SELECT * FROM odd ORDER BY id) to '$f' csv header"
	[[ $output == *"COPY 8"* ]]
	[ "$(stat -c %a "$f")" = 600 ]
	run -2 ours -c "\\copy odd to '$f' csv"
	[[ $output == *"File exists"* ]]
	sql pg1 "CREATE TABLE odd2 (LIKE odd); GRANT ALL ON odd2 TO alice" >/dev/null
	run -0 ours --confirm pg1 -c "\\copy odd2 from '$f' with (format csv, header)"
	[[ $output == *"COPY 8"* ]]
	sql_is pg1 0 "SELECT count(*) FROM (SELECT * FROM odd EXCEPT SELECT * FROM odd2) AS x"
	run -2 ours -c "\\copy odd2 from program 'touch /tmp/owned'"
	[[ $output == *"starts no program"* ]]
	run -2 ours -c '\copy odd2 from /dev/zero'
	run -2 ours -c '\copy odd2 from /nonexistent'
	# A query that writes is judged as what it is.
	run -5 ours --wait 0 -c "\\copy (WITH d AS (DELETE FROM odd2 RETURNING *) SELECT * FROM d) to '$LAB/home/files/gone.csv'"
	sql_is pg1 8 "SELECT count(*) FROM odd2"
	[ ! -e "$LAB/home/files/gone.csv" ]
}

@test "\\i: a file is one text and one plan; what it must not do it does not" {
	local f=$LAB/home/files/f.sql
	echo 'SELECT 41 + 1 AS answer; SELECT 7 AS seven;' >"$f"
	run -0 ours -c "\\i $f"
	[[ $output == *42* && $output == *seven* ]]
	printf 'SELECT 1;\nDROP TABLE odd2;\n' >"$f"
	run -6 ours --wait 0 -c "\\i $f"
	[[ $output == *"2 statements"* && $output == *"DROP TABLE odd2"* ]]
	sql_is pg1 8 "SELECT count(*) FROM odd2"
	run -2 ours -c '\i /dev/zero'
	[[ $output == *"no regular file"* ]]
	run -2 ours -c '\i'
	run -2 ours -c "\\e"
	[[ $output == *"needs a terminal"* ]]
}

@test "\\watch repeats a query until it is stopped, and repeats no act" {
	as alice -c 'SELECT 40 + 2 AS tick' -c '\watch 0.3' >"$BATS_TEST_TMPDIR/out" 2>&1 </dev/null 3>&- &
	local pid=$!
	ticks() { [ "$(grep -c ' 42' "$BATS_TEST_TMPDIR/out")" -ge 4 ]; }
	wait_until 15 ticks
	as_root kill -INT "$pid" 2>/dev/null || true
	as_root pkill -INT -P "$pid" 2>/dev/null || true
	wait "$pid" || true
	grep -q 'every 0.3 s; Ctrl-C ends it' "$BATS_TEST_TMPDIR/out"
	run -2 ours --confirm pg1 -c "INSERT INTO odd VALUES (100, 'x', 1)" -c '\watch 1'
	[[ $output == *"only such are repeated"* ]]
	sql_is pg1 1 "SELECT count(*) FROM odd WHERE id = 100"
	run -2 ours -c '\watch 1'
	run -2 ours -c 'SELECT 1' -c '\watch -1'
}

@test "the \\d family: what a table is made of, and the lists" {
	run -0 ours -c '\d orders'
	[[ $output == *"public.orders"*"about"*"rows"* ]]
	[[ $output == *"trigger"*"orders_changed"*"enabled"* ]]
	[[ $output == *"referenced by order_items"* ]]
	run -0 ours -c '\d odd'
	[[ $output == *"row security"* && $output == *"policy"*"mine"* && $output == *"published by"*"pub"* ]]
	run -0 ours -c '\d parts'
	[[ $output == *"partition key"*"RANGE (d)"* && $output == *"parts_2026"*"FOR VALUES FROM"* ]]
	run -0 ours -c '\d parts_2026'
	[[ $output == *"partition of"*"parts"* ]]
	run -0 ours -c '\d big_orders'
	[[ $output == *"view text"*"JOIN customers"* ]]
	run -0 ours -c '\di orders'
	[[ $output == *orders_pkey*"primary key"* && $output != *customers_pkey* ]]
	run -0 ours -c '\dv'
	[[ $output == *big_orders* && $output != *customers* ]]
	run -0 ours -c '\dt public.order*'
	[[ $output == *order_items* && $output == *orders* && $output != *customers* ]]
	run -0 ours -c '\dt+ orders'
	[[ $output == *"table"*postgres* && $output != *customers* ]]
	run -0 ours -c '\df public.tw*'
	[[ $output == *twice* ]]
	run -0 ours -c '\df nothing_such'
	[[ $output == *"no function fits"* ]]
	run -0 ours -c '\dn'
	[[ $output == *public* ]]
	run -0 ours -c '\dx'
	[[ $output == *plpgsql* ]]
	run -0 ours -c '\dp orders'
	[[ $output == *shop_ro*SELECT* ]]
	run -0 ours -c '\sf twice'
	[[ $output == *"SELECT 2 * i"* ]]
	run -1 ours -c '\sf nothing_such'
	run -0 ours --json -c '\d orders'
	jq -e '[.[] | select(.part == "index")] | length == 3' <<<"$output"
}

@test "?: every verb on a line that a screen of 80 columns holds, and all forms of one" {
	run -0 ours -c '?'
	[[ $output == *"connect ..., \\c "*"| Connect to a node"* ]]
	[ "$(sed '/^Everything/d' <<<"$output" | wc -L)" -le 100 ]
	run -0 ours -c '? incident'
	[ "${lines[0]}" = 'incident open NAME [TITLE]' ]
	[[ $output == *$'\n'"incident close"* ]]
	run -0 ours -c '? journal'
	[[ $output == *$'\n'"journal resolve [ID"* ]]
	run -0 ours --json -c '?'
	jq -e '[.[] | select(.verb == "undo PLAN")] | length == 1' <<<"$output"
}
