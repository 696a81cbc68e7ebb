/*
 * What surrounds a step: see run_inside.h. Must never send anything to a server or a host.
 */
#include <string.h>

#include "shell/pending.h"
#include "shell/repl.h"
#include "shell/run_inside.h"
#include "text.h"
#include "banned.h"

#define WAVE_MAX 256

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

int
door_sync(struct door *d, struct err *e)
{
	if (d->is_read || goes_without(d))
		return 0;
	if (run_journal_sync(d->app, e) == 0 || goes_without(d))
		return 0;
	return err_wrap(e, "the journal could not be made durable, so nothing more was sent");
}

static const char *const *
filled_arguments(struct door *d, const struct step *s, struct err *e)
{
	const char **texts = arena_array(d->arena, s->nargs + 1, sizeof(*texts));
	char *text;
	size_t i;

	for (i = 0; i < s->nargs; i++) {
		text = arena_strdup(d->arena, s->args[i].value);
		/* A value that has no typed hole is data and may hold any brace. */
		if (values_has_hole(s->args[i].value) &&
		    values_fill(&d->values, s->args[i].value, &text, e) != 0)
			return NULL;
		texts[i] = arena_printf(d->arena, "%s=%s", s->args[i].name, text);
	}
	return texts;
}

const char *const *
door_texts(struct door *d, const struct step *s, size_t *n, struct err *e)
{
	const char **texts = arena_array(d->arena, s->ntexts + 1, sizeof(*texts));
	char *text;
	size_t i;

	*n = s->type == STEP_PROC ? s->nargs : s->ntexts;
	if (s->type == STEP_PROC)
		return filled_arguments(d, s, e);
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

/* What a server can be asked by later: its number of the transaction; or where its log stood
 * before, with what it held then, unless the session writes nothing into it. */
static const char *
transaction(const struct door *d)
{
	const char *xid = values_get(&d->values, "xid"), *file = values_get(&d->values, "F0"),
		   *gtid = values_get(&d->values, "G0"),
		   *logs = session_setting(&d->plan->session, "sql_log_bin");

	if (xid != NULL || file == NULL || logs == NULL || strcmp(logs, "1") != 0)
		return xid;
	return arena_printf(d->arena, "%s %s", file, gtid == NULL ? "" : gtid);
}

int
door_begin(
    struct door *d, size_t no, const char *const *texts, size_t ntexts, int is_undo, struct err *e)
{
	const struct step *s = &d->plan->steps[no];

	if (d->is_read || goes_without(d))
		return 0;
	if (!is_writable(d))
		return err_set(e, ERR_JOURNAL,
		    "no journal takes records; the step on %s was not sent", s->node);
	if (run_journal_begin(d->app, d->plan, no, texts, ntexts, transaction(d), is_undo, e) != 0)
		return goes_without(d) ? 0 : -1;
	if (run_is_act(s) && !is_undo)
		d->report->main_begun = 1;
	return 0;
}

int
door_finish(struct door *d, size_t no, const struct run_result *r, int is_undo, struct err *e)
{
	if (d->app->journal == NULL)
		return 0;
	if (d->is_read)
		return run_journal_output(d->app, r, e);
	/* Outcome unknown is written by not writing an outcome: nothing is guessed. */
	if (r->is_unknown)
		return 0;
	return run_journal_outcome(d->app, d->plan, no, r, is_undo, e) == 0 || goes_without(d) ? 0
											       : -1;
}

static int
is_held_step(const struct step *s)
{
	return s->kind == KIND_PROVE && s->part == PART_BEFORE;
}

/* Its own record says the position, then. */
static int
is_hardened(const struct plan *p, const char *node)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == KIND_HARDEN && strcmp(p->steps[i].node, node) == 0)
			return 1;
	return 0;
}

static int
was_held(const struct plan *p, const char *node)
{
	size_t i;

	for (i = 0; i < p->nnodes; i++)
		if (strcmp(p->nodes[i].name, node) == 0)
			return p->nodes[i].is_held;
	return 0;
}

/* The position behind which the mistake is written belongs to every hold of this plan: a failover
 * stops there. */
static int
note_fence(struct door *d, const struct step *fence, struct err *e)
{
	const char *at = values_get(&d->values, "L0"), *r;
	const struct step *s = d->plan->steps;
	size_t i;

	for (i = 0; &s[i] != fence; i++) {
		r = arena_printf(d->arena, "R.%s", s[i].node);
		if (is_held_step(&s[i]) && d->done[i] && at != NULL &&
		    !is_hardened(d->plan, s[i].node) &&
		    run_journal_hold(
			d->app, d->plan, &s[i], values_get(&d->values, r), "", at, e) != 0)
			return -1;
	}
	return 0;
}

static int
note(struct door *d, const struct step *s, struct err *e)
{
	const char *r = arena_printf(d->arena, "R.%s", s->node);

	d->report->held += is_held_step(s);
	if (d->is_read || d->app->journal == NULL)
		return 0;
	if (is_held_step(s))
		return run_journal_hold(d->app, d->plan, s, values_get(&d->values, r), "", "", e);
	if (s->kind == KIND_FENCE && s->part == PART_BEFORE)
		return note_fence(d, s, e);
	if (s->kind == KIND_HARDEN)
		return run_journal_hold(d->app, d->plan, s, values_get(&d->values, r),
		    values_get(&d->values, "L0"), values_get(&d->values, "L0"), e);
	if ((s->kind == KIND_RELEASE && s->poll_ms > 0) ||
	    (s->kind == KIND_PROMOTE && was_held(d->plan, s->node)))
		return run_journal_release(d->app, d->plan, s->node, e);
	return 0;
}

int
door_holds(struct door *d, const struct step *s, struct err *e)
{
	return note(d, s, e) == 0 || goes_without(d) ? 0 : -1;
}

const char *
door_broken(struct door *d, const struct step *s, size_t ncells, const char *const *cells)
{
	const char *sentence = NULL;
	size_t i;

	for (i = 0; i < s->nchecks; i++)
		if (!values_check(&d->values, &s->checks[i], ncells, cells, &sentence))
			return sentence;
	return NULL;
}

void
door_say(struct door *d, const struct step *s)
{
	if (s->say != NULL)
		out_line(d->app, STYLE_BOLD, "  %-12s %s", s->node,
		    values_say(&d->values, d->arena, s->say));
}

void
door_taken_back(struct door *d, const struct step *s, const char *error)
{
	static const char *const words[] = {[KIND_HOLD] = "released",
	    [KIND_HARDEN] = "as before for a restart",
	    [KIND_STOP] = "open for writes"};
	const char *what =
	    (size_t)s->kind < sizeof(words) / sizeof(words[0]) ? words[s->kind] : NULL;

	if (what == NULL)
		what = "as before";
	if (error == NULL)
		out_line(d->app, STYLE_PLAIN, "  %s %s again", s->node, what);
	else
		out_line(d->app, STYLE_DANGER, "  %s COULD NOT be %s: %s", s->node, what, error);
}

void
door_left(struct door *d, const struct step *s, const char *error)
{
	d->report->left++;
	out_line(d->app, STYLE_DANGER, "  %-12s NOT DONE (%s): %s", s->node,
	    text_inert(d->arena, error, strlen(error), 0), s->why);
}

int
door_ask_commit(struct door *d, struct err *e)
{
	char *answer;

	if (!(d->plan->verdict.guards & GUARD_COUNT))
		return 0;
	out_line(d->app, STYLE_BOLD, "%s in an open transaction on %s. Nothing is permanent yet.",
	    text_many(d->arena, d->report->rows, "row"), d->plan->session.node);
	if (!d->app->is_interactive && d->app->confirm != NULL)
		return 0;
	answer = repl_ask(
	    d->app, d->arena, "Type commit to keep them (anything else, or 60 s: roll back): ", 60);
	if (answer != NULL && strcmp(answer, "commit") == 0)
		return 0;
	return err_set(
	    e, ERR_CANCELLED, "rolled back: nothing was changed on %s", d->plan->session.node);
}

void
door_progress(void *ctx, const char *line)
{
	struct door *d = ctx;

	out_progress(d->app, text_inert(d->arena, line, strlen(line), 0));
	run_journal_progress(d->app, d->plan, &d->progress, line);
}

size_t
door_wave(const struct plan *p, size_t from)
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
