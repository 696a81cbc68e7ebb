# `make demo` at a terminal: alice's shell, bob's beside it; leaving alice's ends it and cleans up.
load tmux
load "$HOLDFAST_TOP/tests/lab/lab.bash"

setup() {
	DIR=$(mktemp -d "${TMPDIR:-/tmp}/hf-demo.XXXXXX")
	chmod 1777 "$DIR"
}

teardown() {
	screen_down
	rm -rf "${DIR:?}"
}

is_empty() { [ -z "$(ls -A "$1")" ]; }

demo() {
	SCREEN_WAIT=60
	screen_up "$1" "$2" env TMPDIR="$DIR" ROWS=20000 HOLDFAST_BUILD="$HOLDFAST_BUILD" \
		bash "$HOLDFAST_TOP/tests/demo/demo.sh"
	see 'You are alice, on call'
	see 'You are bob, the second person'
	see 'database shop, as alice'
	see 'database shop, as bob'
}

gone() {
	see 'LEFT 0'
	is_empty "$DIR" || { ls -A "$DIR"; return 1; }
	run pgrep -af "$DIR/"
	[ -z "$output" ]
}

@test "160x40: two panes side by side, and \\q of alice ends all of it" {
	demo 160 40
	see 'alice.*│.*bob'
	line '\q'
	gone
}

@test "80x24: bob below; he signs there, and a line at alice's prompt says so" {
	demo 80 24
	line 'DROP TABLE orders CASCADE;'
	see 'anything else stops:'
	line pg1
	see 'Filed, nothing has run'
	key C-b
	key Down
	line approve
	local n=0
	until visible | grep -q 'signs nothing:'; do
		[ $((n++)) -lt 80 ] || { visible; return 1; }
		visible | grep -q 'Enter: more' && key Enter
		sleep 0.15
	done
	line pg1
	see 'approved by bob: request'
	see 'is approved by bob. Nothing runs by itself: run'
	key C-b
	key Up
	line '\q'
	gone
}
