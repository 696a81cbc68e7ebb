#!/usr/bin/env bats
# The postmortem of a real incident: alice drops a table with bob's consent, both see it held, and take
# it back; in between somebody writes hostile notes. Its four formats against the journals themselves,
# and the page in a real browser.

load "$HOLDFAST_TOP/tests/lab/lab.bash"
load "$HOLDFAST_TOP/tests/lab/pty.bash"

EVIL='<script>document.title="pwned"</script><img src=x onerror="document.title=1">'

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	local rc=0
	lab_up cascade:2 --rows 2000
	PM=$(mktemp -d "${TMPDIR:-/tmp}/hf-pm.XXXXXX")
	export PM
	chmod 755 "$PM"
	as_root install -d -m 755 -o hf-alice "$PM/browser"
	hostile
	# Its helpers end the shell where something is not seen.
	(story) >"$PM/story.out" 2>&1 3>&- || rc=$?
	[ $rc -eq 0 ] || { cat "$PM/story.out" >&2; return 1; }
	collect
}

teardown_file() {
	local f
	if [ -r "$PM/pty" ]; then
		PTY_DIR=$(cat "$PM/pty") && pty_close
	fi
	lab_down
	[ -n "${PM_KEEP:-}" ] || as_root rm -rf "${PM:?}"
}

# A session of its own, closed before the others begin: what people and names may hold.
hostile() {
	sql pg1 'CREATE TABLE "<svg onload=alert(1)>|=1+1" (a int);
		ALTER TABLE "<svg onload=alert(1)>|=1+1" OWNER TO alice'
	as alice -c 'incident open orders-gone' -c "note $EVIL" -c "note =cmd|' /C calc'!A0" \
		-c $'note a\e]0;pwned\a\e[2Jb \u202ereversed \u200b\r\nnext | line | \xff\xfe end' \
		-c 'note [x](javascript:alert(1)) ![y](http://evil/y.png) `code` </span></table><h1 id=gone>' \
		-c 'DROP TABLE "<svg onload=alert(1)>|=1+1";' </dev/null >"$PM/hostile.out" 2>&1 3>&- || true
	grep -q '^request ' "$PM/hostile.out"
}

# In bob's own shell: every page, then the node's name.
bob_approves() {
	local end=$((SECONDS + 60))
	mark_of bob
	pty_send bob "approve $1"
	until last_is bob 'Type the name of the node.*: *$'; do
		[ $SECONDS -lt $end ] || { tell bob; exit 1; }
		if last_is bob 'Enter: more'; then pty_tmux send-keys -t =bob: Enter; fi
		sleep 0.1
	done
	answers bob pg1 "$PROMPT" 20
	saw bob 'approved by bob' || { tell bob; exit 1; }
}

# Some journal of alice's has the pattern.
noted() { as_root grep -rqE -- "$1" "$LAB/journal"; }

story() {
	. "$HOLDFAST_TOP/tests/demo/story.sh"
	local id n
	wait_until 30 caught_up pg2 pg3
	pty_open alice "$(as_words alice)"
	echo "$PTY_DIR" >"$PM/pty"
	pty_open bob "$(as_words bob)"
	echo 1 | tee "$PTY_DIR/alice.line" >"$PTY_DIR/bob.line"
	wait_for alice "$PROMPT" 30
	wait_for bob "$PROMPT" 30
	PROMPT='^lab/pg1 .*> *$'
	types alice 'incident open orders-gone' "$PROMPT" 20
	types bob 'incident open orders-gone' "$PROMPT" 20
	types alice topology "$PROMPT" 20
	types alice 'DROP TABLE orders;' "$PROMPT" 20
	types alice 'DROP TABLE orders CASCADE;' 'pg1.*: *$' 20
	answers alice pg1 "$PROMPT" 20
	id=$(request_id)
	echo "$id" >"$PM/drop"
	bob_approves "$id"
	types alice "run $id" "$PROMPT" 60
	saw alice 'pg2 +PROVEN' && saw alice 'pg3 +PROVEN' || { tell alice; exit 1; }
	wait_until 30 noted '"type":"topology".*"hold":"paused".*"hold":"paused"'
	types bob 'note detected: the orders page is empty' "$PROMPT" 20
	types bob 'note decision: take it back from pg3' "$PROMPT" 20
	types alice "undo $id" 'pg1.*: *$' 30
	answers alice pg1 "$PROMPT" 20
	id=$(request_id)
	echo "$id" >"$PM/undo"
	bob_approves "$id"
	types alice "run $id" "$PROMPT" 120
	rows_are pg1 2000
	for n in 1 2 3 4 5 6; do # a picture of the released replicas, however the crawls fell
		types alice topology "$PROMPT" 20
		as_root cat "$LAB"/journal/*.jsonl | grep '"type":"topology"' | tail -n 1 |
			grep -q paused || break
		sleep 0.5
	done
	types bob '\q' '^\[left with' 20
	types alice '\q' '^\[left with' 20
	pty_close
	rm "$PM/pty"
}

# The journals and every format of them, made twice.
collect() {
	local f n
	mkdir "$PM/j"
	as_root grep -rl '"orders-gone"' "$LAB/journal" | while read -r f; do
		as_root cat "$f" >"$PM/j/${f##*/}"
	done
	as_root cat "$LAB/operators" >"$PM/operators"
	echo $'## Summary\n\nOrders were gone.\n<b onclick=alert(1)>bold</b>\n- one\n- two\n\n## Our own part\n\nkeep me' >"$PM/notes"
	for f in md json csv html; do
		for n in 1 2; do
			postmortem --format $f --notes "$PM/notes" "$PM"/j/*.jsonl >"$PM/$f.$n"
		done
	done
	install -m 644 "$PM/html.1" "$PM/page.html" # a browser goes by the name
}

postmortem() { "$HOLDFAST_BUILD/holdfast" postmortem --operators "$PM/operators" "$@"; }
json() { python3 -c "import json, sys; d = json.load(open('$PM/json.1')); $1"; }

# What the browser made of the page: its document after that much of its own time. Nothing on its console.
browse() {
	as_root timeout 90 setpriv --reuid=hf-alice --regid="$(id -g hf-alice)" --clear-groups env -i \
		PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="$PM/browser" chromium --headless --no-sandbox \
		--disable-gpu --disable-dev-shm-usage --no-first-run --enable-logging=stderr \
		--user-data-dir="$PM/browser/$1" --virtual-time-budget="$1" "${@:2}" \
		>"$PM/dom.$1" 2>"$PM/console.$1" </dev/null 3>&-
	! grep -E 'CONSOLE' "$PM/console.$1"
}

@test "three sessions of two people are one timeline: what caused what, and no byte differs the second time" {
	local f
	[ "$(ls "$PM/j" | wc -l)" -eq 3 ] || { ls "$PM/j"; return 1; }
	for f in md json csv html; do
		[ -s "$PM/$f.1" ]
		cmp "$PM/$f.1" "$PM/$f.2"
	done
	# The order of the files is no matter.
	postmortem --format csv --notes "$PM/notes" $(ls -r "$PM"/j/*.jsonl) | cmp - "$PM/csv.1"
	# bob's own journal: typed after the request was filed, before alice's journal had his signature.
	json '
t = d["timeline"]; drop = open("'"$PM"'/drop").read().strip()
at = lambda f: next(i for i, r in enumerate(t) if f(r))
asked = at(lambda r: r["type"] == "request" and drop[:8] in r["what"])
typed = at(lambda r: r["type"] == "input" and r["who"] == "bob" and r["what"] == "approve " + drop)
signed = at(lambda r: r["type"] == "approval" and drop[:8] in r["what"])
begun = at(lambda r: r["kind"] == "act" and "DROP TABLE orders" in r["what"])
assert asked < typed < signed < begun, (asked, typed, signed, begun)'
}

@test "every row is a record, with the hash that the chain gives it" {
	python3 - "$PM" <<-'EOF'
		import csv, glob, hashlib, json, sys
		leaf = {}
		for f in glob.glob(sys.argv[1] + "/j/*.jsonl"):
		    lines = open(f, "rb").read().split(b"\n")[:-1]
		    session = json.loads(lines[0])["session"]
		    for i, line in enumerate(lines):
		        leaf[session, i] = hashlib.sha256(b"\0" + line).hexdigest()
		rows = list(csv.DictReader(open(sys.argv[1] + "/csv.1", newline="")))
		assert len(rows) == len(leaf) and len(leaf) > 100, (len(rows), len(leaf))
		for r in rows:
		    assert leaf.pop((r["session"], int(r["record"]))) == r["sha256"], r
		d = json.load(open(sys.argv[1] + "/json.1"))
		assert [r["evidence"]["sha256"] for r in d["timeline"]] == [r["sha256"] for r in rows]
		# A journal's own order is kept, and rows do not go back in time without a reason.
		last = {}
		for r in rows:
		    assert last.get(r["session"], -1) < int(r["record"])
		    last[r["session"]] = int(r["record"])
	EOF
}

@test "figures, proofs, holds and the loss are those of the journals" {
	json '
drop, undo = (open("'"$PM"'/" + n).read().strip() for n in ("drop", "undo"))
assert d["incident"] == "orders-gone" and d["verified"] == "SEALED AND TRUSTED", d["verified"]
p = {x["plan"]: x for x in d["dangerous"]}
x = p[drop]
assert x["text"] == "DROP TABLE orders CASCADE;" and x["danger"] == "destructive" and x["outcome"] == "DONE", x
assert x["approver"] == "bob" and x["node"] == "pg1" and x["role"] == "primary" and x["rules"] == "destructive, cascade"
assert [(q["node"], q["proof"]) for q in x["proofs"]] == [("pg2", "PROVEN"), ("pg3", "PROVEN")], x["proofs"]
assert x["before"] and x["after"] and p[undo]["undoes"] == drop and p[undo]["rows"] == 2000
assert any(y["outcome"] == "REFUSED" and y["text"] == "DROP TABLE orders;" for y in p.values())
assert any(y["outcome"].startswith("NOT RUN") and "svg" in y["text"] for y in p.values())
assert [(h["node"], h["until"] is not None) for h in d["holds"]] == [("pg2", True), ("pg3", True)], d["holds"]
(l,) = d["losses"]
assert l["until"] and l["taken_away"][0] == {"what": "table public.orders", "detail": l["taken_away"][0]["detail"]}
assert l["taken_away"][0]["detail"].startswith("2,000 rows") and l["brought_back"] == "orders from pg3 to pg1, 2,000 rows", l
m = {x["id"]: x for x in d["metrics"]}
for k in ("detection_time", "lead_time", "correction_time", "total_time", "approval_wait", "restore_time"):
    assert m[k]["us"] > 0 and m[k]["from"] and m[k]["to"], m[k]
assert abs(m["detection_time"]["us"] + m["lead_time"]["us"] + m["correction_time"]["us"] - m["total_time"]["us"]) <= 3
assert m["workaround_time"]["value"] == "TODO" and m["detected"]["means"] == "the first note that says so"
assert d["topology"]["before"] and d["topology"]["during"] and d["topology"]["after"]
assert any(s["held"] for s in d["lag"]) and {s["node"] for s in d["lag"]} == {"pg2", "pg3"}
who = {x["name"]: x for x in d["participants"]}
assert who["bob"]["approvals"] == 2 and who["alice"]["acts"] >= 2 and who["alice"]["sessions"] == 2, who
r = [y for y in d["timeline"] if y["kind"] == "decision"]
assert len(r) == 1 and r[0]["who"] == "bob" and r[0]["local"].endswith("+00:00"), r'
	grep -qE '^\| pg3 \| 0/[0-9A-F]+ \| 0/[0-9A-F]+ \| PROVEN \|' "$PM/md.1"
	grep -q 'brought back: orders from pg3 to pg1, 2,000 rows' "$PM/md.1"
}

@test "hostile words are inert in Markdown and CSV, and a JSON reader gets them as they were" {
	local f
	for f in md csv json html; do
		! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$PM/$f.1" || { echo "$f: control bytes"; return 1; }
		! grep -qP '\x{202e}|\x{200b}' "$PM/$f.1" || { echo "$f: bidi"; return 1; }
		iconv -f UTF-8 -t UTF-8 "$PM/$f.1" >/dev/null
	done
	! grep -q '<' "$PM/md.1"
	! grep -qF '](javascript' "$PM/md.1"
	! grep -qF '://evil' "$PM/md.1"
	# Every line of a table has as many cells as its head: nothing made a row or a cell of its own.
	awk 'function n(s) { gsub(/\\\|/, "", s); return gsub(/\|/, "", s) }
		/^\|/ { if (!in_table) { cells = n($0); in_table = 1 } else if (n($0) != cells) { print; bad = 1 } next }
		{ in_table = 0 } END { exit bad }' "$PM/md.1"
	[ "$(grep -c '^# ' "$PM/md.1")" -eq 1 ]
	python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
assert len({len(r) for r in rows}) == 1
assert any(c.startswith("\x27=cmd") for r in rows for c in r)
for r in rows:
    for c in r:
        assert c[:1] not in ("=", "+", "@", "\t", "\r") and not (c[:1] == "-" and not c[1:2].isdigit()), c' "$PM/csv.1"
	json '
w = [r["what"] for r in d["timeline"] if r["type"] == "note"]
assert "<script>document.title=\"pwned\"</script>" in w[0] and "=cmd|\x27 /C calc\x27!A0" in w, w
assert any("\x1b]0;pwned\x07" in x and "\u202e" in x and "\ufffd\ufffd end" in x for x in w), w'
}

@test "people's words come from their own file, are kept whatever they are called, and nothing is lost" {
	grep -q '^## Our own part' "$PM/md.1"
	grep -q '^keep me' "$PM/md.1"
	grep -q '^TODO: Who could not do what' "$PM/md.1"
	! grep -q '^TODO: What happened, in three' "$PM/md.1"
	postmortem --format notes --notes "$PM/notes" "$PM"/j/*.jsonl >"$PM/notes.2"
	postmortem --format notes --notes "$PM/notes.2" "$PM"/j/*.jsonl | cmp - "$PM/notes.2"
	postmortem --format html --notes "$PM/notes.2" "$PM"/j/*.jsonl | cmp - "$PM/html.1"
	run -1 postmortem --notes "$PM/none" "$PM"/j/*.jsonl
	run -2 postmortem --format pdf "$PM"/j/*.jsonl
	run -2 postmortem no-such-incident
}

@test "blameless: nobody's name is left, and the figures are the same" {
	local f
	for f in md csv json html; do
		postmortem --blameless --format $f --notes "$PM/notes" "$PM"/j/*.jsonl >"$PM/blameless.$f"
		! grep -qwiE 'alice|bob' "$PM/blameless.$f" || { grep -wiE 'alice|bob' "$PM/blameless.$f" | head; return 1; }
	done
	grep -q 'operator A' "$PM/blameless.md"
	[ "$(wc -l <"$PM/blameless.csv")" -eq "$(wc -l <"$PM/csv.1")" ]
}

@test "by the incident's name, in the shell too; a tampered journal is called so, a missing one is an error" {
	run -0 as alice postmortem orders-gone
	[[ $output == *"# Postmortem: orders-gone"*"SEALED AND TRUSTED"* ]]
	run -0 as alice -c 'postmortem --format csv orders-gone'
	[ "${#lines[@]}" -gt 30 ]
	mkdir "$PM/bad"
	cp "$PM"/j/*.jsonl "$PM/bad/"
	sed -i '/"type":"approval"/s/bob/eve/' "$PM"/bad/*.jsonl
	run -0 postmortem "$PM/bad"
	[[ $output == *"## Evidence: TAMPERED WITH"* ]]
	run -0 "$HOLDFAST_BUILD/holdfast" postmortem "$PM/j"
	[[ $output == *"## Evidence: NOT TRUSTED"* ]]
	run -1 postmortem "$PM/j" "$PM/j/none.jsonl"
	run -2 postmortem
}

@test "the page in a browser: rows, pictures and charts are there, nothing hostile lives, no word on the console" {
	browse 2500 --dump-dom "file://$PM/page.html#play"
	python3 - "$PM" <<-'EOF'
		import csv, sys
		from html.parser import HTMLParser
		class Page(HTMLParser):
		    def __init__(self):
		        super().__init__()
		        self.tags, self.attrs, self.text, self.title = {}, [], "", ""
		        self.stack = []
		    def handle_starttag(self, tag, attrs):
		        self.tags.setdefault(tag, []).append(dict(attrs))
		        self.attrs += [(tag, k, v or "") for k, v in attrs]
		        self.stack.append(tag)
		    def handle_endtag(self, tag):
		        while self.stack and self.stack.pop() != tag: pass
		    def handle_data(self, data):
		        if self.stack[-1:] == ["title"] and "svg" not in self.stack: self.title += data
		        elif not self.stack or self.stack[-1] not in ("script", "style"): self.text += data
		p = Page()
		p.feed(open(sys.argv[1] + "/dom.2500").read())
		rows = [a for a in p.tags["tr"] if a.get("id", "").startswith("r")]
		records = len(list(csv.DictReader(open(sys.argv[1] + "/csv.1", newline=""))))
		assert len(rows) == records, (len(rows), records)
		svg = [a.get("class") for a in p.tags["svg"]]
		assert svg == ["strip"] + ["topology"] * 3 + ["holds", "lag"], svg
		assert p.text.count("HELD") >= 2 and p.text.count("PROVEN") >= 2
		bars = [a for a in p.tags["rect"] if a.get("class") == "bar"]
		assert len(bars) == 2 and all(int(a["width"]) >= 2 for a in bars), bars
		assert len(p.tags["polyline"]) == 2
		# Hostile words are text: no element, no handler, no address of theirs.
		assert "document.title=" in p.text and "<img src=x" in p.text and "<svg onload=alert(1)>" in p.text
		assert p.title == "Postmortem: orders-gone", p.title
		assert len(p.tags["script"]) == 1 and len(p.tags["h1"]) == 1 and "b" in p.tags
		for gone in ("img", "iframe", "object", "form"): assert gone not in p.tags
		for tag, k, v in p.attrs:
		    assert not k.startswith("on"), (tag, k)
		    assert k not in ("src", "action") and (k != "href" or v[:1] == "#" or v == "data:,"), (tag, k, v)
		assert len(p.tags["div"]) and any(a.get("class") == "card section" for a in p.tags["div"])
	EOF
}

@test "the player goes on by itself: more is shown the longer it runs, and it comes to the end" {
	local first then all
	browse 60000 --dump-dom "file://$PM/page.html#play"
	all=$(grep -c '<div class="ln ' "$PM/dom.60000")
	first=$(grep '<div class="ln ' "$PM/dom.2500" | grep -vc 'hidden')
	then=$(grep '<div class="ln ' "$PM/dom.60000" | grep -vc 'hidden')
	echo "$first, then $then of $all"
	[ "$first" -gt 0 ] && [ "$first" -lt "$all" ] && [ "$then" -eq "$all" ]
	grep -q '<button id="play" type="button">Pause' "$PM/dom.2500"
	grep -q '<button id="play" type="button">Play' "$PM/dom.60000"
}
