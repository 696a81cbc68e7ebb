/*
 * A request store: where requests and answers wait for each other. The embedded one is a spool
 * directory. Everything read from a store is hostile until decoded and verified.
 */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>

#include "err.h"

struct arena;
struct store;

/* One file of the store, read once into memory, bounded. */
struct store_item {
	const char *id;	  /* request id */
	const char *name; /* distinguishes several answers of one request */
	const char *data;
	size_t len;
	const char *owner; /* OS user that owns it, a hint for people */
};

struct store_ops {
	const char *name; /* "spool" */
	int (*put_request)(
	    struct store *s, const char *id, const char *data, size_t len, struct err *e);
	int (*put_answer)(
	    struct store *s, const char *id, const char *data, size_t len, struct err *e);
	/* All requests; bad ones are left out and counted in *nbad, with one sentence. */
	int (*list)(struct store *s, struct arena *a, struct store_item **items, size_t *n,
	    size_t *nbad, const char **bad, struct err *e);
	int (*get)(struct store *s, struct arena *a, const char *id, struct store_item *out,
	    struct err *e);
	int (*answers)(struct store *s, struct arena *a, const char *id, struct store_item **items,
	    size_t *n, struct err *e);
	/* At most once, durable: fails with ERR_APPROVAL where it is claimed already. */
	int (*claim)(struct store *s, const char *id, struct err *e);
	int (*is_claimed)(struct store *s, const char *id);
	/* False where the session that filed it is over: it cannot run any more. */
	int (*is_alive)(struct store *s, const char *id);
	/* Takes a request out (session over, withdrawn). */
	int (*withdraw)(struct store *s, const char *id, struct err *e);
	/* Holds published for the other operators: one small JSON document a session. */
	int (*publish)(
	    struct store *s, const char *session, const char *data, size_t len, struct err *e);
	int (*published)(
	    struct store *s, struct arena *a, struct store_item **items, size_t *n, struct err *e);
	/* A descriptor that becomes readable when something changed, or -1: then poll each second.
	 * drain empties it. */
	int (*watch_fd)(struct store *s);
	void (*drain)(struct store *s);
	void (*close)(struct store *s);
};

struct store {
	const struct store_ops *ops;
};

/* Opens a spool directory (engines/store_spool.c). Refuses what others can write to. */
int store_open_spool(const char *dir, struct store **out, struct err *e);

#endif
