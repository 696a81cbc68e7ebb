/*
 * The gate: between a plan and the door. Shows everything, asks what has to be asked, files what
 * another person has to sign, and looks at the world once more before anything runs.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/connect.h"
#include "shell/gate.h"
#include "shell/holds.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/repl.h"
#include "shell/run.h"
#include "shell/show.h"
#include "text.h"
#include "banned.h"

static const enum style styles[] = {
    [SHOW_PLAIN] = STYLE_PLAIN,
    [SHOW_HEAD] = STYLE_BOLD,
    [SHOW_DANGER] = STYLE_DANGER,
    [SHOW_DIM] = STYLE_DIM,
};

static void
draw(struct app *app, const struct show *s, int pages)
{
	struct out_lines *l = out_lines_begin(app, pages);
	size_t i;

	for (i = 0; i < s->n; i++)
		out_lines_put(l, styles[s->lines[i].style], s->lines[i].text);
	out_lines_end(l);
}

/* The whole plan; where its head scrolls away above the question, or a person has to sign, the head
 * again in four lines. Without a question (`plan LINE`) a pager shows what is taller than the
 * screen, and the head stays below it. */
static void
show(struct app *app, struct arena *a, const struct plan *p, int is_brief)
{
	struct show s;
	size_t lines;

	show_plan(a, p, app->width, is_brief, &s);
	draw(app, &s, !is_brief && app->is_interactive && s.n + 1 > (size_t)app->height);
	lines = s.n;
	if (!app->is_interactive)
		return;
	show_sum(a, p, app->width, &s);
	if ((is_brief && p->verdict.level == LEVEL_APPROVE) ||
	    lines + s.n + 2 > (size_t)app->height)
		draw(app, &s, 0);
}

static int
refuse(struct app *app, struct arena *a, const struct plan *p, struct err *e)
{
	const struct reason *r = p->verdict.nreasons > 0 ? &p->verdict.reasons[0] : NULL;

	(void)app;
	err_set(e, r != NULL && strcmp(r->rule, "no-journal") == 0 ? ERR_JOURNAL : ERR_REFUSED,
	    "refused: %s", r == NULL ? "no rule allows it" : r->sentence);
	if (p->reversible[0] != '\0')
		err_hint(e, "The reversible form: %s", p->reversible);
	(void)a;
	return -1;
}

/* The target's name, typed. 0 yes, 1 the reversible form was chosen, -1 no. */
static int
ask_name(struct app *app, struct arena *a, const struct plan *p, const char *what, struct err *e)
{
	const char *node = plan_target(p);
	char *answer;

	if (!app->is_interactive) {
		if (app->confirm != NULL && strcasecmp(app->confirm, node) == 0)
			return 0;
		err_set(e, ERR_APPROVAL,
		    app->confirm == NULL
			? "not confirmed: nobody typed the node's name (%s); nothing was run"
			: "not confirmed: --confirm does not name the node this acts on (%s); "
			  "nothing was run",
		    node);
		err_hint(e, "Add --confirm %s if that is the node you mean.", node);
		return -1;
	}
	answer = repl_ask(app, a,
	    arena_printf(a, "Type the node's name (%s) to %s; anything else stops: ", node, what),
	    0);
	if (answer != NULL && strcasecmp(answer, node) == 0)
		return 0;
	if (answer != NULL && p->reversible[0] != '\0' && strcasecmp(answer, "reversible") == 0)
		return 1;
	return err_set(e, ERR_CANCELLED, "stopped: nothing was run on %s", node);
}

/* Replicas that only a restart lets go: resuming one that came up at its target would promote it.
 */
static void
say_restarts(struct app *app, const struct plan *p)
{
	const struct topology *t = facts_last(app->cluster);
	const struct node *n;
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		if (p->steps[i].kind != KIND_RELEASE || p->steps[i].poll_ms == 0)
			continue;
		n = t == NULL ? NULL : topology_find(t, p->steps[i].node);
		if (n != NULL && n->target_lsn != NULL)
			out_line(app, STYLE_DANGER,
			    "%s stays paused at %s until its server is restarted by hand: pg_ctl "
			    "restart -m immediate (a fast stop can wait for ever for a standby "
			    "below it). Never resume it: that would promote it",
			    n->name, n->target_lsn);
	}
}

/* What a plan that ends well gave back: tables compared with their source, replicas let go. */
static void
say_given_back(struct app *app, const struct plan *p)
{
	const char *last = "";
	size_t i;

	for (i = 0; i < p->nsteps; i++) {
		if (p->steps[i].part != PART_MAIN)
			continue;
		if (p->steps[i].kind == KIND_LOAD && p->steps[i].say == NULL)
			out_line(app, STYLE_SAFE,
			    "  %-12s BACK: loaded, compared with its source, equal, committed",
			    p->steps[i].node);
		if (p->steps[i].kind == KIND_COPY && p->steps[i].say == NULL)
			out_line(app, STYLE_SAFE,
			    "  %-12s COPIED: it stands there, and is verified", p->steps[i].node);
		if (p->steps[i].kind == KIND_RELEASE && strcmp(last, p->steps[i].node) != 0) {
			last = p->steps[i].node;
			out_line(app, STYLE_SAFE, "  %-12s RELEASED: it replays again", last);
		}
	}
}

/* What stays behind and what to do about it. */
static void
say_afterwards(struct app *app, struct arena *a, const struct plan *p, const struct run_report *r)
{
	holds_reload(app);
	if (r->is_unknown)
		out_line(app, STYLE_DANGER,
		    "OUTCOME UNKNOWN: the connection to %s broke after the statement "
		    "was sent. Look before you act: journal show",
		    plan_target(p));
	if (r->is_made && !r->main_done)
		out_line(app, STYLE_DANGER,
		    "What was asked for was done on %s; what failed came after it.",
		    plan_target(p));
	if (r->main_done)
		say_given_back(app, p);
	if (r->main_done)
		say_restarts(app, p);
	holds_say_after(app, a, p->id, r->not_proven);
	if (p->back == BACK_COPY && r->main_done)
		out_line(
		    app, STYLE_BOLD, "A copy of what it took is kept. A mistake? undo %.8s", p->id);
}

static int
run_now(struct app *app, struct arena *a, const struct plan *p, struct err *e)
{
	struct run_report r;
	int rc;

	app->busy++;
	rc = door_run(app, p, &r, e);
	app->busy--;
	if (p->danger != DANGER_READ || p->verdict.level != LEVEL_ALLOW) {
		say_afterwards(app, a, p, &r);
		holds_publish(app);
		if (app->is_interactive && app->session != NULL)
			app_crawl(app); /* what it looks like now, for the journal too */
	}
	if (rc == 0 && r.left > 0) {
		err_set(e, ERR_FAILED, "it was done on %s, and %zu %s after it not (see above)",
		    plan_target(p), r.left, r.left == 1 ? "step was" : "steps were");
		return err_hint(e, "topology shows what each server is doing now.");
	}
	if (rc != 0 || r.not_proven == 0)
		return rc;
	err_set(e, ERR_FAILED,
	    "it was done on %s, and %zu of %zu holds are NOT PROVEN: those replicas may have "
	    "replayed it",
	    p->session.node, r.not_proven, r.proven + r.not_proven);
	return err_hint(e, "topology shows what each replica is doing.");
}

/* Ctrl-C: the request goes too, as nobody is left who would run it. */
static int
stop_waiting(struct app *app, struct pending *p, struct err *e)
{
	if (gate_cancel(app, p->request.id, e) != 0)
		return -1;
	return err_set(e, ERR_CANCELLED, "the wait for an approval was interrupted");
}

static int
wait_for_answer(struct app *app, struct pending *p, struct err *e)
{
	struct waiter *w = loop_waiter(app->loop);
	int64_t end = now_ms() + (int64_t)app->wait_s * 1000;

	for (;;) {
		if (pending_refresh(app, p, e) != 0)
			return -1;
		if (p->state != REQUEST_OPEN)
			break;
		if (now_ms() >= end)
			break;
		if (w->wait(w, -1, 0, now_ms() + 200) < 0)
			return stop_waiting(app, p, e);
	}
	if (p->state == REQUEST_APPROVED)
		return 0;
	if (p->has_bad)
		return err_set(e, ERR_SIGNATURE,
		    "an answer came whose signature does not hold: %s; nothing was run", p->bad);
	return err_set(e, ERR_APPROVAL, "request %s is %s: %s; nothing was run", p->request.id,
	    request_state_name(p->state), p->sentence);
}

/* Line by line: one text would have its newlines made inert. */
static void
print_armor(struct app *app, char *armor)
{
	char *line;

	while ((line = strsep(&armor, "\n")) != NULL)
		if (line[0] != '\0')
			out_line(app, STYLE_PLAIN, "%s", line);
}

/* Files the request; at a terminal returns to the prompt, with -c waits for the answer. */
static int
file_request(struct app *app, struct arena *a, struct plan *p, struct err *e)
{
	struct pending *f;
	char *json;
	size_t len;

	if (app_certify(app, e) != 0 || plan_digest(a, p, e) != 0 ||
	    gate_intent(app, a, p, e) != 0 || pending_file(app, p, &f, e) != 0)
		return -1;
	out_line(app, STYLE_PLAIN, "request %s", f->request.id);
	if (app->store == NULL || app->is_interactive) {
		out_line(app, STYLE_BOLD,
		    "Filed, nothing has run. Another person signs it with: approve %.8s",
		    f->request.id);
		out_line(app, STYLE_PLAIN,
		    "A line here will say so; then: run %.8s  (or: cancel %.8s)", f->request.id,
		    f->request.id);
		out_line(app, STYLE_PLAIN, "It expires at %s. Go on looking meanwhile.",
		    f->request.expires);
	}
	if (app->store == NULL || app->wants_paste) {
		if (request_encode(a, &f->request, &json, &len, e) != 0)
			return -1;
		print_armor(app, paste_armor(a, "REQUEST", json, len));
		out_line(app, STYLE_PLAIN, "Paste the answer here when it comes back.");
	}
	if (app->is_interactive)
		return 0;
	if (app->wait_s <= 0) {
		err_set(e, ERR_APPROVAL, "request %s waits for another person; nothing was run",
		    f->request.id);
		return err_hint(e,
		    "A request dies with its session: use --wait SECONDS to wait for the answer.");
	}
	if (wait_for_answer(app, f, e) != 0)
		return -1;
	return gate_run(app, f->request.id, e);
}

/* What acts is journaled and shown whole, or not run. */
static int
cannot_be_shown(const struct plan *p, struct err *e)
{
	if (p->verdict.level == LEVEL_APPROVE && !text_is_utf8(p->text, p->text_len)) {
		err_set(e, ERR_REFUSED,
		    "refused: the statement holds bytes that are no valid UTF-8, so nobody could "
		    "sign what they read; nothing was run");
		err_hint(e, "Write such bytes as escapes, for example E'\\xff'.");
		return 1;
	}
	if (p->danger == DANGER_READ || p->text_len <= JOURNAL_LINE_MAX / 2)
		return 0;
	err_set(e, ERR_REFUSED,
	    "refused: the statement is %zu bytes long, too large to be shown and journaled whole; "
	    "nothing was run",
	    p->text_len);
	err_hint(e, "Split it into statements of less than %d bytes.", JOURNAL_LINE_MAX / 2);
	return 1;
}

/* COPY FROM STDIN where no rows can follow: said before anything is asked or sent. */
static int
cannot_be_fed(const struct app *app, const struct plan *p, struct err *e)
{
	const struct action *x;
	size_t i, k;

	for (i = 0; app->feed == NULL && i < p->nstatements; i++)
		for (k = 0; k < p->statements[i].nactions; k++) {
			x = &p->statements[i].actions[k];
			if (!(x->flags & ACTION_COPY_STREAM) || strcmp(x->kind, "copy-from") != 0)
				continue;
			err_set(e, ERR_USAGE,
			    "COPY FROM STDIN takes the lines that follow it, and none can follow "
			    "here; nothing was run");
			err_hint(e, "Type it at the prompt, or give the statement and its rows on "
				    "standard input.");
			return 1;
		}
	return 0;
}

int
gate_plan(struct app *app, struct context *c, struct plan *p, int is_dry, struct err *e)
{
	struct arena *a = c->arena;
	enum level level = p->verdict.level;
	int answer, rc;

	if (cannot_be_shown(p, e) || (!is_dry && cannot_be_fed(app, p, e)))
		return -1;
	if (is_dry || (level >= LEVEL_CONFIRM && level != LEVEL_REFUSE) || p->is_shown)
		show(app, a, p, !is_dry);
	if (is_dry)
		return 0;
	if (level == LEVEL_REFUSE) {
		struct err ignored = {0};

		gate_intent(app, a, p, &ignored);
		return refuse(app, a, p, e);
	}
	if (level >= LEVEL_CONFIRM &&
	    !(level == LEVEL_APPROVE && !app->is_interactive && app->confirm == NULL)) {
		answer =
		    ask_name(app, a, p, level == LEVEL_CONFIRM ? "run it" : "file the request", e);
		if (answer < 0)
			return -1;
		if (answer == 1) {
			out_line(app, STYLE_BOLD, "instead: %s", p->reversible);
			app_text(app, p->reversible, strlen(p->reversible));
			return app->exit == 0 ? 0
					      : err_set(e, (enum err_code)app->exit,
						    "the reversible form did not run");
		}
	}
	if (level == LEVEL_APPROVE)
		return file_request(app, a, p, e);
	/* Without a journal only what makes safe comes this far: the judge refused the rest. */
	if (c->is_journal_writable && p->danger != DANGER_READ && app->key != NULL &&
	    app->person_config != NULL && app_certify(app, e) != 0)
		return -1;
	if (c->is_journal_writable && gate_intent(app, a, p, e) != 0)
		return -1;
	if (gate_pen(app, a, p, e) != 0)
		return -1;
	rc = run_now(app, a, p, e);
	door_pen(app, 0, NULL);
	return rc;
}

/* The world once more: the same text planned again, now; differences make the plan stale. */
static int
look_again(struct app *app, const struct plan *filed, struct err *e)
{
	struct arena *a = arena_new();
	struct plan *now = NULL;
	int rc = app_replan(app, a, filed, &now, e);

	if (rc == 0)
		rc = policy_world_compare(filed, now, e);
	arena_free(a);
	return rc;
}

/* Approved by who may approve now, and denied by nobody. */
static int
must_be_approved(struct app *app, struct pending *p, struct err *e)
{
	if (pending_refresh(app, p, e) != 0)
		return -1;
	if (p->state != REQUEST_APPROVED && p->has_bad && p->state == REQUEST_OPEN)
		return err_set(e, ERR_SIGNATURE,
		    "an answer to %.8s has a signature that does not hold: %s; nothing was run",
		    p->request.id, p->bad);
	if (p->state != REQUEST_APPROVED)
		return err_set(e, ERR_APPROVAL, "request %.8s is %s: %s; nothing was run",
		    p->request.id, request_state_name(p->state), p->sentence);
	return 0;
}

int
gate_run(struct app *app, const char *id, struct err *e)
{
	struct arena *a;
	struct pending *p;
	int rc;

	/* Looking takes its time: what was denied, revoked or expired meanwhile is seen after it.
	 */
	if (pending_find(app, id, &p, e) != 0 || pending_reload(app, p, e) != 0 ||
	    must_be_approved(app, p, e) != 0 || look_again(app, p->plan, e) != 0 ||
	    must_be_approved(app, p, e) != 0)
		return -1;
	/* Who may act at all comes first: a request is consumed only when it really runs. */
	if (door_pen(app, 1, e) != 0)
		return -1;
	if (app->store != NULL && app->store->ops->claim(app->store, p->request.id, e) != 0) {
		door_pen(app, 0, NULL);
		return -1;
	}
	p->state = REQUEST_CONSUMED;
	p->sentence = "it has been run";
	a = arena_new();
	rc = run_now(app, a, p->plan, e);
	arena_free(a);
	door_pen(app, 0, NULL);
	return rc;
}

int
gate_cancel(struct app *app, const char *id, struct err *e)
{
	struct pending *p;

	if (pending_find(app, id, &p, e) != 0)
		return -1;
	if (p->state == REQUEST_CONSUMED)
		return err_set(e, ERR_USAGE, "request %.8s has been run already; nothing to cancel",
		    p->request.id);
	p->state = REQUEST_WITHDRAWN;
	p->sentence = "withdrawn by its requester";
	if (app->store != NULL && app->store->ops->withdraw(app->store, p->request.id, e) != 0)
		return -1;
	out_line(app, STYLE_PLAIN, "request %.8s withdrawn; nothing was run", p->request.id);
	return 0;
}
