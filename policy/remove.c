/*
 * rm HOST:PATH as a plan: whose data it is, that another node holds it now, and a rename into
 * quarantine beside it; its way back; and the end of a quarantine. Must never plan to delete
 * anything that is not in quarantine already.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/remove.h"
#include "text.h"
#include "banned.h"

#define RENAME_MS 120000
#define EXPUNGE_MS (24 * 3600 * 1000)

static void
say(struct removing *r, const char *rule, enum level level, const char *sentence)
{
	struct verdict *v = &r->plan->verdict;

	v->reasons = arena_grow(r->arena, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] =
	    (struct reason){rule, sentence, strcmp(rule, "rm") == 0 ? "gitlab" : NULL, level};
	if (level > v->level)
		v->level = level;
}

static int
is_same_data(const struct removing *r, const struct node *n)
{
	/* MariaDB's files name no cluster: who they replicated from is asked before anything goes.
	 */
	if (r->path != NULL && remove_is_mariadb(r))
		return strcmp(r->t->engine, "mariadb") == 0 && n->identity[0] != '\0';
	return n->cluster != NULL && r->path != NULL &&
	       strcmp(n->cluster, arena_printf(r->arena, "pg:%s", r->path->system)) == 0;
}

/* Its directory is this one, by whichever name. */
static int
is_here(const struct removing *r, const struct node *n)
{
	size_t i;

	if (strcmp(n->data_directory, r->path->real) == 0)
		return 1;
	for (i = 0; i < r->path->nalso; i++)
		if (strcmp(n->data_directory, r->path->also[i]) == 0)
			return 1;
	return 0;
}

/* By directory and host; a node that does not answer only by its host. */
static void
find_node(struct removing *r)
{
	const struct node *n, *maybe = NULL;
	const char *host;
	size_t i;

	for (i = 0; i < r->t->nnodes; i++) {
		n = &r->t->nodes[i];
		host = remove_host_of(r, n);
		if (is_same_data(r, n) && (n->role == ROLE_PRIMARY || n->role == ROLE_STANDALONE)) {
			r->nprimaries++;
			r->primary = n;
		}
		if (host != NULL && strcmp(host, r->host->name) != 0)
			continue;
		if (n->data_directory != NULL) {
			if (is_here(r, n) && is_same_data(r, n))
				r->node = n;
			continue;
		}
		if (host != NULL) {
			r->candidates++;
			maybe = n;
		}
	}
	if (r->node == NULL && r->candidates == 1)
		r->node = maybe;
}

static void
add_node(struct removing *r, const struct node *n)
{
	plan_add_node(r->arena, r->plan, n->name, n->identity, n->incarnation, n->role, 0);
}

static void
fact(struct removing *r, const char *field, const char *value)
{
	plan_add_fact(
	    r->arena, r->plan, arena_printf(r->arena, "host %s %s", r->host->name, field), value);
}

/* What is compared again before the act. */
static void
add_world(struct removing *r)
{
	const struct guard_input *g = r->in->guard;
	const struct path_facts *x = r->path;
	struct arena *a = r->arena;

	policy_world(a, r->plan, g->topology, &r->plan->session, g->holds, g->nholds);
	policy_say_host(a, r->plan, r->in->cluster, g->topology, r->host);
	fact(r, "identity", r->host->identity);
	fact(r, "boot", r->host->boot_id);
	if (x == NULL)
		return;
	fact(r, "path", x->real);
	fact(r, "path device and inode", arena_printf(a, "%s:%s", x->device, x->inode));
	fact(r, "path system", x->system);
	fact(r, "path state", cluster_state_name(x->state));
	if (x->gtid_state != NULL)
		fact(r, "path GTID state", x->gtid_state);
	fact(r, "path is used by process",
	    x->is_pid_alive    ? arena_printf(a, "%lld", (long long)x->pid)
	    : x->user_pid != 0 ? arena_printf(a, "%lld", (long long)x->user_pid)
			       : "none");
}

static void
arg(struct removing *r, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(r->arena, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs++] = (struct argument){name, arena_strdup(r->arena, value)};
}

static struct step *
add_step(struct removing *r, const char *proc, enum step_kind kind, int timeout_ms)
{
	struct step *s = plan_add(r->arena, r->plan);

	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = kind;
	s->conn = CONN_HOST;
	s->node = arena_strdup(r->arena, r->host->name);
	s->proc = proc;
	s->timeout_ms = timeout_ms;
	arg(r, s, "fingerprint", r->host->fingerprint);
	return s;
}

static void
add_rename(struct removing *r)
{
	const struct path_facts *x = r->path;
	struct arena *a = r->arena;
	const char *to = arena_printf(a, ".holdfast-quarantine-%s", r->plan->id);
	struct step *s = add_step(r, "host-quarantine-v1", KIND_MOVE, RENAME_MS);

	arg(r, s, "above", x->parent);
	arg(r, s, "above_inode", arena_printf(a, "%s:%s", x->parent_device, x->parent_inode));
	arg(r, s, "name", x->name);
	arg(r, s, "inode", arena_printf(a, "%s:%s", x->device, x->inode));
	arg(r, s, "quarantine", to);
	arg(r, s, "system", x->system[0] == '\0' ? "" : host_system_hex(a, x->system));
	arg(r, s, "manifest",
	    arena_printf(a, "plan %s\npath %s\n%s %s\nby %s", r->plan->id, x->real,
		x->gtid_state != NULL ? "GTID state" : "system",
		x->gtid_state != NULL ? x->gtid_state : x->system, r->plan->requester));
	s->why =
	    arena_printf(a, "rename %s to %s/%s/data, if it still is inode %s and nobody uses it",
		x->real, x->parent, to, x->inode);
}

/* Whose data it is, as its files say. */
static const char *
what_it_is(struct removing *r)
{
	const struct path_facts *x = r->path;

	if (remove_is_mariadb(r))
		return arena_printf(r->arena,
		    "MariaDB, a replica of %s, shut down cleanly at GTID state %s", x->sources[0],
		    x->gtid_state);
	return arena_printf(r->arena, "PostgreSQL %s, system %s, timeline %d, left %s%s",
	    x->version, x->system, x->timeline, cluster_state_name(x->state),
	    x->has_standby_signal ? ", a standby" : "");
}

/* That the other one holds it, and how that is known. */
static const char *
why_it_may_go(struct removing *r)
{
	const struct node *p = r->primary;

	if (remove_is_mariadb(r))
		return arena_printf(r->arena,
		    "%s holds the same data now: every transaction in this one's log stands in its "
		    "log, too. What was written with sql_log_bin = 0 stands in no log.",
		    remove_where(r, p));
	return arena_printf(r->arena,
	    "%s holds the same data now, at %s, past this one's last checkpoint.",
	    remove_where(r, p), p->current.text == NULL ? "?" : p->current.text);
}

static void
say_what(struct removing *r)
{
	const struct path_facts *x = r->path;
	struct arena *a = r->arena;
	size_t i;

	plan_add_loss(a, r->plan,
	    arena_printf(a, "%s on host %s (%s)", x->real, r->host->name, r->host->hostname),
	    arena_printf(a,
		"data of %s: %s; %s; it stays on the disk, in quarantine, so no space is won",
		r->node == NULL ? "no node of the config" : r->node->name, what_it_is(r),
		x->bytes < 0 ? "size not counted" : text_bytes(a, x->bytes)));
	for (i = 0; i < x->nlinks; i++)
		plan_add_loss(a, r->plan, arena_printf(a, "link to %s", x->links[i]),
		    "stays where it is: only the link goes along");
	say(r, "rm", LEVEL_APPROVE,
	    arena_printf(a,
		"The data directory of %s goes out of the way by a rename; %s Whether its copy is "
		"sound is not known here. Undo renames it back.",
		r->node == NULL ? r->path->real : r->node->name, why_it_may_go(r)));
	if (!remove_is_mariadb(r) && r->path->timeline < r->primary->timeline &&
	    !x->has_standby_signal)
		say(r, "old-primary", LEVEL_APPROVE,
		    "It was a primary before a failover: what it wrote after that is only there.");
}

static int
begin(struct removing *r, struct err *e)
{
	r->t = r->in->guard->topology;
	r->path = r->in->path;
	r->host = r->in->host;
	memset(&r->plan->verdict, 0, sizeof(r->plan->verdict));
	r->plan->danger = DANGER_DESTRUCTIVE;
	r->plan->reversible = "";
	if (r->t == NULL)
		return err_set(
		    e, ERR_REFUSED, "who replicates from whom is not known, so nothing was done");
	if (r->host->fingerprint[0] == '\0')
		say(r, "no-host-key", LEVEL_CONFIRM,
		    "The host's key is not checked by this program on this way of reaching it.");
	plan_add_node(
	    r->arena, r->plan, r->host->name, r->host->identity, r->host->boot_id, ROLE_UNKNOWN, 0);
	return 0;
}

int
policy_plan_remove(struct arena *a, struct plan *p, const struct remove_input *in, struct err *e)
{
	struct removing r = {.arena = a, .plan = p, .in = in};
	const char *why;

	if (begin(&r, e) != 0)
		return -1;
	find_node(&r);
	why = remove_refused(&r);
	if (why != NULL) {
		say(&r, "rm", LEVEL_REFUSE, why);
		p->verdict.reasons[0] = p->verdict.reasons[p->verdict.nreasons - 1];
		add_world(&r);
		return 0;
	}
	if (r.node != NULL)
		add_node(&r, r.node);
	add_node(&r, r.primary);
	in->guard->engine->wording->fence(a, p, r.primary, NULL, 0, 0);
	say_what(&r);
	add_rename(&r);
	p->verdict.approvals = in->guard->policy->approvals < 1 ? 1 : in->guard->policy->approvals;
	p->back = BACK_QUARANTINE;
	p->way_back = arena_printf(a,
	    "`undo %.8s` renames it back, as long as nothing new stands there; `expunge %.8s` ends "
	    "that.",
	    p->id, p->id);
	add_world(&r);
	return 0;
}

const struct step *
policy_is_remove(const struct plan *filed)
{
	size_t i;

	for (i = 0; i < filed->nsteps; i++)
		if (filed->steps[i].type == STEP_PROC &&
		    strcmp(filed->steps[i].proc, "host-quarantine-v1") == 0)
			return &filed->steps[i];
	return NULL;
}

static void
copy_args(struct removing *r, struct step *to, const struct step *from)
{
	size_t i;

	for (i = 0; i < from->nargs; i++)
		if (strcmp(from->args[i].name, "fingerprint") != 0)
			arg(r, to, from->args[i].name, from->args[i].value);
}

static const char *
arg_of(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return "";
}

int
policy_plan_restore(struct arena *a, struct plan *p, const struct remove_input *in,
    const struct plan *filed, struct err *e)
{
	struct removing r = {.arena = a, .plan = p, .in = in};
	const struct step *was = policy_is_remove(filed);
	struct step *s;

	if (begin(&r, e) != 0)
		return -1;
	p->danger = DANGER_DANGEROUS;
	p->undoes = filed->id;
	s = add_step(&r, "host-restore-v1", KIND_MOVE, RENAME_MS);
	copy_args(&r, s, was);
	s->why = arena_printf(a, "rename it back to %s/%s, if nothing new stands there",
	    arg_of(was, "above"), arg_of(was, "name"));
	say(&r, "undo-rm", LEVEL_CONFIRM,
	    "The directory gets its old name back; no server is started. Whether it still fits "
	    "its cluster is not known here: start it as the standby it was.");
	p->back = BACK_STATEMENT;
	p->way_back = "rm of the same path, which another person approves.";
	add_world(&r);
	return 0;
}

int
policy_plan_expunge(struct arena *a, struct plan *p, const struct remove_input *in,
    const struct plan *filed, struct err *e)
{
	struct removing r = {.arena = a, .plan = p, .in = in};
	const struct step *was = policy_is_remove(filed);
	struct step *s;

	if (begin(&r, e) != 0)
		return -1;
	if (strcmp(arena_printf(a, "%s:%s", in->path->device, in->path->inode),
		arg_of(was, "inode")) != 0)
		return err_set(e, ERR_REFUSED, "%s is not what plan %.8s renamed; nothing was done",
		    in->path->real, filed->id);
	s = add_step(&r, "host-expunge-v1", KIND_EXPUNGE, EXPUNGE_MS);
	copy_args(&r, s, was);
	arg(&r, s, "bytes",
	    arena_printf(a, "%lld", (long long)(in->path->bytes < 0 ? 0 : in->path->bytes)));
	s->why = arena_printf(a, "remove %s for good", in->path->real);
	plan_add_loss(a, p, arena_printf(a, "%s on host %s", in->path->real, in->host->name),
	    in->path->bytes < 0 ? "size not counted" : text_bytes(a, in->path->bytes));
	say(&r, "expunge", LEVEL_APPROVE,
	    "The quarantined data directory is removed for good, and with it the way back of its "
	    "rm. Whether anybody still needs it is not known here: see that its node was rebuilt.");
	p->verdict.approvals = in->guard->policy->approvals < 1 ? 1 : in->guard->policy->approvals;
	p->back = BACK_NONE;
	p->way_back = "";
	add_world(&r);
	return 0;
}
