/*
 * Every rule fires in the world made for it, and says what it should.
 */
#include "plan_world.h"
#include "policy/inside.h"

#define D(l, text, kind, flags) lab_say(l, text, kind, DANGER_DESTRUCTIVE, flags)

/* Sets up one world in which exactly this rule must refuse or raise. */
struct special {
	const char *rule;
	enum level level;
	void (*make)(struct lab *l);
};

static void
m_promote_held(struct lab *l)
{
	lab_say(l, "x", "promote", DANGER_DANGEROUS, ACTION_PROMOTE | ACTION_SELECT);
	l->session.node = "pg2";
	l->session.role = ROLE_REPLICA;
	lab_hold(l, 1);
}

static void
m_promote_hold_record_only(struct lab *l)
{
	m_promote_held(l);
	l->nodes[1].hold = HOLD_NONE;
}

static void
m_promote_unseen(struct lab *l)
{
	lab_say(l, "x", "promote", DANGER_DANGEROUS, ACTION_PROMOTE | ACTION_SELECT);
	l->in.topology = NULL;
}

static void
m_resume_held(struct lab *l)
{
	lab_say(l, "x", "resume", DANGER_DANGEROUS, ACTION_RESUME | ACTION_SELECT);
	l->session.node = "pg2";
	l->session.role = ROLE_REPLICA;
	lab_hold(l, 1);
}

static void
m_resume_promotes(struct lab *l)
{
	m_resume_held(l);
	l->nodes[1].target_lsn = "0/5000";
}

static void
m_dependents(struct lab *l)
{
	static const char *names[] = {"view public.big_orders", "constraint fk on order_items"};

	D(l, "x", "drop-table", 0);
	l->in.has_dependents = 1;
	l->in.dependents = names;
	l->in.ndependents = 2;
}

static void
m_references(struct lab *l)
{
	m_dependents(l);
	l->in.no_cascade = 1;
}

static void
m_referenced(struct lab *l)
{
	m_dependents(l);
	l->statements[0].actions[0].kind = "truncate";
	l->statements[0].actions[0].flags = ACTION_DML | ACTION_UNBOUNDED;
}

static void
m_replica(struct lab *l)
{
	lab_say(l, "x", "insert", DANGER_WRITE, ACTION_DML);
	l->session.node = "pg2";
	l->session.role = ROLE_REPLICA;
}

static void
m_no_journal(struct lab *l)
{
	lab_say(l, "x", "insert", DANGER_WRITE, ACTION_DML);
	l->in.is_journal_writable = 0;
}

static void
m_unsigned(struct lab *l)
{
	lab_say(l, "x", "create-table", DANGER_WRITE, 0);
	l->in.is_signed = 0;
}

static void
m_failed(struct lab *l)
{
	lab_say(l, "x", "select", DANGER_READ, ACTION_SELECT);
	l->session.tx = TX_FAILED;
}

static void
m_open(struct lab *l)
{
	D(l, "x", "delete", ACTION_DML);
	l->session.tx = TX_OPEN;
}

static void
m_opaque_in_open(struct lab *l)
{
	lab_say(l, "x", "select", DANGER_OPAQUE, ACTION_SELECT);
	l->session.tx = TX_OPEN;
}

static void
m_shape(struct lab *l)
{
	lab_say(l, "begin", "begin", DANGER_READ, ACTION_TX);
	D(l, "x", "truncate", 0);
}

static void
m_shape_twice(struct lab *l)
{
	m_shape(l);
	lab_say(l, "commit", "commit", DANGER_WRITE, ACTION_TX);
	lab_say(l, "begin", "begin", DANGER_READ, ACTION_TX);
	lab_say(l, "commit", "commit", DANGER_WRITE, ACTION_TX);
}

static void
m_no_tx(struct lab *l)
{
	lab_say(l, "begin", "begin", DANGER_READ, ACTION_TX);
	lab_say(l, "x", "vacuum", DANGER_WRITE, ACTION_NO_TX);
	lab_say(l, "commit", "commit", DANGER_WRITE, ACTION_TX);
}

static void
m_session(struct lab *l)
{
	lab_say(l, "set", "set", DANGER_READ, ACTION_SESSION);
	D(l, "x", "truncate", 0);
}

static void
m_temporary(struct lab *l)
{
	D(l, "x", "drop-table", 0)->objects->is_temporary = 1;
}

static void
m_prepared(struct lab *l)
{
	lab_say(l, "x", "execute", DANGER_OPAQUE, 0);
}

static void
m_copy(struct lab *l)
{
	D(l, "x", "truncate", 0);
	lab_say(l, "copy", "copy-from", DANGER_WRITE, ACTION_DML | ACTION_COPY_STREAM);
}

static void
m_copy_and_more(struct lab *l)
{
	lab_say(l, "copy", "copy-from", DANGER_WRITE, ACTION_DML | ACTION_COPY_STREAM);
	lab_say(l, "x", "alter-table", DANGER_DANGEROUS, 0);
}

static void
m_secret(struct lab *l)
{
	lab_say(l, "x", "alter-role", DANGER_DANGEROUS, ACTION_SECRET);
}

static void
m_topology(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->in.topology = NULL;
}

static void
m_two_primaries(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->nodes[2].role = ROLE_PRIMARY;
}

static void
m_primary_gone(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->nodes[0].role = ROLE_UNREACHABLE;
}

static void
m_unknown(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->nodes[2].role = ROLE_UNKNOWN;
}

static struct manager patroni = {.name = "Patroni",
    .node = "pg2",
    .state = MANAGER_ACTIVE,
    .does = "it resumes a paused replica",
    .next = "Type `patronictl pause`"};

static void
m_manager(struct lab *l)
{
	D(l, "x", "truncate", 0);
	patroni.state = MANAGER_ACTIVE;
	l->topology.managers = &patroni;
	l->topology.nmanagers = 1;
}

static void
m_remote_apply(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->nodes[0].sync_commit = "remote_apply";
	l->nodes[1].sync_state = "sync";
}

static void
m_unreachable(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->nodes[2].role = ROLE_UNREACHABLE;
}

static void
m_consumer(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->consumers[0] = (struct consumer){"pg1", "slot", "cdc", NULL, "streaming", -1, 1, -1, -1};
	l->topology.nconsumers = 1;
}

static void
m_one(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->policy.hold = HOLD_ONE;
}

static void
m_alone(struct lab *l)
{
	D(l, "x", "truncate", 0);
	l->topology.nnodes = 1;
	l->nodes[0].role = ROLE_STANDALONE;
}

static void
m_no_rule(struct lab *l)
{
	lab_say(l, "x", "odd", (enum danger)9, 0);
}

static void
m_none(struct lab *l)
{
	(void)l;
}

static void
m_cascade(struct lab *l)
{
	D(l, "x", "drop-table", ACTION_CASCADE);
}

static void
m_every_row(struct lab *l)
{
	D(l, "x", "delete", ACTION_DML | ACTION_UNBOUNDED);
}

static void
scratch(struct lab *l)
{
	static const struct cluster_config c = {.environment = "scratch",
	    .scratch_address = "127.0.0.1:5433",
	    .scratch_data_directory = "/d"};

	l->in.cluster = &c;
}

static void
m_scratch(struct lab *l)
{
	scratch(l);
	D(l, "x", "drop-table", 0);
}

static void
m_scratch_opaque(struct lab *l)
{
	scratch(l);
	lab_say(l, "x", "do", DANGER_OPAQUE, 0);
}

static void
m_scratch_moved(struct lab *l)
{
	m_scratch(l);
	l->nodes[0].port = 5555; /* a clone at another address is not the scratch server */
}

static void
m_scratch_elsewhere(struct lab *l)
{
	m_scratch(l);
	l->nodes[0].data_directory = "/var/lib/postgresql";
}

static const struct special specials[] = {
    {"promote-held", LEVEL_REFUSE, m_promote_held},
    {"promote-held", LEVEL_REFUSE, m_promote_hold_record_only},
    {"promote-unseen", LEVEL_REFUSE, m_promote_unseen},
    {"resume-held", LEVEL_APPROVE, m_resume_held},
    {"resume-promotes", LEVEL_REFUSE, m_resume_promotes},
    {"has-dependents", LEVEL_REFUSE, m_dependents},
    {"has-references", LEVEL_REFUSE, m_references},
    {"truncate-referenced", LEVEL_APPROVE, m_referenced},
    {"on-a-replica", LEVEL_REFUSE, m_replica},
    {"no-journal", LEVEL_REFUSE, m_no_journal},
    {"unsigned", LEVEL_REFUSE, m_unsigned},
    {"failed-transaction", LEVEL_REFUSE, m_failed},
    {"open-transaction", LEVEL_REFUSE, m_open},
    {"open-transaction", LEVEL_REFUSE, m_opaque_in_open},
    {"transaction-shape", LEVEL_REFUSE, m_shape},
    {"transaction-shape", LEVEL_REFUSE, m_shape_twice},
    {"not-in-transaction", LEVEL_REFUSE, m_no_tx},
    {"session-in-plan", LEVEL_REFUSE, m_session},
    {"temporary-in-plan", LEVEL_REFUSE, m_temporary},
    {"prepared-in-plan", LEVEL_REFUSE, m_prepared},
    {"copy-among-others", LEVEL_REFUSE, m_copy_and_more},
    {"copy-in-plan", LEVEL_REFUSE, m_copy},
    {"secret-in-plan", LEVEL_REFUSE, m_secret},
    {"topology-unknown", LEVEL_REFUSE, m_topology},
    {"no-one-primary", LEVEL_REFUSE, m_two_primaries},
    {"no-one-primary", LEVEL_REFUSE, m_primary_gone},
    {"unknown-node", LEVEL_REFUSE, m_unknown},
    {"manager", LEVEL_REFUSE, m_manager},
    {"remote-apply", LEVEL_REFUSE, m_remote_apply},
    {"cannot-hold", LEVEL_APPROVE, m_unreachable},
    {"cannot-hold", LEVEL_APPROVE, m_consumer},
    {"not-all-held", LEVEL_APPROVE, m_one},
    {"nothing-to-hold", LEVEL_APPROVE, m_alone},
    {"no-rule", LEVEL_REFUSE, m_no_rule},
    {"no-statement", LEVEL_REFUSE, m_none},
    {"cascade", LEVEL_APPROVE, m_cascade},
    {"every-row", LEVEL_APPROVE, m_every_row},
    {"destructive-scratch", LEVEL_CONFIRM, m_scratch},
    {"opaque-scratch", LEVEL_CONFIRM, m_scratch_opaque},
    {"destructive", LEVEL_APPROVE, m_scratch_moved},
    {"destructive", LEVEL_APPROVE, m_scratch_elsewhere},
};

static void
special_rules(void **state)
{
	struct lab *l;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
		l = lab_new();
		specials[i].make(l);
		lab_judge(l);
		if (l->v.level != specials[i].level || !lab_fired(l, specials[i].rule))
			fail_msg("%s (row %zu): %s by %s", specials[i].rule, i,
			    level_name(l->v.level), l->v.reasons[0].rule);
		if (l->v.level == LEVEL_REFUSE &&
		    strcmp(l->v.reasons[0].rule, specials[i].rule) != 0)
			assert_int_equal(l->v.reasons[0].level, LEVEL_REFUSE);
		lab_free(l);
	}
}

/* A rule nobody can make fire is no rule. */
static void
all_rules_are_tested(void **state)
{
	/* In test_judge.c. */
	static const char *const elsewhere[] = {"read", "write", "write-many-rows",
	    "write-count-first", "dangerous", "opaque-query", "opaque", "destructive", "promote",
	    "held-receiver"};
	size_t i, k;
	int found;

	(void)state;
	for (i = 0; i < policy_nrules; i++) {
		found = 0;
		for (k = 0; k < sizeof(elsewhere) / sizeof(elsewhere[0]); k++)
			found |= strcmp(elsewhere[k], policy_rules[i].id) == 0;
		for (k = 0; k < sizeof(specials) / sizeof(specials[0]); k++)
			found |= strcmp(specials[k].rule, policy_rules[i].id) == 0;
		if (!found)
			fail_msg("rule %s has no test", policy_rules[i].id);
		assert_true(policy_rules[i].sentence[strlen(policy_rules[i].sentence) - 1] == '.');
	}
}

static void
sentences(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	m_dependents(l);
	lab_judge(l);
	assert_string_equal(l->v.reasons[0].rule, "has-dependents");
	assert_non_null(strstr(l->v.reasons[0].sentence,
	    "depends on it: view public.big_orders and constraint fk on order_items; nothing"));
	l->in.has_dependents = 0;
	l->objects[0].name = "or\x1b[2Jders";
	lab_judge(l);
	assert_non_null(strstr(l->v.reasons[0].sentence, "table public.or\\x1b[2Jders"));
	assert_string_equal(l->v.reasons[0].learned, "cxalloy");
	lab_free(l);
}

static void
allowed_in_special_places(void **state)
{
	struct lab *l = lab_new();

	(void)state;
	lab_say(l, "rollback", "rollback", DANGER_READ, ACTION_TX);
	l->session.tx = TX_FAILED;
	assert_int_equal(lab_judge(l), LEVEL_ALLOW);
	l->in.is_journal_writable = l->in.is_signed = 0;
	assert_int_equal(lab_judge(l), LEVEL_ALLOW);
	lab_free(l);
	l = lab_new();
	lab_say(l, "commit", "commit", DANGER_WRITE, ACTION_TX);
	l->in.is_signed = 0;
	assert_int_equal(lab_judge(l), LEVEL_ALLOW);
	l->in.is_journal_writable = 0;
	assert_int_equal(lab_judge(l), LEVEL_REFUSE);
	lab_free(l);
	l = lab_new();
	m_shape(l);
	lab_say(l, "commit", "commit", DANGER_WRITE, ACTION_TX);
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
	l = lab_new();
	m_remote_apply(l);
	l->in.remote_apply_chosen = 1;
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	l->in.remote_apply_chosen = 0;
	lab_hold(l, 1); /* paused already: nothing more is frozen */
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
	l = lab_new();
	m_manager(l);
	patroni.state = MANAGER_UNSEEN;
	assert_int_equal(lab_judge(l), LEVEL_REFUSE);
	patroni.state = MANAGER_ON_HOLD;
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
	l = lab_new();
	lab_say(l, "x", "drop-replication-slot", DANGER_DESTRUCTIVE, 0);
	l->session.node = "pg2";
	l->session.role = ROLE_REPLICA;
	assert_int_equal(lab_judge(l), LEVEL_APPROVE);
	lab_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(special_rules),
	    cmocka_unit_test(all_rules_are_tested),
	    cmocka_unit_test(sentences),
	    cmocka_unit_test(allowed_in_special_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
