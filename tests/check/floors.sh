#!/bin/bash
# floors.sh [TREE]: a file includes include/ and its own folder; more only where `floors` says so.
# Also: at most six exceptions, each with a reason and in use; no floor calls upwards or sideways.
set -u
cd "${1:-.}" || exit 2
FLOORS="include journal engines policy commands shell"
bad=0
say() { echo "floors: $*"; bad=1; }

mapfile -t rows < <(grep -vE '^[[:space:]]*(#|$)' floors)
[ "${#rows[@]}" -le 6 ] || say "the file floors has ${#rows[@]} exceptions; six at most"
declare -A used=()
for row in "${rows[@]}"; do
	read -r from may why <<<"$row"
	[ -n "${why:-}" ] || say "the exception '$from $may' has no reason"
	[ -e "$from" ] && [ -e "$may" ] || say "the exception '$from $may' names something that is not there"
done

# allowed FILE HEADER: true where an exception says so.
allowed() {
	local row from may why
	for row in "${rows[@]}"; do
		read -r from may why <<<"$row"
		if [ "$2" = "$may" ] && { [ "$1" = "$from" ] || [ "${1%%/*}" = "$from" ]; }; then
			used["$from $may"]=1
			return 0
		fi
	done
	return 1
}

n=0
for f in $(for d in $FLOORS; do ls "$d"/*.c "$d"/*.h 2>/dev/null; done); do
	n=$((n + 1))
	floor=${f%%/*}
	while read -r inc; do
		case $inc in
		*..*) say "$f includes $inc: no way up in a path" ;;
		include/*) [ -e "$inc" ] || say "$f includes $inc, which is not there" ;;
		*/*)
			[ "${inc%%/*}" = "$floor" ] || allowed "$f" "$inc" ||
				say "$f includes $inc: $floor may include include/ and itself only"
			[ -e "$inc" ] || say "$f includes $inc, which is not there"
			;;
		*)
			[ -e "include/$inc" ] || [ -e "$floor/$inc" ] ||
				say "$f includes $inc, which is neither in include/ nor in $floor/"
			;;
		esac
	done < <(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$f")
	grep -qE '^[[:space:]]*#[[:space:]]*include[[:space:]]+[^<"[:space:]]' "$f" &&
		say "$f includes through a macro"
done
[ $n -gt 0 ] || say "found no file to check"

for row in "${rows[@]}"; do
	read -r from may why <<<"$row"
	[ -n "${used["$from $may"]:-}" ] || [ "$from" = commands ] || [ "$from" = shell/run.c ] ||
		say "the exception '$from $may' is not used: take it out"
done
[ $bad = 0 ] && echo "floors: $n files, ${#rows[@]} exceptions: ok"
exit $bad
