#!/usr/bin/env bats
# Two approvals: persons are counted, not signatures. alice asks; bob and carol are the others. And what
# the shell says once somebody releases what it holds.

load ../lab/lab
load ../lab/people
load ../tty/tmux

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up cascade:2 --rows 1000
	# carol shares bob's OS user: a third key and name, which is what is counted.
	as_root ssh-keygen -q -t ed25519 -N '' -C carol -f "$LAB/keys/carol"
	as_root chown hf-bob "$LAB/keys/carol"
	as_root sh -c 'cd "$1" && sed -n "s/^bob \(.* ssh-ed25519\) .*/carol \1/p" operators |
		tr "\n" " " >more && cut -d" " -f2 keys/carol.pub >>more && cat more >>operators && rm more &&
		sed -i "1i policy = \"policy.conf\"" holdfast.conf && echo "approvals = 2" >policy.conf &&
		printf "person \"carol\" { key = \"keys/carol\" passfile = \"keys/bob.pgpass\" user = \"bob\" }\n" \
			>>holdfast.conf' sh "$LAB"
	wait_until 10 caught_up pg2 pg3
}
teardown_file() { lab_down; }
teardown() {
	ended
	screen_down
}

# signs WHO: that person approves request ID, as the OS user of bob.
signs() {
	timeout 200 expect "$HOLDFAST_TOP/tests/lab/approve.exp" pg1 \
		"$(as_words bob --as "$1" approve "$ID")" </dev/null 3>&-
}

@test "bob twice is one person; with carol it runs" {
	file 'DROP TABLE order_items;' --confirm pg1
	run -0 signs bob
	run -0 signs bob
	run -0 as alice requests
	[[ $output == *"1 of 2 approvals, by bob; may still approve: carol"* ]]
	sleep 2
	kill -0 "$FILED"
	sql_is pg1 1 "SELECT count(*) FROM pg_class WHERE relname = 'order_items'"
	run -0 signs carol
	answered
	[ "$RC" -eq 0 ]
	sql_is pg1 0 "SELECT count(*) FROM pg_class WHERE relname = 'order_items'"
	sql_is pg3 1 "SELECT count(*) FROM pg_class WHERE relname = 'order_items'"
}

@test "released by plain psql: an alarm at the prompt, and it no longer counts as held" {
	screen_up 110 40 $(as_words alice)
	see "\\[2 held\\]"
	sql pg2 "SELECT pg_wal_replay_resume()"
	see 'ALARM: held pg2 was RELEASED by someone else'
	key Enter
	see "\\[1 held, 1 LOST\\]"
	line where
	see 'NOT HELD any more'
}
