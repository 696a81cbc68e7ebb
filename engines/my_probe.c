/*
 * Reading one server's facts: see my_probe.h. Columns by name, since their order and number depend
 * on the version. What a missing privilege hides is named, never guessed. Must never write.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/my_probe.h"
#include "banned.h"

#define MAX_ROWS 1000

struct probing {
	struct my_conn *c;
	struct waiter *w;
	int64_t deadline;
	struct arena *a;
	struct my_probe *p;
};

static const char *
text(struct probing *x, MYSQL_RES *r, MYSQL_ROW row, const char *column, const char *newer)
{
	const char *t = my_cell(r, row, column);

	if (t == NULL && newer != NULL)
		t = my_cell(r, row, newer);
	return arena_strdup(x->a, t == NULL ? "" : t);
}

static int64_t
number(const char *t, int64_t otherwise)
{
	return t == NULL || t[0] == '\0' ? otherwise : strtoll(t, NULL, 10);
}

/* 1 rows came, 0 denied or not known there (the privilege is noted), -1 the session broke. */
static int
ask(struct probing *x, const char *sql, const char *privilege, MYSQL_RES **r, struct err *e)
{
	struct err own = {0};

	if (my_query(x->c, x->w, x->deadline, sql, r, &own) == 0)
		return *r != NULL;
	if (x->c->is_broken || own.code == ERR_CANCELLED || now_ms() >= x->deadline) {
		if (e != NULL)
			*e = own;
		return -1;
	}
	if (privilege != NULL && strcmp(own.sqlstate, "42000") == 0) {
		x->p->missing =
		    arena_grow(x->a, x->p->missing, x->p->nmissing, sizeof(*x->p->missing));
		x->p->missing[x->p->nmissing++] = privilege;
	}
	return 0;
}

static int
read_self(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_probe *p = x->p;
	MYSQL_ROW row;
	const char *sql = x->c->is_mariadb
			      ? "SELECT @@global.server_id, @@hostname, @@port, @@datadir, "
				"@@global.read_only, @@log_bin, @@log_slave_updates, "
				"@@global.slave_parallel_threads, @@global.gtid_slave_pos, "
				"@@global.gtid_binlog_pos, NULL, @@version, "
				"@@global.rpl_semi_sync_master_enabled, "
				"@@global.rpl_semi_sync_slave_enabled"
			      : "SELECT @@global.server_id, @@hostname, @@port, @@datadir, "
				"@@global.read_only, @@log_bin, @@log_slave_updates, "
				"@@global.slave_parallel_workers, @@global.gtid_executed, "
				"@@global.gtid_executed, @@server_uuid, @@version, 0, 0";

	if (my_query(x->c, x->w, x->deadline, sql, &r, e) < 0)
		return -1;
	if (r == NULL || (row = mysql_fetch_row(r)) == NULL)
		return err_set(e, ERR_CONN, "the server's answer was not understood");
	p->server_id = (unsigned)number(row[0], 0);
	p->hostname = arena_strdup(x->a, row[1] == NULL ? "" : row[1]);
	p->port = (int)number(row[2], 0);
	p->data_directory = arena_strdup(x->a, row[3]);
	p->is_read_only = number(row[4], 0) != 0;
	p->has_log = number(row[5], 0) != 0;
	p->logs_updates = number(row[6], 0) != 0;
	p->parallel = (int)number(row[7], 0);
	p->applied = arena_strdup(x->a, row[8] == NULL ? "" : row[8]);
	p->written = arena_strdup(x->a, row[9] == NULL ? "" : row[9]);
	p->uuid = arena_strdup(x->a, row[10]);
	p->version_text = arena_strdup(x->a, row[11]);
	if (number(row[12], 0) != 0)
		p->semi_sync = "master";
	else if (number(row[13], 0) != 0)
		p->semi_sync = "replica";
	return 0;
}

static void
read_channel(struct probing *x, MYSQL_RES *r, MYSQL_ROW row)
{
	struct my_probe *p = x->p;
	struct my_channel *ch;
	const char *name = my_cell(r, row, "Connection_name"), *uuid;

	p->channels = arena_grow(x->a, p->channels, p->nchannels, sizeof(*ch));
	ch = &p->channels[p->nchannels++];
	memset(ch, 0, sizeof(*ch));
	ch->name = name != NULL ? arena_strdup(x->a, name) : text(x, r, row, "Channel_Name", NULL);
	ch->host = text(x, r, row, "Master_Host", "Source_Host");
	ch->port = (int)number(text(x, r, row, "Master_Port", "Source_Port"), 0);
	ch->source_id =
	    (unsigned)number(text(x, r, row, "Master_Server_Id", "Source_Server_Id"), 0);
	uuid = text(x, r, row, "Master_UUID", "Source_UUID");
	ch->source_uuid = uuid[0] == '\0' ? NULL : uuid;
	ch->io_runs = strcmp(text(x, r, row, "Slave_IO_Running", "Replica_IO_Running"), "Yes") == 0;
	ch->sql_runs =
	    strcmp(text(x, r, row, "Slave_SQL_Running", "Replica_SQL_Running"), "Yes") == 0;
	ch->file = text(x, r, row, "Relay_Master_Log_File", "Relay_Source_Log_File");
	ch->offset = text(x, r, row, "Exec_Master_Log_Pos", "Exec_Source_Log_Pos");
	ch->delay_s = number(text(x, r, row, "SQL_Delay", NULL), 0);
	ch->behind_s =
	    number(text(x, r, row, "Seconds_Behind_Master", "Seconds_Behind_Source"), -1);
	ch->io_error = text(x, r, row, "Last_IO_Error", NULL);
	ch->sql_error = text(x, r, row, "Last_SQL_Error", NULL);
	ch->state = text(x, r, row, "Slave_SQL_Running_State", "Replica_SQL_Running_State");
}

static int
read_channels(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	MYSQL_ROW row;
	int rc = ask(x, my_sql_replica_status(x->c->is_mariadb, x->c->version),
	    x->c->is_mariadb ? "SLAVE MONITOR" : "REPLICATION CLIENT", &r, e);

	while (rc > 0 && (row = mysql_fetch_row(r)) != NULL && x->p->nchannels < 64)
		read_channel(x, r, row);
	return rc < 0 ? -1 : 0;
}

static int
read_children(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_child *ch;
	MYSQL_ROW row;
	int rc = ask(x, my_sql_replicas(x->c->is_mariadb, x->c->version),
	    x->c->is_mariadb ? "REPLICATION MASTER ADMIN" : "REPLICATION SLAVE", &r, e);

	while (rc > 0 && (row = mysql_fetch_row(r)) != NULL && x->p->nchildren < MAX_ROWS) {
		x->p->children = arena_grow(x->a, x->p->children, x->p->nchildren, sizeof(*ch));
		ch = &x->p->children[x->p->nchildren++];
		ch->server_id = (unsigned)number(my_cell(r, row, "Server_id"), 0);
		ch->host = text(x, r, row, "Host", NULL);
		ch->port = (int)number(my_cell(r, row, "Port"), 0);
		ch->uuid = text(x, r, row, "Slave_UUID", "Replica_UUID");
	}
	return rc < 0 ? -1 : 0;
}

/* Who else is logged in: readers of the log, and programs that would undo a pause. */
static int
read_sessions(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	struct my_probe *p = x->p;
	struct my_dump *d;
	MYSQL_ROW row;
	int rc = ask(x,
	    "SELECT ID, USER, HOST, COMMAND, STATE FROM information_schema.PROCESSLIST WHERE "
	    "COMMAND LIKE 'Binlog Dump%' OR USER REGEXP "
	    "'^(orchestrator|orc_|vtorc|vt_|maxscale|maxmon|mariadbmon|replication.?manager|"
	    "repman|mha)' ORDER BY ID LIMIT 1000",
	    NULL, &r, e);

	while (rc > 0 && (row = mysql_fetch_row(r)) != NULL) {
		if (row[3] == NULL || strncmp(row[3], "Binlog Dump", 11) != 0) {
			p->managers =
			    arena_grow(x->a, p->managers, p->nmanagers, sizeof(*p->managers));
			p->managers[p->nmanagers++] = arena_strdup(x->a, row[1]);
			continue;
		}
		p->dumps = arena_grow(x->a, p->dumps, p->ndumps, sizeof(*d));
		d = &p->dumps[p->ndumps++];
		d->id = number(row[0], 0);
		d->user = arena_strdup(x->a, row[1] == NULL ? "" : row[1]);
		d->host = arena_strdup(x->a, row[2] == NULL ? "" : row[2]);
		d->state = arena_strdup(x->a, row[4] == NULL ? "" : row[4]);
	}
	return rc < 0 ? -1 : 0;
}

static int
read_log(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	MYSQL_ROW row;
	int rc = ask(x, my_sql_log_status(x->c->is_mariadb, x->c->version),
	    x->c->is_mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT", &r, e);

	if (rc > 0 && (row = mysql_fetch_row(r)) != NULL) {
		x->p->file = text(x, r, row, "File", NULL);
		x->p->offset = text(x, r, row, "Position", NULL);
	}
	return rc < 0 ? -1 : 0;
}

/* Galera and Group Replication: there is no replay to pause. */
static int
read_group(struct probing *x, struct err *e)
{
	CLEAN_MY_RESULT MYSQL_RES *r = NULL;
	CLEAN_MY_RESULT MYSQL_RES *g = NULL;
	MYSQL_ROW row;
	int rc = ask(x, "SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'", NULL, &r, e);

	if (rc > 0 && (row = mysql_fetch_row(r)) != NULL)
		x->p->wsrep_size = number(row[1], 0);
	if (rc < 0 || x->c->is_mariadb || x->c->version < 50717)
		return rc < 0 ? -1 : 0;
	rc = ask(x,
	    "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE "
	    "MEMBER_STATE <> 'OFFLINE'",
	    NULL, &g, e);
	if (rc > 0 && (row = mysql_fetch_row(g)) != NULL)
		x->p->in_group = number(row[0], 0) > 0;
	return rc < 0 ? -1 : 0;
}

int
my_probe(struct my_conn *c, struct waiter *w, int64_t deadline, struct arena *a,
    struct my_probe **out, struct err *e)
{
	struct my_probe *p = arena_alloc(a, sizeof(*p));
	struct probing x = {.c = c, .w = w, .deadline = deadline, .a = a, .p = p};

	p->version = c->version;
	p->is_mariadb = c->is_mariadb;
	if (my_who(c, w, deadline, &p->who, e) < 0 || read_self(&x, e) < 0 ||
	    read_channels(&x, e) < 0 || read_children(&x, e) < 0 || read_sessions(&x, e) < 0 ||
	    read_group(&x, e) < 0)
		return -1;
	/* Its own position last: what its replicas have applied cannot be ahead of it. */
	if (read_log(&x, e) < 0)
		return -1;
	p->seen_ms = now_ms();
	*out = p;
	return 0;
}
