#!/usr/bin/env bats
# Copies of stopped data directories from one host to another, over real sshds and on a real file system that
# fills up. What arrived is compared with diff; what broke goes on where it broke.

load ../lab/lab
load ../lab/people
load ../lab/hosts

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1 --rows 2000
	hosts_up pg1 pg2
	# The same machine, reached by the system's own ssh.
	{
		printf 'host "h3" {\n\ttransport = "openssh"\n\taddress = "127.0.0.1"\n\tport = %s\n\tuser = "%s"\n' \
			"$(cat "$LAB/ssh/h2/port")" "$(hosts_user)"
		printf '\tknown_hosts = "ssh/known_hosts"\n\tkey = "keys/alice"\n\tnode_id = "%s"\n}\n' "$LAB/ssh/h2/node-id"
	} | as_root tee -a "$LAB/holdfast.conf" >/dev/null
	export SMALL=$LAB/small
	as_root install -d "$SMALL"
	as_root mount -t tmpfs -o size=330m,mode=755 none "$SMALL"
	as_root chown "$(hosts_user)" "$SMALL"
	node_stop pg2
}

teardown_file() {
	hosts_down
	as_root umount "$SMALL"
	lab_down
}

flat() { echo "$output" | sed -e 's/^ *> //' | tr -s ' \n' '  '; }
is_gone() { as_root test ! -e "$1"; }
# same_as COPY: as the stopped pg2, by diff and by the list of its sums; no partial copy is left.
same_as() {
	as_root diff -r "$(node_data pg2)" "$1"
	as_root sh -c "cd $1 && sha256sum --quiet -c ../$(basename "$1").sha256"
	is_gone "$(dirname "$1")/.holdfast-partial-$(basename "$1")"
}

@test "to another host: through this machine, equal by SHA-256; and never over anything" {
	local d=$LAB/servers/copy
	run -0 as alice --confirm h1 -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"of host h2 is copied to $d on host h1"*"goes through this machine: neither host reaches the other"* ]]
	[[ "$(flat)" == *"h1 COPIED"* ]]
	same_as "$d"
	[ "$(as_root stat -c '%a %U' "$d")" = "$(as_root stat -c '%a %U' "$(node_data pg2)")" ]
	run -5 as alice -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"exists already; a copy is never made over anything"* ]]
}

@test "from and to a host of the system's own ssh" {
	local d=$LAB/servers/copy3
	run -0 as alice --confirm h1 -c "snapshot h3:$(node_data pg2) h1:$d"
	same_as "$d"
	d=$LAB/servers/copy4
	run -0 as alice --confirm h3 -c "snapshot h1:$LAB/servers/copy h3:$d"
	same_as "$d"
}

@test "a server that is started before it runs, a file nobody may read: nothing is copied" {
	local d=$LAB/servers/copy5
	as_root install -m 600 -o root /dev/null "$(node_data pg2)/secret"
	run -1 as alice --confirm h1 -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"secret cannot be read; nothing was copied"* ]]
	is_gone "$d"
	as_root rm "$(node_data pg2)/secret"
	node_start pg2
	run -5 as alice -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"is in use by process"* ]]
	node_stop pg2
}

# fills DIRECTORY WHEN: somebody else takes all of its room once WHEN is there; the last byte does not fit.
fills() {
	wait_until 60 as_root test -e "$2"
	! as_root sh -c "head -c 400M /dev/zero >$1/others 2>/dev/null"
}

@test "the disk of the target fills up meanwhile: it stops, says so, and the same command goes on" {
	local d=$SMALL/copy part=$SMALL/.holdfast-partial-copy others
	as_root sh -c "head -c 150M /dev/urandom >$(node_data pg2)/large; chown $(hosts_user) $(node_data pg2)/large"
	fills "$SMALL" "$part/data" 3>&- &
	others=$!
	run -1 as alice --confirm h1 -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" =~ "stopped before the disk was full: "[0-9]+" bytes are left, "|"No space left on device" ]]
	[[ "$(flat)" == *"the partial copy stays in $part, and the same command goes on from there"* ]]
	wait "$others"
	is_gone "$d"
	run -5 as alice -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"are free on h1:$SMALL and about"*"are needed; nothing was copied"* ]]
	as_root rm "$SMALL/others"
	run -0 as alice --confirm h1 -c "snapshot h2:$(node_data pg2) h1:$d"
	[[ "$(flat)" == *"A copy that broke goes on"*"h1 COPIED"* ]]
	same_as "$d"
	as_root rm "$(node_data pg2)/large"
}
