/*
 * Named procedures of a plan (STEP_PROC), and what the undo of a table is made of. Private to
 * engines/.
 */
#ifndef PG_PROC_H
#define PG_PROC_H

#include <stdio.h>

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

/* What was done to it, and so how it comes back. */
enum undo_mode {
	UNDO_DROP,     /* the table went, with all that hung on it */
	UNDO_TRUNCATE, /* its rows went, its definition stands */
	UNDO_DELETE,   /* rows that are missing come back */
	UNDO_UPDATE,   /* rows that the transaction wrote get their old values */
	UNDO_REPLACE,  /* its definition was changed, and values with it */
	UNDO_SCHEMA,   /* a schema went, with all that was in it */
};

struct scratch_db;

struct undo {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct outcome *out;
	void (*progress)(void *ctx, const char *line);
	void *progress_ctx;
	const char *schema, *table, *full; /* full: quoted */
	uint32_t oid;
	enum undo_mode mode;
	const char *xid;       /* of the transaction to be undone, or "": not known */
	struct scratch_db *db; /* where it comes from, if that is no server of the cluster */
	int major;	       /* of the programs to run; 0: the source's */
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
/* What must not be lost as lines of progress are: the step's result, which its plan says. */
void undo_report(struct undo *u, const char *text);
void undo_say(struct undo *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* pg_proc_dump.c: the definitions, as a script of the standard programs in u->dir. */
int undo_dump(struct undo *u, struct err *e);
/* Runs one section of it on the primary: "pre-data" or "post-data". */
int undo_script(struct undo *u, const char *section, struct err *e);
/* pg_proc_rows.c: rows of one table, streamed from standby to primary, there into `into`. */
int undo_copy(struct undo *u, const char *full, const char *into, struct err *e);
/* Count and checksum of one table on a session. */
struct undo_sum {
	char rows[32], sum[64];
};
int undo_sum(
    struct undo *u, struct pg_conn *conn, const char *full, struct undo_sum *out, struct err *e);
/* Sequences get the values they have on the standby. */
int undo_sequences(struct undo *u, struct err *e);
/* A COPY ... TO STDOUT of the source, into a file; *rows are counted. */
int undo_copy_out(struct undo *u, const char *sql, FILE *f, int64_t *rows, struct err *e);
/* The tables of the source whose rows a statement of u->mode touches, the table itself first. */
int undo_touched(struct undo *u, const char ***out, size_t *n, struct err *e);
int undo_emptied(struct undo *u, struct pg_conn *conn, PGresult **r, struct err *e);
int undo_reached(struct undo *u, struct pg_conn *conn, PGresult **r, struct err *e);
/* Rows that are missing come back, those that are there stay. */
int undo_missing(struct undo *u, const char *full, struct err *e);
int undo_mode_parse(const char *word, enum undo_mode *out);
/* What a comparison of texts depends on, said explicitly on a session. */
int undo_settings(struct undo *u, struct pg_conn *conn, struct err *e);
/* pg_source.c: a safety copy, or a dump, as the source. */
int undo_source_start(struct undo *u, int major, int64_t room, struct err *e);
int undo_load(struct undo *u, const char *dump, const char *const *options, struct err *e);
/* A script through psql. */
int undo_psql(struct undo *u, const char *database, const char *path, int may_fail, struct err *e);
int undo_source_ready(struct undo *u, const char *name, const char *database, struct err *e);
int undo_source_copy(struct undo *u, const char *dir, const char *database, struct err *e);
void undo_source_stop(struct undo *u);
/* After a failure: was it the held standby that went away, or that somebody let go? */
void undo_source_failed(struct undo *u, struct err *e);
/* Materialized views are filled as they were. */
int undo_views(struct undo *u, struct err *e);
const char *undo_argument(const struct step *s, const char *name);
/* pg_proc_undo.c: a session of the procedure alone, with what a comparison of texts depends on said
 * explicitly. */
int undo_open(struct undo *u, struct member *m, const char *database, struct pg_conn **out,
    int in_recovery, struct err *e);
/* pg_proc_dump.c: a directory of the procedure alone in u->dir, at least `room` bytes in it. */
int undo_dir(struct undo *u, int64_t room, struct err *e);
const char *undo_path(struct undo *u, const char *name);
/* A client program of the server's version or later; NULL with a sentence where there is none. */
const char *undo_program(struct undo *u, const char *name, struct err *e);
int undo_tool(
    struct undo *u, const char *const *argv, const char *log, int64_t limit_ms, struct err *e);
/* The conninfo of a member for a program's argument: without secrets. */
const char *undo_conninfo(
    struct undo *u, const struct member *m, const struct pg_conn *conn, const char *database);
/* pg_proc_same.c: every definition is the same on both sides, else a sentence saying what is not.
 */
int undo_same(struct undo *u, struct err *e);
/* pg_proc_truncate.c */
int undo_truncate(struct undo *u, struct err *e);
/* User triggers of a table that fire on a change of its rows: off, then on again as they were. */
int undo_triggers(struct undo *u, const char *full, PGresult **was, struct err *e);
int undo_triggers_back(struct undo *u, const PGresult *was, struct err *e);
/* pg_proc_back.c: rows that were deleted or updated, and what a cascade took with them. */
int undo_rows(struct undo *u, struct err *e);
/* pg_proc_replace.c: a table whose definition was changed. */
int undo_replace(struct undo *u, struct err *e);
/* pg_proc_undo.c: what hangs on the table, from a session's catalog; makes all of it again. */
int undo_items(struct undo *u, struct pg_conn *conn, uint32_t oid, struct undo_item **out,
    size_t *n, struct err *e);
int undo_make(struct undo *u, struct err *e);
int undo_compare(struct undo *u, struct err *e);
/* The columns of a table that are stored, quoted, or NULL: it has none. */
int undo_columns(
    struct undo *u, struct pg_conn *conn, const char *full, const char **out, struct err *e);

/* pg_proc_database.c */
int proc_undo_database(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int proc_safety_copy(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
/* pg_proc_restore.c, pg_proc_swap.c */
int proc_restore_load(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int proc_restore_swap(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int proc_restore_swap_back(struct cluster *c, struct waiter *w, const struct step *s,
    struct arena *a, struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
/* pg_proc_point.c: where a server replicates from. */
int proc_point(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int proc_unpoint(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
