/* The door: the one place that executes. */
#ifndef SHELL_RUN_H
#define SHELL_RUN_H

#include "err.h"
#include "plan.h"

struct app;

/* What a plan came to, for the words afterwards. */
struct run_report {
	int main_begun; /* a begin of a main step was written */
	int main_done;	/* and the last one succeeded */
	int is_made;	/* what it is for has happened, whatever failed after it */
	int is_unknown; /* outcome of the main part not known */
	size_t held;	/* replicas held by this run */
	size_t proven, not_proven;
	size_t left;  /* steps after the act that were not done, each said */
	int64_t rows; /* of the main statement */
};

/* Executes the plan's steps in order. */
int door_run(struct app *app, const struct plan *p, struct run_report *r, struct err *e);
/* The pen: one person acts on a cluster at a time. Taken before a request is consumed; 0 drops it.
 */
int door_pen(struct app *app, int take, struct err *e);

#endif
