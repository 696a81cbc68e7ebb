/*
 * A failover as it is thought through: who could become the primary, what is known of the old one,
 * and what would be lost. Facts only; policy/failover*.c makes the plan.
 */
#ifndef FAILOVER_H
#define FAILOVER_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "host.h"
#include "lost.h"
#include "policy.h"

/* How far a held candidate replays first: nothing is chosen for the operator. */
enum failover_far { FAR_UNSAID, FAR_ALL, FAR_BEFORE };
/* What the operator says of an old primary that nothing here can stop. */
enum failover_word { WORD_NONE, WORD_FENCED, WORD_UNFENCED };

/* A replica that could become the primary, and how it stands. */
struct candidate {
	const struct node *node;
	struct position got;	     /* what it received; of a held one, more than it applied */
	uint64_t behind;	     /* bytes behind the old primary's end, where that is known */
	int is_bound;		     /* behind is all it can lack: the end of the log is known */
	const char *cannot;	     /* why it cannot be promoted; NULL it can */
	const struct log_facts *log; /* of the old primary's disk, counted for it; NULL */
};

/* A server of the plan, its section of the config, and its host. */
struct failover_side {
	const struct node *node; /* NULL: not known */
	const struct node_config *config;
	const char *directory;	       /* its data directory; NULL not known */
	const struct host_facts *host; /* NULL: no host is configured, or it does not answer */
	const char *no_host;	       /* why, a sentence without its period */
};

struct failover_input {
	const struct guard_input *guard;
	const struct cluster_config *cluster;
	const char *name; /* of the candidate */
	enum failover_far far;
	enum failover_word word;
	int wants_rejoin;
	struct failover_side old, new;
	const struct log_facts *log; /* what the old primary's disk holds behind the candidate */
	const char *no_log;	     /* why that is not known */
	const struct plan *mistake;  /* filed plan the candidate is held for; NULL */
};

/* The primary that is to be replaced: the one that answers, else the one the replicas had. NULL:
 * not known. */
const struct node *failover_old(const struct topology *t, const struct node *candidate);
/* The replicas, best first. */
size_t failover_rank(struct arena *a, const struct topology *t, struct candidate **out);
/* The position of a held candidate that the mistake stands behind; "" not known. */
const char *failover_before(const struct guard_input *g, const struct node *n);
/* What is read on the old primary's disk for this candidate. */
void failover_question(struct arena *a, const struct failover_input *in,
    const struct node *candidate, struct log_question *q);
/* How much a candidate lacks, short; of the old primary's log on disk where log is not NULL. more:
 * how that is known and what is not, "" where that is all. */
const char *failover_lacks(
    struct arena *a, const struct node *old, const struct candidate *c, const char **more);

int policy_plan_failover(
    struct arena *a, struct plan *p, const struct failover_input *in, struct err *e);

#endif
