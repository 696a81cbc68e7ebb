# Two people at two terminals, for tests and for the demo: a tmux server of its own, everything a pane
# prints kept raw in a file. Load after lab.bash.
#
#	pty_open alice "$(as_words alice)"	a pane called alice that runs the command
#	pty_send alice 'DROP TABLE orders;'	types the line and Enter
#	pty_wait alice 'approve' 10		until the text since the last send matches, at most 10 s
#	pty_key alice C-c			a key by tmux's name
#	pty_new alice				the text since the last send, control sequences taken out
#	pty_screen alice			the screen as it stands
#	pty_close				ends everything

PTY_COLUMNS=${PTY_COLUMNS:-120}
PTY_LINES=${PTY_LINES:-50}

pty_tmux() { tmux -S "$PTY_DIR/socket" -f /dev/null "$@"; }

# The directory of the server and of what its panes print, made once.
pty_server() {
	[ -z "${PTY_DIR:-}" ] || return 0
	PTY_DIR=$(mktemp -d "${TMPDIR:-/tmp}/hf-pty.XXXXXX")
	export PTY_DIR
}

pty_open() {
	local name=$1 command=$2
	pty_server
	: >"$PTY_DIR/$name.raw"
	echo 0 >"$PTY_DIR/$name.from"
	# The pane begins when somebody listens, so that its first words are kept too.
	pty_tmux new-session -d -s "$name" -x "$PTY_COLUMNS" -y "$PTY_LINES" \
		"while [ ! -e '$PTY_DIR/$name.go' ]; do sleep 0.02; done; $command; rc=\$?; echo; echo \"[left with \$rc]\"; sleep 3600" \
		\; set-option -g history-limit 20000 \; set-option -g status off \; set-option -g escape-time 0 3>&- ||
		return 1
	pty_tmux pipe-pane -t "=$name:" "cat >>'$PTY_DIR/$name.raw'"
	: >"$PTY_DIR/$name.go"
}

pty_mark() { stat -c %s "$PTY_DIR/$1.raw" >"$PTY_DIR/$1.from"; }

# A semicolon at the end would be tmux's own.
pty_literal() {
	case $1 in
	*\;) printf '%s' "${1%;}\;" ;;
	*) printf '%s' "$1" ;;
	esac
}
pty_send() {
	pty_mark "$1"
	pty_tmux send-keys -t "=$1:" -l -- "$(pty_literal "$2")"
	pty_tmux send-keys -t "=$1:" Enter
}
pty_type() { pty_tmux send-keys -t "=$1:" -l -- "$(pty_literal "$2")"; }
pty_key() { pty_mark "$1"; pty_tmux send-keys -t "=$1:" "${@:2}"; }

# Control sequences out; what was overwritten on its line by a carriage return stays in.
pty_new() {
	tail -c +"$(($(cat "$PTY_DIR/$1.from") + 1))" "$PTY_DIR/$1.raw" |
		sed -e 's/\x1b\[[0-9;?]*[ -\/]*[@-~]//g' -e 's/\x1b\][^\x07\x1b]*\(\x07\|\x1b\\\)//g' \
			-e 's/\x1b[=>()][A-Z0-9]\?//g' -e 's/\r$//' | tr -d '\000-\010\013-\037'
}
pty_screen() { pty_tmux capture-pane -p -t "=$1:"; }
pty_all() { pty_tmux capture-pane -p -J -S - -t "=$1:"; }

pty_wait() {
	local name=$1 want=$2 end=$((SECONDS + ${3:-10} * ${PATIENCE:-4}))
	until pty_new "$name" | grep -qE -- "$want"; do
		if [ $SECONDS -ge $end ]; then
			echo "$name: waited ${3:-10} s for /$want/, and saw:" >&2
			pty_new "$name" >&2
			return 1
		fi
		sleep 0.05
	done
}

pty_close() {
	[ -n "${PTY_DIR:-}" ] || return 0
	pty_tmux kill-server 2>/dev/null
	rm -rf "$PTY_DIR"
	unset PTY_DIR
}
