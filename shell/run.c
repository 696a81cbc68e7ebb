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
#include "shell/run.h"
#include "shell/run_journal.h"
#include "shell/run_values.h"
#include "text.h"
#include "banned.h"

#define WAVE_MAX 256

struct door {
	struct app *app;
	const struct plan *plan;
	struct run_report *report;
	struct values values;
	struct arena *arena;
	unsigned char *done; /* per step: it was begun and succeeded */
	int has_main;	     /* the plan's own connection is open */
	int is_read;	     /* nothing lasting: journaled, not synced */
	int is_safing;	     /* only makes safe: goes on where no journal takes records */
	struct out_table *table;
	struct run_progress progress; /* of the procedure that runs */
};

static int
is_writable(const struct door *d)
{
	return d->app->journal != NULL && journal_is_writable(d->app->journal);
}

/* Pausing never waits for a disk; what it did is kept for a journal that works again. */
static int
goes_without(const struct door *d)
{
	return d->is_safing && !is_writable(d);
}

static int
sync_journal(struct door *d, struct err *e)
{
	if (d->is_read || goes_without(d))
		return 0;
	if (run_journal_sync(d->app, e) == 0 || goes_without(d))
		return 0;
	return err_wrap(e, "the journal could not be made durable, so nothing more was sent");
}

static const char *const *
filled_texts(struct door *d, const struct step *s, struct err *e)
{
	const char **texts = arena_array(d->arena, s->ntexts + 1, sizeof(*texts));
	char *text;
	size_t i;

	for (i = 0; i < s->ntexts; i++) {
		texts[i] = s->texts[i];
		if (s->type != STEP_TEMPLATE)
			continue;
		if (values_fill(&d->values, s->texts[i], &text, e) != 0)
			return NULL;
		texts[i] = text;
	}
	return texts;
}

static int
begin(
    struct door *d, size_t no, const char *const *texts, size_t ntexts, int is_undo, struct err *e)
{
	const struct step *s = &d->plan->steps[no];

	if (d->is_read || goes_without(d))
		return 0;
	if (!is_writable(d))
		return err_set(e, ERR_JOURNAL,
		    "no journal takes records; the step on %s was not sent", s->node);
	if (run_journal_begin(
		d->app, d->plan, no, texts, ntexts, values_get(&d->values, "xid"), is_undo, e) != 0)
		return goes_without(d) ? 0 : -1;
	if (run_is_act(s) && !is_undo)
		d->report->main_begun = 1;
	return 0;
}

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

	if (d->app->journal == NULL)
		return 0;
	if (d->is_read)
		return run_journal_output(d->app, &r, e);
	/* Outcome unknown is written by not writing an outcome: nothing is guessed. */
	if (r.is_unknown)
		return 0;
	return run_journal_outcome(d->app, d->plan, no, &r, is_undo, e) == 0 || goes_without(d)
		   ? 0
		   : -1;
}

static int
is_held_step(const struct step *s)
{
	return s->kind == KIND_PROVE && s->part == PART_BEFORE;
}

/* Hold and release records follow from the steps that just succeeded. */
static int
note_holds(struct door *d, const struct step *s, struct err *e)
{
	const char *r = arena_printf(d->arena, "R.%s", s->node);

	d->report->held += is_held_step(s);
	if (d->is_read || d->app->journal == NULL)
		return 0;
	if (is_held_step(s))
		return run_journal_hold(d->app, d->plan, s, values_get(&d->values, r), "", e);
	if (s->kind == KIND_HARDEN)
		return run_journal_hold(
		    d->app, d->plan, s, values_get(&d->values, r), values_get(&d->values, "L0"), e);
	if (s->kind == KIND_RELEASE && s->poll_ms > 0)
		return run_journal_release(d->app, d->plan, s->node, e);
	return 0;
}

/* All checks of a step against its first row; NULL when they hold, else the sentence. */
static const char *
broken_check(struct door *d, const struct step *s, const struct outcome *o)
{
	const char *sentence = NULL;
	size_t i;

	for (i = 0; i < s->nchecks; i++)
		if (!values_check(&d->values, &s->checks[i], o->ncells, o->cells, &sentence))
			return sentence;
	return NULL;
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
		f->ntexts = s->ntexts;
		f->arena = arena_new();
		f->texts = filled_texts(d, s, e);
		if (f->texts == NULL || begin(d, w->from + i, f->texts, s->ntexts, 0, e) != 0)
			return -1;
	}
	return sync_journal(d, e);
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
					   ? broken_check(d, s, &w->effects[i].outcome)
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
		return note_holds(d, s, e) == 0 || goes_without(d) ? 0 : -1;
	}
	d->done[no] = s->kind == KIND_HARDEN; /* some of its settings may have been made */
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
		    error, d->report->main_begun ? "" : "; nothing was run");
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
	if (sync_journal(d, rc == 0 ? e : &first) != 0)
		rc = -1;
	wave_free(&w);
	return rc;
}

static void
proc_progress(void *ctx, const char *line)
{
	struct door *d = ctx;

	out_progress(d->app, text_inert(d->arena, line, strlen(line), 0));
	run_journal_progress(d->app, d->plan, &d->progress, line);
}

static int
run_procedure(struct door *d, size_t no, struct err *e)
{
	const struct step *s = &d->plan->steps[no];
	struct effect f = {.node = s->node};
	struct err own = {0};
	int rc;

	if (begin(d, no, NULL, 0, 0, e) != 0 || sync_journal(d, e) != 0)
		return -1;
	d->progress = (struct run_progress){.step = no};
	rc = run_proc(d->app->cluster, loop_waiter(d->app->loop), s, d->arena, &f.outcome,
	    proc_progress, d, &own);
	out_progress_done(d->app);
	if (finish(d, no, &f, rc == 0, own.msg, 0, e) != 0 || sync_journal(d, e) != 0)
		return -1;
	if (rc != 0)
		*e = own;
	d->report->is_unknown |= f.outcome.is_unknown;
	d->done[no] = rc == 0;
	return rc;
}

/* Asks commit or roll back with the real count on the screen. 0 commit, -1 roll back. */
static int
ask_commit(struct door *d, struct err *e)
{
	char *answer;

	if (!(d->plan->verdict.guards & GUARD_COUNT))
		return 0;
	out_line(d->app, STYLE_BOLD,
	    "%s rows in an open transaction on %s. Nothing is permanent yet.",
	    text_count(d->arena, d->report->rows), d->plan->session.node);
	if (!d->app->is_interactive && d->app->confirm != NULL)
		return 0;
	answer = repl_ask(
	    d->app, d->arena, "Type commit to keep them (anything else, or 60 s: roll back): ", 60);
	if (answer != NULL && strcmp(answer, "commit") == 0)
		return 0;
	return err_set(
	    e, ERR_CANCELLED, "rolled back: nothing was changed on %s", d->plan->session.node);
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
		f = (struct effect){.node = s->node,
		    .conn = s->conn,
		    .timeout_ms = s->timeout_ms,
		    .arena = d->arena};
		f.texts = undo_texts(d->arena, s->undo, &f.ntexts);
		if (begin(d, i - 1, f.texts, f.ntexts, 1, &ignored) != 0 ||
		    sync_journal(d, &ignored) != 0)
			return;
		rc = run_effects(d->app->cluster, loop_waiter(d->app->loop), &f, 1);
		finish(d, i - 1, &f, rc == 0, f.err.msg, 1, &ignored);
		if (rc == 0 && s->kind == KIND_HOLD) {
			run_journal_release(d->app, d->plan, s->node, &ignored);
			d->report->held -= d->report->held > 0;
		}
		sync_journal(d, &ignored);
		out_line(d->app, rc == 0 ? STYLE_PLAIN : STYLE_DANGER, "  %s%s %s%s%s", s->node,
		    rc == 0 ? "" : " COULD NOT be",
		    s->kind == KIND_HOLD ? "released" : "as before for a restart",
		    rc == 0 ? " again" : ": ", rc == 0 ? "" : f.err.msg);
	}
}

static size_t
wave_length(const struct plan *p, size_t from)
{
	size_t n = 1;

	if (p->steps[from].wave <= 0 || p->steps[from].type == STEP_PROC)
		return 1;
	while (from + n < p->nsteps && n < WAVE_MAX &&
	       p->steps[from + n].wave == p->steps[from].wave &&
	       p->steps[from + n].part == p->steps[from].part)
		n++;
	return n;
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
		n = wave_length(p, i);
		if (p->steps[i].part == PART_UNDO)
			continue;
		if (p->steps[i].kind == KIND_COMMIT && ask_commit(d, e) != 0)
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
