#!/bin/bash
# mdoc.sh [TREE]: mandoc has nothing to say about the man pages, and every holdfast page that one of them
# refers to is there. (Whether another program's page is installed here does not matter.)
set -u
cd "${1:-.}" || exit 2
shopt -s nullglob
bad=0 n=0
for f in man/*.[1-9]; do
	n=$((n + 1))
	mandoc -Tlint "$f" 2>/dev/null | grep -v 'referenced manual not found' && bad=1
	while read -r name section; do
		[ -e "man/$name.$section" ] || { echo "mdoc: $f refers to $name($section), which is not in man/"; bad=1; }
	done < <(sed -n 's/^\.Xr \(holdfast[a-z.-]*\) \([1-9]\).*/\1 \2/p' "$f" | sort -u)
done
[ $n -gt 0 ] || { echo "mdoc: found no man page"; bad=1; }
[ $bad = 0 ] && echo "mdoc: $n pages: ok"
exit $bad
