/*
 * When a hold is called lost: seen to replay, or to be no replica, by a look younger than itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hold.h"
#include "text.h"
#include "topology.h"

static int
lost(enum role role, enum hold_state state, const char *seen, const char *cluster)
{
	struct node n = {.name = "pg2", .identity = "pg:1:a", .role = role, .hold = state};
	struct topology t = {.nodes = &n, .nnodes = 1, .cluster = cluster};
	struct hold h = {.node = "pg2",
	    .identity = "pg:1:a",
	    .cluster = "pg:1",
	    .since = "2026-11-22T04:57:30.113749Z"};

	text_copy(t.taken_at, sizeof(t.taken_at), seen);
	return hold_is_lost(&h, &t);
}

static void
released_and_promoted(void **state)
{
	const char *after = "2026-11-22T04:57:31Z";

	(void)state;
	assert_int_equal(lost(ROLE_REPLICA, HOLD_PAUSED, after, "pg:1"), 0);
	assert_int_equal(lost(ROLE_REPLICA, HOLD_NONE, after, "pg:1"), 1);
	assert_int_equal(lost(ROLE_PRIMARY, HOLD_NONE, after, "pg:1"), 1);
	assert_int_equal(lost(ROLE_UNREACHABLE, HOLD_NONE, after, "pg:1"), 0);
	assert_int_equal(lost(ROLE_STARTING, HOLD_NONE, after, "pg:1"), 0);
}

static void
older_or_other_pictures_say_nothing(void **state)
{
	struct hold h = {.node = "pg2"};

	(void)state;
	assert_int_equal(lost(ROLE_REPLICA, HOLD_NONE, "2026-11-22T04:57:30Z", "pg:1"), 0);
	assert_int_equal(lost(ROLE_REPLICA, HOLD_NONE, "2026-11-22T04:57:29Z", "pg:1"), 0);
	assert_int_equal(lost(ROLE_REPLICA, HOLD_NONE, "2026-11-22T04:57:31Z", "pg:2"), 0);
	assert_int_equal(hold_is_lost(&h, NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(released_and_promoted),
	    cmocka_unit_test(older_or_other_pictures_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
