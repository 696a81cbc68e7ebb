/*
 * A cluster's handle: at most two sessions per node, opened once and kept through the incident.
 * Opening and closing only; questions are engines/ask.h, effects engines/run.h.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "config.h"
#include "err.h"
#include "wait.h"

struct cluster;

struct cluster_setup {
	const struct cluster_config *config; /* for a URL: one node made from it */
	const struct person_config *person;  /* NULL: nobody */
	const char *incident;
};
/* Makes the handle; connects nothing yet. */
struct cluster *cluster_new(const struct cluster_setup *s);
void cluster_free(struct cluster *c); /* accepts NULL */
/* Opens the operator's session to a node (NULL: the first that answers, primary preferred). */
int cluster_connect(
    struct cluster *c, struct waiter *w, const char *node, const char *database, struct err *e);
void cluster_disconnect(struct cluster *c);
int cluster_is_connected(const struct cluster *c);
/* Starts the crawl in the background; the descriptor becomes readable when it is done. */
int cluster_crawl_start(struct cluster *c, struct err *e);
int cluster_crawl_fd(const struct cluster *c); /* -1: none running */
int cluster_crawl_finish(struct cluster *c, struct err *e);
/* Frees the pictures before the last one. Only while nothing that reads one is under way. */
void cluster_tidy(struct cluster *c);

#endif
