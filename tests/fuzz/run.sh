#!/bin/bash
# run.sh BUILD SOURCES...: runs each fuzz target for $T seconds from its seeds (tests/fuzz/NAME.seeds/*).
# A crash leaves its input below BUILD and fails.
set -u
build=$1 bad=0
shift
[ $# -gt 0 ] || { echo "fuzz: no target"; exit 1; }
for src in "$@"; do
	name=$(basename "$src" .c)
	corpus=$build/corpus/$name
	mkdir -p "$corpus"
	seeds=()
	[ -d "tests/fuzz/$name.seeds" ] && seeds+=("tests/fuzz/$name.seeds")
	dict=()
	[ -e "tests/fuzz/$name.dict" ] && dict+=("-dict=tests/fuzz/$name.dict")
	echo "== fuzz $name: ${T:-30} s"
	ASAN_OPTIONS=detect_leaks=1 "$build/tests/fuzz/$name" -max_total_time="${T:-30}" -timeout=10 \
		-rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 -verbosity=0 "${dict[@]}" \
		-artifact_prefix="$build/$name-" "$corpus" "${seeds[@]}" >"$build/$name.log" 2>&1
	rc=$?
	grep -E 'stat::number_of_executed_units|stat::average_exec_per_sec|ERROR|SUMMARY|runtime error' "$build/$name.log"
	[ $rc -eq 0 ] || { echo "fuzz $name: failed; see $build/$name.log"; bad=1; }
done
exit $bad
