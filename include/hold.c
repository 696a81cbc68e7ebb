/*
 * Whether a hold still stands, as far as the last picture shows. Must never call a hold lost
 * because nobody looked since it was made, nor because its node cannot be seen.
 */
#include <string.h>

#include "hold.h"
#include "topology.h"
#include "banned.h"

#define TO_THE_SECOND 19 /* YYYY-MM-DDTHH:MM:SS */

int
hold_is_lost(const struct hold *h, const struct topology *t)
{
	const struct node *n;

	if (t == NULL || h->cluster == NULL || t->cluster == NULL ||
	    strcmp(h->cluster, t->cluster) != 0)
		return 0;
	if (h->since == NULL || strncmp(t->taken_at, h->since, TO_THE_SECOND) <= 0)
		return 0;
	n = topology_find_identity(t, h->identity);
	if (n == NULL)
		return 0;
	return n->role == ROLE_PRIMARY || n->role == ROLE_STANDALONE ||
	       (n->role == ROLE_REPLICA && n->hold == HOLD_NONE);
}
