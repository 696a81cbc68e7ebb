/* The operator's connection, and the picture of the cluster behind it. */
#ifndef CONNECT_H
#define CONNECT_H

#include "err.h"

struct app;
struct topology;

/* Connects to a node (NULL: the first that answers, primary preferred), says which it really is,
 * and starts the crawl behind the prompt. */
int app_connect(struct app *app, const char *node, const char *database, struct err *e);
void app_disconnect(struct app *app);
/* Starts a crawl behind the prompt unless one is running. */
void app_crawl(struct app *app);
/* Forgets pictures that no typed line reads any more. */
void app_tidy(struct app *app);
/* The last picture; waits for a crawl that is running. */
int app_topology(struct app *app, const struct topology **out, struct err *e);

#endif
