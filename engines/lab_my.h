/*
 * What differs between the labs of MariaDB and of MySQL. Private to the lab_ files.
 */
#ifndef LAB_MY_H
#define LAB_MY_H

#include "engines/lab_plan.h"

struct lab_my {
	/* An empty data directory for the first node. */
	int (*install)(struct lab *l, struct waiter *w, struct err *e);
	/* Takes away of a copy what only one server may have. */
	int (*part)(struct lab *l, size_t i, struct err *e);
	const char *(*settings)(const struct lab *l, size_t i); /* more lines of a server's file */
	const char *(*users)(const struct lab *l);		/* SQL, one statement a line */
	const char *schema;
	const char *const *loading; /* options of the server while it loads; NULL-terminated */
	const char *status;	    /* the question of how it replicates */
	const char *by_gtid;	    /* of CHANGE MASTER */
};

const struct lab_my *lab_my_dialect(const struct lab *l);
int lab_mariadb_find(struct lab *l, struct err *e);
int lab_mysql_find(struct lab *l, struct err *e);
/* A server that starts removes temporary tables from its tmpdir, whoever's they are. */
const char *lab_my_tmp(const struct lab *l, size_t i);
int lab_my_make_tmp(const struct lab *l, size_t i, struct err *e);

#endif
