#!/usr/bin/env bats
# Two people and no common machine: alice has no spool, bob has neither spool nor database. The request
# and the answer travel as text.

load ../lab/lab
load ../lab/people
load ../tty/tmux

setup_file() {
	lab_up star:1 --rows 2000
	# alice without a spool; bob with the operators file and his own key, and nothing else.
	as_root sh -c "grep -v ^spool '$LAB/holdfast.conf' >'$LAB/alone.conf'"
	as_root sh -c "cat >'$LAB/bob.conf'" <<-EOF
	operators = "operators"
	person "bob" {
		key = "keys/bob"
	}
	EOF
	wait_until 10 caught_up pg2
}

teardown_file() {
	lab_down
}

teardown() {
	screen_down
}

words() { as_words "$1" | sed "s|holdfast.conf|$2|"; }

# What stands between the marks of an armored text, marks included.
armored() { sed -n "/^-----BEGIN HOLDFAST $1-----/,/^-----END HOLDFAST $1-----/p"; }

@test "the request goes out as text, bob signs it elsewhere, the answer comes back as text" {
	local id
	screen_up 120 60 $(TERM_IN=screen words alice alone.conf)
	see 'PRIMARY shop>'
	line 'DELETE FROM order_items;'
	see 'to file the request'
	sleep 0.3
	line 'pg1'
	see 'END HOLDFAST REQUEST'
	tm capture-pane -p -J -S -2000 | sed 's/ *$//' | armored REQUEST >"$LAB/request.txt"
	chmod 644 "$LAB/request.txt"
	id=$(screen | sed -n 's/^request \([a-z2-7]*\)$/\1/p' | tail -n 1)
	# Another hand changed it on the way: refused.
	sed '3s/A/B/;3t;3s/B/C/' "$LAB/request.txt" >"$LAB/changed.txt"
	run -2 as_user hf-bob "$LAB/bin/holdfast" --config "$LAB/bob.conf" --as bob review - <"$LAB/changed.txt"
	run -0 timeout 200 expect "$HOLDFAST_TOP/tests/lab/approve.exp" pg1 \
		"$(TERM_IN=xterm words bob bob.conf | tr -d '\n') approve - <'$LAB/request.txt'" </dev/null 3>&-
	echo "$output" | sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' -e 's/\r//g' | armored ANSWER >"$LAB/answer.txt"
	[ -s "$LAB/answer.txt" ]
	[ "$(sql pg1 'SELECT count(*) > 0 FROM order_items')" = t ]
	# Nothing runs by itself: the paste is taken, then `run` is typed.
	paste "$LAB/answer.txt"
	see 'END HOLDFAST ANSWER'
	key Enter
	see 'approved'
	[ "$(sql pg1 'SELECT count(*) > 0 FROM order_items')" = t ]
	line "run $id"
	see 'DELETE [0-9]+'
	wait_until 10 sql_is pg1 0 'SELECT count(*) FROM order_items'
	[ "$(sql pg2 'SELECT pg_get_wal_replay_pause_state()')" = paused ]
	[ "$(sql pg2 'SELECT count(*) > 0 FROM order_items')" = t ]
	line '\q'
}
