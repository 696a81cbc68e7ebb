/*
 * Named procedures of a plan (STEP_PROC), and what the undo of a table is made of. Private to
 * engines/.
 */
#ifndef PG_PROC_H
#define PG_PROC_H

#include "engines/pg_driver.h"
#include "engines/run.h"

/* One object that went with the table, as the held standby still has it. */
struct undo_item {
	uint32_t classid, oid;
	int column;
	char relkind;		     /* of a relation, else 0 */
	char contype;		     /* of a constraint, else 0 */
	const char *schema, *name;   /* of a relation */
	const char *full;	     /* "schema"."name" of a relation, quoted by the server */
	const char *constraint, *on; /* of a constraint: its name and its table's name */
	const char *what;	     /* for people */
	int64_t bytes;		     /* of a relation's rows */
	int is_skipped; /* needs something the primary does not have: another step brings it */
	int is_in_toc;
};

struct undo {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct outcome *out;
	void (*progress)(void *ctx, const char *line);
	void *progress_ctx;
	const char *schema, *table, *full; /* full: quoted */
	uint32_t oid;
	int is_truncate;
	struct member *from, *to;
	struct pg_conn *src, *dst; /* sessions of the procedure alone */
	struct undo_item *items;
	size_t nitems;
	char dir[96];
	int is_committing;
	int64_t done, total, rows, start_ms; /* of copying */
};

/* One statement with its own deadline on one of the two sessions; r may be NULL. */
int undo_do(struct undo *u, struct pg_conn *conn, const char *sql, int nparams,
    const char *const *params, PGresult **r, struct err *e);
void undo_say(struct undo *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* pg_proc_dump.c: the definitions, as a script of the standard programs in u->dir. */
int undo_dump(struct undo *u, struct err *e);
/* Runs one section of it on the primary: "pre-data" or "post-data". */
int undo_script(struct undo *u, const char *section, struct err *e);
/* pg_proc_rows.c: rows of one table, streamed from standby to primary. */
int undo_copy(struct undo *u, const char *full, struct err *e);
/* Count and checksum of one table on a session. */
struct undo_sum {
	char rows[32], sum[64];
};
int undo_sum(
    struct undo *u, struct pg_conn *conn, const char *full, struct undo_sum *out, struct err *e);
/* Sequences get the values they have on the standby. */
int undo_sequences(struct undo *u, struct err *e);
/* pg_proc_same.c: every definition is the same on both sides, else a sentence saying what is not.
 */
int undo_same(struct undo *u, struct err *e);
/* pg_proc_truncate.c */
int undo_truncate(struct undo *u, struct err *e);

int proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
