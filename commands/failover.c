/*
 * failover: who could become the primary and what each would lose; failover NODE: the plan.
 */
#include <string.h>

#include "arena.h"
#include "commands/failing.h"
#include "commands/planning.h"
#include "text.h"
#include "banned.h"

enum { RANK, NODE, LACKS, STATE, RECEIVED, REPLAYED, COLUMNS };
#define READ_MAX 8 /* candidates whose loss is read from the old primary's disk */

static const struct word {
	const char *text;
	enum failover_far far;
	enum failover_word word;
	int wants_rejoin;
} words[] = {
    {"before", FAR_BEFORE, WORD_NONE, 0},
    {"all", FAR_ALL, WORD_NONE, 0},
    {"fenced", FAR_UNSAID, WORD_FENCED, 0},
    {"unfenced", FAR_UNSAID, WORD_UNFENCED, 0},
    {"rejoin", FAR_UNSAID, WORD_NONE, 1},
};

static int
take_word(struct failover_input *in, const char *text, struct err *e)
{
	const struct word *x = NULL;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].text, text) == 0)
			x = &words[i];
	if (x == NULL || (x->far != FAR_UNSAID && in->far != FAR_UNSAID) ||
	    (x->word != WORD_NONE && in->word != WORD_NONE)) {
		err_set(e, ERR_USAGE, "\"%.60s\" cannot be said here; nothing was done", text);
		return err_hint(
		    e, "failover NODE [before|all] [fenced|unfenced] [rejoin]; see holdfast(1)");
	}
	in->far = x->far != FAR_UNSAID ? x->far : in->far;
	in->word = x->word != WORD_NONE ? x->word : in->word;
	in->wants_rejoin |= x->wants_rejoin;
	return 0;
}

static const char *
state(struct arena *a, const struct candidate *x)
{
	const struct node *n = x->node;

	if (x->cannot != NULL)
		return arena_printf(a, "CANNOT: %s", x->cannot);
	if (n->hold != HOLD_NONE || n->target_lsn != NULL)
		return "HELD: choose before or all";
	if (n->apply_delay_ms > 0)
		return arena_printf(
		    a, "replays %s late", text_seconds(a, (double)n->apply_delay_ms / 1000));
	return n->is_streaming ? n->sync_state != NULL ? n->sync_state : "streaming"
			       : "not streaming";
}

static int
ranking(struct context *c, struct failover_input *in, struct result *r)
{
	static const char *const titles[COLUMNS] = {
	    "rank", "node", "would lose", "state", "received", "replayed"};
	static const unsigned char numeric[COLUMNS] = {[RANK] = 1};
	struct candidate *list;
	size_t i, n = failover_rank(c->arena, c->topology, &list);
	const char **cells = arena_array(c->arena, n * COLUMNS + 1, sizeof(*cells)), **row;
	const char *more = "", *each;

	failing_sides(c, in, n > 0 ? list[0].node : NULL);
	for (i = 0; i < n; i++) {
		if (i < READ_MAX && !list[i].is_bound) {
			failing_log(c, in, list[i].node);
			list[i].log = in->log;
		}
		row = cells + COLUMNS * i;
		row[RANK] = list[i].cannot != NULL ? "-" : arena_printf(c->arena, "%zu", i + 1);
		row[NODE] = list[i].node->name;
		row[RECEIVED] = list[i].got.text;
		row[REPLAYED] = list[i].node->replay.text;
		row[STATE] = state(c->arena, &list[i]);
		row[LACKS] = failover_lacks(c->arena, in->old.node, &list[i], &each);
		more = more[0] == '\0' ? each : more;
	}
	r->kind = RETURNS_VIEW;
	view_table(c->arena, &r->view, COLUMNS, titles, cells, n, numeric);
	r->view.footer =
	    in->old.node == NULL
		? "Which server the old primary was is not known."
		: arena_printf(c->arena, "In place of %s, which %s.%s%s%s%s", in->old.node->name,
		      in->old.node->role == ROLE_PRIMARY || in->old.node->role == ROLE_STANDALONE
			  ? "answers"
			  : "does not answer",
		      in->no_log == NULL || in->log != NULL ? "" : " Its disk was not read: ",
		      in->no_log == NULL || in->log != NULL ? "" : in->no_log,
		      more[0] == '\0' ? "" : " Would lose: ", more);
	return 0;
}

static int
failover_exec(struct context *c, int argc, char **argv, struct result *r, struct err *e)
{
	struct guard_input g = {.engine = c->engine,
	    .policy = c->policy,
	    .session = c->session,
	    .holds = c->holds,
	    .nholds = c->nholds};
	struct failover_input in = {.guard = &g, .cluster = c->cluster_config};
	const struct node *candidate;
	int i;

	if (planning_topology(c, e) != 0)
		return -1;
	g.topology = c->topology;
	if (argc == 1)
		return ranking(c, &in, r);
	for (i = 2; i < argc; i++)
		if (take_word(&in, argv[i], e) != 0)
			return -1;
	in.name = argv[1];
	candidate = topology_find(c->topology, in.name);
	if (candidate != NULL && candidate->role == ROLE_REPLICA) {
		failing_sides(c, &in, candidate);
		failing_log(c, &in, candidate);
		failing_mistake(c, &in, candidate);
	}
	r->kind = RETURNS_PLAN;
	r->plan = planning_new(c, c->line, c->line_len);
	if (policy_plan_failover(c->arena, r->plan, &in, e) != 0)
		return -1;
	planning_backups(c, r->plan);
	return 0;
}

const struct command command_failover = {
    .name = "failover",
    .args = "[NODE [before|all] [fenced|unfenced] [rejoin]]",
    .max = 5,
    .needs = IN_SHELL | HAS_JSON | NEED_CLUSTER | NO_ALIAS,
    .help = "Rank the candidates, or make one the primary: its loss is said first",
    .exec = failover_exec,
};
