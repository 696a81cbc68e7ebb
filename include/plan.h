/*
 * A plan: what will be done, where, under which conditions, and the way back, as plain data.
 * The same plan is shown, judged, signed, executed and journaled.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "action.h"
#include "backup.h"
#include "err.h"
#include "hash.h"
#include "session.h"
#include "step.h"
#include "topology.h"
#include "verdict.h"

/* A named fact of the world the plan was made in; all are read again before it runs. */
struct fact {
	const char *name;  /* "node pg2 role", "object public.orders oid", "session search_path" */
	const char *value; /* text, "" where absent */
};

/* A node the plan acts on or relies on. */
struct plan_node {
	const char *name, *identity, *incarnation;
	enum role role;
	int is_held; /* was held when the plan was made: must still be */
};

/* What the plan loses, for people: DROP's victim, everything CASCADE takes along. */
struct loss {
	const char *what;   /* "table public.orders", "view public.big_orders" */
	const char *detail; /* "1,000,000 rows, 98 MB", "definition only" */
};

enum way_back {
	BACK_NONE,	 /* this cannot be undone */
	BACK_STATEMENT,	 /* a plain statement takes it back */
	BACK_REPLICA,	 /* from a held replica */
	BACK_QUARANTINE, /* moved aside, moved back */
	BACK_COPY,	 /* from the safety copy taken before it */
	BACK_ROLLBACK,	 /* nothing lasting happens */
};

struct plan {
	char id[ID_CHARS + 1];
	const char *engine;
	const char *incident;  /* name, or "" */
	const char *requester; /* person, or "" while unsigned */
	const char *reason;    /* why the operator wants it, or "" */
	const char *text;      /* what the operator typed, exactly (valid UTF-8 where gated) */
	size_t text_len;
	enum danger danger;
	struct statement *statements; /* of text */
	size_t nstatements;
	struct session session; /* the session it was made in */
	char topology[SHA256_HEX];
	struct plan_node *nodes;
	size_t nnodes;
	struct fact *world; /* sorted by name */
	size_t nworld;
	struct loss *losses;
	size_t nlosses;
	const char **accepted; /* consumers and nodes that could not be held, by name: the approver
				  accepts them */
	size_t naccepted;
	struct step *steps; /* in order; undo steps last */
	size_t nsteps;
	enum way_back back;
	const char *way_back;		  /* one sentence */
	const char *undoes;		  /* id of the plan this one undoes, or "" */
	const char *reversible;		  /* the reversible form, ready to run, or "" */
	const struct backup_age *backups; /* then; for the intent's record; not encoded */
	size_t nbackups;
	int is_shown; /* show it even where nobody is asked (safing); not encoded */
	struct verdict verdict;
	char policy[SHA256_HEX]; /* digest of the policy that judged it */
	char digest[SHA256_HEX]; /* plan_digest() */
};

/*
 * Canonical JSON: sorted keys, compact, ASCII, no floats. Arena memory; *len excludes the NUL.
 * Fails with ERR_REFUSED where a text is no valid UTF-8 or holds a NUL.
 */
char *plan_encode(struct arena *a, const struct plan *p, size_t *len, struct err *e);
/* The strict inverse: unknown, missing or ill-typed members fail with ERR_FAILED. */
struct plan *plan_decode(struct arena *a, const char *json, size_t len, struct err *e);
/* SHA-256("holdfast-plan-v1\0" + canonical JSON), into p->digest. */
int plan_digest(struct arena *a, struct plan *p, struct err *e);
/* Appends a zeroed step to the plan and returns it. */
struct step *plan_add(struct arena *a, struct plan *p);
/* Appends a node that the plan is for, as it was seen; the strings are copied. */
void plan_add_node(struct arena *a, struct plan *p, const char *name, const char *identity,
    const char *incarnation, enum role role, int is_held);
void plan_add_fact(struct arena *a, struct plan *p, const char *name, const char *value);
void plan_add_loss(struct arena *a, struct plan *p, const char *what, const char *detail);
/* Where the plan acts, for people to type: a host's name where its main step is on one, else the
 * session's node; and that one's identity. */
const char *plan_target(const struct plan *p);
int plan_promotes(const struct plan *p); /* a failover: named by who becomes the primary */
const char *plan_target_identity(const struct plan *p);
const char *way_back_name(enum way_back b);
/* SHA-256 hex over the objects of all actions with their identities, for the approval. */
void plan_objects_digest(const struct plan *p, char out[SHA256_HEX]);

#define PLAN_MAX_BYTES (16 << 20)

#endif
