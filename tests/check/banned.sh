#!/bin/bash
# banned.sh [TREE]: every .c includes banned.h, last; below shell/ nobody prints, exits or jumps;
# the tree names no place of the machine it was written on.
set -u
cd "${1:-.}" || exit 2
shopt -s nullglob
bad=0 n=0
say() { echo "banned: $*"; bad=1; }
# Comments out, strings out, so that words in sentences do not count.
code() { sed -e 's://.*$::' -e 's/"\([^"\\]\|\\.\)*"/""/g' "$1" | awk '
	{ line = $0; out = ""
	  while (length(line)) {
		if (inside) { i = index(line, "*/"); if (!i) break; line = substr(line, i + 2); inside = 0 }
		else { i = index(line, "/*"); if (!i) { out = out line; break }
			out = out substr(line, 1, i - 1); line = substr(line, i + 2); inside = 1 }
	  }
	  print FNR ": " out }'; }
no_typedef() {
	while read -r hit; do
		say "$f:$hit: a struct is called a struct: no typedef of one"
	done < <(grep -E 'typedef +(struct|union)' <<<"$text")
}
for f in {include,journal,engines,policy,commands,shell}/*.c; do
	n=$((n + 1))
	text=$(code "$f")
	last=$(sed -n 's/^#[[:space:]]*include[[:space:]]*["<]\([^">]*\)[">].*/\1/p' "$f" | tail -n 1)
	[ "$last" = banned.h ] || say "$f: the last include is ${last:-missing}, not banned.h"
	case $f in
	shell/*) ;;
	*)
		while read -r hit; do
			say "$f:$hit: only shell/ prints"
		done < <(grep -E '(^|[^a-z_])(printf|puts|putchar|perror|vprintf) *\(|(^|[^a-z_])v?fprintf *\( *std(out|err)|fputs *\([^,]*, *std(out|err) *\)' <<<"$text")
		;;
	esac
	case $f in
	shell/main.c | shell/cli*.c) ;;
	*)
		while read -r hit; do
			say "$f:$hit: no exit() below main; a child after fork ends with _exit()"
		done < <(grep -E '(^|[^a-z_])exit *\(' <<<"$text")
		;;
	esac
	while read -r hit; do
		say "$f:$hit: no jumps over the stack, no shell, no unbounded stack memory"
	done < <(grep -E '(^|[^a-z_])(sigsetjmp|siglongjmp|_setjmp|alloca|wordexp) *\(' <<<"$text")
	no_typedef
done
for f in {include,journal,engines,policy,commands,shell}/*.h; do
	text=$(code "$f")
	no_typedef
done
[ $n -gt 0 ] || say "found no file to check"
[ $bad = 0 ] && echo "banned: $n files: ok"
exit $bad
