/*
 * The lab: throw-away clusters for trying things out, for the demo and for the tests. Everything of
 * one lab is below one directory, which carries a marker; nothing else is ever stopped or removed.
 */
#ifndef LAB_H
#define LAB_H

#include <stddef.h>
#include <sys/types.h>

#include "err.h"
#include "wait.h"

struct arena;

#define LAB_MAX_NODES 64
#define LAB_ROWS 1000000

/* The OS user that a person's key and passfile are given to. */
struct lab_owner {
	const char *person, *user;
};

struct lab_setup {
	const char *engine; /* "postgresql" */
	const char *shape;  /* single, star:N, cascade:N, tree:N, fleet:N, sync:N, delayed */
	const char *dir;    /* made, or empty */
	const char *user;   /* OS user of the servers; NULL: "postgres" for root, else the caller */
	const char *group;  /* OS group of spool and journal; NULL: "holdfast-op" where persons have
			       OS users of their own, else the caller's */
	const struct lab_owner *owners;
	size_t nowners;
	int no_slots;
	const char *incident; /* a published one to be set up, "cxalloy"; NULL none */
	long rows;	      /* of orders; 0: LAB_ROWS */
};

struct lab_node {
	const char *dir;      /* of the lab */
	const char *name;     /* pg1 */
	const char *upstream; /* NULL for the primary */
	const char *state;    /* primary, standby, starting, stopped */
	int port;
	pid_t pid; /* 0: not running */
};

/* Returns when every server runs and every standby has caught up. After an error or a cancel
 * nothing is left. */
int lab_up(const struct lab_setup *s, struct waiter *w, struct err *e);
/* Stops the servers of the lab and removes its directory; also what a killed lab_up left. */
int lab_down(const char *dir, struct waiter *w, struct err *e);
/* The nodes of one lab, or (dir NULL) of every running lab this user may look into. */
int lab_status(struct arena *a, const char *dir, struct lab_node **out, size_t *n, struct err *e);

#endif
