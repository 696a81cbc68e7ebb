/*
 * The digest changes with identities, timelines, roles and edges, and with nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "topology.h"

static struct node nodes[3];
static struct topology t;

static int
setup(void **state)
{
	(void)state;
	memset(nodes, 0, sizeof(nodes));
	memset(&t, 0, sizeof(t));
	nodes[0] =
	    (struct node){.name = "pg1", .identity = "pg:1:a", .role = ROLE_PRIMARY, .timeline = 1};
	nodes[1] = (struct node){.name = "pg2",
	    .identity = "pg:1:b",
	    .role = ROLE_REPLICA,
	    .timeline = 1,
	    .upstream = "pg:1:a"};
	nodes[2] = (struct node){.name = "pg3",
	    .identity = "pg:1:c",
	    .role = ROLE_REPLICA,
	    .timeline = 1,
	    .upstream = "pg:1:b"};
	t.nodes = nodes;
	t.nnodes = 3;
	topology_digest(&t);
	return 0;
}

static int
changes(void)
{
	char before[SHA256_HEX];

	memcpy(before, t.digest, sizeof(before));
	topology_digest(&t);
	return strcmp(before, t.digest) != 0;
}

static void
what_counts(void **state)
{
	(void)state;
	nodes[2].upstream = "pg:1:a";
	assert_true(changes());
	nodes[2].timeline = 2;
	assert_true(changes());
	nodes[2].role = ROLE_PRIMARY;
	assert_true(changes());
	nodes[2].identity = "pg:1:d";
	assert_true(changes());
	nodes[2].upstream = NULL;
	assert_true(changes());
	t.nnodes = 2;
	assert_true(changes());
}

static void
what_does_not(void **state)
{
	struct consumer c = {.node = "pg1", .what = "slot", .name = "x"};
	struct node swap;

	(void)state;
	nodes[1].lag_bytes = 1 << 20;
	nodes[1].hold = HOLD_PAUSED;
	nodes[1].is_hardened = 1;
	nodes[1].incarnation = "7";
	nodes[1].replay.value = 99;
	nodes[1].name = "renamed";
	t.consumers = &c;
	t.nconsumers = 1;
	assert_false(changes());
	swap = nodes[0];
	nodes[0] = nodes[2];
	nodes[2] = swap;
	assert_false(changes());
}

static void
silent_nodes_count_by_name(void **state)
{
	(void)state;
	nodes[2] = (struct node){.name = "pg3", .identity = "", .role = ROLE_UNREACHABLE};
	assert_true(changes());
	nodes[2].name = "pg4";
	assert_true(changes());
	nodes[2].role = ROLE_STARTING;
	assert_true(changes());
}

static void
looking_up(void **state)
{
	(void)state;
	assert_ptr_equal(topology_find(&t, "pg2"), &nodes[1]);
	assert_null(topology_find(&t, "pg"));
	assert_null(topology_find_identity(&t, ""));
	assert_null(topology_find_identity(&t, NULL));
	assert_ptr_equal(topology_primary(&t), &nodes[0]);
	assert_true(topology_is_below(&t, &nodes[2], &nodes[0]));
	assert_false(topology_is_below(&t, &nodes[0], &nodes[2]));
	nodes[1].role = ROLE_PRIMARY;
	assert_null(topology_primary(&t));
	nodes[0].upstream = "pg:1:c"; /* a ring ends */
	assert_false(topology_is_below(&t, &nodes[0], &(struct node){.identity = "pg:1:x"}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(what_counts, setup),
	    cmocka_unit_test_setup(what_does_not, setup),
	    cmocka_unit_test_setup(silent_nodes_count_by_name, setup),
	    cmocka_unit_test_setup(looking_up, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
