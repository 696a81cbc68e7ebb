/*
 * A database server that is thrown away: for drills, undo from copies, restores that are looked at
 * first. It takes no connection but over a socket in its own private directory, has little memory,
 * dies with this process, and its directory is removed. Private to engines/.
 */
#ifndef SCRATCH_DB_H
#define SCRATCH_DB_H

#include "engines/scratch.h"

struct scratch_db {
	const char *engine;	  /* "postgresql" or "mariadb" */
	char dir[96];		  /* "" : nothing to remove */
	const char *data;	  /* its data directory */
	const char *address;	  /* as its driver takes it */
	const char *login;	  /* who may do everything there */
	const char *bin;	  /* directory of its programs */
	struct scratch_user user; /* who it runs as */
	int is_whole;		  /* its files come from elsewhere: its logins are not ours */
	struct scratch server;
};

#define SCRATCH_MARKER "holdfast-scratch"
#define SCRATCH_MEMORY (3LL << 30) /* address space of one process */

/* Removes what processes that were killed left behind; called at every start. */
void scratch_db_sweep(void);
/* A directory of its own with the marker in it, where `room` bytes are free; what dead processes
 * left behind is removed first. */
int scratch_db_dir(struct scratch_db *x, struct arena *a, int64_t room, struct err *e);
/* Makes a server with nothing in it, of that major version (PostgreSQL), and starts it. dir is made
 * where it was not. */
int scratch_db_start(
    struct scratch_db *x, struct arena *a, struct waiter *w, int major, struct err *e);
/* Starts a server on the data directory x->data, which lies in x->dir. */
int scratch_db_open(struct scratch_db *x, struct arena *a, struct waiter *w, struct err *e);
/* The same on files that were a server's elsewhere: it recovers first, as long as that takes, and
 * lets everybody in who reaches the socket. */
int scratch_db_whole(
    struct scratch_db *x, struct arena *a, struct waiter *w, int major, struct err *e);
/* Ends the server and removes the directory. Never fails: what stays is told by `left`. */
void scratch_db_stop(struct scratch_db *x);

#endif
