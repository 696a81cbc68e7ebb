/*
 * Who is at the other end of a connection: identity, incarnation, role, in one round trip.
 * Private to engines/.
 */
#ifndef PG_WHO_H
#define PG_WHO_H

#include "engines/driver.h"
#include "engines/pg_conn.h"

/* Server start, microseconds since 1970, exact in every version: before 14 extract() answers in
 * floating point, and seconds times 1000000 would lose the last digits. */
#define PG_START_US                                                                                \
	"pg_catalog.date_part('epoch', pg_catalog.date_trunc('second', "                           \
	"pg_catalog.pg_postmaster_start_time()))::pg_catalog.int8 * 1000000 + "                    \
	"pg_catalog.mod(pg_catalog.date_part('microseconds', "                                     \
	"pg_catalog.pg_postmaster_start_time())::pg_catalog.int8, 1000000::pg_catalog.int8)"

/* The columns of any query that wants to know; pg_who_read takes them from column `first`. */
#define PG_WHO_COLUMNS                                                                             \
	"(SELECT system_identifier FROM pg_catalog.pg_control_system())::pg_catalog.text,"         \
	"(" PG_START_US ")::pg_catalog.text,"                                                      \
	"pg_catalog.pg_is_in_recovery(),"                                                          \
	"CASE WHEN pg_catalog.pg_has_role('pg_read_all_settings','USAGE')"                         \
	" THEN pg_catalog.current_setting('data_directory') END,"                                  \
	"pg_catalog.current_setting('port'),"                                                      \
	"pg_catalog.host(pg_catalog.inet_server_addr()),pg_catalog.pg_backend_pid()"
#define PG_WHO_NCOLUMNS 7

int pg_who(struct pg_conn *c, struct waiter *w, int64_t deadline, struct who *out, struct err *e);
/* From row 0 of a result; c only tells how the server was dialled. */
int pg_who_read(struct pg_conn *c, const PGresult *r, int first, struct who *out, struct err *e);

#endif
