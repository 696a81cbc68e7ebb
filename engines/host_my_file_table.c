/*
 * Option files of a MariaDB or MySQL server on its host, as POSIX sh: where skip-slave-start can be
 * written so that the server's next start reads it, writing it, and taking it away. Must never
 * change a line that somebody else wrote.
 */
#include "engines/host_ask.h"
#include "banned.h"

#define MARK "# holdfast: begin of a hold"
#define MARK_END "# holdfast: end of a hold"
#define OWN_NAME "zz-holdfast-hold.cnf"

/*
 * $1 the data directory: sets pid, where to write (place, own), what stands there already (there),
 * and whether its options say it anyway (set). The server's own words say which files it read.
 */
#define MY_FILES                                                                                   \
	"nl='\n'\n"                                                                                \
	"pid= none= only= extra= set= there= place= own=\n"                                        \
	"for p in /proc/[0-9]*; do\n"                                                              \
	"	{ read -r c <\"$p/comm\"; } 2>/dev/null || continue\n"                                   \
	"	case $c in mariadbd | mysqld) [ ! \"$p/cwd\" -ef \"$1\" ] || pid=${p#/proc/} ;; "        \
	"esac\n"                                                                                   \
	"done\n"                                                                                   \
	"[ -n \"$pid\" ] || die 8 \"no server that $(id -un) may see works in $1\"\n"              \
	"[ \"/proc/$pid/root/\" -ef / ] && [ \"$(readlink \"/proc/$pid/ns/mnt\")\" = "             \
	"\"$(readlink /proc/self/ns/mnt)\" ] || die 1 'its server runs in a container of its "     \
	"own'\n"                                                                                   \
	"words=$(tr '\\0\\n' '\\n ' <\"/proc/$pid/cmdline\" | sed 1d)\n"                           \
	"home=$(tr '\\0\\n' '\\n ' <\"/proc/$pid/environ\" | sed -n 's/^MYSQL_HOME=//p' | "        \
	"head -n 1)\n"                                                                             \
	"while IFS= read -r o; do\n"                                                               \
	"	case $o in\n"                                                                            \
	"	--no-defaults) none=1 ;;\n"                                                              \
	"	--defaults-file=*) only=${o#*=} ;;\n"                                                    \
	"	--defaults-extra-file=*) extra=${o#*=} ;;\n"                                             \
	"	--skip[-_]slave[-_]start | --skip[-_]replica[-_]start) set=1 ;;\n"                       \
	"	esac\n"                                                                                  \
	"done <<END\n"                                                                             \
	"$words\n"                                                                                 \
	"END\n"                                                                                    \
	"[ -z \"$none\" ] || die 1 'its server was started with --no-defaults'\n"                  \
	"roots=$only\n"                                                                            \
	"[ -n \"$only\" ] || for f in /etc/my.cnf /etc/mysql/my.cnf \"${home:+$home/my.cnf}\" "    \
	"\"$extra\"; do\n"                                                                         \
	"	[ ! -f \"$f\" ] || roots=$roots${roots:+$nl}$f\n"                                        \
	"done\n"                                                                                   \
	"IFS=$nl\n"                                                                                \
	"set -f\n"                                                                                 \
	"for f in $roots; do\n"                                                                    \
	"	f=$(realpath -e -- \"$f\" 2>/dev/null) || continue\n"                                    \
	"	up=${f%/*}\n"                                                                            \
	"	if [ -z \"$own\" ] && [ -w \"$f\" ] && [ -w \"${up:-/}\" ]; then place=$f; fi\n"         \
	"	if grep -qx '" MARK "' -- \"$f\" 2>/dev/null; then there=$f; fi\n"                 \
	"	for d in $(sed -n 's/^[[:blank:]]*!includedir[[:blank:]]*//p' -- \"$f\" "                \
	"2>/dev/null | "                                                                           \
	"sed 's/[[:blank:]]*$//'); do\n"                                                           \
	"		d=$(realpath -e -- \"$d\" 2>/dev/null) || continue\n"                                   \
	"		[ -d \"$d\" ] && [ -w \"$d\" ] || continue\n"                                           \
	"		own=1 place=$d/" OWN_NAME "\n"                                             \
	"		if grep -qx '" MARK "' -- \"$place\" 2>/dev/null; then there=$place; fi\n" \
	"	done\n"                                                                                  \
	"done\n"                                                                                   \
	"unset IFS\n"                                                                              \
	"set +f\n"                                                                                 \
	"reads() {\n"                                                                              \
	"	command -v my_print_defaults >/dev/null || return 2\n"                                   \
	"	if [ -n \"$only\" ]; then set -- \"--defaults-file=$only\"\n"                            \
	"	elif [ -n \"$extra\" ]; then set -- \"--defaults-extra-file=$extra\"\n"                  \
	"	else set --; fi\n"                                                                       \
	"	my_print_defaults \"$@\" mysqld mariadbd server mariadb 2>/dev/null | "                  \
	"grep -Eqx -e '--skip[-_](slave|replica)[-_]start'\n"                                      \
	"}\n"

/* $1 the data directory. */
const char script_my_file[] =
    "put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"
    "die() { put why \"$2\"; put end ''; exit 0; }\n"
    "put free \"$(df -B1 --output=avail -- \"$1\" 2>/dev/null | tail -n 1 | tr -d ' ')\"\n" MY_FILES
    "if [ -n \"$there\" ]; then\n"
    "	put there 1; put file \"$there\"\n"
    "	[ \"${there##*/}\" != " OWN_NAME " ] || put own 1\n"
    "	put end ''; exit 0\n"
    "fi\n"
    "[ -n \"$set\" ] || ! reads || set=1\n"
    "[ -z \"$set\" ] || put set 1\n"
    "[ -n \"$place\" ] || die 1 \"no option file of its server can be written by $(id -un)\"\n"
    "put file \"$place\"\n"
    "[ -z \"$own\" ] || put own 1\n"
    "put end ''\n";

#define DIE "die() { printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"

/* A file is replaced whole, by a rename: what a crash leaves is the old one or the new one. */
#define REPLACE                                                                                    \
	"replace() {\n"                                                                            \
	"	t=$1.holdfast-new\n"                                                                     \
	"	rm -f -- \"$t\" && cp -p -- \"$1\" \"$t\" && cat >\"$t\" && sync -- \"$t\" && "          \
	"mv -T -f -- \"$t\" \"$1\" || { rm -f -- \"$t\"; return 1; }\n"                            \
	"}\n"

#define SOFTEN                                                                                     \
	"soften() {\n"                                                                             \
	"	grep -qx '" MARK "' -- \"$1\" 2>/dev/null || return 0\n"                           \
	"	if [ \"${1##*/}\" = " OWN_NAME " ]; then rm -- \"$1\"; return; fi\n"               \
	"	text=$(sed '/^" MARK "$/,/^" MARK_END "$/d' -- \"$1\" && echo x) && "              \
	"printf '%s' \"${text%x}\" | replace \"$1\"\n"                                             \
	"}\n"

/* $1 the data directory, $2 the file, $3 1: one of its own, $4 a line for who reads it. */
const char script_my_harden[] = DIE REPLACE SOFTEN MY_FILES
    "[ -z \"$there\" ] || die 8 \"$there has the lines of a hold already\"\n"
    "[ \"$place\" = \"$2\" ] && [ \"$own\" = \"$3\" ] || "
    "die 8 \"the option files of its server are others now\"\n"
    "lines=\"" MARK "\n# $4\n[mysqld]\nskip-slave-start\n" MARK_END "\"\n"
    "if [ -n \"$own\" ]; then\n"
    "	umask 022\n"
    "	(set -C; printf '%s\\n' \"$lines\" >\"$2\") 2>/dev/null && sync -- \"$2\" || "
    "die 1 \"$2 cannot be written\"\n"
    "else\n"
    "	text=$(cat -- \"$2\" && echo x) || die 1 \"$2 cannot be read\"\n"
    "	text=${text%x}\n"
    "	{ printf '%s' \"$text\"; case $text in '' | *\"$nl\") ;; *) echo ;; esac\n"
    "	printf '%s\\n' \"$lines\"; } | replace \"$2\" || die 1 \"$2 cannot be written\"\n"
    "fi\n"
    "reads; case $? in\n"
    "0) echo \"written to $2, and read by its server's own rules\" ;;\n"
    "1) soften \"$2\"; die 1 \"$2 was written, and its server would not read it\" ;;\n"
    "*) echo \"written to $2\" ;;\n"
    "esac\n";

/* The way back, arguments as above; the server need not run. */
const char script_my_soften[] = DIE REPLACE SOFTEN
    "soften \"$2\" || die 1 \"the lines of the hold cannot be taken out of $2: take them out by "
    "hand, or its server comes up with replication stopped\"\n"
    "echo 'taken out'\n";
