/*
 * When no failover is planned, one row each, the most telling first; and the sentence says what is
 * left to do. Must never let pass what could not be seen.
 */
#include <string.h>

#include "policy/failing.h"
#include "text.h"
#include "banned.h"

struct refusing {
	struct failing *f;
	struct arena *a;
	enum err_code code;
	const char *hint;
};

static const char *
names_of_writers(struct failing *f, size_t *n)
{
	const char *names = "";
	size_t i;

	*n = 0;
	for (i = 0; i < f->t->nnodes; i++)
		if (f->t->nodes[i].role == ROLE_PRIMARY ||
		    (f->t->nodes[i].role == ROLE_STANDALONE && !f->t->nodes[i].is_read_only))
			names = arena_printf(f->arena, "%s%s%s", names, (*n)++ > 0 ? " and " : "",
			    f->t->nodes[i].name);
	return names;
}

static const char *
split_brain(struct refusing *r)
{
	const char *names;
	size_t n;

	names = names_of_writers(r->f, &n);
	if (n < 2)
		return NULL;
	r->hint = "Stop writes on the wrong one first; what only it has must be taken out by hand.";
	return arena_printf(r->a,
	    "SPLIT BRAIN: %s take writes both, so there are two truths already and a failover "
	    "would not end that",
	    names);
}

static const char *
is_primary(struct refusing *r)
{
	const struct node *n = r->f->new;

	if (n->role != ROLE_PRIMARY && n->role != ROLE_STANDALONE)
		return NULL;
	r->hint = "failover, without a name, lists the candidates.";
	return arena_printf(r->a, "%s takes the writes already", n->name);
}

static const char *
no_candidate(struct refusing *r)
{
	if (r->f->chosen != NULL && r->f->chosen->cannot == NULL)
		return NULL;
	r->hint = "failover, without a name, lists the candidates.";
	return arena_printf(r->a, "%s cannot become the primary: %s", r->f->new->name,
	    r->f->chosen == NULL	   ? "it is no replica that answers"
	    : r->f->chosen->cannot == NULL ? ""
					   : r->f->chosen->cannot);
}

static const char *
no_old(struct refusing *r)
{
	if (r->f->old != NULL)
		return NULL;
	r->hint = "Give the old primary a node section in holdfast.conf(5).";
	return "which server the old primary was is not known, so nothing can be said of whether "
	       "it still takes writes";
}

static const char *
other_manager(struct refusing *r)
{
	const struct manager *m;
	size_t i;

	for (i = 0; i < r->f->t->nmanagers; i++) {
		m = &r->f->t->managers[i];
		if (strcmp(m->name, "Patroni") == 0)
			continue;
		r->hint = strcmp(m->name, "repmgrd") == 0
			      ? "On the candidate's host: repmgr standby switchover"
			  : strcmp(m->name, "pg_auto_failover") == 0
			      ? "On the candidate's host: pg_autoctl perform promotion"
			      : "Use the manager's own command: it would undo anything else.";
		return arena_printf(r->a,
		    "%s manages %s and would fight a failover that is not its own", m->name,
		    m->node);
	}
	return NULL;
}

static const char *
not_said_how_far(struct refusing *r)
{
	const struct failing *f = r->f;
	const char *before = failover_before(f->in->guard, f->new);

	if (!f->is_held || f->in->far != FAR_UNSAID)
		return NULL;
	r->hint = arena_printf(
	    r->a, "failover %s before, or: failover %s all", f->new->name, f->new->name);
	return arena_printf(r->a,
	    "%s is held back, and promoting it would replay everything it received. Choose: "
	    "`before` stops right before the mistake%s%s and loses everything written after it; "
	    "`all` replays everything, the mistake included",
	    f->new->name, before[0] == '\0' ? "" : ", at ", before);
}

static const char *
not_held(struct refusing *r)
{
	const struct failing *f = r->f;

	if (f->in->far == FAR_UNSAID || f->is_held)
		return NULL;
	r->code = ERR_USAGE;
	r->hint = arena_printf(r->a, "failover %s", f->new->name);
	return arena_printf(r->a,
	    "%s is not held back: it replayed what it received, and `before` and `all` mean "
	    "nothing there",
	    f->new->name);
}

static const char *
not_before(struct refusing *r)
{
	struct failing *f = r->f;

	if (f->in->far != FAR_BEFORE)
		return NULL;
	if (f->before[0] == '\0')
		return arena_printf(r->a,
		    "where the mistake stands in the log is not known: the hold of %s was not made "
		    "for a plan, so there is nothing to stop before",
		    f->new->name);
	if (f->new->replay.value > failing_number(f->before))
		return arena_printf(r->a, "%s has replayed to %s, past %s: the mistake is in it",
		    f->new->name, f->new->replay.text, f->before);
	if (f->say->restart_proc == NULL && f->new->log_base == NULL)
		return arena_printf(
		    r->a, "the name of the log that %s reads is not known", f->new->name);
	if (f->say->restart_proc == NULL ||
	    (f->new->target_lsn != NULL &&strcmp(f->new->target_lsn, f->before) == 0) ||
	    (f->in->new.host != NULL && f->in->new.directory != NULL))
		return NULL;
	r->hint = arena_printf(r->a,
	    "Restart the server of %s by hand: hardened as it is, it comes up paused at %s; then "
	    "type this again.",
	    f->new->name, f->before);
	return arena_printf(r->a,
	    "stopping %s before the mistake takes a restart of its server, and %s", f->new->name,
	    f->in->new.host != NULL	 ? "where its data directory is is not known"
	    : f->in->new.no_host != NULL ? f->in->new.no_host
					 : "no host is configured for it");
}

static const char *
not_all(struct refusing *r)
{
	const struct failing *f = r->f;

	if (f->in->far != FAR_ALL || f->new->target_lsn == NULL)
		return NULL;
	r->hint = arena_printf(r->a, "failover %s before", f->new->name);
	return arena_printf(r->a,
	    "%s was started with a recovery target at %s and replays no further: a promotion "
	    "stops there, so it cannot replay all",
	    f->new->name, f->new->target_lsn);
}

static const char *
still_stopping(struct refusing *r)
{
	if (r->f->new->hold != HOLD_REQUESTED)
		return NULL;
	return arena_printf(r->a,
	    "%s was asked to pause and has not stopped yet: how far it replays is not known",
	    r->f->new->name);
}

static const char *
not_fenced(struct refusing *r)
{
	const struct failing *f = r->f;

	if (f->is_planned && f->in->word != WORD_NONE) {
		r->code = ERR_USAGE;
		r->hint = arena_printf(r->a, "failover %s", f->new->name);
		return arena_printf(r->a,
		    "%s answers, so it is not taken on anybody's word: the plan itself keeps it "
		    "from taking writes",
		    f->old->name);
	}
	if (f->is_planned || f->fence == FENCE_STOPPED || f->in->word != WORD_NONE)
		return NULL;
	r->hint = arena_printf(r->a,
	    "Know that it is off (your word is signed): failover %s%s fenced. Nobody knows: "
	    "failover %s%s unfenced",
	    f->new->name,
	    f->in->far == FAR_ALL  ? " all"
	    : f->before[0] != '\0' ? " before"
				   : "",
	    f->new->name,
	    f->in->far == FAR_ALL  ? " all"
	    : f->before[0] != '\0' ? " before"
				   : "");
	return arena_printf(r->a,
	    "whether %s is stopped cannot be seen from here: it does not answer (%s), and %s. If "
	    "it "
	    "still takes writes, there would be two primaries",
	    f->old->name, f->old->reason == NULL ? role_name(f->old->role) : f->old->reason,
	    f->in->old.host != NULL ? "where its data directory is is not known (data_directory of "
				      "its node section)"
	    : f->in->old.no_host != NULL ? f->in->old.no_host
					 : "no host is configured for it");
}

static const char *
not_receiving(struct refusing *r)
{
	const struct failing *f = r->f;

	if (!f->is_planned || f->before[0] != '\0' || f->new->is_streaming)
		return NULL;
	return arena_printf(r->a,
	    "%s does not receive from %s, which answers: what it lacks would be lost for nothing",
	    f->new->name, f->old->name);
}

static const char *
not_rejoined(struct refusing *r)
{
	const struct failing *f = r->f;

	if (!f->in->wants_rejoin || f->say->prepare != NULL)
		return NULL;
	r->hint = arena_printf(r->a,
	    "Leave `rejoin` out; afterwards, on %s: CHANGE MASTER TO MASTER_HOST = ..., "
	    "MASTER_USER "
	    "= ..., MASTER_PASSWORD = ..., MASTER_USE_GTID = slave_pos",
	    f->old->name);
	return "rejoining takes the replication user's password, which no server tells";
}

const char *
failing_refused(struct failing *f, enum err_code *code, const char **hint)
{
	static const char *(*const rows[])(struct refusing *) = {
	    split_brain, is_primary, no_candidate, no_old, other_manager};
	static const char *(*const own[])(struct refusing *) = {still_stopping, not_said_how_far,
	    not_held, not_before, not_all, not_fenced, not_receiving, not_rejoined};
	struct refusing r = {.f = f, .a = f->arena, .code = *code};
	const char *why = NULL;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && why == NULL; i++)
		why = rows[i](&r);
	/* A manager's own command takes care of the rest. */
	for (i = 0; !failing_is_managed(f) && i < sizeof(own) / sizeof(own[0]) && why == NULL; i++)
		why = own[i](&r);
	*code = r.code;
	*hint = r.hint;
	return why;
}
