/*
 * Making a hold survive a restart: over SQL where the engine can, else by an option file on the
 * replica's host; and what is said where neither can be. Must never call a hold hardened that is
 * not.
 */
#include <string.h>

#include "policy/inside.h"
#include "policy/steps.h"
#include "text.h"
#include "banned.h"

#define FILE_MS 30000

static const struct hold_file *
file_of(const struct guard_input *in, const struct node *n)
{
	size_t i;

	for (i = 0; i < in->nfiles; i++)
		if (strcmp(in->files[i].node, n->name) == 0)
			return &in->files[i];
	return NULL;
}

static void
add_step(struct arena *a, struct plan *p, const struct hold_file *f, const char *proc,
    const char *undo, const char *why)
{
	struct step *s = plan_add(a, p);

	s->type = STEP_PROC;
	s->kind = KIND_HARDEN;
	s->conn = CONN_HOST;
	s->node = arena_strdup(a, f->host);
	s->proc = proc;
	s->undo = undo;
	s->timeout_ms = FILE_MS;
	steps_arg(a, s, "fingerprint", f->fingerprint);
	steps_arg(a, s, "directory", f->directory);
	steps_arg(a, s, "file", f->file);
	steps_arg(a, s, "own", f->is_own ? "1" : "");
	steps_arg(a, s, "note",
	    arena_printf(a, "%s is held, plan %s: `resume %s` takes these lines out", f->node,
		p->id, f->node));
	s->why = why;
}

/*
 * Hardening a hold that stood before, at this later position, would let a restart replay what it
 * was held back from: such a hold keeps what it has. A file says no position.
 */
int
policy_harden(struct arena *a, struct plan *p, const struct guard_input *in, const struct node *n,
    int wave, const char **why)
{
	const struct wording *say = in->engine->wording;
	const struct hold_file *f = file_of(in, n);

	*why = NULL;
	if (n->target_lsn != NULL)
		return 1;
	if (look_is_paused(n) && !n->is_hardened && f == NULL)
		return 0;
	if (say->harden(a, p, n, wave))
		return 1;
	if (f == NULL || say->harden_proc == NULL)
		return 0;
	*why = f->why;
	if (f->file == NULL && !f->is_set)
		return 0;
	if (!f->is_there && !f->is_set)
		add_step(a, p, f, say->harden_proc, say->soften_proc,
		    arena_printf(a,
			"make the hold of %s survive a restart: write skip-slave-start %s %s, "
			"which its server reads when it starts",
			n->name, f->is_own ? "to" : "at the end of", f->file));
	say->hardened(a, p, n, wave);
	return 1;
}

const char *
policy_not_hardened(struct arena *a, const struct node *n, const char *why)
{
	return arena_printf(a,
	    "The hold on %s dies with a restart of it%s%s. See that nobody restarts it.", n->name,
	    why == NULL ? "" : ": ", why == NULL ? "" : why);
}

const char *
policy_room(struct arena *a, const struct guard_input *in, const struct node *n)
{
	const struct hold_file *f = file_of(in, n);
	const struct node *up = topology_find_identity(in->topology, n->upstream);

	if (f == NULL || f->disk_free < 0)
		return NULL;
	return arena_printf(a,
	    "What %s receives while it is held gathers on the disk of its data directory on host "
	    "%s%s: %s.",
	    n->name, f->host,
	    n->relay_bytes < 0
		? ""
		: arena_printf(a, ", where its relay log has %s", text_bytes(a, n->relay_bytes)),
	    text_outlook(
		a, up == NULL ? -1 : up->wal_rate, up != NULL && up->is_average, f->disk_free));
}

const struct node *
policy_soften(struct arena *a, struct plan *p, const struct guard_input *in, const struct node *n)
{
	const struct hold_file *f = file_of(in, n);
	struct node *was;

	if (f == NULL || !f->is_there)
		return n;
	add_step(a, p, f, in->engine->wording->soften_proc, NULL,
	    arena_printf(
		a, "take out of %s what would leave %s held after a restart", f->file, n->name));
	p->steps[p->nsteps - 1].part = PART_MAIN;
	was = arena_alloc(a, sizeof(*was));
	*was = *n;
	was->is_hardened = 1;
	return was;
}

const char *
policy_left_hard(
    struct arena *a, const struct guard_input *in, const struct node *n, const struct hold *h)
{
	const struct hold_file *f = file_of(in, n);

	if (h == NULL || !h->is_hardened || in->engine->wording->soften_proc == NULL ||
	    (f != NULL && (f->is_there || f->file != NULL || f->is_set)))
		return NULL;
	return arena_printf(a,
	    "The hold on %s was made to survive a restart by skip-slave-start in an option file, "
	    "and that file cannot be seen now (%s). If it still stands there, take it out by hand, "
	    "or the next restart leaves %s without replication.",
	    n->name, f == NULL || f->why == NULL ? "no host is configured for it" : f->why,
	    n->name);
}
