# A Patroni cluster of two nodes over etcd, on loopback, for tests. Load after lab.bash, with a lab up
# (its config, keys and spool are used; its own servers are not).
#
#	patroni_up		starts etcd and the nodes pa and pb, and points the lab's config at them
#	patroni_ctl ARGS	patronictl
#	psql_at NODE TEXT	plain psql as the servers' administrator
#	patroni_down		stops and removes what patroni_up started

patroni_ports() { free_port 6; }

# patroni_node NAME PORT REST
patroni_node() {
	cat <<-X
	scope: shop
	name: $1
	restapi: {listen: '127.0.0.1:$3', connect_address: '127.0.0.1:$3'}
	etcd3: {host: '127.0.0.1:$ETCD_PORT'}
	bootstrap:
	  dcs:
	    ttl: 20
	    loop_wait: 2
	    retry_timeout: 3
	    postgresql: {use_slots: true, parameters: {fsync: 'off', shared_buffers: 16MB, max_connections: 30}}
	  initdb: [{encoding: UTF8}, no-sync]
	postgresql:
	  listen: 127.0.0.1:$2
	  connect_address: 127.0.0.1:$2
	  data_dir: $PATRONI/$1
	  bin_dir: $HOLDFAST_PG_BIN
	  pgpass: $PATRONI/$1.pgpass
	  pg_hba: [local all all trust, host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust]
	  parameters: {unix_socket_directories: '$PATRONI'}
	  authentication: {superuser: {username: postgres, password: p}, replication: {username: replicator, password: p}}
	X
}

# In the background, for as long as the test lives; its process id is kept.
patroni_start() {
	local name=$1
	shift
	as_user "$PATRONI_OWNER" "$@" >"$PATRONI/$name.log" 2>&1 </dev/null 3>&- &
	echo $! >"$PATRONI/$name.pid"
}

patroni_is() { [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$1/$2")" = 200 ]; }
psql_at() { "$HOLDFAST_PG_BIN/psql" -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$(cat "$PATRONI/$1.port")" -U postgres -d "${3:-postgres}" -c "$2"; }
patroni_streams() { [ "$(psql_at pa "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]; }
patroni_ctl() { as_user "$PATRONI_OWNER" patronictl -c "$PATRONI/pa.yml" "$@"; }

patroni_up() {
	PATRONI=$LAB/patroni PATRONI_OWNER=$(as_root stat -c %U "$(node_data pg1)")
	export PATRONI PATRONI_OWNER ETCD_PORT
	local peer a b ra rb n
	read -r ETCD_PORT peer a b ra rb < <(patroni_ports)
	as_root install -d -m 755 -o "$PATRONI_OWNER" "$PATRONI"
	patroni_node pa "$a" "$ra" | as_root tee "$PATRONI/pa.yml" >/dev/null
	patroni_node pb "$b" "$rb" | as_root tee "$PATRONI/pb.yml" >/dev/null
	echo "$a" | as_root tee "$PATRONI/pa.port" >/dev/null
	echo "$b" | as_root tee "$PATRONI/pb.port" >/dev/null
	patroni_start etcd etcd --data-dir "$PATRONI/etcd" --unsafe-no-fsync \
		--listen-client-urls "http://127.0.0.1:$ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$ETCD_PORT" \
		--listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
		--initial-cluster "default=http://127.0.0.1:$peer"
	patroni_start pa patroni "$PATRONI/pa.yml"
	wait_until 60 patroni_is "$ra" primary || return 1
	patroni_start pb patroni "$PATRONI/pb.yml"
	psql_at pa "CREATE ROLE alice LOGIN; GRANT pg_monitor TO alice; ALTER ROLE alice SUPERUSER;
		CREATE ROLE bob LOGIN" || return 1
	wait_until 60 patroni_is "$rb" replica || return 1
	wait_until 20 patroni_streams || return 1
	psql_at pa 'CREATE DATABASE shop'
	as_root sed -i "/node \"pg1\"/,/}/c node \"pa\" { address = \"host=127.0.0.1 port=$a\" patroni = \"127.0.0.1:$ra\" }\n\
		node \"pb\" { address = \"host=127.0.0.1 port=$b\" patroni = \"127.0.0.1:$rb\" }" "$LAB/holdfast.conf"
	# Its REST thread answers late on a loaded machine; what is late counts as not seen.
	as_root sed -i '/^cluster "lab"/a query_timeout = 20000' "$LAB/holdfast.conf"
	export REST_PA=$ra REST_PB=$rb
}

patroni_is_gone() { ! kill -0 "$1"; }

patroni_down() {
	local n pid
	[ -n "${PATRONI:-}" ] || return 0
	for n in pb pa etcd; do
		[ -e "$PATRONI/$n.pid" ] || continue
		# A shell stands between: its child is the program, and nobody reaps the shell.
		pid=$(pgrep -P "$(cat "$PATRONI/$n.pid")") || continue
		as_root kill -TERM "$pid" || true
		wait_until 20 patroni_is_gone "$pid" || as_root kill -KILL "$pid" || true
	done
	# In maintenance Patroni leaves its servers running.
	for n in pb pa; do
		[ ! -e "$PATRONI/$n/postmaster.pid" ] ||
			as_user "$PATRONI_OWNER" "$HOLDFAST_PG_BIN/pg_ctl" -s -D "$PATRONI/$n" -m immediate -w stop || true
	done
}
