/* A lab while it is made: what stands in its directory, and the steps. Private to engines/. */
#ifndef LAB_PLAN_H
#define LAB_PLAN_H

#include <limits.h>

#include "engines/scratch.h"
#include "lab.h"

#define LAB_MARKER ".holdfast-lab"
#define LAB_MAGIC "holdfast lab 1\n"
#define LAB_PASSWORD 33

struct lab_member {
	char name[8];
	int upstream; /* index, -1 for the primary */
	int port;
	int reserved; /* a bound socket that keeps the port ours; -1 none */
	int delay_s;
};

struct lab {
	const struct lab_setup *setup;
	struct arena *arena;
	char dir[PATH_MAX]; /* absolute */
	char bin[PATH_MAX]; /* of the server's programs */
	struct scratch_user user;
	gid_t group; /* of spool and journal */
	struct lab_member nodes[LAB_MAX_NODES];
	size_t nnodes;
	int nsync; /* standbys in synchronous_standby_names */
	char admin[LAB_PASSWORD], replicator[LAB_PASSWORD], alice[LAB_PASSWORD], bob[LAB_PASSWORD];
};

extern const char *const lab_persons[]; /* NULL-terminated */
extern const char lab_schema[];		/* SQL; {ROWS}, {ITEMS} and {CUSTOMERS} are numbers */

/* lab_files.c: everything in the directory that is no server's. */
int lab_dir(struct lab *l, struct err *e);
int lab_write(const struct lab *l, const char *name, const char *text, int mode, uid_t uid,
    gid_t gid, struct err *e);
int lab_keys(struct lab *l, struct waiter *w, struct err *e);
int lab_config(struct lab *l, struct err *e);
/* lab_nodes.c: shape, ports, a server's configuration. */
int lab_shape(struct lab *l, struct err *e);
int lab_reserve(struct lab *l, struct err *e);
int lab_configure(struct lab *l, size_t i, struct err *e);
const char *lab_data(const struct lab *l, size_t i);

#endif
