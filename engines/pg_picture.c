/*
 * The crawl behind the driver interface: see driver.h. What was found becomes a member.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_crawl.h"
#include "text.h"
#include "banned.h"

struct topology *
pg_draw(struct cluster *c, void *sights, struct arena *a)
{
	struct crawl *k = sights;
	struct topology *t = crawl_topology(k, a);
	struct sight *s;
	size_t i;

	for (i = 0; i < k->nshown; i++) {
		s = k->shown[i];
		if (s->member != NULL)
			continue;
		cluster_adopt(c, s->name, s->address, pg_as_conn(s->conn));
		s->address = NULL;
		s->conn = NULL;
	}
	return t;
}

int
pg_look_at(struct cluster *c, struct waiter *w, void **sights, struct err *e)
{
	struct crawl *k = calloc(1, sizeof(*k));

	if (k == NULL)
		abort();
	k->cluster = c;
	if (crawl_run(k, w, e) < 0) {
		pg_forget(k);
		return -1;
	}
	*sights = k;
	return 0;
}

void
pg_forget(void *sights)
{
	if (sights == NULL)
		return;
	crawl_clear(sights);
	free(sights);
}
