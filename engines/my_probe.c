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

static int
read_who(struct probing *x, MYSQL_RES *r, struct err *e)
{
	return my_identify(x->c, r, &x->p->who, e);
}

static int
read_self(struct probing *x, MYSQL_RES *r, struct err *e)
{
	struct my_probe *p = x->p;
	MYSQL_ROW row;

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
	p->state = arena_strdup(x->a, row[14]);
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
	ch->got_file = text(x, r, row, "Master_Log_File", "Source_Log_File");
	ch->got_offset = text(x, r, row, "Read_Master_Log_Pos", "Read_Source_Log_Pos");
	ch->delay_s = number(text(x, r, row, "SQL_Delay", NULL), 0);
	ch->behind_s =
	    number(text(x, r, row, "Seconds_Behind_Master", "Seconds_Behind_Source"), -1);
	ch->relay_bytes = number(my_cell(r, row, "Relay_Log_Space"), -1);
	ch->io_error = text(x, r, row, "Last_IO_Error", NULL);
	ch->sql_error = text(x, r, row, "Last_SQL_Error", NULL);
	ch->state = text(x, r, row, "Slave_SQL_Running_State", "Replica_SQL_Running_State");
}

static int
read_channels(struct probing *x, MYSQL_RES *r, struct err *e)
{
	MYSQL_ROW row;

	(void)e;
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL && x->p->nchannels < 64)
		read_channel(x, r, row);
	x->p->who.is_in_recovery = x->p->nchannels > 0;
	return 0;
}

static int
read_children(struct probing *x, MYSQL_RES *r, struct err *e)
{
	struct my_child *ch;
	MYSQL_ROW row;

	(void)e;
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL && x->p->nchildren < MAX_ROWS) {
		x->p->children = arena_grow(x->a, x->p->children, x->p->nchildren, sizeof(*ch));
		ch = &x->p->children[x->p->nchildren++];
		ch->server_id = (unsigned)number(my_cell(r, row, "Server_id"), 0);
		ch->host = text(x, r, row, "Host", NULL);
		ch->port = (int)number(my_cell(r, row, "Port"), 0);
		ch->uuid = text(x, r, row, "Slave_UUID", "Replica_UUID");
	}
	return 0;
}

/* Who else is logged in: readers of the log, and programs that would undo a pause. */
static int
read_sessions(struct probing *x, MYSQL_RES *r, struct err *e)
{
	struct my_probe *p = x->p;
	struct my_dump *d;
	MYSQL_ROW row;

	(void)e;
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
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
	return 0;
}

/* Galera's members, and how much log is written: MySQL does not count that. */
static int
read_status(struct probing *x, MYSQL_RES *r, struct err *e)
{
	MYSQL_ROW row;

	(void)e;
	x->p->log_bytes = -1;
	while (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		if (strcasecmp(row[0], "wsrep_cluster_size") == 0)
			x->p->wsrep_size = number(row[1], 0);
		else if (strcasecmp(row[0], "Binlog_bytes_written") == 0)
			x->p->log_bytes = number(row[1], -1);
		else if (strcasecmp(row[0], "Uptime") == 0)
			x->p->uptime_s = number(row[1], 0);
	}
	return 0;
}

/* Galera and Group Replication: there is no replay to pause. */
static int
read_group(struct probing *x, MYSQL_RES *r, struct err *e)
{
	MYSQL_ROW row;

	(void)e;
	if (r != NULL && (row = mysql_fetch_row(r)) != NULL)
		x->p->in_group = number(row[0], 0) > 0;
	return 0;
}

static int
read_log(struct probing *x, MYSQL_RES *r, struct err *e)
{
	MYSQL_ROW row;

	(void)e;
	if (r != NULL && (row = mysql_fetch_row(r)) != NULL) {
		x->p->file = text(x, r, row, "File", NULL);
		x->p->offset = text(x, r, row, "Position", NULL);
	}
	return 0;
}

#define MAX_QUESTIONS 8

struct question {
	const char *sql;
	const char *privilege; /* without which it is not answered; NULL: not said */
	int is_needed;	       /* without its answer nothing is known */
	int (*read)(struct probing *x, MYSQL_RES *r, struct err *e);
};

#define SELF(updates, parallel)                                                                    \
	"SELECT @@global.server_id, @@hostname, @@port, @@datadir, @@global.read_only, "           \
	"@@log_bin, "                                                                              \
	"@@" updates ", @@global." parallel ", "
#define SELF_MYSQL                                                                                 \
	"@@global.gtid_executed, @@global.gtid_executed, @@server_uuid, @@version, 0, 0, NULL"

static const char *
self_of(int is_mariadb, int version)
{
	if (is_mariadb)
		return SELF("log_slave_updates",
		    "slave_parallel_threads") "@@global.gtid_slave_pos, @@global.gtid_binlog_pos, "
					      "NULL, @@version, "
					      "@@global.rpl_semi_sync_master_enabled, "
					      "@@global.rpl_semi_sync_slave_enabled, "
					      "@@global.gtid_binlog_state";
	return version >= 80026 ? SELF("log_replica_updates", "replica_parallel_workers") SELF_MYSQL
				: SELF("log_slave_updates", "slave_parallel_workers") SELF_MYSQL;
}

/* Its own position last: what its replicas have applied cannot be ahead of it. */
static size_t
ask_for(struct probing *x, char who[600], struct question q[MAX_QUESTIONS])
{
	int m = x->c->is_mariadb, v = x->c->version;
	size_t n = 0;

	q[n++] = (struct question){my_sql_who(x->c, who, 600), NULL, 1, read_who};
	q[n++] = (struct question){self_of(m, v), NULL, 1, read_self};
	q[n++] = (struct question){my_sql_replica_status(m, v),
	    m ? "SLAVE MONITOR" : "REPLICATION CLIENT", 0, read_channels};
	q[n++] = (struct question){my_sql_replicas(m, v),
	    m ? "REPLICATION MASTER ADMIN" : "REPLICATION SLAVE", 0, read_children};
	q[n++] = (struct question){
	    "SELECT ID, USER, HOST, COMMAND, STATE FROM information_schema.PROCESSLIST WHERE "
	    "COMMAND LIKE 'Binlog Dump%' OR USER REGEXP "
	    "'^(orchestrator|orc_|vtorc|vt_|maxscale|maxmon|mariadbmon|replication.?manager|"
	    "repman|mha)' ORDER BY ID LIMIT 1000",
	    NULL, 0, read_sessions};
	q[n++] =
	    (struct question){"SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', "
			      "'Binlog_bytes_written', 'Uptime')",
		NULL, 0, read_status};
	if (!m && v >= 50717)
		q[n++] = (struct question){
		    "SELECT COUNT(*) FROM performance_schema.replication_group_members WHERE "
		    "MEMBER_STATE <> 'OFFLINE'",
		    NULL, 0, read_group};
	q[n++] = (struct question){
	    my_sql_log_status(m, v), m ? "BINLOG MONITOR" : "REPLICATION CLIENT", 0, read_log};
	return n;
}

/* An answer that is no answer: the privilege is noted. -1: the session broke, or it was needed. */
static int
refused(struct probing *x, const struct question *q, const struct err *why, struct err *e)
{
	if (q->is_needed || x->c->is_broken || why->code == ERR_CANCELLED ||
	    now_ms() >= x->deadline) {
		if (e != NULL)
			*e = *why;
		return -1;
	}
	if (q->privilege != NULL && strcmp(why->sqlstate, "42000") == 0) {
		x->p->missing =
		    arena_grow(x->a, x->p->missing, x->p->nmissing, sizeof(*x->p->missing));
		x->p->missing[x->p->nmissing++] = q->privilege;
	}
	return 0;
}

/* All questions in one message; one that is refused costs another message for those behind it. */
static int
ask_all(struct probing *x, const struct question *q, size_t n, struct err *e)
{
	MYSQL_RES *answers[MAX_QUESTIONS];
	const char *sql[MAX_QUESTIONS];
	size_t at = 0, got, i;
	struct err own;
	int rc = 0;

	for (i = 0; i < n; i++)
		sql[i] = q[i].sql;
	while (at < n && rc == 0) {
		err_clear(&own);
		got = my_batch(x->c, x->w, x->deadline, sql + at, n - at, answers, &own);
		for (i = 0; i < n - at; i++) {
			if (i < got && rc == 0)
				rc = q[at + i].read(x, answers[i], e);
			my_clear_result(&answers[i]);
		}
		at += got;
		if (at < n && rc == 0)
			rc = refused(x, &q[at++], &own, e);
	}
	return rc;
}

int
my_probe(struct my_conn *c, struct waiter *w, int64_t deadline, struct arena *a,
    struct my_probe **out, struct err *e)
{
	struct my_probe *p = arena_alloc(a, sizeof(*p));
	struct probing x = {.c = c, .w = w, .deadline = deadline, .a = a, .p = p};
	struct question q[MAX_QUESTIONS];
	char who[600];

	p->version = c->version;
	p->is_mariadb = c->is_mariadb;
	if (ask_all(&x, q, ask_for(&x, who, q), e) < 0)
		return -1;
	p->seen_ms = now_ms();
	*out = p;
	return 0;
}
