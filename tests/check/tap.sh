#!/bin/bash
# tap.sh NAME RUNNER FILES...: runs test files under prove with RUNNER ("" runs them directly). Fails on
# a failed test, on a skipped or to-do one, and where no test ran. Appends its count to $TAP_COUNTS.
# $TAP_JOBS files run side by side (1); servers wait more than they work. With $TAP_ROOT they are run as root,
# through sudo: they act as several OS users and read what each of them keeps to himself.
set -u
name=$1 runner=$2
shift 2
dir=$(mktemp -d)
log=$dir/log
trap 'rm -rf "$dir"' EXIT
files=()
for f in "$@"; do [ -e "$f" ] && files+=("$f"); done
if [ ${#files[@]} -eq 0 ]; then
	echo "$name: no test file: a suite without tests does not pass"
	exit 1
fi
export CMOCKA_MESSAGE_OUTPUT=TAP
echo "== $name: ${#files[@]} files"
as=()
if [ -n "${TAP_ROOT:-}" ] && [ "$(id -u)" != 0 ]; then
	as=(${HOLDFAST_SUDO:-sudo} -- env "PATH=$PATH")
	for v in HOLDFAST_BUILD HOLDFAST_TOP HOLDFAST_PG_BIN HOLDFAST_MYSQL_DIR TMPDIR PATIENCE CI LANG TERM \
		ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS; do
		[ -z "${!v:-}" ] || as+=("$v=${!v}")
	done
fi
# suite JOBS WHAT...: what prove says, without the lines of tests that passed. Which files failed stays in $dir.
suite() {
	local jobs=$1
	shift
	"${as[@]}" prove --merge --verbose --timer --jobs "$jobs" --statefile "$dir/state" --exec "$runner" "$@" \
		</dev/null 2>&1 | tee "$log" | grep --line-buffered -vE '^ok [0-9]+ |^[0-9]+\.\.[0-9]+$|^TAP version'
	return "${PIPESTATUS[0]}"
}

suite "${TAP_JOBS:-1}" --state=save "${files[@]}"
rc=$?
tests=$(sed -n 's/^Files=[0-9]*, Tests=\([0-9]*\),.*/\1/p' "$log" | tail -n 1)
failed=$(grep -cE '^not ok ' "$log")
# A server that had to share the processor with others may have been late. A few files with servers that failed run
# once more, alone, and both results are on the screen; what is wrong fails again.
late=0
[ -z "${TAP_ROOT:-}" ] || [ "$rc" -eq 0 ] || late=$(grep -cE '^[^ ]+ +\(Wstat: ' "$log")
[ "$late" -le 3 ] || late=0
if [ "$late" -gt 0 ]; then
	echo "== $name: $late of ${#files[@]} files failed beside others; once more, alone:"
	mv "$log" "$dir/first"
	suite 1 --state=failed
	rc=$?
	failed=$(grep -cE '^not ok ' "$log")
	cat "$dir/first" >>"$log"
fi
if grep -iE '^(not )?ok [0-9]+.*# *(skip|todo)|^1\.\.0' "$log"; then
	echo "$name: a skipped test does not pass"
	rc=1
fi
if [ "${tests:-0}" -eq 0 ]; then
	echo "$name: no test ran"
	rc=1
fi
[ "$rc" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
[ -z "${TAP_COUNTS:-}" ] || echo "$name ${tests:-0} $failed $late" >>"$TAP_COUNTS"
exit "$rc"
