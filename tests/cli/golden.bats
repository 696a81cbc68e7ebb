#!/usr/bin/env bats
# The five incidents, told to the real writer (tests/golden/*.story, at the times that were published):
# their journals verify, and their postmortems are, byte for byte, those in tests/golden. No server.
# After a change that is meant: `make golden`, and read the difference.

setup_file() {
	export G=$BATS_FILE_TMPDIR HOME=$BATS_FILE_TMPDIR/home XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
	local n
	mkdir -m 700 "$HOME" "$XDG_STATE_HOME"
	for n in $(names); do
		mkdir "$G/$n"
		"$HOLDFAST_BUILD/golden-driver" "$GOLDEN/$n.story" "$G/$n"
	done
}

setup() { bats_require_minimum_version 1.5.0; }

GOLDEN=$HOLDFAST_TOP/tests/golden
names() { basename -s .story -a "$GOLDEN"/*.story; }
hf() { "$HOLDFAST_BUILD/holdfast" "$@"; }
postmortem() { hf postmortem --operators "$G/$1/operators" --format "$2" "$G/$1/journal"; }
# figure INCIDENT ID: of the JSON.
figure() {
	postmortem "$1" json | python3 -c '
import json, sys
print(next(m["value"] for m in json.load(sys.stdin)["metrics"] if m["id"] == sys.argv[1]))' "$2"
}

@test "all five are here, and every journal of theirs is sealed and trusted" {
	local n
	for n in usegalaxy cxalloy luscii-1 luscii-2 programs-and-events gitlab; do
		run -0 hf journal verify --operators "$G/$n/operators" "$G/$n/journal"
		[[ $output == *"sealed and trusted"* ]]
	done
	[ "$(names | wc -l)" -eq 6 ]
}

@test "the same story gives the same journals, and the same postmortem in every format" {
	local n f
	for n in $(names); do
		mkdir "$G/again" "$G/again/$n"
		"$HOLDFAST_BUILD/golden-driver" "$GOLDEN/$n.story" "$G/again/$n"
		diff -r "$G/$n" "$G/again/$n"
		for f in md json csv html; do
			postmortem "$n" "$f" >"$G/one"
			hf postmortem --operators "$G/$n/operators" --format "$f" $(ls -r "$G/again/$n"/journal/*) | cmp - "$G/one"
		done
		rm -r "$G/again"
	done
}

@test "Markdown and JSON are the golden ones" {
	local n f
	for n in $(names); do
		for f in md json; do
			postmortem "$n" "$f" | diff "$GOLDEN/$n.$f" - >"$G/diff" || { head -c 3000 "$G/diff"; return 1; }
		done
	done
}

@test "the figures are those that were published" {
	# Luscii: lead time 15 min, correction 15 min; then 0 min and 22 min.
	[ "$(figure luscii-1 lead_time)" = "15 min 30 s" ]
	[ "$(figure luscii-1 correction_time)" = "14 min 10 s" ]
	[ "$(figure luscii-2 lead_time)" = "0 ms" ]
	[ "$(figure luscii-2 total_time)" = "22 min 0 s" ]
	# UseGalaxy.eu: around 20 hours.
	[ "$(figure usegalaxy total_time)" = "19 h 40 min" ]
	# CxAlloy: said early, and not far from what it took.
	[ "$(figure cxalloy restore_estimate)" = "72 min left" ]
	[ "$(figure cxalloy restore_actual)" = "1 h 16 min" ]
	# Programs & Events: four days; what a DELETE said was left is no restore's estimate.
	[ "$(figure programs-and-events total_time)" = "4 days 1 h" ]
	run -1 figure programs-and-events restore_estimate
}

@test "what was refused, denied, held, unknown or lost stands where people look for it" {
	postmortem usegalaxy md >"$G/md"
	grep -q 'Outcome: \*\*FAILED: column' "$G/md"
	grep -q 'Outcome: \*\*REFUSED\*\*' "$G/md"
	grep -q 'incident handover usegalaxy, from helena to bjoern' "$G/md"
	postmortem cxalloy md >"$G/md"
	grep -q 'Outcome: \*\*NOT RUN: denied' "$G/md"
	grep -q '^| my2 | .*PROVEN' "$G/md"
	grep -q 'brought back: .*125,000,000 rows' "$G/md"
	postmortem gitlab md >"$G/md"
	grep -q 'REFUSED: rm db1-host:/var/opt/gitlab/postgresql/data' "$G/md"
	grep -q 'pg\\*_dump: there was none; lvm .* old, never proved' "$G/md"
	hf postmortem --blameless --operators "$G/usegalaxy/operators" "$G/usegalaxy/journal" >"$G/md"
	! grep -qiE 'helena|bjoern' <(grep -v '\.jsonl' "$G/md")
}

@test "one changed byte of a story's journal, and its postmortem says so" {
	local f
	cp -r "$G/gitlab" "$G/changed"
	f=$(ls "$G"/changed/journal/*team1*)
	chmod 600 "$f"
	sed -i 's/spam is suspected/ham is suspected!/' "$f"
	run -0 hf postmortem --operators "$G/changed/operators" "$G/changed/journal"
	[[ $output == *"## Evidence: TAMPERED WITH"* ]]
}
