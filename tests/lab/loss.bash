# A primary that dies under load, and what was lost with it. Load after lab.bash and people.bash; the file
# that loads it has a writer NODE FILE, which sets WRITER and writes each number into FILE once its commit
# was acknowledged.
#
#	data_directories NODE...	the config says where the nodes keep their data: a dead one cannot
#	wrote FILE N			at least N were acknowledged
#	crash NODE			its server and all its children, at once; the writer ends
#	lost_on NODE FILE		LOST: what was acknowledged and is not there; SAID: what was said before
#					anything was done. Prints both.

data_directories() {
	local n
	for n; do
		as_root sed -i "/node \"$n\" {/a\\\t\tdata_directory = \"$LAB/servers/$n\"" "$LAB/holdfast.conf"
	done
}

wrote() { [ "$(wc -l <"$1")" -ge "$2" ]; }

crash() {
	local all
	all="$(node_pid "$1") $(pgrep -P "$(node_pid "$1")" | tr '\n' ' ')"
	as_root kill -9 $all
	wait "$WRITER" || true
	WRITER=
}

lost_on() {
	local last
	last=$(tail -n 1 "$2")
	LOST=$((last - $(sql "$1" "SELECT count(*) FROM acked WHERE n <= $last")))
	SAID=$(sed -n 's/.*of log with \([0-9]*\) transactions, .*/\1/p' <<<"$(flat "$OUT")" | head -n 1)
	echo "# killed after row $last: $LOST acknowledged rows lost, the estimate before it said at most $SAID" >&3
}
