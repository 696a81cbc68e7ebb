/*
 * The prompt: says everything on a wide terminal, keeps node and role on a narrow one, never relies
 * on colour, and shows no name raw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/prompt.h"
#include "text.h"

static struct cluster_config cluster = {.name = "main"};
static struct person_config alice = {.name = "alice", .key = "/k"};

static struct session
on(const char *node, enum role role)
{
	return (struct session){.node = node, .role = role, .database = "shop"};
}

static void
test_all_parts(void **state)
{
	struct arena *a = arena_new();
	struct session s = on("pg1", ROLE_PRIMARY);
	struct app app = {.cluster_config = &cluster, .session = &s, .width = 200};

	(void)state;
	app.person_config = &alice;
	assert_string_equal(prompt_main(&app, a, 0), "main/pg1 PRIMARY shop> ");
	s.tx = TX_OPEN;
	s.tx_age_ms = 12000;
	app.nholds = 2;
	app.person_config = NULL;
	text_copy(app.incident, sizeof(app.incident), "INC-42");
	assert_string_equal(prompt_main(&app, a, 3000),
	    "main/pg1 PRIMARY shop [in transaction 15 s] [2 held] INC-42 unsigned> ");
	s.tx = TX_FAILED;
	assert_non_null(strstr(prompt_main(&app, a, 0), "[transaction FAILED]"));
	s.role = ROLE_REPLICA;
	assert_non_null(strstr(prompt_main(&app, a, 0), "pg1 replica "));
	app.session = NULL;
	assert_non_null(strstr(prompt_main(&app, a, 0), "not connected"));
	arena_free(a);
}

static void
test_color_repeats_words(void **state)
{
	struct arena *a = arena_new();
	struct session s = on("pg1", ROLE_PRIMARY);
	struct app app = {.session = &s, .width = 80, .has_color = 1, .person_config = &alice};

	(void)state;
	assert_string_equal(
	    prompt_main(&app, a, 0), "pg1 \001\033[1;31m\002PRIMARY\001\033[0m\002 shop> ");
	arena_free(a);
}

static void
test_narrow(void **state)
{
	struct arena *a = arena_new();
	struct session s = on("pg1", ROLE_PRIMARY);
	struct app app = {.cluster_config = &cluster, .session = &s};
	char *p;

	(void)state;
	s.tx = TX_OPEN;
	app.nholds = 2;
	text_copy(app.incident, sizeof(app.incident), "INC-42");
	for (app.width = 10; app.width < 100; app.width++) {
		p = prompt_main(&app, a, 0);
		assert_non_null(strstr(p, "pg1 PRIMARY"));
		if (app.width >= 21)
			assert_in_range(strlen(p), 1, app.width - app.width / 3);
	}
	/* What is at stake goes later than where it is. */
	app.width = 45;
	p = prompt_main(&app, a, 0);
	assert_non_null(strstr(p, "[tx]"));
	assert_null(strstr(p, "main"));
	s.node = "a-node-with-a-very-long-name";
	app.width = 30;
	p = prompt_main(&app, a, 0);
	assert_non_null(strstr(p, "PRIMARY"));
	assert_non_null(strstr(p, "..."));
	arena_free(a);
}

static void
test_hostile_names(void **state)
{
	static const char bad[] = "x\033]0;owned\007\n\001\002\xe2\x80\xae\xff\x7f";
	struct arena *a = arena_new();
	struct session s = on(bad, ROLE_REPLICA);
	struct cluster_config c = {.name = bad};
	struct app app = {.cluster_config = &c, .session = &s, .width = 200};
	char *p;

	(void)state;
	s.database = bad;
	text_copy(app.incident, sizeof(app.incident), bad);
	p = prompt_main(&app, a, 0);
	assert_false(text_is_exotic(p, strlen(p)));
	assert_null(strpbrk(p, "\n\t"));
	p = prompt_more(&app, a, '\'');
	assert_false(text_is_exotic(p, strlen(p)));
	arena_free(a);
}

static void
test_continuation(void **state)
{
	struct arena *a = arena_new();
	struct session s = on("pg1", ROLE_PRIMARY);
	struct app app = {.session = &s, .width = 80};

	(void)state;
	assert_string_equal(prompt_more(&app, a, '\''), "pg1 PRIMARY '> ");
	assert_string_equal(prompt_more(&app, a, '-'), "pg1 PRIMARY -> ");
	assert_string_equal(prompt_more(&app, a, 'p'), "pg1 PRIMARY paste> ");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_all_parts),
	    cmocka_unit_test(test_color_repeats_words),
	    cmocka_unit_test(test_narrow),
	    cmocka_unit_test(test_hostile_names),
	    cmocka_unit_test(test_continuation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
