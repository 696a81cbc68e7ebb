/*
 * Requests of a session: which one a word names, and which approvals count.
 */
#include <string.h>

#include "tests/unit/commands/people.h"

#include "config.h"
#include "journal.h"
#include "shell/app.h"
#include "shell/pending.h"
#include "banned.h"

static void
test_find(void **state)
{
	struct pending one = {.request = {.id = "aabcdefghijklmnopqrstuvwxy"}};
	struct pending two = {.next = &one, .request = {.id = "aacdefghijklmnopqrstuvwxyz"}};
	struct app app = {.pending = &two};
	struct pending *p = NULL;
	struct err e = {0};

	(void)state;
	assert_int_equal(pending_find(&app, "aab", &p, &e), 0);
	assert_ptr_equal(p, &one);
	assert_int_equal(pending_find(&app, "aa", &p, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.msg, "the beginning of more than one request"));
	err_clear(&e);
	assert_int_equal(pending_find(&app, "b", &p, &e), -1);
	assert_non_null(strstr(e.msg, "filed no request"));
}

static void
give(struct people *p, struct store *s, const char *expires)
{
	struct answer yes = {
	    "approve", p->request->id, "bob", rfc3339(p->a, p->now - 60), expires, "", NULL};
	char *text, *sig, *json;
	size_t n;

	assert_int_equal(approval_statement(p->a, p->request, yes.decision, yes.approver,
			     yes.issued, yes.expires, yes.comment, &text, &p->e),
	    0);
	assert_int_equal(sshsig_sign_file(p->a, people_key(p, "bob"), NS_APPROVAL, text,
			     strlen(text), &sig, &p->e),
	    0);
	yes.sig = sig;
	assert_int_equal(answer_encode(p->a, &yes, &json, &n, &p->e), 0);
	assert_int_equal(s->ops->put_answer(s, p->request->id, json, n, &p->e), 0);
}

static size_t
records(struct people *p, const char *file, const char *type)
{
	struct journal_reader *r;
	struct record rec;
	size_t n = 0;

	assert_int_equal(journal_reader_open(file, &r, &p->e), 0);
	while (journal_reader_next(r, &rec, &p->e) == 1)
		n += strcmp(rec.type, type) == 0;
	journal_reader_close(r);
	return n;
}

/* bob's approval ended; he approves again, and that one counts. An earlier end adds nothing. */
static void
test_later_approval(void **state)
{
	struct people *p = *state;
	const char *dirs[] = {p->dir};
	struct journal_setup setup = {
	    .dirs = dirs, .ndirs = 1, .person = "alice", .cluster = "shop", .key = p->session};
	struct app app = {.operators = &p->operators};
	struct pending x = {.arena = p->a, .plan = p->plan, .request = *p->request};
	const char *file;

	assert_int_equal(journal_open(&setup, &app.journal, &p->e), 0);
	file = arena_strdup(p->a, journal_file(app.journal));
	assert_int_equal(people_sh(p, "mkdir -m 700 spool"), 0);
	assert_int_equal(store_open_spool(people_key(p, "spool"), &app.store, &p->e), 0);
	give(p, app.store, rfc3339(p->a, p->now - 1));
	assert_int_equal(pending_refresh(&app, &x, &p->e), 0);
	assert_int_equal(x.state, REQUEST_OPEN);
	give(p, app.store, p->request->expires);
	assert_int_equal(pending_refresh(&app, &x, &p->e), 0);
	assert_int_equal(x.state, REQUEST_APPROVED);
	assert_string_equal(x.sentence, "approved by bob");
	give(p, app.store, rfc3339(p->a, p->now + 60));
	assert_int_equal(pending_refresh(&app, &x, &p->e), 0);
	assert_int_equal(pending_refresh(&app, &x, &p->e), 0);
	assert_int_equal(x.state, REQUEST_APPROVED);
	journal_close(app.journal);
	/* In whichever order the spool lists the last two. */
	assert_in_range(records(p, file, "approval"), 2, 3);
	app.store->ops->close(app.store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test_setup_teardown(test_later_approval, people_setup, people_teardown),
	};

	return cmocka_run_group_tests_name("pending", tests, NULL, NULL);
}
