/* What of a server's version and log backups are compared with. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_driver.h"
#include "banned.h"

static const char logs_sql[] =
    "SELECT pg_catalog.current_setting('server_version_num')::int / 10000, CASE WHEN NOT "
    "pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_walfile_name("
    "pg_catalog.pg_current_wal_lsn()) END, (SELECT s.setting FROM pg_catalog.pg_settings AS s "
    "WHERE s.name = 'wal_segment_size'), pg_catalog.current_setting('archive_mode'), CASE WHEN "
    "a.last_failed_time > coalesce(a.last_archived_time, '-infinity') THEN a.last_failed_wal END, "
    "a.failed_count FROM pg_catalog.pg_stat_archiver AS a";

int
pg_ask_logs(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct backup_live *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct pg_conn *control;

	if (pg_control(c, m, w, &control, e) < 0 ||
	    pg_query(control, w, cluster_deadline(c, LIMIT_QUERY), logs_sql, 0, NULL, &r, e) < 0)
		return err_wrap(e, "%s", m->name);
	if (PQntuples(r) != 1)
		return 0;
	out->major = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
	if (!PQgetisnull(r, 0, 1))
		out->log = arena_strdup(a, PQgetvalue(r, 0, 1));
	out->segment = strtoll(PQgetvalue(r, 0, 2), NULL, 10);
	if (strcmp(PQgetvalue(r, 0, 3), "off") == 0)
		out->archiving =
		    arena_printf(a, "%s does not archive its log: archive_mode is off", m->name);
	else if (!PQgetisnull(r, 0, 4))
		out->archiving =
		    arena_printf(a, "%s cannot archive its log: %s failed, the last of %s failures",
			m->name, PQgetvalue(r, 0, 4), PQgetvalue(r, 0, 5));
	return 0;
}
