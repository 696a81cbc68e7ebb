/* Managers of a cluster, who would undo a pause: seen by their marks. Private to engines/. */
#ifndef PG_MANAGER_H
#define PG_MANAGER_H

#include "engines/pg_crawl.h"
#include "topology.h"

/* Looks for a manager of the sight that was just probed; fills probe->manager. In a worker. */
void pg_manager_look(struct cluster *c, struct waiter *w, struct sight *s);
/* What the sights saw, into the topology. */
void pg_manager_add(const struct crawl *k, struct topology *t, struct arena *a);

#endif
