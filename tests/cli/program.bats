# The program's own words on the command line: which cluster a subcommand means, no config at all, what
# each -c and --json does, notes and incidents in a journal that verifies.
load ../lab/lab.bash

setup_file() { lab_up single --rows 1000; }
teardown_file() { lab_down; }

# No config anywhere: only a URL and libpq's own files.
bare() { as_user hf-alice env PGPASSFILE="$LAB/keys/alice.pgpass" "$(holdfast_bin)" "$@"; }
url() { echo "postgresql://alice@127.0.0.1:$(node_port pg1)/shop"; }
newest() { as_root ls -t "$LAB/journal" | head -n 1; }

@test "a URL with no config: reads run, what needs an approval says why it does not" {
	run -0 bare "$(url)" -c 'SELECT count(*) FROM orders;'
	[[ $output == *1000* ]]
	run -5 bare "$(url)" -c 'DROP TABLE orders CASCADE;'
	[[ $output == *"no key"* && $output == *"nothing was sent"* ]]
	sql_is pg1 1000 "SELECT count(*) FROM orders"
}

@test "a URL or a cluster's name may stand before a subcommand" {
	run -0 bare "$(url)" topology
	[[ $output == *standalone* ]]
	run -0 bare --json "$(url)" topology
	echo "$output" | python3 -c 'import json, sys; assert json.load(sys.stdin)["nodes"][0]["role"] == "standalone"'
	as_root sh -c 'sed "s/^cluster \"lab\"/cluster \"shop\"/" "$1/holdfast.conf" >"$1/shop.conf"' sh "$LAB"
	run -0 as alice --config "$LAB/shop.conf" shop topology
	[[ $output == *pg1*standalone* ]]
	run -3 as alice nowhere topology
	[[ $output == *'no cluster "nowhere"'* ]]
	run -2 as alice --config "$LAB/shop.conf" shop orders
	[[ $output == *'"orders" is one word too many'* ]]
}

@test "a cluster that is called like a command is named with --cluster" {
	as_root sh -c 'cat "$1/holdfast.conf"; sed -n "/^cluster/,/^}/p" "$1/holdfast.conf" | sed "s/^cluster \"lab\"/cluster \"shop\"/"' sh "$LAB" >"$BATS_TEST_TMPDIR/two.conf"
	as_root install -m 644 "$BATS_TEST_TMPDIR/two.conf" "$LAB/two.conf"
	run -3 as alice --config "$LAB/two.conf" -c 'SELECT 1;'
	[[ $output == *"no cluster was named"* ]]
	run -2 as alice --config "$LAB/two.conf" lab -c 'SELECT 1;'
	run -0 as alice --config "$LAB/two.conf" --cluster lab -c 'SELECT 1;'
	run -0 as alice --config "$LAB/two.conf" --cluster lab topology
	[[ $output == *pg1*standalone* ]]
	run -0 as alice --config "$LAB/two.conf" topology --cluster shop
	run -2 as alice --config "$LAB/two.conf" shop --cluster lab -c 'SELECT 1;'
	[[ $output == *"two clusters are named: shop and lab"* ]]
}

@test "plan LINE asks of its verb what the verb itself asks" {
	run -6 bare "$(url)" -c 'plan undo aaaa'
	[[ $output == *"undo needs to know who you are"* ]]
	run -2 as alice -c 'plan undo aaaa'
	[[ $output == *"no journal holds a plan"* ]]
	run -6 bare "$(url)" -c 'plan run aaaa'
	[[ $output == *"run needs to know who you are"* ]]
	# What only the command line knows is no verb here.
	run ! as alice -c "plan lab down --dir $LAB"
	[ -e "$LAB/nodes" ]
	sql_is pg1 1 'SELECT 1'
}

@test "service files are libpq's own" {
	printf '[shopsvc]\nhost=127.0.0.1\nport=%s\ndbname=shop\nuser=alice\n' "$(node_port pg1)" >"$BATS_TEST_TMPDIR/svc"
	chmod 755 "$BATS_TEST_TMPDIR"
	as_root install -m 644 "$BATS_TEST_TMPDIR/svc" "$LAB/svc"
	run -0 as_user hf-alice env PGPASSFILE="$LAB/keys/alice.pgpass" PGSERVICEFILE="$LAB/svc" \
		"$(holdfast_bin)" 'postgresql://?service=shopsvc' -c 'SELECT current_user;'
	[[ $output == *alice* ]]
}

@test "-c more than once: up to the first that fails" {
	run -0 as alice -c 'SELECT 11;' -c 'SELECT 22;'
	[[ $output == *11*22* ]]
	run -1 as alice -c 'SELEC;' -c 'SELECT 22;'
	[[ $output != *22* ]]
	run -0 as alice --json -c 'SELECT 1 AS a, NULL AS b;'
	[ "$output" = '[{"a": 1, "b": null}]' ]
}

@test "an incident stands in where, in plans and in the journal; what was noted is certified" {
	run -0 as alice -c 'incident open db-down' -c 'note orders are gone' -c where -c 'plan DROP TABLE order_items'
	[[ $output == *"incident "*"db-down"* ]]
	[[ $output == *"who    alice, incident db-down"* ]]
	f=$LAB/journal/$(newest)
	run -0 as alice journal verify "$f"
	[[ $output == *"sealed and trusted"*"certified by alice"* ]]
	run -0 as alice replay "$f"
	[[ $output == *"open db-down"*"orders are gone"* ]]
	run -2 as alice -c 'incident close'
	[[ $output == *"no incident is open"* ]]
}
