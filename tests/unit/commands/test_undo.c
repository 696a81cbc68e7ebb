/*
 * undo PLAN: the word names one plan of the journals, or none.
 */
#include <string.h>

#include "tests/unit/commands/people.h"

#include "command.h"
#include "journal.h"
#include "banned.h"

extern const struct command command_undo;

static void
write_plan(struct people *p, struct journal *j, const char *id)
{
	char *json;
	size_t n;

	text_copy(p->plan->id, sizeof(p->plan->id), id);
	assert_int_equal(plan_digest(p->a, p->plan, &p->e), 0);
	assert_non_null(json = plan_encode(p->a, p->plan, &n, &p->e));
	assert_int_equal(journal_put(j, "plan",
			     json_pack("{s:s, s:o, s:s}", "id", id, "plan",
				 json_loadb(json, n, 0, NULL), "digest", p->plan->digest),
			     &p->e),
	    0);
}

static void
test_ambiguous(void **state)
{
	struct people *p = *state;
	const char *dirs[] = {p->dir};
	struct journal_setup setup = {
	    .dirs = dirs, .ndirs = 1, .person = "alice", .cluster = "shop", .key = p->session};
	struct config config = {.journal = dirs, .njournal = 1};
	struct context c = {.arena = p->a, .config = &config};
	char short_word[] = "aaa", word[] = "aaaa", none[] = "bbbb";
	char *argv[] = {(char *)(uintptr_t) "undo", word};
	struct result r = {0};
	struct journal *j;
	int i;

	/* Each in a journal of its own; the second session tells the first plan once more. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(journal_open(&setup, &j, &p->e), 0);
		write_plan(p, j, "aaaabbbbbbbbbbbbbbbbbbbbbb");
		if (i == 1)
			write_plan(p, j, "aaaacccccccccccccccccccccc");
		journal_close(j);
	}
	assert_int_equal(command_undo.exec(&c, 2, argv, &r, &p->e), -1);
	assert_int_equal(p->e.code, ERR_USAGE);
	assert_non_null(strstr(p->e.msg, "the beginning of more than one plan's id"));
	assert_non_null(strstr(p->e.msg, "aaaabbbbbbbbbbbbbbbbbbbbbb"));
	assert_non_null(strstr(p->e.msg, "aaaacccccccccccccccccccccc"));
	argv[1] = none;
	assert_int_equal(command_undo.exec(&c, 2, argv, &r, &p->e), -1);
	assert_non_null(strstr(p->e.msg, "no journal holds a plan"));
	argv[1] = short_word;
	assert_int_equal(command_undo.exec(&c, 2, argv, &r, &p->e), -1);
	assert_non_null(strstr(p->e.msg, "too short"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_ambiguous, people_setup, people_teardown),
	};

	return cmocka_run_group_tests_name("undo", tests, NULL, NULL);
}
