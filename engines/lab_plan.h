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
	int second;   /* index of a second one it also replicates from, -1 none */
	int port;
	int reserved; /* a bound socket that keeps the port ours; -1 none */
	int delay_s;
	int ssh_port, ssh_reserved; /* its machine's, where the lab has machines */
};

struct lab;
struct buf;

/* What differs between the engines' labs. */
struct lab_kind {
	const char *engine, *prefix; /* of the nodes' names */
	const char *user;	     /* of the servers, where the caller is root */
	const char *passfile;	     /* suffix of a person's password file */
	int (*find)(struct lab *l, struct err *e);
	int (*build)(struct lab *l, struct waiter *w, struct err *e);
	/* The administrator's and the servers' own password files, and a person's. */
	int (*secrets)(struct lab *l, struct err *e);
	int (*secret)(const struct lab *l, const char *name, const char *role, uid_t uid, gid_t gid,
	    struct err *e);
	const char *(*address)(const struct lab *l, size_t i); /* as holdfast.conf has it */
};

struct lab {
	const struct lab_setup *setup;
	const struct lab_kind *kind;
	struct arena *arena;
	char dir[PATH_MAX]; /* absolute */
	char bin[PATH_MAX]; /* of the server's programs */
	struct scratch_user user;
	gid_t group; /* of spool and journal */
	struct lab_member nodes[LAB_MAX_NODES];
	size_t nnodes;
	int has_hosts;	      /* an sshd a node */
	int has_measurements; /* tables of the incident "luscii" */
	int nsync;	      /* standbys in synchronous_standby_names */
	char admin[LAB_PASSWORD], replicator[LAB_PASSWORD], alice[LAB_PASSWORD], bob[LAB_PASSWORD];
};

extern const char *const lab_persons[]; /* NULL-terminated */
extern const char lab_measurements[];	/* and the tables of the incident "luscii" */
extern const char lab_schema[];		/* SQL; {ROWS}, {ITEMS} and {CUSTOMERS} are numbers */

extern const struct lab_kind lab_postgresql, lab_mariadb, lab_mysql;
extern const char lab_my_checklist[]; /* and the table of the incident "cxalloy" */
extern const char lab_my_schema[];    /* the same tables for MariaDB, one statement a line */
extern const char lab_mysql_schema[]; /* and for MySQL */

/* A start under way is waited for; lab.c. */
int lab_ready(
    struct lab *l, size_t i, struct scratch *s, int64_t deadline, struct waiter *w, struct err *e);
/* Copies of the first node's data for all others, configured; its server stands still. */
int lab_copy(struct lab *l, int (*configure)(struct lab *l, size_t i, struct err *e),
    struct waiter *w, struct err *e);
const char *lab_fill(const struct lab *l, const char *schema); /* with its numbers filled in */
const char *lab_password(const struct lab *l, const char *role);
/* lab_files.c: everything in the directory that is no server's. */
int lab_dir(struct lab *l, struct err *e);
int lab_write(const struct lab *l, const char *name, const char *text, int mode, uid_t uid,
    gid_t gid, struct err *e);
int lab_pgpass(struct lab *l, struct err *e);
int lab_pgpass_of(
    const struct lab *l, const char *name, const char *role, uid_t uid, gid_t gid, struct err *e);
int lab_keys(struct lab *l, struct waiter *w, struct err *e);
int lab_config(struct lab *l, struct err *e);
/* lab_hosts.c: sshds, their sections of holdfast.conf, their end. */
int lab_hosts(struct lab *l, struct waiter *w, struct err *e);
void lab_host_sections(const struct lab *l, const char *user, struct buf *b);
void lab_hosts_down(const char *dir, struct waiter *w);
/* lab_nodes.c: shape, ports, a server's configuration. */
int lab_shape(struct lab *l, struct err *e);
int lab_reserve(struct lab *l, struct err *e);
int lab_configure(struct lab *l, size_t i, struct err *e);
const char *lab_data(const struct lab *l, size_t i);

#endif
