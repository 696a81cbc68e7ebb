/*
 * The crawl over MariaDB and MySQL: from the configured nodes to the whole graph. Private to the
 * my_ files. A sight is one address that was dialled, with what was seen there.
 */
#ifndef MY_CRAWL_H
#define MY_CRAWL_H

#include "engines/my_probe.h"

#define MY_MAX_SIGHTS 512
#define MY_MAX_ROUNDS 8

struct my_sight {
	char name[64];	/* of the member; "" while it is only a candidate */
	char *address;	/* owned */
	char host[256]; /* as dialled; socket path where it has no host */
	int port;
	struct member *member; /* NULL: a candidate */
	struct my_conn *conn;  /* a candidate's own session; members keep theirs */
	struct arena *arena;
	struct my_probe *probe; /* NULL: did not answer */
	struct err err;
	int is_dropped; /* a candidate that was not it, or another address of a known node */
};

struct my_crawl {
	struct cluster *cluster;
	struct my_sight *sights[MY_MAX_SIGHTS];
	size_t n;
	struct my_sight *shown[MY_MAX_SIGHTS];
	size_t nshown;
};

/* The sight a channel of `child` replicates from, or NULL where it was not seen. */
struct my_sight *my_source_of(
    const struct my_crawl *k, const struct my_sight *child, const struct my_channel *ch);
/* The sight a row of `parent`'s list of replicas is about, or NULL. */
struct my_sight *my_child_of(
    const struct my_crawl *k, const struct my_sight *parent, const struct my_child *row);
int my_place_is_local(const char *host);
struct topology *my_topology(struct my_crawl *k, struct arena *a);
void my_findings(struct my_crawl *k, struct arena *a, struct topology *t);

#endif
