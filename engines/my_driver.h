/*
 * MariaDB and MySQL behind the driver interface: see driver.h. Private to the my_ files.
 */
#ifndef MY_DRIVER_H
#define MY_DRIVER_H

#include "engines/members.h"
#include "engines/my_conn.h"

/* The handle of such a cluster holds such sessions only. */
static inline struct my_conn *
my(struct conn *x)
{
	return (struct my_conn *)(void *)x;
}

static inline struct conn *
my_as_conn(struct my_conn *x)
{
	return (struct conn *)(void *)x;
}

/* member_control() as such a connection. */
int my_control(
    struct cluster *c, struct member *m, struct waiter *w, struct my_conn **out, struct err *e);
/* database NULL: the address's own, else none. */
int my_session_open(struct cluster *c, struct waiter *w, const char *address, const char *database,
    int is_control, struct my_conn **out, struct err *e);
/* The question who a server is, and its answer's row without is_in_recovery. */
const char *my_sql_who(struct my_conn *c, char *sql, size_t size);
int my_identify(struct my_conn *c, MYSQL_RES *r, struct who *out, struct err *e);
int my_who(struct my_conn *c, struct waiter *w, int64_t deadline, struct who *out, struct err *e);

/* The words for one thing in the dialects: MariaDB, MySQL before 8.0.22, MySQL since. */
const char *my_sql_replica_status(int is_mariadb, int version);
const char *my_sql_replicas(int is_mariadb, int version);
const char *my_sql_log_status(int is_mariadb, int version);
const char *my_sql_identity(int is_mariadb);	       /* a scalar: 24 hexadecimal digits */
const char *my_sql_start(int is_mariadb, int version); /* a scalar: the server's start, seconds */

/*
 * What an answer to my_sql_replica_status comes to, over all channels: the one row that the wording
 * checks. Columns by name, since their order depends on the version.
 */
enum my_reduced {
	MY_HELD,     /* "held", "replaying", "no replication" */
	MY_POSITION, /* of the first channel: file number and offset, hexadecimal, "1/2F0" */
	MY_GTID,     /* what was applied */
	MY_FILE,     /* file:offset of every channel, for people */
	MY_ERROR,    /* why a channel stopped by itself, or "" */
	MY_WAITS,    /* what the SQL thread says it does */
	MY_RECEIVED, /* of the first channel, as MY_POSITION: what its receiving thread has */
	MY_SOURCE,   /* host:port the first channel receives from now, or "" */
	MY_NREDUCED,
};
int my_is_replica_status(const char *sql);
/* Arena texts. */
void my_reduce(struct arena *a, MYSQL_RES *r, const char *out[MY_NREDUCED]);
/* "my1-bin.000007", 752 as "7/2F0"; "" where that is no log file's name. */
const char *my_log_position(struct arena *a, const char *file, const char *offset);

int my_look_at(struct cluster *c, struct waiter *w, void **sights, struct err *e);
struct topology *my_draw(struct cluster *c, void *sights, struct arena *a);
void my_forget(void *sights);
int my_ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e);
int my_ask_refine(
    struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e);
int my_ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e);
int my_ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e);
int my_ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e);
int my_ask_estimate(struct cluster *c, struct waiter *w, const char *text, size_t len,
    int64_t *rows, struct err *e);
int my_ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e);
int my_ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e);
int my_attempt(struct conn *x, struct waiter *w, int64_t deadline, struct effect *f);
int my_check_main(struct cluster *c, struct waiter *w, struct conn *x, struct err *e);
int my_pen(struct cluster *c, struct waiter *w, struct member *m, struct err *e);
int my_ask_logs(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct backup_live *out, struct err *e);
int my_ask_fate(struct cluster *c, struct waiter *w, struct member *m, const struct fate_asked *q,
    struct fate *out, struct err *e);
int my_xact_status(struct cluster *c, struct waiter *w, struct member *m, const char *xid,
    const char **status, struct err *e);
/* my_dump_ask.c, my_standing.c: restoring a table. */
int my_ask_dump(struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
int my_ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *q, struct standing *out, struct err *e);
extern const struct procedure my_procedures[];

/* One question on the operator's session, arena texts; *rows row-major, NULL is SQL NULL. */
struct my_rows {
	size_t n, ncols;
	const char **cells;
	unsigned char *is_numeric;
	const char **titles;
};
int my_ask(struct my_conn *c, struct waiter *w, int64_t deadline, struct arena *a, const char *sql,
    struct my_rows *out, struct err *e);
/* A literal and a name, quoted so that no sql_mode reads them another way. */
char *my_quote_literal(struct arena *a, const char *value);
char *my_quote_name(struct arena *a, const char *name);

#endif
