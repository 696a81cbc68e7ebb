#!/bin/bash
# oracle.sh [FILE...]: what speaks to MariaDB and MySQL must also compile against Oracle's headers, which
# are in no Debian package. So: with the fence on, with every name that only MariaDB's header has made an
# error, and with the few declarations that Oracle's manual of the C API (8.0.16 and newer) adds to it.
set -u
cd "$(dirname "$0")/../.." || exit 2
[ $# -gt 0 ] || set -- engines/my*.c
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
read -ra inc <<<"$(mysql_config --include 2>/dev/null || mariadb_config --include)"
header=
for d in "${inc[@]#-I}"; do
	[ -n "$header" ] || [ ! -f "$d/mysql.h" ] || header=$d/mysql.h
done
[ -n "$header" ] || { echo "oracle: no mysql.h is installed"; exit 2; }

# What only MariaDB has: its calls that do not block, its own names, and what Oracle took out in 8.0.
only() {
	grep -ohE '\bmysql_[a-z_]+_(start|cont)\b|\b(MARIADB|mariadb)_[A-Za-z_]+\b|\bMYSQL_WAIT_[A-Z]+\b' "$header" "${header%/*}"/mariadb_*.h
	printf '%s\n' my_bool mysql_get_socket mysql_optionsv mysql_get_optionv mysql_get_timeout_value mysql_get_timeout_value_ms \
		MYSQL_OPT_NONBLOCK MYSQL_OPT_SSL_ENFORCE MYSQL_OPT_SSL_VERIFY_SERVER_CERT MYSQL_OPT_RECONNECT_MAX MYSQL_PROGRESS_CALLBACK
}
names=$(only | sort -u | grep -vE '^(MARIADB_BASE_VERSION|MARIADB_PACKAGE_VERSION|MARIADB_VERSION_ID)$')
[ "$(wc -l <<<"$names")" -gt 50 ] || { echo "oracle: the names that only MariaDB has were not found in $header"; exit 2; }
{
	echo '#include <mysql.h>'
	cat <<-'EOF'
	enum net_async_status { NET_ASYNC_COMPLETE, NET_ASYNC_NOT_READY, NET_ASYNC_ERROR, NET_ASYNC_COMPLETE_NO_MORE_RESULTS };
	enum { SSL_MODE_REQUIRED = 3, SSL_MODE_VERIFY_IDENTITY = 5 };
	#define MYSQL_OPT_SSL_MODE ((enum mysql_option)1000)
	enum net_async_status mysql_real_connect_nonblocking(MYSQL *, const char *, const char *, const char *, const char *,
	    unsigned, const char *, unsigned long);
	enum net_async_status mysql_real_query_nonblocking(MYSQL *, const char *, unsigned long);
	enum net_async_status mysql_next_result_nonblocking(MYSQL *);
	enum net_async_status mysql_store_result_nonblocking(MYSQL *, MYSQL_RES **);
	enum net_async_status mysql_fetch_row_nonblocking(MYSQL_RES *, MYSQL_ROW *);
	EOF
	for n in $names; do printf '#undef %s\n#pragma GCC poison %s\n' "$n" "$n"; done
} >"$work/names.h"
bad=0
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 12 "${CC:-gcc}" -fsyntax-only -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -I. -Iinclude \
	"${inc[@]}" -I"$(pg_config --includedir)" -DHOLDFAST_VERSION='"0"' -DHOLDFAST_ORACLE_HEADERS -include "$work/names.h" || bad=1
[ $bad = 0 ] && echo "oracle: $# files compile without the $(wc -l <<<"$names") names that only MariaDB's headers have: ok"
exit $bad
