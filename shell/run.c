/*
 * The one door: executes the steps of a plan and nothing else. Every begin is durable before the
 * first byte of its step is sent, every outcome before anything else happens. It decides nothing:
 * what runs, where, and what must be true was written into the plan, shown, and signed.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "engines/run.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/pending.h"
#include "shell/repl.h"
#include "shell/run_inside.h"
#include "text.h"
#include "banned.h"

static int
finish(struct door *d, size_t no, const struct effect *f, int ok, const char *error, int is_undo,
    struct err *e)
{
	struct run_result r = {.ok = ok,
	    .is_unknown = f->outcome.is_unknown,
	    .tag = f->outcome.tag,
	    .sqlstate = f->outcome.sqlstate,
	    .error = error,
	    .rows = f->outcome.rows,
	    .ms = f->outcome.ms,
	    .ncells = f->outcome.ncells,
	    .cells = f->outcome.cells};

	return door_finish(d, no, &r, is_undo, e);
}

struct wave {
	size_t from, n;
	struct effect *effects;
	const char **broken; /* per step */
};

static int
prepare(struct door *d, struct wave *w, struct err *e)
{
	const struct step *s;
	struct effect *f;
	size_t i;

	for (i = 0; i < w->n; i++) {
		s = &d->plan->steps[w->from + i];
		f = &w->effects[i];
		f->node = s->node;
		f->conn = s->conn;
		f->timeout_ms = s->timeout_ms;
		f->arena = arena_new();
		f->texts = door_texts(d, s, &f->ntexts, e);
		if (f->texts == NULL || door_begin(d, w->from + i, f->texts, f->ntexts, 0, e) != 0)
			return -1;
	}
	return door_sync(d, e);
}

/* Runs the wave; steps that poll are sent again until their checks hold or their time is over. */
static int
drive(struct door *d, struct wave *w)
{
	struct waiter *lw = loop_waiter(d->app->loop);
	int64_t start = now_ms();
	size_t i, again;
	const struct step *s;
	int pause = 0, rc = run_effects(d->app->cluster, lw, w->effects, w->n);

	for (;;) {
		again = 0;
		for (i = 0; i < w->n; i++) {
			s = &d->plan->steps[w->from + i];
			w->broken[i] = w->effects[i].rc == 0
					   ? door_broken(d, s, w->effects[i].outcome.ncells,
						 w->effects[i].outcome.cells)
					   : NULL;
			if (w->broken[i] != NULL && s->poll_ms > 0 &&
			    now_ms() - start < s->timeout_ms) {
				again++;
				pause = s->poll_ms;
			}
		}
		if (again == 0)
			return rc;
		if (lw->wait(lw, -1, 0, now_ms() + pause) < 0) {
			for (i = 0; i < w->n; i++)
				if (w->broken[i] != NULL)
					w->effects[i].rc = err_set(&w->effects[i].err,
					    ERR_CANCELLED, "cancelled while %s", w->broken[i]);
			return -1;
		}
		for (i = 0; i < w->n; i++)
			if (w->broken[i] != NULL)
				rc = run_effects(d->app->cluster, lw, &w->effects[i], 1);
	}
}

/* One step's end: its outcome written, its results kept. 0 go on, -1 stop. */
static int
settle(struct door *d, struct wave *w, size_t i, struct err *e)
{
	size_t no = w->from + i;
	const struct step *s = &d->plan->steps[no];
	struct effect *f = &w->effects[i];
	const char *error = f->rc != 0 ? f->err.msg : w->broken[i];
	struct err own = {0};

	if (error == NULL &&
	    values_keep(&d->values, s, f->outcome.ncells, f->outcome.cells, &own) != 0)
		error = own.msg;
	d->report->is_made |= error == NULL && run_is_last_act(d->plan, no);
	if (finish(d, no, f, error == NULL, error, 0, e) != 0)
		return -1;
	if (s->kind == KIND_REPROVE) {
		d->report->proven += error == NULL;
		d->report->not_proven += error != NULL;
		out_line(d->app, error == NULL ? STYLE_SAFE : STYLE_DANGER, "  %-12s %s%s%s",
		    s->node, error == NULL ? "PROVEN" : "NOT PROVEN (",
		    error == NULL ? ": it did not replay the statement"
				  : text_inert(d->arena, error, strlen(error), 0),
		    error == NULL ? "" : ")");
	}
	if (error == NULL) {
		d->done[no] = 1;
		door_say(d, s);
		return door_holds(d, s, e);
	}
	d->done[no] = s->kind == KIND_HARDEN ||
		      s->kind == KIND_STOP; /* some of its settings may have been made */
	if (s->is_soft && s->kind != KIND_REPROVE && s->kind != KIND_FENCE)
		door_left(d, s, error);
	if (s->is_soft)
		return 0;
	if (f->outcome.is_unknown && run_is_act(s) && !d->is_read) {
		d->report->is_unknown = 1;
		return err_set(e, ERR_UNKNOWN, "OUTCOME UNKNOWN on %s: %s", s->node, error);
	}
	if (f->rc != 0)
		*e = f->err;
	else
		err_set(e, s->part == PART_AFTER ? ERR_FAILED : ERR_STALE, "%s: %s%s", s->node,
		    error,
		    d->report->main_begun    ? ""
		    : plan_promotes(d->plan) ? "; nothing was promoted"
					     : "; nothing was run");
	return -1;
}

static void
wave_free(struct wave *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		arena_free(w->effects[i].arena);
}

static int
run_wave(struct door *d, size_t from, size_t n, struct err *e)
{
	struct wave w = {.from = from, .n = n};
	const struct step *s = &d->plan->steps[from];
	struct err first = {0}, *where;
	size_t i;
	int rc = 0;

	w.effects = arena_array(d->arena, n, sizeof(*w.effects));
	w.broken = arena_array(d->arena, n, sizeof(*w.broken));
	if (prepare(d, &w, e) != 0) {
		wave_free(&w);
		return -1;
	}
	if (n == 1 && (s->kind == KIND_STATEMENT || s->kind == KIND_COMMAND))
		w.effects[0].sink = out_table_open(d->app, &d->table);
	drive(d, &w);
	for (i = 0; i < n; i++) {
		where = rc == 0 ? e : &first;
		if (settle(d, &w, i, where) != 0)
			rc = -1;
	}
	if (d->table != NULL) {
		out_table_close(d->table, w.effects[0].rc == 0 ? w.effects[0].outcome.tag : NULL,
		    w.effects[0].outcome.rows, w.effects[0].outcome.ms);
		d->table = NULL;
	}
	if (s->kind == KIND_STATEMENT && s->part == PART_MAIN && rc == 0)
		d->report->rows = w.effects[0].outcome.rows;
	if (door_sync(d, rc == 0 ? e : &first) != 0)
		rc = -1;
	wave_free(&w);
	return rc;
}

/* A procedure with its arguments filled in; what it answers is kept and checked like a row. */
static int
run_procedure(struct door *d, size_t no, struct err *e)
{
	const struct step *s = &d->plan->steps[no];
	struct effect f = {.node = s->node};
	struct step now = *s;
	const char *const *texts, *error = NULL;
	struct err own = {0};
	size_t n, i;
	int rc;

	texts = door_texts(d, s, &n, e);
	if (texts == NULL || door_begin(d, no, texts, n, 0, e) != 0 || door_sync(d, e) != 0)
		return -1;
	now.args = arena_array(d->arena, n + 1, sizeof(*now.args));
	for (i = 0; i < n; i++)
		now.args[i] =
		    (struct argument){s->args[i].name, texts[i] + strlen(s->args[i].name) + 1};
	d->progress = (struct run_progress){.step = no};
	rc = run_proc(d->app->cluster, loop_waiter(d->app->loop), &now, d->arena, &f.outcome,
	    door_progress, d, &own);
	out_progress_done(d->app);
	if (rc == 0 && (error = door_broken(d, s, f.outcome.ncells, f.outcome.cells)) != NULL)
		rc = err_set(&own, ERR_STALE, "%s: %s", s->node, error);
	if (rc == 0)
		rc = values_keep(&d->values, s, f.outcome.ncells, f.outcome.cells, &own);
	if (finish(d, no, &f, rc == 0, own.msg, 0, e) != 0 || door_sync(d, e) != 0)
		return -1;
	d->report->is_unknown |= f.outcome.is_unknown && run_is_act(s);
	d->report->is_made |= rc == 0 && run_is_last_act(d->plan, no);
	d->done[no] = rc == 0 || s->kind == KIND_STOP; /* it may be stopped half */
	if (rc == 0)
		door_say(d, s);
	else if (s->is_soft)
		door_left(d, s, own.msg);
	else
		*e = own;
	return s->is_soft ? 0 : rc;
}

/* One undo: the statements of a text, or the procedure that takes a procedure back. */
static int
undo_one(struct door *d, size_t no, struct effect *f)
{
	const struct step *s = &d->plan->steps[no];
	struct step back = *s;
	size_t n;

	*f = (struct effect){
	    .node = s->node, .conn = s->conn, .timeout_ms = s->timeout_ms, .arena = d->arena};
	if (s->type != STEP_PROC) {
		f->texts = undo_texts(d->arena, s->undo, &f->ntexts);
		if (door_begin(d, no, f->texts, f->ntexts, 1, &f->err) != 0 ||
		    door_sync(d, &f->err) != 0)
			return -1;
		return f->rc = run_effects(d->app->cluster, loop_waiter(d->app->loop), f, 1);
	}
	back.proc = s->undo;
	f->texts = door_texts(d, s, &n, &f->err);
	if (f->texts == NULL || door_begin(d, no, f->texts, n, 1, &f->err) != 0 ||
	    door_sync(d, &f->err) != 0)
		return -1;
	return run_proc(d->app->cluster, loop_waiter(d->app->loop), &back, d->arena, &f->outcome,
	    door_progress, d, &f->err);
}

/* Takes back what the plan did before its statement, last first; only while no act was begun. */
static void
take_back(struct door *d)
{
	struct effect f;
	const struct step *s;
	struct err ignored = {0};
	size_t i;
	int rc;

	for (i = d->plan->nsteps; i > 0; i--) {
		s = &d->plan->steps[i - 1];
		if (!d->done[i - 1] || s->undo == NULL || s->part != PART_BEFORE)
			continue;
		rc = undo_one(d, i - 1, &f);
		finish(d, i - 1, &f, rc == 0, f.err.msg, 1, &ignored);
		if (rc == 0 && s->kind == KIND_HOLD) {
			run_journal_release(d->app, d->plan, s->node, &ignored);
			d->report->held -= d->report->held > 0;
		}
		door_sync(d, &ignored);
		door_taken_back(d, s, rc == 0 ? NULL : f.err.msg);
	}
}

static int
open_main(struct door *d, const struct step *s, struct err *e)
{
	if (s->conn != CONN_MAIN || d->has_main)
		return 0;
	if (run_main_open(d->app->cluster, loop_waiter(d->app->loop), s->node,
		d->plan->session.database, e) != 0)
		return -1;
	d->has_main = 1;
	return 0;
}

static int
run_steps(struct door *d, struct err *e)
{
	const struct plan *p = d->plan;
	size_t i, n;
	int rc;

	for (i = 0; i < p->nsteps; i += n) {
		n = door_wave(p, i);
		if (p->steps[i].part == PART_UNDO)
			continue;
		if (p->steps[i].kind == KIND_COMMIT && door_ask_commit(d, e) != 0)
			return -1;
		if (!d->is_read && n == 1 && p->steps[i].kind != KIND_STATEMENT)
			out_progress(d->app,
			    text_fit(d->arena, p->steps[i].why, strlen(p->steps[i].why), 70));
		if (open_main(d, &p->steps[i], e) != 0)
			return -1;
		rc = p->steps[i].type == STEP_PROC ? run_procedure(d, i, e) : run_wave(d, i, n, e);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* What the server says of a transaction whose COMMIT was not answered; said, never guessed. */
static void
say_xact_status(struct door *d, struct waiter *w)
{
	const char *xid = values_get(&d->values, "xid"), *status = NULL;
	struct err ignored = {0};

	if (xid != NULL && run_xact_status(d->app->cluster, w, xid, &status, &ignored) == 0 &&
	    status != NULL)
		out_line(d->app, STYLE_BOLD, "%s says now that transaction %s is %s",
		    d->plan->session.node, xid, status);
}

int
door_pen(struct app *app, int take, struct err *e)
{
	if (take)
		return run_pen_take(app->cluster, loop_waiter(app->loop), e);
	run_pen_drop(app->cluster);
	return 0;
}

int
door_run(struct app *app, const struct plan *p, struct run_report *r, struct err *e)
{
	struct door d = {.app = app, .plan = p, .report = r, .arena = arena_new()};
	int rc;

	memset(r, 0, sizeof(*r));
	d.values.arena = d.arena;
	d.done = arena_alloc(d.arena, p->nsteps + 1);
	d.is_safing = run_is_safing(p);
	d.is_read = p->danger == DANGER_READ && p->verdict.level == LEVEL_ALLOW;
	rc = run_steps(&d, e);
	out_progress_done(app);
	if (d.has_main)
		run_main_close(app->cluster);
	if (rc != 0 && !r->main_begun)
		take_back(&d);
	if (r->is_unknown)
		say_xact_status(&d, loop_waiter(app->loop));
	r->main_done = rc == 0;
	arena_free(d.arena);
	return rc;
}
