/*
 * The site's policy: what it may not say, when its rules speak, and that every word of it is in its
 * digest.
 */
#include "plan_world.h"
#include "policy/site.h"

static struct site_rule
rule(void)
{
	return (struct site_rule){.id = "r",
	    .rows_over = -1,
	    .bytes_over = -1,
	    .hours_from = -1,
	    .hours_to = -1,
	    .level = LEVEL_CONFIRM,
	    .sentence = "S."};
}

static void
defaults(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	assert_int_equal(l->policy.hold, HOLD_ALL);
	assert_int_equal(l->policy.approvals, 1);
	assert_int_equal(l->policy.lock_timeout_ms, 2000);
	assert_int_equal(l->policy.write_confirm_rows, 1000);
	assert_int_equal(policy_check(&l->policy, NULL), 0);
	lab_free(l);
}

struct wrong {
	void (*make)(struct site_policy *p, struct site_rule *r);
	const char *says;
};

static void
w_none(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->approvals = 0;
}

static void
w_many(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->approvals = 11;
}

static void
w_allow(struct site_policy *p, struct site_rule *r)
{
	(void)p;
	r->level = LEVEL_ALLOW;
}

static void
w_rule_none(struct site_policy *p, struct site_rule *r)
{
	(void)p;
	r->level = LEVEL_APPROVE;
}

static void
w_mute(struct site_policy *p, struct site_rule *r)
{
	(void)p;
	r->sentence = NULL;
}

static void
w_class(struct site_policy *p, struct site_rule *r)
{
	(void)p;
	r->min_class = "evil";
}

static void
w_hours(struct site_policy *p, struct site_rule *r)
{
	(void)p;
	r->hours_from = 60;
}

static void
w_lock(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->lock_timeout_ms = 0;
}

static void
w_statement(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->statement_timeout_ms = -1;
}

static void
w_rows(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->write_confirm_rows = -1;
}

static void
w_ttl(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->request_ttl_s = 1;
}

static void
w_names(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->hold = HOLD_NAMES;
}

static void
w_quarantine(struct site_policy *p, struct site_rule *r)
{
	(void)r;
	p->quarantine = "a\"; drop";
}

static void
w_twice(struct site_policy *p, struct site_rule *r)
{
	struct site_rule *two = r - 1;

	two[0] = two[1];
	p->rules = two;
	p->nrules = 2;
}

static const struct wrong wrongs[] = {
    {w_none, "approvals = 0"},
    {w_many, "approvals = 11"},
    {w_allow, "can only raise"},
    {w_rule_none, "asks for 0 approvals"},
    {w_mute, "has no sentence"},
    {w_class, "min_class \"evil\""},
    {w_hours, "no time of day"},
    {w_lock, "lock_timeout"},
    {w_statement, "statement_timeout"},
    {w_rows, "write_confirm_rows"},
    {w_ttl, "request_ttl"},
    {w_names, "hold_names"},
    {w_quarantine, "quarantine"},
    {w_twice, "is there twice"},
};

static void
check(void **state)
{
	struct site_rule rules[2];
	struct lab *l;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		l = lab_new();
		rules[1] = rule();
		l->policy.rules = &rules[1];
		l->policy.nrules = 1;
		assert_int_equal(policy_check(&l->policy, NULL), 0);
		wrongs[i].make(&l->policy, &rules[1]);
		err_clear(&e);
		assert_int_equal(policy_check(&l->policy, &e), -1);
		assert_int_equal(e.code, ERR_CONFIG);
		if (strstr(e.msg, wrongs[i].says) == NULL)
			fail_msg("row %zu says: %s", i, e.msg);
		lab_free(l);
	}
}

static void
hours(void **state)
{
	struct lab *l = lab_new();
	struct action *x = lab_say(l, "x", "truncate", DANGER_DESTRUCTIVE, 0);
	struct site_rule r = rule();
	int64_t day = 1763769600; /* midnight UTC */

	(void)state;
	r.hours_from = 22 * 60;
	r.hours_to = 6 * 60;
	assert_true(site_rule_matches(&r, x, 0, day + 23 * 3600));
	assert_true(site_rule_matches(&r, x, 0, day + 5 * 3600));
	assert_false(site_rule_matches(&r, x, 0, day + 6 * 3600));
	assert_false(site_rule_matches(&r, x, 0, day + 12 * 3600));
	assert_true(site_rule_matches(&r, x, 0, day + 22 * 3600));
	r.hours_from = 8 * 60;
	r.hours_to = 24 * 60;
	assert_true(site_rule_matches(&r, x, 0, day + 8 * 3600));
	assert_true(site_rule_matches(&r, x, 0, day + 86399));
	assert_false(site_rule_matches(&r, x, 0, day));
	lab_free(l);
}

static void
names(void **state)
{
	static const char *kinds[] = {"drop-*"}, *objects[] = {"pub*.ord*"};
	struct lab *l = lab_new();
	struct action *x = lab_say(l, "x", "drop-table", DANGER_DESTRUCTIVE, 0);
	struct site_rule r = rule();

	(void)state;
	r.kinds = kinds;
	r.nkinds = 1;
	r.objects = objects;
	r.nobjects = 1;
	assert_true(site_rule_matches(&r, x, 0, 0));
	x->objects->schema = NULL; /* of any schema: the strict answer */
	assert_true(site_rule_matches(&r, x, 0, 0));
	x->objects->schema = "audit";
	assert_false(site_rule_matches(&r, x, 0, 0));
	x->danger = DANGER_OPAQUE; /* it may touch anything */
	assert_true(site_rule_matches(&r, x, 0, 0));
	x->kind = "truncate";
	assert_false(site_rule_matches(&r, x, 0, 0));
	r.nkinds = 0;
	r.min_class = "destructive";
	assert_false(site_rule_matches(&r, x, 0, 0));
	x->danger = DANGER_DESTRUCTIVE;
	x->objects->schema = "public";
	assert_true(site_rule_matches(&r, x, 0, 0));
	lab_free(l);
}

static void
sizes(void **state)
{
	struct lab *l = lab_new();
	struct action *x = lab_say(l, "x", "delete", DANGER_WRITE, ACTION_DML);
	struct site_rule r = rule();

	(void)state;
	r.rows_over = 100;
	assert_false(site_rule_matches(&r, x, 100, 0));
	assert_true(site_rule_matches(&r, x, 101, 0));
	assert_true(site_rule_matches(&r, x, -1, 0));
	assert_true(site_rule_matches(&r, x, 0, 0)); /* not asked: the table's size */
	x->objects->rows = 5;
	assert_false(site_rule_matches(&r, x, 0, 0));
	r.bytes_over = 10;
	assert_true(site_rule_matches(&r, x, 0, 0));
	x->objects->bytes = 10;
	assert_false(site_rule_matches(&r, x, 0, 0));
	x->objects->bytes = -1;
	assert_true(site_rule_matches(&r, x, 0, 0));
	lab_free(l);
}

/* Another word anywhere is another policy. */
static void
digest(void **state)
{
	static const char *names_of[] = {"pg2"};
	struct lab *l = lab_new();
	struct site_policy *p = &l->policy;
	struct site_rule r = rule();
	char last[SHA256_HEX];

	(void)state;
#define CHANGES(change)                                                                            \
	do {                                                                                       \
		memcpy(last, p->digest, sizeof(last));                                             \
		change;                                                                            \
		policy_digest(l->a, p);                                                            \
		assert_string_not_equal(last, p->digest);                                          \
		assert_int_equal(strlen(p->digest), 64);                                           \
	} while (0)
	CHANGES(p->approvals = 2);
	CHANGES(p->hold = HOLD_NAMES);
	CHANGES((p->hold_names = names_of, p->nhold_names = 1));
	CHANGES(p->lock_timeout_ms++);
	CHANGES(p->statement_timeout_ms++);
	CHANGES(p->write_confirm_rows++);
	CHANGES(p->request_ttl_s++);
	CHANGES(p->quarantine = "trash");
	CHANGES((p->rules = &r, p->nrules = 1));
	CHANGES(r.id = "q");
	CHANGES(r.level = LEVEL_REFUSE);
	CHANGES(r.approvals = 3);
	CHANGES(r.sentence = "T.");
	CHANGES(r.learned = "gitlab");
	CHANGES(r.min_class = "write");
	CHANGES(r.rows_over = 5);
	CHANGES(r.bytes_over = 5);
	CHANGES((r.hours_from = 1, r.hours_to = 2));
	CHANGES((r.kinds = names_of, r.nkinds = 1));
	CHANGES((r.objects = names_of, r.nobjects = 1));
	lab_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(check),
	    cmocka_unit_test(hours),
	    cmocka_unit_test(names),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
