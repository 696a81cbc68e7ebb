# One screen for tests, on the terminals of tests/lab/pty.bash: a tmux server of its own, nobody's
# configuration, nobody's key bindings.
#	screen_up COLUMNS LINES COMMAND...	starts it
#	keys TEXT / key Enter C-c		types text; presses keys
#	see PATTERN				waits until the screen (with what scrolled off) matches
#	screen					prints it

SCREEN_WAIT=${SCREEN_WAIT:-15}

. "$(dirname "${BASH_SOURCE[0]}")/../lab/pty.bash"

tm() { pty_tmux "$@"; }

screen_up() {
	local columns=$1 lines=$2
	shift 2
	pty_server
	SCREEN_DIR=$PTY_DIR
	# A program that uses terminals of its own must not take this one for them.
	printf '%q ' env -u PTY_DIR INPUTRC=/dev/null LANG=C.UTF-8 "$@" >"$PTY_DIR/run"
	# The shell around it keeps the screen after the program left, and says how it left.
	printf '\nprintf "LEFT %%s\\n" $?\nexec sleep 600\n' >>"$PTY_DIR/run"
	tm new-session -d -x "$columns" -y "$lines" "exec bash $PTY_DIR/run"
	tm set-option -g escape-time 0
}

screen_down() {
	local pid n=0
	[ -n "${PTY_DIR:-}" ] || return 0
	# The program first, and waited for: nothing a test started outlives it, not even one that hangs.
	for pid in $(tm list-panes -a -F '#{pane_pid}' 2>/dev/null); do
		for pid in $(pgrep -P "$pid"); do
			kill -TERM "$pid" 2>/dev/null || continue
			while kill -0 "$pid" 2>/dev/null && [ $((n += 1)) -lt 50 ]; do sleep 0.1; done
			kill -KILL "$pid" 2>/dev/null || true
		done
	done
	pty_close
}

keys() {
	tm send-keys -l -- "$(pty_literal "$1")"
}

key() {
	tm send-keys "$@"
}

line() {
	keys "$1"
	key Enter
}

# With what scrolled off. -J joins what the terminal wrapped, and keeps blanks at the end: they go.
screen() {
	tm capture-pane -p -J -S -2000 | sed -e 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# Only what is visible now.
visible() {
	tm capture-pane -p
}

# The visible screen holds it: nothing of it has scrolled away. A live screen may be in the middle of a redraw.
in_sight() {
	local n=0
	until visible | grep -qE -- "$1"; do
		[ $((n++)) -lt $((SCREEN_WAIT * 10 * ${PATIENCE:-4})) ] || { echo "not in sight: $1"; visible; return 1; }
		sleep 0.1
	done
}

see() {
	local n=0
	while ! screen | grep -qE -- "$1"; do
		n=$((n + 1))
		if [ $n -gt $((SCREEN_WAIT * 10 * ${PATIENCE:-4})) ]; then
			echo "did not see: $1"
			screen
			return 1
		fi
		sleep 0.1
	done
}

# The last line that is not empty matches.
see_last() {
	local n=0
	while ! visible | sed '/^ *$/d' | tail -n 1 | grep -qE -- "$1"; do
		n=$((n + 1))
		if [ $n -gt $((SCREEN_WAIT * 10 * ${PATIENCE:-4})) ]; then
			echo "the last line is not: $1"
			screen
			return 1
		fi
		sleep 0.1
	done
}

not_seen() {
	if screen | grep -E -- "$1"; then
		echo "saw what must not be there: $1"
		screen
		return 1
	fi
}

# Pastes the file's bytes as a terminal does, between the marks of bracketed paste.
paste() {
	tm load-buffer -b hf "$1"
	tm paste-buffer -p -b hf "${@:2}"
}
