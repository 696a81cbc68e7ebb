/*
 * Whom to believe, with real keys of ssh-keygen.
 */
#include "tests/unit/commands/people.h"

static void
refused(struct people *p, const char *says)
{
	const char *person;

	err_clear(&p->e);
	assert_int_equal(
	    trust_request(p->a, &p->operators, p->request, p->now, &person, &p->e), -1);
	if (strstr(p->e.msg, says) == NULL)
		fail_msg("says: %s\nnot: %s", p->e.msg, says);
	assert_int_equal(p->e.code, ERR_SIGNATURE);
}

static void
test_request(void **state)
{
	struct people *p = *state;
	const char *person = NULL;

	assert_int_equal(trust_request(p->a, &p->operators, p->request, p->now, &person, &p->e), 0);
	assert_string_equal(person, "alice");
	/* An expired request is still hers; whether it counts is judged elsewhere. */
	assert_int_equal(
	    trust_request(p->a, &p->operators, p->request, p->now + 9000, &person, &p->e), 0);
	assert_int_equal(trust_request(p->a, NULL, p->request, p->now, &person, &p->e), -1);
}

static void
test_request_lies(void **state)
{
	struct people *p = *state;
	struct request good = *p->request, *r = p->request;
	struct session_key *other;
	char *sig, *text;

	p->plan->requester = "bob";
	refused(p, "certificate is of another person");
	p->plan->requester = "alice";
	r->expires = rfc3339(p->a, p->now + 901);
	refused(p, "does not belong to this text");
	*r = good;
	r->journal = SESSION ":18:" HEX_A;
	refused(p, "does not belong to this text");
	*r = good;
	r->journal = PLAN_ID ":17:" HEX_A;
	refused(p, "different sessions");
	*r = good;
	p->plan->digest[0] ^= 1;
	refused(p, "does not belong to this text");
	p->plan->digest[0] ^= 1;
	r->issued = rfc3339(p->a, p->now + 500);
	refused(p, "in the future");
	*r = good;
	r->cert = arena_printf(p->a, "%sx: y\n", good.cert);
	refused(p, "malformed");
	r->cert = arena_strdup(p->a, "holdfast-session-v2\n");
	refused(p, "another kind");
	*r = good;
	r->cert_sig = good.sig;
	refused(p, "");
	/* Another session's key, with alice's certificate for hers. */
	*r = good;
	assert_int_equal(session_key_new(&other, &p->e), 0);
	text = request_statement(p->a, r);
	assert_int_equal(sshsig_sign(p->a, other, NS_REQUEST, text, strlen(text), &sig, &p->e), 0);
	r->sig = sig;
	refused(p, "another key");
	r->session_key = session_key_public(other);
	refused(p, "names another key");
	session_key_free(other);
}

/* bob certifies a session in alice's name; and somebody unknown does. */
static void
test_certificate_of_another(void **state)
{
	static const char *const keys[] = {"bob", "carol", "mallory"};
	static const char *const says[] = {
	    "may not sign", "the key is that of carol", "does not name"};
	struct people *p = *state;
	char *sig;
	size_t i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(sshsig_sign_file(p->a, people_key(p, keys[i]), NS_SESSION,
				     p->request->cert, strlen(p->request->cert), &sig, &p->e),
		    0);
		p->request->cert_sig = sig;
		refused(p, says[i]);
	}
}

static void
wrong(struct people *p, const struct answer *s, const char *says)
{
	struct trusted t;

	err_clear(&p->e);
	assert_int_equal(trust_answer(p->a, &p->operators, p->request, s, p->now, &t, &p->e), -1);
	if (strstr(p->e.msg, says) == NULL)
		fail_msg("says: %s\nnot: %s", p->e.msg, says);
}

static void
test_answers(void **state)
{
	struct people *p = *state;
	struct answer s = people_answer(p, "bob", "bob", "approve"), bad;
	struct trusted t;

	assert_int_equal(trust_answer(p->a, &p->operators, p->request, &s, p->now, &t, &p->e), 0);
	assert_string_equal(t.verified.person, "bob");
	assert_string_equal(t.verified.decision, "approve");
	bad = s;
	bad.decision = "deny";
	wrong(p, &bad, "does not belong");
	bad = s;
	bad.approver = "alice";
	wrong(p, &bad, "does not belong");
	bad = s;
	bad.issued = rfc3339(p->a, p->now + 1);
	wrong(p, &bad, "does not belong");
	bad.issued = rfc3339(p->a, p->now + 500);
	wrong(p, &bad, "future");
	bad.issued = rfc3339(p->a, p->now - 500);
	wrong(p, &bad, "before the request");
	bad = s;
	bad.expires = rfc3339(p->a, p->now + 901);
	wrong(p, &bad, "longer than the request");
	bad = people_answer(p, "bob", "carol", "approve");
	wrong(p, &bad, "it claims to be by carol");
	bad = people_answer(p, "carol", "carol", "approve");
	wrong(p, &bad, "may not sign for approval@holdfast");
	bad = people_answer(p, "mallory", "bob", "approve");
	wrong(p, &bad, "does not name");
	/* The same signature under another plan. */
	p->plan->digest[3] ^= 1;
	wrong(p, &s, "does not belong");
	p->plan->digest[3] ^= 1;
	p->plan->topology[3] ^= 1;
	wrong(p, &s, "does not belong");
}

static void
test_many(void **state)
{
	struct people *p = *state;
	struct answer s = people_answer(p, "bob", "bob", "deny"), bad = s;
	struct store_item items[4] = {
	    {.name = "1"}, {.name = "\x1b[2J"}, {.name = "3"}, {.name = "4"}};
	struct trusted *t;
	const char *why;
	size_t n, nbad;
	char *json;

	bad.request = "zzzzzzzzzzzzzzzzzzzzzzzzzz";
	assert_int_equal(answer_encode(p->a, &s, &json, &items[0].len, &p->e), 0);
	items[0].data = json;
	items[1].data = "{";
	items[1].len = 1;
	assert_int_equal(answer_encode(p->a, &bad, &json, &items[2].len, &p->e), 0);
	items[2].data = json;
	items[3] = items[0];
	trust_answers(p->a, &p->operators, p->request, items, 4, p->now, &t, &n, &nbad, &why);
	assert_int_equal(n, 2);
	assert_int_equal(nbad, 2);
	assert_string_equal(t[0].verified.decision, "deny");
	assert_null(strchr(why, '\x1b'));
	trust_answers(p->a, NULL, p->request, items, 4, p->now, &t, &n, &nbad, &why);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_request, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_request_lies, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(
		test_certificate_of_another, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_answers, people_setup, people_teardown),
	    cmocka_unit_test_setup_teardown(test_many, people_setup, people_teardown),
	};

	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
