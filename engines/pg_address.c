/*
 * Addresses as libpq takes them: connection strings and URLs. Taking them apart, leaving secrets
 * out, and making the address of a neighbour from the one a node was reached by. Must never hand
 * out a password, nor quote a piece of an address that was not understood.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "engines/pg_address.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

static void
add_quoted(struct buf *b, const char *keyword, const char *value)
{
	buf_printf(b, "%s%s='", b->len > 0 ? " " : "", keyword);
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			buf_add(b, "\\", 1);
		buf_add(b, value, 1);
	}
	buf_add(b, "'", 1);
}

const char *
pg_address_option(const PQconninfoOption *all, const char *keyword)
{
	for (; all != NULL && all->keyword != NULL; all++)
		if (strcmp(all->keyword, keyword) == 0)
			return all->val;
	return NULL;
}

/* What the address says, or NULL where it is no connection string but a plain database name. */
int
pg_address_parse(const char *address, PQconninfoOption **out, struct err *e)
{
	const char *host;
	char *why = NULL;

	*out = NULL;
	if (strchr(address, '=') == NULL && strstr(address, "://") == NULL)
		return 0;
	*out = PQconninfoParse(address, &why);
	PQfreemem(why); /* may quote a piece of a password */
	if (*out == NULL) {
		err_set(e, ERR_CONFIG,
		    "the address is not a connection string or URL that libpq "
		    "understands; nothing was connected");
		return err_hint(e,
		    "write it as host=NAME port=NUMBER dbname=NAME, or as "
		    "postgresql://NAME:PORT/DATABASE with special characters as %%XX");
	}
	host = pg_address_option(*out, "host");
	if (host != NULL && host[0] != '/' && strchr(host, '@') != NULL) {
		PQconninfoFree(*out);
		*out = NULL;
		err_set(e, ERR_CONFIG,
		    "the host name in the address holds an @; nothing was connected");
		return err_hint(e, "write an @ that belongs to a user or password as %%40");
	}
	return 0;
}

/* What libpq does not know, where that cannot be a piece of a secret: a keyword. "" otherwise. */
static void
unknown_keyword(const char *address, char out[64])
{
	static const char *const marks[] = {
	    "invalid connection option \"", "invalid URI query parameter: \""};
	PQconninfoOption *all;
	char *why = NULL, *at;
	size_t i, n;

	out[0] = '\0';
	all = PQconninfoParse(address, &why);
	PQconninfoFree(all);
	for (i = 0; why != NULL && i < 2; i++) {
		at = strstr(why, marks[i]);
		n = at == NULL ? 0 : strspn(at + strlen(marks[i]), "abcdefghijklmnopqrstuvwxyz_");
		if (n > 0 && n < 32 && at[strlen(marks[i]) + n] == '"')
			snprintf(out, 64, "\"%.*s\" is no keyword of libpq", (int)n,
			    at + strlen(marks[i]));
	}
	PQfreemem(why);
}

static size_t
count_items(const char *list)
{
	size_t n = 1;

	for (; *list != '\0'; list++)
		n += *list == ',';
	return n;
}

/* Numbers from 1 to 65535 with commas, empty for the usual one; one for all hosts or for each. */
static int
is_port_list(const char *ports, const char *hosts)
{
	size_t n, nports = count_items(ports);
	long v;

	if (nports > 1 && hosts != NULL && nports != count_items(hosts))
		return 0;
	for (;; ports += n + 1) {
		n = strcspn(ports, ",");
		v = n == 0 ? 5432 : n > 5 ? 0 : strtol(ports, NULL, 10);
		if (strspn(ports, "0123456789") < n || v < 1 || v > 65535)
			return 0;
		if (ports[n] == '\0')
			return 1;
	}
}

int
pg_address_check(const char *address, struct err *e)
{
	PQconninfoOption *all;
	const char *port, *host;
	char known[64];
	int ok;

	if (strchr(address, '=') == NULL && strstr(address, "://") == NULL)
		return err_set(e, ERR_CONFIG, "is no connection string");
	if (pg_address_parse(address, &all, e) < 0) {
		unknown_keyword(address, known);
		return err_set(e, ERR_CONFIG, "%s",
		    known[0] != '\0' ? known : "cannot be understood by libpq");
	}
	port = pg_address_option(all, "port");
	host = pg_address_option(all, "hostaddr");
	if (host == NULL || host[0] == '\0')
		host = pg_address_option(all, "host");
	ok = port == NULL || is_port_list(port, host);
	PQconninfoFree(all);
	return ok ? 0 : err_set(e, ERR_CONFIG, "has a port that is none (1 to 65535)");
}

char *
pg_plain_address(const char *address)
{
	PQconninfoOption *all, *o;
	struct buf b;
	char *out;

	if (pg_address_parse(address, &all, NULL) < 0)
		return strdup("");
	if (all == NULL)
		return strdup(address);
	buf_init(&b, 16384);
	for (o = all; o->keyword != NULL; o++)
		if (o->val != NULL && o->val[0] != '\0' && strcmp(o->dispchar, "*") != 0 &&
		    strstr(o->keyword, "password") == NULL)
			add_quoted(&b, o->keyword, o->val);
	PQconninfoFree(all);
	out = strdup(buf_str(&b));
	buf_free(&b);
	return out;
}

int
pg_address_has(const char *address, const char *keyword)
{
	PQconninfoOption *all;
	const char *v;
	int has;

	if (pg_address_parse(address, &all, NULL) < 0)
		return 0;
	if (all == NULL)
		return strcmp(keyword, "dbname") == 0;
	v = pg_address_option(all, keyword);
	has = v != NULL && v[0] != '\0';
	PQconninfoFree(all);
	return has;
}

/* One text for every way to write the same place. */
void
pg_address_place(const char *address, char *host, size_t nhost, char *port, size_t nport)
{
	PQconninfoOption *all;
	const char *h, *p;

	if (pg_address_parse(address, &all, NULL) < 0)
		all = NULL;
	h = pg_address_option(all, "hostaddr");
	if (h == NULL || h[0] == '\0')
		h = pg_address_option(all, "host");
	p = pg_address_option(all, "port");
	text_copy(host, nhost, h == NULL ? "" : h);
	text_copy(port, nport, p == NULL || p[0] == '\0' ? "5432" : p);
	PQconninfoFree(all);
}

char *
pg_address_at(const char *address, const char *host, const char *port)
{
	PQconninfoOption *all, *o;
	struct buf b;
	char *out;

	buf_init(&b, 16384);
	add_quoted(&b, "host", host);
	add_quoted(&b, "port", port);
	if (pg_address_parse(address, &all, NULL) < 0)
		all = NULL;
	for (o = all; o != NULL && o->keyword != NULL; o++)
		if (o->val != NULL && o->val[0] != '\0' && strcmp(o->dispchar, "*") != 0 &&
		    strstr(o->keyword, "password") == NULL && strcmp(o->keyword, "host") != 0 &&
		    strcmp(o->keyword, "hostaddr") != 0 && strcmp(o->keyword, "port") != 0)
			add_quoted(&b, o->keyword, o->val);
	PQconninfoFree(all);
	out = strdup(buf_str(&b));
	buf_free(&b);
	return out;
}
