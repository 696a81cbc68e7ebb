/*
 * A table on its way from a dump of MariaDB or MySQL to a side schema: what the procedures know.
 * Private to the my_ files.
 */
#ifndef MY_RESTORE_H
#define MY_RESTORE_H

#include "engines/my_dump.h"
#include "engines/my_undo.h"
#include "engines/pace.h"

enum my_stage { MY_STAGE_NONE, MY_STAGE_NEW, MY_STAGE_MADE, MY_STAGE_LOADED };

struct my_restoring {
	struct my_undo u;    /* dst: the session that acts; src unused */
	struct my_conn *eye; /* a second one, which looks how far the first is */
	struct waiter looking, *base;
	struct my_dump d;
	struct pace p;
	const char *encoding, *side, *before, *after, *sha256, *identity;
	const char *full; /* quoted, the table in the side schema */
	enum my_stage stage;
	size_t made;		     /* of the definitions after the rows */
	int64_t statements;	     /* of the dump's INSERTs that were loaded and committed */
	int64_t seen, unfit, warned; /* of this run */
	int64_t committed;	     /* rows */
	size_t pending;		     /* bytes since */
	struct hasher *hash;
	const char *report;
};

#define MY_UNFIT "holdfast_unfit" /* in the side schema: rows that did not fit, and why */

/* A foreign key, as it is in SQL. */
struct my_key {
	const char *schema, *table, *name, *parent_schema, *parent;
	const char *columns, *references; /* quoted, with commas */
	const char *rules;		  /* " ON DELETE CASCADE" */
	const char *match, *is_set;	  /* conditions on c, the child, and p */
};
struct my_keys {
	struct my_key *keys;
	size_t n;
};
/* my_keys.c: those of u's table, or of others on it. */
int my_keys_of(struct my_undo *u, int is_on_it, struct my_keys *out, struct err *e);

/* One statement without a limit on how long it takes; the result may be NULL. */
int my_restore_do(struct my_restoring *x, const char *sql, struct err *e);
/* my_restore_rows.c: the rows of the dump, from where an earlier run stopped. */
int my_restore_rows(struct my_restoring *x, struct err *e);
/* How far it is, in the same transaction as what it is about. */
int my_restore_mark(struct my_restoring *x, const char *stage, struct err *e);

#endif
