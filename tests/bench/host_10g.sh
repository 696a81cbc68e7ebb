#!/bin/bash
# rm and undo of a stopped standby's data directory of 10 GB; prints what the journal says they took.
set -eu
cd "$(dirname "$0")/../.."
BATS_TEST_TMPDIR=$(mktemp -d)
. tests/lab/lab.bash
. tests/lab/people.bash
. tests/lab/hosts.bash
trap 'lab_down; rm -rf "$BATS_TEST_TMPDIR"' EXIT
LAB_INCIDENT=gitlab lab_up star:1 --rows 20000
node_stop pg2
as_hosts fallocate -l 10G "$(node_data pg2)/large"
as_root du -sh "$(node_data pg2)"
file_as alice "rm h2:$(node_data pg2)"
approve_as bob "$REQ" h2
finish >/dev/null
[ "$status" -eq 0 ]
as_root test ! -e "$(node_data pg2)"
as alice --confirm h2 -c "undo $(sed -n 's/.*PLAN \([a-z2-7]\{26\}\).*/\1/p' "$OUT" | head -n 1)" >/dev/null
as_root rm "$(node_data pg2)/large"
node_start pg2
sql_is pg2 20000 'SELECT count(*) FROM orders'
as_root grep -rh '"type":"outcome"' "$LAB/journal" | grep '"kind":"move"' |
	sed -n 's/.*"ms":\([0-9]*\).*/\1 ms/p'
