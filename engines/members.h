/*
 * Inside of a cluster's handle: which sessions are open to which node. Private to engines/.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "cluster.h"
#include "engines/driver.h"
#include "topology.h"

/* One node the handle knows: from the config, or found by the crawl. */
struct host_conn;

struct member {
	char name[64];
	char *address;	      /* as the config or the crawl has it; owned */
	struct conn *control; /* kept; NULL until first used or after it broke */
	char identity[128];
	char incarnation[40];
	int is_configured;
	/* Two earlier readings of the end of its log, to tell how fast it grows. */
	struct {
		uint64_t lsn;
		int64_t ms;
	} flow[2];
	struct lag_sample lags[LAG_SAMPLES]; /* a ring of earlier pictures */
	size_t nlags;
	/* When it was last seen to take writes. */
	char position[40];
	char data_directory[1024];
	int timeline;
	uint64_t position_value;
	int64_t position_ms;
};

struct cluster {
	struct cluster_setup setup;
	const struct driver *driver;
	struct member *members; /* owned array */
	size_t nmembers;
	struct conn *person; /* the operator's interactive session; NULL not connected */
	char operator_node[64];
	char operator_address[512]; /* as it was opened */
	struct conn *main;	    /* the plan's fresh connection */
	char main_node[64];
	struct conn *pen;	   /* holds the advisory lock */
	struct topology *topology; /* last picture */
	struct arena *topology_arena;
	struct arena **retired; /* pictures that somebody may still read; owned */
	size_t nretired;
	/* What was read of a dump last, and of which: a file that has not changed is not read
	 * twice.
	 */
	struct arena *dump_arena;
	const char *dump_key;
	struct dump_facts dump;
	struct background *crawl; /* crawl, or NULL */
	int is_busy; /* the main thread uses the members: no background crawl may start */
	struct {
		char key[128];
		int64_t until; /* now_ms */
	} tried[64];	       /* addresses that were no node */
	size_t ntried;
};

struct member *cluster_member(struct cluster *c, const char *name);
/* What was found joins the members, with the session it was found over; owns both from now on. */
void cluster_adopt(struct cluster *c, const char *name, char *address, struct conn *control);
/* The node's control session, opened now if it is not; checks that the identity is still the
 * one seen before (ERR_STALE). Safe to call from one worker per member. */
int member_control(
    struct cluster *c, struct member *m, struct waiter *w, struct conn **out, struct err *e);

/* True where the server that answered is the one the member stands for. */
int cluster_is_same(const struct member *m, const struct who *who);
/* "holdfast PERSON INCIDENT": what every session of this handle calls itself. Returns out. */
const char *cluster_application(const struct cluster *c, char *out, size_t size);
/* now + the configured limit. */
enum cluster_limit { LIMIT_CONNECT, LIMIT_QUERY };
int64_t cluster_deadline(const struct cluster *c, enum cluster_limit l);
/* The primary of the last picture, else the node of the operator's session. ERR_CONN without. */
struct member *act_primary(struct cluster *c, struct err *e);
/* Opens the member's control session anew and sees that the same server is still there. */
int cluster_open_control(
    struct cluster *c, struct member *m, struct waiter *w, struct who *who, struct err *e);
/* Waits for a background crawl: until it is over the members belong to its thread. */
int cluster_settle(struct cluster *c, struct waiter *w, struct err *e);
/*
 * The same, and none starts before *held leaves its scope: whoever uses a member or its control
 * session across a wait enters first, since the loop runs timers while it waits.
 *
 *	CLEAN_MEMBERS struct cluster *held = NULL;
 *	if (members_enter(c, w, &held, e) < 0) ...
 */
int members_enter(struct cluster *c, struct waiter *w, struct cluster **held, struct err *e);
void members_leave(struct cluster **held);
#define CLEAN_MEMBERS __attribute__((cleanup(members_leave)))
void cluster_crawl_cancel(struct cluster *c); /* stops a background crawl; its picture is lost */

/* What run.h has for hosts (CONN_HOST): one command's words, one named procedure. */
int host_attempt(struct cluster *c, struct waiter *w, struct effect *f);
int host_proc(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e);
/* A procedure of its own kind: runs the words of a job's step. */
int host_job(
    struct cluster *c, struct waiter *w, const struct step *s, struct outcome *out, struct err *e);
/* The step's host, reached and seen to show the key of the plan. */
int host_of_step(struct cluster *c, struct waiter *w, const struct step *s, struct host_conn **out,
    struct err *e);
const char *host_argument(const struct step *s, const char *name); /* NULL none */

/* Workers: runs fn for each of n items of `size` bytes at once, one thread each up to a bound,
 * signals blocked; returns when all are done. Each fn gets a waiter whose cancel descriptor fires
 * when w says cancelled. Returns -1 when it was cancelled. */
typedef void (*fanout_fn)(void *item, struct waiter *w);
int fanout(struct waiter *w, fanout_fn fn, void *items, size_t size, size_t n);

#endif
