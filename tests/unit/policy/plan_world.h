/*
 * What the tests of judge, guard and world share: a small cluster, a session, actions, and a
 * wording that says what it was asked in plain words.
 */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "engine.h"
#include "policy.h"

#define UNUSED __attribute__((unused))

struct lab {
	struct arena *a;
	struct site_policy policy;
	struct topology topology;
	struct node nodes[8];
	struct consumer consumers[2];
	struct session session;
	struct setting settings[1];
	struct hold holds[4];
	size_t nholds;
	struct statement statements[8];
	struct action actions[8];
	struct object objects[8];
	size_t n;
	char text[1024];
	struct judge_input in;
	struct verdict v;
};

static struct node *
lab_node(struct lab *l, const char *name, enum role role, const char *upstream)
{
	struct node *n = &l->nodes[l->topology.nnodes++];

	*n = (struct node){.name = name,
	    .role = role,
	    .version = 150018,
	    .timeline = 1,
	    .cluster = "pg:7",
	    .host = "127.0.0.1",
	    .port = 5433,
	    .lag_bytes = -1,
	    .lag_ms = -1,
	    .data_directory = "/d",
	    .is_streaming = role == ROLE_REPLICA};
	n->identity = arena_printf(l->a, "pg:7:%s", name);
	n->incarnation = "1700";
	n->replay.text = "0/5000";
	n->upstream = upstream == NULL ? NULL : arena_printf(l->a, "pg:7:%s", upstream);
	return n;
}

/* pg1, a standby pg2, and pg3 below it. */
static struct lab *
lab_new(void)
{
	struct arena *a = arena_new();
	struct lab *l = arena_alloc(a, sizeof(*l));

	l->a = a;
	policy_defaults(a, &l->policy);
	l->topology.cluster = "pg:7";
	l->topology.engine = "postgresql";
	l->topology.nodes = l->nodes;
	l->topology.consumers = l->consumers;
	lab_node(l, "pg1", ROLE_PRIMARY, NULL);
	lab_node(l, "pg2", ROLE_REPLICA, "pg1");
	lab_node(l, "pg3", ROLE_REPLICA, "pg2");
	topology_digest(&l->topology);
	l->settings[0] = (struct setting){"search_path", "public"};
	l->session = (struct session){.engine = "postgresql",
	    .cluster = "pg:7",
	    .node = "pg1",
	    .identity = "pg:7:pg1",
	    .incarnation = "1700",
	    .role = ROLE_PRIMARY,
	    .database = "shop",
	    .database_oid = 16384,
	    .login = "alice",
	    .current_role = "alice",
	    .settings = l->settings,
	    .nsettings = 1,
	    .version = 150018};
	l->in = (struct judge_input){.policy = &l->policy,
	    .statements = l->statements,
	    .session = &l->session,
	    .topology = &l->topology,
	    .holds = l->holds,
	    .is_journal_writable = 1,
	    .is_signed = 1,
	    .now = 1763760000};
	return l;
}

static void
lab_free(struct lab *l)
{
	arena_free(l->a);
}

/* Appends one statement with one action on table public.orders. */
static UNUSED struct action *
lab_say(struct lab *l, const char *text, const char *kind, enum danger d, unsigned flags)
{
	size_t at = strlen(l->text), i = l->n++;
	struct action *x = &l->actions[i];

	snprintf(l->text + at, sizeof(l->text) - at, "%s; ", text);
	l->objects[i] = (struct object){.type = "table",
	    .schema = "public",
	    .name = "orders",
	    .oid = 16400,
	    .relfilenode = 16400,
	    .rows = 1000000,
	    .bytes = 1 << 20};
	*x = (struct action){.danger = d, .kind = kind, .flags = flags, .why = "because"};
	if (!(flags & (ACTION_TX | ACTION_SELECT | ACTION_PROMOTE | ACTION_RESUME))) {
		x->objects = &l->objects[i];
		x->nobjects = 1;
	}
	l->statements[i] = (struct statement){at, strlen(text), d, x, 1, NULL, 0};
	l->in.nstatements = l->n;
	return x;
}

static enum level UNUSED
lab_judge(struct lab *l)
{
	policy_judge(l->a, &l->in, &l->v);
	return l->v.level;
}

static int UNUSED
lab_fired(const struct lab *l, const char *rule)
{
	size_t i;

	for (i = 0; i < l->v.nreasons; i++)
		if (strcmp(l->v.reasons[i].rule, rule) == 0)
			return 1;
	return 0;
}

/* A hold of the node as the journal would know it, seen paused. */
static void UNUSED
lab_hold(struct lab *l, size_t node)
{
	struct node *n = &l->nodes[node];

	n->hold = HOLD_PAUSED;
	l->holds[l->nholds++] = (struct hold){.node = n->name,
	    .identity = n->identity,
	    .incarnation = n->incarnation,
	    .cluster = "pg:7",
	    .position = "0/5000",
	    .plan = "",
	    .since = "",
	    .person = "alice",
	    .journal = "",
	    .hardened_at = "",
	    .is_certain = 1};
	l->in.nholds = l->nholds;
}

/* The wording: one step per call (hold: two), its text says what was asked. */
static struct step *
word(struct arena *a, struct plan *p, enum step_kind kind, const char *node, int wave, int phase,
    const char *text)
{
	struct step *s = plan_add(a, p);

	s->kind = kind;
	s->node = node;
	s->wave = wave == 0 ? 0 : wave * 16 + phase;
	s->conn = CONN_CONTROL;
	s->timeout_ms = 1000;
	s->why = "why";
	s->texts = arena_alloc(a, sizeof(*s->texts));
	s->texts[0] = text;
	s->ntexts = 1;
	return s;
}

static void
fake_hold(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	word(a, p, KIND_HOLD, n->name, wave, 1, "pause")->undo = "unpause";
	word(a, p, KIND_PROVE, n->name, wave, 2, "see paused")->poll_ms = 5;
}

static void
fake_fence(struct arena *a, struct plan *p, const struct node *primary,
    const struct node *const *held, size_t nheld, int wave)
{
	(void)held;
	word(a, p, KIND_FENCE, primary->name, wave, 3,
	    arena_printf(a, "position against %zu", nheld));
}

static int
fake_harden(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	if (n->version < 120000)
		return 0;
	word(a, p, KIND_HARDEN, n->name, wave, 4, "harden")->undo = "soften";
	return 1;
}

static void
fake_enter(struct arena *a, struct plan *p, const struct node *n, const struct session *s,
    int lock_ms, int statement_ms, int in_tx, int read_only)
{
	(void)s;
	word(a, p, KIND_CHECK, n->name, 0, 0,
	    arena_printf(a, "enter lock=%d statement=%d tx=%d ro=%d", lock_ms, statement_ms, in_tx,
		read_only))
	    ->conn = CONN_MAIN;
}

static void
fake_leave(struct arena *a, struct plan *p, const struct node *n, int in_tx)
{
	if (in_tx)
		word(a, p, KIND_COMMIT, n->name, 0, 0, "COMMIT")->conn = CONN_MAIN;
}

static void
fake_reprove(
    struct arena *a, struct plan *p, const struct node *primary, const struct node *n, int wave)
{
	(void)primary;
	word(a, p, KIND_REPROVE, n->name, wave, 6, "see again")->is_soft = 1;
}

static void
fake_release(struct arena *a, struct plan *p, const struct node *n, int wave)
{
	word(a, p, KIND_RELEASE, n->name, wave, 7, "release");
}

static char *
fake_reversible(struct arena *a, const struct statement *s, const char *schema)
{
	if (strcmp(s->actions[0].kind, "drop-table") != 0)
		return NULL;
	return arena_printf(a, "move to %s", schema);
}

static char *
fake_inverse(struct arena *a, const struct statement *s)
{
	return strcmp(s->actions[0].kind, "create-index") == 0 ? arena_strdup(a, "DROP INDEX i")
							       : NULL;
}

static void
fake_limit(struct arena *a, struct plan *p, const struct node *n, int lock_ms, int statement_ms)
{
	word(
	    a, p, KIND_LIMIT, n->name, 0, 0, arena_printf(a, "limit %d %d", lock_ms, statement_ms));
}

static const struct wording fake_wording = {.hold = fake_hold,
    .fence = fake_fence,
    .harden = fake_harden,
    .enter = fake_enter,
    .leave = fake_leave,
    .reprove = fake_reprove,
    .release = fake_release,
    .reversible = fake_reversible,
    .inverse = fake_inverse,
    .limit = fake_limit};
static const struct engine fake_engine UNUSED = {.name = "fake", .wording = &fake_wording};

#endif
