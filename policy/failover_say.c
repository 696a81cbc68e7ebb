/*
 * What a failover says besides its steps: what is lost and what is not known, how sure it is that
 * the old primary takes no more writes, who is better, who stays behind. Must never leave a loss
 * unsaid, nor say one smaller than it may be.
 */
#include <string.h>

#include "policy/failing.h"
#include "text.h"
#include "banned.h"

static void
say(struct failing *f, const char *rule, const char *sentence)
{
	struct verdict *v = &f->plan->verdict;

	v->reasons = arena_grow(f->arena, v->reasons, v->nreasons, sizeof(*v->reasons));
	v->reasons[v->nreasons++] = (struct reason){arena_strdup(f->arena, rule), sentence,
	    strcmp(rule, "failover") == 0 ? "gitlab" : NULL, LEVEL_APPROVE};
}

static void
lose(struct failing *f, const char *what, const char *detail)
{
	plan_add_loss(f->arena, f->plan, what, detail);
}

/* Stopping before the mistake: everything behind it is given up. */
static void
say_window(struct failing *f)
{
	struct arena *a = f->arena;
	const char *amount, *now;

	now = f->old->current.text == NULL ? "" : f->old->current.text;
	amount =
	    f->in->log != NULL ? failing_amount(a, f->in->log, f->before)
	    : f->old->current.value > failing_number(f->before)
		? arena_printf(a, "%s of log up to %s; how many transactions is not known%s%s",
		      text_bytes(a, (int64_t)(f->old->current.value - failing_number(f->before))),
		      now, f->in->no_log == NULL ? "" : ": ",
		      f->in->no_log == NULL ? "" : f->in->no_log)
		: "an unknown amount: the end of its log could not be read";
	lose(f, arena_printf(a, "everything written on %s after %s", f->old->name, f->before),
	    arena_printf(a, "%s%s. The mistake is in it, and so is every good write since", amount,
		f->is_planned ? " by now, and whatever is written until it is stopped" : ""));
}

static void
say_after_loss(struct failing *f)
{
	struct arena *a = f->arena;
	struct candidate c = *f->chosen;
	const char *amount, *more;

	c.log = f->in->log;
	amount = failover_lacks(a, f->old, &c, &more);
	lose(f, arena_printf(a, "what %s wrote and %s never received", f->old->name, f->new->name),
	    arena_printf(a, "%s%s%s%s%s%s", amount, more[0] == '\0' ? "" : ": ", more,
		f->in->log == NULL && f->in->no_log != NULL ? " (" : "",
		f->in->log == NULL && f->in->no_log != NULL ? f->in->no_log : "",
		f->in->log == NULL && f->in->no_log != NULL ? ")" : ""));
}

/* One that would lose less, and what that means for acknowledged commits. */
static void
say_better(struct failing *f)
{
	const struct candidate *best = &f->ranked[0];

	if (best->node == f->new || best->cannot != NULL || f->is_planned || f->before[0] != '\0' ||
	    best->got.value <= f->chosen->got.value)
		return;
	lose(f,
	    arena_printf(
		f->arena, "what %s received and %s did not", best->node->name, f->new->name),
	    arena_printf(f->arena,
		"%s of log; commits that %s acknowledged may be in it. `failover %s` loses less",
		text_bytes(f->arena, (int64_t)(best->got.value - f->chosen->got.value)),
		f->old->name, best->node->name));
}

static void
say_what(struct failing *f)
{
	struct arena *a = f->arena;
	const char *loss;

	loss = f->before[0] != '\0' ? "it stops right before the mistake, and loses what came after"
	       : f->is_planned	    ? "it takes over only when it has received all of it, so no "
				      "commit is lost; open transactions are"
	       : f->chosen->is_bound || f->in->log != NULL
		   ? "what it never received is lost, and stands above"
		   : "what it never received is lost, and how much that is is not known";
	say(f, "failover",
	    arena_printf(a,
		"%s becomes the primary in place of %s: %s. Clients find it only when somebody "
		"points them to %s port %d.%s",
		f->new->name, f->old->name, loss, f->new->host, f->new->port,
		f->in->far == FAR_ALL ? " It replays EVERYTHING it received, the mistake it was "
					"held for included."
				      : ""));
}

static void
say_fence(struct failing *f)
{
	struct arena *a = f->arena;
	const char *o = f->old->name;

	if (f->fence == FENCE_STOPPED)
		say(f, "fence",
		    arena_printf(a,
			"Fencing: STOPPED. %s is stopped on host %s and seen to be, before "
			"anything "
			"else. Whoever starts it again as it is makes a second primary: "
			"standby.signal first.",
			o, f->in->old.host->name));
	else if (f->fence == FENCE_READ_ONLY)
		say(f, "fence",
		    arena_printf(a,
			"Fencing: READ-ONLY, CONNECTIONS CUT. %s goes on running; who sets "
			"a session writable there writes into a second truth that is lost later. "
			"It is not stopped: %s.",
			o,
			f->in->old.no_host != NULL ? f->in->old.no_host
						   : "no host is configured for it"));
	else if (f->fence == FENCE_WORD)
		say(f, "fence",
		    arena_printf(a,
			"Fencing: YOUR WORD. That %s is off and stays off is what the requester "
			"says and the approver signs; nothing here saw it. If it still takes "
			"writes, there are two primaries.",
			o));
	else
		say(f, "fence",
		    arena_printf(a,
			"Fencing: NONE. Nobody stopped %s or knows that it is off. If it is only "
			"unreachable from here, it goes on taking writes, and those are lost or "
			"fought over later.",
			o));
}

/* It has what the candidate never got: its history is another one from there on. */
static int
failing_is_ahead(const struct failing *f, const struct node *n)
{
	size_t i;

	for (i = 0; !f->is_planned && f->before[0] == '\0' && i < f->nranked; i++)
		if (f->ranked[i].node == n)
			return f->ranked[i].got.value > f->chosen->got.value;
	return 0;
}

int
failing_stays_behind(const struct failing *f, const struct node *n)
{
	return look_is_held(n, f->in->guard->holds, f->in->guard->nholds) ||
	       failing_is_ahead(f, n) ||
	       (f->before[0] != '\0' && n->replay.value > failing_number(f->before)) ||
	       (n->version > 0 && n->version < 130000 && f->say->rejoin_proc != NULL);
}

static void
say_others(struct failing *f)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < f->t->nnodes; i++) {
		n = &f->t->nodes[i];
		if (!failing_must_follow(f, n) || !failing_stays_behind(f, n))
			continue;
		say(f, arena_printf(f->arena, "behind-%s", n->name),
		    look_is_held(n, f->in->guard->holds, f->in->guard->nholds)
			? arena_printf(f->arena,
			      "%s is held and stays as it is: it keeps what %s wrote after the "
			      "mistake, received and not replayed. Rebuild it from %s when nobody "
			      "needs that any more.",
			      n->name, f->old->name, f->new->name)
		    : failing_is_ahead(f, n) ? arena_printf(f->arena,
						   "%s received more than %s: what only it has "
						   "makes its history another "
						   "one. It is left alone; take that out of it, "
						   "then pg_rewind or rebuild it.",
						   n->name, f->new->name)
		    : f->before[0] != '\0'
			? arena_printf(f->arena,
			      "%s has replayed past the mistake, to %s: its history is another one "
			      "from there on. It is left alone; pg_rewind or rebuild it.",
			      n->name, n->replay.text == NULL ? "?" : n->replay.text)
			: arena_printf(f->arena,
			      "%s cannot be pointed to %s without a restart: change its "
			      "primary_conninfo and restart it by hand.",
			      n->name, f->new->name));
	}
}

static void
say_consumers(struct failing *f)
{
	const struct consumer *c;
	size_t i;

	for (i = 0; i < f->t->nconsumers; i++) {
		c = &f->t->consumers[i];
		if (strcmp(c->node, f->old->name) != 0)
			continue;
		f->plan->accepted = arena_grow(
		    f->arena, f->plan->accepted, f->plan->naccepted, sizeof(*f->plan->accepted));
		f->plan->accepted[f->plan->naccepted++] = arena_printf(
		    f->arena, "%s %s on %s: it does not move along", c->what, c->name, c->node);
	}
	if (f->new->sync_names != NULL && f->new->sync_names[0] != '\0')
		say(f, "sync-names",
		    arena_printf(f->arena,
			"%s has synchronous_standby_names = %s: until such a standby follows it, "
			"commits there wait.",
			f->new->name, f->new->sync_names));
}

static void
say_old(struct failing *f)
{
	struct arena *a = f->arena;

	if (f->in->wants_rejoin)
		say(f, "rejoin",
		    f->is_planned
			? arena_printf(
			      a, "%s comes back as a replica of %s.", f->old->name, f->new->name)
			: arena_printf(a,
			      "%s is not rejoined by this plan: it may hold what %s never "
			      "received. Rewind or rebuild it afterwards.",
			      f->old->name, f->new->name));
	else
		say(f, "old-primary",
		    arena_printf(a,
			"%s stays %s. Do not start it as a primary: pg_rewind or rebuild it, %s.",
			f->old->name, f->fence == FENCE_READ_ONLY ? "up, read-only" : "down",
			f->is_planned && f->before[0] == '\0'
			    ? "or say `rejoin` in this command"
			    : "once what only it holds was taken out of it"));
}

void
failing_say(struct failing *f)
{
	struct plan *p = f->plan;
	int n = f->in->guard->policy->approvals;

	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = n < 1 ? 1 : n;
	if (f->before[0] != '\0')
		say_window(f);
	else if (!f->is_planned)
		say_after_loss(f);
	say_better(f);
	say_what(f);
	if (failing_is_managed(f)) {
		say(f, "manager",
		    "Patroni does it: it stops the old leader, waits for its shutdown checkpoint "
		    "and "
		    "promotes; the others follow by themselves.");
	} else {
		say_fence(f);
		say_others(f);
		say_old(f);
	}
	say_consumers(f);
	p->back = f->is_planned && f->before[0] == '\0' && f->in->far == FAR_UNSAID ? BACK_STATEMENT
										    : BACK_NONE;
	p->way_back = arena_printf(f->arena,
	    "Up to the promotion every step is taken back if one fails. After it: another "
	    "failover, "
	    "to a server that follows %s.",
	    f->new->name);
}
