/*
 * Bringing a table back from a held replica, MariaDB and MySQL. Private to the my_ files.
 */
#ifndef MY_UNDO_H
#define MY_UNDO_H

#include "engines/my_driver.h"

/* What was done to it, and so how it comes back. */
enum my_undo_mode {
	MY_UNDO_DROP,
	MY_UNDO_TRUNCATE,
	MY_UNDO_DELETE,	 /* rows that are missing come back */
	MY_UNDO_UPDATE,	 /* rows that differ get their old values */
	MY_UNDO_REPLACE, /* its definition was changed, and values with it */
};

struct scratch_db;

struct my_undo {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct outcome *out;
	void (*progress)(void *ctx, const char *line);
	void *progress_ctx;
	const char *schema, *table;
	const char *source; /* quoted, the table on the replica */
	const char *target; /* quoted, what rows are loaded into */
	enum my_undo_mode mode;
	int is_made;	       /* the table beside was made */
	struct scratch_db *db; /* where it comes from, if that is no server of the cluster */
	struct member *from, *to;
	struct my_conn *src, *dst; /* sessions of the procedure alone */
	const char *columns;	   /* quoted list without generated ones */
	const char *order;	   /* of the primary key, or "" */
	size_t ncolumns;
	const unsigned char *kinds; /* per column: how its values are written */
	int64_t rows, start_ms;
};

enum my_kind { MY_PLAIN, MY_QUOTED, MY_BYTES, MY_TEXT };

/* One statement with its own deadline; the result may be NULL. */
int my_undo_do(struct my_undo *u, struct my_conn *x, const char *sql, MYSQL_RES **r, struct err *e);
void my_undo_say(struct my_undo *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* my_undo_rows.c: the columns, the rows from replica to primary, and that they are equal. */
int my_undo_columns(struct my_undo *u, struct err *e);
int my_undo_copy(struct my_undo *u, struct err *e);
int my_undo_compare(struct my_undo *u, struct err *e);
/* my_undo.c: a session with what values depend on said explicitly; and whether it is still held. */
int my_undo_open(
    struct my_undo *u, struct member *m, const char *database, struct my_conn **out, struct err *e);
int my_undo_check_source(struct my_undo *u, struct err *e);
int my_undo_count(
    struct my_undo *u, struct my_conn *x, const char *sql, int64_t *out, struct err *e);
const char *my_undo_argument(const struct step *s, const char *name);
/* Sets schema, table, source and target; target is the table beside. */
void my_undo_name(struct my_undo *u, const char *schema, const char *table);
/* my_undo_back.c: rows that were deleted or updated, cascades included; my_undo_alter.c. */
int my_undo_rows(struct my_undo *u, struct err *e);
/* Makes the definition of the table what it is on the replica; *set are the columns (quoted, with
 * commas) whose values must come back, "" for none. *later: keys, once their values are back. */
int my_undo_alter(struct my_undo *u, const char **set, const char **later, struct err *e);
int my_undo_alter_end(struct my_undo *u, const char *later, struct err *e);
int my_undo_mode_parse(const char *word, enum my_undo_mode *out);
/* What values and definitions depend on, said explicitly on a session. */
int my_undo_settings(struct my_undo *u, struct my_conn *x, struct err *e);
/* The tables whose rows the statement touches: schema and name, the table itself first. */
int my_undo_touched(struct my_undo *u, const char ***out, size_t *n, struct err *e);
/* my_copy.c: the words of a client program, and running one; the scratch server as the source. */
size_t my_tool(struct my_undo *u, const char **argv, const char *name, const struct my_conn *conn);
int my_tool_run(
    struct my_undo *u, const char *dir, const char *const *argv, const char *input, struct err *e);
int my_undo_source_copy(struct my_undo *u, const char *dir, struct err *e);
int my_proc_safety_copy(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
/* my_undo_database.c */
int my_proc_undo_database(struct cluster *c, struct waiter *w, const struct step *s,
    struct arena *a, struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
/* my_proc_restore.c, my_proc_swap.c */
int my_proc_restore_load(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int my_proc_restore_swap(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int my_proc_restore_swap_back(struct cluster *c, struct waiter *w, const struct step *s,
    struct arena *a, struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
/* my_cut.c: ends the sessions of a server that became read-only. */
int my_proc_cut(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int my_proc_undo_table(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);

#endif
