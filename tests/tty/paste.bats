# bob on a machine with neither spool nor database: the request goes to him through a chat, and his
# answer comes back the same way. Two OS users, two terminals.
load "$HOLDFAST_TOP/tests/lab/lab.bash"
load "$HOLDFAST_TOP/tests/lab/pty.bash"

setup_file() {
	lab_up star:1 --rows 1000
	# All that his laptop has: who is who, and his key.
	LAPTOP=$(mktemp -d "${TMPDIR:-/tmp}/hf-laptop.XXXXXX")
	export LAPTOP
	printf 'operators = "operators"\nperson "bob" { key = "bob" }\n' >"$LAPTOP/holdfast.conf"
	as_root cp "$LAB/operators" "$LAB/keys/bob" "$LAPTOP/"
	as_root chmod 600 "$LAPTOP/bob"
	as_root chown -R hf-bob "$LAPTOP"
}

teardown_file() {
	as_root rm -rf "${LAPTOP:?}"
	lab_down
}

teardown() {
	pty_close
}

# text NAME FROM TO: what stands between two marks on a pane, as a person would copy it.
copied() { pty_all "$1" | sed -e 's/ *$//' | sed -n "/^-----BEGIN HOLDFAST $2-----/,/^-----END HOLDFAST $2-----/p"; }

pasted() { # NAME FILE
	pty_tmux load-buffer -b chat "$2"
	pty_tmux paste-buffer -p -b chat -t "=$1:"
	pty_tmux send-keys -t "=$1:" Enter
}

alice_asks() {
	pty_open alice "$(as_words alice --paste)"
	pty_wait alice 'shop.*>' 20
	pty_send alice 'TRUNCATE order_items;'
	pty_wait alice 'anything else stops:' 20
	pty_send alice pg1
	pty_wait alice 'Paste the answer here' 20
	copied alice REQUEST >"$BATS_TEST_TMPDIR/request"
	ID=$(pty_all alice | sed -n 's/^request \([a-z2-7]\{26\}\)$/\1/p')
	[ -n "$ID" ]
}

# bob_answers VERB: on his laptop; leaves his answer in a file.
bob_answers() {
	local words n=0
	words=$(as_words bob "$@")
	pty_open bob "cd /; ${words/--config $LAB\/holdfast.conf/--config $LAPTOP/holdfast.conf}"
	pty_wait bob 'Paste the request' 20
	pty_mark bob
	pasted bob "$BATS_TEST_TMPDIR/request"
	until pty_new bob | grep -q 'left with\|signs nothing:'; do
		[ $((n++)) -lt 100 ] || { pty_screen bob; return 1; }
		pty_screen bob | grep -q 'Enter: more' && pty_tmux send-keys -t '=bob:' Enter
		sleep 0.1
	done
	if [ "$1" = approve ]; then
		pty_send bob pg1
		pty_wait bob 'left with 0' 20
	fi
	copied bob ANSWER >"$BATS_TEST_TMPDIR/answer"
}

@test "bob approves on his laptop; the pasted answer lets alice run it" {
	alice_asks
	bob_answers approve -
	grep -q 'BEGIN HOLDFAST ANSWER' "$BATS_TEST_TMPDIR/answer"
	pty_mark alice
	pasted alice "$BATS_TEST_TMPDIR/answer"
	pty_wait alice "request ${ID:0:8} is approved by bob. Nothing runs by itself: run ${ID:0:8}" 10
	[ "$(sql pg1 'SELECT count(*) > 0 FROM order_items')" = t ]
	pty_send alice "run $ID"
	pty_wait alice 'pg2 +PROVEN' 20
	[ "$(sql pg1 'SELECT count(*) FROM order_items')" = 0 ]
	[ "$(sql pg2 'SELECT count(*) > 0 FROM order_items')" = t ]
}

@test "an answer with one byte changed counts for nothing" {
	alice_asks
	bob_answers approve -
	# In the middle of the second line of base64.
	sed -i '3s/^\(.\{20\}\)A/\1B/; t; 3s/^\(.\{20\}\)./\1A/' "$BATS_TEST_TMPDIR/answer"
	pty_mark alice
	pasted alice "$BATS_TEST_TMPDIR/answer"
	pty_wait alice 'error: ' 10
	pty_send alice "run $ID"
	pty_wait alice 'nothing was run' 10
}
