# Helpers for bats files that need real servers and two people. Load with
#	load "$HOLDFAST_TOP/tests/lab/lab.bash"	  (or: load ../lab/lab)
# lab_up in setup_file, lab_down in teardown_file. Needs what `make deps` installs.

HOLDFAST_TOP=${HOLDFAST_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
HOLDFAST_BUILD=${HOLDFAST_BUILD:-$HOLDFAST_TOP/build}
HOLDFAST_PG_BIN=${HOLDFAST_PG_BIN:-/usr/lib/postgresql/15/bin}
# The engine of the lab: postgresql (nodes pg1, pg2 ...), mariadb or mysql (my1, my2 ...).
LAB_ENGINE=${LAB_ENGINE:-postgresql}
export HOLDFAST_TOP HOLDFAST_BUILD HOLDFAST_PG_BIN LAB_ENGINE
bats_require_minimum_version 1.5.0 2>/dev/null || true

# node 2: pg2, or my2.
node() {
	if [ "$LAB_ENGINE" = postgresql ]; then echo "pg$1"; else echo "my$1"; fi
}

# The program under test: a copy that every OS user can reach, once there is a lab.
holdfast_bin() {
	if [ -n "${LAB:-}" ] && [ -x "$LAB/bin/holdfast" ]; then
		echo "$LAB/bin/holdfast"
	else
		echo "$HOLDFAST_BUILD/holdfast"
	fi
}

# Runs as root: directly, or through sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else ${HOLDFAST_SUDO:-sudo -n} -- "$@"; fi
}

# as_user OSUSER COMMAND...: with that user's groups and an empty environment but for what is named.
as_user() {
	local user=$1 keep=()
	shift
	local v
	for v in ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS TERM INPUTRC NO_COLOR COLUMNS LINES; do
		[ -n "${!v:-}" ] && keep+=("$v=${!v}")
	done
	# Where scratch servers go, for a test that looks at what they leave: others' are not among them.
	[ -z "${LAB_TMP:-}" ] || keep+=("TMPDIR=$LAB_TMP")
	if [ "$(id -un)" = "$user" ]; then
		env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="${LAB:-/tmp}/home/$user" "${keep[@]}" "$@"
	elif [ "$(id -u)" = 0 ]; then
		setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- \
			env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="${LAB:-/tmp}/home/$user" "${keep[@]}" "$@"
	else
		${HOLDFAST_SUDO:-sudo -n} -u "$user" -- \
			env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="${LAB:-/tmp}/home/$user" "${keep[@]}" "$@"
	fi
}

# lab_up SHAPE [more arguments of `lab up`]: sets and exports LAB. alice is the OS user hf-alice,
# bob is hf-bob.
lab_up() {
	local shape=$1 u
	shift
	LAB=$(mktemp -d "${TMPDIR:-/tmp}/hf-lab.XXXXXX") || return 1
	export LAB
	local driver=("$HOLDFAST_BUILD/holdfast" lab up)
	[ -x "$HOLDFAST_BUILD/lab-driver" ] && driver=("$HOLDFAST_BUILD/lab-driver" up)
	# A published incident, set up: LAB_INCIDENT=cxalloy.
	[ -z "${LAB_INCIDENT:-}" ] || driver=("$HOLDFAST_BUILD/holdfast" lab incident "$LAB_INCIDENT")
	as_root env ${HOLDFAST_MYSQL_DIR:+HOLDFAST_MYSQL_DIR="$HOLDFAST_MYSQL_DIR"} "${driver[@]}" --engine "$LAB_ENGINE" --shape "$shape" --dir "$LAB" \
		--own alice=hf-alice,bob=hf-bob "$@" >"$LAB.out" 2>&1 ||
		{ cat "$LAB.out" >&2; rm -f "$LAB.out"; return 1; }
	rm -f "$LAB.out"
	as_root mkdir -p "$LAB/bin" "$LAB/home"
	[ ! -x "$HOLDFAST_BUILD/holdfast" ] || as_root install -m 755 "$HOLDFAST_BUILD/holdfast" "$LAB/bin/"
	for u in hf-alice hf-bob; do
		as_root install -d -m 700 -o "$u" -g "$(id -g "$u")" "$LAB/home/$u"
	done
}

lab_down() {
	[ -n "${LAB:-}" ] && [ -d "$LAB" ] || return 0
	local driver=("$HOLDFAST_BUILD/holdfast" lab down)
	[ -x "$HOLDFAST_BUILD/lab-driver" ] && driver=("$HOLDFAST_BUILD/lab-driver" down)
	as_root "${driver[@]}" --dir "$LAB"
}

# as PERSON ARGUMENTS...: the real program, as the person's own OS user.
as() {
	local person=$1
	shift
	as_user "hf-$person" "$(holdfast_bin)" --config "$LAB/holdfast.conf" --as "$person" "$@"
}

# as_words PERSON ARGUMENTS...: the same as one shell command line, for tmux and expect.
as_words() {
	local person=$1 prefix
	shift
	if [ "$(id -u)" = 0 ]; then
		prefix="setpriv --reuid=hf-$person --regid=$(id -g "hf-$person") --init-groups --"
	else
		prefix="${HOLDFAST_SUDO:-sudo -n} -u hf-$person --"
	fi
	printf '%s env -i PATH=/usr/bin:/bin LANG=C.UTF-8 TERM=%s HOME=%s %s --config %s --as %s' "$prefix" \
		"${TERM_IN:-screen}" "$LAB/home/hf-$person" "$(holdfast_bin)" "$LAB/holdfast.conf" "$person"
	[ $# -eq 0 ] || printf ' %q' "$@"
	printf '\n'
}

node_port() { awk -v n="$1" '$1 == n { print $2 }' "$LAB/nodes"; }
node_data() { echo "$LAB/servers/$1"; }

# sql NODE TEXT [DATABASE]: plain psql as the servers' administrator, unaligned, tuples only. For
# checking the truth without the program's own words.
sql() {
	[ "$LAB_ENGINE" = postgresql ] || { my_sql "$@"; return; }
	as_root env PGPASSFILE="$LAB/pgpass" PGCONNECT_TIMEOUT=5 PGAPPNAME=test \
		"$HOLDFAST_PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(node_port "$1")" \
		-U postgres -d "${3:-shop}" -c "$2"
}

# The same with plain mariadb.
my_sql() {
	as_root mariadb --defaults-file="$LAB/my.cnf" --connect-timeout=5 -NBr \
		-P "$(node_port "$1")" "${3:-shop}" -e "$2"
}

# What replays on a node, in one word: held or replaying.
replay_of() {
	case $LAB_ENGINE in
	postgresql) sql "$1" "SELECT CASE pg_get_wal_replay_pause_state() WHEN 'paused' THEN 'held' ELSE 'replaying' END" ;;
	*) replica_status "$1" Slave_SQL_Running | sed -e 's/^No$/held/' -e 's/^Yes$/replaying/' | sort -u ;;
	esac
}
# my_kill NODE ID: ends a session there. The server may have seen by itself that nobody waits for it any more.
my_kill() {
	sql "$1" "KILL $2" || sql_is "$1" 0 "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = $2"
}
# replica_status NODE COLUMN: of every channel, one a line.
replica_status() {
	local all=ALL\ SLAVES
	[ "$LAB_ENGINE" = mariadb ] || all=SLAVE
	as_root mariadb --defaults-file="$LAB/my.cnf" --connect-timeout=5 -P "$(node_port "$1")" -E \
		-e "SHOW $all STATUS" | sed -n "s/^ *$2: //p"
}
# replay NODE start|stop: by hand, with the engine's own words.
replay() {
	case $LAB_ENGINE,$2 in
	postgresql,start) sql "$1" 'SELECT pg_wal_replay_resume()' ;;
	postgresql,stop) sql "$1" 'SELECT pg_wal_replay_pause()' ;;
	mariadb,*) sql "$1" "$2 ALL SLAVES SQL_THREAD" ;;
	*) sql "$1" "$2 SLAVE SQL_THREAD" ;;
	esac
}
replay_is() { [ "$(replay_of "$1")" = "$2" ]; }
# The rows of a table, as one word that differs where they do.
rows_of() {
	if [ "$LAB_ENGINE" = postgresql ]; then
		sql "$1" "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM $2 t"
	else
		sql "$1" "SELECT COUNT(*) FROM $2; CHECKSUM TABLE $2" | tr '\n' ' '
	fi
}

# One server's pg_ctl, as the servers' OS user.
node_ctl() {
	local node=$1 owner
	shift
	owner=$(as_root stat -c %U "$(node_data "$node")")
	as_user "$owner" "$HOLDFAST_PG_BIN/pg_ctl" -s -D "$(node_data "$node")" \
		-l "$(node_data "$node")/again.log" "$@" </dev/null 3>&-
}
my_stop() {
	local pid
	pid=$(node_pid "$1")
	as_root kill -"${2:-TERM}" "$pid"
	wait_until 60 gone "$pid"
}
gone() { ! as_root kill -0 "$1" 2>/dev/null; }
my_start() {
	local server=/usr/sbin/mariadbd
	[ "$LAB_ENGINE" = mariadb ] || server=$HOLDFAST_MYSQL_DIR/mysqld
	as_root setsid setpriv --reuid=mysql --regid=mysql --init-groups -- \
		"$server" --defaults-file="$LAB/servers/$1.cnf" \
		</dev/null >>"$LAB/servers/$1.log" 2>&1 3>&- &
	wait_until 60 my_sql "$1" 'SELECT 1'
}
node_stop() {
	if [ "$LAB_ENGINE" = postgresql ]; then node_ctl "$1" -m "${2:-fast}" -w stop; else my_stop "$1"; fi
}
node_start() {
	if [ "$LAB_ENGINE" = postgresql ]; then node_ctl "$1" -w start; else my_start "$1"; fi
}
node_restart() {
	if [ "$LAB_ENGINE" = postgresql ]; then
		node_ctl "$1" -m fast -w restart
	else
		my_stop "$1" && my_start "$1"
	fi
}
node_promote() { node_ctl "$1" -w promote; }
node_pid() {
	local file=postmaster.pid
	[ "$LAB_ENGINE" = postgresql ] || file=mysqld.pid
	as_root head -n 1 "$(node_data "$1")/$file"
}
node_freeze() { as_root kill -STOP "$(node_pid "$1")"; }
node_thaw() { as_root kill -CONT "$(node_pid "$1")"; }

# free_port [N]: ports that nothing listens on, below those the system gives to outgoing connections: one of
# those would take it before a server does.
free_port() {
	python3 -c 'import random, socket, sys
held = []
while len(held) < int(sys.argv[1]):
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", random.randrange(10000, 20000)))
        held.append(s)
    except OSError:
        pass
print(*[s.getsockname()[1] for s in held])' "${1:-1}"
}

# Waiting is scaled by this, for slow machines; it costs only where a test fails.
PATIENCE=${PATIENCE:-4}

# wait_until SECONDS COMMAND...: polls; fails where it never becomes true.
wait_until() {
	local end=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# sql_is NODE WANT TEXT: true where plain psql answers WANT.
sql_is() { [ "$(sql "$1" "$3")" = "$2" ]; }

# caught_up NODE...: true where the standbys have replayed all of pg1.
caught_up() {
	local lsn n
	if [ "$LAB_ENGINE" = mysql ]; then
		lsn=$(sql my1 'SELECT @@global.gtid_executed')
		for n in "$@"; do
			sql_is "$n" 1 "SELECT GTID_SUBSET('$lsn', @@global.gtid_executed)" || return 1
		done
		return 0
	fi
	if [ "$LAB_ENGINE" = mariadb ]; then
		lsn=$(sql my1 'SELECT @@gtid_binlog_pos')
		for n in "$@"; do
			sql_is "$n" 0 "SELECT MASTER_GTID_WAIT('$lsn', 0)" || return 1
		done
		return 0
	fi
	lsn=$(sql pg1 'SELECT pg_current_wal_flush_lsn()')
	for n in "$@"; do
		sql_is "$n" t "SELECT pg_last_wal_replay_lsn() >= '$lsn'" || return 1
	done
}
