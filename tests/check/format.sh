#!/bin/bash
# format.sh [TREE]: clang-format has nothing to change; shell files end in a newline, no line in the
# tree ends in white space.
set -u
cd "${1:-.}" || exit 2
bad=0
files=$(ls {include,journal,engines,policy,commands,shell}/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] 2>/dev/null)
[ -n "$files" ] || { echo "format: found no file to check"; exit 1; }
# Tables that were laid out by hand stay as they are.
formatted=$(grep -v '_table\.c$' <<<"$files")
# Many files a process where all is well; one by one only to name what is not.
xargs -P "$(nproc)" -n 32 clang-format --style=file --dry-run -Werror <<<"$formatted" >/dev/null 2>&1 ||
for f in $formatted; do
	clang-format --style=file "$f" | cmp -s - "$f" || { echo "format: $f differs: clang-format -i $f"; bad=1; }
done
for f in Makefile floors .ci/run tests/make/* tests/check/* tests/lab/* tests/*/*.bats man/*.[1-9] README.md CONTRIBUTING.md; do
	[ -f "$f" ] || continue
	grep -nE '[[:space:]]+$' "$f" | grep -vE '^[0-9]+:.*[^ ]  $' | sed "s|^|format: $f: white space at the end: |" | head -n 3 | grep . && bad=1
	[ -z "$(tail -c 1 "$f")" ] || { echo "format: $f does not end in a newline"; bad=1; }
done
[ $bad = 0 ] && echo "format: $(echo "$files" | wc -l) files: ok"
exit $bad
