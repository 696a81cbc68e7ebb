/*
 * Looking things up in a topology, and its digest: see topology.h.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "topology.h"
#include "banned.h"

const char *
role_name(enum role r)
{
	static const char *const names[] = {
	    [ROLE_UNKNOWN] = "unknown",
	    [ROLE_UNREACHABLE] = "unreachable",
	    [ROLE_STARTING] = "starting",
	    [ROLE_NO_SLOTS] = "no-slots",
	    [ROLE_PRIMARY] = "primary",
	    [ROLE_REPLICA] = "replica",
	    [ROLE_STANDALONE] = "standalone",
	};

	return names[r];
}

const char *
hold_name(enum hold_state h)
{
	static const char *const names[] = {
	    [HOLD_NONE] = "none",
	    [HOLD_REQUESTED] = "requested",
	    [HOLD_PAUSED] = "paused",
	    [HOLD_BY_DELAY] = "held-by-delay",
	};

	return names[h];
}

const struct node *
topology_find(const struct topology *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->nnodes; i++)
		if (strcmp(t->nodes[i].name, name) == 0)
			return &t->nodes[i];
	return NULL;
}

const struct node *
topology_find_identity(const struct topology *t, const char *identity)
{
	size_t i;

	if (identity == NULL || identity[0] == '\0')
		return NULL;
	for (i = 0; i < t->nnodes; i++)
		if (strcmp(t->nodes[i].identity, identity) == 0)
			return &t->nodes[i];
	return NULL;
}

static int
takes_writes(const struct node *n, int read_only_too)
{
	return n->role == ROLE_PRIMARY ||
	       (n->role == ROLE_STANDALONE && (read_only_too || !n->is_read_only));
}

/* A server without replicas that takes no writes, such as one that was replaced, is none while
 * another does. */
const struct node *
topology_primary(const struct topology *t)
{
	const struct node *found = NULL;
	size_t i, n = 0;

	for (i = 0; i < t->nnodes; i++)
		n += takes_writes(&t->nodes[i], 0);
	for (i = 0; i < t->nnodes; i++) {
		if (!takes_writes(&t->nodes[i], n == 0))
			continue;
		if (found != NULL)
			return NULL;
		found = &t->nodes[i];
	}
	return found;
}

int
topology_is_below(const struct topology *t, const struct node *below, const struct node *above)
{
	size_t guard;

	for (guard = 0; guard <= t->nnodes && below != NULL; guard++) {
		below = topology_find_identity(t, below->upstream);
		if (below == above)
			return below != NULL;
	}
	return 0;
}

static int
by_identity(const void *x, const void *y)
{
	const struct node *a = *(const struct node *const *)x, *b = *(const struct node *const *)y;
	int c = strcmp(a->identity, b->identity);

	return c != 0 ? c : strcmp(a->name, b->name);
}

void
topology_digest(struct topology *t)
{
	const struct node **sorted = calloc(t->nnodes + 1, sizeof(*sorted));
	static const char prefix[] = "holdfast-topology-v1";
	uint8_t digest[SHA256_BYTES];
	struct buf b;
	size_t i;

	if (sorted == NULL)
		abort();
	buf_init(&b, 1 << 24);
	for (i = 0; i < t->nnodes; i++)
		sorted[i] = &t->nodes[i];
	qsort(sorted, t->nnodes, sizeof(*sorted), by_identity);
	for (i = 0; i < t->nnodes; i++)
		buf_printf(&b, "%s %d %s %s\n",
		    sorted[i]->identity[0] != '\0' ? sorted[i]->identity : sorted[i]->name,
		    sorted[i]->timeline, role_name(sorted[i]->role),
		    sorted[i]->upstream == NULL ? "-" : sorted[i]->upstream);
	sha256(prefix, sizeof(prefix), buf_str(&b), b.len, digest);
	hex_encode(digest, sizeof(digest), t->digest);
	buf_free(&b);
	free(sorted);
}

size_t
topology_held(const struct topology *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->nnodes; i++)
		n += t->nodes[i].hold == HOLD_PAUSED || t->nodes[i].hold == HOLD_REQUESTED;
	return n;
}
