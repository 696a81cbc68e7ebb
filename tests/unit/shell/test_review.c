/*
 * The reviewer's screen on a real pseudo-terminal: read to the end, the name typed, and only then a
 * signature that the other side believes.
 */
#include "tests/unit/shell/review_play.h"
#include "banned.h"

static void
test_bob_approves(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	play(y);
	if (y->code != 0)
		fail_msg("%d %s\n%s", y->code, y->msg, y->screen);
	assert_int_equal(answers(y, &t), 1);
	assert_string_equal(t[0].verified.person, "bob");
	assert_string_equal(t[0].verified.decision, "approve");
	saw(y, "DROP TABLE orders CASCADE");
	saw(y, "pg1, the PRIMARY");
	saw(y, "alice: the signatures of alice's key and of the session hold");
	saw(y, "judged again by this program: the same");
	saw(y, SESSION ":17:");
	saw(y, "0 non-ASCII");
	y->store->ops->close(y->store);
}

/* Persons are counted: the second time nothing is asked, signed or delivered. */
static void
test_twice(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	play(y);
	assert_int_equal(y->code, 0);
	y->n = 0;
	play(y);
	assert_int_equal(y->code, 0);
	saw(y, "adds nothing; nothing was signed");
	assert_null(strstr(y->screen, "Type the name"));
	assert_int_equal(answers(y, &t), 1);
	/* A no counts whatever was said before. */
	y->decision = "deny";
	y->comment = "on second thoughts";
	y->n = 0;
	play(y);
	assert_int_equal(y->code, 0);
	assert_int_equal(answers(y, &t), 2);
	y->store->ops->close(y->store);
}

/* Nobody signs what cannot run. */
static void
test_dead(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	assert_int_equal(
	    people_sh(y->p, "cd spool && for f in *.request; do cp $f x && mv x $f; done"), 0);
	play(y);
	assert_int_equal(y->code, ERR_APPROVAL);
	assert_non_null(strstr(y->msg, "ended: it cannot run; nothing was signed"));
	assert_int_equal(answers(y, &t), 0);
	y->store->ops->close(y->store);
}

static void
test_other_words_sign_nothing(void **state)
{
	static const char *const words[] = {
	    "y\n", "yes\n", "\n", "pg\n", "pg1 x\n", "pg11\n", "\004", "pg2\npg1\n"};
	struct play *y = start(state);
	struct trusted *t;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		y->type[1] = words[i];
		y->n = 0;
		play(y);
		assert_int_not_equal(y->code, 0);
		assert_non_null(strstr(y->msg, "nothing was signed"));
		assert_int_equal(answers(y, &t), 0);
	}
	y->store->ops->close(y->store);
}

/* What was typed before the question stood there does not answer it. */
static void
test_type_ahead(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	y->type[0] = "\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\n"
		     "pg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\npg1\n";
	y->type[1] = "no\n";
	play(y);
	assert_int_equal(y->code, ERR_APPROVAL);
	assert_int_equal(answers(y, &t), 0);
	y->store->ops->close(y->store);
}

static void
test_leaving_before_the_end(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	y->rows = 12;
	y->type[0] = "q";
	play(y);
	assert_int_equal(y->code, ERR_CANCELLED);
	assert_non_null(strstr(y->msg, "before the end"));
	assert_int_equal(answers(y, &t), 0);
	y->store->ops->close(y->store);
}

static void
test_small_terminal(void **state)
{
	struct play *y = start(state);

	y->columns = 20;
	y->rows = 5;
	play(y);
	assert_int_equal(y->code, ERR_USAGE);
	assert_non_null(strstr(y->msg, "20 columns and 5 rows"));
	y->store->ops->close(y->store);
}

static void
test_who_may_not(void **state)
{
	static const struct {
		const char *who, *says;
		int code;
	} no[] = {
	    {"alice", "filed this request and cannot approve it", ERR_REFUSED},
	    {"carol", "does not let carol sign", ERR_REFUSED},
	    {"mallory", "does not name mallory", ERR_REFUSED},
	};
	struct play *y = start(state);
	size_t i;

	for (i = 0; i < 3; i++) {
		y->who = no[i].who;
		y->n = 0;
		play(y);
		assert_int_equal(y->code, no[i].code);
		if (strstr(y->msg, no[i].says) == NULL)
			fail_msg("%s", y->msg);
		assert_int_equal(y->n, 0);
	}
	y->store->ops->close(y->store);
}

static void
test_deny(void **state)
{
	struct play *y = start(state);
	struct trusted *t;

	y->decision = "deny";
	y->comment = "pg1 is the wrong node";
	play(y);
	assert_int_equal(y->code, 0);
	assert_int_equal(answers(y, &t), 1);
	assert_string_equal(t[0].verified.decision, "deny");
	assert_string_equal(t[0].verified.comment, "pg1 is the wrong node");
	y->store->ops->close(y->store);
}

static void
test_false_request_is_not_signed(void **state)
{
	struct play *y = start(state);

	y->p->request->journal = SESSION ":99:" HEX_A;
	play(y);
	assert_int_equal(y->code, ERR_SIGNATURE);
	assert_non_null(strstr(y->msg, "not to be believed"));
	y->wants_answer = 0;
	y->n = 0;
	play(y);
	assert_int_equal(y->code, 0);
	saw(y, "DO NOT BELIEVE IT");
	y->store->ops->close(y->store);
}

/* The requester's program says less than the text does, or sends something else. */
static void
test_disagreement_is_loud(void **state)
{
	struct play *y = start(state);
	struct people *p = y->p;

	p->plan->statements[0].danger = DANGER_READ;
	p->plan->statements[0].actions[0].kind = "select";
	p->plan->verdict.level = LEVEL_CONFIRM;
	p->plan->verdict.approvals = 0;
	p->plan->steps[0].texts[0] = "DROP DATABASE shop";
	p->request = world_request(p->a, p->plan);
	people_sign(p);
	y->wants_answer = 0;
	play(y);
	assert_int_equal(y->code, 0);
	saw(y, "STATEMENT 1 IS destructive");
	saw(y, "JUDGED HERE: approve");
	saw(y, "STEP 1 sends as the operator's statement what is not in the text");
	saw(y, "DISAGREE");
	y->store->ops->close(y->store);
}

static void
test_nothing_raw(void **state)
{
	struct play *y = start(state);
	struct people *p = y->p;
	char *at;

	p->plan->reason = "\x1b]0;owned\x07\xe2\x80\xae look";
	p->plan->text = "DROP TABLE orders CASCADE /* \x1b[2J\xe2\x80\xae */";
	p->plan->text_len = strlen(p->plan->text);
	p->request = world_request(p->a, p->plan);
	people_sign(p);
	y->wants_answer = 0;
	play(y);
	assert_int_equal(y->code, 0);
	assert_null(strstr(y->screen, "\xe2\x80\xae"));
	assert_null(strstr(y->screen, "\x1b]"));
	assert_null(strstr(y->screen, "\x1b[2J"));
	for (at = y->screen; (at = strchr(at, '\x1b')) != NULL; at++)
		assert_int_equal(at[1], '[');
	saw(y, "\\x1b[2J");
	saw(y, "\\u{202e}");
	saw(y, "HIDE OR REORDER");
	y->store->ops->close(y->store);
}

static void
test_no_line_is_wider(void **state)
{
	struct play *y = start(state);
	struct people *p = y->p;
	char *line, *rest, *text = arena_alloc(p->a, 5001), *end;

	memset(text, 'x', 5000);
	memcpy(text, "DROP TABLE ", 11);
	p->plan->text = text;
	p->plan->text_len = 5000;
	p->plan->statements[0].len = 5000;
	p->plan->steps[0].texts[0] = text;
	p->request = world_request(p->a, p->plan);
	people_sign(p);
	setenv("NO_COLOR", "1", 1);
	play(y);
	unsetenv("NO_COLOR");
	assert_int_equal(y->code, 0);
	rest = y->screen;
	while ((line = strsep(&rest, "\n")) != NULL) {
		while ((end = strstr(line, "\r\033[K")) != NULL)
			line = end + 4;
		if (strcspn(line, "\r") > 80)
			fail_msg("wider than the terminal: %s", line);
	}
	y->store->ops->close(y->store);
}

static void
test_paste(void **state)
{
	struct play *y = start(state);
	struct people *p = y->p;
	char *json, *answer;
	struct answer s;
	struct trusted t;
	uint8_t *raw;
	size_t n;

	assert_int_equal(request_encode(p->a, p->request, &json, &n, &p->e), 0);
	y->is_paste = 1;
	y->see[0] = "to its END line:";
	y->type[0] = paste_armor(p->a, "REQUEST", json, n);
	y->see[1] = "q: leave";
	y->type[1] = "\n";
	y->see[2] = NULL;
	/* Pages first, then the name. */
	y->rows = 200;
	y->see[1] = "signs nothing: ";
	y->type[1] = "pg1\n";
	play(y);
	if (y->code != 0)
		fail_msg("%d %s\n%s", y->code, y->msg, y->screen);
	answer = strstr(y->screen, "-----BEGIN HOLDFAST ANSWER");
	assert_non_null(answer);
	assert_int_equal(paste_dearmor(p->a, "ANSWER", answer, strlen(answer), &raw, &n, &p->e), 0);
	assert_int_equal(answer_decode(p->a, (char *)raw, n, &s, &p->e), 0);
	assert_int_equal(
	    trust_answer(p->a, &p->operators, p->request, &s, (int64_t)time(NULL), &t, &p->e), 0);
	assert_string_equal(t.verified.person, "bob");
	y->store->ops->close(y->store);
}

/* approve - < FILE: the text comes from the file, the answer to the question from the terminal. */
static void
test_paste_from_a_file(void **state)
{
	struct play *y = start(state);
	struct people *p = y->p;
	char *json, *armor;
	size_t n;
	FILE *f;

	assert_int_equal(request_encode(p->a, p->request, &json, &n, &p->e), 0);
	armor = paste_armor(p->a, "REQUEST", json, n);
	f = fopen(people_key(p, "pasted"), "w");
	assert_non_null(f);
	fprintf(f, "alice wrote:\r\n> %s\npg1\npg1\n", armor);
	fclose(f);
	y->is_paste = 1;
	y->input = "pasted";
	y->type[1] = "no\n";
	play(y);
	assert_int_equal(y->code, ERR_APPROVAL);
	y->type[1] = "pg1\n";
	y->n = 0;
	play(y);
	assert_int_equal(y->code, 0);
	saw(y, "-----END HOLDFAST ANSWER-----");
	y->store->ops->close(y->store);
}

/* Without a terminal nobody approves, whatever stands in standard input. */
static void
test_no_terminal(void **state)
{
	struct play *y = start(state);
	int report[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(report), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		act(y, report[1]);
	}
	close(report[1]);
	waitpid(pid, &status, 0);
	assert_int_equal(WEXITSTATUS(status), ERR_USAGE);
	n = read(report[0], y->msg, sizeof(y->msg) - 1);
	assert_true(n > 0);
	y->msg[n] = '\0';
	assert_non_null(strstr(y->msg, "needs a terminal"));
	close(report[0]);
	y->store->ops->close(y->store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_bob_approves, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(
		test_other_words_sign_nothing, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_twice, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_dead, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_type_ahead, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(
		test_leaving_before_the_end, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_small_terminal, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_who_may_not, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_deny, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(
		test_false_request_is_not_signed, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(
		test_disagreement_is_loud, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_raw, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_no_line_is_wider, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_paste, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_paste_from_a_file, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_no_terminal, people_setup, people_teardown),
	};

	return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
