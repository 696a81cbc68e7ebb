/*
 * When a directory must not go, one row each, the most telling first. Must never let pass what
 * could not be seen: then the answer is no.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/remove.h"
#include "banned.h"

#define HERE(r) (r)->host->name, (r)->path->real

const char *
remove_host_of(const struct removing *r, const struct node *n)
{
	const struct node_config *k = config_node(r->in->cluster, n->name);

	return k == NULL ? NULL : k->host;
}

const char *
remove_where(const struct removing *r, const struct node *n)
{
	const char *host = remove_host_of(r, n);

	return arena_printf(r->arena, "%s, the %s, on host %s%s%s", n->name,
	    n->role == ROLE_PRIMARY ? "PRIMARY" : role_name(n->role),
	    host == NULL ? "(not said in the config)" : host,
	    n->data_directory == NULL ? "" : " in ",
	    n->data_directory == NULL ? "" : n->data_directory);
}

/* The other nodes: what may have been meant. */
static const char *
others(const struct removing *r)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < r->t->nnodes; i++)
		if (&r->t->nodes[i] != r->node)
			out = arena_printf(r->arena, "%s%s%s", out, out[0] == '\0' ? "" : "; ",
			    remove_where(r, &r->t->nodes[i]));
	return out;
}

static const char *
root(const struct removing *r)
{
	if (strcmp(r->path->real, "/") != 0)
		return NULL;
	return arena_printf(r->arena, "%s on host %s is the root of everything there",
	    r->path->given, r->host->name);
}

static const char *
primary(const struct removing *r)
{
	if (r->node == NULL || (r->node->role != ROLE_PRIMARY && r->node->role != ROLE_STANDALONE))
		return NULL;
	return arena_printf(r->arena,
	    "%s:%s is the data directory of %s, the %s, on host %s (%s); every write goes there. "
	    "The other nodes: %s",
	    HERE(r), r->node->name,
	    r->node->role == ROLE_PRIMARY ? "PRIMARY" : "only server that takes writes",
	    r->host->name, r->host->hostname, others(r));
}

static const char *
no_directory(const struct removing *r)
{
	return r->path->is_directory ? NULL
				     : arena_printf(r->arena,
					   "%s:%s is no directory; only data directories of a "
					   "server are understood",
					   HERE(r));
}

static const char *
mount_point(const struct removing *r)
{
	return !r->path->is_mount_point
		   ? NULL
		   : arena_printf(r->arena,
			 "%s:%s is a mount point: a rename cannot move it, and everything else "
			 "would cross file systems",
			 HERE(r));
}

static const char *
mounted_below(const struct removing *r)
{
	return r->path->mounted == NULL
		   ? NULL
		   : arena_printf(r->arena, "%s:%s holds another file system, mounted on %s",
			 HERE(r), r->path->mounted);
}

static const char *
inside(const struct removing *r)
{
	return r->path->inside == NULL
		   ? NULL
		   : arena_printf(r->arena,
			 "%s:%s lies inside the data directory %s: a part of it is never removed "
			 "by hand",
			 HERE(r), r->path->inside);
}

static const char *
contains(const struct removing *r)
{
	return r->path->contains == NULL
		   ? NULL
		   : arena_printf(r->arena,
			 "%s:%s is no data directory, and it holds one: %s. Name that one itself",
			 HERE(r), r->path->contains);
}

static const char *
not_data(const struct removing *r)
{
	return r->path->engine != NULL ? NULL
				       : arena_printf(r->arena,
					     "%s:%s is no data directory of PostgreSQL or MariaDB, "
					     "and nothing else is understood here",
					     HERE(r));
}

static const char *
in_use(const struct removing *r)
{
	const struct path_facts *p = r->path;

	if (p->user_pid == 0 && !p->is_pid_alive && p->nunseen == 0)
		return NULL;
	if (p->user_pid == 0 && !p->is_pid_alive)
		return arena_printf(r->arena,
		    "on host %s run servers of its owner whose directory %s may not see, so "
		    "whether one uses %s is not known",
		    r->host->name, r->host->user, p->real);
	return arena_printf(r->arena,
	    "%s:%s is in use: process %lld works in it%s%s. Stop that server first", HERE(r),
	    (long long)(p->is_pid_alive ? p->pid : p->user_pid),
	    r->node == NULL || r->node->data_directory == NULL ? "" : ", it is ",
	    r->node == NULL || r->node->data_directory == NULL ? "" : r->node->name);
}

static const char *
not_provable(const struct removing *r)
{
	const char *why;

	if (remove_is_mariadb(r)) {
		why = remove_gtid_unknown(r);
		return why == NULL ? NULL
				   : arena_printf(r->arena,
					 "%s:%s is a data directory of %s; that another server "
					 "holds the same data cannot be proved: %s",
					 HERE(r), r->path->engine, why);
	}
	if (r->path->system[0] == '\0' || r->path->state == STATE_NOT_KNOWN)
		return arena_printf(r->arena,
		    "the control file of %s:%s (PostgreSQL %s) cannot be understood, so whose "
		    "data it is is not known",
		    HERE(r), r->path->version);
	return NULL;
}

static const char *
not_writable(const struct removing *r)
{
	return r->path->is_parent_writable
		   ? NULL
		   : arena_printf(r->arena,
			 "%s on host %s may not write in %s, so it cannot rename anything there",
			 r->host->user, r->host->name, r->path->parent);
}

static const char *
ambiguous(const struct removing *r)
{
	return r->node != NULL || r->candidates < 2
		   ? NULL
		   : arena_printf(r->arena,
			 "%zu nodes of the config are on host %s and none says which directory is "
			 "its own, so whose %s is is not known",
			 r->candidates, r->host->name, r->path->real);
}

static const char *
last_copy(const struct removing *r)
{
	const char *of = remove_is_mariadb(r)
			     ? "this cluster"
			     : arena_printf(r->arena, "system %s", r->path->system);

	if (r->nprimaries > 1)
		return arena_printf(r->arena,
		    "%zu servers of %s take writes, so which data is the right one is not known; "
		    "%s:%s may be it",
		    r->nprimaries, of, HERE(r));
	if (r->primary == NULL || r->primary == r->node)
		return arena_printf(r->arena,
		    "no primary of %s answers, so %s:%s may be the last complete copy", of,
		    HERE(r));
	if (remove_is_mariadb(r))
		return remove_gtid_missing(r);
	if (r->primary->current.value == 0 || r->primary->current.value < r->path->checkpoint ||
	    r->primary->timeline < r->path->timeline)
		return arena_printf(r->arena,
		    "%s:%s is newer than what %s holds (timeline %d against %d), so it may be the "
		    "last complete copy",
		    HERE(r), r->primary->name, r->path->timeline, r->primary->timeline);
	return NULL;
}

/* Was last a primary itself: what it wrote may be nowhere else. */
static const char *
was_primary(const struct removing *r)
{
	if (remove_is_mariadb(r) || r->path->has_standby_signal ||
	    r->path->state == STATE_SHUT_DOWN_IN_RECOVERY ||
	    r->path->state == STATE_ARCHIVE_RECOVERY || r->path->timeline < r->primary->timeline)
		return NULL;
	return arena_printf(r->arena,
	    "%s:%s was left %s and is no standby: it was last a primary on the same timeline as "
	    "%s, so what it wrote may be only there",
	    HERE(r), cluster_state_name(r->path->state), r->primary->name);
}

const char *
remove_refused(struct removing *r)
{
	static const char *(*const rows[])(const struct removing *) = {root, primary, no_directory,
	    mount_point, mounted_below, inside, contains, not_data, in_use, not_provable,
	    not_writable, ambiguous, last_copy, was_primary};
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((why = rows[i](r)) != NULL)
			return arena_printf(r->arena, "%s; nothing was renamed.", why);
	return NULL;
}
