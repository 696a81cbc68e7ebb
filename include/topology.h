/*
 * A topology: who replicates from whom, who else consumes the log, and what is wrong, at one
 * moment. Lives in an arena of its own and is replaced whole.
 */
#ifndef TOPOLOGY_H
#define TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "node.h"

/* Somebody who takes the log and is no known node: a slot, CDC, pg_receivewal, an archive. */
struct consumer {
	const char *node;    /* name of the node it takes the log from */
	const char *what;    /* walsender, slot, logical slot, archive */
	const char *name;    /* application_name or slot name */
	const char *address; /* client address, or NULL */
	const char *state;   /* streaming, inactive, ... */
	int64_t retained;    /* bytes of log kept for it; -1 unknown */
	int is_unidentified; /* could be a replica: blocks the word "all" */
	int64_t growth;	     /* bytes a second; -1 unknown */
	int64_t room;	     /* bytes until its server takes the log away or is full; -1 unknown */
};

/* What a node takes by logical replication from another cluster, or offers to one. */
struct logical {
	const char *node;
	const char *what; /* subscription, publication */
	const char *name, *database;
	const char *state;  /* of a subscription: working, no worker, disabled; else NULL */
	const char *detail; /* where from and which publications; or which tables */
};

/* A session of another operator's holdfast. */
struct company {
	const char *node;
	const char *who; /* "PERSON" or "PERSON INCIDENT" */
	int pid;
	const char *state;     /* NULL not for this login to see */
	int64_t age_ms;	       /* of its transaction, else of its state; -1 unknown */
	const char *statement; /* what runs there, or ran last; NULL not to be seen */
	int is_acting;	       /* has the lock that lets one person act at a time */
};

/* Somebody who manages the cluster by itself, and would undo a hold. */
enum manager_state {
	MANAGER_ACTIVE,	 /* seen to manage */
	MANAGER_ON_HOLD, /* seen to be paused */
	MANAGER_UNSEEN,	 /* it is there, and whether it is paused could not be seen */
};
struct manager {
	const char *name; /* "Patroni" */
	const char *node; /* name of the node it manages */
	enum manager_state state;
	const char *does;   /* to a held replica: "it resumes a paused replica ..." */
	const char *next;   /* how to put it on hold, a sentence without its period */
	const char *reason; /* why its state could not be seen */
};

/* What the operator must know, most dangerous first. */
struct finding {
	int rank;	      /* smaller is more dangerous */
	const char *id;	      /* short and stable, "two-primaries" */
	const char *node;     /* name, or NULL */
	const char *sentence; /* what is so */
	const char *next;     /* one next step */
};

struct topology {
	const char *cluster; /* identity of the cluster, "" while no node answered */
	const char *engine;
	struct node *nodes;
	size_t nnodes;
	struct consumer *consumers;
	size_t nconsumers;
	struct logical *logicals;
	size_t nlogicals;
	struct company *companies;
	size_t ncompanies;
	struct manager *managers;
	size_t nmanagers;
	struct finding *findings; /* sorted by rank, then node */
	size_t nfindings;
	int64_t taken_ms;	 /* now_ms() */
	char taken_at[32];	 /* RFC 3339, Z */
	char digest[SHA256_HEX]; /* topology_digest() */
};

const struct node *topology_find(const struct topology *t, const char *name);
const struct node *topology_find_identity(const struct topology *t, const char *identity);
/* The only primary, or NULL where there is none or more than one. */
const struct node *topology_primary(const struct topology *t);
/* True where `below` replicates from `above`, directly or through others. */
int topology_is_below(const struct topology *t, const struct node *below, const struct node *above);
/*
 * SHA-256 over "holdfast-topology-v1\0" and, sorted by identity, one line a node: identity,
 * timeline, role, upstream identity. Nodes that did not answer count by name and role.
 */
void topology_digest(struct topology *t);
/* The most nodes held at one time (unidentified consumers and unreachable nodes not counted). */
size_t topology_held(const struct topology *t);

#endif
