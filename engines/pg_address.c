/*
 * Addresses as libpq takes them: connection strings and URLs. Taking them apart, leaving secrets
 * out, and making the address of a neighbour from the one a node was reached by. Must never hand
 * out a password, nor quote a piece of an address that was not understood.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
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
