/*
 * The insides of looking at backups, of taking them and of proving them. Private to engines/.
 *
 * A method is a row of backup_methods: what lies there, whether the newest is whole, how one more
 * is made, how one becomes a scratch server. What is compared then is the engine's.
 */
#ifndef BACKUPS_H
#define BACKUPS_H

#include "backup.h"
#include "engines/ask.h"
#include "engines/run.h"
#include "engines/scratch_db.h"

struct member;
struct backup_method;

/* One look at the backups of a section. */
struct backup_look {
	struct waiter *w;
	struct arena *a;
	const struct backup_config *b;
	const struct backup_live *live;
	struct backup_facts *out;
};

/* One backup that is taken, or drilled. */
struct backup_job {
	struct cluster *c;
	struct waiter *w;
	struct arena *a;
	struct outcome *out;
	void (*progress)(void *ctx, const char *line);
	void *ctx;
	const struct backup_config *b;
	const struct backup_item *item; /* of a drill */
	struct member *live;
	const char *engine; /* "postgresql", "mariadb", "mysql" */
	int version;	    /* of the live server: 15, 1011 */
	struct backup_live facts;
	struct scratch_db db;
	int is_whole; /* what was restored is a server, not one database */
	struct backup_proof proof;
};

struct backup_method {
	const char *name;
	const char *engine; /* that it can be drilled for; NULL: what the item turns out to be */
	/* What there is, newest first. */
	int (*items)(struct backup_look *x, struct err *e);
	/* Format, versions, end of one; ERR_CANCELLED alone is an error. NULL: only by content. */
	int (*look)(struct backup_look *x, const struct backup_item *item, struct err *e);
	/* Is every file of the log between it and now there? NULL: nothing is replayed onto it. */
	int (*gap)(struct backup_look *x, const struct backup_item *item, struct err *e);
	int (*take)(struct backup_job *j, struct err *e); /* NULL: the site makes them itself */
	/* Fills j->db with a server that has all of j->item. NULL: by content. */
	int (*restore)(struct backup_job *j, struct err *e);
};

extern const struct backup_method backup_methods[]; /* a NULL name ends it */
const struct backup_method *backup_method(const char *name);
/* What a file is by its first bytes; NULL: nothing that is known. */
const struct backup_method *backup_by_content(struct arena *a, const char *path);

/* backup.c */
void backup_find(struct backup_look *x, const char *check, enum backup_state state, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
/* The first or the last bytes of a file, ended by a NUL. */
char *backup_edge(struct arena *a, const char *path, int at_end, size_t *len);
/* backup_proof.c */
void backup_proof_read(struct arena *a, const struct backup_config *b, struct backup_proof *out);
int backup_proof_write(
    struct arena *a, const struct backup_config *b, const struct backup_proof *p, struct err *e);
/* backup_items.c: files, or directories with all that is in them. */
int backup_files(struct backup_look *x, struct err *e);
int backup_trees(struct backup_look *x, struct err *e);
void backup_add(
    struct backup_look *x, const char *name, const char *path, int64_t bytes, int64_t made);
void backup_sort(struct backup_facts *f);
/* Bytes in a directory; *link: something in it that leads out of it, or NULL. */
int64_t backup_tree_bytes(struct arena *a, const char *path, const char **link);
/* backup_decode.c: format, end, versions; a dump of pg_dump is decoded as a whole. */
int backup_look_pg_dump(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_look_my_dump(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_look_mydumper(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_gap_my_dump(struct backup_look *x, const struct backup_item *item, struct err *e);
void backup_judge_versions(struct backup_look *x, int from, int by);
/* A directory for a tool's output, and the tool run there; its output is in *log. */
int backup_tool(struct waiter *w, struct arena *a, const char *const *argv, const char **log,
    int64_t limit_ms, struct err *e);
/* A PostgreSQL client program of that version or later, or NULL. */
const char *backup_program(struct arena *a, const char *name, int major);
/* backup_tree.c: copies of a data directory. */
int backup_look_tree(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_restore_tree(struct backup_job *j, struct err *e);
int backup_restore_prepared(struct backup_job *j, struct err *e);
/* Makes a restored data directory of PostgreSQL one that only answers here; restore_command may be
 * NULL. */
int backup_isolate(struct backup_job *j, const char *restore_command, struct err *e);
/* backup_pgbackrest.c */
int backup_pgbackrest_items(struct backup_look *x, struct err *e);
int backup_pgbackrest_look(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_pgbackrest_gap(struct backup_look *x, const struct backup_item *item, struct err *e);
int backup_pgbackrest_take(struct backup_job *j, struct err *e);
int backup_pgbackrest_restore(struct backup_job *j, struct err *e);
/* backup_proc.c */
/* The step's result, which its plan says at the end. */
void backup_report(struct backup_job *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void backup_say(struct backup_job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What a new one is called, "shop-20261128T101500Z.dump": the pattern's ending. */
const char *backup_new_name(struct backup_job *j, const char *ending);
/* A program beside the scratch server, with its output in the scratch directory. */
int backup_run(struct backup_job *j, const char *const *argv, const char *input, struct err *e);
/* What was written as `part` is read again and gets its name; after a failure, rc, it is removed.
 */
int backup_finish(struct backup_job *j, const char *part, const char *name, int rc, struct err *e);
/* One table: its rows in the restored server and on the live one, -1 where it is not. Empty
 * where the live one is not is an error; other differences are noted. */
int backup_count(struct backup_job *j, const char *full, int64_t rows, int64_t live, struct err *e);
/* All tables were counted: none is an error. */
int backup_counted(struct backup_job *j, struct err *e);
int backup_take_command(struct backup_job *j, struct err *e);
int backup_proc_take(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
int backup_proc_drill(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
/* pg_proc_backup.c and my_proc_backup.c: dumps, and comparing what was restored with what lives. */
int pg_backup_take(struct backup_job *j, struct err *e);
int pg_backup_load(struct backup_job *j, struct err *e);
int pg_backup_prove(struct backup_job *j, struct err *e);
int my_backup_take(struct backup_job *j, struct err *e);
int my_backup_load(struct backup_job *j, struct err *e);
int my_backup_load_tree(struct backup_job *j, struct err *e);
int my_backup_prove(struct backup_job *j, struct err *e);

#endif
