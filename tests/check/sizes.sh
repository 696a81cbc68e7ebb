#!/bin/bash
# sizes.sh [TREE]: a function has at most 60 lines, a file 500, a command file 150. Tables (files
# named *_table.c) are exempt; so are generated keyword lists named that way.
set -u
cd "${1:-.}" || exit 2
shopt -s nullglob
bad=0 n=0
for f in {include,journal,engines,policy,commands,shell}/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]; do
	case $f in *_table.c) continue ;; esac
	n=$((n + 1))
	max=500
	case $f in commands/*) max=150 ;; esac
	lines=$(wc -l <"$f")
	[ "$lines" -le $max ] || { echo "sizes: $f has $lines lines; $max at most"; bad=1; }
	# KNF: a function's braces stand in column 0. A table that is open there has no limit.
	awk -v f="$f" '
		/^\{/ { start = FNR }
		/^\}/ {
			if (start && FNR - start - 1 > 60) {
				printf "sizes: %s:%d: a function of %d lines; 60 at most\n", f, start, FNR - start - 1
				bad = 1
			}
			start = 0
		}
		/^[a-z].*\) *\{$/ { printf "sizes: %s:%d: the brace of a function does not stand in column 0\n", f, FNR; bad = 1 }
		END { exit bad }' "$f" || bad=1
done
[ $n -gt 0 ] || { echo "sizes: found no file to check"; bad=1; }
[ $bad = 0 ] && echo "sizes: $n files: ok"
exit $bad
