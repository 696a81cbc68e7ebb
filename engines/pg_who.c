/*
 * The identity of a server: see pg_who.h. Base backups copy the system identifier, so clones on one
 * machine are told apart by data directory and port, and same-looking servers on several machines
 * by the address the server itself sees, or by how it was dialled where that goes through a
 * forwarded port. Must never depend on what changes with a restart, a promotion or a reload.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/pg_who.h"
#include "hash.h"
#include "banned.h"

static int
is_loopback(const char *addr)
{
	return addr[0] == '\0' || strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0;
}

static const char *
cell(const PGresult *r, int column)
{
	return PQgetisnull(r, 0, column) ? "" : PQgetvalue(r, 0, column);
}

/* A port that is not the server's own was forwarded: then the way there tells servers apart. */
static void
route(struct pg_conn *c, const char *addr, const char *port, char *out, size_t size)
{
	const char *host = PQhost(c->pq), *dialled = PQport(c->pq);

	out[0] = '\0';
	if (!is_loopback(addr))
		snprintf(out, size, "%s", addr);
	else if (host != NULL && host[0] != '/' && dialled != NULL && strcmp(dialled, port) != 0)
		snprintf(out, size, "%s:%s", host, dialled);
}

int
pg_who_read(struct pg_conn *c, const PGresult *r, int first, struct who *out, struct err *e)
{
	char text[4096], hex[SHA256_HEX], way[512];
	const char *sysid = cell(r, first), *start = cell(r, first + 1);
	const char *dir = cell(r, first + 3), *port = cell(r, first + 4);

	memset(out, 0, sizeof(*out));
	if (sysid[0] == '\0' || strspn(sysid, "0123456789") != strlen(sysid) || start[0] == '\0') {
		err_set(e, ERR_CONN, "the server did not say who it is");
		return err_hint(
		    e, "check that the address leads to PostgreSQL itself, not to a pooler");
	}
	out->is_in_recovery = strcmp(cell(r, first + 2), "t") == 0;
	out->is_pooled = strtol(cell(r, first + 6), NULL, 10) != PQbackendPID(c->pq);
	snprintf(out->cluster, sizeof(out->cluster), "pg:%s", sysid);
	snprintf(out->incarnation, sizeof(out->incarnation), "%s", start);
	snprintf(text, sizeof(text), "%s|%s|%s", sysid, dir, port);
	sha256_hex(text, strlen(text), hex);
	snprintf(out->instance, sizeof(out->instance), "%s:%.12s@%s", out->cluster, hex, start);
	route(c, cell(r, first + 5), port, way, sizeof(way));
	snprintf(text, sizeof(text), "%s|%s|%s|%s", sysid, dir, port, way);
	sha256_hex(text, strlen(text), hex);
	snprintf(out->identity, sizeof(out->identity), "%s:%.12s", out->cluster, hex);
	return 0;
}

int
pg_who(struct pg_conn *c, struct waiter *w, int64_t deadline, struct who *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (pg_query(c, w, deadline, "SELECT " PG_WHO_COLUMNS, 0, NULL, &r, e) < 0)
		return -1;
	if (PQntuples(r) != 1 || PQnfields(r) != PG_WHO_NCOLUMNS)
		return err_set(e, ERR_CONN, "the server did not say who it is");
	return pg_who_read(c, r, 0, out, e);
}
