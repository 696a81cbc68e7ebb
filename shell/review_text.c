/*
 * What the reviewer sees: whether the request is to be believed, what this program itself makes of
 * the text, the whole plan, and what exactly is signed. Nothing the requester's program says about
 * the plan is shown without having been checked where that can be done offline. Must never pass a
 * raw byte on.
 */
#include <string.h>
#include <time.h>

#include "arena.h"
#include "policy.h"
#include "text.h"
#include "trust.h"
#include "shell/app.h"
#include "shell/review.h"
#include "shell/show.h"
#include "banned.h"

struct sheet {
	struct app *app;
	struct arena *arena;
	const struct request *request;
	const struct plan *plan;
	struct show *out;
	int width, doubts;
};

static void
add(struct sheet *s, enum show_style style, const char *indent, const char *text)
{
	show_add(s->arena, s->out, s->width, style, indent, text);
}

static void
doubt(struct sheet *s, const char *text)
{
	s->doubts++;
	add(s, SHOW_DANGER, "  !!  ", text);
}

static const char *
inert(struct sheet *s, const char *t)
{
	return t == NULL ? "" : text_inert(s->arena, t, strlen(t), 0);
}

static void
draw_belief(struct sheet *s)
{
	const struct request *r = s->request;
	struct err why = {0};
	const char *person;

	add(s, SHOW_HEAD, "", arena_printf(s->arena, "REQUEST %s", r->id));
	if (trust_request(s->arena, s->app->operators, r, (int64_t)time(NULL), &person, &why) == -1)
		doubt(s, arena_printf(s->arena, "DO NOT BELIEVE IT: %s", inert(s, why.msg)));
	else
		add(s, SHOW_PLAIN, "  from   ",
		    arena_printf(s->arena, "%s: the signatures of %s's key and of the session hold",
			inert(s, person), inert(s, person)));
}

/* A topology as far as the plan names it, for judging offline; the node it acts on is always in it.
 */
static struct topology *
planned_topology(struct sheet *s)
{
	const struct session *here = &s->plan->session;
	const struct plan *p = s->plan;
	struct topology *t = arena_alloc(s->arena, sizeof(*t));
	struct node *n;
	size_t i;

	t->cluster = here->cluster;
	t->engine = p->engine;
	t->nodes = arena_array(s->arena, p->nnodes + 1, sizeof(*t->nodes));
	for (i = 0; i < p->nnodes; i++) {
		n = &t->nodes[t->nnodes++];
		n->name = p->nodes[i].name;
		n->identity = p->nodes[i].identity;
		n->incarnation = p->nodes[i].incarnation;
		n->cluster = here->cluster;
		n->role = p->nodes[i].role;
		n->hold = p->nodes[i].is_held ? HOLD_PAUSED : HOLD_NONE;
	}
	if (topology_find(t, here->node) == NULL)
		t->nodes[t->nnodes++] = (struct node){.name = here->node,
		    .identity = here->identity,
		    .incarnation = here->incarnation,
		    .cluster = here->cluster,
		    .role = here->role};
	return t;
}

static int
read_again(struct sheet *s, const char *text, size_t len, struct script *out)
{
	const struct engine *g = engine_by_name(s->plan->engine);
	struct lexical lx;

	if (g == NULL || s->app->classifier == NULL)
		return -1;
	g->lexical(&s->plan->session, &lx);
	lx.engine = g;
	return classify(s->app->classifier, text, len, &lx, s->arena, out, NULL);
}

static void
compare_classes(struct sheet *s, const struct script *mine)
{
	const struct plan *p = s->plan;
	const char *a, *b;
	size_t i;

	if (mine->nstatements != p->nstatements) {
		doubt(s,
		    arena_printf(s->arena, "THE TEXT HAS %zu STATEMENTS HERE, %zu in the request",
			mine->nstatements, p->nstatements));
		return;
	}
	for (i = 0; i < mine->nstatements; i++) {
		a = statement_kinds(s->arena, &mine->statements[i]);
		b = statement_kinds(s->arena, &p->statements[i]);
		if (mine->statements[i].danger > p->statements[i].danger || strcmp(a, b) != 0)
			doubt(s, arena_printf(s->arena,
				     "STATEMENT %zu IS %s (%s) HERE, %s (%s) in the request", i + 1,
				     danger_name(mine->statements[i].danger), inert(s, a),
				     danger_name(p->statements[i].danger), inert(s, b)));
	}
}

static void
compare_verdict(struct sheet *s, const struct script *mine)
{
	struct judge_input in = {.policy = &s->app->policy,
	    .cluster = s->app->cluster_config,
	    .statements = mine->statements,
	    .nstatements = mine->nstatements,
	    .session = &s->plan->session,
	    .topology = planned_topology(s),
	    .is_journal_writable = 1,
	    .is_signed = 1,
	    .remote_apply_chosen = 1,
	    .now = (int64_t)time(NULL)};
	const struct verdict *theirs = &s->plan->verdict;
	struct verdict v;

	policy_judge(s->arena, &in, &v);
	if (v.level > theirs->level ||
	    (v.level == LEVEL_APPROVE && v.approvals > theirs->approvals))
		doubt(s,
		    arena_printf(s->arena, "JUDGED HERE: %s (%d), in the request: %s (%d). %s",
			level_name(v.level), v.approvals, level_name(theirs->level),
			theirs->approvals, v.nreasons > 0 ? inert(s, v.reasons[0].sentence) : ""));
	if (strcmp(s->app->policy.digest, s->plan->policy) != 0)
		add(s, SHOW_DIM, "  policy ",
		    "the request was judged by another policy file than the one here");
}

/* True where the text is one of the statements the operator typed. */
static int
is_typed(const struct plan *p, const char *text)
{
	size_t i, n = strlen(text);

	for (i = 0; i < p->nstatements; i++)
		if (n == p->statements[i].len &&
		    memcmp(p->text + p->statements[i].from, text, n) == 0)
			return 1;
	return p->nstatements == 0 && n == p->text_len && memcmp(p->text, text, n) == 0;
}

/* No step may send something the operator did not type and that loses data. */
static void
check_steps(struct sheet *s)
{
	const struct step *step;
	struct script script;
	size_t i, k;

	for (i = 0; i < s->plan->nsteps; i++) {
		step = &s->plan->steps[i];
		for (k = 0; k < step->ntexts; k++) {
			if (is_typed(s->plan, step->texts[k]))
				continue;
			if (step->kind == KIND_STATEMENT && s->plan->nstatements > 0)
				doubt(s, arena_printf(s->arena,
					     "STEP %zu sends as the operator's statement what is "
					     "not in the text",
					     i + 1));
			else if (read_again(s, step->texts[k], strlen(step->texts[k]), &script) ==
				     0 &&
				 script.danger == DANGER_DESTRUCTIVE)
				doubt(
				    s, arena_printf(s->arena,
					   "STEP %zu is destructive by itself, and nobody typed it",
					   i + 1));
		}
	}
}

static void
draw_own_reading(struct sheet *s)
{
	struct script mine = {0};

	if (text_is_exotic(s->plan->text, s->plan->text_len))
		doubt(s, "THE TEXT HAS CHARACTERS THAT HIDE OR REORDER: they stand below as \\xHH "
			 "or \\u{HHHH}");
	if (s->app->classifier == NULL) {
		doubt(s, "NOT READ AGAIN HERE: no classifier runs");
		return;
	}
	if (s->plan->nstatements > 0) {
		if (read_again(s, s->plan->text, s->plan->text_len, &mine) == -1) {
			doubt(s, "NOT READ AGAIN HERE: the classifier gave no answer");
			return;
		}
		compare_classes(s, &mine);
		compare_verdict(s, &mine);
	}
	check_steps(s);
	if (s->doubts == 0)
		add(s, SHOW_PLAIN, "  check  ",
		    "encoded, classified and judged again by this program: the same");
	else
		add(s, SHOW_DANGER, "  !!  ",
		    "THIS PROGRAM AND THE REQUEST DISAGREE. Ask before you sign anything.");
}

static void
draw_bound(struct sheet *s)
{
	const struct request *r = s->request;
	const struct plan *p = s->plan;
	int64_t left = rfc3339_parse(r->expires) - (int64_t)time(NULL);
	char objects[SHA256_HEX];

	plan_objects_digest(p, objects);
	add(s, SHOW_HEAD, "", "  WHAT A SIGNATURE BINDS");
	add(s, SHOW_DIM, "    plan      ", arena_printf(s->arena, "sha256:%s", p->digest));
	add(s, SHOW_DIM, "    policy    ", arena_printf(s->arena, "sha256:%s", p->policy));
	add(s, SHOW_DIM, "    objects   ", arena_printf(s->arena, "sha256:%s", objects));
	add(s, SHOW_DIM, "    topology  ", arena_printf(s->arena, "sha256:%s", p->topology));
	add(s, SHOW_DIM, "    cluster   ", inert(s, p->session.cluster));
	add(s, SHOW_DIM, "    node      ", inert(s, plan_target_identity(p)));
	add(s, SHOW_DIM, "    journal   ", inert(s, r->journal));
	add(s, SHOW_DIM, "    issued    ", inert(s, r->issued));
	add(s, left > 0 ? SHOW_PLAIN : SHOW_DANGER, "    expires   ",
	    left > 0 ? arena_printf(s->arena, "%s, in %s", inert(s, r->expires),
			   text_seconds(s->arena, (double)left))
		     : arena_printf(s->arena, "%s: EXPIRED", inert(s, r->expires)));
}

void
review_draw(struct app *app, struct arena *a, const struct request *r, int width, struct show *out)
{
	struct sheet s = {app, a, r, r->plan, out, width, 0};
	struct show plan = {0};
	size_t i;

	memset(out, 0, sizeof(*out));
	draw_belief(&s);
	draw_own_reading(&s);
	show_plan(a, r->plan, width, 0, &plan);
	for (i = 0; i < plan.n; i++) {
		out->lines = arena_grow(a, out->lines, out->n, sizeof(*out->lines));
		out->lines[out->n++] = plan.lines[i];
	}
	draw_bound(&s);
}

void
review_sum(struct arena *a, const struct request *r, int width, struct show *out)
{
	const struct plan *p = r->plan;
	struct sheet s = {NULL, a, r, p, out, width, 0};
	const char *nl = memchr(p->text, '\n', p->text_len);
	size_t n = nl == NULL ? p->text_len : (size_t)(nl - p->text);

	memset(out, 0, sizeof(*out));
	add(&s, SHOW_PLAIN, "", "");
	add(&s, SHOW_HEAD, "  ",
	    arena_printf(a, "%s%s", text_inert(a, p->text, n, 0), n < p->text_len ? " ..." : ""));
	add(&s, SHOW_HEAD, "  ",
	    arena_printf(a, "on %s, the %s%s", inert(&s, plan_target(p)),
		plan_promotes(p)		    ? "next PRIMARY"
		: plan_target(p) != p->session.node ? "host"
		: p->session.role == ROLE_PRIMARY   ? "PRIMARY"
						    : role_name(p->session.role),
		p->nlosses == 0 ? ""
				: arena_printf(a, "; takes away %zu thing%s", p->nlosses,
				      p->nlosses == 1 ? "" : "s")));
	if (p->back == BACK_NONE)
		add(&s, SHOW_DANGER, "  ", "T H E R E   I S   N O   W A Y   B A C K");
	else
		add(&s, SHOW_PLAIN, "  way back: ", inert(&s, p->way_back));
}
