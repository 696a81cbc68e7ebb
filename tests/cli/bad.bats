# Bad input to the real program: one clear sentence, the right exit code, no crash, nothing raw.
bats_require_minimum_version 1.5.0
load ../lab/lab.bash

setup_file() {
	lab_up cascade:1 --rows 2000
	HOSTILE=$(mktemp -d "${TMPDIR:-/tmp}/hf-bad.XXXXXX")
	chmod 755 "$HOSTILE"
	export HOSTILE
	install -d -m 700 -o hf-alice "$HOSTILE/a"
}
teardown_file() {
	lab_down
	rm -rf "$HOSTILE"
}
setup() {
	CONF=$HOSTILE/$BATS_TEST_NUMBER.conf
	FAKE=
}
teardown() {
	[ -z "$FAKE" ] || kill "$FAKE" 2>/dev/null || true
	[ -z "${DISK:-}" ] || ! mountpoint -q "$DISK" || as_root umount -l "$DISK"
}

# The lab's config with its paths made absolute, and more edits of sed.
conf() {
	sed "$@" -e "s#\"operators\"#\"$LAB/operators\"#; s#\"spool\"#\"$LAB/spool\"#; s#{\"journal\"}#{\"$LAB/journal\"}#" \
		-e "s#\"keys/#\"$LAB/keys/#" "$LAB/holdfast.conf" >"$CONF"
	chmod 644 "$CONF"
}
hf() { as_user hf-alice timeout 90 "$(holdfast_bin)" --config "$CONF" --as alice "$@" </dev/null; }
alice() { as_user hf-alice timeout 90 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice "$@"; }

# One sentence that says it, and nothing that a terminal would obey.
said() {
	[ "$(grep -c '^error:' <<<"$output")" = 1 ] || { echo "not one sentence: $output"; return 1; }
	[[ $output == *"$1"* ]] || { echo "not said: $1 in: $output"; return 1; }
	inert
}
inert() { ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' <<<"$output" || { cat -v <<<"$output"; return 1; }; }

# Gone, or only waiting to be counted as gone.
dead() { [[ $(ps -o stat= -p "$1") == "" || $(ps -o stat= -p "$1") == Z* ]]; }

# A server that misbehaves; its port in PORT.
fake() {
	coproc SERVER { exec perl "$HOLDFAST_TOP/tests/lab/fake.pl" "$@" 3>&-; }
	FAKE=$SERVER_PID
	read -r PORT <&"${SERVER[0]}"
}

# This lab's shells, and no others; their children are named with -P.
quiet() { ! pgrep -f "^$LAB/bin/holdfast"; }
# One shell, with its classifier beside it.
settled() { [ "$(shells | wc -l)" = 1 ] && pgrep -P "$(shells)"; }
shells() {
	local p
	for p in $(pgrep -f "^$LAB/bin/holdfast"); do
		[[ $(ps -o args= -p "$(ps -o ppid= -p "$p" | tr -d ' ')" 2>/dev/null) == "$LAB/bin/holdfast"* ]] || echo "$p"
	done
}

@test "rubbish as config: file, line, what is wrong; exit 3" {
	head -c 10000000 /dev/zero | tr '\0' 'x' >"$HOSTILE/big"
	printf 'jour\xffnal = 1\n' >"$HOSTILE/bytes"
	printf '\n\nfrobnicate = 1\n' >"$HOSTILE/unknown"
	printf 'cluster "x" {\n' >"$HOSTILE/open"
	mkfifo "$HOSTILE/fifo"
	for f in /bin/ls /nowhere /tmp /dev/zero "$HOSTILE/big" "$HOSTILE/bytes" "$HOSTILE/unknown" "$HOSTILE/open" "$HOSTILE/fifo"; do
		CONF=$f
		run -3 hf -c 'select 1'
		said ""
	done
	CONF=$HOSTILE/unknown
	run -3 hf -c 'select 1'
	said "unknown:3: "
	conf
	chmod 666 "$CONF"
	run -3 hf -c 'select 1'
	said "$CONF"
}

@test "rubbish as policy or operators file: exit 3, nothing connected" {
	conf -e "1i policy = \"$HOSTILE/policy\""
	for text in 'approve { n = 0 }' 'approvers = 0' '\xff\xfe' 'rule "x" {' 'destructive = allow'; do
		printf "$text\n" >"$HOSTILE/policy"
		chmod 644 "$HOSTILE/policy"
		run -3 hf -c 'select 1'
		said "$HOSTILE/policy"
	done
	for text in '\xff\xfe' 'alice ssh-ed25519 AAAA' 'alice namespaces="*" ssh-rsa x' '* ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=='; do
		printf "$text\n" >"$HOSTILE/operators"
		chmod 644 "$HOSTILE/operators"
		conf -e "s#operators = \"operators\"#operators = \"$HOSTILE/operators\"#"
		run -3 hf -c 'select 1'
		said "$HOSTILE/operators"
	done
}

@test "words of the command line: exit 2 and the word" {
	conf
	run -2 hf --frobnicate; said "--frobnicate"
	run -2 hf --wait abc; said '"abc"'
	run -2 hf --wait -1; said '"-1"'
	run -2 hf nocluster too many; said '"too"'
	run -2 hf -c; said "-c"
	run -2 hf run x; said "verb of the shell"
	run -3 hf nocluster -c 'select 1'; said '"nocluster"'
	run -3 hf "$(printf 'no\033[2Jwhere')" -c 'select 1'; said 'no\x1b[2Jwhere'
	run -3 hf --as "$(printf 'e\033[2Jve')" -c 'select 1'; said 'e\x1b[2Jve'
	run -2 hf "$(printf -- '--fro\033[2Jb')"; said '--fro\x1b[2Jb'
	run -3 hf "postgresql://h:p@$(printf '\033[2J')/x" -c 'select 1'; said ""
}

@test "a key that cannot be read, is another's, has a passphrase, is no key" {
	conf -e "s#\"keys/alice\"#\"$LAB/keys/bob\"#"
	run -3 hf -c 'select 1'; said "$LAB/keys/bob"
	ssh-keygen -q -t ed25519 -N 'sesame' -f "$HOSTILE/locked"
	ssh-keygen -q -t ed25519 -N '' -f "$HOSTILE/stranger"
	echo rubbish >"$HOSTILE/nokey"
	chown hf-alice "$HOSTILE"/{locked,stranger,nokey}; chmod 600 "$HOSTILE"/{locked,stranger,nokey}
	for k in locked nokey; do
		conf -e "s#\"keys/alice\"#\"$HOSTILE/$k\"#"
		run ! hf -c 'drop table orders cascade'
		[[ $status != 124 ]]
		said "$HOSTILE/$k"
		[[ $output != *"request "????????????????????????* ]]
	done
	sql_is pg1 2000 "SELECT count(*) FROM orders"
}

@test "a server that accepts and never answers, talks rubbish, hangs up, is starting, is full" {
	check() { # MODE SENTENCE
		fake "$1"
		run -4 as_user hf-alice timeout 90 "$(holdfast_bin)" "postgresql://alice@127.0.0.1:$PORT/shop" -c 'select 1'
		kill "$FAKE"; FAKE=
		said "$2"
	}
	check silent "no answer before the deadline"
	check garbage "could not connect"
	check eof "could not connect"
	check starting "starting up"
	check cold "not accepting connections"
	check noslots "too many clients"
	check nologin "could not connect"
	check old "PostgreSQL 11.22, and before 12 nothing can be held or proved; nothing was asked"
}

@test "the same as a node of a cluster: named for what it is, and the rest is still seen" {
	check() { # MODE WORDS
		fake "$1"
		conf -e "s/port=$(node_port pg2)\"/port=$PORT\"/"
		run -0 hf topology
		kill "$FAKE"; FAKE=
		[[ $output =~ pg2\ +$2 ]]
		[[ $output == *PRIMARY* ]]
		inert
	}
	check silent unreachable
	check garbage unreachable
	check starting starting
	check noslots no-slots
	check old unreachable
}

@test "a connection cut in the middle: a read failed (4), a change is OUTCOME UNKNOWN (10)" {
	sed "s/:$(node_port pg1):/:*:/" "$LAB/keys/alice.pgpass" >"$HOSTILE/pp"
	chown hf-alice "$HOSTILE/pp"; chmod 600 "$HOSTILE/pp"
	fake cut "$(node_port pg1)" 6000
	conf -e "s/port=$(node_port pg1)\"/port=$PORT\"/" -e "s#\"keys/alice.pgpass\"#\"$HOSTILE/pp\"#"
	run -4 hf -c "select o.*, 'CUTME' from orders o"
	said "the connection broke"
	[[ $output != *UNKNOWN* ]]
	run -10 hf --confirm pg1 -c "insert into customers (name, email, since) values ('CUTME', 'x', now()) returning *, repeat('x', 9000)"
	[[ $output == *"OUTCOME UNKNOWN"* ]]
	inert
}

@test "no answer to a query that was stopped: given up at the deadline of the cancel" {
	fake stall "$(node_port pg1)" 60
	conf -e "s/port=$(node_port pg1)\"/port=$PORT\"/" -e "s#\"keys/alice.pgpass\"#\"$HOSTILE/pp\"#"
	start=$SECONDS
	run as_user hf-alice timeout -k 60 -s INT 3 "$(holdfast_bin)" --config "$CONF" --as alice -c "select o.*, 'CUTME' from orders o" </dev/null
	# Well before timeout's own KILL: slow machines have their time.
	[ $((SECONDS - start)) -lt 40 ]
	echo "$output" | tail -n 5
	[[ $output == *cancelled* ]]
	inert
}

@test "a wrong password: exit 4, and it stands nowhere" {
	echo '*:*:*:alice:WRONG-canary-1' >"$HOSTILE/wrong"
	chown hf-alice "$HOSTILE/wrong"; chmod 600 "$HOSTILE/wrong"
	conf -e "s#\"keys/alice.pgpass\"#\"$HOSTILE/wrong\"#"
	run -4 hf -c 'select 1'
	said "password"
	[[ $output != *canary* ]]
	! grep -r canary "$LAB/journal" "$LAB/spool"
}

@test "a standby that takes no sessions is starting, not gone" {
	as_root bash -c "echo 'hot_standby = off' >>'$(node_data pg2)/postgresql.auto.conf'"
	node_ctl pg2 -m fast -w restart || true
	run -0 alice topology
	as_root sed -i '/hot_standby = off/d' "$(node_data pg2)/postgresql.auto.conf"
	node_restart pg2
	[[ $output =~ pg2\ +starting ]]
	inert
}

@test "bytes that are no text, NUL, an unfinished end: nothing is sent" {
	run -5 alice -c "$(printf "delete from orders where status = '\xff'")" </dev/null
	said "refused"
	printf "select 1;\nselect '\0';\n" >"$HOSTILE/in"
	run -2 alice <"$HOSTILE/in"
	said "NUL"
	printf "select 1;\nselect 2" >"$HOSTILE/in"
	run -2 alice <"$HOSTILE/in"
	said "ended inside a statement"
	sql_is pg1 2000 "SELECT count(*) FROM orders"
}

@test "ten megabytes, a hundred thousand terms, parentheses without end" {
	perl -e 'print "delete from orders where status = \x27", "x" x 10_000_000, "\x27;\n"' >"$HOSTILE/in"
	run -5 alice <"$HOSTILE/in"; said "too large"
	perl -e 'print "select \x27", "x" x 10_000_000, "\x27;\n"' >"$HOSTILE/in"
	run alice <"$HOSTILE/in"
	[ "$status" -lt 11 ]
	perl -e 'print "select \x27", "x" x 18_000_000, "\x27;\n"' >"$HOSTILE/in"
	run -2 alice <"$HOSTILE/in"; said "larger than 16 MiB"
	perl -e 'print "select ", join("+", ("1") x 100_000), ";\n"' >"$HOSTILE/in"
	run -1 alice <"$HOSTILE/in"; said ""
	perl -e 'print "delete from orders where ", join(" or ", ("id = 1") x 100_000), ";\n"' >"$HOSTILE/in"
	run -5 alice <"$HOSTILE/in"; said "too large"
	perl -e 'print "select ", "(" x 100_000, 1, ")" x 100_000, ";\n"' >"$HOSTILE/in"
	run -1 alice <"$HOSTILE/in"; said "Nothing was run"
	sql_is pg1 2000 "SELECT count(*) FROM orders"
}

@test "a batch stops at its first error, with its code" {
	printf "select 'one';\nselec 2;\nselect 'three';\n" >"$HOSTILE/in"
	run -1 alice <"$HOSTILE/in"
	said "syntax error"; [[ $output == *one* && $output != *three* ]]
	printf "drop table orders cascade;\nselect 'three';\n" >"$HOSTILE/in"
	run -6 alice <"$HOSTILE/in"
	said "waits for another person"; [[ $output != *three* ]]
}

@test "what psql has and this shell has not: a sentence each, exit 2" {
	for l in '\! id' '\copy orders to program id' '\i /dev/zero' '\o /tmp/x' '\gexec' '\password' '\frobnicate'; do
		run -2 alice -c "$l" </dev/null
		said "; nothing was"
		[[ $output != *uid=* ]]
	done
}

@test "no journal can be written: reading and pausing go on, the rest is exit 9" {
	conf -e "s#{\"journal\"}#{\"/dev/null/x\"}#"
	run -0 hf -c "select 'seen'"; said "only looking and making safe"; [[ $output == *seen* ]]
	for l in "insert into customers (name, email, since) values ('x', 'x', now())" 'drop table orders cascade' 'note hello'; do
		run -9 hf --confirm pg1 -c "$l"
		inert
	done
	run -0 hf --confirm pg1 -c 'pause pg2'
	sql_is pg2 paused 'SELECT pg_get_wal_replay_pause_state()'
	sql pg2 'SELECT pg_wal_replay_resume()'
	sql_is pg1 2000 "SELECT count(*) FROM orders"
}

# A limit on the size of files: a write fails in the middle of a line.
limited() { # KILOBYTES ...
	local k=$1
	shift
	as_user hf-alice bash -c "ulimit -f $k; exec timeout 90 \"\$@\"" bash "$(holdfast_bin)" --config "$CONF" --as alice "$@"
}
fresh_dirs() {
	rm -rf "$HOSTILE/a/"*
	install -d -m 700 -o hf-alice "$HOSTILE/a/one" "$HOSTILE/a/two"
}

@test "files may not grow: the journal goes on in the next one, and what was acknowledged is there" {
	fresh_dirs
	conf -e "s#{\"journal\"}#{\"$HOSTILE/a/one\"}#"
	sql pg1 "DROP TABLE IF EXISTS acked; CREATE TABLE acked (n int); GRANT ALL ON acked TO PUBLIC"
	for i in $(seq 60); do echo "insert into acked values ($i);"; done >"$HOSTILE/in"
	run -0 limited 16 <"$HOSTILE/in"
	[ "$(grep -c '^INSERT 0 1' <<<"$output")" = 60 ]
	sql_is pg1 60 "SELECT count(*) FROM acked"
	[ "$(ls "$HOSTILE"/a/one/*.jsonl | wc -l)" -gt 2 ]
	[ "$(cat "$HOSTILE"/a/one/*.jsonl | grep -c '"type":"outcome"')" -ge 60 ]
	run as_user hf-alice "$(holdfast_bin)" journal verify --operators "$LAB/operators" "$HOSTILE"/a/one
	echo "$output"
	[ "$status" = 0 ] || [ "$status" = 2 ]
	sql pg1 "DROP TABLE acked"
}

# A small disk of its own at $DISK: a tmpfs, which root (or sudo) must be allowed to mount.
small_disk() {
	DISK=$HOSTILE/a/disk
	install -d -m 700 -o hf-alice "$DISK"
	as_root mount -t tmpfs -o "size=24m,mode=700,uid=$(id -u hf-alice)" holdfast-test "$DISK"
}
fill_disk() { ! as_user hf-alice sh -c "cat /dev/zero >>'$DISK/filler'" 2>/dev/null; }

@test "a disk that is really full: exit 9, nothing is sent; reads and pausing go on" {
	small_disk
	conf -e "s#{\"journal\"}#{\"$DISK\"}#"
	sql pg1 "DROP TABLE IF EXISTS acked; CREATE TABLE acked (n int); GRANT ALL ON acked TO PUBLIC"
	mkfifo "$HOSTILE/lines"
	as_user hf-alice timeout 90 "$(holdfast_bin)" --config "$CONF" --as alice <"$HOSTILE/lines" >"$HOSTILE/out" 2>&1 3>&- &
	pid=$!
	exec 8>"$HOSTILE/lines"
	echo 'insert into acked values (1);' >&8
	wait_until 20 grep -q '^INSERT 0 1' "$HOSTILE/out"
	# The rest of the disk is somebody else's now.
	fill_disk
	seq -f 'insert into acked values (%g);' 2 400 >&8 || true
	exec 8>&-
	rc=0
	wait "$pid" || rc=$?
	output=$(cat "$HOSTILE/out")
	tail -n 3 <<<"$output"
	[ "$rc" = 9 ]
	said ""
	acked=$(grep -c '^INSERT 0 1' <<<"$output")
	there=$(sql pg1 "SELECT count(*) FROM acked")
	echo "acknowledged $acked, there $there"
	[ "$acked" -ge 1 ] && [ "$acked" -lt 400 ]
	[ "$there" -ge "$acked" ] && [ "$there" -le $((acked + 1)) ]
	run as_user hf-alice "$(holdfast_bin)" journal verify --operators "$LAB/operators" "$DISK"/*.jsonl
	echo "$output"
	[ "$status" = 0 ] || [ "$status" = 2 ] || [ "$status" = 3 ]
	# Full from the start, what was reserved before too: no journal at all.
	fill_disk
	run -9 hf -c 'insert into acked values (1000);'
	echo "$output"
	[[ $output == *"no journal: only looking and making safe work"* ]]
	run -9 hf --confirm pg1 -c 'drop table order_items cascade;'
	sql_is pg1 0 "SELECT count(*) FROM acked WHERE n = 1000"
	run -0 hf -c 'select 41 + 1;'
	[[ $output == *42* ]]
	as_root umount "$DISK"
	sql pg1 "DROP TABLE acked"
}

@test "a second directory takes over, and says so" {
	fresh_dirs
	conf -e "s#{\"journal\"}#{\"$HOSTILE/a/one\", \"$HOSTILE/a/two\"}#"
	sql pg1 "DROP TABLE IF EXISTS acked; CREATE TABLE acked (n int); GRANT ALL ON acked TO PUBLIC"
	for i in $(seq 20); do echo "insert into acked values ($i);"; done >"$HOSTILE/in"
	run -0 limited 24 <"$HOSTILE/in"
	sql_is pg1 20 "SELECT count(*) FROM acked"
	grep -q '"type":"degraded"' "$HOSTILE"/a/two/*.jsonl
	sql pg1 "DROP TABLE acked"
}

@test "hostile files in the spool: listed as what they are, never signed, never waited for" {
	local s=$LAB/spool id n
	name() { head -c 400 /dev/urandom | tr -dc a-z2-7 | head -c 26; }
	mkfifo "$s/$(name).request"
	ln -s /etc/passwd "$s/$(name).request"
	as_root mknod "$s/$(name).request" c 1 5
	mkdir "$s/$(name).request"
	: >"$s/$(name).request"
	head -c 3000000 /dev/zero >"$s/$(name).request"
	echo '{"a":1,"a":2}' >"$s/$(name).request"
	perl -e 'print "[" x 200000' >"$s/$(name).request"
	perl -e 'print "{\"id\":" x 100000' >"$s/$(name).request"
	printf '{"id":"\033[2J"}' >"$s/$(name).request"
	id=$(name)
	printf '\xff\xfe\0' >"$s/$id.request"
	# A true request, and copies of it with one byte of the plan changed and another requester.
	as_user hf-alice timeout 400 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice --wait 390 \
		-c 'drop table order_items cascade' </dev/null >"$HOSTILE/out" 2>&1 3>&- &
	pid=$!
	wait_until 15 grep -q '^request ' "$HOSTILE/out"
	n=$(awk '/^request /{print $2; exit}' "$HOSTILE/out")
	changed=$(name)
	sed "s/order_items/order_itemz/; s/$n/$changed/g" "$s/$n.request" >"$s/$changed.request"
	named=$(name)
	sed "s/\"alice\"/\"ali\\\\u001b[2J\"/g; s/$n/$named/g" "$s/$n.request" >"$s/$named.request"
	chmod 644 "$s"/*.request
	run -0 as_user hf-bob timeout 90 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as bob requests
	inert
	[[ $output == *"left out"* ]]
	[[ $output == *"${n:0:8}"* ]]
	for x in "$changed" "$named" "$id"; do
		run as_user hf-bob timeout 90 script -qec "$(holdfast_bin) --config $LAB/holdfast.conf --as bob approve $x" /dev/null </dev/null
		[ "$status" -gt 0 ] && [ "$status" -lt 11 ]
	done
	for i in $(seq 3000); do echo '{}' >"$s/$(printf '%026d' "$i" | tr 0189 aaaa | tr -dc a-z2-7).request"; done
	start=$SECONDS
	run -0 as_user hf-bob timeout 90 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as bob requests
	[ $((SECONDS - start)) -lt 40 ]
	[ -z "$(ls "$s" | grep answer)" ]
	# The program itself: $pid is the shell around it.
	as_root pkill -f "^timeout 400 $(holdfast_bin)"
	wait "$pid" || true
	rm -rf "$s"/*
	sql_is pg1 t "SELECT count(*) > 0 FROM order_items"
}

@test "hostile names are shown inert: columns, values, errors, notices, roles, applications, listings" {
	E=$(printf '\033[2J\302\233\342\200\256\033]0;x\007')
	sql pg1 "CREATE TABLE \"t${E}\" (\"c${E}\" text)"
	sql pg1 "INSERT INTO \"t${E}\" VALUES ('v${E}')"
	sql pg1 "CREATE ROLE \"r${E}\""
	sql pg1 "GRANT ALL ON \"t${E}\" TO PUBLIC"
	show() { run alice -c "$1" </dev/null; [ "$status" -lt 11 ]; inert; }
	show "select * from \"t${E}\""
	show "select * from \"nothing${E}\""
	show "do \$\$ begin raise notice 'n%', chr(27) || '[2J'; raise exception 'e%', chr(27) || '[2J'; end \$\$"
	show "select rolname from pg_roles"
	show "plan drop table \"t${E}\""
	show "drop table \"t${E}\""
	show "set application_name = 'a${E}'"
	show "tables"; show "\\d \"t${E}\""; show '\du'; show '\l'; show "activity"
	show "incident open i${E}"; show "note n${E}"
	as_root env PGPASSFILE="$LAB/pgpass" PGAPPNAME="app${E}" psql -X -h 127.0.0.1 -p "$(node_port pg1)" -U postgres -d shop \
		-c "SELECT pg_sleep(3)" >/dev/null 3>&- &
	show "activity"; show "topology"; show "locks"
	for f in "$LAB"/journal/*.jsonl; do
		run "$(holdfast_bin)" journal show "$f"; inert
		run "$(holdfast_bin)" replay "$f"; inert
	done
	wait
	sql pg1 "DROP TABLE \"t${E}\"; DROP ROLE \"r${E}\""
}

@test "secrets: not in arguments, environment, journal, history or spool; no core, no ptrace" {
	run alice --confirm pg1 -c "create role canary_role password 'SECRET-canary-2'" </dev/null
	[[ $output != *SECRET-canary-2* ]]
	! grep -rl 'SECRET-canary-2' "$LAB/journal" "$LAB/spool" "$LAB/home"
	pw=$(as_root cut -d: -f5 "$LAB/keys/alice.pgpass" | head -n 1)
	! grep -rlF "$pw" "$LAB/journal" "$LAB/spool" "$LAB/home"
	wait_until 20 quiet
	as_user hf-alice timeout 90 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice -c 'select pg_sleep(60)' \
		</dev/null >/dev/null 2>&1 3>&- &
	wait_until 20 settled
	for p in $(pgrep -f "^$LAB/bin/holdfast"); do
		[ "$(stat -c %U "/proc/$p/environ")" = root ] # what the kernel makes of PR_SET_DUMPABLE 0
		! tr '\0' '\n' <"/proc/$p/environ" | grep -F "$pw"
		! tr '\0' '\n' <"/proc/$p/cmdline" | grep -F "$pw"
	done
	kill -INT $(shells)
	wait
}

@test "the classifier's children have neither journal nor terminal nor server, and die with the shell" {
	wait_until 20 quiet
	as_user hf-alice timeout 90 "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as alice -c 'select 1' -c 'select pg_sleep(60)' \
		</dev/null >/dev/null 2>&1 3>&- &
	wait_until 20 settled
	wait_until 20 sql_is pg1 1 "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'pg_sleep.60' AND state = 'active' AND pid <> pg_backend_pid()"
	shell=$(shells)
	children=$(pgrep -P "$shell")
	[ -n "$children" ]
	for c in $children $(for x in $children; do pgrep -P "$x"; done); do
		run as_root ls -l "/proc/$c/fd"
		echo "$output"
		[[ $output != *jsonl* && $output != *inotify* && $output != *signalfd* && $output != */dev/pts* ]]
		all="${all:-} $c"
	done
	kill -9 "$shell"
	for c in $all; do wait_until 10 dead "$c"; done
	wait || true
}
