/*
 * PostgreSQL behind the driver interface: a cluster's sessions as libpq connections. Private to
 * the pg_ files.
 */
#ifndef PG_DRIVER_H
#define PG_DRIVER_H

#include "engines/members.h"
#include "engines/pg_conn.h"

/* The handle of a PostgreSQL cluster holds PostgreSQL sessions only. */
static inline struct pg_conn *
pg(struct conn *x)
{
	return (struct pg_conn *)(void *)x;
}

static inline struct conn *
pg_as_conn(struct pg_conn *x)
{
	return (struct conn *)(void *)x;
}

/* member_control() as a PostgreSQL connection. */
int pg_control(
    struct cluster *c, struct member *m, struct waiter *w, struct pg_conn **out, struct err *e);
/* Opens one more session to an address, as the person and under the handle's name. database NULL:
 * the address's own, else the cluster's, else "postgres". */
int pg_session_open(struct cluster *c, struct waiter *w, const char *address, const char *database,
    struct pg_conn **out, struct err *e);

/* What the table in pg_driver.c ties together; see driver.h. */
int pg_look_at(struct cluster *c, struct waiter *w, void **sights, struct err *e);
struct topology *pg_draw(struct cluster *c, void *sights, struct arena *a);
void pg_forget(void *sights);
int pg_ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e);
int pg_ask_refine(
    struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e);
int pg_ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e);
int pg_ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e);
int pg_ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e);
int pg_ask_estimate(struct cluster *c, struct waiter *w, const char *text, size_t len,
    int64_t *rows, struct err *e);
int pg_ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e);
int pg_ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e);
int pg_ask_logs(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct backup_live *out, struct err *e);
int pg_ask_rights(struct cluster *c, struct waiter *w, struct arena *a, struct member *m,
    struct right **out, size_t *n, struct err *e);
int pg_ask_dump(struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
int pg_ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *q, struct standing *out, struct err *e);
int pg_attempt(struct conn *x, struct waiter *w, int64_t deadline, struct effect *f);
int pg_refuse_pooler(struct cluster *c, struct waiter *w, struct conn *x, struct err *e);
void pg_cancel(struct conn *x);
int pg_pen(struct cluster *c, struct waiter *w, struct member *m, struct err *e);
int pg_xact_status(struct cluster *c, struct waiter *w, struct member *m, const char *xid,
    const char **status, struct err *e);
int pg_ask_fate(struct cluster *c, struct waiter *w, struct member *m, const struct fate_asked *q,
    struct fate *out, struct err *e);
extern const struct procedure pg_procedures[];

#endif
