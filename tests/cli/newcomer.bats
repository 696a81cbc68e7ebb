#!/usr/bin/env bats
# A newcomer's first minutes on a cluster of their own, with as little as they may be given: doctor
# names what is missing, init writes the configuration; and the ways there are to reach a server: TLS
# with both certificates, service files, several hosts in one address, Kerberos.

load ../lab/lab

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 1000
	sql pg1 "CREATE ROLE look LOGIN PASSWORD 'look'"
	echo '*:*:*:look:look' | as_root install -m 600 -o hf-alice /dev/stdin "$LAB/look.pgpass"
	sed -e 's/user = "alice"/user = "look"/' -e 's|passfile = "keys/alice.pgpass"|passfile = "look.pgpass"|' \
		"$LAB/holdfast.conf" | as_root tee "$LAB/look.conf" >/dev/null
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

look() { as_user hf-alice "$(holdfast_bin)" --config "$LAB/look.conf" --as alice "$@"; }

@test "doctor as a login with no right at all: what each lack costs, and the GRANT that ends it" {
	run look doctor
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *'right to pause replay, on pg1, pg2: no replica can be held back'* ]]
	[[ "$output" == *'GRANT EXECUTE ON FUNCTION pg_catalog.pg_wal_replay_pause() TO look;'* ]]
	[[ "$output" == *'A superuser runs the GRANTs on the primary, in database shop.'* ]]
	# The servers logged no refusal of it.
	run as_root grep -h 'permission denied' "$LAB/servers/pg1.log" "$LAB/servers/pg2.log"
	[ "$status" -eq 1 ]
}

@test "exactly these GRANTs, and everything is there" {
	look --json doctor | python3 -c 'import json,sys
for r in json.load(sys.stdin):
    if r["sql"]: print(r["sql"])' >"$BATS_TEST_TMPDIR/grants.sql"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/grants.sql")" = 9 ]
	sql pg1 "$(cat "$BATS_TEST_TMPDIR/grants.sql")"
	wait_until 10 caught_up pg2
	run -0 look doctor
	[[ "$output" == *'ok '*'pg2, replica, '*': 9 of 9 rights'* ]]
	[[ "$output" == *'0 of '*' missing'* ]]
}

@test "doctor where a node is down and one where nobody answers: it says so, and goes on" {
	node_stop pg2
	run look doctor
	node_start pg2
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *'MISSING  pg2 is unreachable: '* ]]
	[[ "$output" == *'pg1, standalone, '* || "$output" == *'pg1, primary, '* ]]
	wait_until 15 caught_up pg2
	run as_user hf-alice "$(holdfast_bin)" postgresql://127.0.0.1:1/shop doctor
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *'MISSING  127.0.0.1-1 is unreachable: '* ]]
	[[ "$output" == *'MISSING  person: unsigned'* ]]
}

@test "init: a new user, a URL and a key; the configuration it writes works, and is never written over" {
	local home=$LAB/home/hf-bob url
	url="postgresql://127.0.0.1:$(node_port pg2)/shop"
	newcomer() { as_user hf-bob env PGPASSFILE="$LAB/keys/bob.pgpass" "$@"; }
	as_user hf-bob mkdir -m 700 "$home/.ssh"
	as_user hf-bob ssh-keygen -q -t ed25519 -N '' -f "$home/.ssh/id_ed25519"
	run -0 newcomer env PGUSER=bob "$(holdfast_bin)" "$url" init
	echo "$output"
	[[ "$output" == *'next: holdfast --as hf-bob doctor'* ]]
	run -0 newcomer "$(holdfast_bin)" --as hf-bob topology
	echo "$output"
	[[ "${lines[1]}" =~ ^pg1\ +PRIMARY ]]
	[[ "${lines[2]}" =~ ^\+-\ pg2\ +replica ]]
	[ "$(as_root stat -c %a "$home/.config/holdfast/holdfast.conf")" = 600 ]
	run newcomer "$(holdfast_bin)" --as hf-bob doctor
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *'ok       person: hf-bob, who signs with a key'* ]]
	[[ "$output" == *'MISSING  approvers: 0 other persons'* ]]
	run newcomer env PGUSER=bob "$(holdfast_bin)" "$url" init
	[ "$status" = 1 ]
	[[ "$output" == *'holdfast.conf is there already; nothing was written'* ]]
	run -0 newcomer env PGUSER=bob "$(holdfast_bin)" "$url" init "$home/two/h.conf"
	as_root test -s "$home/two/operators"
	# A password in the URL is refused before anything is looked at.
	run newcomer "$(holdfast_bin)" "postgresql://bob:geheim@127.0.0.1:1/shop" init "$home/three"
	[ "$status" = 3 ]
	[[ "$output" != *geheim* ]]
	as_root test ! -e "$home/three"
}

# A CA, a server's certificate for localhost and a client's for look.
certificates() {
	local d=$1
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab-ca -keyout "$d/ca.key" -out "$d/ca.crt" 2>/dev/null
	local who ext
	for who in server look; do
		ext=subjectAltName=DNS:localhost
		openssl req -newkey rsa:2048 -nodes -subj "/CN=$who" -keyout "$d/$who.key" -out "$d/$who.csr" 2>/dev/null
		openssl x509 -req -in "$d/$who.csr" -CA "$d/ca.crt" -CAkey "$d/ca.key" -CAcreateserial -days 2 \
			-extfile <(echo "$ext") -out "$d/$who.crt" 2>/dev/null
	done
}

@test "TLS verify-full with a client certificate; a name that does not fit is refused" {
	local d=$BATS_TEST_TMPDIR owner base
	certificates "$d"
	owner=$(as_root stat -c %U "$(node_data pg1)")
	as_root install -m 600 -o "$owner" "$d/server.key" "$d/server.crt" "$d/ca.crt" "$(node_data pg1)/"
	as_root install -d -m 700 -o hf-alice "$LAB/tls"
	as_root install -m 600 -o hf-alice "$d/look.key" "$d/look.crt" "$d/ca.crt" "$LAB/tls/"
	as_root sed -i '1i hostssl all look 127.0.0.1/32 cert clientcert=verify-full' "$(node_data pg1)/pg_hba.conf"
	sql pg1 "ALTER SYSTEM SET ssl_cert_file = 'server.crt'"
	sql pg1 "ALTER SYSTEM SET ssl_key_file = 'server.key'"
	sql pg1 "ALTER SYSTEM SET ssl_ca_file = 'ca.crt'"
	sql pg1 "ALTER SYSTEM SET ssl = on"
	sql pg1 'SELECT pg_reload_conf()' >/dev/null
	base="port=$(node_port pg1) sslmode=verify-full sslrootcert=$LAB/tls/ca.crt sslcert=$LAB/tls/look.crt sslkey=$LAB/tls/look.key"
	with() { sed "s|host=127.0.0.1 port=$(node_port pg1)|$1|" "$LAB/look.conf" | as_root tee "$LAB/tls.conf" >/dev/null; }
	tls() { as_user hf-alice "$(holdfast_bin)" --config "$LAB/tls.conf" --as alice "$@"; }
	# No passfile can help here: the certificate is the login.
	with "host=localhost $base"
	wait_until 10 tls -c 'SELECT 1;'
	run -0 tls --csv -c "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid();"
	[[ "$output" == *'t,/CN=look'* ]]
	run -0 tls -c topology
	[[ "${lines[1]}" =~ ^pg1\ +PRIMARY ]]
	with "host=127.0.0.1 $base"
	run -0 tls -c topology
	echo "$output"
	[[ "$output" =~ pg1\ +unreachable ]]
	[[ "$output" == *'does not match host name'* ]]
	sql pg1 "ALTER SYSTEM RESET ssl"
	as_root sed -i 1d "$(node_data pg1)/pg_hba.conf"
	sql pg1 'SELECT pg_reload_conf()' >/dev/null
}

@test "a service file; several hosts in one address, and the one really reached is named" {
	printf '[shop-one]\nhost=127.0.0.1\nport=%s\ndbname=shop\n' "$(node_port pg1)" |
		as_root install -m 644 /dev/stdin "$LAB/services"
	with() { sed "s|host=127.0.0.1 port=$(node_port pg1)|$1|" "$LAB/look.conf" | as_root tee "$LAB/reach.conf" >/dev/null; }
	reach() { as_user hf-alice env PGSERVICEFILE="$LAB/services" "$(holdfast_bin)" --config "$LAB/reach.conf" --as alice "$@"; }
	with "service=shop-one"
	run -0 reach -c 'SELECT 6 * 7 AS x;' -c topology
	echo "$output"
	[[ "$output" == *' 42'* ]]
	[[ "$output" =~ pg1\ +PRIMARY ]]
	with "host=127.0.0.1,127.0.0.1 port=1,$(node_port pg1)"
	run -0 reach --json -c topology
	python3 -c 'import json,sys
n = [n for n in json.load(sys.stdin)["nodes"] if n["name"] == "pg1"][0]
assert n["role"] == "primary" and n["port"] == int(sys.argv[1]), n' "$(node_port pg1)" <<<"$output"
	run -0 reach -c topology -c where
	echo "$output"
	[[ "$output" == *', 2 nodes,'* ]]
	[[ "$output" =~ reached\ at\ +\|\ 127.0.0.1:$(node_port pg1) ]]
}

@test "held, hardened and proved by a login that has no more than those GRANTs" {
	wait_until 10 caught_up pg2
	[ "$(sql pg1 "SELECT rolsuper FROM pg_roles WHERE rolname = 'look'")" = f ]
	run -0 look --confirm pg2 -c 'pause pg2'
	echo "$output"
	[[ "$output" == *'pg2 is still held'* ]]
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	run -0 look -c topology
	echo "$output"
	[[ "$output" =~ pg2\ +replica.*PAUSED\ at\ .*hardened ]]
	[[ "$output" == *'pg2 is held by alice since'* ]]
}

# A KDC of our own on a port of the loopback address, with a ticket for look and a key for pg1.
kerberos() {
	local d=$1 port owner
	port=$(free_port)
	owner=$(as_root stat -c %U "$(node_data pg1)")
	printf '%s\n' '[libdefaults]' 'default_realm = HOLDFAST.TEST' 'dns_lookup_kdc = false' 'rdns = false' \
		'dns_canonicalize_hostname = false' '[realms]' 'HOLDFAST.TEST = {' "kdc = 127.0.0.1:$port" '}' >"$d/krb5.conf"
	printf '%s\n' '[kdcdefaults]' "kdc_listen = 127.0.0.1:$port" "kdc_tcp_listen = 127.0.0.1:$port" '[realms]' \
		'HOLDFAST.TEST = {' "database_name = $d/principal" "key_stash_file = $d/stash" '}' >"$d/kdc.conf"
	export KRB5_CONFIG=$d/krb5.conf KRB5_KDC_PROFILE=$d/kdc.conf
	PATH=$PATH:/usr/sbin kdb5_util create -s -r HOLDFAST.TEST -P secret
	printf '%s\n' 'addprinc -pw ticket look' 'addprinc -randkey holdfast/localhost' \
		"ktadd -k $d/keytab holdfast/localhost" | PATH=$PATH:/usr/sbin kadmin.local -r HOLDFAST.TEST
	PATH=$PATH:/usr/sbin krb5kdc -n >"$d/kdc.log" 2>&1 3>&- &
	echo $! >"$d/kdc.pid"
	unset KRB5_CONFIG KRB5_KDC_PROFILE
	as_root install -m 600 -o "$owner" "$d/keytab" "$(node_data pg1)/holdfast.keytab"
	as_root install -d -m 755 "$LAB/kerberos"
	as_root install -m 644 "$d/krb5.conf" "$LAB/kerberos/"
	as_root install -d -m 700 -o hf-alice "$LAB/kerberos/alice"
}

@test "Kerberos: gssencmode and krbsrvname of an address are libpq's; without a ticket it says what is missing" {
	local d=$BATS_TEST_TMPDIR base
	kerberos "$d"
	as_root sed -i -e '1i host all look 127.0.0.1/32 gss include_realm=0' "$(node_data pg1)/pg_hba.conf"
	sql pg1 "ALTER SYSTEM SET krb_server_keyfile = '$(node_data pg1)/holdfast.keytab'"
	sql pg1 'SELECT pg_reload_conf()' >/dev/null
	with() { sed "s|host=127.0.0.1 port=$(node_port pg1)|host=localhost port=$(node_port pg1) $1|" "$LAB/look.conf" | as_root tee "$LAB/kerberos.conf" >/dev/null; }
	ticketed() { as_user hf-alice env KRB5_CONFIG="$LAB/kerberos/krb5.conf" KRB5CCNAME="FILE:$LAB/kerberos/alice/cc" "$@"; }
	krb() { ticketed "$(holdfast_bin)" --config "$LAB/kerberos.conf" --as alice "$@"; }
	with 'gssencmode=require krbsrvname=holdfast'
	run -0 krb -c topology
	echo "$output"
	[[ "$output" =~ pg1\ +unreachable ]]
	[[ "$(tr -s '\n ' '  ' <<<"$output")" == *'GSSAPI encryption required but was impossible (possibly no credential cache,'* ]]
	run -4 krb --cluster lab -c 'connect pg1'
	echo "$output"
	[[ "$output" == *'error: pg1: could not connect: '*'GSSAPI'*'get a ticket with kinit'* ]]
	as_root kill -0 "$(cat "$d/kdc.pid")"
	ticketed kinit look <<<'ticket'
	run -0 krb --csv -c "SELECT gss_authenticated, encrypted, principal FROM pg_stat_gssapi WHERE pid = pg_backend_pid();"
	echo "$output"
	[[ "$output" == *'t,t,look@HOLDFAST.TEST'* ]]
	run -0 krb -c topology
	[[ "$output" =~ pg1\ +PRIMARY ]]
	# The name of the service is the address's, and a wrong one is said.
	with 'gssencmode=require krbsrvname=somebody'
	run -0 krb -c topology
	echo "$output"
	[[ "$output" =~ pg1\ +unreachable ]]
	[[ "$(tr -s '\n ' '  ' <<<"$output")" == *'somebody/localhost@HOLDFAST.TEST not found in Kerberos database'* ]]
	kill "$(cat "$d/kdc.pid")"
	as_root sed -i 1d "$(node_data pg1)/pg_hba.conf"
	sql pg1 "ALTER SYSTEM RESET krb_server_keyfile"
	sql pg1 'SELECT pg_reload_conf()' >/dev/null
}
