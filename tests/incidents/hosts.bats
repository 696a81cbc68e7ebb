#!/usr/bin/env bats
# What SSH does when it goes wrong, against real sshds on loopback: keys, servers that do not answer,
# connections that break, hostile paths. What is true is asked of the file system and of the processes.

load ../lab/lab
load ../lab/people
load ../lab/hosts

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 100
	hosts_up pg1 pg2
	# Every act on h2 goes through this: the hook of a test runs right before it, on the host.
	as_root tee "$LAB/ssh/h2/through" >/dev/null <<-SH
	#!/bin/sh
	case \$SSH_ORIGINAL_COMMAND in *'renamed\\n'*)
		[ ! -e $LAB/ssh/h2/hook ] || . $LAB/ssh/h2/hook ;;
	esac
	exec /bin/sh -c "\$SSH_ORIGINAL_COMMAND"
	SH
	as_root chmod 755 "$LAB/ssh/h2/through"
	echo "ForceCommand $LAB/ssh/h2/through" | as_root tee -a "$LAB/ssh/h2/sshd_config" >/dev/null
	sshd_stop h2
	sshd_start h2
	local port
	port=$(cat "$LAB/ssh/h1/port")
	section changed "$port" "$(key_of h2)" 'key = "keys/alice"'
	section unknown "$port" '' 'key = "keys/alice"'
	section revoked "$port" "$(key_of h1)" 'key = "keys/alice"'
	as_root sed -i 's/^\[/@revoked [/' "$LAB/ssh/known_revoked"
	section agent "$port" "$(key_of h1)"
	section openssh "$port" "$(key_of h1)" 'key = "keys/alice"' 'transport = "openssh"'
	section opensshchanged "$port" "$(key_of h2)" 'key = "keys/alice"' 'transport = "openssh"'
	# h2 through h1, each with its own key; and users' keys of other kinds.
	section through "$(cat "$LAB/ssh/h2/port")" "$(key_of h2)" 'key = "keys/alice"' 'jump = "h1"'
	section throughssh "$(cat "$LAB/ssh/h2/port")" "$(key_of h2)" 'key = "keys/alice"' 'jump = "openssh"' \
		'transport = "openssh"'
	section throughchanged "$(cat "$LAB/ssh/h2/port")" "$(key_of h2)" 'key = "keys/alice"' 'jump = "opensshchanged"' \
		'transport = "openssh"'
	local type
	for type in ecdsa rsa; do
		as_root ssh-keygen -q -t $type -N '' -f "$LAB/keys/$type"
		as_root sh -c "cat $LAB/keys/$type.pub >>$LAB/ssh/authorized_keys"
		as_root chown hf-alice "$LAB/keys/$type" "$LAB/keys/$type.pub"
		section $type "$port" "$(key_of h1)" "key = \"keys/$type\""
	done
	section closed "$(free_port)" "$(key_of h1)" 'key = "keys/alice"' 'timeout = 1500'
	free_port | as_root tee "$LAB/ssh/hanging" >/dev/null
	section hanging "$(cat "$LAB/ssh/hanging")" "$(key_of h1)" 'key = "keys/alice"' 'timeout = 1500'
}

teardown_file() {
	hosts_down
	lab_down
}

teardown() {
	local p
	as_root rm -f "$LAB/ssh/h2/hook"
	# The agent itself, not what started it.
	[ -z "${AGENT:-}" ] || AGENT=$(pgrep -f "^ssh-agent -D -a $LAB/home/hf-alice/agent" || true)
	for p in ${PID:-} ${FAKE:-} ${AGENT:-}; do as_root kill "$p" 2>/dev/null || true; done
}

key_of() { cut -d' ' -f1,2 "$LAB/ssh/$1/host_key.pub"; }
print_of() { ssh-keygen -lf "$LAB/ssh/$1/host_key.pub" | cut -d' ' -f2; }
flat() { echo "$output" | sed -e 's/^ *> //' | tr -s ' \n' '  '; }
quarantines() { as_root sh -c "ls -d $LAB/servers/.holdfast-quarantine-* 2>/dev/null" || true; }

# section HOST PORT KEY [OPTION...]: its key stands on line 3 of a known_hosts of its own.
section() {
	{
		printf '# one\n# two\n'
		[ -z "$3" ] || printf '[127.0.0.1]:%s %s\n' "$2" "$3"
	} | as_root tee "$LAB/ssh/known_$1" >/dev/null
	{
		printf 'host "%s" {\n\taddress = "127.0.0.1"\n\tport = %s\n' "$1" "$2"
		printf '\tuser = "%s"\n\tknown_hosts = "ssh/known_%s"\n' "$(hosts_user)" "$1"
		[ $# -lt 4 ] || printf '\t%s\n' "${@:4}"
		echo '}'
	} | as_root tee -a "$LAB/holdfast.conf" >/dev/null
}

# hook: what stands on the input runs on h2 right before the next act.
hook() { as_root tee "$LAB/ssh/h2/hook" >/dev/null; }

# rm_run PATH: alice files, bob approves, it runs. Sets status and output.
rm_run() {
	file_as alice "rm h2:$1"
	approve_as bob "$REQ" h2
	finish
	output=$(flat)
}

@test "a host key that changed, that nobody knows, that is revoked: refused, and nothing is sent" {
	run -5 as alice -c 'rm changed:/x'
	[[ "$(flat)" == *"the host key of 127.0.0.1 port $(cat "$LAB/ssh/h1/port") changed: it shows $(print_of h1), and $LAB/ssh/known_changed:3 has $(print_of h2); nothing was sent"* ]]
	run -5 as alice -c 'rm unknown:/x'
	[[ "$(flat)" == *"nobody knows the host key"*"$(print_of h1), and $LAB/ssh/known_unknown has no line for it; nothing was sent"* ]]
	run -5 as alice -c 'rm revoked:/x'
	[[ "$(flat)" == *"is revoked: it shows $(print_of h1), and $LAB/ssh/known_revoked:3 revokes it; nothing was sent"* ]]
	run as alice -c 'rm opensshchanged:/x'
	[ "$status" -ne 0 ]
	echo "$output"
	[[ "$(flat)" == *"opensshchanged"* ]]
	! as_root grep -q 'Accepted.*for' "$LAB/ssh/h1/log"
}

@test "no server, and one that hangs after its banner: each costs its own deadline, one sentence" {
	local before=$SECONDS
	run -4 as alice -c 'rm closed:/x'
	echo "$output"
	[ "$(grep -c '^error' <<<"$output")" -eq 1 ]
	[[ "$(flat)" == *"host closed"*"127.0.0.1"* ]]
	python3 -c '
import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(8)
kept = []
while True:
    c, _ = s.accept(); kept.append(c); c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
' "$(cat "$LAB/ssh/hanging")" 3>&- &
	FAKE=$!
	wait_until 10 sh -c "ss -tlnH 'sport = :$(cat "$LAB/ssh/hanging")' | grep -q ."
	run -4 as alice -c 'rm hanging:/x'
	echo "$output"
	[[ "$(flat)" == *"host hanging: the SSH handshake did not end"* ]]
	# Far below what would be waited for without the section's own limit.
	[ $((SECONDS - before)) -lt 60 ]
	# The others still answer.
	run as alice -c hosts
	[[ "$output" == *"machine-h1/"* ]] && [[ "$output" == *"machine-h2/"* ]]
}

@test "the keys of an agent, and the system's ssh" {
	as_user hf-alice ssh-agent -D -a "$LAB/home/hf-alice/agent" >/dev/null 2>&1 3>&- &
	AGENT=$!
	wait_until 10 as_root test -S "$LAB/home/hf-alice/agent"
	agent() { as_user hf-alice env SSH_AUTH_SOCK="$LAB/home/hf-alice/agent" "$@"; }
	run as_user hf-alice env SSH_AUTH_SOCK="$LAB/home/hf-alice/agent" "$(holdfast_bin)" \
		--config "$LAB/holdfast.conf" --as alice -c 'rm agent:/nonexistent'
	[ "$status" -eq 4 ]
	[[ "$(flat)" == *"none of the agent's 0 keys"* ]]
	agent ssh-add -q "$LAB/keys/alice"
	run -2 as_user hf-alice env SSH_AUTH_SOCK="$LAB/home/hf-alice/agent" "$(holdfast_bin)" \
		--config "$LAB/holdfast.conf" --as alice -c 'rm agent:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host agent"* ]]
	run -2 as alice -c 'rm openssh:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host openssh"* ]]
}

@test "jump hosts, keys of every kind, and this machine without SSH" {
	run -2 as alice -c 'rm through:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host through"* ]]
	run -2 as alice -c 'rm throughssh:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host throughssh"* ]]
	# A jump host whose key changed is no way, either.
	run as alice -c 'rm throughchanged:/nonexistent'
	[ "$status" -eq 4 ]
	[[ "$(flat)" == *"throughchanged"*"IDENTIFICATION HAS CHANGED"* ]]
	run -2 as alice -c 'rm ecdsa:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host ecdsa"* ]]
	run -4 as alice -c 'rm rsa:/nonexistent'
	[[ "$(flat)" == *"is an RSA key: this library signs those with SHA-1 only"*"Use an ed25519 or ecdsa key, or transport = openssh"* ]]
	run -0 as alice -c 'sh local echo here'
	[[ "$output" == *here* ]]
	run -0 as alice -c 'hosts local'
	[[ "$output" == *"as hf-alice"* ]]
	run -2 as alice -c 'rm local:/nonexistent'
	[[ "$(flat)" == *"there is no /nonexistent on host local"* ]]
}

@test "hostile paths over the real sshd: each is itself and nothing else, nothing is touched" {
	local odd=$LAB/servers/odd n=0 bad=0 p quoted names=()
	as_hosts mkdir "$odd" "$odd/canary"
	names=(' ' 'a b' "'" "a'b" "'\\''" '\' '\\' '"' '"a"' '$HOME' '${HOME}' '$(touch pwned)' '`touch pwned`' '$((1+1))'
		'; touch pwned' 'a && b' 'a || b' 'a | b' '> pwned' '< x' '&' '# comment' '!' '!!' '*' '?' '[a-z]' '{a,b}'
		'~' '-' '--' '-rf' '--version' '=' 'A=b' '%s%n' '\n' '\0' "'; touch pwned; '" "'\$(touch pwned)'" '(' '$@'
		'$$' 'é' 'canary*')
	as_hosts sh -c 'cd "$0" && for d; do mkdir -- "./$d" || exit 1; done' "$odd" "${names[@]}"
	as_root find "$LAB/servers/odd" -printf '%i %p\n' | sort >"$BATS_TEST_TMPDIR/before"
	one() {
		local q=${2//\'/\'\"\'\"\'}
		as alice -c "rm 'h1:$odd/$q'" >"$BATS_TEST_TMPDIR/said.$1" 2>&1 || echo $? >"$BATS_TEST_TMPDIR/rc.$1"
	}
	for p in "${names[@]}"; do
		n=$((n + 1))
		one $n "$p" 3>&- &
		[ $((n % 4)) -ne 0 ] || wait
	done
	wait
	[ "$n" -ge 40 ]
	for ((i = 1; i <= n; i++)); do
		if [ "$(cat "$BATS_TEST_TMPDIR/rc.$i")" != 5 ] || ! grep -q 'no data directory' "$BATS_TEST_TMPDIR/said.$i"; then
			echo "${names[i - 1]}: $(cat "$BATS_TEST_TMPDIR/said.$i")"
			bad=1
		fi
	done
	[ $bad -eq 0 ]
	# What nobody could read, or cannot be a word, is refused before it is sent.
	for p in $'a\nb' $'a\tb' $'a\x1b[2Jb' $'\xff' $'\u202egpj' $'a\u200bb'; do
		run as alice -c "rm 'h1:$odd/$p'"
		[ "$status" -eq 5 ] || [ "$status" -eq 2 ]
	done
	run -2 as alice -c "rm h1:-rf"
	run -2 as alice -c "rm -- h1:$odd"
	as_root find "$LAB/servers/odd" -printf '%i %p\n' | sort | diff "$BATS_TEST_TMPDIR/before" -
	[ -z "$(as_root find "$LAB" -name '*pwned' -not -path "$odd/*")" ]
}

@test "a data directory with such a name goes to quarantine and comes back, and only it" {
	local d id name="-rf \$(touch pwned) 'x' \";*"
	node_stop pg2
	d=$(node_data pg2)
	as_root mv "$d" "$LAB/servers/$name"
	file_as alice "rm 'h2:$LAB/servers/${name//\'/\'\"\'\"\'}'"
	approve_as bob "$REQ" h2
	finish
	[ "$status" -eq 0 ]
	as_root test ! -e "$LAB/servers/$name"
	as_root test -f "$(quarantines)/data/PG_VERSION"
	as_root test -d "$LAB/servers/pg1" -a -d "$LAB/servers/odd"
	id=$(sed -n 's/.*plan \([0-9a-z]\{26,\}\).*/\1/p' <(as_root cat "$(quarantines)/MANIFEST"))
	run -0 as alice --confirm h2 -c "undo $id"
	as_root test -f "$LAB/servers/$name/PG_VERSION"
	[ -z "$(quarantines)$(as_root find "$LAB" -name pwned)" ]
	as_root mv "$LAB/servers/$name" "$d"
}

@test "a link put in its place in the last moment: exit 8, nothing renamed" {
	local d
	d=$(node_data pg2)
	as_hosts cp -r "$d" "$d.decoy"
	hook <<<"mv $d $d.real; ln -s $d.decoy $d"
	rm_run "$d"
	[ "$status" -eq 8 ]
	[[ "$output" == *"is a link now"* ]]
	as_root test -L "$d" -a -d "$d.real" -a -d "$d.decoy"
	[ -z "$(quarantines)" ]
	as_root rm "$d"
	as_root rm -r "$d.decoy"
	as_root mv "$d.real" "$d"
}

@test "the connection breaks before the go: nothing ran, and it says so" {
	hook <<<'kill -9 $PPID; exit 1'
	rm_run "$(node_data pg2)"
	echo "$status"
	[ "$status" -ne 0 ]
	[[ "$output" != *UNKNOWN* ]]
	as_root test -f "$(node_data pg2)/PG_VERSION"
	[ -z "$(quarantines)" ]
}

@test "the connection breaks after it: the outcome is UNKNOWN, said and written" {
	hook <<-'SH'
	/bin/sh -c "$SSH_ORIGINAL_COMMAND" | { read -r l; echo "$l"; cat >/dev/null; kill -9 $PPID; }
	exit 1
	SH
	rm_run "$(node_data pg2)"
	echo "$status"
	[[ "$output" == *UNKNOWN* ]]
	# It did happen, here; nobody could have known.
	as_root test ! -e "$(node_data pg2)"
	[ -n "$(quarantines)" ]
	as_root grep -rhi 'unknown' "$LAB/journal" | grep -v '"input"' | head -n 5
	as_root grep -rhE '"outcome":"unknown"|"is_unknown":true|"unknown"' "$LAB/journal" | grep -q .
}

@test "jobs: paused is remembered across sessions and people, shown, asked about, resumed" {
	local flag=$LAB/servers/job-stopped
	printf 'job "purge" {\n\thost = "h1"\n\tpause = {"touch", "%s"}\n\tresume = {"rm", "%s"}\n\tstatus = {"ls", "%s"}\n}\n' \
		"$flag" "$flag" "$flag" | as_root tee -a "$LAB/holdfast.conf" >/dev/null
	run -0 as alice -c jobs
	[[ "$(flat)" == *"purge | h1 | not paused here "*"No such file"*"(exit 2)"* ]]
	run -6 as alice --confirm pg1 -c 'jobs pause purge'
	as_root test ! -e "$flag"
	run -0 as alice --confirm h1 -c 'jobs pause purge'
	as_root test -e "$flag"
	run -0 as alice -c jobs
	[[ "$(flat)" == *"purge | h1 | PAUSED since "*" by alice | $flag (exit 0)"* ]]
	# bob sees it too, and no incident closes over it.
	run -0 as bob -c jobs
	[[ "$(flat)" == *"PAUSED since "*" by alice"* ]]
	run -5 as alice -c 'incident open jobtest' -c 'incident close'
	[[ "$(flat)" == *"purge (job purge on host h1 is paused since "*"by alice)"* ]]
	run -2 as alice -c 'jobs pause nosuch'
	run -0 as alice --confirm h1 -c 'jobs resume purge'
	as_root test ! -e "$flag"
	run -0 as alice -c jobs
	[[ "$(flat)" == *"purge | h1 | not paused here"* ]]
	run -0 as bob -c jobs
	[[ "$(flat)" == *"purge | h1 | not paused here"* ]]
	run -0 as alice postmortem "$LAB/journal"
	[[ "$output" == *"job-pause-v1 of job purge"*"job-resume-v1 of job purge"* ]]
}

@test "sh: what only looks runs at once, on that host, and is ended there by Ctrl-C" {
	run -0 as alice -c 'sh h1 df -h / | tail -n 1'
	[[ "$output" == *"% /"* ]]
	run -0 as alice -c "sh h1 ls $LAB/servers"
	[[ "$output" == *pg1*pg2* ]] || [[ "$output" == *pg1* ]]
	run -1 as alice -c 'sh h1 ls /nonexistent'
	[[ "$(flat)" == *"No such file"*"host h1: the command left with status 2"* ]]
	run -2 as alice -c 'sh nosuch ls'
	[[ "$(flat)" == *'no host section is called "nosuch"'* ]]
	local mark=$LAB/ssh/h1/log
	as alice -c "sh h1 tail -n 1 -f $mark" >"$BATS_TEST_TMPDIR/tail" 2>&1 3>&- &
	PID=$!
	OUT=$BATS_TEST_TMPDIR/tail
	wait_until 20 pgrep -u "$(hosts_user)" -f "^tail -n 1 -f $mark"
	kill -INT "$(pgrep -u hf-alice -f "^$LAB/bin/holdfast .*sh h1 tail -n 1 -f $mark" | head -n 1)"
	finish
	[ "$status" -ne 0 ]
	[[ "$output" == *"cancelled and ended there"* ]]
	run ! pgrep -u "$(hosts_user)" -f "^tail -n 1 -f $mark"
	# The same by the system's ssh.
	as alice -c "sh openssh tail -n 2 -f $mark" >"$OUT" 2>&1 3>&- &
	PID=$!
	wait_until 20 pgrep -u "$(hosts_user)" -f "^tail -n 2 -f $mark"
	kill -INT "$(pgrep -u hf-alice -f "^$LAB/bin/holdfast .*sh openssh tail -n 2 -f $mark" | head -n 1)"
	finish
	[ "$status" -ne 0 ]
	[[ "$output" == *"cancelled and ended there"* ]]
	run ! pgrep -u "$(hosts_user)" -f "^tail -n 2 -f $mark"
}

@test "sh: what changes something is confirmed on the host's name, what destroys is approved, both say the host" {
	as_hosts mkdir -p "$LAB/servers/victim"
	run -0 as alice -c "plan sh h1 rm -r $LAB/servers/victim"
	[[ "$(flat)" == *"host h1"*"/bin/sh -c"* ]] || { echo "$output"; false; }
	run -6 as alice --confirm h1 -c "sh h1 rm -r $LAB/servers/victim"
	as_root test -d "$LAB/servers/victim"
	file_as alice "sh h1 rm -r $LAB/servers/victim"
	approve_as bob "$REQ" h1
	[[ "$SEEN" == *"rm -r $LAB/servers/victim"* ]]
	finish
	[ "$status" -eq 0 ]
	as_root test ! -e "$LAB/servers/victim"
	as_root grep -rq '"kind":"command"' "$LAB/journal"
}

@test "sh: the connection dropped in mid-command is an unknown outcome" {
	# Commands that are not in the text are for another person to approve.
	run -6 as alice --confirm h1 -c "sh h1 sh $LAB/servers/slow"
	local line="sh -c 'exec sleep 271.5'"
	run -6 as alice -c "sh h1 $line"
	run -6 as alice --confirm pg1 -c "sh h1 $line"
	OUT=$BATS_TEST_TMPDIR/dropped
	as alice --confirm h1 -c "sh h1 $line" >"$OUT" 2>&1 </dev/null 3>&- &
	PID=$!
	wait_until 20 pgrep -u "$(hosts_user)" -f "^sleep 271.5"
	local there
	there=$(pgrep -u "$(hosts_user)" -f "^sleep 271.5" | head -n 1)
	there=$(ps -o pgid= -p "$there" | tr -d ' ')
	sshd_drop h1
	finish
	as_root kill -- "-$there" || true
	[ "$status" -eq 10 ]
	[[ "$output" == *"OUTCOME UNKNOWN on h1"* ]]
}
