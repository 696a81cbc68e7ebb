/*
 * That another MariaDB server holds what a stopped one's directory holds: the last transaction of
 * each domain and server in the directory's log stands in the other one's log, too, and the
 * directory's server replicated from this cluster. Must never take a list that it cannot read for
 * an empty one.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/remove.h"
#include "banned.h"

int
remove_is_mariadb(const struct removing *r)
{
	return r->path->engine != NULL && strcmp(r->path->engine, "mariadb") == 0;
}

/* "0-1-27" at *p, and the comma behind it; 0 where there is none. */
static int
take_gtid(const char **p, unsigned long long v[3])
{
	char *end;
	int i;

	for (i = 0; i < 3; i++) {
		if (**p < '0' || **p > '9')
			return 0;
		v[i] = strtoull(*p, &end, 10);
		if (*end != (i < 2 ? '-' : ',') && !(i == 2 && *end == '\0'))
			return 0;
		*p = end + (*end != '\0');
	}
	return 1;
}

/* The last of a domain and server in a list. */
static int
last_of(const char *list, const unsigned long long of[3], unsigned long long *out)
{
	unsigned long long v[3];

	while (*list != '\0' && take_gtid(&list, v))
		if (v[0] == of[0] && v[1] == of[1]) {
			*out = v[2];
			return 1;
		}
	return 0;
}

const char *
gtid_first_missing(struct arena *a, const char *has, const char *in)
{
	unsigned long long v[3], last;
	const char *at = has;

	while (*at != '\0') {
		if (!take_gtid(&at, v))
			return has;
		if (!last_of(in, v, &last) || last < v[2])
			return arena_printf(a, "%llu-%llu-%llu", v[0], v[1], v[2]);
	}
	return NULL;
}

/* A server of this cluster, or what one of its replicas replicates from. */
static int
is_of_cluster(const struct removing *r, const char *source)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < r->t->nnodes; i++) {
		n = &r->t->nodes[i];
		if ((n->upstream_address != NULL && strcmp(n->upstream_address, source) == 0) ||
		    strcmp(arena_printf(r->arena, "%s:%d", n->host, n->port), source) == 0)
			return 1;
	}
	return 0;
}

const char *
remove_gtid_unknown(const struct removing *r)
{
	const struct path_facts *x = r->path;
	size_t i;

	if (strcmp(r->t->engine, "mariadb") != 0)
		return arena_printf(r->arena, "this cluster is one of %s", r->t->engine);
	if (x->nsources == 0)
		return "nothing in it says that it was a replica, so what it wrote may be only "
		       "there";
	if (x->gtid_state == NULL)
		return x->gtid_unknown != NULL ? x->gtid_unknown
					       : "no transaction stands in its log";
	for (i = 0; i < x->nsources; i++)
		if (!is_of_cluster(r, x->sources[i]))
			return arena_printf(r->arena,
			    "it replicated from %s, which is no server of this cluster",
			    x->sources[i]);
	return NULL;
}

const char *
remove_gtid_missing(const struct removing *r)
{
	const char *missing;

	if (r->primary->gtid_state == NULL)
		return arena_printf(r->arena,
		    "what the log of %s holds is not known, so %s:%s may "
		    "be the last complete copy",
		    r->primary->name, r->host->name, r->path->real);
	missing = gtid_first_missing(r->arena, r->path->gtid_state, r->primary->gtid_state);
	return missing == NULL ? NULL
			       : arena_printf(r->arena,
				     "%s:%s holds transaction %s, which stands not in the log of "
				     "%s, so it may be "
				     "the only copy of it",
				     r->host->name, r->path->real, missing, r->primary->name);
}
