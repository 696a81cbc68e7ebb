/*
 * The crawl: from the configured nodes to the whole tree. Private to engines/.
 *
 * A sight is one address that was dialled, with what was seen there. Sights of the same instance
 * are merged; what remains becomes the nodes of the topology.
 */
#ifndef PG_CRAWL_H
#define PG_CRAWL_H

#include "engines/pg_driver.h"
#include "engines/pg_probe.h"

#define MAX_SIGHTS 1024
#define MAX_ROUNDS 8

struct sight {
	char name[64];	/* of the member; "" while it is only a candidate */
	char *address;	/* owned */
	char host[256]; /* as dialled */
	char port[8];
	char key[128];	       /* of a candidate: the edge it was dialled for */
	struct member *member; /* NULL: a candidate */
	struct pg_conn *conn;  /* a candidate's own session; members keep theirs */
	struct arena *arena;
	struct probe *probe; /* NULL: did not answer */
	struct err err;
	struct sight *same_as; /* a configured node that is this one by another address */
	int is_late;	       /* it hung: no answer, no refusal, until its deadline */
	int is_dropped;	       /* a candidate that was not it, or another address of a known node */
	/* Filled by the edges: */
	struct sight *up;	     /* the node it replicates from; NULL none or not seen */
	const struct sender *sender; /* its row there */
};

struct crawl {
	struct cluster *cluster;
	struct sight *sights[MAX_SIGHTS];
	size_t n;
	int hurry_ms; /* a configured node hangs: how long a candidate's login may take; 0 the usual
		       */
	struct sight *shown[MAX_SIGHTS]; /* those that became nodes, in the topology's order */
	size_t nshown;
};

/* Looks at all members and what they lead to. The members belong to the crawl meanwhile. */
int crawl_run(struct crawl *k, struct waiter *w, struct err *e);
void crawl_clear(struct crawl *k);
/* Who replicates from whom, among the sights: fills up and sender. May be repeated. */
void crawl_edges(struct crawl *k);
/* True where a node that did not answer is what this row of the parent is about. */
int edge_is_configured(
    const struct sight *parent, const struct sender *s, const struct sight *dead);
/* True for a socket, loopback or no host at all: it means another machine elsewhere. */
int place_is_local(const char *host);
/* True where both are one cluster by their system identifier. */
int sight_is_kin(const struct sight *x, const struct sight *y);
/* The topology as these sights show it, in the arena. */
struct topology *crawl_topology(struct crawl *k, struct arena *a);
/* A consumer of what this node writes, to be filled. */
struct consumer *crawl_consumer(
    struct arena *a, struct topology *t, const struct node *n, const char *what);
/* Slots (pg_slots.c): whose they are, what they keep, how fast that grows. */
void crawl_rate(const struct sight *s, struct node *n);
void crawl_link_slot(struct arena *a, const struct sight *up, struct node *n);
void crawl_slots(struct crawl *k, struct topology *t, size_t at, struct arena *a);
/* Sessions of other operators (pg_company.c). */
void crawl_company(
    struct arena *a, const struct probe *p, const struct node *n, struct topology *t);
/* Subscriptions and publications (pg_logical.c). */
void crawl_logicals(
    struct arena *a, const struct probe *p, const struct node *n, struct topology *t);
/* Sentences about what is wrong. */
void crawl_findings(struct crawl *k, struct arena *a, struct topology *t);

#endif
