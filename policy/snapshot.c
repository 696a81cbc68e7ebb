/*
 * snapshot as a plan: what is copied, from where, how much room there is, and that nothing stands
 * where it goes. A copy only adds, so nobody else is asked; what it costs is said. Must never plan
 * to write over anything.
 */
#include <ctype.h>
#include <string.h>

#include "policy/inside.h"
#include "text.h"
#include "banned.h"

#define COPY_MS (24 * 3600 * 1000)
#define KEEP_BYTES (64LL << 20) /* stays free on the target's file system */

struct copying {
	struct arena *arena;
	struct plan *plan;
	const struct snapshot_input *in;
	const struct target_facts *to;
	const struct path_facts *from; /* NULL: cannot be asked */
	const char *slot;
	int has_slot;
};

static void
say(struct copying *c, const char *rule, enum level level, const char *sentence)
{
	struct verdict *v = &c->plan->verdict;

	v->reasons = arena_grow(c->arena, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] = (struct reason){rule, sentence, NULL, level};
	if (level > v->level)
		v->level = level;
}

static int64_t
bytes(const struct copying *c)
{
	return c->from == NULL || c->from->bytes < 0 ? 0 : c->from->bytes;
}

static const char *
refused_target(const struct copying *c)
{
	struct arena *a = c->arena;
	const char *host = c->in->host->name;
	int64_t need = bytes(c) - c->to->done + KEEP_BYTES;

	if (c->to->exists)
		return arena_printf(a,
		    "%s:%s exists already; a copy is never made over anything. Name another place, "
		    "or "
		    "rm that one first",
		    host, c->to->given);
	if (c->to->inside != NULL)
		return arena_printf(a, "%s:%s would lie inside the data directory %s", host,
		    c->to->given, c->to->inside);
	if (!c->to->is_parent_writable)
		return arena_printf(
		    a, "%s on host %s may not write in %s", c->in->host->user, host, c->to->parent);
	if (c->to->disk_free >= 0 && c->to->disk_free < need)
		return arena_printf(a, "%s are free on %s:%s and about %s are needed",
		    text_bytes(a, c->to->disk_free), host, c->to->parent, text_bytes(a, need));
	return NULL;
}

static const char *
refused_node(const struct copying *c)
{
	struct arena *a = c->arena;
	const struct node *n = c->in->node;

	if (n->role != ROLE_PRIMARY && n->role != ROLE_STANDALONE && n->role != ROLE_REPLICA)
		return arena_printf(
		    a, "%s is %s, so nothing can be copied from it", n->name, role_name(n->role));
	if (c->in->login == NULL)
		return arena_printf(a,
		    "nothing says how a copy of %s logs in. Give its node section copy = \"...\"",
		    n->name);
	if (c->in->guard->engine->wording->copyable == NULL && c->in->source_host != NULL &&
	    strcmp(c->in->source_host, c->in->host->name) != 0)
		return arena_printf(a,
		    "%s is on host %s: its files can only be copied there by mariadb-backup",
		    n->name, c->in->source_host);
	if (c->in->standby != NULL && c->in->guard->engine->wording->copyable == NULL)
		return "only copies of PostgreSQL are made as standbys";
	if (c->in->standby != NULL && n->role == ROLE_STANDALONE && n->is_read_only)
		return arena_printf(a, "%s takes no writes, so nothing can follow it", n->name);
	return NULL;
}

static const char *
refused_directory(const struct copying *c)
{
	struct arena *a = c->arena;
	const struct path_facts *x = c->from;

	if (c->in->standby != NULL)
		return "a standby is made from a server that runs: name its node";
	if (!x->is_directory || x->engine == NULL)
		return arena_printf(a, "%s:%s is no data directory of PostgreSQL or MariaDB",
		    c->in->source_host, x->real);
	if (x->is_pid_alive || x->user_pid != 0)
		return arena_printf(a,
		    "%s:%s is in use by process %lld: files that change give no copy. Name its "
		    "node "
		    "instead",
		    c->in->source_host, x->real,
		    (long long)(x->is_pid_alive ? x->pid : x->user_pid));
	if (x->nunseen > 0)
		return arena_printf(a,
		    "servers run on host %s whose directory %s may not see, so whether one uses %s "
		    "is "
		    "not known",
		    c->in->source_host, c->in->host->user, x->real);
	return NULL;
}

static const char *
refused(const struct copying *c)
{
	const char *why = c->in->node != NULL ? refused_node(c) : refused_directory(c);

	if (why == NULL && c->from != NULL && c->from->mounted != NULL)
		why = arena_printf(c->arena, "%s holds another file system, mounted on %s",
		    c->from->real, c->from->mounted);
	if (why == NULL && c->from != NULL && c->from->nlinks > 0)
		why = arena_printf(c->arena,
		    "%s links to %s outside of itself, which a copy would leave behind",
		    c->from->real, c->from->links[0]);
	return why != NULL ? why : refused_target(c);
}

static void
arg(struct copying *c, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(c->arena, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs++] = (struct argument){name, arena_strdup(c->arena, value)};
}

static struct step *
add_step(struct copying *c, const char *proc)
{
	struct step *s = plan_add(c->arena, c->plan);
	struct arena *a = c->arena;

	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = KIND_COPY;
	s->conn = CONN_HOST;
	s->node = arena_strdup(a, c->in->host->name);
	s->proc = proc;
	s->timeout_ms = COPY_MS;
	arg(c, s, "fingerprint", c->in->host->fingerprint);
	arg(c, s, "above", c->to->parent);
	arg(c, s, "above_inode",
	    arena_printf(a, "%s:%s", c->to->parent_device, c->to->parent_inode));
	arg(c, s, "name", c->to->name);
	arg(c, s, "bytes", arena_printf(a, "%lld", (long long)bytes(c)));
	arg(c, s, "keep", arena_printf(a, "%lld", (long long)KEEP_BYTES));
	return s;
}

static void
copy_directory(struct copying *c)
{
	const struct path_facts *x = c->from;
	const struct host_facts *far = c->in->source_facts;
	struct step *s = add_step(c, far == NULL ? "host-copy-v1" : "host-ship-v1");
	const char *inode = arena_printf(c->arena, "%s:%s", x->device, x->inode);
	const char *marker =
	    arena_printf(c->arena, "holdfast copy\nof %s%s%s\ninode %s\nsystem %s\nat %llx",
		far == NULL ? "" : far->identity, far == NULL ? "" : " ", x->real, inode, x->system,
		(unsigned long long)x->checkpoint);

	if (far != NULL) {
		arg(c, s, "source_host", far->name);
		arg(c, s, "source_fingerprint", far->fingerprint);
	}
	arg(c, s, "source", x->real);
	arg(c, s, "source_inode", inode);
	arg(c, s, "marker", marker);
	s->why = arena_printf(c->arena,
	    "copy %s%s%s to %s/%s%s%s, file by file, compared by SHA-256", x->real,
	    far == NULL ? "" : " of host ", far == NULL ? "" : far->name, c->to->parent,
	    c->to->name, far == NULL ? "" : " on host ", far == NULL ? "" : c->in->host->name);
	say(c, "snapshot", LEVEL_CONFIRM,
	    arena_printf(c->arena,
		"%s%s%s is copied to %s/%s%s%s: %s, %s are free there. %sIt reads the whole disk "
		"twice%s.",
		x->real, far == NULL ? "" : " of host ", far == NULL ? "" : far->name,
		c->to->parent, c->to->name, far == NULL ? "" : " on host ",
		far == NULL ? "" : c->in->host->name,
		x->bytes < 0 ? "its size was not counted" : text_bytes(c->arena, x->bytes),
		c->to->disk_free < 0 ? "it is not known how many"
				     : text_bytes(c->arena, c->to->disk_free),
		strcmp(c->to->marker, marker) == 0
		    ? arena_printf(c->arena, "A copy that broke goes on: %s of it are there. ",
			  text_bytes(c->arena, c->to->done))
		    : "",
		far == NULL ? ""
			    : ", and goes through this machine: neither host reaches the other"));
}

/* A slot's name: what PostgreSQL takes of a node's. */
static const char *
slot_name(struct arena *a, const char *node)
{
	char *s = arena_strdup(a, node);
	size_t i;

	for (i = 0; s[i] != '\0'; i++) {
		s[i] = (char)tolower((unsigned char)s[i]);
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_", s[i]) == NULL)
			s[i] = '_';
	}
	return s;
}

static void
find_slot(struct copying *c)
{
	const struct topology *t = c->in->guard->topology;
	size_t i;

	c->slot = c->in->standby == NULL ? "" : slot_name(c->arena, c->in->standby);
	for (i = 0; i < t->nconsumers; i++)
		if (strcmp(t->consumers[i].node, c->in->node->name) == 0 &&
		    strcmp(t->consumers[i].name, c->slot) == 0 &&
		    strstr(t->consumers[i].what, "slot") != NULL)
			c->has_slot = 1;
}

static void
copy_node(struct copying *c)
{
	const struct node *n = c->in->node;
	int is_pg = c->in->guard->engine->wording->copyable != NULL;
	struct arena *a = c->arena;
	struct step *s;

	if (is_pg) {
		find_slot(c);
		c->in->guard->engine->wording->copyable(a, c->plan, n, c->has_slot ? 0 : 1);
		s = add_step(c, "host-basebackup-v1");
		arg(c, s, "conninfo", c->in->login);
		arg(c, s, "version", arena_printf(a, "%d", n->version / 10000));
		arg(c, s, "slot", c->slot);
		arg(c, s, "makes_slot", c->slot[0] != '\0' && !c->has_slot ? "1" : "");
		arg(c, s, "standby", c->in->standby == NULL ? "" : "1");
	} else {
		s = add_step(c, "host-mariabackup-v1");
		arg(c, s, "defaults", c->in->login);
	}
	arg(c, s, "server", n->name);
	s->why = arena_printf(a, "copy %s to %s/%s with %s, verified", n->name, c->to->parent,
	    c->to->name, is_pg ? "pg_basebackup" : "mariadb-backup");
	say(c, "snapshot", LEVEL_CONFIRM,
	    arena_printf(a,
		"%s, the %s (%s), is copied to host %s in %s/%s%s%s: %s, %s are free there. %s",
		n->name, n->role == ROLE_PRIMARY ? "PRIMARY" : role_name(n->role), n->identity,
		c->in->host->name, c->to->parent, c->to->name,
		c->in->standby == NULL ? "" : ", as the standby ",
		c->in->standby == NULL ? "" : c->in->standby,
		bytes(c) == 0 ? "how much is not known before it begins"
			      : arena_printf(a, "about %s", text_bytes(a, bytes(c))),
		c->to->disk_free < 0 ? "it is not known how many" : text_bytes(a, c->to->disk_free),
		is_pg ? arena_printf(a,
			    "It first waits until %s has finished a checkpoint, at once and not "
			    "spread; what it waits for is shown. If it breaks it starts over.",
			    n->name)
		      : "If it breaks it starts over."));
	if (c->slot != NULL && c->slot[0] != '\0')
		say(c, "slot", LEVEL_CONFIRM,
		    arena_printf(a,
			"%s slot %s on %s keeps the log for it from then on, until it is dropped: "
			"start "
			"the standby soon.",
			c->has_slot ? "The existing" : "A new", c->slot, n->name));
}

static void
world(struct copying *c)
{
	const struct guard_input *g = c->in->guard;
	const char *host = c->in->host->name;
	struct arena *a = c->arena;

	policy_world(a, c->plan, g->topology, &c->plan->session, g->holds, g->nholds);
	policy_say_host(a, c->plan, c->in->cluster, g->topology, c->in->host);
	plan_add_fact(a, c->plan, arena_printf(a, "host %s identity", host), c->in->host->identity);
	plan_add_fact(a, c->plan, arena_printf(a, "host %s boot", host), c->in->host->boot_id);
	if (c->in->source_facts != NULL) {
		policy_say_host(a, c->plan, c->in->cluster, g->topology, c->in->source_facts);
		plan_add_fact(a, c->plan,
		    arena_printf(a, "host %s identity", c->in->source_facts->name),
		    c->in->source_facts->identity);
		plan_add_fact(a, c->plan,
		    arena_printf(a, "host %s boot", c->in->source_facts->name),
		    c->in->source_facts->boot_id);
	}
	plan_add_fact(a, c->plan, arena_printf(a, "host %s target %s", host, c->to->given),
	    c->to->exists ? "exists" : "is free");
	if (c->from != NULL && c->in->node == NULL)
		plan_add_fact(a, c->plan, arena_printf(a, "host %s source device and inode", host),
		    arena_printf(a, "%s:%s", c->from->device, c->from->inode));
}

int
policy_plan_snapshot(
    struct arena *a, struct plan *p, const struct snapshot_input *in, struct err *e)
{
	struct copying c = {.arena = a, .plan = p, .in = in, .to = in->target, .from = in->source};
	const char *why;

	if (in->guard->topology == NULL)
		return err_set(
		    e, ERR_REFUSED, "who replicates from whom is not known, so nothing was done");
	p->danger = DANGER_DANGEROUS;
	plan_add_node(a, p, in->host->name, in->host->identity, in->host->boot_id, ROLE_UNKNOWN, 0);
	why = refused(&c);
	if (why != NULL) {
		say(&c, "snapshot", LEVEL_REFUSE, arena_printf(a, "%s; nothing was copied.", why));
	} else if (in->node != NULL) {
		plan_add_node(a, p, in->node->name, in->node->identity, in->node->incarnation,
		    in->node->role, 0);
		copy_node(&c);
	} else {
		copy_directory(&c);
	}
	p->back = BACK_STATEMENT;
	p->way_back = "The copy only adds: remove it where it is not wanted.";
	world(&c);
	return 0;
}
