# The journal as evidence, from the command line: heads that must be there, heads seen before, what
# each place holds, a second copy, the site's program, and the second verifier.
load ../lab/lab.bash

setup_file() {
	lab_up single --rows 100
	as_root sh -c 'cd "$1" && mkdir -m 1777 -p copy handed
		{ cat holdfast.conf
		echo "journal_copy = \"$1/copy/alice\""
		echo "journal_closed = {\"cp\", \"--target-directory=$1/handed\"}"; } >copied.conf
		sed "s|^journal_closed.*|journal_closed = {\"sh\", \"-c\", \"echo no bucket >\&2; exit 9\"}|" copied.conf >failing.conf
		chmod 644 copied.conf failing.conf' sh "$LAB"
	export HF_STATE=$BATS_FILE_TMPDIR/state
	mkdir -m 1777 "$HF_STATE"
	chmod 755 "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
}
teardown_file() { lab_down; }

# A session of alice's that did something; prints its journal.
session() { # [CONFIG]
	as alice --config "$LAB/${1:-holdfast.conf}" --confirm pg1 -c "note \"one\"" -c 'SELECT 1;' >/dev/null 2>&1
	newest
}
newest() { as_root sh -c 'ls -t "$1"/journal/*.jsonl | head -n 1' sh "$LAB"; }
verify() { as_user hf-alice env XDG_STATE_HOME="$HF_STATE" "$(holdfast_bin)" journal verify --operators "$LAB/operators" "$@"; }
verify_json() { as_user hf-alice env XDG_STATE_HOME="$HF_STATE" "$(holdfast_bin)" --json journal verify --operators "$LAB/operators" "$@"; }
checker() { as_root python3 "$HOLDFAST_TOP/tests/fault/check.py" --operators "$LAB/operators" "$@"; }

@test "a sealed journal: both verifiers say so, and a head of it can be expected" {
	f=$(session)
	run -0 verify "$f"
	[[ $output == *"sealed and trusted"*"certified by alice"* ]]
	run -0 checker "$f"
	[[ $output == *": 0 "* ]]
	head=$(verify_json "$f" | jq -r '.files[0].head')
	run -0 verify --expect "$head" "$f"
	run -1 verify --expect "${head%????}0000" "$f"
	[[ $output == *"replaced: record"* ]]
	run -2 verify --expect nonsense "$f"
	[[ $output == *"is no head"* ]]
	run -1 verify --expect "aaaaaaaaaaaaaaaaaaaaaaaaaa:${head#*:}" "$f"
	[[ $output == *"no file is here"* ]]
	run -2 verify --expcet "$head" "$f"
}

@test "a file cut at the end of a record: 3 by itself, 1 to who saw more of it" {
	f=$(session)
	run -0 verify "$f"
	as_root sh -c 'head -n -1 "$1" >"$2" && chmod 644 "$2"' sh "$f" "$LAB/cut.jsonl"
	run -1 verify "$LAB/cut.jsonl"
	[[ $output == *"rolled back: you saw record"* ]]
	run -1 verify "$LAB/cut.jsonl"
	[[ $(stat -c %a "$HF_STATE/holdfast/heads") == 600 ]]
	run -3 checker "$LAB/cut.jsonl"
	run -3 as_user hf-alice env XDG_STATE_HOME="$HF_STATE/other" "$(holdfast_bin)" journal verify "$LAB/cut.jsonl"
	[[ $output == *"never closed"* ]]
}

@test "re-signed with another session's key: refused, by both" {
	f=$(session)
	g=$(session)
	as_root sh -c '{ head -n 1 "$2"; tail -n +2 "$1"; } >"$3"; chmod 644 "$3"' sh "$f" "$g" "$LAB/spliced.jsonl"
	run -1 verify "$LAB/spliced.jsonl"
	[[ $output == *"the chain breaks at record"* ]]
	run -1 checker "$LAB/spliced.jsonl"
}

@test "a second copy, the site's program on the closed file, and what each place holds" {
	f=$(session copied.conf)
	as_root cmp "$f" "$LAB/copy/alice/$(basename "$f")"
	as_root cmp "$f" "$LAB/handed/$(basename "$f")"
	run verify "$LAB/journal" "$LAB/copy/alice"
	[[ $output == *"$LAB/copy/alice holds 1 journal (1 sealed)"* && $output == *"    has not "* ]]
	run verify_json "$LAB/journal" "$LAB/copy/alice"
	[[ $(jq '.places[1].files' <<<"$output") == 1 && $(jq '.places[1].lacks | length' <<<"$output") -gt 0 ]]
	# With no path, what the configuration names.
	run as_user hf-alice env XDG_STATE_HOME="$HF_STATE" "$(holdfast_bin)" --config "$LAB/copied.conf" journal verify
	[[ $output == *"$LAB/journal holds"*"$LAB/copy/alice holds 1 journal"* ]]
}

@test "a program that fails is said, a copy that cannot be is said, and the session was as good" {
	run as alice --config "$LAB/failing.conf" -c 'SELECT 40 + 2 AS n;'
	[[ $output == *42* && $output == *"exit 9): no bucket"* && $output == *"by hand"* ]]
	as_root sh -c 'mv "$1/copy" "$1/copy.gone"; echo x >"$1/copy"' sh "$LAB"
	run as alice --config "$LAB/copied.conf" -c 'SELECT 40 + 2 AS n;'
	as_root sh -c 'rm "$1/copy"; mv "$1/copy.gone" "$1/copy"' sh "$LAB"
	[[ $output == *42* && $output == *"records behind"* ]]
	run -4 as_user hf-alice env XDG_STATE_HOME="$HF_STATE" "$(holdfast_bin)" journal verify "$(newest)"
}

@test "the first bad record is named in one sentence" {
	f=$(session)
	bad() { as_root sh -c "$1 <\"\$1\" >\"\$2\"; chmod 644 \"\$2\"" sh "$f" "$LAB/bad.jsonl"; }
	bad 'sed 2d'
	run -1 verify "$LAB/bad.jsonl"
	[[ $output == *"breaks at record 1; record 2 stands there, so 1 record was removed"* ]]
	bad 'sed 2p'
	run -1 verify "$LAB/bad.jsonl"
	[[ $output == *"breaks at record 2; a record 1 stands there, which was added or moved"* ]]
	bad 'sed "2s/\"type\":\"[a-z]/&x/"'
	run -1 verify "$LAB/bad.jsonl"
	[[ $output == *"breaks at record 1, which was changed"* ]]
	bad 'sed "2s/.*/x/"'
	run -1 verify "$LAB/bad.jsonl"
	[[ $output == *"breaks at record 1; what stands there is no record"* ]]
}
