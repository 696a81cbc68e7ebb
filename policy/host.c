/*
 * Which nodes are on a host: by the config, and where it does not say so by the directory of a
 * server that runs there. Must never call a host harmless because nobody is known to be on it.
 */
#include <string.h>

#include "policy/inside.h"
#include "banned.h"

int
policy_is_instance(const struct node *n, const struct host_instance *x)
{
	if (n->data_directory == NULL || strcmp(n->data_directory, x->data_directory) != 0)
		return 0;
	if (x->system[0] != '\0')
		return n->cluster != NULL && strncmp(n->cluster, "pg:", 3) == 0 &&
		       strcmp(n->cluster + 3, x->system) == 0;
	/* MariaDB's files say no identity: what it listens on does. */
	return x->port == 0 || n->port == 0 || x->port == n->port;
}

int
policy_is_on_host(
    const struct cluster_config *c, const struct node *n, const struct host_facts *host)
{
	size_t i;

	for (i = 0; c != NULL && i < c->nnodes; i++)
		if (strcmp(c->nodes[i].name, n->name) == 0 && c->nodes[i].host != NULL)
			return strcmp(c->nodes[i].host, host->name) == 0;
	for (i = 0; i < host->ninstances; i++)
		if (policy_is_instance(n, &host->instances[i]))
			return 1;
	return 0;
}

void
policy_say_host(struct arena *a, struct plan *p, const struct cluster_config *c,
    const struct topology *t, const struct host_facts *host)
{
	struct verdict *v = &p->verdict;
	const char *all = "", *fact = "";
	const struct node *n;
	size_t i;

	for (i = 0; t != NULL && i < t->nnodes; i++) {
		n = &t->nodes[i];
		if (!policy_is_on_host(c, n, host))
			continue;
		all = arena_printf(a, "%s%s%s, the %s (%s)", all, all[0] == '\0' ? "" : "; ",
		    n->name, n->role == ROLE_PRIMARY ? "PRIMARY" : role_name(n->role),
		    n->identity[0] == '\0' ? "identity not known" : n->identity);
		fact = arena_printf(
		    a, "%s%s%s %s", fact, fact[0] == '\0' ? "" : ", ", n->name, role_name(n->role));
	}
	plan_add_fact(a, p, arena_printf(a, "host %s serves", host->name), fact);
	v->reasons = arena_grow(a, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] = (struct reason){"host",
	    all[0] == '\0'
		? arena_printf(a, "No node of this cluster is known to be on host %s (%s).",
		      host->name, host->hostname)
		: arena_printf(a, "On host %s (%s): %s.", host->name, host->hostname, all),
	    NULL, LEVEL_ALLOW};
}
