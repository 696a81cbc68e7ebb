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
/* The host a node is on, by its config; NULL unknown. */
const char *remove_host_of(const struct removing *r, const struct node *n);
/* "pg1 on host h1 (/path)". */
const char *remove_where(const struct removing *r, const struct node *n);

#endif
