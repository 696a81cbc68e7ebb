/*
 * The plans of pause and resume.
 */
#include "plan_world.h"

static int
verb(struct lab *l, struct plan *p,
    int (*make)(struct arena *, struct plan *, const struct guard_input *, const char *const *,
	size_t, struct err *),
    const char *one, const char *two, int chosen, struct err *e)
{
	struct guard_input in = {.engine = &fake_engine,
	    .policy = &l->policy,
	    .topology = &l->topology,
	    .session = &l->session,
	    .holds = l->holds,
	    .nholds = l->nholds,
	    .remote_apply_chosen = chosen};
	const char *names[] = {one, two};

	memset(p, 0, sizeof(*p));
	p->session = l->session;
	return make(l->a, p, &in, names, two == NULL ? 1 : 2, e);
}

static void
pausing(void **state)
{
	struct lab *l = lab_new();
	struct plan p;
	struct err e = {0};
	size_t i;

	(void)state;
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg3", "pg2", 0, &e), 0);
	assert_int_equal(p.nsteps, 7);
	assert_int_equal(p.steps[0].kind, KIND_HOLD);
	assert_int_equal(p.steps[1].kind, KIND_HOLD);
	assert_int_equal(p.steps[4].kind, KIND_FENCE);
	assert_int_equal(p.steps[5].kind, KIND_HARDEN);
	assert_int_equal(p.verdict.level, LEVEL_ALLOW);
	for (i = 0; i < p.nsteps; i++) {
		assert_int_equal(p.steps[i].part, PART_BEFORE);
		assert_null(p.steps[i].undo); /* what is paused stays paused */
	}
	assert_string_equal(p.verdict.reasons[1].rule, "no-failover-target");
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg1", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg9", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	l->nodes[0].sync_commit = "remote_apply";
	l->nodes[1].sync_state = "sync";
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg2", NULL, 0, &e), -1);
	assert_non_null(strstr(e.msg, "freezes every writer"));
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg2", NULL, 1, &e), 0);
	lab_hold(l, 1);
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg2", NULL, 1, &e), -1);
	/* With the primary away nothing can be fenced, but pausing still works. */
	l->nodes[0].role = ROLE_UNREACHABLE;
	assert_int_equal(verb(l, &p, policy_plan_pause, "pg3", NULL, 0, &e), 0);
	assert_int_equal(p.nsteps, 2);
	lab_free(l);
}

static void
resuming(void **state)
{
	struct lab *l = lab_new();
	struct plan p;
	struct err e = {0};

	(void)state;
	assert_int_equal(verb(l, &p, policy_plan_resume, "pg2", NULL, 0, &e), -1);
	assert_non_null(strstr(e.msg, "pg2 is not held"));
	lab_hold(l, 1);
	lab_hold(l, 2);
	assert_int_equal(verb(l, &p, policy_plan_resume, "pg3", "pg2", 0, &e), 0);
	assert_int_equal(p.verdict.level, LEVEL_APPROVE);
	assert_int_equal(p.verdict.approvals, 1);
	assert_int_equal(p.nsteps, 2);
	assert_string_equal(p.steps[0].node, "pg2"); /* from the top down */
	assert_int_equal(p.steps[0].part, PART_MAIN);
	assert_int_equal(p.back, BACK_NONE);
	assert_int_equal(p.nnodes, 2);
	assert_true(p.nodes[0].is_held);
	lab_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pausing),
	    cmocka_unit_test(resuming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
