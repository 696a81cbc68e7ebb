# replay on a terminal: its pace, its keys, nothing hostile. One recorded session; a lab of one server.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup_file() {
	lab_up star:1
	as alice -c 'note one' -c "note two $(printf '\033[2J')" -c 'CREATE TABLE played (a int)' >/dev/null
	FILE=$(as_root sh -c "ls $LAB/journal/*.jsonl" | head -n 1)
	# The same with ten minutes between the first note and the rest: replay does not need the chain.
	SLOW=$LAB/slow.jsonl
	awk '/note two/ { late = 1 } late { sub(/"t":"[-0-9]*T[:0-9.]*Z"/, "\"t\":\"2099-01-01T00:10:00.000000Z\"") }
		!late { sub(/"t":"[-0-9]*T[:0-9.]*Z"/, "\"t\":\"2099-01-01T00:00:00.000000Z\"") } { print }' \
		"$FILE" >"$SLOW"
	chmod 644 "$SLOW"
	export FILE SLOW
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
}

replay() { screen_up 110 30 "$HOLDFAST_BUILD/holdfast" replay "$@"; }

@test "the pace is the original's: what came ten minutes later has not come; n shows it, q leaves" {
	replay "$SLOW"
	see 'note one'
	see 'space pauses'
	not_seen 'note two'
	key n
	see 'note two \\x1b\[2J'
	see 'LEFT 0'
	see 'CREATE TABLE played'
}

@test "--idle bounds a pause, --speed shortens it: it ends by itself" {
	replay --idle 0.2 "$SLOW"
	see 'LEFT 0'
	see 'note two'
	screen_down
	replay --speed 100000 "$SLOW"
	see 'LEFT 0'
	see 'note two'
}

@test "--step: a key a record; i, a, o jump; space goes on; q leaves before the end" {
	replay --step "$FILE"
	see 'space pauses'
	not_seen 'note one'
	key i
	see 'intent .*CREATE TABLE played'
	not_seen 'note one'
	not_seen ' outcome  '
	key o
	see ' outcome  '
	key q
	see 'LEFT 0'
	not_seen ' close '
	screen_down
	replay --step "$FILE"
	see 'space pauses'
	key n
	see ' open '
	key Space
	see ' close '
	see 'LEFT 0'
}
