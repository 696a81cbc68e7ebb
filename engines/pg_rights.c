/*
 * The rights of the person's login on one node, and the statement that gives each one that is
 * missing. Asks with has_..._privilege only, so that nothing is tried and no refusal is logged.
 * Must never name a right that is not needed for anything this program does.
 */
#include <string.h>

#include "arena.h"
#include "engines/pg_driver.h"
#include "engines/pg_wire.h"
#include "banned.h"

#define MAY(function) "SELECT has_function_privilege('pg_catalog." function "', 'EXECUTE')"
#define IS_SUPER "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
#define PARAMETERS                                                                                 \
	"SELECT bool_and(has_parameter_privilege(p, 'ALTER SYSTEM')) FROM unnest(ARRAY["           \
	"'recovery_target_lsn', 'recovery_target_inclusive', 'recovery_target_action']) AS p"

/* By version: a row counts where from <= version < until. In grant, %1$s is the role and %2$s the
 * database, as SQL writes them. */
static const struct {
	int from, until, is_needed;
	const char *what, *sql, *grant, *without;
} rows[] = {
    {0, 0, 1, "see sessions, receivers and settings",
	"SELECT pg_has_role('pg_read_all_stats', 'USAGE') AND pg_has_role('pg_read_all_settings', "
	"'USAGE')",
	"GRANT pg_monitor TO %1$s;",
	"who follows whom is guessed from less, and locks and activity show no statements"},
    {0, 0, 1, "pause replay", MAY("pg_wal_replay_pause()"),
	"GRANT EXECUTE ON FUNCTION pg_catalog.pg_wal_replay_pause() TO %1$s;",
	"no replica can be held back, so nothing that needs a hold can run"},
    {0, 0, 1, "resume replay", MAY("pg_wal_replay_resume()"),
	"GRANT EXECUTE ON FUNCTION pg_catalog.pg_wal_replay_resume() TO %1$s;",
	"what was held cannot be released from here"},
    {150000, 0, 1, "make a hold survive a restart", PARAMETERS,
	"GRANT ALTER SYSTEM ON PARAMETER recovery_target_lsn, recovery_target_inclusive, "
	"recovery_target_action TO %1$s;",
	"a hold dies with a restart of its replica"},
    {0, 150000, 1, "make a hold survive a restart", IS_SUPER, NULL,
	"a hold dies with a restart of its replica; before version 15 only a superuser can do it"},
    {0, 0, 1, "see what the next start would do",
	"SELECT has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AND "
	"has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')",
	"GRANT SELECT ON pg_catalog.pg_file_settings TO %1$s; GRANT EXECUTE ON FUNCTION "
	"pg_catalog.pg_show_all_file_settings() TO %1$s;",
	"whether a hold is hardened, or left its settings behind, cannot be read"},
    {0, 0, 0, "end sessions of others", "SELECT pg_has_role('pg_signal_backend', 'USAGE')",
	"GRANT pg_signal_backend TO %1$s;", "a blocker cannot be cancelled or ended from here"},
    {0, 0, 0, "create schemas", "SELECT has_database_privilege(current_database(), 'CREATE')",
	"GRANT CREATE ON DATABASE %2$s TO %1$s;",
	"the reversible form of a DROP, which moves a table into quarantine, is refused"},
    {140000, 0, 0, "read every table", "SELECT pg_has_role('pg_read_all_data', 'USAGE')",
	"GRANT pg_read_all_data TO %1$s;",
	"undo can bring back only tables that this login may read on the held replica"},
    {0, 0, 0, "promote", MAY("pg_promote(boolean, integer)"),
	"GRANT EXECUTE ON FUNCTION pg_catalog.pg_promote(boolean, integer) TO %1$s;",
	"a failover cannot promote from here"},
};
#define NROWS (sizeof(rows) / sizeof(rows[0]))

static const char names_sql[] =
    "SELECT pg_catalog.quote_ident(current_user), pg_catalog.quote_ident(current_database())";

static int
is_for(size_t row, int version)
{
	return version >= rows[row].from && (rows[row].until == 0 || version < rows[row].until);
}

/* %1$s and %2$s filled in. */
static const char *
written(struct arena *a, const char *grant, const PGresult *names)
{
	const char *out = "", *p;

	if (grant == NULL)
		return NULL;
	for (p = strchr(grant, '%'); p != NULL; p = strchr(grant, '%')) {
		out = arena_printf(
		    a, "%s%.*s%s", out, (int)(p - grant), grant, PQgetvalue(names, 0, p[1] - '1'));
		grant = p + 4;
	}
	return arena_printf(a, "%s%s", out, grant);
}

static int
answer(const PGresult *r)
{
	if (r == NULL || PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) != 1 ||
	    PQgetisnull(r, 0, 0))
		return -1;
	return PQgetvalue(r, 0, 0)[0] == 't';
}

int
pg_ask_rights(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct right **out, size_t *n, struct err *e)
{
	const char *texts[NROWS + 1] = {names_sql};
	PGresult *r[NROWS + 1] = {NULL};
	size_t at[NROWS], i;
	struct pg_conn *x;

	*n = 0;
	if (pg_control(c, m, w, &x, e) < 0)
		return -1;
	for (i = 0; i < NROWS; i++)
		if (is_for(i, PQserverVersion(x->pq))) {
			at[*n] = i;
			texts[++*n] = rows[i].sql;
		}
	if (pg_facts(x, w, cluster_deadline(c, LIMIT_QUERY), texts, *n + 1, r, e) < 0 &&
	    (r[0] == NULL || PQresultStatus(r[0]) != PGRES_TUPLES_OK)) {
		for (i = 0; i <= *n; i++)
			pg_clear_result(&r[i]);
		return err_wrap(e, "%s", m->name);
	}
	*out = arena_array(a, *n, sizeof(**out));
	for (i = 0; i < *n; i++)
		(*out)[i] = (struct right){.what = rows[at[i]].what,
		    .has = answer(r[i + 1]),
		    .grant = written(a, rows[at[i]].grant, r[0]),
		    .without = rows[at[i]].without,
		    .is_needed = rows[at[i]].is_needed};
	for (i = 0; i <= *n; i++)
		pg_clear_result(&r[i]);
	return 0;
}
