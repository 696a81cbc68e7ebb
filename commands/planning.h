/* What commands share to make plans: facts asked, verdict judged, guards built. */
#ifndef PLANNING_H
#define PLANNING_H

#include "command.h"
#include "policy.h"

/* A plan with id, requester, incident, session and text filled from the context. */
struct plan *planning_new(struct context *c, const char *text, size_t len);
/* What the judge is asked about a plan's statements: the shell's state, and no findings. */
struct judge_input planning_judge(const struct context *c, const struct plan *p);
/* A fresh topology into the context; ERR_CONN where no node answers. */
int planning_topology(struct context *c, struct err *e);
/* What the catalog said, for the judge. */
struct findings {
	const char **blockers; /* dependents a RESTRICT drop would be refused for */
	size_t nblockers;
	int64_t estimate; /* rows changed: 0 not asked, -1 not known */
};
/* Judges the plan's statements and builds the guards. */
int planning_guard(struct context *c, struct plan *p, const struct findings *f, struct err *e);
/* Fills g->files: asks the hosts of replicas, where the engine hardens a hold by a file there. */
void planning_files(struct context *c, struct guard_input *g);
/* A dump is somebody's file: what it says makes the table `name`, and reads, runs and reaches
 * nothing else, or ERR_REFUSED. */
int planning_defines(struct context *c, const char *text, const char *name, struct err *e);
/* How old the backups are, where the plan is dangerous. */
void planning_backups(struct context *c, struct plan *p);
/* Asks rows, sizes and dependents of everything destructive; fills losses and "takes" facts. */
int planning_losses(struct context *c, struct plan *p, struct findings *f, struct err *e);

/* What a plan loses, while it is gathered. */
struct losing {
	struct context *c;
	struct plan *p;
	struct findings *f;
	const struct statement *s;
	const struct action *act;
};
int losing_dependents(struct losing *l, const struct object *o, struct err *e);
int losing_is_truncate(const struct action *act);
const char *losing_size(struct arena *a, int64_t rows, int64_t bytes);

#endif
