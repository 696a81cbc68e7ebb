/*
 * Policy: pure judgement and pure planning. Actions, session, topology and rules in; verdict and
 * guarded plan out. No I/O. The rules file is parsed by shell/config.c into struct site_rules.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "config.h"
#include "engine.h"
#include "hold.h"
#include "host.h"
#include "plan.h"
#include "session.h"
#include "topology.h"
#include "verdict.h"

/* One rule of the site's file (holdfast-policy(5)). It can only raise. */
struct site_rule {
	const char *id;
	const char **kinds; /* action kinds; none: any */
	size_t nkinds;
	const char **objects; /* "schema.name" with * wildcards; none: any */
	size_t nobjects;
	const char *min_class;	       /* lowest class it speaks of, or NULL */
	int64_t rows_over, bytes_over; /* -1: does not matter */
	int hours_from, hours_to;      /* UTC; -1: any time */
	enum level level;
	int approvals; /* for LEVEL_APPROVE */
	const char *sentence, *learned;
};

struct site_policy {
	const char *file; /* NULL: built in */
	struct site_rule *rules;
	size_t nrules;
	enum { HOLD_ALL, HOLD_ONE, HOLD_NAMES } hold;
	const char **hold_names;
	size_t nhold_names;
	int hold_names_line;	    /* in the file, for messages */
	int64_t write_confirm_rows; /* write above this is confirmed; default 1000 */
	int lock_timeout_ms;	    /* default 2000 */
	int statement_timeout_ms;   /* default 0: none, but see the plan */
	int approvals;		    /* default 1: for destructive and opaque */
	int request_ttl_s;	    /* default 900 */
	const char *safety_copies;  /* directory, or NULL: none are taken */
	int safety_days;	    /* they are kept at least; default 7 */
	const char *quarantine;	    /* schema, default "holdfast_quarantine" */
	char digest[SHA256_HEX];
};

void policy_defaults(struct arena *a, struct site_policy *p);
/* Canonical digest over the built-in rules' version and the site's rules. */
void policy_digest(struct arena *a, struct site_policy *p);
/* -1 with ERR_CONFIG where the site's file would lower anything or asks for n = 0. */
int policy_check(const struct site_policy *p, struct err *e);

struct judge_input {
	const struct site_policy *policy;
	const struct cluster_config *cluster; /* NULL: a bare URL */
	const struct statement *statements;
	size_t nstatements;
	const struct session *session;
	const struct topology *topology; /* NULL while unknown */
	const struct hold *holds;	 /* standing */
	size_t nholds;
	int is_journal_writable, is_signed; /* no journal, no key: looking and safing only */
	int remote_apply_chosen;	    /* the operator chose to freeze writers explicitly */
	int64_t now;			    /* epoch seconds */
	int has_dependents;	 /* RESTRICT drop the server would refuse: known from the catalog */
	const char **dependents; /* their names, "view public.big_orders"; for the sentence */
	size_t ndependents;
	int no_cascade;	  /* the engine has no word that drops them along */
	int64_t estimate; /* rows the text changes: 0 not asked, -1 asked and not known */
};

/* Never fails: what matches no rule is refused. */
void policy_judge(struct arena *a, const struct judge_input *in, struct verdict *out);

/* What the guard builder needs besides the plan itself. */
struct guard_input {
	const struct engine *engine;
	int remote_apply_chosen; /* pause: freezing all writers was chosen explicitly */
	const struct site_policy *policy;
	const struct topology *topology;
	const struct session *session;
	const struct hold *holds;
	size_t nholds;
	const struct hold_file *files; /* of nodes whose engine hardens a hold by a file */
	size_t nfiles;
};

/*
 * Turns a plan with its main statement(s) into the guarded plan: holds, proofs, hardening,
 * identity and object checks, limits, main, proof again, undo; plus world, nodes, accepted, way
 * back. plan->verdict must be set. ERR_REFUSED with a sentence where it cannot be guarded.
 */
int policy_guard(struct arena *a, struct plan *p, const struct guard_input *in, struct err *e);
/* Plans of the verbs, from facts: pause and resume of nodes, release after an undo. */
int policy_plan_pause(struct arena *a, struct plan *p, const struct guard_input *in,
    const char *const *nodes, size_t n, struct err *e);
int policy_plan_resume(struct arena *a, struct plan *p, const struct guard_input *in,
    const char *const *nodes, size_t n, struct err *e);

/*
 * Takes back a plan that took tables, rows, a schema or a database: brings each back on the primary
 * from a replica that plan held, then releases its replicas, upper ones first. xid: the transaction
 * of its statement, or "". ERR_REFUSED with a sentence where no held replica still has it.
 */
int policy_plan_undo(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct plan *filed, const char *xid, struct err *e);

/* `backups take` and `backups drill` of one declared backup. */
int policy_plan_backup(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct backup_config *b, const char *verb, struct err *e);

/* What a restore of a table rests on: the dump, and what stands. */
struct dump_facts;
struct standing;
struct restore_input {
	const struct guard_input *guard;
	const struct dump_facts *dump;
	const struct standing *standing;
	const char *schema, *table, *path;
	int is_beside; /* it is loaded, and takes nobody's place */
};
/* Loaded beside with the replicas held, then swapped with what stands, which goes aside. What
 * cannot be is a refused plan. */
int policy_plan_table(
    struct arena *a, struct plan *p, const struct restore_input *in, struct err *e);
/* True where a filed plan swapped a table: its undo is policy_plan_table_back. */
const struct step *policy_is_table(const struct plan *filed);
int policy_plan_table_back(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct plan *filed, struct err *e);

/* What rm, its undo and expunge rest on: a host, a path there, and the cluster's config. */
struct remove_input {
	const struct guard_input *guard;
	const struct cluster_config *cluster;
	const struct host_facts *host;
	const struct path_facts *path; /* restore: NULL */
};
/*
 * Renames a data directory into quarantine on its own file system. What must not go is a refused
 * plan (verdict), with the sentence: a primary's, a running server's, the last copy, a mount point,
 * what is no data directory.
 */
int policy_plan_remove(
    struct arena *a, struct plan *p, const struct remove_input *in, struct err *e);
/* True where a filed plan renamed a directory: then its undo is policy_plan_restore. */
const struct step *policy_is_remove(const struct plan *filed);
int policy_plan_restore(struct arena *a, struct plan *p, const struct remove_input *in,
    const struct plan *filed, struct err *e);
/* Removes what such a plan put in quarantine, for good; in->path is the directory in it. */
int policy_plan_expunge(struct arena *a, struct plan *p, const struct remove_input *in,
    const struct plan *filed, struct err *e);

/* What a copy rests on: where it goes, and what it is of: a node that runs, or a directory. */
struct snapshot_input {
	const struct guard_input *guard;
	const struct cluster_config *cluster;
	const struct host_facts *host; /* where the copy is made */
	const struct target_facts *target;
	const struct node *node;	 /* NULL: a directory */
	const char *login;		 /* node: its option copy */
	const struct path_facts *source; /* the directory; of a node where its host can be asked */
	const char *source_host;	 /* its host; NULL not known */
	const struct host_facts *source_facts; /* of a directory on another host; NULL: the same */
	const char *standby; /* it becomes this node's, as a standby; NULL: a plain copy */
};
/* A copy of a data directory, verified, never over anything. What cannot be is a refused plan. */
int policy_plan_snapshot(
    struct arena *a, struct plan *p, const struct snapshot_input *in, struct err *e);

/* One command line (text, classified in p->statements) on a host. Judged like every text; verdict,
 * step and world are filled. host needs no more than its name where the command only reads. */
void policy_plan_command(struct arena *a, struct plan *p, const struct judge_input *in,
    const struct host_facts *host, const char *text);

/* Pauses or resumes a job of the configuration on its host. */
struct job_config;
void policy_plan_job(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct cluster_config *c, const struct host_facts *host, const struct job_config *job,
    int is_resume);

/* The instance that runs on a host is that node; the node is on that host, by the config or by
 * where an instance of the host runs. */
int policy_is_instance(const struct node *n, const struct host_instance *x);
int policy_is_on_host(
    const struct cluster_config *c, const struct node *n, const struct host_facts *host);

/* What a plan on a host says of it: which nodes are there, with role and identity; as a reason and
 * as a fact of its world. */
void policy_say_host(struct arena *a, struct plan *p, const struct cluster_config *c,
    const struct topology *t, const struct host_facts *host);

/* The world a plan relies on, as named facts, sorted. */
void policy_world(struct arena *a, struct plan *p, const struct topology *t,
    const struct session *s, const struct hold *holds, size_t nholds);
/*
 * Compares the plan's world with a fresh one. 0: still valid. -1: ERR_STALE with a sentence
 * naming field, before and after. More holds than planned are fine.
 */
int policy_world_compare(const struct plan *before, const struct plan *now, struct err *e);

#endif
