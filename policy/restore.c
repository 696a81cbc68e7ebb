/*
 * A table out of a dump, as a plan: the replicas held first, so that failing over stays possible;
 * loaded beside; swapped at the end; and the way back, which is the same swap. Must never plan to
 * drop what stands.
 */
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "policy/guarding.h"
#include "policy/steps.h"
#include "text.h"
#include "banned.h"

#define LOAD_MS (2000000000)
#define SWAP_MS (3600 * 1000)

struct bringing {
	struct guarding g;
	const struct restore_input *in;
	const char *full; /* schema.table, for people */
};

static const char *
number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static void
say(struct bringing *b, const char *rule, const char *sentence)
{
	guard_reason(&b->g, rule, LEVEL_APPROVE, sentence);
}

static const char *
schema_word(const struct bringing *b)
{
	return b->g.in->engine->schema_word;
}

/* Bytes it will take on the server's disk: rows and indexes, and the log of both. */
static int64_t
room_needed(const struct bringing *b)
{
	const struct dump_facts *d = b->in->dump;
	int64_t indexes = b->in->standing->indexes;

	if (indexes == 0)
		indexes = d->data / 2;
	return 2 * (d->data + indexes);
}

static const char *
no_room(struct bringing *b)
{
	int64_t need = room_needed(b), has = b->g.primary->disk_free;

	if (has < 0 || has >= need)
		return NULL;
	return arena_printf(b->g.arena,
	    "%s has %s free, and the table beside the one that stands takes about %s with its "
	    "indexes and log: make room first.",
	    b->g.primary->name, text_bytes(b->g.arena, has), text_bytes(b->g.arena, need));
}

static const char *
not_ours(struct bringing *b)
{
	const struct standing *s = b->in->standing;

	if (s->stage[0] == '\0' ||
	    strstr(s->stage, arena_printf(b->g.arena, " %s ", b->in->dump->sha256)) != NULL)
		return NULL;
	return arena_printf(b->g.arena,
	    "A %s %s stands on %s that no restore of these rows made: drop or rename it first.",
	    schema_word(b), b->in->dump->side, b->g.primary->name);
}

static const char *
freezes(struct bringing *b)
{
	const struct node *n = look_freezes_writers(b->g.in->topology, b->g.set, b->g.nset);

	return n == NULL ? NULL
			 : arena_printf(b->g.arena,
			       "With synchronous_commit = remote_apply, holding %s freezes every "
			       "writer: choose which replicas are held in the policy first.",
			       n->name);
}

static int
unit(const struct bringing *b)
{
	return b->g.in->engine->version_unit;
}

/* 15, or 10.11. */
static const char *
version(const struct bringing *b, int v)
{
	return unit(b) == 10000 ? number(b->g.arena, v)
				: arena_printf(b->g.arena, "%d.%d", v / 100, v % 100);
}

/* Why nothing is planned, the first of it. */
static const char *
refused(struct bringing *b)
{
	const struct dump_facts *d = b->in->dump;
	const struct standing *s = b->in->standing;
	struct arena *a = b->g.arena;
	const char *why;
	int server = b->g.primary->version / unit(b);

	if (!s->has_schema && !b->in->is_beside)
		return arena_printf(a,
		    "%s has no %s %s: create it first, or load it beside "
		    "(restore ... beside).",
		    b->g.primary->name, schema_word(b), b->in->schema);
	if (d->from > server && server > 0)
		return arena_printf(a,
		    "The dump is of version %s and %s is version %s, which may not know what is in "
		    "it: restore it on a server of version %s or later.",
		    version(b, d->from), b->g.primary->name, version(b, server),
		    version(b, d->from));
	if (s->nmissing > 0)
		return arena_printf(a,
		    "The dump gives %s to a role that %s does not have: %s. "
		    "Create the role first.",
		    b->full, b->g.primary->name, look_join(a, s->missing, s->nmissing, 8));
	if (!b->in->is_beside && s->taken != NULL)
		return arena_printf(a,
		    "%s is %s on %s, and only a table is replaced: rename it "
		    "first, or load it beside (restore ... beside).",
		    b->full, s->taken, b->g.primary->name);
	if (!b->in->is_beside && s->stuck != NULL)
		return arena_printf(a,
		    "%s cannot be swapped: %s, and would stay with the old one. "
		    "Load it beside (restore ... beside) and take the rows from "
		    "there.",
		    b->full, s->stuck);
	if ((why = not_ours(b)) != NULL || (why = no_room(b)) != NULL)
		return why;
	if (b->g.nset > 0 && (why = look_manager(a, b->g.in->topology)) != NULL)
		return why;
	return freezes(b);
}

/* Those of the dump, and where it has none those that stand. */
static const char *
triggers(const struct bringing *b)
{
	return b->in->dump->triggers[0] != '\0' ? b->in->dump->triggers : b->in->standing->triggers;
}

static void
say_what(struct bringing *b)
{
	const struct dump_facts *d = b->in->dump;
	const struct standing *s = b->in->standing;
	struct arena *a = b->g.arena;

	say(b, "restore",
	    arena_printf(a,
		"%s as the dump has it%s%s, %s rows (%s), is loaded beside%s. Every byte of its "
		"rows was read for this plan; what was written after the dump is not in it.",
		b->full, d->made[0] == '\0' ? "" : ", of ", d->made, text_count(a, d->rows),
		text_bytes(a, d->data),
		b->in->is_beside ? ", and stays there"
				 : " and then takes the place of what "
				   "stands"));
	if (s->stage[0] != '\0')
		say(b, "restore-goes-on",
		    "An earlier restore of the same rows was stopped: this one goes on from "
		    "there.");
	if (b->g.primary->disk_free < 0)
		say(b, "restore-room",
		    arena_printf(a,
			"How much room %s has cannot be seen from here; it takes about %s, with "
			"its log.",
			b->g.primary->name, text_bytes(a, room_needed(b))));
	if (!b->in->is_beside && s->nkeys + s->nviews > 0)
		say(b, "restore-turned",
		    arena_printf(a, "Turned to the new table: %s%s%s; %s.",
			look_join(a, s->keys, s->nkeys, 8),
			s->nkeys > 0 && s->nviews > 0 ? ", " : "",
			look_join(a, s->views, s->nviews, 8), b->g.in->engine->keys_turned));
	if (!b->in->is_beside && triggers(b)[0] != '\0')
		say(b, "restore-triggers",
		    arena_printf(a,
			"Its triggers are made again on the new one, as they are in %s. Until "
			"then, "
			"for a moment, there is no table of that name.",
			d->triggers[0] != '\0' ? "the dump" : "what stands now"));
	if (d->left[0] != '\0')
		say(b, "restore-left", arena_printf(a, "Not brought along: %s.", d->left));
}

static void
say_replicas(struct bringing *b)
{
	struct arena *a = b->g.arena;
	const struct topology *t = b->g.in->topology;
	size_t i, n = 0;

	for (i = 0; i < t->nnodes; i++)
		n += t->nodes[i].role == ROLE_REPLICA;
	if (n == 0)
		return;
	say(b, "restore-replicas",
	    b->g.nset > 0
		? arena_printf(a,
		      "%zu of %zu replicas are held first and keep what stands: failing over to "
		      "one of them stays possible all the while, and its log gathers meanwhile.%s",
		      b->g.nset, n,
		      b->g.nset < n ? " The others replay the load and the swap." : "")
		: "No replica is held: all of them replay the load and the swap.");
}

static struct step *
add_step(struct bringing *b, enum step_kind kind, const char *proc, int timeout_ms)
{
	struct arena *a = b->g.arena;
	struct step *s = plan_add(a, b->g.plan);

	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = kind;
	s->conn = CONN_CONTROL;
	s->node = b->g.primary->name;
	s->proc = proc;
	s->timeout_ms = timeout_ms;
	steps_arg(a, s, "database", b->g.plan->session.database);
	steps_arg(a, s, "schema", b->in->schema);
	steps_arg(a, s, "table", b->in->table);
	steps_arg(a, s, "side", b->in->dump->side);
	steps_report(a, s, kind == KIND_LOAD ? "loading" : "swapping");
	return s;
}

/* Replicas that keep what stands while it is loaded: what is failed over to. */
static const char *
held_names(struct bringing *b)
{
	const struct topology *t = b->g.in->topology;
	const char *names = "";
	size_t i, k;

	for (i = 0; i < t->nnodes; i++) {
		for (k = 0; k < b->g.nset && b->g.set[k] != &t->nodes[i]; k++)
			;
		if (k < b->g.nset || look_is_paused(&t->nodes[i]))
			names = arena_printf(b->g.arena, "%s%s%s", names,
			    names[0] == '\0' ? "" : " ", t->nodes[i].name);
	}
	return names;
}

static void
add_load(struct bringing *b)
{
	const struct dump_facts *d = b->in->dump;
	struct arena *a = b->g.arena;
	struct step *s = add_step(b, KIND_LOAD, "restore-load-v1", LOAD_MS);

	s->why = arena_printf(a,
	    "load %s rows of %s into %s %s, then %zu definitions; nothing that stands is "
	    "touched",
	    text_count(a, d->rows), b->full, schema_word(b), d->side, d->nafter);
	s->say = arena_printf(
	    a, "LOADED: %s rows, all that the dump has{loading}", text_count(a, d->rows));
	steps_arg(a, s, "file", b->in->path);
	steps_arg(a, s, "file_identity", d->identity);
	steps_arg(a, s, "encoding", d->encoding);
	steps_arg(a, s, "rows", number(a, d->rows));
	steps_arg(a, s, "bytes", number(a, d->data));
	steps_arg(a, s, "rows_sha256", d->sha256);
	steps_arg(a, s, "index_bytes", b->in->standing->sizes);
	steps_arg(a, s, "held", held_names(b));
	steps_arg(a, s, "columns", d->columns);
	steps_arg(a, s, "before", d->before);
	steps_arg(a, s, "after", d->after);
}

static void
add_swap(struct bringing *b)
{
	struct arena *a = b->g.arena;
	uint32_t oid = b->in->standing->oid;
	struct step *s = add_step(b, KIND_MOVE, "restore-swap-v1", SWAP_MS);

	s->why = arena_printf(a, "%s: %s%s comes in", b->g.in->engine->swapping,
	    oid == 0
		? ""
		: arena_printf(a, "what stands goes to " RESTORE_ASIDE "%.8s, ", b->g.plan->id),
	    b->full);
	s->say = arena_printf(a, "SWAPPED: %s is the restored one{swapping}", b->full);
	steps_arg(a, s, "aside", arena_printf(a, RESTORE_ASIDE "%.8s", b->g.plan->id));
	if (triggers(b)[0] != '\0')
		steps_arg(a, s, "triggers", triggers(b));
	if (b->in->standing->triggers[0] != '\0')
		steps_arg(a, s, "triggers_before", b->in->standing->triggers);
	steps_arg(a, s, "oid", number(a, oid));
}

static void
add_back(struct bringing *b)
{
	struct plan *p = b->g.plan;
	const struct standing *s = b->in->standing;
	const char *const *drop = b->g.in->engine->drop_schema;
	struct arena *a = b->g.arena;

	p->back = b->in->is_beside ? BACK_STATEMENT : BACK_QUARANTINE;
	p->way_back =
	    b->in->is_beside ? arena_printf(a, "%s%s%s", drop[0], b->in->dump->side, drop[1])
	    : s->oid == 0    ? arena_printf(a, "`undo %.8s` moves it out of the way again.", p->id)
			     : arena_printf(a,
				   "`undo %.8s` swaps back: what stands now stays in %s " RESTORE_ASIDE
				   "%.8s until somebody drops it.",
				   p->id, schema_word(b), p->id);
	if (s->oid != 0 && !b->in->is_beside)
		plan_add_loss(a, p, arena_printf(a, "table %s as it stands", b->full),
		    arena_printf(a, "%s rows, %s; moved aside, not dropped",
			s->rows < 0 ? "unknown" : text_count(a, s->rows),
			text_bytes(a, s->bytes + s->indexes)));
}

static void
add_world(struct bringing *b)
{
	struct plan *p = b->g.plan;
	struct arena *a = b->g.arena;
	const struct guard_input *in = b->g.in;

	policy_world(a, p, in->topology, in->session, in->holds, in->nholds);
	plan_add_fact(a, p, arena_printf(a, "dump %s", b->in->path), b->in->dump->identity);
	plan_add_fact(a, p, "dump rows sha256", b->in->dump->sha256);
	plan_add_fact(
	    a, p, arena_printf(a, "object %s oid", b->full), number(a, b->in->standing->oid));
}

static int
begin(struct bringing *b, struct arena *a, struct plan *p, const struct restore_input *in,
    struct err *e)
{
	const struct guard_input *g = in->guard;

	b->g = (struct guarding){.arena = a, .plan = p, .in = g};
	b->in = in;
	b->full = arena_printf(a, "%s.%s", in->schema, in->table);
	b->g.say = g->engine->wording;
	b->g.primary = b->g.node = topology_primary(g->topology);
	if (b->g.primary == NULL)
		return err_set(
		    e, ERR_REFUSED, "there is not exactly one primary; nothing was done");
	if (strcmp(g->session->identity, b->g.primary->identity) != 0) {
		err_set(e, ERR_REFUSED,
		    "this session is on %s, and a restore goes to the primary, "
		    "%s; nothing was done",
		    g->session->node, b->g.primary->name);
		return err_hint(e, "connect %s", b->g.primary->name);
	}
	memset(&p->verdict, 0, sizeof(p->verdict));
	p->reversible = "";
	p->danger = in->is_beside ? DANGER_DANGEROUS : DANGER_DESTRUCTIVE;
	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = g->policy->approvals < 1 ? 1 : g->policy->approvals;
	if (in->is_beside)
		return 0;
	p->verdict.guards = GUARD_HOLD;
	b->g.nset = look_hold_set(a, g->topology, g->policy, &b->g.set);
	guard_choose_covered(&b->g);
	return 0;
}

int
policy_plan_table(struct arena *a, struct plan *p, const struct restore_input *in, struct err *e)
{
	struct bringing b;
	const char *why;

	if (begin(&b, a, p, in, e) != 0)
		return -1;
	if ((why = refused(&b)) != NULL) {
		p->verdict.level = LEVEL_REFUSE;
		guard_reason(&b.g, "restore", LEVEL_REFUSE, why);
		p->back = BACK_ROLLBACK;
		p->way_back = "Nothing is done.";
		add_world(&b);
		return 0;
	}
	say_what(&b);
	say_replicas(&b);
	if (guard_holds(&b.g))
		guard_build_hold(&b.g);
	if (guard_covers(&b.g))
		guard_build_cover(&b.g);
	if (guard_fences(&b.g))
		guard_build_fence(&b.g);
	if (guard_hardens(&b.g))
		guard_build_harden(&b.g);
	add_load(&b);
	if (!in->is_beside)
		add_swap(&b);
	if (guard_holds(&b.g))
		guard_build_reprove(&b.g);
	if (guard_covers(&b.g))
		guard_build_recover(&b.g);
	guard_nodes(&b.g);
	guard_accepted(&b.g);
	add_back(&b);
	add_world(&b);
	return 0;
}

const struct step *
policy_is_table(const struct plan *filed)
{
	size_t i;

	for (i = 0; i < filed->nsteps; i++)
		if (filed->steps[i].type == STEP_PROC &&
		    strcmp(filed->steps[i].proc, "restore-swap-v1") == 0)
			return &filed->steps[i];
	return NULL;
}

/* The way back: the same swap, the other way round. */
int
policy_plan_table_back(struct arena *a, struct plan *p, const struct guard_input *in,
    const struct plan *filed, struct err *e)
{
	const struct step *was = policy_is_table(filed);
	struct guarding g = {.arena = a, .plan = p, .in = in};
	struct step *s;
	size_t i;

	g.primary = g.node = topology_primary(in->topology);
	if (g.primary == NULL || strcmp(in->session->identity, g.primary->identity) != 0)
		return err_set(e, ERR_REFUSED,
		    "a restore is taken back on the primary, in a session there; nothing was done");
	memset(&p->verdict, 0, sizeof(p->verdict));
	p->danger = DANGER_DESTRUCTIVE;
	p->undoes = filed->id;
	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = in->policy->approvals < 1 ? 1 : in->policy->approvals;
	guard_reason(&g, "undo-restore", LEVEL_APPROVE,
	    "The table that stood before the restore comes back, and the restored one goes aside "
	    "with all that was written to it since: nothing is dropped. Replicas replay that; held "
	    "ones stay held.");
	s = plan_add(a, p);
	s->part = PART_MAIN;
	s->type = STEP_PROC;
	s->kind = KIND_MOVE;
	s->conn = CONN_CONTROL;
	s->node = g.primary->name;
	s->proc = "restore-swap-back-v1";
	s->timeout_ms = SWAP_MS;
	for (i = 0; i < was->nargs; i++)
		steps_arg(a, s, was->args[i].name, was->args[i].value);
	steps_arg(a, s, "undone", arena_printf(a, RESTORE_ASIDE "%.8s", p->id));
	s->why = arena_printf(a,
	    "%s: the restored one goes to " RESTORE_ASIDE "%.8s, the one before comes back",
	    in->engine->swapping, p->id);
	s->say = "SWAPPED BACK: what stood before the restore stands again{swapping}";
	steps_report(a, s, "swapping");
	p->back = BACK_STATEMENT;
	p->way_back = arena_printf(a,
	    "The restored one stays in %s " RESTORE_ASIDE "%.8s; the restore can be run again.",
	    in->engine->schema_word, p->id);
	guard_nodes(&g);
	policy_world(a, p, in->topology, in->session, in->holds, in->nholds);
	return 0;
}
