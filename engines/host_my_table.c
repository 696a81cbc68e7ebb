/*
 * What is asked of a host about a MariaDB server, as POSIX sh: what its binary logs hold, running
 * or not. What acts begins by seeing that the directory is one of its.
 */
#include "engines/host_ask.h"
#include "banned.h"

/* Sets x to the index of binary logs in the working directory; that of relay logs is another. */
#define MY_INDEX                                                                                   \
	"x=\n"                                                                                     \
	"for i in *.index; do\n"                                                                   \
	"	case $i in *relay* | '*.index') continue ;; esac\n"                                      \
	"	[ -z \"$x\" ] || die 1 \"two indexes of binary logs stand there: $x and $i\"\n"          \
	"	x=$i\n"                                                                                  \
	"done\n"                                                                                   \
	"[ -n \"$x\" ] || die 1 'no index of binary logs stands in it'\n"

/*
 * $1 the data directory, of a server that does not run: what its log holds, as the server wrote it
 * down when it shut down. Its log says whether that was clean; then the list is of that moment.
 */
const char script_my_state[] =
    "die() { put unknown \"$2\"; put end ''; exit 0; }\n"
    "put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"
    "cd -P -- \"$1\" || exit 1\n"
    "for f in master.info master-*.info; do\n"
    "	[ -f \"$f\" ] || continue\n"
    "	h=$(sed -n 4p -- \"$f\" | head -c 300) p=$(sed -n 7p -- \"$f\" | head -c 10)\n"
    "	[ -z \"$h\" ] || put source \"$h:$p\"\n"
    "done\n" MY_INDEX "f=$(tail -n 1 -- \"$x\" | head -c 1000) s=${x%.index}.state\n"
    "[ -f \"$f\" ] || die 1 \"its log $f is not there\"\n"
    "[ \"$(head -c 4 -- \"$f\" | od -An -tx1 | tr -d ' ')\" = fe62696e ] || "
    "die 1 \"its log $f cannot be read\"\n"
    "[ $(($(od -An -tu1 -j 21 -N 1 -- \"$f\") & 1)) = 0 ] || "
    "die 1 'it was not shut down cleanly, so what its log holds is not certain'\n"
    "t=$(stat -c %Y -- \"$s\" 2>/dev/null) || die 1 'it wrote down no state of its log'\n"
    "[ $(($(stat -c %Y -- \"$f\") - t)) -le 60 ] || "
    "die 1 'the state that it wrote down is older than its log'\n"
    "[ \"$(stat -c %s -- \"$s\")\" -le 65536 ] || die 1 'the state of its log is too long'\n"
    "put gtid \"$(tr '\\n' ',' <\"$s\")\"\n"
    "put end ''\n";

/*
 * $1 the data directory, $4 a position between two transactions to read from, $5 the position
 * behind which they count; positions are the number of the file and the offset, in hex. A
 * transaction of which only a part stands before $5 counts: a replica that has no more has not got
 * it.
 */
const char script_my_log[] =
    "die() { printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"
    "put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"
    "d=$1\n"
    "[ -r \"$d/ibdata1\" ] || die 8 \"$d cannot be read as a data directory\"\n"
    "for p in /proc/[0-9]*; do\n"
    "	{ read -r c <\"$p/comm\"; } 2>/dev/null || continue\n"
    "	case $c in mariadbd | mysqld) [ ! \"$p/cwd\" -ef \"$d\" ] || put pid \"${p#/proc/}\" ;; "
    "esac\n"
    "done\n"
    "cd -- \"$d\" || exit 1\n" MY_INDEX
    "from=$((0x${4%/*})) at=$((0x${4#*/})) file=$((0x${5%/*})) after=$((0x${5#*/}))\n"
    "n=0 first=- last=- no=0 size=0 bytes=0\n"
    "while IFS= read -r f; do\n"
    "	no=${f##*.}; no=$(printf %s \"$no\" | sed 's/^0*//'); no=${no:-0}\n"
    "	size=$(stat -c %s -- \"$f\") || die 1 \"$f is not there\"\n"
    "	[ \"$no\" -ge \"$from\" ] || continue\n"
    "	[ \"$no\" -ge \"$file\" ] && bytes=$((bytes + size))\n"
    "	[ \"$no\" -ne \"$file\" ] || bytes=$((bytes - after))\n"
    "	s=4; [ \"$no\" -ne \"$from\" ] || s=$at\n"
    "	[ \"$s\" -ge 4 ] || s=4\n"
    "	[ \"$s\" -lt \"$size\" ] || continue\n"
    "	a=0; [ \"$no\" -ne \"$file\" ] || a=$after\n"
    "	[ \"$no\" -ge \"$file\" ] || a=4294967296\n"
    "	r=$(TZ=UTC timeout 60 mariadb-binlog --no-defaults --base64-output=decode-rows "
    "--start-position=\"$s\" -- \"$f\" 2>/dev/null | awk -v after=\"$a\" '\n"
    "function close_() { if (in_ && end > after) { n++; if (first == \"-\") first = t; last = t } "
    "in_ = 0 }\n"
    "BEGIN { n = 0; first = last = \"-\" }\n"
    "/^#[0-9][0-9][0-9][0-9][0-9][0-9] +[0-9]+:.* server id / {\n"
    "	e = $0; sub(/.*end_log_pos /, \"\", e); e += 0\n"
    "	if ($0 ~ /\\tGTID [0-9]+-[0-9]+-[0-9]+/) { close_(); in_ = 1\n"
    "		h = $2; if (length(h) < 8) h = \"0\" h\n"
    "		t = \"20\" substr($1, 2, 2) \"-\" substr($1, 4, 2) \"-\" substr($1, 6, 2) \"T\" h "
    "\"Z\" }\n"
    "	if (e > 0) end = e\n"
    "}\n"
    "END { close_(); print n, first, last }')\n"
    "	set -- $r\n"
    "	n=$((n + $1)); [ \"$first\" != - ] || first=$2; [ \"$3\" = - ] || last=$3\n"
    "done <\"$x\"\n"
    "[ \"$bytes\" -ge 0 ] || bytes=0\n"
    "put bytes \"$bytes\"; put commits \"$n\"; put first \"$first\"; put last \"$last\"\n"
    "put log_end \"$(printf '%X/%X' \"$no\" \"$size\")\"\n"
    "put end ''\n";

/* Ends the server that works in it, as a clean shutdown, or sees that none does; $3 seconds. */
const char script_my_stop[] =
    "die() { printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"
    "put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"
    "d=$1\n"
    "[ -r \"$d/ibdata1\" ] || die 8 \"$d cannot be read as a data directory\"\n"
    "used() {\n"
    "	for p in /proc/[0-9]*; do\n"
    "		{ read -r c <\"$p/comm\"; } 2>/dev/null || continue\n"
    "		case $c in mariadbd | mysqld) ;; *) continue ;; esac\n"
    "		[ ! \"$p/cwd\" -ef \"$d\" ] || { pid=${p#/proc/}; return 0; }\n"
    "	done\n"
    "	return 1\n"
    "}\n"
    "! used || kill \"$pid\" || die 1 \"process $pid cannot be told to stop\"\n"
    "n=0\n"
    "while used && [ $n -lt $((10 * $3)) ]; do n=$((n + 1)); sleep 0.1; done\n"
    "! used || die 1 \"process $pid still works in $d: it is not stopped\"\n"
    "put stopped 1\n"
    "put end ''\n";
