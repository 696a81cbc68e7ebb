/*
 * Inside of policy/: what a rule sees, and what rules and guards both need to know of a topology.
 * Private to this folder.
 */
#ifndef POLICY_INSIDE_H
#define POLICY_INSIDE_H

#include "arena.h"
#include "policy.h"

/* What a rule looks at. Rules about the text come second and see what was decided so far. */
struct scene {
	struct arena *arena;
	const struct judge_input *in;
	const struct statement *statement; /* NULL for a rule about the text */
	const struct action *action;	   /* NULL for a rule about the text */
	const struct node *node;	   /* the session's node, as last seen; or NULL */
	enum level level;		   /* so far; only for rules about the text */
	unsigned guards;
};

#define CLASS(d) (1u << (d))

/* One rule. Every condition given must hold; `match` is asked last. */
struct rule {
	const char *id;
	int about_text;	  /* else about each action */
	unsigned classes; /* CLASS() bits of an action; 0: any */
	unsigned flags;	  /* enum action_flag, all of them */
	int is_base;	  /* an action that no base rule speaks of is refused */
	enum level from;  /* about_text: only when the level so far is at least this */
	int (*match)(const struct scene *s);	     /* NULL: always */
	const char *(*about)(const struct scene *s); /* what {} in the sentence says */
	enum level level;
	unsigned guards;
	const char *sentence;
	const char *learned;
};

extern const struct rule policy_rules[];
extern const size_t policy_nrules;
#define POLICY_RULES_VERSION "holdfast-rules-v1"

/* What outlives a restart: policy/harden.c. 0: the hold dies with one, and *why or NULL. */
int policy_harden(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct node *n, int wave, const char **why);
const char *policy_not_hardened(struct arena *a, const struct node *n, const char *why);
/* How much its disk takes, where its host said so; else NULL. */
const char *policy_room(struct arena *a, const struct guard_input *in, const struct node *n);
/* Before a release: takes away what policy_harden wrote. The node as its release must know it. */
const struct node *policy_soften(
    struct arena *a, struct plan *p, const struct guard_input *in, const struct node *n);
/* A sentence where that cannot be done though it may be needed; else NULL. */
const char *policy_left_hard(
    struct arena *a, const struct guard_input *in, const struct node *n, const struct hold *h);

/* Conditions and what sentences name: policy/match.c. */
int match_scratch(const struct scene *s);
int match_not_scratch(const struct scene *s);
int match_many_rows(const struct scene *s);
int match_many_changed(const struct scene *s);
int match_plain_query(const struct scene *s);
int match_other_opaque(const struct scene *s);
int match_other_opaque_scratch(const struct scene *s);
int match_held(const struct scene *s);
int match_held_or_unknown(const struct scene *s);
int match_unseen(const struct scene *s);
int match_held_receiver(const struct scene *s);
int match_resume_promotes(const struct scene *s);
int match_dependents(const struct scene *s);
int match_dependents_stay(const struct scene *s);
int match_referenced(const struct scene *s);
int match_replica(const struct scene *s);
int match_no_journal(const struct scene *s);
int match_unsigned(const struct scene *s);
int match_temporary(const struct scene *s);
int match_prepared(const struct scene *s);
int match_failed_tx(const struct scene *s);
int match_open_tx(const struct scene *s);
int match_tx_shape(const struct scene *s);
int match_no_tx_inside(const struct scene *s);
int match_has_session_change(const struct scene *s);
int match_has_copy(const struct scene *s);
int match_copy_among_others(const struct scene *s);
int match_has_secret(const struct scene *s);
int match_no_topology(const struct scene *s);
int match_no_primary(const struct scene *s);
int match_unknown_node(const struct scene *s);
int match_remote_apply(const struct scene *s);
int match_cannot_hold(const struct scene *s);
int match_not_chosen(const struct scene *s);
int match_nothing_to_hold(const struct scene *s);
int match_manager(const struct scene *s);
const char *about_manager(const struct scene *s);
const char *about_objects(const struct scene *s);
const char *about_kind(const struct scene *s);
const char *about_estimate(const struct scene *s);
const char *about_node(const struct scene *s);
const char *about_primary(const struct scene *s);
const char *about_dependents(const struct scene *s);
const char *about_functions(const struct scene *s);
const char *about_unknown_nodes(const struct scene *s);
const char *about_sync(const struct scene *s);
const char *about_cannot_hold(const struct scene *s);
const char *about_not_chosen(const struct scene *s);

/* The word of an engine's procedure that brings an object of an action back, or NULL:
 * policy/undo.c.
 */
/* The column that a plan takes out of a table that stays, or NULL: its values come back by hand
 * only. */
const char *undo_stranded(struct arena *a, const struct plan *p);
const char *undo_mode(const struct action *act, const struct object *o);

/* Shapes of texts and topologies: policy/look.c. */
enum tx_shape {
	SHAPE_NONE,    /* no transaction control */
	SHAPE_WRAPPED, /* BEGIN; ...; COMMIT (or ROLLBACK), once, around everything */
	SHAPE_OTHER,   /* anything else */
};
enum tx_shape look_tx_shape(const struct statement *s, size_t n);
/* True where the statement is transaction control of this kind ("begin", "commit", "rollback"). */
int look_is_tx(const struct statement *s, const char *kind);
/* True where every action only reads, or is a query that may run READ ONLY. */
int look_is_query(const struct statement *s, size_t n);
/* True where the node is held back: seen paused, or among the standing holds. */
int look_is_held(const struct node *n, const struct hold *holds, size_t nholds);
/* True where the node was seen not to replay: paused, asked to, or stopped at a target. */
int look_is_paused(const struct node *n);
/* The replicas the policy says to hold for a statement on the primary, in topology order: those
 * that answer. */
size_t look_hold_set(struct arena *a, const struct topology *t, const struct site_policy *p,
    const struct node ***out);
/* Replicas that answer and are not in that set: they will lose it too. */
size_t look_not_chosen(
    struct arena *a, const struct topology *t, const struct site_policy *p, const char ***out);
/* Nodes and consumers nobody can hold, "pg3: unreachable (timeout)". */
size_t look_cannot_hold(struct arena *a, const struct topology *t, const char ***out);
/* A synchronous standby among `set`, not held yet, whose pause freezes writers; or NULL. */
const struct node *look_freezes_writers(
    const struct topology *t, const struct node *const *set, size_t n);
/* Why no hold would stand: a manager that is not seen to be on hold. NULL: none. */
const char *look_manager(struct arena *a, const struct topology *t);
/* True where the cluster is declared scratch and the primary is the very server it is bound to. */
int look_is_scratch(const struct cluster_config *c, const struct topology *t);
/* "a, b and 3 more": at most `most` names. Arena memory. */
const char *look_join(struct arena *a, const char *const *names, size_t n, size_t most);

#endif
