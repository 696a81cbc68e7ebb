/*
 * An action: what a statement or a command line does. Classifiers make them, policy judges them.
 * Not understood is OPAQUE, and OPAQUE is judged by the rules for DESTRUCTIVE.
 */
#ifndef ACTION_H
#define ACTION_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Rising. A text with several statements has the highest class of its parts. */
enum danger {
	DANGER_READ,	  /* no lasting change, no lock that blocks writers */
	DANGER_WRITE,	  /* a bounded change of rows, or a purely additive one */
	DANGER_DANGEROUS, /* blocks others, changes config, rights, replication, sessions, files */
	DANGER_OPAQUE,	  /* effect not decidable from the text */
	DANGER_DESTRUCTIVE, /* can lose data, or the ability to recover it, en masse */
};

enum action_flag {
	ACTION_CASCADE = 1 << 0,
	ACTION_IF_EXISTS = 1 << 1,
	ACTION_CONCURRENTLY = 1 << 2, /* takes weaker locks; cannot run inside a transaction */
	ACTION_NO_TX = 1 << 3,	      /* server refuses it inside a transaction block */
	ACTION_TX = 1 << 4,	      /* opens, closes or marks a transaction */
	ACTION_DML = 1 << 5,	      /* changes rows of its objects */
	ACTION_UNBOUNDED = 1 << 6,    /* no predicate that restricts the target */
	ACTION_SELECT = 1 << 7,	      /* a query: may run in a READ ONLY transaction */
	ACTION_REFINABLE = 1 << 8,    /* opaque only because of functions[]: the catalog can tell */
	ACTION_TEMPABLE = 1 << 9,     /* is a write if every object turns out to be temporary */
	ACTION_SESSION = 1 << 10,     /* changes the session's meaning (SET, DISCARD, PREPARE) */
	ACTION_SECRET = 1 << 11,      /* carries a literal that is a secret (PASSWORD '...') */
	ACTION_PROMOTE = 1 << 12,     /* would promote the node it runs on (pg_promote) */
	ACTION_RESUME = 1 << 13,      /* would release a held replica (pg_wal_replay_resume) */
	ACTION_COPY_STREAM = 1 << 14, /* COPY FROM STDIN / TO STDOUT: needs the copy protocol */
	ACTION_COMMITS = 1 << 15, /* commits the open transaction before it runs (MySQL's DDL) */
};

/* Something an action touches, as named in the text; identity is filled in from the catalog. */
struct object {
	const char *type; /* table, view, index, schema, function, role, slot, setting, ... */
	const char *schema, *name; /* as the parser folded them; schema NULL when not given */
	uint32_t oid;		   /* 0 until resolved */
	uint32_t relfilenode;	   /* 0 until resolved, or where the type has none */
	int is_unqualified;	   /* the text gave no schema: found by search_path */
	int is_temporary;
	int64_t rows;  /* estimate; -1 unknown */
	int64_t bytes; /* with indexes and toast; -1 unknown */
};

struct action {
	enum danger danger;
	const char *kind; /* short and stable, "drop-table", "delete", "alter-system" */
	unsigned flags;	  /* enum action_flag */
	struct object *objects;
	size_t nobjects;
	const char **functions; /* possibly unknown ones it calls, "schema.name" or "name" */
	size_t nfunctions;
	const char *why; /* one sentence for people, no final period */
};

/* One statement of a text. */
struct statement {
	size_t from, len;	/* span in the text, without the semicolon, bytes */
	enum danger danger;	/* highest of its actions */
	struct action *actions; /* at least one */
	size_t nactions;
	struct object *reads; /* relations it reads; touched by no action, judged by none */
	size_t nreads;
};

/* A classified text. */
struct script {
	struct statement *statements; /* none for an empty or comment-only text */
	size_t nstatements;
	enum danger danger;
};

const char *danger_name(enum danger d);
/* -1 where the name is none. */
int danger_parse(const char *name);
/* "drop-table,delete": the kinds of a statement, each once, in order. */
const char *statement_kinds(struct arena *a, const struct statement *s);
/* The why of the action that decides the statement's class. */
const char *statement_why(const struct statement *s);
/* All flags of all actions or-ed together. */
unsigned statement_flags(const struct statement *s);
unsigned script_flags(const struct script *s);
/* "public.orders" or "orders", inert. */
const char *object_name(struct arena *a, const struct object *o);

#endif
