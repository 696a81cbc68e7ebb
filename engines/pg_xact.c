/*
 * What a server still knows of a transaction whose outcome was lost, and whether that can be
 * another one's. Must never call certain what a crash may have made another transaction's.
 */
#include <stdio.h>
#include <string.h>

#include "engines/pg_conn.h"
#include "engines/pg_driver.h"
#include "banned.h"

/* Crash recovery throws the statistics away, and so does whoever resets them: an age that is
 * younger than the transaction may mean a crash. On the server's clock alone, and readable by
 * everybody. */
#define SQL_CRASHED                                                                                \
	", COALESCE((SELECT b.stats_reset >= pg_catalog.clock_timestamp() - "                      \
	"pg_catalog.make_interval(secs => $2::pg_catalog.float8 + 2) "                             \
	"FROM pg_catalog.pg_stat_bgwriter AS b), true)"

int
pg_ask_fate(struct cluster *c, struct waiter *w, struct member *m, const struct fate_asked *q,
    struct fate *out, struct err *e)
{
	static const char *const known[] = {"committed", "aborted", "in progress", NULL};
	CLEAN_RESULT PGresult *r = NULL;
	struct pg_conn *control;
	char age[32];
	const char *args[] = {q->xid, age};
	size_t i;

	snprintf(age, sizeof(age), "%lld", (long long)q->age_s);
	if (pg_control(c, m, w, &control, e) < 0)
		return -1;
	if (pg_query(control, w, cluster_deadline(c, LIMIT_QUERY),
		PQserverVersion(control->pq) >= 130000
		    ? "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8)" SQL_CRASHED
		    : "SELECT pg_catalog.txid_status($1::pg_catalog.int8)" SQL_CRASHED,
		2, args, &r, e) < 0)
		return err_wrap(e, "%s", m->name);
	for (i = 0; known[i] != NULL && PQntuples(r) == 1 && !PQgetisnull(r, 0, 0); i++)
		if (strcmp(known[i], PQgetvalue(r, 0, 0)) == 0)
			out->status = known[i];
	out->is_certain = out->status != NULL && (strcmp(out->status, "aborted") == 0 ||
						     strcmp(PQgetvalue(r, 0, 1), "f") == 0);
	if (!out->is_certain)
		out->why = out->status == NULL ? "it knows no more"
					       : "it crashed since, and may have given the number "
						 "to another transaction";
	return 0;
}
