/*
 * failover NODE as a plan: the old primary is kept from taking writes, what would be lost is
 * measured, the candidate is seen to have what it must have, and only then promoted; the others
 * follow. Up to the promotion every step has its way back. Must never plan a promotion of a held
 * replica without being told how far it replays, nor call an old primary stopped that was not seen.
 */
#include <string.h>

#include "policy/failing.h"
#include "policy/steps.h"
#include "text.h"
#include "banned.h"

#define STOP_S 90
#define HOST_MS 180000
#define LOG_MS 120000

static void
arg(struct failing *f, struct step *s, const char *name, const char *value)
{
	s->args = arena_grow(f->arena, s->args, s->nargs, sizeof(*s->args));
	s->args[s->nargs++] = (struct argument){name, arena_strdup(f->arena, value)};
}

static void
keep(struct failing *f, struct step *s, int column, const char *name, enum value_type type)
{
	s->keeps = arena_grow(f->arena, s->keeps, s->nkeeps, sizeof(*s->keeps));
	s->keeps[s->nkeeps++] = (struct keep){.column = column, .name = name, .type = type};
}

static void
must(struct failing *f, struct step *s, int column, enum check_op op, enum value_type type,
    const char *value, const char *name, const char *field)
{
	s->checks = arena_grow(f->arena, s->checks, s->nchecks, sizeof(*s->checks));
	s->checks[s->nchecks++] = (struct check){
	    .column = column, .op = op, .type = type, .value = value, .name = name, .field = field};
}

/* A procedure on the host of one side, of its data directory. */
static struct step *
on_host(struct failing *f, const struct failover_side *side, const char *proc, enum step_kind kind,
    enum step_part part)
{
	struct step *s = plan_add(f->arena, f->plan);
	const char *system = f->new->cluster != NULL &&strncmp(f->new->cluster, "pg:", 3) == 0
				 ? host_system_hex(f->arena, f->new->cluster + 3)
				 : "";

	s->part = part;
	s->type = STEP_PROC;
	s->kind = kind;
	s->conn = CONN_HOST;
	s->node = arena_strdup(f->arena, side->host->name);
	s->proc = proc;
	s->timeout_ms = HOST_MS;
	arg(f, s, "fingerprint", side->host->fingerprint);
	arg(f, s, "directory", side->directory);
	arg(f, s, "system", system);
	return s;
}

/* On whose disk the loss is read. A checkpoint of the old primary may take away what stands behind
 * the mistake; a held standby keeps all that it received. */
static const struct failover_side *
measured(const struct failing *f)
{
	const struct failover_side *side = f->before[0] != '\0' && f->say->restart_proc != NULL &&
						   f->in->new.host != NULL &&
						   f->in->new.directory != NULL
					       ? &f->in->new
					       : &f->in->old;

	return side->host == NULL || side->directory == NULL || f->say->log_proc == NULL ? NULL
											 : side;
}

/* What would be lost, once the old primary writes no more and before anything is lost. */
static void
add_measure(struct failing *f)
{
	const struct failover_side *side = measured(f);
	struct arena *a = f->arena;
	struct step *s;

	if (side == NULL)
		return;
	s = on_host(f, side, f->say->log_proc, KIND_MEASURE, PART_BEFORE);
	s->timeout_ms = LOG_MS;
	arg(f, s, "timeline",
	    arena_printf(a, "%d", f->old->timeline > 0 ? f->old->timeline : f->new->timeline));
	arg(f, s, "from",
	    f->before[0] != '\0' ? f->before : arena_printf(a, "{X.%s}", f->new->name));
	arg(f, s, "after",
	    f->before[0] != '\0' ? f->before : arena_printf(a, "{W.%s}", f->new->name));
	keep(f, s, 1, "end", VALUE_TEXT);
	keep(f, s, 2, "lost", VALUE_INT);
	keep(f, s, 3, "first", VALUE_TEXT);
	keep(f, s, 4, "last", VALUE_TEXT);
	keep(f, s, 6, "bytes", VALUE_TEXT);
	if (f->fence == FENCE_STOPPED && side == &f->in->old)
		must(f, s, 0, CHECK_EQ, VALUE_INT, "0", NULL,
		    arena_printf(
			a, "process that works in the data directory of %s", f->old->name));
	s->say = arena_printf(a,
	    "%s's log ends at {end}. LOST with %s as the primary%s: {bytes} of log with {lost} "
	    "transactions, committed from {first} to {last}",
	    side->node->name, f->new->name,
	    f->before[0] != '\0' ? ", stopped before the mistake" : "");
	s->why = arena_printf(a, "read on the disk of %s what is lost with %s as the primary",
	    side->node->name, f->new->name);
}

/* The candidate must still be the one that has most, where it was when this was signed. */
static void
add_seen(struct failing *f)
{
	struct arena *a = f->arena;
	struct step *s;
	size_t i;

	for (i = 0; i < f->nranked; i++)
		if (f->ranked[i].node != f->new && f->ranked[i].cannot == NULL)
			f->say->seen(a, f->plan, f->ranked[i].node);
	f->say->seen(a, f->plan, f->new);
	s = &f->plan->steps[f->plan->nsteps - 1]; /* what it keeps first is what it received */
	if (f->chosen->got.text != NULL)
		must(f, s, s->keeps[0].column, CHECK_GE, VALUE_LSN,
		    arena_strdup(a, f->chosen->got.text), NULL,
		    arena_printf(a, "received position of %s", f->new->name));
	for (i = 0; f->before[0] == '\0' && !f->is_planned && i < f->nranked; i++)
		if (f->ranked[i].cannot == NULL && f->ranked[i].node != f->new &&
		    f->ranked[i].got.value <= f->chosen->got.value)
			must(f, s, s->keeps[0].column, CHECK_GE, VALUE_LSN, NULL,
			    arena_printf(a, "W.%s", f->ranked[i].node->name),
			    arena_printf(a, "received position of %s against %s", f->new->name,
				f->ranked[i].node->name));
}

static void
add_fence(struct failing *f)
{
	struct arena *a = f->arena;
	struct step *s;

	if (f->in->wants_rejoin && f->is_planned && f->say->prepare != NULL)
		f->say->prepare(a, f->plan, f->old, f->new);
	if (f->fence == FENCE_READ_ONLY)
		f->say->still(a, f->plan, f->old);
	if (f->fence != FENCE_STOPPED)
		return;
	/* Not where it would take away the log that tells what is lost. */
	if (f->is_planned && f->before[0] == '\0' && f->say->hasten != NULL)
		f->say->hasten(a, f->plan, f->old);
	s = on_host(f, &f->in->old, f->say->stop_proc, KIND_STOP, PART_BEFORE);
	arg(f, s, "seconds", arena_printf(a, "%d", STOP_S));
	s->undo = f->is_planned ? f->say->start_proc : NULL;
	s->why = arena_printf(a,
	    f->is_planned ? "stop %s, and see on its host that it is"
			  : "see on its host that %s does not run, or stop it",
	    f->old->name);
	keep(f, s, 0, "state", VALUE_TEXT);
	keep(f, s, 1, "S", VALUE_LSN);
	if (f->is_planned)
		must(f, s, 0, CHECK_EQ, VALUE_TEXT, "shut down", NULL,
		    arena_printf(a, "%s in its control file", f->old->name));
	s->say = arena_printf(a, "%s is STOPPED, seen on its host (%s)", f->old->name, "{state}");
}

/* It comes up paused right before the mistake, or is there already. */
static void
add_target(struct failing *f)
{
	struct step *s;
	int is_there = f->new->target_lsn != NULL &&strcmp(f->new->target_lsn, f->before) == 0;

	if (f->say->restart_proc != NULL && !is_there) {
		f->say->target(f->arena, f->plan, f->new, f->before);
		s = on_host(f, &f->in->new, f->say->restart_proc, KIND_RESTART, PART_BEFORE);
		s->why = arena_printf(f->arena,
		    "start %s again, so that it stops right before the mistake", f->new->name);
	} else if (f->say->restart_proc == NULL) {
		f->say->target(f->arena, f->plan, f->new, f->before);
	}
	f->say->reached(f->arena, f->plan, f->new, f->before);
}

int
failing_must_follow(const struct failing *f, const struct node *n)
{
	if (n == f->new || n == f->old || n->role != ROLE_REPLICA)
		return 0;
	if (n->upstream == NULL || f->old == NULL)
		return !topology_is_below(f->t, n, f->new);
	return strcmp(n->upstream, f->old->identity) == 0;
}

static void
add_others(struct failing *f)
{
	struct step *s;
	size_t i;

	for (i = 0; i < f->t->nnodes; i++)
		if (failing_must_follow(f, &f->t->nodes[i]) &&
		    !failing_stays_behind(f, &f->t->nodes[i]))
			f->say->follow(f->arena, f->plan, &f->t->nodes[i], f->new);
	if (f->fence == FENCE_READ_ONLY && !f->in->wants_rejoin)
		f->say->stays(f->arena, f->plan, f->old);
	if (!f->in->wants_rejoin || !f->is_planned)
		return;
	if (f->fence == FENCE_STOPPED && f->say->rejoin_proc != NULL) {
		s = on_host(f, &f->in->old, f->say->rejoin_proc, KIND_FOLLOW, PART_AFTER);
		s->is_soft = 1;
		s->why = arena_printf(
		    f->arena, "start %s as a replica of %s", f->old->name, f->new->name);
		s->say = arena_printf(
		    f->arena, "%s was started as a replica of %s", f->old->name, f->new->name);
	} else {
		f->say->follow(f->arena, f->plan, f->old, f->new);
	}
	for (i = 0; f->say->tidy != NULL && i < f->t->nnodes; i++)
		if (&f->t->nodes[i] == f->new || failing_must_follow(f, &f->t->nodes[i]))
			f->say->tidy(f->arena, f->plan, f->old, &f->t->nodes[i]);
}

static void
add_node(struct failing *f, const struct node *n)
{
	struct plan *p = f->plan;

	p->nodes = arena_grow(f->arena, p->nodes, p->nnodes, sizeof(*p->nodes));
	p->nodes[p->nnodes++] =
	    (struct plan_node){arena_strdup(f->arena, n->name), arena_strdup(f->arena, n->identity),
		arena_strdup(f->arena, n->incarnation), n->role, look_is_paused(n)};
}

static void
add_host(struct failing *f, const struct failover_side *side)
{
	struct arena *a = f->arena;
	const struct host_facts *h = side->host;

	if (h == NULL)
		return;
	plan_add_node(a, f->plan, h->name, h->identity, h->boot_id, ROLE_UNKNOWN, 0);
	plan_add_fact(a, f->plan, arena_printf(a, "host %s identity", h->name), h->identity);
	plan_add_fact(a, f->plan, arena_printf(a, "host %s boot", h->name), h->boot_id);
}

static void
add_world(struct failing *f)
{
	const struct guard_input *g = f->in->guard;
	struct plan *p = f->plan;
	size_t i;

	policy_world(f->arena, p, f->t, &p->session, g->holds, g->nholds);
	add_node(f, f->new);
	for (i = 0; i < f->t->nnodes; i++)
		if (&f->t->nodes[i] != f->new)
			add_node(f, &f->t->nodes[i]);
	if (f->fence == FENCE_STOPPED || f->before[0] != '\0')
		add_host(f, &f->in->old);
	if (f->say->restart_proc != NULL && f->before[0] != '\0' &&
	    (f->fence != FENCE_STOPPED || f->in->new.host != f->in->old.host))
		add_host(f, &f->in->new);
}

static enum fence
choose_fence(const struct failing *f)
{
	/* What cannot be started again is not stopped while it answers. */
	if (f->is_planned && f->say->start_proc == NULL)
		return FENCE_READ_ONLY;
	if (f->say->stop_proc != NULL && f->in->old.host != NULL && f->in->old.directory != NULL)
		return FENCE_STOPPED;
	if (f->is_planned)
		return FENCE_READ_ONLY;
	return f->in->word == WORD_FENCED ? FENCE_WORD : FENCE_NONE;
}

static void
add_steps(struct failing *f)
{
	struct arena *a = f->arena;

	/* One that answers is not stopped before the candidate was seen to be well. */
	if (f->is_planned)
		add_seen(f);
	if (f->in->far == FAR_ALL && f->say->let_go != NULL)
		f->say->let_go(a, f->plan, f->new);
	add_fence(f);
	if (!f->is_planned)
		add_seen(f);
	if (f->before[0] != '\0') {
		add_measure(f);
		add_target(f);
		if (f->in->mistake != NULL &&
		    strcmp(f->in->mistake->session.database, f->plan->session.database) == 0)
			f->say->objects(a, f->plan, f->new, f->in->mistake);
	} else if (f->is_planned) {
		f->say->arrived(a, f->plan, f->new, f->fence == FENCE_STOPPED);
	} else {
		add_measure(f);
		if (f->say->drain != NULL)
			f->say->drain(a, f->plan, f->new);
	}
	f->say->promote(a, f->plan, f->new);
	f->say->promoted(a, f->plan, f->new);
	add_others(f);
}

static int
begin(struct failing *f, struct err *e)
{
	const struct failover_input *in = f->in;
	size_t i;

	f->t = in->guard->topology;
	f->say = in->guard->engine->wording == NULL ? NULL : in->guard->engine->wording->switching;
	if (f->say == NULL)
		return err_set(
		    e, ERR_REFUSED, "failover is not known for this engine; nothing was done");
	f->new = topology_find(f->t, in->name);
	if (f->new == NULL) {
		err_set(e, ERR_USAGE, "no node is called \"%.100s\"; nothing was done", in->name);
		return err_hint(e, "failover, without a name, lists the candidates.");
	}
	f->old = in->old.node;
	f->is_planned =
	    f->old != NULL && (f->old->role == ROLE_PRIMARY || f->old->role == ROLE_STANDALONE);
	f->is_held =
	    look_is_held(f->new, in->guard->holds, in->guard->nholds) || f->new->hold != HOLD_NONE;
	f->before = in->far == FAR_BEFORE ? failover_before(in->guard, f->new) : "";
	f->nranked = failover_rank(f->arena, f->t, &f->ranked);
	for (i = 0; i < f->nranked; i++)
		if (f->ranked[i].node == f->new)
			f->chosen = &f->ranked[i];
	return 0;
}

int
policy_plan_failover(
    struct arena *a, struct plan *p, const struct failover_input *in, struct err *e)
{
	struct failing f = {.arena = a, .plan = p, .in = in};
	enum err_code code = ERR_REFUSED;
	const char *why, *hint = NULL;

	if (begin(&f, e) != 0)
		return -1;
	f.fence = choose_fence(&f);
	memset(&p->verdict, 0, sizeof(p->verdict));
	p->danger = DANGER_DESTRUCTIVE;
	p->reversible = "";
	if ((why = failing_refused(&f, &code, &hint)) != NULL) {
		err_set(e, code, "%s; nothing was done", why);
		return hint == NULL ? -1 : err_hint(e, "%s", hint);
	}
	if (failing_is_managed(&f)) {
		if (failing_by_manager(&f, e) != 0)
			return -1;
	} else {
		add_steps(&f);
	}
	failing_say(&f);
	add_world(&f);
	return 0;
}
