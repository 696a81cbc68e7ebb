/*
 * Scratch programs: the one launcher for throw-away servers and the tools around them. Private to
 * engines/.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "wait.h"

struct arena;

struct scratch_user {
	uid_t uid;
	gid_t gid;
	int is_other; /* not the caller: identity is changed before exec */
};

struct scratch {
	const char *const *argv;	 /* argv[0] is an absolute path; NULL-terminated */
	const char *const *env;		 /* more NAME=VALUE, or NULL */
	const struct scratch_user *user; /* NULL: the caller */
	const char *dir;		 /* working directory */
	const char *log;		 /* takes stdout and stderr, appended */
	const char *input;		 /* a file that is standard input, or NULL: nothing */
	int64_t memory;			 /* most address space of a process, 0: no limit */
	int is_server;			 /* lives on; else it is killed with this process */
	pid_t pid;			 /* filled */
	int pidfd;			 /* filled; -1 none */
};

/* Who servers run as: never root. name NULL: the caller, or "postgres" where that is root. */
int scratch_user(const char *name, struct scratch_user *out, struct err *e);
/* Starts the program: no shell, fixed PATH, LANG=C.UTF-8, own session, no core files. */
int scratch_start(struct scratch *s, struct err *e);
/* Waits for its end; kills it where the deadline passes or the waiter is cancelled. A status other
 * than 0 is an error that carries the log's last line. */
int scratch_wait(struct scratch *s, struct waiter *w, int64_t deadline, struct err *e);
/* start and wait. */
int scratch_run(struct scratch *s, struct waiter *w, int64_t deadline, struct err *e);
/* Stops waiting: closes the descriptor, leaves a server alone, kills a tool. */
void scratch_drop(struct scratch *s);

/* The server on a data directory. Returns its pid, 0 where none runs. *state (32 bytes) is
 * "starting", "ready" or "standby"; *pidfd, where asked for, pins exactly that process. */
pid_t scratch_server(const char *data, char *state, int *pidfd);
/* Fast stop, after ten seconds an immediate one, then SIGKILL. Nothing running is success. */
int scratch_stop(const char *data, struct waiter *w, struct err *e);
/* Removes a directory tree without following links out of it. */
int scratch_remove(const char *dir, struct err *e);

#endif
