/*
 * The world: every fact that changes is reported by name with before and after; more holds than
 * planned are fine, fewer are not.
 */
#include "plan_world.h"

static struct plan *
look(struct lab *l)
{
	struct plan *p = arena_alloc(l->a, sizeof(*p));
	size_t i;

	/* Objects as they are now: the next look must not see later changes in this plan. */
	p->statements = arena_memdup(l->a, l->statements, l->n * sizeof(*p->statements));
	p->nstatements = l->n;
	for (i = 0; i < l->n; i++)
		p->statements[i].actions =
		    arena_memdup(l->a, l->statements[i].actions, sizeof(struct action));
	topology_digest(&l->topology);
	policy_world(l->a, p, l->in.topology, &l->session, l->holds, l->nholds);
	return p;
}

struct change {
	void (*make)(struct lab *l);
	const char *says; /* NULL: still valid */
};

static void
c_promoted(struct lab *l)
{
	l->nodes[1].role = ROLE_PRIMARY;
}

static void
c_new_standby(struct lab *l)
{
	lab_node(l, "pg4", ROLE_REPLICA, "pg1");
}

static void
c_gone(struct lab *l)
{
	l->topology.nnodes--;
}

static void
c_moved(struct lab *l)
{
	l->nodes[2].upstream = "pg:7:pg1";
}

static void
c_timeline(struct lab *l)
{
	l->nodes[1].timeline = 2;
}

static void
c_restarted_primary(struct lab *l)
{
	l->nodes[0].incarnation = "1800";
}

static void
c_restarted_free_replica(struct lab *l)
{
	l->nodes[2].incarnation = "1800"; /* it was not held: nothing rests on it */
}

static void
c_other_instance(struct lab *l)
{
	l->nodes[2].identity = "pg:7:other";
}

static void
c_released(struct lab *l)
{
	l->nodes[1].hold = HOLD_NONE;
}

static void
c_restarted_held(struct lab *l)
{
	l->nodes[1].incarnation = "1800";
}

static void
c_moved_held(struct lab *l)
{
	l->nodes[1].replay.text = "0/6000";
}

static void
c_more_held(struct lab *l)
{
	lab_hold(l, 2);
}

static void
c_recreated(struct lab *l)
{
	l->objects[0].oid = 16999;
}

static void
c_rewritten(struct lab *l)
{
	l->objects[0].relfilenode = 16999;
}

static void
c_dropped(struct lab *l)
{
	l->objects[0].oid = 0;
}

static void
c_more_rows(struct lab *l)
{
	l->objects[0].rows++;
}

static void
c_search_path(struct lab *l)
{
	l->settings[0].value = "evil, public";
}

static void
c_database(struct lab *l)
{
	l->session.database = "other";
}

static void
c_database_oid(struct lab *l)
{
	l->session.database_oid++;
}

static void
c_role(struct lab *l)
{
	l->session.current_role = "postgres";
}

static void
c_login(struct lab *l)
{
	l->session.login = "bob";
}

static void
c_node(struct lab *l)
{
	l->session.node = "pg2";
}

static void
c_cluster(struct lab *l)
{
	l->topology.cluster = "pg:8";
}

static void
c_consumer(struct lab *l)
{
	l->consumers[0] = (struct consumer){"pg1", "slot", "cdc", NULL, "streaming", -1, 1, -1, -1};
	l->topology.nconsumers = 1;
}

static void
c_known_consumer(struct lab *l)
{
	l->consumers[0] = (struct consumer){"pg1", "slot", "cdc", NULL, "streaming", -1, 0, -1, -1};
	l->topology.nconsumers = 1;
}

static void
c_lag(struct lab *l)
{
	l->nodes[2].lag_bytes = 12345;
	l->nodes[2].replay.text = "0/9999";
}

static void
c_nothing(struct lab *l)
{
	(void)l;
}

static const struct change changes[] = {
    {c_nothing, NULL},
    {c_lag, NULL},
    {c_more_held, NULL},
    {c_more_rows, NULL},
    {c_known_consumer, NULL},
    {c_restarted_free_replica, NULL},
    {c_promoted, "node pg2 role: replica -> primary"},
    {c_new_standby, "node pg4 identity: (not there) -> pg:7:pg4"},
    {c_gone, "node pg3 identity: pg:7:pg3 -> (gone)"},
    {c_moved, "node pg3 upstream: pg2 (pg:7:pg2) -> pg1 (pg:7:pg1)"},
    {c_timeline, "node pg2 timeline: 1 -> 2"},
    {c_restarted_primary, "node pg1 start: 1700 -> 1800"},
    {c_other_instance, "node pg3 identity: pg:7:pg3 -> pg:7:other"},
    {c_released, "hold pg2 position: 0/5000 -> (gone)"},
    {c_restarted_held, "hold pg2 start: 1700 -> 1800"},
    {c_moved_held, "hold pg2 position: 0/5000 -> 0/6000"},
    {c_recreated, "object public.orders oid: 16400 -> 16999"},
    {c_rewritten, "object public.orders relfilenode: 16400 -> 16999"},
    {c_dropped, "object public.orders oid: 16400 -> none"},
    {c_search_path, "session search_path: public -> evil, public"},
    {c_database, "session database: shop -> other"},
    {c_database_oid, "session database oid: 16384 -> 16385"},
    {c_role, "session role: alice -> postgres"},
    {c_login, "session user: alice -> bob"},
    {c_node, "session node: pg1 -> pg2"},
    {c_cluster, "cluster identity: pg:7 -> pg:8"},
    {c_consumer, "consumer slot cdc on pg1: (not there) -> not identified"},
};

static void
every_change(void **state)
{
	struct plan *before, *now;
	struct lab *l;
	struct err e;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		l = lab_new();
		lab_say(l, "DROP TABLE orders", "drop-table", DANGER_DESTRUCTIVE, 0);
		lab_hold(l, 1);
		before = look(l);
		changes[i].make(l);
		now = look(l);
		err_clear(&e);
		rc = policy_world_compare(before, now, &e);
		if (changes[i].says == NULL && rc != 0)
			fail_msg("row %zu: %s", i, e.msg);
		if (changes[i].says != NULL) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.code, ERR_STALE);
			if (strncmp(e.msg, changes[i].says, strlen(changes[i].says)) != 0)
				fail_msg("row %zu says: %s", i, e.msg);
			assert_non_null(strstr(e.msg, "nothing was run"));
			assert_true(e.hint[0] != '\0');
		}
		lab_free(l);
	}
}

/* Any single fact that gets another value, or goes, is reported, and by its own name. */
static void
any_fact(void **state)
{
	struct lab *l = lab_new();
	struct plan *before, *now;
	struct err e;
	size_t i;

	(void)state;
	lab_say(l, "DROP TABLE orders", "drop-table", DANGER_DESTRUCTIVE, 0);
	lab_hold(l, 1);
	before = look(l);
	assert_true(before->nworld > 20);
	for (i = 0; i < before->nworld; i++) {
		now = look(l);
		now->world[i].value = "changed";
		err_clear(&e);
		assert_int_equal(policy_world_compare(before, now, &e), -1);
		assert_memory_equal(e.msg, before->world[i].name, strlen(before->world[i].name));
		now = look(l);
		memmove(&now->world[i], &now->world[i + 1],
		    (now->nworld - i - 1) * sizeof(*now->world));
		now->nworld--;
		assert_int_equal(policy_world_compare(before, now, &e), -1);
	}
	lab_free(l);
}

/* Whatever changes the digest of a topology is explained by a field. */
static void
digest_is_explained(void **state)
{
	unsigned seed = 7;
	struct plan *before, *now;
	struct lab *l;
	struct err e;
	int i;

	(void)state;
	for (i = 0; i < 500; i++) {
		l = lab_new();
		before = look(l);
		switch (rand_r(&seed) % 5) {
		case 0:
			l->nodes[rand_r(&seed) % 3].role = (enum role)(rand_r(&seed) % 7);
			break;
		case 1:
			l->nodes[rand_r(&seed) % 3].timeline = rand_r(&seed) % 3;
			break;
		case 2:
			l->nodes[rand_r(&seed) % 3].upstream = "pg:7:pg9";
			break;
		case 3:
			l->nodes[rand_r(&seed) % 3].identity = "";
			break;
		default:
			lab_node(l, "pg9", (enum role)(rand_r(&seed) % 7), "pg2");
		}
		now = look(l);
		err_clear(&e);
		if (strcmp(before->topology, now->topology) == 0) {
			lab_free(l);
			continue;
		}
		assert_int_equal(policy_world_compare(before, now, &e), -1);
		assert_null(strstr(e.msg, "digest"));
		lab_free(l);
	}
}

static void
before_the_topology_was_known(void **state)
{
	struct lab *l = lab_new();
	struct plan *before;

	(void)state;
	l->in.topology = NULL;
	before = look(l);
	l->in.topology = &l->topology;
	assert_int_equal(policy_world_compare(before, look(l), NULL), 0);
	lab_free(l);
}

static void
policy_changed(void **state)
{
	struct lab *l = lab_new();
	struct plan *before = look(l), *now = look(l);
	struct err e = {0};

	(void)state;
	memset(before->policy, 'a', SHA256_HEX - 1);
	memset(now->policy, 'b', SHA256_HEX - 1);
	assert_int_equal(policy_world_compare(before, now, &e), -1);
	assert_memory_equal(e.msg, "policy digest", 13);
	lab_free(l);
}

/* A hold on a node that nobody sees now is still a precondition. */
static void
hold_on_an_unseen_node(void **state)
{
	struct lab *l = lab_new();
	struct plan *before;
	struct err e = {0};

	(void)state;
	lab_hold(l, 2);
	l->topology.nnodes = 2;
	before = look(l);
	assert_int_equal(policy_world_compare(before, look(l), &e), 0);
	l->nholds = 0;
	assert_int_equal(policy_world_compare(before, look(l), &e), -1);
	assert_memory_equal(e.msg, "hold pg3", 8);
	lab_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_change),
	    cmocka_unit_test(any_fact),
	    cmocka_unit_test(digest_is_explained),
	    cmocka_unit_test(before_the_topology_was_known),
	    cmocka_unit_test(policy_changed),
	    cmocka_unit_test(hold_on_an_unseen_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
