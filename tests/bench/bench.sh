#!/bin/bash
# bench.sh [NAMES]: runs the benches of this folder, prints their lines and writes them to RESULTS.txt.
# NAME.bench is sourced and calls
#	report NAME TARGET_WORDS OPERATOR LIMIT UNIT VALUE...
# with one value a run; the median of the values is held against the limit (<= or >=). NAME.sh is a
# program that prints such lines itself (bench.bash), ending in ok or MISS.
set -u
cd "$(dirname "$0")/../.." || exit 1
results=tests/bench/RESULTS.txt
rows=$(mktemp)
miss=0

report() {
	local name=$1 words=$2 op=$3 limit=$4 unit=$5
	shift 5
	printf '%s\n' "$@" | sort -g | awk -v name="$name" -v words="$words" -v op="$op" -v limit="$limit" -v unit="$unit" '
		{ v[NR] = $1 }
		END {
			m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
			ok = op == "<=" ? m <= limit : m >= limit
			printf "%-34s %-46s median %.4g %s of %d (%.4g..%.4g)  %s\n", name, words, m, unit, NR, v[1], v[NR], ok ? "ok" : "MISS"
		}' | tee -a "$rows"
}
# Milliseconds a command takes; its output is thrown away, its failure is ours.
time_ms() {
	local a=$EPOCHREALTIME
	"$@" >/dev/null 2>&1 || { echo "bench: failed: $*" >&2; exit 1; }
	local b=$EPOCHREALTIME
	echo $(((${b/./} - ${a/./}))) | awk '{ printf "%.3f\n", $1 / 1000 }'
}
# Milliseconds of CPU (user and system) a command takes.
cpu_ms() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%.1f\n", ($1 + $2) * 1000 }'
}

. tests/lab/lab.bash
. tests/lab/pty.bash
trap 'pty_close; lab_down; rm -f "$rows"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
for f in tests/bench/*.bench tests/bench/*.sh; do
	name=$(basename "${f%.*}")
	[ "$name" != bench ] && [ -e "$f" ] || continue
	[ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
	case $f in
	*.bench) . "$f" ;;
	*) bash "$f" | tee -a "$rows"; [ "${PIPESTATUS[0]}" -eq 0 ] || { echo "$name: did not end well  MISS" | tee -a "$rows"; } ;;
	esac
done
[ -s "$rows" ] || { echo "bench: nothing was measured"; exit 1; }
grep -q MISS "$rows" && miss=1
if [ $# -eq 0 ]; then
	{
		echo "# make bench, $(date -u +%Y-%m-%d), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
		cat "$rows"
	} >$results
fi
exit $miss
