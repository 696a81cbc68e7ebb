#!/bin/bash
# symbols.sh BUILD: nobody calls upwards or sideways, seen in the archives of the floors: every
# function a floor needs is its own, of a floor below it, or a library's. A caller needs no header for
# a wrong call (a declaration of its own is enough), so the includes alone do not prove it.
set -u
build=${1:?directory of the build}
declare -A below=(
	[include]=""
	[journal]="include"
	[engines]="include"
	[policy]="include"
	[commands]="policy engines journal include"
	[shell]="commands policy engines journal include"
)
bad=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for f in include journal engines policy commands shell; do
	[ -e "$build/$f.a" ] || { echo "symbols: $build/$f.a is not there"; exit 2; }
	nm --defined-only -g "$build/$f.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/$f.has"
	nm -u "$build/$f.a" 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u >"$tmp/$f.needs"
	sort "$tmp/all.has" "$tmp/$f.has" -o "$tmp/all.has" 2>/dev/null || cp "$tmp/$f.has" "$tmp/all.has"
done
for f in include journal engines policy commands shell; do
	for b in $f ${below[$f]}; do cat "$tmp/$b.has"; done | sort -u >"$tmp/may"
	comm -12 "$tmp/$f.needs" "$tmp/all.has" | comm -23 - "$tmp/may" >"$tmp/wrong"
	while read -r s; do
		echo "symbols: $f needs $s of $(cd "$tmp" && grep -lx "$s" [a-z]*.has | grep -v all.has |
			sed 's/\.has//' | tr '\n' ' ')which is not below it"
		bad=1
	done <"$tmp/wrong"
done
[ $bad = 0 ] && echo "symbols: $(wc -l <"$tmp/all.has") functions and tables: ok"
exit $bad
