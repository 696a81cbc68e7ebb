/*
 * What is done on a host to a PostgreSQL server, as POSIX sh with the tools every Linux has: read
 * what its log on disk holds, stop it, start it, start it as a standby. Each begins by seeing that
 * the directory is still the one that was meant, by its system identifier. 8: not as planned.
 */
#include "engines/host_ask.h"
#include "banned.h"

/* $1 the data directory, $2 its system identifier in hex. Sets own, b (the server's programs), and
 * pid where a server works in it. */
#define PG_HERE                                                                                    \
	"die() { printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"                                      \
	"put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"                                           \
	"d=$1\n"                                                                                   \
	"[ -r \"$d/global/pg_control\" ] || die 8 \"$d cannot be read as a data directory\"\n"     \
	"[ \"$(od -An -v -tx1 -N 8 \"$d/global/pg_control\" | tr -d ' \\n')\" = \"$2\" ] || "      \
	"die 8 \"$d holds another cluster's data\"\n"                                              \
	"own=$(stat -c %U -- \"$d\")\n"                                                            \
	"v=$(head -c 32 -- \"$d/PG_VERSION\")\n" /* One that ended and that nobody waited for is   \
						    none. */                                       \
	"runs() { [ -d \"/proc/$1\" ] && ! grep -q '^State:.Z' \"/proc/$1/status\"; }\n"           \
	"alive() {\n"                                                                              \
	"	pid=\n"                                                                                  \
	"	{ read -r pid <\"$d/postmaster.pid\"; } 2>/dev/null || return 1\n"                       \
	"	pid=${pid#-}\n"                                                                          \
	"	runs \"$pid\" && [ \"$(head -c 8 \"/proc/$pid/comm\")\" = postgres ]\n"                  \
	"}\n"                                                                                      \
	"b=\n"                                                                                     \
	"! alive || b=$(dirname -- \"$(readlink -- \"/proc/$pid/exe\")\")\n"                       \
	"for p in \"/usr/lib/postgresql/$v/bin\" \"/usr/pgsql-$v/bin\" /usr/local/pgsql/bin; do\n" \
	"	[ -n \"$b\" ] || [ ! -x \"$p/pg_ctl\" ] || b=$p\n"                                       \
	"done\n"                                                                                   \
	"[ -n \"$b\" ] || b=$(dirname -- \"$(command -v pg_ctl)\")\n"                              \
	"control() { put control \"$(od -An -v -tx1 -N 56 \"$d/global/pg_control\" | "             \
	"tr -d ' \\n')\"; }\n"                                                                     \
	"as_owner() {\n"                                                                           \
	"	if [ \"$(id -u)\" = 0 ] && [ \"$own\" != root ]; then\n"                                 \
	"		setpriv --reuid=\"$own\" --regid=\"$(id -g \"$own\")\" --init-groups -- "               \
	"\"$@\"\n"                                                                                 \
	"	else\n"                                                                                  \
	"		\"$@\"\n"                                                                               \
	"	fi\n"                                                                                    \
	"}\n" /* A server that was killed leaves sessions behind for a moment, and they answer. */ \
	"used() {\n"                                                                               \
	"	for p in /proc/[0-9]*; do\n"                                                             \
	"		[ ! \"$p/cwd\" -ef \"$d\" ] || { pid=${p#/proc/}; return 0; }\n"                        \
	"	done\n"                                                                                  \
	"	return 1\n"                                                                              \
	"}\n"                                                                                      \
	"cd / || exit 1\n"

/* Where Debian keeps its configuration apart, its own program knows how; else as it was started. */
#define PG_START                                                                                   \
	"start() {\n"                                                                              \
	"	for c in /etc/postgresql/\"$v\"/*/; do\n"                                                \
	"		n=$(basename -- \"$c\")\n"                                                              \
	"		[ -f \"$c/postgresql.conf\" ] && command -v pg_ctlcluster >/dev/null || "               \
	"continue\n"                                                                               \
	"		[ \"$(pg_conftool -s \"$v\" \"$n\" show data_directory 2>/dev/null)\" = "               \
	"\"$d\" ] || "                                                                             \
	"continue\n"                                                                               \
	"		as_owner pg_ctlcluster \"$v\" \"$n\" start </dev/null >/dev/null 2>&1\n"                \
	"		return\n"                                                                               \
	"	done\n"                                                                                  \
	"	as_owner \"$b/pg_ctl\" -s -w -t 120 -D \"$d\" -l \"$d/holdfast-start.log\" start "       \
	"</dev/null >/dev/null 2>&1\n"                                                             \
	"}\n"

/*
 * What the log on its disk holds. $3 timeline, $4 position of a record to read from, $5 position
 * behind which commits count. pg_waldump names the end where it stops; without a second position it
 * is where the last record it understood ends.
 */
const char script_pg_log[] = PG_HERE
    "! used || put pid \"$pid\"\n"
    "control\n"
    /* Its own word for the timeline: that of its newest segments, whoever asks. */
    "tl=$(ls -- \"$d/pg_wal\" | grep -E '^[0-9A-F]{24}$' | cut -c 1-8 | sort | tail -n 1)\n"
    "[ -n \"$tl\" ] || die 1 \"no log stands in $d/pg_wal\"\n"
    "tl=$((0x$tl))\n"
    "[ \"$tl\" -ge \"$3\" ] || die 8 \"its log is of timeline $tl, before $3\"\n"
    "dump() { TZ=UTC LC_ALL=C timeout 60 \"$b/pg_waldump\" -p \"$d/pg_wal\" -t \"$tl\" -s \"$1\" "
    "$2 2>&1; }\n"
    "sums='\n"
    "function hex(s, i, v) { v = 0; s = toupper(s); for (i = 1; i <= length(s); i++)\n"
    "	v = v * 16 + index(\"0123456789ABCDEF\", substr(s, i, 1)) - 1; return v }\n"
    "function lsn(s, p) { split(s, p, \"/\"); return hex(p[1]) * 4294967296 + hex(p[2]) }\n"
    "function text(v) { return sprintf(\"%X/%X\", int(v / 4294967296), v % 4294967296) }\n"
    /* What was read, and how it ended, must be understood: silence is no end of a log. */
    "/could not find a valid record after/ { ok = 1 }\n"
    "BEGIN { limit = lsn(after); n = 0; first = last = \"-\"; end = 0 }\n"
    "/^rmgr: / {\n"
    "	tot = $0; sub(/, tx:.*/, \"\", tot); sub(/.*\\//, \"\", tot)\n"
    "	at = $0; sub(/.*, lsn: /, \"\", at); sub(/,.*/, \"\", at); l = lsn(at)\n"
    /* A record that crosses pages is longer by their headers. */
    "	e = l + tot; e += 40 * (int(e / 8192) - int(l / 8192)); e = int((e + 7) / 8) * 8\n"
    "	if (e > end) end = e\n"
    "	if (e > limit && $0 ~ /desc: COMMIT/) {\n"
    "		n++; t = $0; sub(/.*desc: COMMIT(_PREPARED)? /, \"\", t)\n"
    "		sub(/^[^;]*: /, \"\", t); t = substr(t, 1, 10) \"T\" substr(t, 12, 8) \"Z\"\n"
    "		if (t ~ /^[0-9][0-9][0-9][0-9]-/) { if (first == \"-\") first = t; last = t }\n"
    "	}\n"
    "}\n"
    "/error in WAL record at / {\n"
    "	ok = 1\n"
    "	at = $0; sub(/.*error in WAL record at /, \"\", at); sub(/:.*/, \"\", at); stop = at\n"
    "	at = $0; if (sub(/.* at /, \"\", at) && at ~ /^[0-9A-F]+\\/[0-9A-F]+: / && "
    "lsn(at) > lsn(stop)) stop2 = at\n"
    "	sub(/:.*/, \"\", stop2)\n"
    "}\n"
    "END { if (stop2 != \"\") end = lsn(stop2); print ok ? n : \"?\", first, last, text(end), "
    "stop2 == \"\" ? "
    "stop : \"\" }\n"
    "'\n"
    "f=$4\n"
    "r=$(dump \"$f\" '-r Transaction' | awk -v after=\"$5\" \"$sums\")\n"
    "set -- $r\n"
    "case $1 in '' | *[!0-9]*) die 1 \"the log in $d/pg_wal could not be read: $(dump \"$f\" '-r "
    "Transaction' | "
    "grep -v '^rmgr' | tail -n 1)\" ;; esac\n"
    "put commits \"$1\"; put first \"$2\"; put last \"$3\"\n"
    "e=$4\n"
    /* The end again, from the last record that it understood, whatever it was. */
    "[ $# -lt 5 ] || e=$(dump \"$5\" '' | awk -v after=0/0 \"$sums\" | cut -d' ' -f4)\n"
    "[ \"$e\" != 0/0 ] || e=$f\n"
    "put log_end \"$e\"\n"
    "put end ''\n";

/* Stops it as a clean shutdown, or sees that none runs. */
const char script_pg_stop[] = PG_HERE
    "if alive; then\n"
    "	was=$pid\n"
    "	as_owner \"$b/pg_ctl\" -s -w -t \"$3\" -m fast -D \"$d\" stop </dev/null >/dev/null 2>&1\n"
    /* Its lock file goes a moment before the process does. */
    "	n=0\n"
    "	while runs \"$was\" && ! alive && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done\n"
    "	! runs \"$was\" || die 1 \"process $was still runs: it did not stop in $3 s\"\n"
    "fi\n"
    "n=0\n"
    "while used && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done\n"
    "! used || die 1 \"process $pid still works in $d: it is not stopped\"\n"
    "control\n"
    "put end ''\n";

/* One that hangs in its shutdown, since somebody takes its log too slowly, is ended hard first: it
 * recovers as after a crash, and loses nothing. */
const char script_pg_start[] = PG_HERE PG_START
    "state() { tail -n +8 -- \"$d/postmaster.pid\" 2>/dev/null | tr -d ' '; }\n"
    "if alive && [ \"$(state)\" = stopping ]; then\n"
    "	as_owner \"$b/pg_ctl\" -s -w -t 60 -m immediate -D \"$d\" stop </dev/null >/dev/null 2>&1\n"
    "fi\n"
    "alive || start\n"
    "alive && [ \"$(state)\" = ready ] || die 1 \"it does not take connections: see its log\"\n"
    "put end ''\n";

/* Starts it again: a standby, which a hard stop harms not; a fast one can wait for one below it. */
const char script_pg_restart[] = PG_HERE PG_START
    "[ -e \"$d/standby.signal\" ] || die 8 \"$d is no standby any more\"\n"
    "if alive; then\n"
    "	as_owner \"$b/pg_ctl\" -s -w -t 20 -m fast -D \"$d\" stop </dev/null >/dev/null 2>&1\n"
    "	! alive || as_owner \"$b/pg_ctl\" -s -w -t 60 -m immediate -D \"$d\" stop </dev/null "
    ">/dev/null 2>&1\n"
    "fi\n"
    "! alive || die 1 \"process $pid did not stop\"\n"
    "start\n"
    "alive || die 1 \"it did not start: see its log\"\n"
    "put end ''\n";

/* A primary that was shut down comes up as a standby: what it follows stands in its settings. */
const char script_pg_rejoin[] = PG_HERE PG_START
    "! alive || die 8 \"process $pid works in $d: it is not stopped\"\n"
    "as_owner touch -- \"$d/standby.signal\" || die 1 \"standby.signal could not be made\"\n"
    "start\n"
    "alive || die 1 \"it did not start: see its log\"\n"
    "put end ''\n";
