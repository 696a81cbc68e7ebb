#!/usr/bin/env bats
# The canary of secrets.bats on MariaDB: a password that was typed, and the one that the connection
# itself uses, are in no file, environment, command line, core.

load ../lab/lab
load ../lab/people
load ../lab/canary

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true LAB_ENGINE=mariadb
	lab_up single --rows 100
	sql my1 "GRANT CREATE USER, BINLOG MONITOR, REPLICATION SLAVE ADMIN ON *.* TO alice; CREATE USER service"
}

teardown_file() {
	lab_down
}

@test "MariaDB: a typed password is in no file, command line, environment, and can be in no core" {
	local out=$BATS_TEST_TMPDIR/out s n=0
	typed_and_running
	for s in "plan CREATE USER svc IDENTIFIED BY '$CANARY';" "CREATE USER svc@localhost IDENTIFIED BY '$CANARY';" \
		"CREATE USER svc IDENTIFIED VIA mysql_native_password USING PASSWORD('$CANARY');" \
		"ALTER USER service IDENTIFIED BY \"$CANARY\";" "SET PASSWORD FOR service = PASSWORD('$CANARY');" \
		"SET /* now */ PASSWORD = PASSWORD ( '$CANARY' );" "GRANT SELECT ON shop.* TO service IDENTIFIED BY '$CANARY';" \
		"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PASSWORD='$CANARY';" \
		"/*!50000 CHANGE MASTER 'x' TO MASTER_PASSWORD = '$CANARY' */;" \
		"CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', PASSWORD '$CANARY');" \
		"CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://u:$CANARY@127.0.0.1/x/y';" \
		"UPDATE mysql.global_priv SET Priv = '{\"authentication_string\":\"$CANARY\"}' WHERE User = 'service';" \
		"PREPARE p FROM 'ALTER USER service IDENTIFIED BY ''$CANARY''';" \
		"BEGIN NOT ATOMIC ALTER USER service IDENTIFIED BY '$CANARY'; END;" \
		"note in my.cnf: [client] password=$CANARY" "\\! mysql -uroot -p$CANARY" "\\c mysql://u:$CANARY@127.0.0.1:1/x"; do
		as alice --wait 0 <<<"$s" >>"$out" 2>&1 || true
		n=$((n + 1))
	done
	as_root find "$LAB" -name "*.jsonl" -exec grep -hF '"type":"input"' {} + >"$BATS_TEST_TMPDIR/typed"
	[ "$(grep -cF '<redacted>' "$BATS_TEST_TMPDIR/typed")" -ge "$n" ] || { cat "$BATS_TEST_TMPDIR/typed"; false; }
	grep -F "MASTER_HOST='127.0.0.1', MASTER_PASSWORD=<redacted>;" "$BATS_TEST_TMPDIR/typed" | grep -qF '"redacted":1'
	in_no_file
	# Not sent: the server's log quotes what it could not run, and it has no such user with a password.
	! as_root grep -aF "$CANARY" "$LAB/servers/my1.log"
	[ "$(sql my1 "SELECT COUNT(*) FROM mysql.user WHERE User = 'svc' OR (User = 'service' AND authentication_string <> '')")" = 0 ]
}

@test "MariaDB: the connection's own password stays in its option file, also where a dump is taken" {
	local file
	file=$(sed -n 's/.*passfile *= *"\([^"]*alice[^"]*\)".*/\1/p' "$LAB/holdfast.conf" | head -n 1)
	[ "${file#/}" != "$file" ] || file=$LAB/$file
	as_root test -f "$file"
	# By its hash: the server's own log need not hold it either.
	sql my1 "ALTER USER alice IDENTIFIED BY PASSWORD '$(sql my1 "SELECT PASSWORD('$CANARY')")'"
	as_root sed -i "s/^password *=.*/password = $CANARY/" "$file"
	typed_and_running "SELECT count(*) FROM orders;"
	run as alice --confirm my1 -c 'ALTER TABLE order_items MODIFY quantity bigint;'
	echo "$output"
	run as alice -c 'topology'
	[ "$status" -eq 0 ]
	run as_root grep -rlaF --exclude-dir=bin -- "$CANARY" "$LAB"
	echo "$output"
	[ "$output" = "$file" ]
}
