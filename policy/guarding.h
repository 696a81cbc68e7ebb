/*
 * The guard builder at work: what the rows of guard_table.c see. Private to policy/.
 */
#ifndef POLICY_GUARDING_H
#define POLICY_GUARDING_H

#include "policy/inside.h"

/* A replica that a held one above it keeps back too. */
struct covered {
	const struct node *node, *above;
};

struct guarding {
	struct arena *arena;
	struct plan *plan;
	const struct guard_input *in;
	const struct wording *say;
	const struct node *node;    /* where the statement runs */
	const struct node *primary; /* NULL: not known */
	const struct node **set;    /* replicas to be held; already held ones included */
	size_t nset;
	struct covered *below; /* not held themselves */
	size_t nbelow;
	enum tx_shape shape;
	int on_operator;   /* on the operator's own connection */
	int stays_here;	   /* no replica gets it: nobody is held */
	int in_tx;	   /* one transaction around the statements, by us */
	size_t first, end; /* statements sent as such; BEGIN and COMMIT may be ours */
	int wave;	   /* last one used */
};

/* One guard: when it is needed, and the steps it adds. */
struct guard_row {
	const char *id;
	int (*when)(const struct guarding *g);
	void (*build)(struct guarding *g);
};

extern const struct guard_row guard_rows[]; /* in the order of the plan; id NULL ends */

/* Conditions and builders: policy/guard.c. */
int guard_on_operator(const struct guarding *g);
int guard_in_open_tx(const struct guarding *g);
int guard_holds(const struct guarding *g);
int guard_covers(const struct guarding *g);
int guard_copies(const struct guarding *g);
int guard_fences(const struct guarding *g);
int guard_hardens(const struct guarding *g);
int guard_on_main(const struct guarding *g);
int guard_always(const struct guarding *g);
void guard_build_limit(struct guarding *g);
void guard_build_operator(struct guarding *g);
void guard_build_hold(struct guarding *g);
void guard_build_cover(struct guarding *g);
void guard_build_copy(struct guarding *g);
void guard_build_fence(struct guarding *g);
void guard_build_harden(struct guarding *g);
void guard_build_enter(struct guarding *g);
void guard_build_main(struct guarding *g);
void guard_build_leave(struct guarding *g);
void guard_build_reprove(struct guarding *g);
void guard_build_recover(struct guarding *g);

/* Who is kept back by whom: policy/guard_cover.c. Takes those out of the set. */
/* What no replica gets needs no hold; what one could be spared is offered. */
void guard_stays_here(struct guarding *g);
void guard_choose_covered(struct guarding *g);

/* True where nothing else would keep what the plan takes: policy/guard_copy.c. */
int guard_wants_copy(const struct guarding *g);

/* What a plan says besides its steps: policy/guard_say.c. */
void guard_nodes(struct guarding *g);
void guard_accepted(struct guarding *g);
void guard_way_back(struct guarding *g);
void guard_reversible(struct guarding *g);
/* Before all others: what is better than the plan itself. */
void guard_reason_first(
    struct guarding *g, const char *rule, enum level level, const char *sentence);
void guard_reason(struct guarding *g, const char *rule, enum level level, const char *sentence);

#endif
