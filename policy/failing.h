/* A failover while it is thought through. Private to policy/failover*.c. */
#ifndef POLICY_FAILING_H
#define POLICY_FAILING_H

#include "failover.h"
#include "policy/inside.h"

enum fence { FENCE_STOPPED, FENCE_READ_ONLY, FENCE_WORD, FENCE_NONE };

struct failing {
	struct arena *arena;
	struct plan *plan;
	const struct failover_input *in;
	const struct topology *t;
	const struct switching *say;
	const struct node *old, *new;
	struct candidate *ranked;
	size_t nranked;
	const struct candidate *chosen;
	const char *before; /* where it stops, "" nowhere */
	int is_planned;	    /* the old primary answers */
	int is_held;	    /* the candidate is held back */
	enum fence fence;
};

/* Why nothing is planned, first of a table, or NULL: policy/failover_refused.c. */
const char *failing_refused(struct failing *f, enum err_code *code, const char **hint);
/* What the plan says besides its steps: policy/failover_say.c. */
void failing_say(struct failing *f);
const char *failing_amount(struct arena *a, const struct log_facts *f, const char *after);
uint64_t failing_number(const char *position);
/* True where n is not told: it is held, past the mistake, or cannot be. */
int failing_stays_behind(const struct failing *f, const struct node *n);
/* True where n has to be told of the new primary. */
int failing_must_follow(const struct failing *f, const struct node *n);
/* The manager's own command, and nothing else: policy/failover_manager.c. */
int failing_is_managed(const struct failing *f);
int failing_by_manager(struct failing *f, struct err *e);

#endif
