/*
 * Every row of the guard table: when it is there, what it adds, in which order; and that what comes
 * out can be encoded and signed.
 */
#include "plan_world.h"
#include "policy/guarding.h"

static struct plan *
plan_of(struct lab *l)
{
	struct plan *p = arena_alloc(l->a, sizeof(*p));
	size_t i;

	lab_judge(l);
	memcpy(p->id, "abcdefghijklmnopqrstuvwxya", ID_CHARS + 1);
	p->engine = "fake";
	p->text = l->text;
	p->text_len = strlen(l->text);
	p->statements = l->statements;
	p->nstatements = l->n;
	for (i = 0; i < l->n; i++)
		if (l->statements[i].danger > p->danger)
			p->danger = l->statements[i].danger;
	p->session = l->session;
	p->verdict = l->v;
	return p;
}

static int
guard(struct lab *l, struct plan *p, struct err *e)
{
	struct guard_input in = {.engine = &fake_engine,
	    .policy = &l->policy,
	    .topology = l->in.topology,
	    .session = &l->session,
	    .holds = l->holds,
	    .nholds = l->nholds};

	return policy_guard(l->a, p, &in, e);
}

/* The steps as one line: "hold:pg2 prove:pg2 ...", and every plan must encode and decode. */
static const char *
steps_of(struct lab *l, struct plan **out)
{
	struct plan *p = plan_of(l);
	struct err e = {0};
	const char *line = "";
	char *json;
	size_t i, len;

	if (guard(l, p, &e) != 0)
		fail_msg("%s", e.msg);
	for (i = 0; i < p->nsteps; i++)
		line = arena_printf(l->a, "%s%s%s:%s", line, i > 0 ? " " : "",
		    step_kind_name(p->steps[i].kind), p->steps[i].node);
	json = plan_encode(l->a, p, &len, &e);
	if (json == NULL || plan_decode(l->a, json, len, &e) == NULL)
		fail_msg("%s", e.msg);
	if (out != NULL)
		*out = p;
	return line;
}

static const struct step *
step_of(const struct plan *p, enum step_kind kind)
{
	size_t i;

	for (i = 0; i < p->nsteps; i++)
		if (p->steps[i].kind == kind)
			return &p->steps[i];
	fail_msg("no such step");
	return NULL;
}

#define DROP(l) lab_say(l, "DROP TABLE orders", "drop-table", DANGER_DESTRUCTIVE, 0)

static void
destructive(void **state)
{
	struct lab *l = lab_new();
	const struct step *s;
	struct plan *p;
	int wave;

	(void)state;
	DROP(l);
	assert_string_equal(steps_of(l, &p),
	    "hold:pg2 hold:pg3 prove:pg2 prove:pg3 fence:pg1 harden:pg2 harden:pg3 check:pg1 "
	    "statement:pg1 commit:pg1 prove-again:pg2 prove-again:pg3");
	/* Each replica by itself, the lower one too, at the same time. */
	wave = p->steps[0].wave;
	assert_true(wave > 0);
	assert_int_equal(p->steps[1].wave, wave);
	assert_true(p->steps[2].wave > wave);
	assert_int_equal(p->steps[2].wave, p->steps[3].wave);
	assert_string_equal(p->steps[4].texts[0], "position against 2");
	assert_int_equal(p->steps[0].part, PART_BEFORE);
	assert_string_equal(p->steps[0].undo, "unpause");
	assert_int_equal(p->steps[6].part, PART_BEFORE);
	assert_int_equal(p->steps[7].part, PART_MAIN);
	assert_string_equal(p->steps[7].texts[0], "enter lock=2000 statement=0 tx=1 ro=0");
	s = step_of(p, KIND_STATEMENT);
	assert_int_equal(s->conn, CONN_MAIN);
	assert_int_equal(s->part, PART_MAIN);
	assert_string_equal(s->texts[0], "DROP TABLE orders");
	assert_true(s->timeout_ms > 0);
	assert_int_equal(p->steps[9].part, PART_MAIN);
	assert_int_equal(p->steps[10].part, PART_AFTER);
	assert_int_equal(p->back, BACK_REPLICA);
	assert_non_null(strstr(p->way_back, "pg2 and pg3 keep everything"));
	assert_string_equal(p->reversible, "move to holdfast_quarantine");
	assert_int_equal(p->nnodes, 3);
	assert_int_equal(p->naccepted, 0);
	assert_true(p->nworld > 10);
	lab_free(l);
}

static void
already_held(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;
	size_t i;

	(void)state;
	lab_hold(l, 1);
	DROP(l);
	/* pg2 is seen again, not asked again; and not hardened at this later position. */
	assert_string_equal(steps_of(l, &p),
	    "hold:pg3 prove:pg2 prove:pg3 fence:pg1 harden:pg3 check:pg1 statement:pg1 commit:pg1 "
	    "prove-again:pg2 prove-again:pg3");
	for (i = 0; i < p->nnodes; i++)
		assert_int_equal(p->nodes[i].is_held, strcmp(p->nodes[i].name, "pg2") == 0);
	assert_string_equal(p->verdict.reasons[p->verdict.nreasons - 1].rule, "not-hardened-pg2");
	/* Hardened before: what it has is checked by the wording. */
	l->nodes[1].is_hardened = 1;
	assert_non_null(strstr(steps_of(l, NULL), "harden:pg2 harden:pg3"));
	/* Restarted, and stopped at its target: nothing to ask of it but to see it. */
	l->nodes[1].target_lsn = "0/5000";
	assert_null(strstr(steps_of(l, NULL), "harden:pg2"));
	lab_free(l);
}

static void
lost_hold_is_made_again(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	lab_hold(l, 1);
	l->nodes[1].hold = HOLD_NONE;
	DROP(l);
	assert_non_null(strstr(steps_of(l, NULL), "hold:pg2"));
	lab_free(l);
}

static void
some_are_accepted(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	l->nodes[2].role = ROLE_UNREACHABLE;
	l->consumers[0] = (struct consumer){"pg1", "slot", "cdc", NULL, "inactive", -1, 1, -1, -1};
	l->consumers[1] =
	    (struct consumer){"pg1", "slot", "known", NULL, "streaming", -1, 0, -1, -1};
	l->topology.nconsumers = 2;
	DROP(l);
	assert_null(strstr(steps_of(l, &p), "pg3"));
	assert_int_equal(p->naccepted, 2);
	assert_string_equal(p->accepted[0], "node pg3 (unreachable)");
	assert_string_equal(p->accepted[1], "slot cdc on pg1 (not identified)");
	lab_free(l);
	l = lab_new();
	l->policy.hold = HOLD_ONE;
	DROP(l);
	assert_null(strstr(steps_of(l, &p), "pg3"));
	assert_string_equal(p->accepted[0], "replica pg3 (the policy does not hold it)");
	assert_non_null(strstr(p->way_back, "pg2 keeps everything"));
	l->nodes[1].is_streaming = 0; /* a replica that streams is the better copy */
	assert_null(strstr(steps_of(l, NULL), "hold:pg2"));
	l->nodes[2].is_streaming = 0;
	assert_null(strstr(steps_of(l, NULL), "hold:pg3"));
	assert_non_null(strstr(steps_of(l, NULL), "hold:pg2"));
	lab_free(l);
}

static void
hold_by_name(void **state)
{
	struct lab *l = lab_new();
	static const char *names[] = {"pg3"};

	(void)state;
	l->policy.hold = HOLD_NAMES;
	l->policy.hold_names = names;
	l->policy.nhold_names = 1;
	DROP(l);
	assert_string_equal(steps_of(l, NULL),
	    "hold:pg3 prove:pg3 fence:pg1 harden:pg3 check:pg1 statement:pg1 commit:pg1 "
	    "prove-again:pg3");
	lab_free(l);
}

static void
nobody_to_hold(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	l->topology.nnodes = 1;
	DROP(l);
	assert_string_equal(steps_of(l, &p), "fence:pg1 check:pg1 statement:pg1 commit:pg1");
	assert_int_equal(p->back, BACK_NONE);
	lab_free(l);
}

static void
old_server_cannot_harden(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	l->nodes[2].version = 110000;
	DROP(l);
	assert_null(strstr(steps_of(l, &p), "harden:pg3"));
	assert_string_equal(p->verdict.reasons[p->verdict.nreasons - 1].rule, "not-hardened-pg3");
	lab_free(l);
}

static void
operators_own(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	lab_say(l, "SELECT 1", "select", DANGER_READ, ACTION_SELECT);
	assert_string_equal(steps_of(l, &p), "statement:pg1");
	assert_int_equal(p->steps[0].conn, CONN_OPERATOR);
	assert_int_equal(p->back, BACK_ROLLBACK);
	lab_say(l, "INSERT", "insert", DANGER_WRITE, ACTION_DML);
	assert_string_equal(steps_of(l, &p), "statement:pg1 statement:pg1");
	assert_int_equal(p->steps[1].conn, CONN_OPERATOR);
	lab_free(l);
	/* What changes the session makes sense on the session only. */
	l = lab_new();
	lab_say(l, "SET x", "set", DANGER_DANGEROUS, ACTION_SESSION);
	assert_string_equal(steps_of(l, &p), "statement:pg1");
	assert_int_equal(p->steps[0].conn, CONN_OPERATOR);
	lab_free(l);
	/* Inside the operator's transaction: there, with limits set before. */
	l = lab_new();
	l->session.tx = TX_OPEN;
	lab_say(l, "ALTER", "add-column", DANGER_DANGEROUS, 0);
	assert_string_equal(steps_of(l, &p), "limit:pg1 statement:pg1");
	assert_int_equal(p->steps[0].conn, CONN_OPERATOR);
	assert_string_equal(p->steps[0].texts[0], "limit 2000 0");
	assert_int_equal(p->steps[1].conn, CONN_OPERATOR);
	assert_int_equal(p->back, BACK_ROLLBACK);
	lab_free(l);
}

static void
own_connection(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	l->policy.lock_timeout_ms = 500;
	l->policy.statement_timeout_ms = 7000;
	lab_say(l, "ALTER TABLE orders ADD COLUMN n int", "add-column", DANGER_DANGEROUS, 0);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1 commit:pg1");
	assert_string_equal(p->steps[0].texts[0], "enter lock=500 statement=7000 tx=1 ro=0");
	assert_int_equal(p->steps[1].timeout_ms, 12000);
	assert_int_equal(p->back, BACK_NONE);
	lab_free(l);
	/* READ ONLY. */
	l = lab_new();
	lab_say(l, "SELECT f()", "select", DANGER_OPAQUE, ACTION_SELECT);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1 commit:pg1");
	assert_non_null(strstr(p->steps[0].texts[0], "ro=1"));
	lab_free(l);
	/* Not in a transaction. */
	l = lab_new();
	lab_say(l, "ALTER SYSTEM", "alter-system", DANGER_DANGEROUS, ACTION_NO_TX);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1");
	assert_non_null(strstr(p->steps[0].texts[0], "tx=0"));
	lab_free(l);
	/* A plain statement takes it back. */
	l = lab_new();
	lab_say(l, "CREATE INDEX i", "create-index", DANGER_DANGEROUS, 0);
	steps_of(l, &p);
	assert_int_equal(p->back, BACK_STATEMENT);
	assert_string_equal(p->way_back, "DROP INDEX i");
	lab_free(l);
	/* Many rows: counted in a transaction of its own. */
	l = lab_new();
	l->in.estimate = 5000;
	lab_say(l, "UPDATE orders", "update", DANGER_WRITE, ACTION_DML);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1 commit:pg1");
	assert_int_equal(p->back, BACK_ROLLBACK);
	lab_free(l);
	/* Approved by a rule of the site, without any guard: still not on the operator's. */
	l = lab_new();
	lab_say(l, "INSERT", "insert", DANGER_WRITE, ACTION_DML);
	p = plan_of(l);
	p->verdict.level = LEVEL_APPROVE;
	p->verdict.approvals = 1;
	assert_int_equal(guard(l, p, NULL), 0);
	assert_int_equal(step_of(p, KIND_STATEMENT)->conn, CONN_MAIN);
	lab_free(l);
}

static void
one_plan_for_many(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	lab_say(l, "ALTER 1", "add-column", DANGER_DANGEROUS, 0);
	lab_say(l, "ALTER 2", "add-column", DANGER_DANGEROUS, 0);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1 statement:pg1 commit:pg1");
	assert_non_null(strstr(p->steps[0].texts[0], "tx=1"));
	assert_string_equal(p->verdict.reasons[p->verdict.nreasons - 1].rule, "all-or-nothing");
	lab_say(l, "VACUUM", "vacuum", DANGER_WRITE, ACTION_NO_TX);
	assert_string_equal(steps_of(l, &p), "check:pg1 statement:pg1 statement:pg1 statement:pg1");
	assert_string_equal(p->verdict.reasons[p->verdict.nreasons - 1].rule, "one-by-one");
	lab_free(l);
}

static void
pasted(struct lab *l, const char *begin, const char *end)
{
	lab_say(l, begin, "begin", DANGER_READ, ACTION_TX);
	lab_say(l, "TRUNCATE orders", "truncate", DANGER_DESTRUCTIVE, 0);
	lab_say(l, end, end, DANGER_WRITE, ACTION_TX);
}

#define BEFORE "hold:pg2 hold:pg3 prove:pg2 prove:pg3 fence:pg1 harden:pg2 harden:pg3 check:pg1 "
#define AFTER " prove-again:pg2 prove-again:pg3"

static void
pasted_transactions(void **state)
{
	struct lab *l = lab_new();
	struct plan *p;

	(void)state;
	pasted(l, "Begin", "commit");
	assert_string_equal(steps_of(l, &p), BEFORE "statement:pg1 commit:pg1" AFTER);
	assert_non_null(strstr(p->steps[7].texts[0], "tx=1"));
	lab_free(l);
	/* A BEGIN with options is sent as it is. */
	l = lab_new();
	pasted(l, "BEGIN ISOLATION LEVEL SERIALIZABLE", "commit");
	assert_string_equal(steps_of(l, &p), BEFORE "begin:pg1 statement:pg1 commit:pg1" AFTER);
	assert_non_null(strstr(p->steps[7].texts[0], "tx=0"));
	assert_string_equal(p->steps[8].texts[0], "BEGIN ISOLATION LEVEL SERIALIZABLE");
	lab_free(l);
	/* A rehearsal ends with its own ROLLBACK. */
	l = lab_new();
	pasted(l, "BEGIN", "rollback");
	assert_string_equal(steps_of(l, &p), BEFORE "statement:pg1 statement:pg1" AFTER);
	assert_int_equal(p->back, BACK_ROLLBACK);
	lab_free(l);
}

static void
refused(void **state)
{
	struct lab *l = lab_new();
	struct err e = {0};
	struct plan *p;

	(void)state;
	DROP(l);
	p = plan_of(l);
	l->in.topology = NULL;
	assert_int_equal(guard(l, p, &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
	l->in.topology = &l->topology;
	p->verdict.level = LEVEL_REFUSE;
	assert_int_equal(guard(l, p, &e), -1);
	assert_string_equal(e.msg, p->verdict.reasons[0].sentence);
	memset(&p->verdict, 0, sizeof(p->verdict));
	assert_int_equal(guard(l, p, &e), -1); /* nobody judged it */
	p = plan_of(l);
	p->text = arena_memdup(l->a, "DROP\0TABLE orders; ", 19);
	assert_int_equal(guard(l, p, &e), -1);
	assert_non_null(strstr(e.msg, "NUL"));
	lab_free(l);
}

static int
covers(const struct plan *p, const struct node *n)
{
	(void)p;
	return n->apply_delay_ms == 0;
}

static void
cover(struct arena *a, struct plan *p, const struct node *above, const struct node *n, int wave)
{
	word(a, p, KIND_CHECK, n->name, wave, 2, arena_printf(a, "as %s", above->name));
}

static void
recover(struct arena *a, struct plan *p, const struct node *above, const struct node *n, int wave)
{
	word(a, p, KIND_REPROVE, n->name, wave, 6, arena_printf(a, "still as %s", above->name))
	    ->is_soft = 1;
}

/* Where a held one keeps back what is below it: pg3 is not held, and seen before and after. What
 * cannot be proved there is held itself. */
static void
covered_below(void **state)
{
	struct wording w = fake_wording;
	const struct engine g = {.name = "fake", .wording = &w};
	struct lab *l = lab_new();
	struct guard_input in = {
	    .engine = &g, .policy = &l->policy, .topology = &l->topology, .session = &l->session};
	struct err e = {0};
	struct plan *p;
	size_t i;

	(void)state;
	w.covers = covers;
	w.cover = cover;
	w.recover = recover;
	lab_node(l, "pg4", ROLE_REPLICA, "pg3");
	l->nodes[3].apply_delay_ms = 1000;
	DROP(l);
	p = plan_of(l);
	assert_int_equal(policy_guard(l->a, p, &in, &e), 0);
	for (i = 0; i < p->nsteps; i++) {
		if (strcmp(p->steps[i].node, "pg3") != 0)
			continue;
		assert_true(p->steps[i].kind == KIND_CHECK || p->steps[i].kind == KIND_REPROVE);
		assert_non_null(strstr(p->steps[i].texts[0], "as pg2"));
		assert_int_equal(
		    p->steps[i].part, p->steps[i].kind == KIND_CHECK ? PART_BEFORE : PART_AFTER);
		assert_true(i > 3); /* behind the proofs of the holds */
	}
	assert_string_equal(p->steps[1].node, "pg4");
	assert_int_equal(p->steps[1].kind, KIND_HOLD);
	assert_int_equal(p->nnodes, 4);
	assert_non_null(strstr(p->way_back, "pg2 and pg4 keep everything"));
	assert_non_null(strstr(p->verdict.reasons[p->verdict.nreasons - 1].sentence,
	    "pg3 replicates from pg2 and gets only what is applied there"));
	lab_free(l);
}

static void
every_row_has_a_name(void **state)
{
	const struct guard_row *r;

	(void)state;
	for (r = guard_rows; r->id != NULL; r++) {
		assert_non_null(r->when);
		assert_non_null(r->build);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(destructive),
	    cmocka_unit_test(already_held),
	    cmocka_unit_test(lost_hold_is_made_again),
	    cmocka_unit_test(some_are_accepted),
	    cmocka_unit_test(hold_by_name),
	    cmocka_unit_test(nobody_to_hold),
	    cmocka_unit_test(old_server_cannot_harden),
	    cmocka_unit_test(operators_own),
	    cmocka_unit_test(own_connection),
	    cmocka_unit_test(one_plan_for_many),
	    cmocka_unit_test(pasted_transactions),
	    cmocka_unit_test(covered_below),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(every_row_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
