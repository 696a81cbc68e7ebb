/*
 * All facts of one server in one round trip: a pipeline of const questions, each with its own sync,
 * so that a denied one does not lose the others. What a plain login may not see is NULL, not an
 * error. Must never read primary_conninfo as a whole: it holds a password.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_probe.h"
#include "engines/pg_wire.h"
#include "banned.h"

#define MAX_ROWS 10000

enum question {
	Q_LIMIT,
	Q_NODE,
	Q_RECEIVER,
	Q_SENDERS,
	Q_SLOTS,
	Q_MARKS,
	Q_COMPANY,
	Q_SUBSCRIPTIONS,
	Q_PUBLICATIONS,
	Q_UNLIMIT,
	Q_FILES,
	Q_HISTORY,
	NQ
};

/* Columns of Q_NODE after those of PG_WHO_COLUMNS. */
enum {
	N_VERSION = PG_WHO_NCOLUMNS,
	N_TIMELINE,
	N_RECEIVE,
	N_REPLAY,
	N_CURRENT,
	N_AGE,
	N_WAIT,
	N_CLUSTER_NAME,
	N_SLOT,
	N_TARGET,
	N_SYNC_COMMIT,
	N_SYNC_NAMES,
	N_FEEDBACK,
	N_ARCHIVE,
	N_ARCHIVE_COMMAND,
	N_SLOT_KEEP,
	N_DELAY,
	N_UP_HOST,
	N_UP_PORT,
	N_CAN_READ_FILES,
	N_CAN_READ_HISTORY,
	N_RESTORE,
	N_DATABASE,
	N_PAUSE,
	N_WAL_AVERAGE,
	N_LIMITS,
	N_REPLAY_LOCKS,
	N_COLUMNS
};

#define STARTUP_WAIT                                                                               \
	"(SELECT wait_event FROM pg_catalog.pg_stat_activity WHERE backend_type = 'startup' "      \
	"LIMIT 1)"
#define OF_CONNINFO(what)                                                                          \
	"(SELECT substring(setting FROM '(?:^|\\s)" what "\\s*=\\s*''?([^''\\s]+)')"               \
	" FROM pg_catalog.pg_settings WHERE name = 'primary_conninfo')"

/* greatest(): right after a promotion the control file still has the old one. */
#define TIMELINE                                                                                   \
	"CASE WHEN pg_is_in_recovery() THEN greatest("                                             \
	"  (SELECT timeline_id FROM pg_control_checkpoint()),"                                     \
	"  (SELECT min_recovery_end_timeline FROM pg_control_recovery()),"                         \
	"  (SELECT received_tli FROM pg_stat_wal_receiver LIMIT 1))"                               \
	"  ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END"

#define WAL_AVERAGE                                                                                \
	"(SELECT (wal_bytes / greatest(EXTRACT(epoch FROM clock_timestamp() - stats_reset), 1))"   \
	"::bigint FROM pg_catalog.pg_stat_wal)"

/* A standby that has less of these than its primary had when it wrote stops replaying by itself. */
#define LIMITS                                                                                     \
	"concat_ws(' ', current_setting('max_connections'),"                                       \
	" current_setting('max_worker_processes'), current_setting('max_wal_senders'),"            \
	" current_setting('max_prepared_transactions'),"                                           \
	" current_setting('max_locks_per_transaction')),"

#define REPLAY_LOCKS                                                                               \
	" CASE WHEN pg_is_in_recovery() THEN (SELECT count(*) FROM pg_catalog.pg_locks AS l"       \
	"  JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid WHERE l.granted"                 \
	"  AND a.backend_type = 'startup' AND l.mode = 'AccessExclusiveLock') END"

#define NODE_SQL(pause, average)                                                                   \
	"SELECT " PG_WHO_COLUMNS ", current_setting('server_version')," TIMELINE ","               \
	" pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(),"                                    \
	" CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END,"                 \
	" CASE WHEN pg_is_in_recovery() THEN round((EXTRACT(epoch FROM clock_timestamp() -"        \
	"  pg_last_xact_replay_timestamp()) * 1000)::numeric) END,"                                \
	" " STARTUP_WAIT "," /* hidden from a login without pg_read_all_stats */                   \
	" current_setting('cluster_name'), current_setting('primary_slot_name', true),"            \
	" current_setting('recovery_target_lsn', true), current_setting('synchronous_commit'),"    \
	" current_setting('synchronous_standby_names'), current_setting('hot_standby_feedback'),"  \
	" current_setting('archive_mode'),"                                                        \
	" coalesce(nullif(current_setting('archive_library', true), ''),"                          \
	"  current_setting('archive_command')), current_setting('max_slot_wal_keep_size', true),"  \
	" (EXTRACT(epoch FROM current_setting('recovery_min_apply_delay', true)::interval)"        \
	"  * 1000)::bigint," OF_CONNINFO("host") "," OF_CONNINFO(                                  \
	    "port") ","                                                                            \
		    " has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AND"            \
		    "  has_function_privilege('pg_catalog.pg_show_all_file_settings()', "          \
		    "'EXECUTE'),"                                                                  \
		    " has_function_privilege('pg_catalog.pg_read_file(text,bigint,bigint,bool)', " \
		    "'EXECUTE'),"                                                                  \
		    " current_setting('restore_command', true) <> '', current_database(),"         \
		    " CASE WHEN pg_is_in_recovery() THEN " pause " END, " average                  \
		    ", " LIMITS REPLAY_LOCKS

#define RETAINED                                                                                   \
	"pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()"             \
	" ELSE pg_current_wal_lsn() END, s.restart_lsn)::bigint"

/* Rows by server version: the first that fits is asked. */
static const struct {
	enum question q;
	int from;
	const char *sql;
} questions[] = {
    /* Names must mean the built-in things, whatever the database's search_path says. */
    {Q_LIMIT, 0,
	"SELECT pg_catalog.set_config('statement_timeout', '5000', false),"
	" pg_catalog.set_config('search_path', 'pg_catalog', false)"},
    {Q_NODE, 140000, NODE_SQL("pg_get_wal_replay_pause_state()", WAL_AVERAGE)},
    /* Before 14 the function is already true while the pause is only requested. */
    {Q_NODE, 0,
	NODE_SQL("CASE WHEN NOT pg_is_wal_replay_paused() THEN 'not paused'"
		 " WHEN " STARTUP_WAIT
		 " = 'RecoveryPause' THEN 'paused' ELSE 'pause requested' END",
	    "NULL")},
    {Q_RECEIVER, 0,
	"SELECT sender_host, sender_port, slot_name, status FROM pg_catalog.pg_stat_wal_receiver"},
    {Q_SENDERS, 0,
	"SELECT r.pid, r.application_name, host(r.client_addr), r.state, r.sync_state, s.slot_name,"
	" s.slot_type, " RETAINED " FROM pg_catalog.pg_stat_replication r"
	" LEFT JOIN pg_catalog.pg_replication_slots s ON s.active_pid = r.pid ORDER BY r.pid"},
    {Q_SLOTS, 130000,
	"SELECT s.slot_name, s.slot_type, s.plugin, s.database, s.active, s.active_pid,"
	" s.restart_lsn IS NOT NULL, " RETAINED ", s.wal_status, s.safe_wal_size"
	" FROM pg_catalog.pg_replication_slots s ORDER BY 1"},
    {Q_SLOTS, 0,
	"SELECT s.slot_name, s.slot_type, s.plugin, s.database, s.active, s.active_pid,"
	" s.restart_lsn IS NOT NULL, " RETAINED ", NULL, NULL"
	" FROM pg_catalog.pg_replication_slots s ORDER BY 1"},
    {Q_MARKS, 0,
	"SELECT application_name FROM pg_catalog.pg_stat_activity"
	" WHERE application_name ~ '^(Patroni|repmgr|pgautofailover|pg_auto_failover|cnpg)'"
	" UNION SELECT slot_name FROM pg_catalog.pg_replication_slots"
	" WHERE slot_name ~ '^(pgautofailover_standby_|_cnpg_)' ORDER BY 1 LIMIT 50"},
    /* Two sessions a node are kept open by everybody who looks: those that do nothing are one. */
    {Q_COMPANY, 0,
	"SELECT DISTINCT ON (a.application_name, l.pid IS NOT NULL, a.state, a.query)"
	" substr(a.application_name, 10), a.pid, a.state, (EXTRACT(epoch FROM clock_timestamp() -"
	" coalesce(a.xact_start, a.state_change)) * 1000)::bigint,"
	" CASE WHEN a.state <> 'idle' OR l.pid IS NOT NULL THEN left(a.query, 200) END,"
	" l.pid IS NOT NULL FROM pg_catalog.pg_stat_activity AS a"
	" LEFT JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND l.locktype = 'advisory'"
	"  AND l.granted AND l.classid = " PEN_HIGH " AND l.objid = " PEN_LOW " AND l.objsubid = 1"
	" WHERE a.application_name LIKE 'holdfast %'"
	" AND a.application_name <> current_setting('application_name')"
	" ORDER BY a.application_name, l.pid IS NOT NULL, a.state, a.query LIMIT 200"},
    {Q_SUBSCRIPTIONS, 0,
	"SELECT s.subname, d.datname, s.subslotname, array_to_string(s.subpublications, ', '),"
	" s.subenabled, EXISTS (SELECT FROM pg_catalog.pg_stat_subscription AS w"
	"  WHERE w.subname = s.subname AND w.pid IS NOT NULL)"
	" FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = "
	"s.subdbid"
	" ORDER BY 1, 2 LIMIT 1000"},
    {Q_PUBLICATIONS, 0,
	"SELECT p.pubname, CASE WHEN p.puballtables THEN 'all tables' ELSE (SELECT count(*) ||"
	"  CASE count(*) WHEN 1 THEN ' table' ELSE ' tables' END"
	"  FROM pg_catalog.pg_publication_rel AS r WHERE r.prpubid = p.oid) END"
	" || CASE WHEN p.pubtruncate THEN ', with TRUNCATE' ELSE '' END"
	" FROM pg_catalog.pg_publication AS p ORDER BY 1 LIMIT 1000"},
    {Q_UNLIMIT, 0, "RESET statement_timeout"},
    {Q_FILES, 0,
	"SELECT DISTINCT ON (name) name, setting, sourcefile FROM pg_catalog.pg_file_settings"
	" WHERE name IN ('recovery_target_lsn', 'recovery_target_action')"
	" AND (error IS NULL OR error = 'setting could not be applied') ORDER BY name, seqno DESC"},
    {Q_HISTORY, 0,
	"SELECT pg_catalog.pg_read_file('pg_wal/' || lpad(upper(to_hex(t.timeline)), 8, '0')"
	" || '.history', 0, 65536, true) FROM (SELECT " TIMELINE " AS timeline) AS t"
	" WHERE t.timeline > 1"},
};

static const char *
text_of(enum question q, int version)
{
	size_t i;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (questions[i].q == q && version >= questions[i].from)
			return questions[i].sql;
	return NULL;
}

/* A cell as arena text; NULL for SQL NULL and, where it says nothing, for the empty string. */
static const char *
cell(struct arena *a, const PGresult *r, int row, int column)
{
	if (PQgetisnull(r, row, column) || PQgetlength(r, row, column) == 0)
		return NULL;
	return arena_strndup(a, PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

static int64_t
number(const PGresult *r, int row, int column, int64_t otherwise)
{
	return PQgetisnull(r, row, column) ? otherwise
					   : strtoll(PQgetvalue(r, row, column), NULL, 10);
}

static int
is_true(const PGresult *r, int row, int column)
{
	return !PQgetisnull(r, row, column) && PQgetvalue(r, row, column)[0] == 't';
}

uint64_t
pg_lsn(const char *text)
{
	unsigned hi, lo;
	char end;

	if (text == NULL || sscanf(text, "%8X/%8X%c", &hi, &lo, &end) != 2)
		return 0;
	return (uint64_t)hi << 32 | lo;
}

static struct position
position(struct arena *a, const PGresult *r, int column)
{
	struct position p = {.text = cell(a, r, 0, column)};

	p.value = pg_lsn(p.text);
	return p;
}

static enum hold_state
hold_of(const char *state, const char *wait)
{
	if (state == NULL || strcmp(state, "not paused") == 0)
		return HOLD_NONE;
	if (strcmp(state, "paused") == 0)
		return HOLD_PAUSED;
	return wait != NULL && strcmp(wait, "RecoveryApplyDelay") == 0 ? HOLD_BY_DELAY
								       : HOLD_REQUESTED;
}

static int
read_node(struct pg_conn *c, struct arena *a, const PGresult *r, struct probe *p, struct err *e)
{
	if (r == NULL || PQntuples(r) != 1 || PQnfields(r) != N_COLUMNS)
		return err_set(e, ERR_CONN, "the server's answer was not understood");
	if (pg_who_read(c, r, 0, &p->who, e) < 0)
		return -1;
	p->data_directory = cell(a, r, 0, 3);
	p->port = (int)number(r, 0, 4, 0);
	p->server_addr = cell(a, r, 0, 5);
	p->version = PQserverVersion(c->pq);
	p->version_text = cell(a, r, 0, N_VERSION);
	p->timeline = (int)number(r, 0, N_TIMELINE, 0);
	p->receive = position(a, r, N_RECEIVE);
	p->replay = position(a, r, N_REPLAY);
	p->current = position(a, r, N_CURRENT);
	p->replay_age_ms = number(r, 0, N_AGE, -1);
	p->hold = hold_of(cell(a, r, 0, N_PAUSE), cell(a, r, 0, N_WAIT));
	p->cluster_name = cell(a, r, 0, N_CLUSTER_NAME);
	p->slot_name = cell(a, r, 0, N_SLOT);
	p->target_lsn = cell(a, r, 0, N_TARGET);
	p->sync_commit = cell(a, r, 0, N_SYNC_COMMIT);
	p->sync_names = cell(a, r, 0, N_SYNC_NAMES);
	p->feedback = cell(a, r, 0, N_FEEDBACK);
	p->archive_mode = cell(a, r, 0, N_ARCHIVE);
	p->archive_command = cell(a, r, 0, N_ARCHIVE_COMMAND);
	p->slot_keep = cell(a, r, 0, N_SLOT_KEEP);
	p->apply_delay_ms = number(r, 0, N_DELAY, 0);
	p->up_host = cell(a, r, 0, N_UP_HOST);
	p->up_port = cell(a, r, 0, N_UP_PORT);
	p->has_restore = is_true(r, 0, N_RESTORE);
	p->database = cell(a, r, 0, N_DATABASE);
	p->wal_average = number(r, 0, N_WAL_AVERAGE, -1);
	p->limits = cell(a, r, 0, N_LIMITS);
	p->replay_locks = number(r, 0, N_REPLAY_LOCKS, 0);
	return 0;
}

/* Rows of a further question; none where it was denied. */
static int
rows(const PGresult *r, int columns)
{
	int n = r == NULL || PQresultStatus(r) != PGRES_TUPLES_OK || PQnfields(r) != columns
		    ? 0
		    : PQntuples(r);

	return n > MAX_ROWS ? MAX_ROWS : n;
}

static void
read_receiver(struct arena *a, const PGresult *r, struct probe *p)
{
	const char *status;

	if (rows(r, 4) == 0)
		return;
	status = cell(a, r, 0, 3);
	p->sender_host = cell(a, r, 0, 0);
	p->sender_port = (int)number(r, 0, 1, 0);
	p->receiver_slot = cell(a, r, 0, 2);
	/* A login without pg_read_all_stats sees that there is one, not what it does. */
	p->has_receiver = status == NULL || strcmp(status, "streaming") == 0;
}

static void
read_senders(struct arena *a, const PGresult *r, struct probe *p)
{
	int i, n = rows(r, 8);

	p->senders = arena_array(a, (size_t)n, sizeof(*p->senders));
	p->nsenders = (size_t)n;
	for (i = 0; i < n; i++)
		p->senders[i] = (struct sender){
		    .pid = (int)number(r, i, 0, 0),
		    .application = cell(a, r, i, 1),
		    .address = cell(a, r, i, 2),
		    .state = cell(a, r, i, 3),
		    .sync_state = cell(a, r, i, 4),
		    .slot = cell(a, r, i, 5),
		    .slot_type = cell(a, r, i, 6),
		    .retained = number(r, i, 7, -1),
		};
}

static void
read_slots(struct arena *a, const PGresult *r, struct probe *p)
{
	int i, n = rows(r, 10);

	p->slots = arena_array(a, (size_t)n, sizeof(*p->slots));
	p->nslots = (size_t)n;
	for (i = 0; i < n; i++)
		p->slots[i] = (struct slot){
		    .name = cell(a, r, i, 0),
		    .type = cell(a, r, i, 1),
		    .plugin = cell(a, r, i, 2),
		    .database = cell(a, r, i, 3),
		    .is_active = is_true(r, i, 4),
		    .pid = (int)number(r, i, 5, 0),
		    .is_used = is_true(r, i, 6),
		    .retained = number(r, i, 7, -1),
		    .wal_status = cell(a, r, i, 8),
		    .safe = number(r, i, 9, -1),
		    .has_safe = !PQgetisnull(r, i, 9),
		};
}

static void
read_marks(struct arena *a, const PGresult *r, struct probe *p)
{
	int i, n = rows(r, 1);

	p->marks = arena_array(a, (size_t)n, sizeof(*p->marks));
	for (i = 0; i < n; i++)
		if ((p->marks[p->nmarks] = cell(a, r, i, 0)) != NULL)
			p->nmarks++;
}

static void
read_files(struct arena *a, const PGresult *r, struct probe *p)
{
	int i, n = rows(r, 3);
	const char *name;

	p->knows_files = r != NULL && PQresultStatus(r) == PGRES_TUPLES_OK;
	for (i = 0; i < n; i++) {
		name = cell(a, r, i, 0);
		if (name != NULL && strcmp(name, "recovery_target_lsn") == 0) {
			p->file_target_lsn = cell(a, r, i, 1);
			p->file_name = cell(a, r, i, 2);
		} else
			p->file_target_action = cell(a, r, i, 1);
	}
}

/* A standby may cancel any statement for its replay's sake: once more, then give up. */
static int
was_cancelled_by_replay(PGresult *const *r, size_t n)
{
	const char *state;
	size_t i;

	for (i = 0; i < n; i++) {
		state = r[i] == NULL ? NULL : PQresultErrorField(r[i], PG_DIAG_SQLSTATE);
		if (state != NULL && strcmp(state, "40001") == 0)
			return 1;
	}
	return 0;
}

static void
clear(PGresult **r, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		pg_clear_result(&r[i]);
}

/* Questions that are denied to most logins: they may be asked where the column says so. */
static const struct {
	enum question q;
	int may;
} rare[] = {{Q_FILES, N_CAN_READ_FILES}, {Q_HISTORY, N_CAN_READ_HISTORY}};

/* Reading files is denied to most logins and would fill the server's log with refusals: it is part
 * of the first round trip for superusers, and a further one for those who were granted it. */
static int
ask(struct pg_conn *c, struct waiter *w, int64_t deadline, PGresult **r, struct err *e)
{
	const char *super = PQparameterStatus(c->pq, "is_superuser");
	int is_super = super != NULL && strcmp(super, "on") == 0, version = PQserverVersion(c->pq);
	const char *texts[NQ];
	size_t i, n = is_super ? NQ : Q_FILES;

	for (i = 0; i < NQ; i++)
		texts[i] = text_of((enum question)i, version);
	r[Q_FILES] = r[Q_HISTORY] = NULL;
	if (pg_facts(c, w, deadline, texts, n, r, e) < 0 &&
	    (c->is_broken || e->code == ERR_CANCELLED || e->code == ERR_CONN))
		return -1;
	if (r[Q_NODE] == NULL || PQresultStatus(r[Q_NODE]) != PGRES_TUPLES_OK)
		return pg_error(c, r[Q_NODE], e);
	for (i = 0; !is_super && i < sizeof(rare) / sizeof(rare[0]); i++)
		if (is_true(r[Q_NODE], 0, rare[i].may) &&
		    pg_query(c, w, deadline, texts[rare[i].q], 0, NULL, &r[rare[i].q], e) < 0 &&
		    c->is_broken)
			return -1;
	return 0;
}

int
pg_probe(struct pg_conn *c, struct waiter *w, int64_t deadline, struct arena *a, struct probe **out,
    struct err *e)
{
	struct probe *p = arena_alloc(a, sizeof(*p));
	PGresult *r[NQ] = {NULL};
	struct err mine;
	int rc;

	if (e == NULL)
		e = &mine;
	rc = ask(c, w, deadline, r, e);
	if (was_cancelled_by_replay(r, NQ) && !c->is_broken) {
		clear(r, NQ);
		rc = ask(c, w, deadline, r, e);
	}
	if (rc == 0)
		rc = read_node(c, a, r[Q_NODE], p, e);
	if (rc == 0) {
		read_receiver(a, r[Q_RECEIVER], p);
		read_senders(a, r[Q_SENDERS], p);
		read_slots(a, r[Q_SLOTS], p);
		read_marks(a, r[Q_MARKS], p);
		pg_read_company(a, r[Q_COMPANY], p);
		read_files(a, r[Q_FILES], p);
		pg_read_logical(a, r[Q_SUBSCRIPTIONS], r[Q_PUBLICATIONS], p);
		if (rows(r[Q_HISTORY], 1) == 1)
			pg_history(a, cell(a, r[Q_HISTORY], 0, 0), p);
		p->disk_free = pg_disk_free(c, p->data_directory);
		p->seen_ms = now_ms();
		err_clear(e);
		*out = p;
	}
	clear(r, NQ);
	return rc;
}
