#!/bin/bash
# deps.sh [--fuzz|--matrix|--bench]: installs what building and testing needs, from Debian's own packages, and makes
# the OS group and users of the tests. Says everything it does; does nothing where all is there.
set -eu

packages() {
	cat <<-'EOF'
	gcc:compiles
	libc6-dev:the C library's headers
	libreadline-dev:line editing
	libpq-dev:speaks to PostgreSQL
	libpg-query-dev:PostgreSQL's own grammar, for classifying statements
	libssl-dev:digests and signatures
	libjansson-dev:journal records
	libconfuse-dev:configuration files
	openssh-client:ssh-keygen signs approvals, and checks ours in tests
	postgresql-15:throw-away servers of lab, demo and tests
	postgresql-client-15:psql, pg_dump and pg_restore
	default-libmysqlclient-dev:speaks to MariaDB and MySQL
	libssh2-1-dev:reaches hosts over SSH
	mariadb-server:throw-away MariaDB servers of lab and tests
	mariadb-client:the plain client that tests compare with
	pgbackrest:a repository of backups, in a test
	mariadb-backup:copies of a running MariaDB server
	mydumper:makes a directory that is restored from, in a test
	openssh-server:a real sshd on loopback, for the tests of hosts
	python3:the second verifier of journals, and the harness that injects faults
	patroni:a manager that would undo a hold, in a test
	etcd-server:what Patroni keeps its state in
	python3-etcd:Patroni's way to it
	curl:asks Patroni in a test
	pgbouncer:a pooler in front of a server, in a test
	pspg:a pager for tables, in a test
	krb5-kdc:gives out Kerberos tickets, in a test
	krb5-admin-server:makes its principals, in a test
	krb5-user:gets a ticket, in a test
	strace:tests stop a program at a system call
	asciinema:plays what replay exports, in a test
	chromium:opens the postmortem's page, in a test
	libcmocka-dev:unit tests
	perl:prove runs all tests
	bats:tests of the command line
	expect:tests at a terminal
	tmux:tests of the screen, and the demo's two panes
	clang:a second compiler's warnings, and libFuzzer
	clang-format:the format check
	mandoc:man pages, and their check
	jq:tests read --json with it
	time:benches look at memory
	procps:tests look at processes
	EOF
	[ "${1:-}" != --matrix ] || command -v npm >/dev/null || cat <<-'EOF'
	libaio1:Oracle's MySQL server needs it
	nodejs:runs npm
	npm:fetches servers of other versions
	EOF
	[ "${1:-}" != --bench ] || cat <<-'EOF'
	systemd-journal-remote:writes a journal of as many entries for journalctl to verify
	EOF
	[ "${1:-}" != --fuzz ] || cat <<-'EOF'
	libclang-rt-14-dev:libFuzzer's library
	llvm:symbols in what it finds
	EOF
}

say() { echo "deps: $*"; }
is_there() { [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi; }

missing=()
while IFS=: read -r name why; do
	is_there "$name" && continue
	say "needs the Debian package $name: $why"
	missing+=("$name")
done < <(packages "${1:-}")
people=()
for u in hf-alice hf-bob; do
	id -nG "$u" 2>/dev/null | grep -qw holdfast-op || people+=("$u")
done
[ ${#missing[@]} -gt 0 ] || [ ${#people[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
	say "could not install anything: this is not root, and there is no sudo"
	exit 1
fi

# PostgreSQL's package starts a server of its own by default. The tests need none, so that one is not
# made; the setting is put back.
conf=/etc/postgresql-common/createcluster.conf
rcd=/usr/sbin/policy-rc.d
made_rcd=
restore() {
	[ ! -e $conf.holdfast ] || as_root mv $conf.holdfast $conf
	[ -z "$made_rcd" ] || as_root rm -f $rcd
}
# The packages of sshd and MariaDB start a service where nothing forbids it; the tests start their
# own servers, on their own ports, as their own user.
forbid_services() {
	[ ! -e $rcd ] || return 0
	made_rcd=1
	printf '#!/bin/sh\nexit 101\n' | as_root tee $rcd >/dev/null
	as_root chmod 755 $rcd
}
trap restore EXIT
if [ ${#missing[@]} -gt 0 ]; then
	say "apt-get update, and apt-get install of ${#missing[@]} packages${SUDO_USER:+ as root}"
	as_root apt-get update -qq
	if [[ " ${missing[*]} " == *" postgresql-15 "* ]] && ! is_there postgresql-common; then
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql-common >/dev/null
		as_root cp -p $conf $conf.holdfast
		echo 'create_main_cluster = false' | as_root tee -a $conf >/dev/null
	fi
	forbid_services
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
		"${missing[@]}" >/dev/null
	say "installed ${missing[*]}"
fi
if [ ${#people[@]} -gt 0 ]; then
	getent group holdfast-op >/dev/null ||
		{ say "makes the OS group holdfast-op (two operators of the tests)"; as_root groupadd --system holdfast-op; }
	for u in "${people[@]}"; do
		say "makes the OS user $u (no password, no home, no login shell) in the group holdfast-op"
		id "$u" >/dev/null 2>&1 || as_root useradd --system --no-create-home --home-dir /nonexistent \
			--shell /usr/sbin/nologin --user-group "$u"
		as_root usermod -a -G holdfast-op "$u"
	done
fi
