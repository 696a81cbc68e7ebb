/*
 * Copies of data directories, as POSIX sh: what runs on the host a copy is made on. A copy grows
 * under a name of its own beside its target and gets the target's name when it is verified. Lines
 * with a percent sign are progress: bytes done, bytes in all, words. Must never write over anything
 * that stands there, nor leave a copy that did not verify under the target's name.
 */
#include "engines/host_ask.h"
#include "banned.h"

/* $1: the path that is to be made. */
const char script_target[] =
    "put() { printf '%s\\0%s\\0' \"$1\" \"$2\"; }\n"
    "p=$1\n"
    "while [ \"$p\" != / ] && [ \"${p%/}\" != \"$p\" ]; do p=${p%/}; done\n"
    "up=${p%/*}; name=${p##*/}\n"
    "case $name in '' | . | ..) put unnamed 1; put end ''; exit 0 ;; esac\n"
    "d=$(realpath -e -- \"${up:-/}\" 2>/dev/null && echo x) || { put missing 1; put end ''; exit "
    "0; }\n"
    "d=${d%?x}\n"
    "[ -d \"$d\" ] || { put missing 1; put end ''; exit 0; }\n"
    "put parent \"$d\"; put name \"$name\"\n"
    "put up \"$(stat -c '%d %i' -- \"$d\")\"\n"
    "[ ! -w \"$d\" ] || put writable 1\n"
    "if [ -e \"$d/$name\" ] || [ -L \"$d/$name\" ]; then put exists 1; fi\n"
    "put free \"$(df -B1 --output=avail -- \"$d\" | tail -n 1 | tr -d ' ')\"\n"
    "put marker \"$(head -c 1200 -- \"$d/.holdfast-partial-$name/MARKER\" 2>/dev/null)\"\n"
    "put done \"$(timeout 5 du -sxB1 -- \"$d/.holdfast-partial-$name\" 2>/dev/null | cut -f 1)\"\n"
    "q=$d/x\n"
    "while [ \"$q\" != \"\" ] && [ \"${q%/*}\" != \"\" ]; do\n"
    "	q=${q%/*}\n"
    "	if [ -f \"$q/global/pg_control\" ] || [ -f \"$q/ibdata1\" ]; then put inside \"$q\"; fi\n"
    "done\n"
    "put end ''\n";

/* What all three have in common. $1 directory above, $2 its device:inode, $3 name of the target, $4
 * bytes it will take, $5 bytes that must stay free. */
#define BEGIN                                                                                      \
	"die() { trap - TERM HUP INT PIPE; printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"            \
	"cd -P -- \"$1\" 2>/dev/null || die 8 \"$1 is gone\"\n"                                    \
	"[ \"$(pwd -P)\" = \"$1\" ] || die 8 \"$1 leads somewhere else now\"\n"                    \
	"[ \"$(stat -c %d:%i .)\" = \"$2\" ] || die 8 \"$1 is another directory now\"\n"           \
	"there() { if [ -e \"./$3\" ] || [ -L \"./$3\" ]; then die 8 \"$1/$3 exists now; nothing " \
	"is written over it\"; fi; }\n"                                                            \
	"there \"$@\"\n"                                                                           \
	"free() { df -B1 --output=avail . | tail -n 1 | tr -d ' '; }\n"                            \
	"size() { du -sxB1 -- \"$1\" 2>/dev/null | cut -f 1; }\n"                                  \
	"need=$4 keep=$5 q=./.holdfast-partial-$3\n"

/* Waits for $pid, saying how far it is; ends it where the disk gets full. */
#define WATCH                                                                                      \
	"tree() { for c in $(pgrep -P \"$1\"); do tree \"$c\"; done; kill \"$1\" 2>/dev/null; }\n" \
	"stop() { tree $pid; wait $pid 2>/dev/null; }\n"                                           \
	"trap 'stop; clean; exit 143' TERM HUP INT PIPE\n"                                         \
	"watch() {\n"                                                                              \
	"	while kill -0 $pid 2>/dev/null; do\n"                                                    \
	"		sleep 0.5\n"                                                                            \
	"		f=$(free)\n"                                                                            \
	"		if [ \"$f\" -lt \"$keep\" ]; then\n"                                                    \
	"			stop\n"                                                                                \
	"			n=$(size \"$q\")\n"                                                                    \
	"			clean\n"                                                                               \
	"			die 1 \"stopped before the disk was full: $f bytes are left, "                         \
	"$n of about $need were copied; $left\"\n"                                                 \
	"		fi\n"                                                                                   \
	"		printf '%%%s %s %s\\n' \"$(size \"$q\")\" \"$need\" \"$(words)\"\n"                     \
	"	done\n"                                                                                  \
	"	wait $pid\n"                                                                             \
	"}\n"

#define FINISH                                                                                     \
	"there \"$@\"\n"                                                                           \
	"mv -T -n -- \"$q/data\" \"./$3\" && [ ! -e \"$q/data\" ] || die 1 \"the copy is whole, "  \
	"and "                                                                                     \
	"could not get its name; it stands in $1/${q#./}/data\"\n"

/* A directory of a server that does not run: $src, of device:inode $inode, as it was, and made of
 * what can be copied. */
#define SOURCE                                                                                     \
	"same() { [ \"$(stat -c %d:%i -- \"$src\" 2>/dev/null)\" = \"$1\" ]; }\n"                  \
	"used() {\n"                                                                               \
	"	for p in /proc/[0-9]*; do\n"                                                             \
	"		[ ! \"$p/cwd\" -ef \"$src\" ] || { who=${p#/proc/}; return 0; }\n"                      \
	"	done\n"                                                                                  \
	"	{ read -r who <\"$src/postmaster.pid\"; } 2>/dev/null && [ -d \"/proc/${who#-}\" "       \
	"]\n"                                                                                      \
	"}\n"                                                                                      \
	"same \"$inode\" || die 8 \"$src is not the directory it was\"\n"                          \
	"! used || die 8 \"process $who works in $src now: a server was started\"\n"               \
	"odd=$(find \"$src\" -xdev -name '*\n*' -print -quit)\n"                                   \
	"[ -z \"$odd\" ] || die 1 \"a file there has a line end in its name; nothing was "         \
	"copied\"\n"                                                                               \
	"odd=$(find \"$src\" -xdev ! -type f ! -type d ! -type s -print -quit)\n"                  \
	"[ -z \"$odd\" ] || die 1 \"$odd is neither a file nor a directory; nothing was "          \
	"copied\"\n"                                                                               \
	"odd=$(find \"$src\" -xdev -type f ! -readable -print -quit)\n"                            \
	"[ -z \"$odd\" ] || die 1 \"$odd cannot be read; nothing was copied\"\n"

/* The partial copy is made, or goes on where its marker is this one. */
#define TAKE_PARTIAL                                                                               \
	"if mkdir -m 700 -- \"$q\" 2>/dev/null; then\n"                                            \
	"	printf '%s' \"$marker\" >\"$q/MARKER\" || die 1 \"$q cannot be written\"\n"              \
	"elif [ \"$(cat \"$q/MARKER\" 2>/dev/null)\" != \"$marker\" ]; then\n"                     \
	"	die 8 \"$1/${q#./} is the partial copy of something else; nothing was written\"\n"       \
	"fi\n"                                                                                     \
	"had=$(size \"$q\")\n"                                                                     \
	"[ \"$(free)\" -ge $((need - had + keep)) ] || die 1 \"$(free) bytes are free and about "  \
	"$((need - had + keep)) are needed; nothing was copied\"\n"

#define SUMS                                                                                       \
	"sums() { find . -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum --; }\n"

#define KEPT                                                                                       \
	"left=\"the partial copy stays in $1/${q#./}, and the same command goes on from there\"\n" \
	"clean() { :; }\n"

#define DIFFERS                                                                                    \
	"watch || die 1 \"the copy differs from its source: $(tail -n 1 \"$q/LOG\"); it stays in " \
	"$1/${q#./}, not under the target's name\"\n"

/* It gets its name; the list of its sums stands beside it. */
#define NAMED                                                                                      \
	FINISH "n=$(wc -l <\"$q/MANIFEST\")\n"                                                     \
	       "mv -T -n -- \"$q/MANIFEST\" \"./$3.sha256\"\n"                                     \
	       "rm -f -- \"$q/MARKER\" \"$q/LOG\" \"$q/SUMS\" \"$q/MANIFEST\"; rmdir -- \"$q\"\n"  \
	       "printf '%s files, %s bytes, equal by SHA-256; the list is %s.sha256\\n' \"$n\" "   \
	       "\"$(size "                                                                         \
	       "\"./$3\")\" \"$1/$3\"\n"

/* $6 the source, $7 its device:inode, $8 the marker of this copy. */
const char script_copy[] = BEGIN KEPT
    "src=$6 inode=$7 marker=$8\n"
    "words() { echo copying; }\n" SOURCE TAKE_PARTIAL
    /* Complete files have their names and times; one that broke has another name. */
    "copy() {\n"
    "	to=$(pwd -P)/${q#./}/data\n"
    "	cd -P -- \"$src\" || exit 1\n"
    "	find . -xdev -type d | while IFS= read -r f; do\n"
    "		mkdir -p -- \"$to/$f\" || exit 1\n"
    "	done || exit 1\n"
    "	find . -xdev -type f | while IFS= read -r f; do\n"
    "		if [ -f \"$to/$f\" ] && [ ! \"$f\" -nt \"$to/$f\" ] && [ ! \"$f\" -ot \"$to/$f\" "
    "]; "
    "then continue; fi\n"
    "		cp -p --reflink=auto -- \"$f\" \"$to/.holdfast-now\" && "
    "mv -T -f -- \"$to/.holdfast-now\" \"$to/$f\" || exit 1\n"
    "	done || exit 1\n"
    "	find . -xdev -depth -type d | while IFS= read -r f; do\n"
    "		chmod --reference=\"$f\" -- \"$to/$f\" && touch -r \"$f\" -- \"$to/$f\" || exit 1\n"
    "	done\n"
    "}\n"
    "copy 2>\"$q/LOG\" &\n"
    "pid=$!\n" WATCH "watch || die 1 \"the copy broke: $(tail -n 1 \"$q/LOG\"); $left\"\n"
    "same \"$inode\" && ! used || die 8 \"$src changed while it was copied; $left\"\n" SUMS
    "words() { echo verifying; }\n"
    "check() {\n"
    "	to=$(pwd -P)/${q#./}\n"
    "	(cd -P -- \"$src\" && sums) >\"$to/MANIFEST\" && cd -P -- \"$to/data\" && "
    "sums | cmp - \"$to/MANIFEST\"\n"
    "}\n"
    "check 2>\"$q/LOG\" >&2 &\n"
    "pid=$!\n" DIFFERS NAMED;

/*
 * The same from one host to another, what is sent going through the program that asks. $6 the
 * marker. Says what is there already: size, time and name of every file.
 */
const char script_ship_begin[] = BEGIN KEPT
    "marker=$6\n" TAKE_PARTIAL
    "command -v tar >/dev/null || die 1 'tar is not on this host; nothing was copied'\n"
    "mkdir -p -- \"$q/data\" && cd -P -- \"$q/data\" || die 1 \"$q/data cannot be made\"\n"
    "find . -xdev -type f -printf '%s %T@ %p\\n'\n";

#define SHIP_SOURCE                                                                                \
	"die() { printf '%s\\n' \"$2\" >&2; exit \"$1\"; }\n"                                      \
	"src=$1 inode=$2\n" SOURCE

/* $1 the source, $2 its device:inode. Reads what is there, and sends the rest as an archive. */
const char script_ship_send[] = SHIP_SOURCE
    "cd -P -- \"$src\" || exit 1\n"
    "tar --version 2>/dev/null | grep -q GNU || die 1 'GNU tar is not on this host; nothing was "
    "copied'\n"
    "{\n"
    "	cat; echo //\n"
    "	find . -xdev -type d -printf 'd d %p\\n'; find . -xdev -type f -printf '%s %T@ %p\\n'\n"
    "} | awk '!all { if ($0 == \"//\") all = 1; else has[$0] = 1; next }\n"
    "!($0 in has) { sub(/^[^ ]+ [^ ]+ /, \"\"); print }' | "
    "tar --no-recursion --verbatim-files-from --format=posix --sparse -T - -cf -\n";

/* Takes the archive; $6 the marker. A file that broke has another time, and is sent again. */
const char script_ship_take[] =
    BEGIN KEPT "words() { echo copying; }\n"
	       "[ \"$(cat \"$q/MARKER\" 2>/dev/null)\" = \"$6\" ] || "
	       "die 8 \"$1/${q#./} is the partial copy of something else; nothing was written\"\n"
	       "exec 3<&0\n"
	       "(cd -P -- \"$q/data\" && exec tar -xpf - <&3) 2>\"$q/LOG\" >&2 &\n"
	       "pid=$!\n"
	       "exec 3<&- </dev/null\n" WATCH
	       "watch || die 1 \"the copy broke: $(tail -n 1 \"$q/LOG\"); $left\"\n";

/* The sums of the source, $1 and $2 as above; and that it did not change meanwhile. */
const char script_ship_sums[] = SHIP_SOURCE SUMS
    /* Not in it itself: it looks who is. */
    "(cd -P -- \"$src\" && sums) || die 1 'a file there could not be read'\n"
    "same \"$inode\" && ! used || die 8 \"$src changed while it was copied\"\n";

/* Compares with them; $6 the marker. */
const char script_ship_check[] = BEGIN KEPT SUMS
    "words() { echo verifying; }\n"
    "[ \"$(cat \"$q/MARKER\" 2>/dev/null)\" = \"$6\" ] || "
    "die 8 \"$1/${q#./} is the partial copy of something else; nothing was written\"\n"
    "exec 3<&0\n"
    "check() {\n"
    "	to=$(pwd -P)/${q#./}\n"
    "	cat <&3 >\"$to/MANIFEST\" & c=$!\n"
    "	(cd -P -- \"$to/data\" && sums) >\"$to/SUMS\" && wait $c && cmp -- \"$to/SUMS\" "
    "\"$to/MANIFEST\"\n"
    "}\n"
    "check 2>\"$q/LOG\" >&2 &\n"
    "pid=$!\n"
    "exec 3<&- </dev/null\n" WATCH DIFFERS NAMED;

/* $6 conninfo, $7 major version, $8 slot or "", $9 1: the slot is made, $10 1: as a standby, $11
 * the server's name. */
const char script_basebackup[] = BEGIN
    "left='nothing of it is left' who=${11}\n"
    "clean() { rm -rf --one-file-system -- \"$q\"; }\n"
    "! [ -e \"$q\" ] || die 8 \"$1/${q#./} stands there: another copy runs, or broke; nothing was "
    "written\"\n"
    "bin=\n"
    "for d in \"/usr/lib/postgresql/$7/bin\" \"/usr/pgsql-$7/bin\"; do\n"
    "	[ ! -x \"$d/pg_basebackup\" ] || bin=$d/\n"
    "done\n"
    "[ -n \"$bin\" ] || die 1 \"pg_basebackup of PostgreSQL $7 is not on this host; nothing was "
    "copied\"\n"
    "[ \"$(free)\" -ge $((need + keep)) ] || die 1 \"$(free) bytes are free and about "
    "$((need + keep)) are needed; nothing was copied\"\n"
    "mkdir -m 700 -- \"$q\" || die 1 \"$q cannot be made\"\n"
    "words() {\n"
    "	case $(tr '\\r' '\\n' <\"$q/LOG\" | tail -n 1) in\n"
    "	*waiting\\ for\\ checkpoint*) echo \"waiting for $who to finish a checkpoint\" ;;\n"
    "	*waiting\\ for\\ background* | *write-ahead\\ log\\ end*) echo \"waiting for the last of "
    "the "
    "log\" ;;\n"
    "	'') echo \"waiting for $who to answer\" ;;\n"
    "	*) echo copying ;;\n"
    "	esac\n"
    "}\n"
    "set -- \"$@\" \"${9:+--create-slot}\" \"${8:+--slot=$8}\" \"${10:+--write-recovery-conf}\"\n"
    "\"${bin}pg_basebackup\" -D \"$q/data\" -d \"$6\" -X stream --checkpoint=fast -P -v "
    "--no-password "
    "${12:+\"${12}\"} ${13:+\"${13}\"} ${14:+\"${14}\"} >\"$q/LOG\" 2>&1 </dev/null &\n"
    "pid=$!\n" WATCH
    "watch || { said=$(tr '\\r' '\\n' <\"$q/LOG\" | grep -a 'error:' | tail -n 1); clean; die 1 "
    "\"$said; $left\"; }\n"
    "printf '%%%s %s verifying\\n' \"$need\" \"$need\"\n"
    "\"${bin}pg_verifybackup\" -q \"$q/data\" >\"$q/LOG\" 2>&1 || die 1 \"pg_verifybackup: $(tail "
    "-n "
    "1 \"$q/LOG\"); it stays in $1/${q#./}, not under the target's name\"\n" FINISH
    "rm -f -- \"$q/LOG\"; rmdir -- \"$q\"\n"
    "printf '%s bytes, verified by pg_verifybackup\\n' \"$(size \"./$3\")\"\n";

/* $6 defaults file, $7 the server's name. */
const char script_mariabackup[] = BEGIN
    "left='nothing of it is left' who=$7\n"
    "clean() { rm -rf --one-file-system -- \"$q\"; }\n"
    "! [ -e \"$q\" ] || die 8 \"$1/${q#./} stands there: another copy runs, or broke; nothing was "
    "written\"\n"
    "command -v mariadb-backup >/dev/null || die 1 'mariadb-backup is not on this host; nothing "
    "was "
    "copied'\n"
    "[ \"$(free)\" -ge $((need + keep)) ] || die 1 \"$(free) bytes are free and about "
    "$((need + keep)) are needed; nothing was copied\"\n"
    "mkdir -m 700 -- \"$q\" || die 1 \"$q cannot be made\"\n"
    "words() { echo \"copying from $who\"; }\n"
    "mariadb-backup --defaults-file=\"$6\" --backup --target-dir=\"$q/data\" >\"$q/LOG\" 2>&1 "
    "</dev/null &\n"
    "pid=$!\n" WATCH "whole() { tail -n 1 \"$q/LOG\" | grep -q 'completed OK!'; }\n"
    "{ watch && whole; } || { said=$(tail -n 1 \"$q/LOG\"); clean; die 1 \"mariadb-backup: $said; "
    "$left\"; }\n"
    "words() { echo 'making it consistent'; }\n"
    "mariadb-backup --prepare --target-dir=\"$q/data\" >\"$q/LOG\" 2>&1 </dev/null &\n"
    "pid=$!\n"
    "{ watch && whole; } || die 1 \"mariadb-backup --prepare: $(tail -n 1 \"$q/LOG\"); it stays in "
    "$1/${q#./}, not under the target's name\"\n"
    "(cd -P -- \"$q/data\" && find . -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 -r "
    "sha256sum --) >\"$q/MANIFEST\" || die 1 'its files could not be summed'\n" FINISH
    "n=$(wc -l <\"$q/MANIFEST\")\n"
    "mv -T -n -- \"$q/MANIFEST\" \"./$3.sha256\"\n"
    "rm -f -- \"$q/LOG\" \"$q/MANIFEST\"; rmdir -- \"$q\"\n"
    "printf '%s files, %s bytes, prepared: completed OK; the list is %s.sha256\\n' \"$n\" \"$(size "
    "\"./$3\")\" \"$1/$3\"\n";
