#!/usr/bin/env bats
# An incident from opening to closing: what is said of it, who has it, what is still open when it is to
# be closed. A primary and a standby.

load ../lab/lab
load ../lab/people

setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	lab_up star:1
	as_root sh -c "printf '#!/bin/sh\nprintf \"%%s\" \"\$2\" >$LAB/page.\$1\n' >$LAB/bin/page; chmod 755 $LAB/bin/page
		printf '#!/bin/sh\necho \"no route to the page\" >&2; exit 3\n' >$LAB/bin/broken; chmod 755 $LAB/bin/broken
		install -d -m 777 $LAB/pages; ln -s $LAB/pages/said $LAB/page.shop"
}

teardown_file() {
	lab_down
}

newest() { as_root sh -c "ls -t $LAB/journal/*.jsonl" | head -n 1; }

# The config with one more line.
with() {
	CONF=$LAB/holdfast.$RANDOM.conf
	as_root sh -c "{ cat $LAB/holdfast.conf; echo '$1'; } >$CONF; chmod --reference=$LAB/holdfast.conf $CONF
		chown --reference=$LAB/holdfast.conf $CONF"
}

alice_with() { as_user hf-alice "$(holdfast_bin)" --config "$CONF" --as alice "$@"; }

@test "opened with title and severity, roles, impact; joined by the next; replay and show say it" {
	run -0 as alice -c 'incident open DB-1 "orders are gone" --severity SEV1' -c 'incident role commander bob' \
		-c 'incident role scribe' -c 'incident impact "no orders taken" from 2026-11-22T14:00:00Z until 2026-11-22T14:30:00Z' \
		-c 'incident severity SEV2' -c incident
	[[ "$output" == *"incident DB-1 is open"*"bob is commander"*"alice is scribe"*"impact noted"*"severity is SEV2"* ]]
	[[ "$output" == *"DB-1: orders are gone, severity SEV2"*"commander bob, operator nobody, scribe alice"*"on duty since"* ]]
	f=$(newest)
	jq -es 'any(.[]; .type == "incident" and .action == "open" and .title == "orders are gone" and .severity == "SEV1") and
		any(.[]; .type == "impact" and .text == "no orders taken" and .until == "2026-11-22T14:30:00Z") and
		any(.[]; .type == "incident" and .action == "role" and .role == "commander" and .person == "bob")' "$f"
	# Another session of hers; bob's OS user may not read her journal.
	run -0 as alice -c 'incident open DB-1'
	[[ "$output" == *"you join what was opened at 20"*": orders are gone"* ]]
	run -0 as alice replay DB-1
	[[ "$output" == *"open DB-1: orders are gone, severity SEV1"*"role DB-1, commander, bob"*"no orders taken, from 2026-11-22T14:00:00Z"* ]]
	run -2 as alice -c 'incident open DB-2' -c 'incident impact "x" from yesterday'
	[[ "$output" == *"is no time"*"nothing was noted"* ]]
	run -2 as alice -c 'incident severity SEV1'
	[[ "$output" == *"no incident is open"* ]]
}

@test "status: the site's program gets the text as one word, no shell; its failure is said and noted" {
	run -3 as alice -c 'incident open DB-3' -c 'incident status "we look"'
	[[ "$output" == *"no status page program is configured; nothing was published"* ]]
	with "status_page = { \"$LAB/bin/page\", \"shop\" }"
	run -0 alice_with -c 'incident open DB-3' -c 'incident status "orders; $(touch x) `id` are *back*"'
	[[ "$output" == *"the status page has it"* ]]
	[ "$(as_root cat "$LAB/pages/said")" = 'orders; $(touch x) `id` are *back*' ]
	with "status_page = { \"$LAB/bin/broken\" }"
	run -1 alice_with -c 'incident open DB-3' -c 'incident status "we look"'
	[[ "$output" == *"broken failed for the status page (exit 3): no route to the page"*"publish it another way"* ]]
	jq -es 'any(.[]; .type == "status" and .text == "we look") and
		any(.[]; .type == "note" and (.text | contains("no route to the page")))' "$(newest)"
}

@test "close lists each open thing by name, and refuses until each is dealt with or accepted by name" {
	as alice -c 'pause pg2' >/dev/null
	sql pg1 'CREATE SCHEMA holdfast_quarantine; CREATE TABLE holdfast_quarantine.orders_old (a int); GRANT USAGE ON SCHEMA holdfast_quarantine TO PUBLIC'
	run -5 as alice -c 'incident open DB-4' -c 'incident close'
	[[ "$output" == *"2 things are still open: pg2 (replica pg2 is held since "*"holdfast_quarantine.orders_old (moved aside"*"--accept"* ]]
	run -5 as alice -c 'incident open DB-4' -c 'incident close --accept pg2'
	[[ "$output" == *"1 thing is still open: holdfast_quarantine.orders_old"* ]]
	run -0 as alice -c 'incident open DB-4' -c 'incident close --accept pg2 holdfast_quarantine.orders_old'
	[[ "$output" == *"incident DB-4 is closed; what is still open was accepted by name"* ]]
	jq -es 'any(.[]; .type == "incident" and .action == "close" and (.accepted | length == 2) and (.accepted[0] | contains("pg2")))' "$(newest)"
	sql pg1 'DROP SCHEMA holdfast_quarantine CASCADE'
}
