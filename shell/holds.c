/*
 * Standing holds: see holds.h. Never resumes anything; a hold that cannot be seen any more is an
 * alarm.
 */
#include <string.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/connect.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "shell/repl.h"
#include "text.h"
#include "banned.h"

static int
load(struct app *app, struct arena *a, struct unknown **unknowns, size_t *nunknowns)
{
	struct err e = {0};
	struct hold *holds;
	size_t n;

	if (journal_legacy(a, app->config->journal, app->config->njournal, NULL, &holds, &n,
		unknowns, nunknowns, &e) != 0) {
		if (app->journal != NULL) /* else it was said already why there is none */
			out_error(app, &e, NULL, 0);
		return -1;
	}
	holds_add_others(app, a, &holds, &n);
	app->holds = holds;
	app->nholds = n;
	jobs_load(app, a);
	return 0;
}

void
holds_reload(struct app *app)
{
	struct arena *a = arena_new();
	struct unknown *unknowns;
	size_t n;

	if (load(app, a, &unknowns, &n) != 0) {
		arena_free(a);
		return;
	}
	arena_free(app->holds_arena);
	app->holds_arena = a;
}

void
holds_say_legacy(struct app *app)
{
	struct arena *a = arena_new();
	struct unknown *u;
	size_t n, i;
	const struct hold *h;

	if (load(app, a, &u, &n) != 0) {
		arena_free(a);
		return;
	}
	arena_free(app->holds_arena);
	app->holds_arena = a;
	for (i = 0; i < n; i++)
		out_line(app, STYLE_DANGER,
		    "OUTCOME UNKNOWN: %s began this on %s at %s and the end was never written: %s",
		    u[i].person, u[i].node, u[i].t, text_fit(a, u[i].text, strlen(u[i].text), 200));
	for (i = 0; i < n; i++)
		if (u[i].xid != NULL && u[i].xid[0] != '\0')
			out_line(app, STYLE_PLAIN,
			    "  the server that ran it knows: SELECT pg_xact_status('%s')",
			    u[i].xid);
	if (n > 0)
		out_line(app, STYLE_BOLD, "  to resolve: journal resolve");
	for (i = 0; i < app->nholds; i++) {
		h = &app->holds[i];
		out_line(app, STYLE_BOLD, "HELD: %s at %s since %.19sZ by %s%s%.8s%s", h->node,
		    h->position[0] == '\0' ? "an unknown position" : h->position, h->since,
		    h->person, h->plan[0] == '\0' ? "" : ", plan ", h->plan,
		    h->is_certain ? "" : " (asked for; the answer was never written)");
	}
	jobs_say(app);
	if (app->nholds > 0)
		out_line(app, STYLE_BOLD,
		    "  a mistake to take back: undo PLAN; sure that nothing is missing: resume "
		    "NODE");
}

void
holds_warn_legacy(struct app *app)
{
	struct arena *a = arena_new();
	struct unknown *u;
	const char *line;
	size_t n;

	if (load(app, a, &u, &n) != 0) {
		arena_free(a);
		return;
	}
	arena_free(app->holds_arena);
	app->holds_arena = a;
	if (n == 0)
		return;
	line = arena_printf(a,
	    "OUTCOME UNKNOWN: %s began this on %s at %.19sZ%s: %s "
	    "(to resolve: journal resolve)",
	    u[0].person, u[0].node, u[0].t, n > 1 ? arena_printf(a, ", and %zu more", n - 1) : "",
	    text_fit(a, u[0].text, strlen(u[0].text), 60));
	out_block(app, stderr, STYLE_DANGER, line, strlen(line), "");
}

/* Names of the holds made for this plan that were seen, or were only asked for. */
static const char *
names_of(struct app *app, struct arena *a, const char *plan, int is_certain, size_t *n)
{
	const char *names = "";
	const struct hold *h;
	size_t i;

	*n = 0;
	for (i = 0; i < app->nholds; i++) {
		h = &app->holds[i];
		if (strcmp(h->plan, plan) == 0 && h->is_certain == is_certain)
			names = arena_printf(a, "%s%s%s", names, (*n)++ > 0 ? " " : "", h->node);
	}
	return names;
}

void
holds_say_after(struct app *app, struct arena *a, const char *plan, size_t not_proven)
{
	const char *names;
	size_t n;

	names = names_of(app, a, plan, 0, &n);
	if (n > 0)
		out_line(app, STYLE_DANGER,
		    "%s %s asked to stop replaying and %s not seen to: %s may stop at any "
		    "time, and stays so until resume %s",
		    names, n == 1 ? "was" : "were", n == 1 ? "was" : "were", n == 1 ? "it" : "each",
		    names);
	names = names_of(app, a, plan, 1, &n);
	if (n > 0 && not_proven > 0)
		out_line(app, STYLE_DANGER,
		    "Not every hold (%s) is proven any more: look at topology now. A mistake? "
		    "undo %.8s",
		    names, plan);
	else if (n > 0)
		out_line(app, STYLE_BOLD, "%s %s still held. Sure? resume %s. A mistake? undo %.8s",
		    names, n == 1 ? "is" : "are", names, plan);
}

static int
was_restarted(const struct hold *h, const struct node *n)
{
	return h->incarnation != NULL && h->incarnation[0] != '\0' &&
	       strcmp(h->incarnation, n->incarnation) != 0;
}

/* One sentence where the node is no longer as it was held; NULL while it is. */
static const char *
broken(struct arena *a, const struct hold *h, const struct node *n)
{
	if (n == NULL || n->role == ROLE_UNREACHABLE || n->role == ROLE_UNKNOWN)
		return arena_printf(a, "held %s cannot be seen any more", h->node);
	if (n->role == ROLE_STARTING || n->role == ROLE_NO_SLOTS)
		return arena_printf(
		    a, "held %s is %s: whether it replays is unknown", h->node, role_name(n->role));
	if (n->role != ROLE_REPLICA)
		return arena_printf(
		    a, "held %s was PROMOTED: it is a %s now", h->node, role_name(n->role));
	if (n->hold == HOLD_NONE && !h->is_certain)
		return arena_printf(a,
		    "%s was asked to stop and still replays: it may stop at any time (`resume %s` "
		    "settles it)",
		    h->node, h->node);
	if (n->hold == HOLD_NONE && was_restarted(h, n))
		return arena_printf(a,
		    "held %s was RESTARTED, and its hold died with that: it replays again (`resume "
		    "%s` settles it)",
		    h->node, h->node);
	if (n->hold == HOLD_NONE)
		return arena_printf(a,
		    "held %s was RELEASED by someone else: it replays again (`resume %s` settles "
		    "it)",
		    h->node, h->node);
	if (was_restarted(h, n))
		return arena_printf(a, "held %s was RESTARTED; it is %s at %s", h->node,
		    n->hold == HOLD_PAUSED ? "still paused" : hold_name(n->hold),
		    n->replay.text == NULL ? "?" : n->replay.text);
	return NULL;
}

struct alarm {
	const char *node;
	char sentence[256]; /* "" the node is as it was held */
};

/* Remembers what is now said of the node; true where it was said already. */
static int
is_said(struct app *app, const char *node, const char *sentence)
{
	struct alarm *x;
	size_t i;
	int was;

	for (i = 0; i < app->nalarms && strcmp(app->alarms[i].node, node) != 0; i++)
		;
	if (i == app->nalarms) {
		app->alarms =
		    arena_grow(app->arena, app->alarms, app->nalarms++, sizeof(*app->alarms));
		app->alarms[i].node = arena_strdup(app->arena, node);
		app->alarms[i].sentence[0] = '\0';
	}
	x = &app->alarms[i];
	was = strncmp(x->sentence, sentence, sizeof(x->sentence) - 1) == 0;
	text_copy(x->sentence, sizeof(x->sentence), sentence);
	return was;
}

void
holds_alarm(struct app *app, const char *node, const char *sentence)
{
	struct arena *a = arena_new();
	struct err ignored = {0};

	sentence = text_inert(a, sentence, strlen(sentence), 0);
	repl_notice(app, arena_printf(a, "ALARM: %s", sentence));
	if (app->journal != NULL)
		journal_put(app->journal, "alarm",
		    json_pack("{s:s, s:s}", "node", node, "sentence", sentence), &ignored);
	arena_free(a);
}

/* Who would undo the holds, and was on hold when they were made. */
static void
watch_managers(struct app *app, struct arena *a, const struct topology *t)
{
	const struct manager *m;
	const char *sentence, *key;
	size_t i;

	for (i = 0; i < t->nmanagers; i++) {
		m = &t->managers[i];
		key = arena_printf(a, "%s on %s", m->name, m->node);
		sentence = m->state == MANAGER_ON_HOLD
			       ? ""
			       : arena_printf(a, "%s manages %s and %s while replicas are held: %s",
				     m->name, m->node,
				     m->state == MANAGER_ACTIVE ? "is not paused any more"
								: "cannot be seen to be paused",
				     m->does);
		if (!is_said(app, key, sentence) && sentence[0] != '\0')
			holds_alarm(app, m->node, sentence);
	}
}

void
holds_watch(struct app *app)
{
	const struct topology *t = facts_last(app->cluster);
	struct arena *a = arena_new();
	const struct node *n;
	const char *sentence;
	size_t i;

	for (i = 0; t != NULL && i < app->nholds; i++) {
		if (strcmp(app->holds[i].cluster, t->cluster) != 0)
			continue;
		n = topology_find_identity(t, app->holds[i].identity);
		if (n == NULL)
			n = topology_find(t, app->holds[i].node);
		sentence = broken(a, &app->holds[i], n);
		if (!is_said(app, app->holds[i].node, sentence == NULL ? "" : sentence) &&
		    sentence != NULL)
			holds_alarm(app, app->holds[i].node, sentence);
		holds_room(app, a, &app->holds[i], n, t);
	}
	if (t != NULL && app->nholds > 0)
		watch_managers(app, a, t);
	arena_free(a);
}

void
holds_tick(void *ctx)
{
	struct app *app = ctx;

	if (app->busy == 0 && app->session != NULL && app->nholds > 0)
		app_crawl(app);
}
