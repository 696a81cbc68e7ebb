/*
 * Addresses of MariaDB and MySQL: mysql://[USER@]HOST[:PORT][/DATABASE][?socket=PATH&ssl-ca=FILE&
 * ssl-mode=REQUIRED], with mariadb:// the same. Must never accept or repeat a password.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/my_conn.h"
#include "text.h"
#include "banned.h"

#define DEFAULT_PORT 3306

static int
bad(struct err *e)
{
	err_set(e, ERR_CONFIG, "the address is no URL of MySQL or MariaDB; nothing was connected");
	return err_hint(e,
	    "write it as mariadb://HOST:PORT/DATABASE or mysql://HOST:PORT/DATABASE, special "
	    "characters as %%XX, without a password; without HOST, set MYSQL_HOST, or host in "
	    "[client] of ~/.my.cnf");
}

/* Copies a part and takes %XX apart; -1 where it does not fit or hides a NUL. */
static int
take(const char *p, size_t n, char *out, size_t size)
{
	size_t i, k = 0;
	char hex[3] = {0}, *end;

	for (i = 0; i < n; i++) {
		char ch = p[i];

		if (ch == '%') {
			if (i + 2 >= n || !isxdigit((unsigned char)p[i + 1]) ||
			    !isxdigit((unsigned char)p[i + 2]))
				return -1;
			hex[0] = p[i + 1];
			hex[1] = p[i + 2];
			ch = (char)strtol(hex, &end, 16);
			i += 2;
		}
		if (ch == '\0' || k + 1 >= size)
			return -1;
		out[k++] = ch;
	}
	out[k] = '\0';
	return 0;
}

static int
take_option(const char *p, size_t n, struct my_place *out)
{
	const char *eq = memchr(p, '=', n);
	char value[256];
	size_t k;

	if (eq == NULL || take(eq + 1, n - (size_t)(eq - p) - 1, value, sizeof(value)) != 0)
		return -1;
	k = (size_t)(eq - p);
	if (k == 6 && memcmp(p, "socket", k) == 0) {
		if (strlen(value) >= sizeof(out->socket))
			return -1;
		text_copy(out->socket, sizeof(out->socket), value);
		return 0;
	}
	if (k == 6 && memcmp(p, "ssl-ca", k) == 0) {
		text_copy(out->ssl_ca, sizeof(out->ssl_ca), value);
		out->wants_tls = 1;
		return 0;
	}
	if (k == 8 && memcmp(p, "ssl-mode", k) == 0) {
		out->wants_tls = strcmp(value, "DISABLED") != 0 && strcmp(value, "PREFERRED") != 0;
		return 0;
	}
	return -1;
}

static int
take_host(const char *p, size_t n, struct my_place *out)
{
	const char *colon = NULL;
	char port[8], *end;
	size_t host = n;
	long v;

	if (n > 0 && p[0] == '[') {
		const char *close = memchr(p, ']', n);

		if (close == NULL)
			return -1;
		host = (size_t)(close - p) - 1;
		colon = close + 1 < p + n ? close + 1 : NULL;
		p++;
	} else if ((colon = memchr(p, ':', n)) != NULL)
		host = (size_t)(colon - p);
	if (take(p, host, out->host, sizeof(out->host)) != 0)
		return -1;
	if (colon == NULL)
		return 0;
	n = n - host - (p[-1] == '[' ? 3 : 1);
	if (*colon != ':' || take(colon + 1, n, port, sizeof(port)) != 0)
		return -1;
	v = strtol(port, &end, 10);
	if (end == port || *end != '\0' || v < 1 || v > 65535)
		return -1;
	out->port = (int)v;
	return 0;
}

/* Where no host is said; 1: it says nothing. MYSQL_HOST and MYSQL_TCP_PORT, or MYSQL_UNIX_PORT, a
 * socket. */
static int
take_environment(struct my_place *out)
{
	const char *host = getenv("MYSQL_HOST"), *port = getenv("MYSQL_TCP_PORT");
	const char *path = getenv("MYSQL_UNIX_PORT");
	char *end;
	long v;

	if (host == NULL || host[0] == '\0') {
		if (path == NULL || path[0] == '\0')
			return 1;
		if (path[0] != '/' || strlen(path) >= sizeof(out->socket))
			return -1;
		text_copy(out->socket, sizeof(out->socket), path);
		return 0;
	}
	if (strlen(host) >= sizeof(out->host))
		return -1;
	text_copy(out->host, sizeof(out->host), host);
	if (port == NULL || port[0] == '\0')
		return 0;
	v = strtol(port, &end, 10);
	if (*end != '\0' || v < 1 || v > 65535)
		return -1;
	out->port = (int)v;
	return 0;
}

int
my_place_parse(const char *address, struct my_place *out, struct err *e)
{
	const char *p = strstr(address, "://"), *at, *slash, *query;
	size_t n, k;
	int rc;

	memset(out, 0, sizeof(*out));
	out->port = DEFAULT_PORT;
	p = p == NULL ? address : p + 3;
	n = strcspn(p, "/?");
	at = memchr(p, '@', n);
	if (at != NULL) {
		/* A colon before the @ would be a password. */
		if (memchr(p, ':', (size_t)(at - p)) != NULL ||
		    take(p, (size_t)(at - p), out->user, sizeof(out->user)) != 0)
			return bad(e);
		n -= (size_t)(at - p) + 1;
		p = at + 1;
	}
	if (take_host(p, n, out) != 0)
		return bad(e);
	slash = p + n;
	if (*slash == '/') {
		k = strcspn(slash + 1, "?");
		if (take(slash + 1, k, out->database, sizeof(out->database)) != 0)
			return bad(e);
		slash += k + 1;
	}
	for (query = *slash == '?' ? slash + 1 : ""; *query != '\0';
	     query += k + (query[k] == '&')) {
		k = strcspn(query, "&");
		if (take_option(query, k, out) != 0)
			return bad(e);
	}
	if (out->host[0] != '\0' || out->socket[0] != '\0')
		return 0;
	rc = take_environment(out);
	return rc == 0 || (rc == 1 && my_place_from_files(out) == 0) ? 0 : bad(e);
}

char *
my_place_at(const char *address, const char *host, int port)
{
	const char *p = strstr(address, "://"), *rest;
	struct my_place was;
	char *out = NULL;
	int v6 = strchr(host, ':') != NULL;

	if (my_place_parse(address, &was, NULL) != 0)
		return NULL;
	rest = p == NULL ? "" : p + 3 + strcspn(p + 3, "/?");
	/* A socket belongs to the machine the neighbour was reached on. */
	if (strstr(rest, "socket=") != NULL)
		rest = "";
	if (asprintf(&out, "%.*s%s%s%s%s%s:%d%s", p == NULL ? 8 : (int)(p + 3 - address),
		p == NULL ? "mysql://" : address, was.user, was.user[0] == '\0' ? "" : "@",
		v6 ? "[" : "", host, v6 ? "]" : "", port, rest) < 0)
		abort();
	return out;
}
