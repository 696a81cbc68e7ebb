/*
 * Option files of replicas that are to be held or released, where the engine hardens a hold by one
 * and the config says which host the replica is on.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

void
planning_files(struct context *c, struct guard_input *g)
{
	const struct topology *t = c->topology;
	struct hold_file *files;
	const struct node_config *k;
	const struct node *n;
	size_t i, count = 0;

	if (t == NULL || c->engine->wording == NULL || c->engine->wording->harden_proc == NULL)
		return;
	files = arena_array(c->arena, t->nnodes + 1, sizeof(*files));
	for (i = 0; i < t->nnodes; i++) {
		n = &t->nodes[i];
		k = config_node(c->cluster_config, n->name);
		if (n->role != ROLE_REPLICA || k == NULL || k->host == NULL ||
		    n->data_directory == NULL)
			continue;
		files[count++] = (struct hold_file){
		    .node = n->name, .directory = n->data_directory, .host = k->host};
	}
	ask_hold_files(c->cluster, c->waiter, c->arena, files, count);
	g->files = files;
	g->nfiles = count;
}
