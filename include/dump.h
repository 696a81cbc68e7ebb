/*
 * A dump as far as one table of it goes, and the table as it stands now on the server
 * that the dump would be restored to. Facts only: what is restored, and how, is a plan.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

struct dump_question {
	const char *path, *schema, *table;
	int major; /* of the server it would be restored to: 15, or 1011 where there is a minor */
	int is_mysql;
};

/* What it holds of the table. Every byte of its rows was decoded to know this. */
struct dump_facts {
	const char *format;   /* "custom", "directory", "tar", "plain", "script", "mydumper" */
	const char *identity; /* of the file: device, inode, size, time of its last change */
	int64_t bytes;	      /* of the file or directory */
	int from, by; /* versions as major: the server's it was taken of, pg_dump's; 0 not said */
	const char *made; /* when, as the dump says; "" not said */
	/* The definitions, exactly as they will be sent: in the side schema, each with its
	 * semicolon. before the rows are loaded, and after. */
	const char *side, *before, *after;
	size_t nbefore, nafter;
	const char *columns;  /* of the rows, quoted, with commas */
	const char *triggers; /* of MariaDB and MySQL, for where the table stands in the end; "" */
	const char **roles;   /* they name; each must be on the server */
	size_t nroles;
	const char *encoding; /* of its texts */
	const char *left;     /* what is not brought along, or "" */
	int64_t rows, data;
	char sha256[SHA256_HEX]; /* of the rows as text */
};

struct standing_question {
	const char *schema, *table, *side;
	const char *const *roles;
	size_t nroles;
};

/* The table as it stands on the operator's server. */
struct standing {
	int has_schema;
	uint32_t oid; /* 0: there is none of that name */
	int64_t rows, bytes, indexes;
	const char *sizes; /* of its indexes: "NAME BYTES" lines */
	const char *taken; /* what has the name and is no plain table: "view"; or NULL */
	const char *stuck; /* what hangs on it and would not go along; or NULL */
	const char **keys; /* foreign keys of other tables on it, by name */
	size_t nkeys;
	const char **views; /* that read it */
	size_t nviews;
	const char **missing; /* of the roles that were asked for */
	size_t nmissing;
	const char *triggers; /* as they stand, where a plan must make them again; "" */
	const char *stage;    /* how far an earlier restore of the same rows came; "" none */
};

#define RESTORE_SIDE "holdfast_restore_"
#define RESTORE_ASIDE "holdfast_aside_"

#endif
