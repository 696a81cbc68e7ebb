/* rm HOST:PATH while it is thought through. Private to policy/remove*.c. */
#ifndef POLICY_REMOVE_H
#define POLICY_REMOVE_H

#include "policy/inside.h"

struct removing {
	struct arena *arena;
	struct plan *plan;
	const struct remove_input *in;
	const struct path_facts *path;
	const struct host_facts *host;
	const struct topology *t;
	const struct node *node;    /* whose directory it is; NULL: nobody's that is known */
	const struct node *primary; /* of the same data; NULL none that answers */
	size_t nprimaries;	    /* that take writes of the same data */
	size_t candidates;	    /* nodes on that host whose directory is not known */
};

/* Why it is refused, or NULL; the first of the table decides. */
const char *remove_refused(struct removing *r);
/* The same of a directory of MariaDB: remove_gtid.c. Whether anything can be proved from its files;
 * then, whether the primary holds all of it. */
/* The first transaction of a list whose domain and server have not come so far in another, or NULL.
 */
const char *gtid_first_missing(struct arena *a, const char *has, const char *in);
int remove_is_mariadb(const struct removing *r);
const char *remove_gtid_unknown(const struct removing *r);
const char *remove_gtid_missing(const struct removing *r);
/* The host a node is on, by its config; NULL unknown. */
const char *remove_host_of(const struct removing *r, const struct node *n);
/* "pg1 on host h1 (/path)". */
const char *remove_where(const struct removing *r, const struct node *n);

#endif
