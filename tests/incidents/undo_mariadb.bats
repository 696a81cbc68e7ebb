#!/usr/bin/env bats
# The same on MariaDB: rows, a changed table, a database, brought back from the held replica.
# mariadb-dump of before and after is the judge.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	LAB_ENGINE=mariadb
	export LAB_ENGINE
	lab_up star:1 --rows 20000
	as_root sh -c "cd $LAB && echo 'policy = \"policy\"' >>holdfast.conf && cat >policy" <<-'EOP'
		rule "rows" {
		    kinds = {"delete", "update", "alter-column-type"}
		    level = approve
		    sentence = "Rows and types are changed with another person, and can be undone."
		}
	EOP
	sql my1 "CREATE DATABASE old_shop CHARACTER SET latin1"
	sql my1 "CREATE TABLE p (id int PRIMARY KEY, x varbinary(40));
		CREATE TABLE c (id int AUTO_INCREMENT PRIMARY KEY, p int, CONSTRAINT p_of FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE);
		INSERT INTO p SELECT seq, UNHEX(MD5(seq)) FROM shop.seq_1_to_2000; INSERT INTO c (p) SELECT seq FROM shop.seq_1_to_900;
		CREATE TRIGGER p_in BEFORE INSERT ON p FOR EACH ROW SET NEW.x = CONCAT('t', NEW.x);
		CREATE PROCEDURE twice(IN i int) SELECT i * 2; CREATE VIEW v AS SELECT COUNT(*) AS n FROM p" old_shop
	wait_until 20 caught_up my2
	dump >"$LAB/before"
}

teardown_file() {
	lab_down
}

teardown() {
	[ -z "${PID:-}" ] || kill "$PID" 2>/dev/null || true
}

dump() {
	as_root mariadb-dump --defaults-file="$LAB/my.cnf" -P "$(node_port my1)" --skip-comments --skip-extended-insert \
		--routines --events --triggers --databases shop old_shop | grep -v -e '^/\*![0-9]* SET' -e '^/\*M!' | sed -e 's/ AUTO_INCREMENT=[0-9]*//' | LC_ALL=C sort
}

same_as_before() { diff <(dump) "$LAB/before" >&2; }

@test "DELETE and UPDATE, with a trigger that would overwrite values, and a DELETE that cascades" {
	play alice "DELETE FROM old_shop.p WHERE id % 2 = 0; UPDATE orders SET status = 'oops'" --confirm my1
	[ "$status" -eq 0 ]
	[[ $SEEN == *"my2 keeps everything as it was before this: "*undo* ]]
	[[ $output == *PROVEN* ]]
	[ "$(sql my1 "SELECT COUNT(*) FROM old_shop.c")" = 450 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up my2
	[ "$(sql my2 "SELECT COUNT(*) FROM orders WHERE status = 'oops'")" = 0 ]
}

@test "a table that was dropped, and one that was emptied" {
	play alice 'DROP TABLE order_items'
	[ "$status" -eq 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up my2
	play alice 'TRUNCATE TABLE order_items'
	[ "$status" -eq 0 ]
	[ "$(sql my1 'SELECT COUNT(*) FROM order_items')" = 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up my2
}

@test "a column's type and a column with its index" {
	play alice "ALTER TABLE customers MODIFY since varchar(20) NOT NULL, DROP COLUMN email"
	[ "$status" -eq 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up my2
}

@test "a database with tables, keys, triggers, views and procedures" {
	play alice 'DROP DATABASE old_shop'
	[ "$status" -eq 0 ]
	play alice "undo $REQ"
	[ "$status" -eq 0 ]
	same_as_before
	wait_until 20 caught_up my2
}
