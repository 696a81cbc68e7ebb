/*
 * What pg_conn.c, pg_query.c and pg_stream.c share: sending, waiting, cancelling. Private to them.
 */
#ifndef PG_WIRE_H
#define PG_WIRE_H

#include <poll.h>

#include "engines/pg_conn.h"

/* The time a stopped statement gets to end before the connection is given up: after the operator's
 * cancel, and after a deadline, which nobody wants to see doubled. */
#define CANCEL_MS 3000
#define LATE_MS 1000

/* One statement under way, with what to do when its deadline passes or the operator cancels. */
struct exchange {
	struct pg_conn *c;
	struct waiter *w;
	int64_t deadline;
	int stopped; /* 0 running, 1 deadline passed, -1 cancelled: a cancel was sent */
	int is_fact; /* a read nobody misses: given up at its deadline, without a grace */
	struct waiter grace;
};

void exchange_init(struct exchange *x, struct pg_conn *c, struct waiter *w, int64_t deadline);
/* Waits for the socket. 0: try again; -1: given up, the connection is broken and e is filled. On a
 * first deadline or cancel it asks the server to stop and goes on waiting for a while. */
int exchange_wait(struct exchange *x, short events, struct err *e);
/* Asks the server to stop and gives it a while. */
void exchange_stop(struct exchange *x, int why);
/* Sends what libpq still buffers. */
int exchange_flush(struct exchange *x, struct err *e);
/* Waits until PQgetResult will not block. */
int exchange_ready(struct exchange *x, struct err *e);
/* Turns the server's "canceling statement" into what really happened. Returns -1. */
int exchange_error(struct exchange *x, const PGresult *r, struct err *e);
/* False, with e filled, where the connection cannot be used. */
int exchange_is_usable(struct pg_conn *c, struct err *e);

/* A pipeline of reads on a control session: at its deadline the session is given up at once. */
int pg_facts(struct pg_conn *c, struct waiter *w, int64_t deadline, const char *const *texts,
    size_t n, PGresult **results, struct err *e);

/* *out NULL: a plain database name. Failure says what to write, never what was written. */
int pg_address_parse(const char *address, PQconninfoOption **out, struct err *e);
const char *pg_address_option(const PQconninfoOption *all, const char *keyword); /* or NULL */
/* Host (or its literal address, or socket directory; "" libpq's default) and port. */
void pg_address_place(const char *address, char *host, size_t nhost, char *port, size_t nport);
/* The same address, at another host and port, without secrets; malloc'd. */
char *pg_address_at(const char *address, const char *host, const char *port);
/* The address without secrets, malloc'd. */
char *pg_plain_address(const char *address);
/* True where the address itself sets the keyword. */
int pg_address_has(const char *address, const char *keyword);

#endif
