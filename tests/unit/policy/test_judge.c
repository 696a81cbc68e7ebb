/*
 * The level of each statement that was promised comes out, and no added action ever lowers a
 * verdict. What single rules do is in test_rules.c.
 */
#include "plan_world.h"

#define D(l, text, kind, flags) lab_say(l, text, kind, DANGER_DESTRUCTIVE, flags)

struct row {
	const char *kind;
	enum danger danger;
	unsigned flags;
	enum level level;
	unsigned guards;  /* exactly */
	const char *rule; /* deciding */
};

#define FULL (GUARD_HOLD | GUARD_LIMITS | GUARD_OBJECTS | GUARD_REVERSIBLE)

static const struct row rows[] = {
    {"select", DANGER_READ, ACTION_SELECT, LEVEL_ALLOW, 0, "read"},
    {"insert", DANGER_WRITE, ACTION_DML, LEVEL_ALLOW, 0, "write"},
    {"create-table", DANGER_WRITE, 0, LEVEL_ALLOW, 0, "write"},
    {"copy-from", DANGER_WRITE, ACTION_DML | ACTION_COPY_STREAM, LEVEL_ALLOW, 0, "write"},
    {"add-column", DANGER_DANGEROUS, 0, LEVEL_CONFIRM, GUARD_LIMITS, "dangerous"},
    {"terminate-backend", DANGER_DANGEROUS, ACTION_SELECT, LEVEL_CONFIRM, GUARD_LIMITS,
	"dangerous"},
    {"select", DANGER_OPAQUE, ACTION_SELECT, LEVEL_CONFIRM, GUARD_READ_ONLY | GUARD_LIMITS,
	"opaque-query"},
    {"do", DANGER_OPAQUE, 0, LEVEL_APPROVE, GUARD_HOLD | GUARD_LIMITS, "opaque"},
    {"drop-table", DANGER_DESTRUCTIVE, 0, LEVEL_APPROVE, FULL, "destructive"},
    {"drop-table", DANGER_DESTRUCTIVE, ACTION_CASCADE, LEVEL_APPROVE, FULL, "destructive"},
    {"delete", DANGER_DESTRUCTIVE, ACTION_DML | ACTION_UNBOUNDED, LEVEL_APPROVE, FULL,
	"destructive"},
    {"truncate", DANGER_DESTRUCTIVE, 0, LEVEL_APPROVE, FULL, "destructive"},
    {"promote", DANGER_DANGEROUS, ACTION_SELECT | ACTION_PROMOTE, LEVEL_REFUSE, GUARD_LIMITS,
	"promote"},
};

static void
levels(void **state)
{
	struct lab *l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		l = lab_new();
		lab_say(l, "x", rows[i].kind, rows[i].danger, rows[i].flags);
		lab_judge(l);
		if (l->v.level != rows[i].level || l->v.guards != rows[i].guards ||
		    strcmp(l->v.reasons[0].rule, rows[i].rule) != 0)
			fail_msg("row %zu: %s, guards %x, by %s", i, level_name(l->v.level),
			    l->v.guards, l->v.reasons[0].rule);
		assert_int_equal(l->v.approvals, rows[i].level == LEVEL_APPROVE ? 1 : 0);
		lab_free(l);
	}
}

/* As the classifier says it: the query reads, and calls what nobody knows. */
static void
queries(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	lab_say(l, "select f()", "select", DANGER_READ, ACTION_SELECT);
	lab_say(l, "", "call-unknown", DANGER_OPAQUE, ACTION_REFINABLE);
	l->statements[0].nactions = 2;
	l->in.nstatements = l->n = 1;
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	assert_int_equal(l->v.guards, GUARD_READ_ONLY | GUARD_LIMITS);
	assert_string_equal(l->v.reasons[0].rule, "opaque-query");
	l->actions[0].kind = "insert";
	l->actions[0].flags = ACTION_DML;
	l->actions[0].danger = DANGER_WRITE;
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	assert_false(l->v.guards & GUARD_READ_ONLY);
	l->actions[0].kind = "do";
	l->actions[0].flags = 0;
	l->actions[0].danger = DANGER_READ;
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
}

/* Its receiving thread is left alone while it is held, and only then. */
static void
held_receiver(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	lab_say(l, "x", "stop-replica", DANGER_DANGEROUS, 0);
	l->session.node = "pg2";
	l->session.role = ROLE_REPLICA;
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	lab_hold(l, 1);
	assert_int_equal(lab_judge(l), LEVEL_REFUSE);
	assert_string_equal(l->v.reasons[0].rule, "held-receiver");
	lab_free(l);
}

static void
writes(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	lab_say(l, "x", "update", DANGER_WRITE, ACTION_DML);
	l->in.estimate = 1000;
	assert_int_equal(lab_judge(l), LEVEL_ALLOW);
	l->in.estimate = 1001;
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	assert_true(l->v.guards & GUARD_COUNT);
	assert_true(lab_fired(l, "write-many-rows"));
	assert_true(lab_fired(l, "write-count-first"));
	l->in.estimate = -1;
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	l->actions[0].kind = "insert";
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	assert_false(l->v.guards & GUARD_COUNT);
	lab_free(l);
}

static void
offline(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	D(l, "x", "drop-table", 0);
	l->in.session = NULL;
	l->in.topology = NULL;
	assert_int_equal(lab_judge(l), LEVEL_REFUSE);
	assert_true(lab_fired(l, "destructive"));
	lab_free(l);
}

static void
site_rules(void **state)
{
	struct lab *l = lab_new();
	static const char *kinds[] = {"add-col*"};
	static struct site_rule r = {.id = "big",
	    .kinds = kinds,
	    .nkinds = 1,
	    .rows_over = 500000,
	    .bytes_over = -1,
	    .hours_from = -1,
	    .hours_to = -1,
	    .level = LEVEL_APPROVE,
	    .approvals = 3,
	    .sentence = "Ask."};

	(void)state;
	l->policy.rules = &r;
	l->policy.nrules = 1;
	lab_say(l, "x", "add-column", DANGER_DANGEROUS, 0);
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	assert_int_equal(l->v.approvals, 3);
	assert_string_equal(l->v.reasons[0].rule, "site:big");
	l->objects[0].rows = 10;
	assert_int_equal(lab_judge(l), LEVEL_CONFIRM);
	l->objects[0].rows = -1; /* not known counts as large */
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	l->policy.approvals = 4;
	lab_judge(l);
	assert_int_equal(l->v.approvals, 4);
	r.level = LEVEL_CONFIRM; /* cannot lower */
	D(l, "y", "truncate", 0);
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
}

/* Whatever is added to a text, the verdict never falls, and approvals never get fewer. */
static void
never_lower(void **state)
{
	static const unsigned flags[] = {0, ACTION_SELECT, ACTION_DML, ACTION_CASCADE, ACTION_TX,
	    ACTION_SESSION, ACTION_SECRET, ACTION_PROMOTE, ACTION_RESUME, ACTION_NO_TX,
	    ACTION_COPY_STREAM, ACTION_DML | ACTION_UNBOUNDED};
	static const char *const kinds[] = {
	    "select", "update", "begin", "commit", "rollback", "drop-table", "execute"};
	unsigned seed = 42, n;
	enum level before, after;
	struct lab *l;
	int i, k;

	(void)state;
	for (i = 0; i < 3000; i++) {
		l = lab_new();
		l->in.estimate = rand_r(&seed) % 3 * 1000 - 1;
		l->session.tx = rand_r(&seed) % 4 == 0 ? TX_OPEN : TX_NONE;
		l->in.is_signed = rand_r(&seed) % 8 != 0;
		before = LEVEL_ALLOW;
		for (k = 0; k < 5; k++) {
			n = (unsigned)rand_r(&seed);
			lab_say(l, "x", kinds[n % 7], (enum danger)(n / 7 % 5), flags[n / 64 % 12]);
			after = lab_judge(l);
			if (k > 0 && after < before)
				fail_msg("fell from %s to %s (round %d, action %d)",
				    level_name(before), level_name(after), i, k);
			before = after;
			assert_true(l->v.level != LEVEL_APPROVE || l->v.approvals >= 1);
			assert_true(l->v.nreasons > 0);
			assert_int_equal(l->v.reasons[0].level, l->v.level);
		}
		lab_free(l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(levels),
	    cmocka_unit_test(queries),
	    cmocka_unit_test(held_receiver),
	    cmocka_unit_test(writes),
	    cmocka_unit_test(offline),
	    cmocka_unit_test(site_rules),
	    cmocka_unit_test(never_lower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
