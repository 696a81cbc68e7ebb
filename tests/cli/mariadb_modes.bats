#!/usr/bin/env bats
# The same bytes mean something else under another sql_mode or character set, also when it changes in
# the middle of a session; and how a server is reached. One MariaDB server.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true LAB_ENGINE=mariadb
	lab_up single --rows 1000
}

teardown_file() {
	lab_down
}

# after SETTING TEXT: the text in a session that has the setting; nobody approves.
after() {
	run as alice --confirm my1 --wait 0 -c "$1" -c "$2"
	echo "$output"
}
stands() { [ "$(sql my1 'SELECT count(*) > 0 FROM orders')" = 1 ]; }

@test "NO_BACKSLASH_ESCAPES: what hides behind a quote is seen" {
	local text="SELECT '\\'; DROP TABLE orders; -- ';"
	run -0 as alice --wait 0 -c "$text"
	[[ "$output" == *"DROP TABLE orders"* ]]
	after "SET sql_mode = 'NO_BACKSLASH_ESCAPES'" "$text"
	[ "$status" = 5 ] || [ "$status" = 6 ]
	stands
}

@test "ANSI_QUOTES: a name between double quotes is a name" {
	after "SET sql_mode = 'ANSI_QUOTES'" 'DROP TABLE "order_items";'
	[ "$status" = 6 ]
	[[ "$output" == *destructive* && "$output" == *order_items* ]]
	[ "$(sql my1 'SELECT count(*) > 0 FROM order_items')" = 1 ]
}

@test "gbk: what a backslash may belong to is not understood" {
	after "SET NAMES gbk" "$(printf "SELECT '\\xbf\\x5c'; DROP TABLE orders; -- ';")"
	[ "$status" != 0 ]
	stands
}

# How it is reached. plain ARGUMENTS: without a configuration, with an option file of alice's own.
plain() {
	run as_user hf-alice env "${ENV[@]}" "$(holdfast_bin)" "$@"
	echo "$output"
}
option_file() { # LINES
	local f=$LAB/home/hf-alice/.my.cnf
	printf '%s\n' "$@" | as_root tee "$f" >/dev/null
	as_root chown hf-alice "$f"
	as_root chmod 600 "$f"
}
password() { as_root sed -n 's/^password=//p' "$LAB/keys/alice.cnf"; }

@test "connect: a unix socket, an option file's groups, MYSQL_HOST, MYSQL_TCP_PORT and MYSQL_UNIX_PORT" {
	local ENV=(HOLDFAST=1) tcp socket=$LAB/sock/my1
	tcp=mariadb://alice@127.0.0.1:$(node_port my1)/shop
	option_file '[client]' user=alice "password=$(password)"
	plain "$tcp" -c 'SELECT 6 * 7'
	[[ $status -eq 0 && $output == *42* ]]
	plain "mariadb://alice@/shop?socket=$socket" -c "SELECT SUBSTRING_INDEX(USER(), '@', -1) AS via"
	[[ $status -eq 0 && $output == *localhost* ]]
	# The group of this program is read after [client].
	option_file '[client]' user=alice password=no-such-password '[holdfast]' "password=$(password)"
	plain "$tcp" -c 'SELECT 6 * 7'
	[[ $status -eq 0 && $output == *42* ]]
	ENV=(MYSQL_HOST=127.0.0.1 "MYSQL_TCP_PORT=$(node_port my1)")
	plain mariadb://alice@/shop -c 'SELECT @@port'
	[[ $status -eq 0 && $output == *"$(node_port my1)"* ]]
	ENV=("MYSQL_UNIX_PORT=$socket")
	plain mariadb://alice@/shop -c 'SELECT @@port'
	[[ $status -eq 0 && $output == *"$(node_port my1)"* ]]
	ENV=(HOLDFAST=1)
	plain mariadb://alice@/shop -c 'SELECT 1'
	[[ $status -eq 3 && $output == *"without HOST, set MYSQL_HOST"* ]]
	# Or as the option file says.
	option_file '[client]' user=alice "password=$(password)" host=127.0.0.1 "port = $(node_port my1)"
	plain mariadb:///shop -c "SELECT @@port, SUBSTRING_INDEX(USER(), '@', 1) AS who"
	[[ $status -eq 0 && $output == *"$(node_port my1)"* && $output == *alice* ]]
	option_file '[client]' user=alice password=no-such-password
	plain "$tcp" -c 'SELECT 1'
	[[ $status -eq 4 && $output == *"Access denied"* && $output != *no-such-password* ]]
}

@test "connect: TLS with a CA, to the right host only; without TLS where it is demanded: refused" {
	local ENV=(HOLDFAST=1) d=$LAB/tls url
	url=mariadb://alice@127.0.0.1:$(node_port my1)/shop
	option_file '[client]' user=alice "password=$(password)"
	plain "$url?ssl-mode=REQUIRED" -c 'SELECT 1'
	[[ $status -eq 4 && $output == *"the server offers no TLS, and the address demands it"* ]]
	as_root install -d -m 755 "$d"
	as_root openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=lab \
		-addext 'subjectAltName=IP:127.0.0.1' -keyout "$d/key" -out "$d/cert" 2>/dev/null
	as_root openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
		-keyout "$d/other.key" -out "$d/other" 2>/dev/null
	as_root chown mysql "$d/key"
	printf 'ssl-cert=%s/cert\nssl-key=%s/key\n' "$d" "$d" | as_root tee -a "$LAB/servers/my1.cnf" >/dev/null
	node_restart my1
	plain "$url?ssl-mode=REQUIRED" -c "SHOW SESSION STATUS LIKE 'Ssl_version'"
	[[ $status -eq 0 && $output == *TLSv1* ]]
	plain "$url?ssl-ca=$d/cert" -c "SHOW SESSION STATUS LIKE 'Ssl_version'"
	[[ $status -eq 0 && $output == *TLSv1* ]]
	plain "$url?ssl-ca=$d/other" -c 'SELECT 1'
	[[ $status -eq 4 && $output == *ertificate* ]]
}

@test "64 KiB where a name belongs, and an empty one: a clear sentence, and the session goes on" {
	local long
	long=$(printf '%065536d' 0 | tr 0 a)
	run as alice --wait 0 -c "DROP TABLE \`$long\`"
	echo "$output" | cut -c 1-300
	[ "$status" -ne 0 ] && [ "$status" -lt 11 ] && [ "${#output}" -lt 8000 ]
	run as alice --wait 0 -c "SELECT 1 AS \`$long\`" -c 'SELECT 6 * 7 AS n'
	echo "$output" | cut -c 1-300
	[ "$status" -ne 0 ] && [ "$status" -lt 11 ]
	run as alice --wait 0 -c "DROP TABLE shop.\`\`"
	[ "$status" -ne 0 ] && [ "$status" -lt 11 ]
	stands
}
