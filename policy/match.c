/*
 * The conditions of the rules: see rules_table.c, where they are used. Each looks at a scene and
 * answers yes or no. Must never look at a clock, a file or a server.
 */
#include <string.h>

#include "policy/inside.h"
#include "banned.h"

int
match_scratch(const struct scene *s)
{
	return look_is_scratch(s->in->cluster, s->in->topology);
}

int
match_not_scratch(const struct scene *s)
{
	return !match_scratch(s);
}

/* Not asked is zero; asked and not known is -1, and that counts as many. */
int
match_many_rows(const struct scene *s)
{
	if (!(s->action->flags & ACTION_DML))
		return 0;
	return s->in->estimate < 0 || s->in->estimate > s->in->policy->write_confirm_rows;
}

int
match_many_changed(const struct scene *s)
{
	const char *k = s->action->kind;

	if (strcmp(k, "update") != 0 && strcmp(k, "delete") != 0 && strcmp(k, "merge") != 0)
		return 0;
	return match_many_rows(s);
}

static int
in_tx(const struct scene *s)
{
	return s->in->session != NULL && s->in->session->tx != TX_NONE;
}

/*
 * A query whose functions are not known may run READ ONLY only when the whole text may, and not
 * inside the operator's transaction, where nothing could be made READ ONLY any more.
 */
int
match_plain_query(const struct scene *s)
{
	return !in_tx(s) && look_is_query(s->in->statements, s->in->nstatements);
}

int
match_other_opaque(const struct scene *s)
{
	return !match_plain_query(s) && !match_scratch(s);
}

int
match_other_opaque_scratch(const struct scene *s)
{
	return !match_plain_query(s) && match_scratch(s);
}

static int
is_hold_name(const struct scene *s)
{
	const struct session *x = s->in->session;
	size_t i;

	for (i = 0; x != NULL && i < s->in->nholds; i++)
		if (strcmp(s->in->holds[i].node, x->node) == 0 ||
		    strcmp(s->in->holds[i].identity, x->identity) == 0)
			return 1;
	return 0;
}

int
match_held(const struct scene *s)
{
	if (is_hold_name(s))
		return 1;
	return s->node != NULL && look_is_held(s->node, s->in->holds, s->in->nholds);
}

int
match_held_or_unknown(const struct scene *s)
{
	return s->node == NULL || match_held(s);
}

int
match_unseen(const struct scene *s)
{
	return s->node == NULL && !match_held(s);
}

int
match_held_receiver(const struct scene *s)
{
	return (strcmp(s->action->kind, "stop-replica") == 0 ||
		   strcmp(s->action->kind, "change-master") == 0) &&
	       match_held(s);
}

int
match_resume_promotes(const struct scene *s)
{
	return s->node != NULL && s->node->target_lsn != NULL;
}

int
match_dependents(const struct scene *s)
{
	return s->in->has_dependents && !s->in->no_cascade &&
	       !(s->action->flags & (ACTION_CASCADE | ACTION_DML));
}

int
match_dependents_stay(const struct scene *s)
{
	return s->in->has_dependents && s->in->no_cascade && !(s->action->flags & ACTION_DML);
}

int
match_referenced(const struct scene *s)
{
	return s->in->has_dependents && !(s->action->flags & ACTION_CASCADE) &&
	       strcmp(s->action->kind, "truncate") == 0;
}

/* Things a replica can do although they are no reads: signals, slots, settings, replay control. */
static int
is_of_data(const struct action *x)
{
	static const char *const prefixes[] = {"create-", "drop-", "alter-", "truncate", "insert",
	    "update", "delete", "merge", "copy-from", "grant", "revoke", "comment", "cluster",
	    "reindex", "vacuum", "refresh", "lock", "add-", "rename-", "attach", "detach",
	    "validate"};
	size_t i;

	if (x->flags & ACTION_DML)
		return 1;
	if (strstr(x->kind, "slot") != NULL || strcmp(x->kind, "alter-system") == 0)
		return 0;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(x->kind, prefixes[i], strlen(prefixes[i])) == 0)
			return 1;
	return 0;
}

int
match_replica(const struct scene *s)
{
	return s->in->session != NULL && s->in->session->role == ROLE_REPLICA &&
	       is_of_data(s->action);
}

/* What a transaction did while there was a journal must not become lasting without one. */
int
match_no_journal(const struct scene *s)
{
	return !s->in->is_journal_writable;
}

/* Without a key a transaction holds only reads, so it may as well be committed. */
int
match_unsigned(const struct scene *s)
{
	return !s->in->is_signed && strcmp(s->action->kind, "commit") != 0;
}

static int
any_action(const struct scene *s, int (*test)(const struct action *x))
{
	size_t i, k;

	for (i = 0; i < s->in->nstatements; i++)
		for (k = 0; k < s->in->statements[i].nactions; k++)
			if (test(&s->in->statements[i].actions[k]))
				return 1;
	return 0;
}

static int
has_temporary(const struct action *x)
{
	size_t i;

	for (i = 0; i < x->nobjects; i++)
		if (x->objects[i].is_temporary)
			return 1;
	return 0;
}

int
match_temporary(const struct scene *s)
{
	return any_action(s, has_temporary);
}

static int
is_execute(const struct action *x)
{
	return strcmp(x->kind, "execute") == 0;
}

int
match_prepared(const struct scene *s)
{
	return any_action(s, is_execute);
}

int
match_failed_tx(const struct scene *s)
{
	size_t i;

	if (s->in->session == NULL || s->in->session->tx != TX_FAILED)
		return 0;
	for (i = 0; i < s->in->nstatements; i++)
		if (!look_is_tx(&s->in->statements[i], "rollback") &&
		    !look_is_tx(&s->in->statements[i], "rollback-to"))
			return 1;
	return 0;
}

static int
is_destructive(const struct action *x)
{
	return x->danger == DANGER_DESTRUCTIVE;
}

int
match_open_tx(const struct scene *s)
{
	if (!in_tx(s))
		return 0;
	return s->level >= LEVEL_APPROVE || any_action(s, is_destructive);
}

int
match_tx_shape(const struct scene *s)
{
	if (s->in->nstatements < 2)
		return 0;
	return look_tx_shape(s->in->statements, s->in->nstatements) == SHAPE_OTHER;
}

static int
is_no_tx(const struct action *x)
{
	return (x->flags & (ACTION_NO_TX | ACTION_CONCURRENTLY)) != 0;
}

int
match_no_tx_inside(const struct scene *s)
{
	if (!any_action(s, is_no_tx))
		return 0;
	/* Counted changes are asked about before COMMIT: without a transaction there is none. */
	if ((s->guards & GUARD_COUNT) != 0)
		return 1;
	return in_tx(s) || look_tx_shape(s->in->statements, s->in->nstatements) == SHAPE_WRAPPED;
}

static int
changes_session(const struct action *x)
{
	return (x->flags & ACTION_SESSION) != 0;
}

int
match_has_session_change(const struct scene *s)
{
	return s->in->nstatements > 1 && any_action(s, changes_session);
}

static int
is_copy(const struct action *x)
{
	return (x->flags & ACTION_COPY_STREAM) != 0;
}

int
match_has_copy(const struct scene *s)
{
	return any_action(s, is_copy);
}

int
match_copy_among_others(const struct scene *s)
{
	return s->in->nstatements > 1 && match_has_copy(s);
}

static int
has_secret(const struct action *x)
{
	return (x->flags & ACTION_SECRET) != 0;
}

int
match_has_secret(const struct scene *s)
{
	return any_action(s, has_secret);
}

static int
wants_hold(const struct scene *s)
{
	return (s->guards & GUARD_HOLD) != 0;
}

int
match_no_topology(const struct scene *s)
{
	return wants_hold(s) && s->in->topology == NULL;
}

int
match_no_primary(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	const struct node *primary;

	if (!wants_hold(s) || t == NULL)
		return 0;
	primary = topology_primary(t);
	if (primary == NULL || s->node == NULL)
		return 1;
	return s->in->session->role != ROLE_REPLICA && primary != s->node;
}

int
match_unknown_node(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	size_t i;

	for (i = 0; wants_hold(s) && t != NULL && i < t->nnodes; i++)
		if (t->nodes[i].role == ROLE_UNKNOWN)
			return 1;
	return 0;
}

int
match_manager(const struct scene *s)
{
	const struct node **set;

	return wants_hold(s) && s->in->topology != NULL &&
	       look_hold_set(s->arena, s->in->topology, s->in->policy, &set) > 0 &&
	       look_manager(s->arena, s->in->topology) != NULL;
}

int
match_remote_apply(const struct scene *s)
{
	const struct topology *t = s->in->topology;
	const struct node **set;
	size_t n;

	if (!wants_hold(s) || t == NULL || s->in->remote_apply_chosen)
		return 0;
	n = look_hold_set(s->arena, t, s->in->policy, &set);
	return look_freezes_writers(t, set, n) != NULL;
}

int
match_cannot_hold(const struct scene *s)
{
	const char **names;

	return wants_hold(s) && s->in->topology != NULL &&
	       look_cannot_hold(s->arena, s->in->topology, &names) > 0;
}

int
match_not_chosen(const struct scene *s)
{
	const char **names;

	return wants_hold(s) && s->in->topology != NULL &&
	       look_not_chosen(s->arena, s->in->topology, s->in->policy, &names) > 0;
}

int
match_nothing_to_hold(const struct scene *s)
{
	const struct node **set;

	return wants_hold(s) && s->in->topology != NULL &&
	       look_hold_set(s->arena, s->in->topology, s->in->policy, &set) == 0;
}
