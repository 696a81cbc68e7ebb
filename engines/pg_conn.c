/*
 * Opening a PostgreSQL connection and asking one statement at a time: see pg_conn.h. Every wait
 * goes through the caller's waiter and ends at a hard deadline. Only the look-up of a host name
 * (libpq resolves while starting) can block, for as long as the resolver's own limits allow. Must
 * never put a password or a piece of an address that was not understood into a message.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/pg_conn.h"
#include "engines/pg_wire.h"
#include "text.h"
#include "banned.h"

#define MAX_KEYWORDS 16
#define OLDEST 120000

void
pg_clear_result(PGresult **r)
{
	PQclear(*r);
	*r = NULL;
}

static void
take_notice(void *ctx, const PGresult *r)
{
	struct pg_conn *c = ctx;

	if (c->notice != NULL)
		c->notice(c->notice_ctx, r);
}

struct keywords {
	const char *name[MAX_KEYWORDS], *value[MAX_KEYWORDS];
	size_t n;
};

static void
keyword(struct keywords *k, const char *name, const char *value)
{
	if (value == NULL || k->n + 1 >= MAX_KEYWORDS)
		return;
	k->name[k->n] = name;
	k->value[k->n++] = value;
}

/* What stands before dbname gives way to the address, what stands after it wins. */
static void
fill_keywords(struct keywords *k, const PQconninfoOption *all, const char *address,
    const struct person_config *person, const char *database, const char *application)
{
	int has_service = pg_address_option(all, "service") != NULL || getenv("PGSERVICE") != NULL;

	memset(k, 0, sizeof(*k));
	if (person != NULL && person->user != NULL)
		keyword(k, "user", person->user);
	else if (person != NULL && !has_service && getenv("PGUSER") == NULL)
		keyword(k, "user", person->name);
	if (person != NULL)
		keyword(k, "passfile", person->passfile);
	keyword(k, "keepalives_idle", "10");
	keyword(k, "keepalives_interval", "5");
	keyword(k, "keepalives_count", "3");
	keyword(k, "tcp_user_timeout", "15000");
	keyword(k, "dbname", address);
	keyword(k, "dbname", database);
	keyword(k, "application_name", application);
	keyword(k, "client_encoding", "UTF8");
}

/*
 * libpq 15 gives the SQLSTATE of a refused login only inside the verbose message: severity, two
 * blanks, five characters, colon. The severity word may be translated, the shape is not.
 */
static const char *
find_sqlstate(const char *msg, char out[6])
{
	const char *p, *q;
	int i;

	for (p = strstr(msg, ":  "); p != NULL; p = strstr(p + 1, ":  ")) {
		q = p + 3;
		for (i = 0;
		     i < 5 && (isdigit((unsigned char)q[i]) || isupper((unsigned char)q[i]));)
			i++;
		if (i == 5 && q[5] == ':' && q[6] == ' ') {
			memcpy(out, q, 5);
			out[5] = '\0';
			return q + 7;
		}
	}
	out[0] = '\0';
	return NULL;
}

/* Cuts libpq's verbose text to one line of message and one of detail. */
static void
split_message(const char *text, struct err *e)
{
	size_t n = strcspn(text, "\n");
	const char *p = text + n, *d;

	snprintf(e->msg, sizeof(e->msg), "%.*s", (int)(n > 900 ? 900 : n), text);
	if (*p == '\n' && strncmp(p + 1, "LOCATION:", 9) != 0 && (d = strstr(p, ":  ")) != NULL) {
		n = strcspn(d + 3, "\n");
		snprintf(e->detail, sizeof(e->detail), "%.*s", (int)(n > 900 ? 900 : n), d + 3);
	}
}

static int
refused(struct pg_conn *c, struct err *e)
{
	const char *text = PQerrorMessage(c->pq), *rest;
	char state[6];

	if (e == NULL)
		return -1;
	rest = find_sqlstate(text, state);
	err_set(e, ERR_CONN, "no answer");
	split_message(rest != NULL ? rest : text, e);
	memcpy(e->sqlstate, state, sizeof(state));
	err_wrap(e, "could not connect");
	if (strcmp(state, "57P03") == 0)
		return err_hint(e, "wait until the server accepts sessions, then try again");
	if (strcmp(state, "53300") == 0)
		return err_hint(e, "end a session there, or log in as a user with reserved slots");
	if (strstr(text, "GSSAPI") != NULL)
		return err_hint(e,
		    "get a ticket with kinit; krbsrvname and the server's name in the address make "
		    "the name it must be for");
	if (PQconnectionNeedsPassword(c->pq))
		return err_hint(e,
		    "put the password into a passfile (~/.pgpass, mode 0600) or name "
		    "one for this person in the config");
	return err_hint(e, "check that the server runs and that the address and login are right");
}

static int
too_late(int rc, const char *what, struct err *e)
{
	if (rc < 0)
		return err_set(e, ERR_CANCELLED, "%s was cancelled", what);
	err_set(e, ERR_CONN, "could not connect: no answer before the deadline");
	return err_hint(e, "check the address, the network and whether the server hangs");
}

static int
dial(struct pg_conn *c, struct waiter *w, int64_t deadline, struct err *e)
{
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;
	int rc;

	/* Without a socket there is nothing to wait for: libpq failed already. */
	while (s != PGRES_POLLING_OK && s != PGRES_POLLING_FAILED) {
		if (PQsocket(c->pq) < 0)
			return refused(c, e);
		rc = w->wait(
		    w, PQsocket(c->pq), s == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline);
		if (rc <= 0)
			return too_late(rc, "the connection attempt", e);
		s = PQconnectPoll(c->pq);
	}
	if (s == PGRES_POLLING_FAILED)
		return refused(c, e);
	return 0;
}

/* Its catalogues and functions are others: nothing that was asked could be trusted. */
static int
too_old(const struct pg_conn *c, struct err *e)
{
	const char *v = PQparameterStatus(c->pq, "server_version");

	err_set(e, ERR_CONN,
	    "the server is PostgreSQL %.40s, and before 12 nothing can be held or proved; nothing "
	    "was asked",
	    v == NULL ? "of an unknown version" : v);
	return err_hint(e, "use psql there");
}

int
pg_open(struct pg_conn **out, struct waiter *w, const char *address,
    const struct person_config *person, const char *database, const char *application_name,
    int64_t deadline, struct err *e)
{
	struct pg_conn *c = calloc(1, sizeof(*c));
	PQconninfoOption *all;
	struct keywords k;

	*out = NULL;
	if (c == NULL)
		abort();
	if (pg_address_parse(address, &all, e) < 0) {
		free(c);
		return -1;
	}
	fill_keywords(&k, all, address, person, database, application_name);
	c->address = pg_plain_address(address);
	c->pq = PQconnectStartParams(k.name, k.value, 1);
	PQconninfoFree(all);
	if (c->pq == NULL || c->address == NULL)
		abort();
	PQsetErrorVerbosity(c->pq, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(c->pq, take_notice, c);
	if ((PQstatus(c->pq) == CONNECTION_BAD ? refused(c, e) : dial(c, w, deadline, e)) < 0) {
		pg_close(c);
		return -1;
	}
	if (PQserverVersion(c->pq) < OLDEST) {
		too_old(c, e);
		pg_close(c);
		return -1;
	}
	PQsetErrorVerbosity(c->pq, PQERRORS_DEFAULT);
	PQsetnonblocking(c->pq, 1);
	*out = c;
	return 0;
}

void
pg_close(struct pg_conn *c)
{
	if (c == NULL)
		return;
	PQfinish(c->pq);
	free(c->address);
	free(c);
}

static void
copy_field(char *dst, size_t size, const PGresult *r, int field)
{
	const char *v = PQresultErrorField(r, field);

	snprintf(dst, size, "%s", v == NULL ? "" : v);
}

int
pg_error(struct pg_conn *c, const PGresult *r, struct err *e)
{
	const char *position = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
	int is_bad = PQstatus(c->pq) == CONNECTION_BAD;
	struct err mine;

	if (is_bad)
		c->is_broken = 1;
	if (e == NULL)
		e = &mine;
	err_set(e, is_bad ? ERR_CONN : ERR_FAILED, "the server gave no reason");
	if (PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) != NULL) {
		copy_field(e->msg, sizeof(e->msg), r, PG_DIAG_MESSAGE_PRIMARY);
		copy_field(e->detail, sizeof(e->detail), r, PG_DIAG_MESSAGE_DETAIL);
		copy_field(e->hint, sizeof(e->hint), r, PG_DIAG_MESSAGE_HINT);
		copy_field(e->sqlstate, sizeof(e->sqlstate), r, PG_DIAG_SQLSTATE);
		if (strcmp(e->sqlstate, "55P03") == 0 && e->hint[0] == '\0')
			err_hint(e, "`locks` and `activity` show whose lock is in the way: end "
				    "that session or wait for it, then try again");
		e->position = position == NULL ? 0 : (int)strtol(position, NULL, 10);
		return -1;
	}
	split_message(r != NULL && PQresultErrorMessage(r)[0] != '\0' ? PQresultErrorMessage(r)
								      : PQerrorMessage(c->pq),
	    e);
	return is_bad ? err_wrap(e, "the connection broke") : -1;
}
