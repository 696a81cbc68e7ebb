# Hosts for a lab: one real sshd per node on loopback, as the servers' own OS user, each with host
# keys of its own. Load after lab.bash; hosts_up after lab_up. Host hN serves node pgN.

# Who the sshds and servers run as; HOSTS_USER where that one has no shell to log in to.
hosts_user() { echo "${HOSTS_USER:-$(as_root stat -c %U "$LAB/servers/pg1")}"; }

# Runs as that user, with a full environment of its own.
as_hosts() { as_user "$(hosts_user)" "$@"; }

# sshd_start HOST: its port stands in $LAB/ssh/HOST/port.
sshd_start() {
	local d=$LAB/ssh/$1
	as_hosts /usr/sbin/sshd -f "$d/sshd_config" -E "$d/log" 3>&-
	wait_until 10 test -s "$d/pid"
}

# Stops the listener; sessions go on.
sshd_stop() {
	local d=$LAB/ssh/$1 pid
	pid=$(as_root cat "$d/pid" 2>/dev/null) || return 0
	as_root kill "$pid"
	wait_until 10 sh -c "! kill -0 $pid 2>/dev/null"
	as_root rm -f "$d/pid"
}

# Ends every session of a host at once: what a broken network looks like.
sshd_drop() {
	local p port
	port=$(cat "$LAB/ssh/$1/port")
	for p in $(pgrep -u "$(hosts_user)" -f '^sshd: '); do
		as_root ss -tnpH "sport = :$port" | grep -q "pid=$p," && as_root kill -9 "$p"
	done
	return 0
}

host_make() { # HOST TYPE PORT
	local h=$1 d=$LAB/ssh/$1 user
	user=$(hosts_user)
	as_root install -d -m 755 -o "$user" "$d"
	as_hosts ssh-keygen -q -t "$2" -N '' -C "$h" -f "$d/host_key"
	echo "$3" | as_root tee "$d/port" >/dev/null
	as_root tee "$d/sshd_config" >/dev/null <<-CONF
	Port $3
	ListenAddress 127.0.0.1
	HostKey $d/host_key
	PidFile $d/pid
	AuthorizedKeysFile $LAB/ssh/authorized_keys
	StrictModes no
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	MaxStartups 100
	CONF
}

# The lines of holdfast.conf for a host: HOST [more options].
host_section() {
	local h=$1
	shift
	printf 'host "%s" {\n\taddress = "127.0.0.1"\n\tport = %s\n\tuser = "%s"\n' "$h" \
		"$(cat "$LAB/ssh/${2:-$h}/port")" "$(hosts_user)"
	printf '\tknown_hosts = "ssh/known_hosts"\n\tkey = "keys/alice"\n\tnode_id = "%s"\n%s\n}\n' \
		"$LAB/ssh/$h/node-id" "${1:-}"
}

# hosts_up NODE...: hN for pgN.
hosts_up() {
	local n h type=ed25519 conf=$LAB/holdfast.conf
	as_root install -d -m 755 "$LAB/ssh" /run/sshd # the latter for an sshd that runs as root
	as_root cp "$LAB/keys/alice.pub" "$LAB/ssh/authorized_keys"
	as_root chmod 644 "$LAB/ssh/authorized_keys"
	: | as_root tee "$LAB/ssh/known_hosts" >/dev/null
	as_root chown "$(hosts_user)" "$LAB/servers"
	for n in "$@"; do
		h=h${n//[!0-9]/}
		host_make "$h" "$type" "$(free_port)"
		echo "machine-$h" | as_root tee "$LAB/ssh/$h/node-id" >/dev/null
		sshd_start "$h"
		printf '[127.0.0.1]:%s %s\n' "$(cat "$LAB/ssh/$h/port")" \
			"$(cut -d' ' -f1,2 "$LAB/ssh/$h/host_key.pub")" | as_root tee -a "$LAB/ssh/known_hosts" >/dev/null
		host_section "$h" | as_root tee -a "$conf" >/dev/null
		as_root sed -i "/node \"$n\" {/a\\\t\thost = \"$h\"" "$conf"
		type=ecdsa
	done
}

hosts_down() {
	local d
	for d in "$LAB"/ssh/*/; do
		sshd_stop "$(basename "$d")"
	done
}
