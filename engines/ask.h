/*
 * Questions: the fixed list of read-only things commands may ask a cluster. Typed answers, no SQL
 * of the caller's own. Each has a deadline, is cancelled by the waiter, and never changes anything.
 */
#ifndef ASK_H
#define ASK_H

#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "backup.h"
#include "config.h"
#include "dump.h"
#include "err.h"
#include "host.h"
#include "lost.h"
#include "plan.h"
#include "session.h"
#include "topology.h"
#include "wait.h"

struct arena;
struct cluster; /* the open sessions of a cluster: at most two per node, kept open */

/* The last picture, or NULL before the first crawl finished. */
const struct topology *ask_last(struct cluster *c);
/* A fresh picture: reads every known node again, in parallel, over kept sessions; follows new edges
 * both ways. Nodes that do not answer stay in it. The topology lives until cluster_tidy(),
 * hence for the whole of a typed line. */
int ask_topology(struct cluster *c, struct waiter *w, const struct topology **out, struct err *e);
/* The operator's session as it is now. */
int ask_session(
    struct cluster *c, struct waiter *w, struct arena *a, struct session *out, struct err *e);
/* Resolves the objects of all actions against the session's search_path: oid, relfilenode, size,
 * rows, temporary; objects that do not exist keep oid 0. Refines functions (volatility) and
 * temporary tables: may lower a REFINABLE opaque to read and a TEMPABLE one to write. */
int ask_refine(
    struct cluster *c, struct waiter *w, struct arena *a, struct script *s, struct err *e);

/*
 * What the relations that a text reads would run: a view or row security that calls functions which
 * may change something, or a foreign table, makes the statement opaque, with a reason that names
 * both. One question; none for catalogues and constants. search_path is the session's, or NULL.
 */
int ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e);

/*
 * -1 with the server's syntax error where the server's own grammar does not know the text either;
 * it is parsed there and not executed. 0 where it does, or could not be asked.
 */
int ask_syntax(struct cluster *c, struct waiter *w, const char *text, size_t len, struct err *e);

/*
 * What became of a statement: "committed", "aborted", "in progress", or NULL where the server no
 * longer knows. Asked of the node with this identity and no other; ERR_CONN where none answers.
 * PostgreSQL is asked about the number of its transaction. A server that crashed since may have
 * given the number away again (it is not durable before the transaction's first durable record):
 * what it says then is of another transaction, or of this one; only "aborted" holds for this one
 * either way. MariaDB and MySQL are asked what their binary log has since the position taken before
 * the statement.
 */
struct fate_asked {
	const char *xid, *text; /* as the begin record has them */
	int64_t age_s;
};
struct fate {
	const char *status;
	int is_certain;
	const char *why;    /* static: it is not certain, or says nothing; NULL */
	char evidence[512]; /* where it stands, "my1-bin.000002:344, GTID 0-1-17"; "" */
};
int ask_fate(struct cluster *c, struct waiter *w, const char *identity, const struct fate_asked *q,
    struct fate *out, struct err *e);

/* What hangs on an object: what a RESTRICT drop is refused for, what CASCADE takes along. */
struct dependent {
	const char *type, *schema, *name; /* "view", "public", "big_orders" */
	const char *table;		  /* of a constraint, trigger, policy; or NULL */
	const char *identity;		  /* pg_describe_object text */
	uint32_t classid, oid;
	uint32_t table_oid;  /* of `table`; 0 none */
	int64_t rows, bytes; /* -1: holds none, or unknown */
	int depth;	     /* 1 direct */
	int goes_along;	     /* goes with the object, or breaks, and refuses nothing */
};
int ask_dependents(struct cluster *c, struct waiter *w, struct arena *a, const struct object *o,
    struct dependent **out, size_t *n, struct err *e);
/* Estimated rows an UPDATE, DELETE or SELECT touches (EXPLAIN without ANALYZE); -1 unknown. */
int ask_estimate(struct cluster *c, struct waiter *w, const char *text, size_t len, int64_t *rows,
    struct err *e);

/* Rows for a listing: titles and cells, all inert-on-show text, NULL is SQL NULL. */
struct listing {
	size_t ncols, nrows;
	const char **titles;
	const char **cells;	   /* row-major */
	unsigned char *is_numeric; /* per column */
};
enum ask_list {
	ASK_TABLES,   /* tables, views: schema, name, type, owner, rows, size */
	ASK_LOCKS,    /* who waits for whom */
	ASK_ACTIVITY, /* sessions: pid, user, application, state, age, statement */
	ASK_LAG,      /* replicas: node, state, bytes, seconds */
	ASK_DATABASES,
	ASK_ROLES,
	ASK_FUNCTIONS,
	ASK_SCHEMAS,
	ASK_COLUMNS,	 /* of `argument` */
	ASK_INDEXES,	 /* of `argument` */
	ASK_CONSTRAINTS, /* of `argument`, both directions of foreign keys */
	ASK_PARTS,	 /* of `argument`: what it is, partitions, triggers, policies, a view's
			    text: part, name, definition, detail */
	ASK_ALL_INDEXES, /* indexes of the database: schema, name, table, size, scans, state */
	ASK_EXTENSIONS,
	ASK_PRIVILEGES, /* schema, name, type, and one line a grantee */
	ASK_SOURCE,	/* of the function or view `argument`: lines of text */
};
int ask_list(struct cluster *c, struct waiter *w, struct arena *a, enum ask_list what,
    const char *argument, struct listing *out, struct err *e);
/* Names for completion that begin with prefix: tables and views of the search_path. */
int ask_names(struct cluster *c, struct waiter *w, struct arena *a, const char *prefix,
    const char ***out, size_t *n, struct err *e);

/* A right that the person's login has on a node, or lacks. */
struct right {
	const char *what;    /* "pause replay" */
	int has;	     /* 1, 0, or -1: it could not be seen */
	const char *grant;   /* the statement that gives it; NULL none does */
	const char *without; /* what does not work without it */
	int is_needed;	     /* 0: the work goes on without it */
};
/* All that this program needs on that node, in the database of the cluster. */
int ask_rights(struct cluster *c, struct waiter *w, struct arena *a, const char *node,
    struct right **out, size_t *n, struct err *e);

/* What lies there of a declared backup; `deep`: and what is wrong with it. Files of this machine.
 */
int ask_backup(struct waiter *w, struct arena *a, const struct backup_config *b,
    const struct backup_live *live, int deep, struct backup_facts *out, struct err *e);
/* The safety copies in a directory of this machine, newest first; their files are not read. */
int ask_copies(
    struct arena *a, const char *directory, struct copy_seen **out, size_t *n, struct err *e);
/* The primary of the last picture, as far as backups are compared with it. */
int ask_backup_live(
    struct cluster *c, struct waiter *w, struct arena *a, struct backup_live *out, struct err *e);

/* What a dump, a file of this machine, holds of one table; all its rows are read for that. progress
 * may be NULL. ERR_REFUSED where the engine's dumps are not known here. */
int ask_dump(struct cluster *c, struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx,
    struct err *e);
/* That table on the operator's server, and what hangs on it. */
int ask_standing(struct cluster *c, struct waiter *w, struct arena *a,
    const struct standing_question *q, struct standing *out, struct err *e);

/* What runs on a host, and who it is; over SSH, see include/host.h. Nothing is changed there. */
int ask_host(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    struct host_facts *out, struct err *e);
/*
 * What an absolute path on a host is: where it really leads, whose data it holds, who uses it.
 * ERR_USAGE where the path is none that could be meant, ERR_REFUSED where it cannot be read.
 */
int ask_path(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    const char *path, struct path_facts *out, struct err *e);
/* What the log on the disk of a server holds, running or not. */
int ask_log(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    const struct log_question *q, struct log_facts *out, struct err *e);

/* Fills the rest of each: all hosts at once. What cannot be asked is said in `why`. */
void ask_hold_files(
    struct cluster *c, struct waiter *w, struct arena *a, struct hold_file *files, size_t n);

/* The same for a path that is to be made: the directory above it must be there. */
int ask_target(struct cluster *c, struct waiter *w, struct arena *a, const char *host,
    const char *path, struct target_facts *out, struct err *e);
/* What the status command of a job says: its first line, and how it left (-1 not known). */
int ask_job(struct cluster *c, struct waiter *w, struct arena *a, const struct job_config *job,
    const char **said, int *status, struct err *e);

#endif
