/*
 * Backups as the site makes them: what the configuration declares, what lies there, what is wrong
 * with it. Nothing of it is believed before it was decoded, or restored in a drill.
 */
#ifndef BACKUP_H
#define BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

/* Words of the option `method`; each has its row in engines/backup_method_table.c. NULL ends it. */
extern const char *const backup_method_names[];

/* A finished backup of a method: a file, a directory, or what the tool calls it. */
struct backup_item {
	const char *name, *path;
	int64_t bytes, made; /* epoch seconds */
};

enum backup_state { BACKUP_OK, BACKUP_WARN, BACKUP_FAIL };

/* One thing looked at, and what was seen. */
struct backup_finding {
	const char *check;
	enum backup_state state;
	const char *evidence;
};

/* The last proof that it can be restored: written by `backups drill`. */
struct backup_proof {
	int64_t at; /* epoch seconds; 0: never */
	int64_t ms; /* how long the restore took */
	int64_t rows, tables;
	const char *item;
	const char *note; /* what was seen: how its counts differ, or why it failed; "" nothing */
	int ok;
};

struct backup_facts {
	struct backup_item *items; /* newest first */
	size_t nitems;
	struct backup_finding *findings;
	size_t nfindings;
	struct backup_proof proof;
};

/* What was there of a backup when something was planned. */
struct backup_age {
	const char *name, *newest; /* newest "": there is none */
	int64_t made, proved;	   /* epoch seconds; 0: never */
	int is_proved;		   /* the last drill went well */
};

/* A safety copy that a guard took before a plan's statement. */
struct copy_seen {
	const char *plan, *schema, *table, *node;
	const char *wrong; /* why it is no copy, or NULL */
	int64_t taken, expires, bytes;
};

/* What the live server is, to compare with. */
struct backup_live {
	int major;		    /* 0: not known */
	const char *data_directory; /* or NULL: not on this machine, or not known */
	const char *log;	    /* the file of the log that it writes now; NULL: not known */
	int64_t segment;	    /* bytes of one, PostgreSQL */
	const char **logs;	    /* binary logs that it still has, oldest first */
	size_t nlogs;
	const char *archiving; /* what is wrong with its archiving of the log; NULL nothing */
};

#endif
