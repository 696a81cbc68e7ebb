# The picture of a MariaDB cluster, by plain mariadb what it must be.

setup_file() {
	load ../lab/lab
	LAB_ENGINE=mariadb
	export LAB_ENGINE
	lab_up cascade:2 --rows 500
}

teardown_file() {
	load ../lab/lab
	lab_down
}

setup() { load ../lab/lab; }

teardown() { [ -z "${READER:-}" ] || kill "$READER" 2>/dev/null || true; }

# One node of the config is enough: the person's own file of options stays.
only() {
	sed -e '/^cluster/,$d' "$LAB/holdfast.conf" >"$LAB/only.conf"
	printf 'cluster "lab" {\n engine = %s\n node "seed" {\n address = "mariadb://%s127.0.0.1:%s"\n }\n}\n' \
		"${2:-mariadb}" "${3:-}" "$(node_port "$1")" >>"$LAB/only.conf"
	chmod 644 "$LAB/only.conf"
}
only_topology() {
	run as_user hf-alice "$(holdfast_bin)" --config "$LAB/only.conf" --as alice topology "$@"
}
finding() { jq -r --arg id "$1" '.findings[] | select(.id == $id) | .sentence' <<<"$output"; }

@test "from the last of three, on other ports, the whole tree is found" {
	only my3
	only_topology --json
	[ "$status" -eq 0 ]
	[ "$(jq '.nodes | length' <<<"$output")" -eq 3 ]
	[ "$(jq -r '[.nodes[].role] | sort | join(" ")' <<<"$output")" = "primary replica replica" ]
	[ "$(jq '.consumers | length' <<<"$output")" -eq 0 ]
}

@test "a reader of the log that is no replica stays visible" {
	(cd "$BATS_TEST_TMPDIR" && exec mariadb-binlog --defaults-file="$LAB/my.cnf" --read-from-remote-server \
		--stop-never --port "$(node_port my1)" --stop-never-slave-server-id=4711 my1-bin.000001 >/dev/null 2>&1 3>&-) &
	READER=$!
	wait_until 20 sql_is my1 2 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
	run as alice topology --json
	kill "$READER"
	[ "$(jq '[.consumers[] | select(.what == "binlog reader" or .what == "replica")] | length' <<<"$output")" -eq 1 ]
	sql my1 "KILL $(sql my1 "SELECT MAX(ID) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")"
	wait_until 30 sql_is my1 1 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"
}

@test "two with the same server_id are both shown, and said" {
	sql my3 'SET GLOBAL server_id = 2'
	run as alice topology --json
	sql my3 'SET GLOBAL server_id = 3'
	[ "$(jq '.nodes | length' <<<"$output")" -eq 3 ]
	[[ $(finding same-server-id) == *"my2 and my3 have the same server_id 2"* ]]
}

@test "a transaction that only a replica has is said, and a replica that takes writes" {
	sql my3 'SET GLOBAL read_only = 0; CREATE TABLE only_here (i int)'
	run as alice topology --json
	[[ $(finding errant) == *"my3 has transactions of its own"* ]]
	[[ $(finding replica-writable) == *my3* ]]
	sql my3 'SET sql_log_bin = 0; DROP TABLE only_here; SET GLOBAL read_only = 1'
}

@test "a missing privilege is named; a wrong password is a reason; another engine is said" {
	sql my1 "CREATE USER looker IDENTIFIED BY 'x'; GRANT SELECT ON *.* TO looker"
	wait_until 20 sql_is my3 1 "SELECT COUNT(*) FROM mysql.user WHERE User = 'looker'"
	only my1 mariadb looker@
	local cnf=$LAB/keys/alice.cnf
	as_root cp -p "$cnf" "$cnf.was"
	as_root sed -i 's/^password=.*/password=x/' "$cnf"
	only_topology --json
	[[ $(finding missing-privilege) == *"lacks the privilege SLAVE MONITOR on seed"* ]]
	# What holdfast(1) lists is enough to look.
	sql my1 'REVOKE SELECT ON *.* FROM looker; GRANT SLAVE MONITOR, REPLICATION MASTER ADMIN, BINLOG MONITOR, PROCESS ON *.* TO looker'
	wait_until 20 caught_up my2 my3
	only_topology --json
	[ "$(jq '.nodes | length' <<<"$output")" -eq 3 ]
	[ -z "$(finding missing-privilege)" ]
	as_root sed -i 's/^password=.*/password=no-such-password/' "$cnf"
	only_topology
	as_root mv "$cnf.was" "$cnf"
	[[ $output == *"Access denied"* && $output != *no-such-password* ]]
	only my1 mysql
	only_topology
	[[ $output == *"the server there is MariaDB, and the config says engine = mysql"* ]]
}

@test "a frozen node costs its own deadline, and is unreachable with a reason" {
	node_freeze my2
	run as alice topology --json
	node_thaw my2
	[ "$(jq -r '.nodes[] | select(.name == "my2") | .role' <<<"$output")" = unreachable ]
	[ "$(jq -r '.nodes[] | select(.name == "my3") | .role' <<<"$output")" = replica ]
}

@test "a pause of the one in the middle keeps back what is below it, and resume lets both go on" {
	as alice -c 'pause my2'
	run as alice topology --json
	[[ $(finding relay-log) == *"of relay log on its disk"*"all it receives is added: "*"room for "* ]]
	[ "$(jq '.nodes[] | select(.name == "my2") | .disk_free > 0' <<<"$output")" = true ]
	sql my1 'CREATE TABLE later (i int)'
	run sql my2 'SELECT COUNT(*) FROM later'
	[ "$status" -ne 0 ]
	run sql my3 'SELECT COUNT(*) FROM later'
	[ "$status" -ne 0 ]
	my_sql my2 'START ALL SLAVES SQL_THREAD'
	wait_until 30 sql_is my3 0 'SELECT COUNT(*) FROM later'
}

@test "what an ALTER is expected to do, what a DROP IF EXISTS does elsewhere, what goes along with a DELETE" {
	run as alice -c 'plan ALTER TABLE orders ADD KEY k (status)'
	flat=$(sed -e 's/^ *> //' <<<"$output" | tr -s ' \n' '  ')
	[[ $flat == *"Expected on this table of about 500 rows"*NOCOPY*"each replica then takes as long again"*"ALGORITHM=INSTANT"* ]]
	run as alice -c 'plan ALTER TABLE orders MODIFY total bigint'
	[[ $output == *COPY* ]]
	sql my2 'SET sql_log_bin = 0; CREATE TABLE rescued (i int); INSERT INTO rescued VALUES (1)'
	run as alice -c 'plan DROP TABLE IF EXISTS rescued'
	flat=$(sed -e 's/^ *> //' <<<"$output" | tr -s ' \n' '  ')
	[[ $flat == *"rescued is not here, and the statement goes to every replica all the same"* ]]
	sql my1 'CREATE TABLE child (o bigint, FOREIGN KEY (o) REFERENCES orders (id) ON DELETE CASCADE); INSERT INTO child VALUES (1), (2)'
	run as alice -c 'plan DELETE FROM orders WHERE id = 1'
	flat=$(sed -e 's/^ *> //' <<<"$output" | tr -s ' \n' '  ')
	[[ $flat == *"shop.child (the rows go"* ]]
	sql my1 'DROP TABLE child'
	sql my2 'SET sql_log_bin = 0; DROP TABLE rescued'
}

@test "a member of a Galera cluster is one, and cannot be paused: the reason is said" {
	as_root sh -c "printf 'wsrep-on=ON\nwsrep-provider=/usr/lib/galera/libgalera_smm.so\nwsrep-cluster-address=gcomm://\nwsrep-node-address=127.0.0.1\nwsrep-provider-options=base_port=$(($(node_port my3) + 1));gmcast.listen_addr=tcp://127.0.0.1:$(($(node_port my3) + 1))\nskip-slave-start\ninnodb-autoinc-lock-mode=2\n' >>'$LAB/servers/my3.cnf'"
	node_stop my3
	node_start my3
	wait_until 30 sql_is my3 ON "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_ready'"
	run --separate-stderr as alice topology --json
	[[ $(finding group-member) == *"my3 is a member of a Galera cluster"* ]]
	run as alice -c 'pause my3'
	[ "$status" -eq 5 ]
	[[ $output == *"my3 is a member of a Galera cluster: there is no replay to pause"*"nothing was sent"* ]]
}
