/*
 * What the door writes down: see run_journal.h. A record that could not be written stops the plan.
 */
#include <string.h>

#include "shell/app.h"
#include "shell/run_journal.h"
#include "banned.h"

int
run_is_act(const struct step *s)
{
	return s->part == PART_MAIN && step_kind_acts(s->kind);
}

int
run_is_last_act(const struct plan *p, size_t no)
{
	return run_is_act(&p->steps[no]) &&
	       (no + 1 == p->nsteps || p->steps[no + 1].part != PART_MAIN);
}

static const struct plan_node *
node_of(const struct plan *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nnodes; i++)
		if (strcmp(p->nodes[i].name, name) == 0)
			return &p->nodes[i];
	return NULL;
}

static const char *
conn_name(enum step_conn c)
{
	static const char *const names[] = {"control", "main", "operator", "host"};

	return names[c];
}

static void
set_str(json_t *o, const char *key, const char *s)
{
	if (s != NULL)
		json_object_set_new(o, key, journal_text(s, strlen(s)));
}

static json_t *
step_body(const struct plan *p, size_t no, int is_undo)
{
	const struct step *s = &p->steps[no];
	const struct plan_node *n = node_of(p, s->node);
	json_t *o = json_object();

	set_str(o, "plan", p->id);
	json_object_set_new(o, "step", json_integer((json_int_t)no + 1));
	set_str(o, "part", is_undo ? "undo" : step_part_name(s->part));
	set_str(o, "kind", is_undo && s->kind == KIND_HOLD ? "release" : step_kind_name(s->kind));
	set_str(o, "node", s->node);
	set_str(o, "identity", n == NULL ? p->session.identity : n->identity);
	set_str(o, "incarnation", n == NULL ? p->session.incarnation : n->incarnation);
	set_str(o, "cluster", p->session.cluster);
	set_str(o, "conn", conn_name(s->conn));
	return o;
}

int
run_journal_begin(struct app *app, const struct plan *p, size_t no, const char *const *texts,
    size_t ntexts, const char *xid, int is_undo, struct err *e)
{
	const struct step *s = &p->steps[no];
	json_t *o = step_body(p, no, is_undo), *list = json_array(), *args;
	size_t i;

	for (i = 0; i < ntexts; i++)
		json_array_append_new(list, journal_text(texts[i], strlen(texts[i])));
	json_object_set_new(o, "texts", list);
	if (s->type == STEP_PROC) {
		set_str(o, "proc", s->proc);
		args = json_object();
		for (i = 0; i < s->nargs; i++)
			set_str(args, s->args[i].name, s->args[i].value);
		json_object_set_new(o, "args", args);
	}
	set_str(o, "xid", xid);
	return journal_add(app->journal, "begin", o, e);
}

int
run_journal_outcome(struct app *app, const struct plan *p, size_t no, const struct run_result *r,
    int is_undo, struct err *e)
{
	const struct step *s = &p->steps[no];
	json_t *o = step_body(p, no, is_undo), *cells;
	size_t i;

	json_object_set_new(o, "ok", json_boolean(r->ok));
	if (r->is_unknown)
		json_object_set_new(o, "unknown", json_true());
	set_str(o, "tag", r->tag);
	if (r->sqlstate != NULL && r->sqlstate[0] != '\0')
		set_str(o, "sqlstate", r->sqlstate);
	if (!r->ok)
		set_str(o, "error", r->error);
	json_object_set_new(o, "rows", json_integer(r->rows));
	json_object_set_new(o, "ms", json_integer(r->ms));
	/* Rows of the operator's own queries stay out: metadata only. */
	if (s->kind != KIND_STATEMENT && r->ncells > 0) {
		cells = json_array();
		for (i = 0; i < r->ncells; i++)
			json_array_append_new(cells,
			    r->cells[i] == NULL ? json_null()
						: journal_text(r->cells[i], strlen(r->cells[i])));
		json_object_set_new(o, "cells", cells);
	}
	return journal_add(app->journal, "outcome", o, e);
}

int
run_journal_output(struct app *app, const struct run_result *r, struct err *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "ok", json_boolean(r->ok));
	set_str(o, "tag", r->tag);
	if (r->sqlstate != NULL && r->sqlstate[0] != '\0')
		set_str(o, "sqlstate", r->sqlstate);
	if (!r->ok)
		set_str(o, "error", r->error);
	json_object_set_new(o, "rows", json_integer(r->rows));
	json_object_set_new(o, "ms", json_integer(r->ms));
	return journal_add(app->journal, "output", o, e);
}

#define PROGRESS_MS 10000

/* The first line that says how long it will take, and one every ten seconds. */
void
run_journal_progress(
    struct app *app, const struct plan *p, struct run_progress *r, const char *line)
{
	static const char left[] = " left";
	size_t n = strlen(line), m = sizeof(left) - 1;
	int is_estimate = n > m && strcmp(line + n - m, left) == 0;
	int64_t now = now_ms();
	struct err ignored = {0};

	if (app->journal == NULL || !journal_is_writable(app->journal) ||
	    (r->at_ms != 0 && now - r->at_ms < PROGRESS_MS && (r->is_told || !is_estimate)))
		return;
	r->at_ms = now;
	r->is_told |= is_estimate;
	journal_add(app->journal, "progress",
	    json_pack("{s:s, s:i, s:s, s:o}", "plan", p->id, "step", (int)r->step + 1, "node",
		p->steps[r->step].node, "text", journal_text(line, n)),
	    &ignored);
}

int
run_journal_hold(struct app *app, const struct plan *p, const struct step *s, const char *position,
    const char *hardened_at, const char *before, struct err *e)
{
	const struct plan_node *n = node_of(p, s->node);
	json_t *o = json_object();

	set_str(o, "node", s->node);
	set_str(o, "identity", n == NULL ? "" : n->identity);
	set_str(o, "incarnation", n == NULL ? "" : n->incarnation);
	set_str(o, "cluster", p->session.cluster);
	set_str(o, "position", position == NULL ? "" : position);
	set_str(o, "plan", p->id);
	set_str(o, "hardened_at", hardened_at == NULL ? "" : hardened_at);
	set_str(o, "before", before == NULL ? "" : before);
	return journal_add(app->journal, "hold", o, e);
}

int
run_journal_release(struct app *app, const struct plan *p, const char *node, struct err *e)
{
	const struct plan_node *n = node_of(p, node);
	json_t *o = json_object();

	set_str(o, "node", node);
	set_str(o, "identity", n == NULL ? "" : n->identity);
	set_str(o, "plan", p->id);
	return journal_add(app->journal, "release", o, e);
}

int
run_journal_sync(struct app *app, struct err *e)
{
	return journal_sync(app->journal, e);
}

int
run_is_safing(const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (run_is_act(&p->steps[i]) ||
		    (p->steps[i].type == STEP_PROC && p->steps[i].kind != KIND_HARDEN))
			return 0;
	return 1;
}
