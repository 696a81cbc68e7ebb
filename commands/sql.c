/*
 * SQL: everything whose first word is no verb. Classified, refined by the catalog, judged, guarded;
 * what comes out is a plan.
 */
#include <string.h>

#include "arena.h"
#include "commands/planning.h"
#include "engines/ask.h"
#include "banned.h"

static int
understand(struct context *c, const char *text, size_t len, struct script *s, struct err *e)
{
	struct lexical lx;

	c->engine->lexical(c->session, &lx);
	lx.engine = c->engine;
	return classify(c->classifier, text, len, &lx, c->arena, s, e);
}

/* The catalog is asked only where its answer can change the verdict. */
static int
needs_catalog(const struct script *s)
{
	return s->danger != DANGER_READ || (script_flags(s) & (ACTION_REFINABLE | ACTION_TEMPABLE));
}

/* What no grammar knows is a typing mistake, not a danger: the server says so without running it.
 */
static int
is_a_statement(struct context *c, const char *text, const struct script *s, struct err *e)
{
	const struct statement *x;
	size_t i;

	for (i = 0; i < s->nstatements; i++) {
		x = &s->statements[i];
		if (x->danger == DANGER_OPAQUE && x->nactions == 1 &&
		    strcmp(x->actions[0].kind, "unknown") == 0 &&
		    ask_syntax(c->cluster, c->waiter, text + x->from, x->len, e) != 0) {
			if (e->position > 0)
				e->position += (int)x->from;
			return err_hint(e, "Nothing was run: no statement of the text was sent.");
		}
	}
	return 0;
}

/* The planner's estimate of a change; without one the table's size stands in for it. */
static void
estimate(struct context *c, struct plan *p, struct findings *f)
{
	struct statement *s;
	struct err ignored = {0};
	int64_t rows;
	size_t i, k;

	for (i = 0; i < p->nstatements; i++) {
		s = &p->statements[i];
		for (k = 0; k < s->nactions; k++)
			if ((s->actions[k].flags & ACTION_DML) && s->actions[k].nobjects > 0)
				break;
		if (k == s->nactions || s->danger == DANGER_OPAQUE)
			continue;
		if (ask_estimate(
			c->cluster, c->waiter, p->text + s->from, s->len, &rows, &ignored) != 0)
			rows = -1;
		if (rows >= 0)
			s->actions[k].objects[0].rows = rows;
		f->estimate = rows < 0 || f->estimate < 0 ? -1 : f->estimate + rows;
	}
}

int
command_sql(struct context *c, const char *text, size_t len, struct result *r, struct err *e)
{
	struct script s = {0};
	struct plan *p;
	struct findings f = {0};

	if (understand(c, text, len, &s, e) != 0)
		return -1;
	p = planning_new(c, text, len);
	if (s.nstatements > 0 && needs_catalog(&s)) {
		if (is_a_statement(c, text, &s, e) != 0)
			return -1;
		if (ask_refine(c->cluster, c->waiter, c->arena, &s, e) != 0)
			return err_wrap(e, "could not ask the catalog; nothing was run");
	}
	if (ask_reads(c->cluster, c->waiter, c->arena, session_setting(c->session, "search_path"),
		&s, e) != 0)
		return err_wrap(e, "could not ask the catalog; nothing was run");
	if (s.danger > DANGER_WRITE && planning_topology(c, e) != 0)
		return -1;
	p->statements = s.statements;
	p->nstatements = s.nstatements;
	p->danger = s.danger;
	if (script_flags(&s) & ACTION_DML)
		estimate(c, p, &f);
	if (s.danger == DANGER_DESTRUCTIVE && planning_losses(c, p, &f, e) != 0)
		return -1;
	r->kind = RETURNS_PLAN;
	r->plan = p;
	if (s.nstatements == 0)
		return 0;
	return planning_guard(c, p, &f, e);
}
