/*
 * Edges, merging and naming from made-up sights: what no single machine shows (several hosts, NAT,
 * rings, twins that look alike).
 */
#include "tests/unit/engines/sights.h"

/* Two standbys that call themselves "walreceiver", as most do. */
static void
nameless(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x, *y;

	(void)state;
	rows[0] = (struct sender){.pid = 1, .application = "walreceiver", .address = "10.0.0.2"};
	rows[1] = (struct sender){.pid = 2, .application = "walreceiver", .address = "10.0.0.3"};
	serves(p, 2);
	x = see("x", "10.0.0.3", 5432, 1, "b");
	y = see("y", "10.0.0.2", 5432, 1, "c");
	streams(x, "10.0.0.1", 5432, NULL);
	streams(y, "10.0.0.1", 5432, NULL);
	crawl_edges(k);
	assert_ptr_equal(x->up, p);
	assert_ptr_equal(x->sender, &rows[1]);
	assert_ptr_equal(y->sender, &rows[0]);
}

/* Two on one machine look the same from above: each gets one of the rows, nobody is left over. */
static void
same_machine(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x, *y;
	struct topology *t;

	(void)state;
	rows[0] = (struct sender){.pid = 1, .application = "walreceiver", .address = "10.0.0.2"};
	rows[1] = (struct sender){.pid = 2, .application = "walreceiver", .address = "10.0.0.2"};
	serves(p, 2);
	x = see("x", "10.0.0.2", 5432, 1, "b");
	y = see("y", "10.0.0.2", 5433, 1, "c");
	streams(x, "10.0.0.1", 5432, NULL);
	streams(y, "10.0.0.1", 5432, NULL);
	crawl_edges(k);
	t = crawl_topology(k, a);
	assert_ptr_not_equal(x->sender, y->sender);
	assert_int_equal(t->nconsumers, 0);
}

/* A standby that says it follows somebody else never takes a row, even with the right name. */
static void
other_upstream(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x;

	(void)state;
	rows[0] = (struct sender){.pid = 1, .application = "x", .address = "10.0.0.2"};
	serves(p, 1);
	x = see("x", "10.0.0.2", 5432, 1, "b");
	streams(x, "10.0.0.9", 6000, NULL);
	crawl_edges(k);
	assert_null(x->up);
	assert_null(x->sender);
}

/* Behind a forwarded port the address is not the parent's, the slot is. */
static void
forwarded(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x;

	(void)state;
	rows[0] = (struct sender){
	    .pid = 1, .application = "walreceiver", .slot = "s1", .slot_type = "physical"};
	serves(p, 1);
	x = see("x", "10.0.0.2", 5432, 1, "b");
	streams(x, "172.17.0.1", 6001, "s1");
	crawl_edges(k);
	assert_ptr_equal(x->up, p);
}

static void
another_cluster_or_slot(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x, *y;

	(void)state;
	rows[0] =
	    (struct sender){.pid = 1, .application = "x", .slot = "s1", .slot_type = "physical"};
	serves(p, 1);
	x = see("x", "10.0.0.2", 5432, 1, "b");
	streams(x, "10.0.0.1", 5432, "s1");
	snprintf(x->probe->who.cluster, sizeof(x->probe->who.cluster), "pg:2");
	y = see("y", "10.0.0.3", 5432, 1, "c");
	streams(y, "10.0.0.1", 5432, "s2");
	crawl_edges(k);
	assert_null(x->up);
	assert_null(y->sender);
}

/* Same path, same port on two machines, seen through the same address: they stay two. */
static void
twins(void **state)
{
	struct topology *t;

	(void)state;
	see("p", "127.0.0.1", 6001, 0, "a");
	see("q", "127.0.0.1", 6002, 0, "a");
	crawl_edges(k);
	t = crawl_topology(k, a);
	assert_int_equal(t->nnodes, 2);
	assert_string_equal(t->nodes[0].identity, "pg:1:a");
	assert_string_equal(t->nodes[1].identity, "pg:1:a+q");
	assert_string_equal(t->findings[0].id, "two-primaries");
}

static void
ring(void **state)
{
	struct sight *x = see("x", "10.0.0.1", 5432, 1, "a"),
		     *y = see("y", "10.0.0.2", 5432, 1, "b");
	struct topology *t;

	(void)state;
	x->probe->up_host = "10.0.0.2";
	y->probe->up_host = "10.0.0.1";
	x->probe->up_port = y->probe->up_port = "5432";
	x->probe->replay.value = y->probe->replay.value = 5;
	crawl_edges(k);
	t = crawl_topology(k, a); /* ends */
	assert_ptr_equal(x->up, y);
	assert_ptr_equal(y->up, x);
	assert_int_equal(t->nodes[0].lag_bytes, -1);
	assert_null(topology_primary(t));
}

/* A configured node that is down, and whose walsender or slot is seen, is no unknown consumer. */
static void
silent_but_seen(void **state)
{
	struct sight *p = see("p", "10.0.0.1", 5432, 0, "a"), *x;
	struct member m = {.name = "x", .is_configured = 1};
	struct topology *t;

	(void)state;
	rows[0] = (struct sender){.pid = 1, .application = "x", .address = "10.0.0.2"};
	serves(p, 1);
	x = see("x", "10.0.0.2", 5432, 1, "b");
	x->probe = NULL;
	x->member = &m;
	err_set(&x->err, ERR_CONN, "could not connect: no answer before the deadline");
	crawl_edges(k);
	t = crawl_topology(k, a);
	assert_int_equal(t->nconsumers, 0);
	assert_int_equal(t->nodes[1].role, ROLE_UNREACHABLE);
	assert_string_equal(t->nodes[1].upstream, "pg:1:a");
	assert_string_equal(t->nodes[1].reason, "no answer before the deadline");
}

static void
error_states(void **state)
{
	struct sight *x = see("x", "h", 1, 0, "a"), *y = see("y", "h", 2, 0, "b");
	struct topology *t;

	(void)state;
	x->probe = y->probe = NULL;
	err_set(&x->err, ERR_CONN, "m");
	memcpy(x->err.sqlstate, "57P03", 6);
	err_set(&y->err, ERR_CONN, "m");
	memcpy(y->err.sqlstate, "53300", 6);
	t = crawl_topology(k, a);
	assert_int_equal(t->nodes[0].role, ROLE_STARTING);
	assert_int_equal(t->nodes[1].role, ROLE_NO_SLOTS);
	assert_string_equal(t->cluster, "");
}

/* Names from servers are hostile: sentences are inert. */
static void
hostile(void **state)
{
	struct sight *p = see("p", "h", 1, 0, "a");
	struct topology *t;
	size_t i;

	(void)state;
	rows[0] = (struct sender){.pid = 1, .application = "\x1b[2J\xe2\x80\xae", .address = "\n"};
	serves(p, 1);
	t = crawl_topology(k, a);
	assert_int_equal(t->nconsumers, 1);
	assert_true(t->consumers[0].is_unidentified);
	assert_true(t->nfindings > 0);
	for (i = 0; i < t->nfindings; i++) {
		assert_false(
		    text_is_exotic(t->findings[i].sentence, strlen(t->findings[i].sentence)));
		assert_null(strchr(t->findings[i].sentence, '\n'));
	}
}

static void
lsn(void **state)
{
	(void)state;
	assert_true(pg_lsn("16/B374D848") == 0x16B374D848u);
	assert_true(pg_lsn("0/0") == 0);
	assert_true(pg_lsn(NULL) == 0);
	assert_true(pg_lsn("0/1x") == 0);
	assert_true(pg_lsn("rubbish") == 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(nameless),
	    T(same_machine),
	    T(other_upstream),
	    T(forwarded),
	    T(another_cluster_or_slot),
	    T(twins),
	    T(ring),
	    T(silent_but_seen),
	    T(error_states),
	    T(hostile),
	    cmocka_unit_test(lsn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
