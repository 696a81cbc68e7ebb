#!/bin/bash
# `make demo`: a primary, a standby, a standby below it, two operators. At a terminal: alice's shell with
# bob's pane beside it. Without one, or with STORY=1: the whole story played over pseudo-terminals
# (story.sh), checked with plain psql at every point, its transcript printed. OUT=DIR keeps what it leaves
# as evidence. Everything started is stopped and removed at the end, however it ends.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lab/lab.bash
. tests/lab/pty.bash
. tests/demo/story.sh

finish() {
	rc=$?
	trap '' INT TERM HUP PIPE
	[ -z "${DEMO_TMUX:-}" ] || tmux -S "$DEMO_TMUX" kill-server 2>/dev/null
	pty_close
	if [ -n "${TEE:-}" ]; then
		transcript_end
	fi
	if [ -n "${LAB:-}" ]; then
		[ -z "${OUT:-}" ] || keep
		lab_down || rc=1
		as_root rm -rf "$LAB" "$LAB.out" "$LAB.transcript" "$LAB.why" \
			"$LAB.tmux" "$LAB.alice" "$LAB.bob"
	fi
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# tee ends where nobody holds its pipe; a trap in the middle of a redirection leaves copies of it open.
transcript_end() {
	local fd n=0
	exec >&4 2>&4 4>&-
	for fd in {10..30}; do eval "exec $fd>&-"; done
	while kill -0 "$TEE" 2>/dev/null && [ $((n++)) -lt 20 ]; do sleep 0.05; done
	kill "$TEE" 2>/dev/null
}

# The evidence, for whoever started the demo.
keep() {
	local f
	mkdir -p "$OUT" || return
	for f in holdfast.conf operators; do as_root cat "$LAB/$f" >"$OUT/$f"; done
	as_root sh -c "ls '$LAB'/journal/*.jsonl" 2>/dev/null | while read -r f; do
		(umask 077 && as_root cat "$f" >"$OUT/${f##*/}")
	done
	[ ! -e "$LAB.transcript" ] || cp "$LAB.transcript" "$OUT/transcript"
	echo "demo: kept $(cd "$OUT" && echo *) in $OUT"
}

# What a pane says before its shell.
greeting() {
	case $1 in
	alice) cat <<-'EOF' ;;
		You are alice, on call. Try the mistake:  DROP TABLE orders CASCADE;
		When bob has signed:  run ID      to bring the table back:  undo ID
		Leave with \q : that ends the demo. Ctrl-b and an arrow key: to bob and back.
		EOF
	bob) cat <<-'EOF' ;;
		You are bob, the second person. Nothing of alice's runs without you.
		To see what waits:  requests      to read and sign one:  approve ID
		To say no:  deny ID REASON
		EOF
	esac
}

panes() {
	local alice bob beside=-h
	DEMO_TMUX=$LAB.tmux
	# A plan is read on 60 columns at least: a narrow terminal has bob below.
	[ "$(tput cols)" -ge 150 ] || beside=-v
	alice=$(as_words alice)
	bob="cd /; $(as_words bob)"
	greeting alice >"$LAB.alice"
	greeting bob >"$LAB.bob"
	TMUX= tmux -S "$DEMO_TMUX" -f /dev/null new-session -d -s demo -x "$(tput cols)" -y "$(tput lines)" \
		"cat $LAB.alice; $alice; tmux -S $DEMO_TMUX kill-server" \; \
		set-option -g mouse on \; set-option -g status-left-length 40 \; \
		set-option -g escape-time 0 \; set-option -g status-right ' holdfast demo ' \; \
		split-window "$beside" "cat $LAB.bob; while :; do $bob; echo 'Enter: bob comes back'; read x; done" \; \
		select-pane -t 0 || return 1
	TMUX= tmux -S "$DEMO_TMUX" attach-session -t demo || true
}

if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
	# The servers, and alice and bob, are OS users of their own: that takes sudo. Asks once.
	if ! [ -t 0 ] || ! sudo -v; then
		echo "demo: could not use sudo, and nothing was started; run it as root or as a user with sudo" >&2
		exit 1
	fi
	export HOLDFAST_SUDO=sudo
fi
echo "demo: starting a primary, a standby and a standby below it (about ten seconds)"
lab_up "${SHAPE:-cascade:2}" ${ROWS:+--rows "$ROWS"} || exit 1
if [ -t 0 ] && [ -t 1 ] && [ -z "${STORY:-}" ]; then
	panes
else
	exec 4>&1 > >(tee -i "$LAB.transcript") 2>&1
	TEE=$!
	story
fi
