/*
 * MariaDB's and MySQL's rows of the table of drivers, their sessions, and who a server is. No
 * identity is common to a cluster's servers there, so the cluster is called by its name in the
 * config; a server is known by its unique id, name, port and directory. Must never depend on what
 * changes with a restart, but for the incarnation.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_driver.h"
#include "engines/my_library.h"
#include "banned.h"

int
my_control(
    struct cluster *c, struct member *m, struct waiter *w, struct my_conn **out, struct err *e)
{
	struct conn *x;

	if (member_control(c, m, w, &x, e) < 0)
		return -1;
	*out = my(x);
	return 0;
}

int
my_session_open(struct cluster *c, struct waiter *w, const char *address, const char *database,
    int is_control, struct my_conn **out, struct err *e)
{
	char name[160];

	if (my_conn_open(out, w, address, c->setup.person,
		database != NULL ? database : c->setup.config->database,
		cluster_application(c, name, sizeof(name)), is_control,
		cluster_deadline(c, LIMIT_CONNECT), e) < 0)
		return -1;
	if ((*out)->is_mariadb != (strcmp(c->driver->engine, "mariadb") == 0)) {
		my_conn_close(*out);
		*out = NULL;
		return err_set(e, ERR_CONFIG,
		    "the server there is %s, and the config says engine = %s",
		    strcmp(c->driver->engine, "mariadb") == 0 ? "MySQL" : "MariaDB",
		    c->driver->engine);
	}
	snprintf((*out)->cluster, sizeof((*out)->cluster), "my:%.70s", c->setup.config->name);
	return 0;
}

static int
open_session(struct cluster *c, struct waiter *w, const char *address, const char *database,
    struct conn **out, struct err *e)
{
	struct my_conn *x;

	if (my_session_open(c, w, address, database, 0, &x, e) < 0)
		return -1;
	*out = my_as_conn(x);
	return 0;
}

static int
open_control(
    struct cluster *c, struct waiter *w, const char *address, struct conn **out, struct err *e)
{
	struct my_conn *x;

	if (my_session_open(c, w, address, NULL, 1, &x, e) < 0)
		return -1;
	*out = my_as_conn(x);
	return 0;
}

static void
close_session(struct conn *x)
{
	my_conn_close(my(x));
}

const char *
my_sql_replica_status(int is_mariadb, int version)
{
	if (is_mariadb)
		return "SHOW ALL SLAVES STATUS";
	return version >= 80022 ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS";
}

const char *
my_sql_replicas(int is_mariadb, int version)
{
	return !is_mariadb && version >= 80022 ? "SHOW REPLICAS" : "SHOW SLAVE HOSTS";
}

const char *
my_sql_log_status(int is_mariadb, int version)
{
	return !is_mariadb && version >= 80200 ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

/* Both sides are read at the same moment of one statement: the difference does not jitter. */
const char *
my_sql_start(int is_mariadb, int version)
{
	if (!is_mariadb && version >= 50706)
		return "(SELECT CAST(UNIX_TIMESTAMP() - VARIABLE_VALUE AS UNSIGNED) FROM "
		       "performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime')";
	return "(SELECT CAST(UNIX_TIMESTAMP() - VARIABLE_VALUE AS UNSIGNED) FROM "
	       "information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME')";
}

const char *
my_sql_identity(int is_mariadb)
{
#define HASH(id)                                                                                   \
	"LEFT(SHA2(CONCAT_WS('|', " id ", @@global.server_id, @@hostname, @@port, @@datadir), "    \
	"256), 24)"
	return is_mariadb ? HASH("@@server_uid") : HASH("@@server_uuid");
}

static const char *
text_of(MYSQL_ROW row, int i)
{
	return row[i] == NULL ? "" : row[i];
}

static void
identify(struct my_conn *c, MYSQL_ROW row, struct who *out)
{
	long port = strtol(text_of(row, 1), NULL, 10);

	snprintf(out->cluster, sizeof(out->cluster), "%.63s", c->cluster);
	snprintf(out->incarnation, sizeof(out->incarnation), "%.39s", text_of(row, 2));
	snprintf(out->instance, sizeof(out->instance), "my:%.24s@%.39s", text_of(row, 0),
	    out->incarnation);
	/* A port that is not the server's own was forwarded: then the way there tells them apart.
	 */
	if (c->place.socket[0] == '\0' && c->place.port != (int)port)
		snprintf(out->identity, sizeof(out->identity), "my:%.24s@%.60s:%d", text_of(row, 0),
		    c->place.host, c->place.port);
	else
		snprintf(out->identity, sizeof(out->identity), "my:%.24s", text_of(row, 0));
}

const char *
my_sql_who(struct my_conn *c, char *sql, size_t size)
{
	snprintf(sql, size, "SELECT %s, @@port, %s, @@global.read_only",
	    my_sql_identity(c->is_mariadb), my_sql_start(c->is_mariadb, c->version));
	return sql;
}

int
my_identify(struct my_conn *c, MYSQL_RES *r, struct who *out, struct err *e)
{
	MYSQL_ROW row;

	memset(out, 0, sizeof(*out));
	if (r == NULL || (row = mysql_fetch_row(r)) == NULL || mysql_num_fields(r) != 4 ||
	    text_of(row, 2)[0] == '\0')
		return err_set(e, ERR_CONN, "the server did not say who it is");
	identify(c, row, out);
	/* Without the right to see it, a server that takes no writes is taken for a replica. */
	out->is_in_recovery = strcmp(text_of(row, 3), "0") != 0;
	return 0;
}

int
my_who(struct my_conn *c, struct waiter *w, int64_t deadline, struct who *out, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	CLEAN_MY_RESULT MYSQL_RES *channels = NULL;
	char who[600];
	const char *const sql[] = {
	    my_sql_who(c, who, sizeof(who)), my_sql_replica_status(c->is_mariadb, c->version)};
	MYSQL_RES *answers[2];
	size_t n = my_batch(c, w, deadline, sql, 2, answers, e);

	r = answers[0];
	channels = answers[1];
	if (n == 0 || my_identify(c, r, out, e) < 0)
		return -1;
	if (n == 2)
		out->is_in_recovery = channels != NULL && mysql_num_rows(channels) > 0;
	else
		err_clear(e);
	return c->is_broken ? err_set(e, ERR_CONN, "the connection broke") : 0;
}

static int
who_is(struct conn *x, struct waiter *w, int64_t deadline, struct who *out, struct err *e)
{
	return my_who(my(x), w, deadline, out, e);
}

static int
is_usable(const struct conn *x)
{
	return x != NULL && !((const struct my_conn *)(const void *)x)->is_broken;
}

/* A server never speaks first: bytes, or an end of file, on an idle session mean that it is gone.
 */
static int
is_alive(struct conn *x)
{
	struct pollfd p = {.events = POLLIN};

	if (!is_usable(x))
		return 0;
	p.fd = my_library_socket(my(x)->my);
	return poll(&p, 1, 0) == 0;
}

static const char *
address_of(const struct conn *x)
{
	return ((const struct my_conn *)(const void *)x)->address;
}

static void
cancel(struct conn *x)
{
	/* Nobody knows from here whether something runs; killing nothing is harmless. */
	if (is_usable(x))
		my_kill(my(x));
}

#define MY_DRIVER(which)                                                                           \
	{                                                                                          \
		.engine = (which), .open = open_session, .open_control = open_control,             \
		.close = close_session, .who = who_is, .is_usable = is_usable,                     \
		.is_alive = is_alive, .address = address_of, .cancel = cancel, .look = my_look_at, \
		.draw = my_draw, .forget = my_forget, .session = my_ask_session,                   \
		.refine = my_ask_refine, .reads = my_ask_reads, .syntax = my_ask_syntax,           \
		.dependents = my_ask_dependents, .estimate = my_ask_estimate, .list = my_ask_list, \
		.names = my_ask_names, .attempt = my_attempt, .check_main = my_check_main,         \
		.fate = my_ask_fate, .logs = my_ask_logs, .dump = my_ask_dump,                     \
		.standing = my_ask_standing, .pen = my_pen, .xact_status = my_xact_status,         \
		.procedures = my_procedures,                                                       \
	}

const struct driver driver_mariadb = MY_DRIVER("mariadb");
const struct driver driver_mysql = MY_DRIVER("mysql");
