#!/bin/bash
# verify.sh FILE OPERATORS: checks a sealed journal with sha256sum and ssh-keygen alone. Exit 0: it holds.
LC_ALL=C; t=$(mktemp -d) || exit 1; trap 'rm -rf "$t"' EXIT; p=$(printf '0%.0s' {1..64}); n=0
text() { [[ $1 =~ \"$2\":\"([^\"]*) ]]; printf %s "${BASH_REMATCH[1]}"; } # the first of that name
signed() { printf -- '-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n' "$(fold -w 70 <<<"$1")" >"$t/s"; ssh-keygen -Y verify -s "$t/s" "${@:2}"; }
while IFS= read -r l; do # each line starts with the hash of the one before it, and nothing follows the close
	[[ $l == "{\"prev\":\"$p\",\"seq\":$n,"* && $end == "" ]] || { echo "the chain breaks at record $n"; exit 1; }
	p=$({ printf '\0'; printf %s "$l"; } | sha256sum | cut -c 1-64); n=$((n + 1))
	case $l in *'","type":"open",'*) k=$(text "$l" key) s=$(text "$l" session) ;; *'","type":"cert",'*) c=$l ;; *'","type":"close",'*) end=$l ;; esac
done <"$1"; [[ $end != "" && $(tail -c 1 "$1" | od -An -tx1) == " 0a" ]] || { echo "not sealed"; exit 1; }
m=${end##*,\"sig\":\"}; echo "session $k" >"$t/k"; printf '%b' "$(text "$c" statement)" >"$t/c"
printf %s "${end%,\"sig\":\"*}" | signed "${m%\"\}}" -f "$t/k" -I session -n checkpoint@holdfast || exit 1
grep -qxF "session: $s" "$t/c" && grep -qxF "key: $k" "$t/c" || { echo "the certificate is of another session"; exit 1; }
signed "$(text "$c" sig)" -f "$2" -n session@holdfast -I "$(sed -n 's/^person: //p' "$t/c")" -O verify-time="$(sed -n 's/^issued: //p' "$t/c" | tr -d 'T:Z-')Z" <"$t/c"
