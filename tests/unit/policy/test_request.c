/*
 * Requests and answers as bytes: one encoding, and nothing else decodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "approval_world.h"

static int
setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	arena_free(*state);
	return 0;
}

/* `json` with the first `from` replaced by `to`. */
static char *
swap(struct arena *a, const char *json, const char *from, const char *to)
{
	const char *at = strstr(json, from);

	assert_non_null(at);
	return arena_printf(a, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
}

static void
test_there_and_back(void **state)
{
	struct arena *a = *state;
	struct request *r = world_request(a, world_plan(a)), back;
	struct err e = {0};
	char *json, *again;
	size_t n, nagain;

	assert_int_equal(request_encode(a, r, &json, &n, &e), 0);
	assert_int_equal(strlen(json), n);
	assert_null(strchr(json, '\n'));
	assert_int_equal(request_decode(a, json, n, &back, &e), 0);
	assert_string_equal(back.id, r->id);
	assert_int_equal(back.plan_len, r->plan_len);
	assert_memory_equal(back.plan_json, r->plan_json, r->plan_len);
	assert_string_equal(back.plan->digest, r->plan->digest);
	assert_string_equal(request_statement(a, &back), request_statement(a, r));
	assert_int_equal(request_encode(a, &back, &again, &nagain, &e), 0);
	assert_string_equal(json, again);
}

static void
test_bad_requests(void **state)
{
	static const struct {
		const char *from, *to;
	} bad[] = {
	    {"\"id\":", "\"id2\":"},
	    {"{", "{\"extra\":1,"},
	    {"\"id\":\"" PLAN_ID "\"", "\"id\":\"" PLAN_ID "\",\"id\":\"" PLAN_ID "\""},
	    {"\"id\":\"" PLAN_ID "\"", "\"id\":7"},
	    {"\"id\":\"abc", "\"id\":\"bbc"},
	    {"\"id\":\"abc", "\"id\":\"../"},
	    {"\"id\":", " \"id\":"},
	    {"holdfast-request-v1", "holdfast-request-v2"},
	    {"20:46:02Z", "20:46:02z"},
	    {"2026-11-21T20:46:02Z", "2027-11-21T20:46:02Z"},
	    {"2026-11-21T20:46:02Z", "2026-11-21T20:31:02Z"},
	    {":17:", ":x:"},
	    {":17:a", ":17:A"},
	    {"\"session_key\":\"ssh-ed25519", "\"session_key\":\"ssh-rsa"},
	    {"requester\\\":\\\"alice", "requester\\\":\\\"a\\\\u0000e"},
	    {"wrong table", "wrong  \\\\u0041able"},
	    {"\"sig\":\"BBBB\"", "\"sig\":null"},
	    {"\"sig\":\"BBBB\"", "\"sig\":1.5"},
	    {"\\\"approvals\\\":1", "\\\"approvals\\\":1.0"},
	    {"\\\"approvals\\\":1", "\\\"approvals\\\":1,\\\"zzz\\\":1"},
	};
	struct arena *a = *state;
	struct request *r = world_request(a, world_plan(a)), back;
	struct err e = {0};
	char *json, *mutant;
	size_t n, i;

	assert_int_equal(request_encode(a, r, &json, &n, &e), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mutant = swap(a, json, bad[i].from, bad[i].to);
		err_clear(&e);
		if (request_decode(a, mutant, strlen(mutant), &back, &e) != -1)
			fail_msg("taken: %s -> %s", bad[i].from, bad[i].to);
		assert_int_equal(e.code, ERR_FAILED);
		assert_true(strlen(e.msg) > 0);
	}
	assert_int_equal(request_decode(a, json, n - 1, &back, &e), -1);
	mutant = arena_printf(a, "%s\n", json);
	assert_int_equal(request_decode(a, mutant, n + 1, &back, &e), -1);
	assert_int_equal(request_decode(a, "", 0, &back, &e), -1);
	assert_int_equal(request_decode(a, "[]", 2, &back, &e), -1);
	mutant = arena_alloc(a, REQUEST_MAX_BYTES + 2);
	memset(mutant, ' ', REQUEST_MAX_BYTES + 1);
	assert_int_equal(request_decode(a, mutant, REQUEST_MAX_BYTES + 1, &back, &e), -1);
	memset(mutant, '[', REQUEST_MAX_BYTES);
	assert_int_equal(request_decode(a, mutant, REQUEST_MAX_BYTES, &back, &e), -1);
}

/* No single changed byte decodes to the same request's statement. */
static void
test_every_byte(void **state)
{
	struct arena *a = *state, *tmp;
	struct request *r = world_request(a, world_plan(a)), back;
	const char *statement = request_statement(a, r);
	struct err e = {0};
	char *json;
	size_t n, i;

	assert_int_equal(request_encode(a, r, &json, &n, &e), 0);
	for (i = 0; i < n; i++) {
		tmp = arena_new();
		json[i] ^= 1;
		if (request_decode(tmp, json, n, &back, &e) == 0 &&
		    strcmp(request_statement(tmp, &back), statement) == 0 &&
		    strcmp(back.cert_sig, r->cert_sig) == 0 && strcmp(back.sig, r->sig) == 0 &&
		    strcmp(back.session_key, r->session_key) == 0)
			fail_msg("byte %zu does not count: %.40s", i, json + i);
		json[i] ^= 1;
		arena_free(tmp);
	}
}

static void
test_oversize_plan(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	char *text = arena_alloc(a, REQUEST_MAX_BYTES + 100), *json;
	struct err e = {0};
	struct request *r;
	size_t n;

	memset(text, 'x', REQUEST_MAX_BYTES + 10);
	p->text = text;
	p->text_len = REQUEST_MAX_BYTES + 10;
	r = world_request(a, p);
	assert_non_null(r);
	assert_int_equal(request_encode(a, r, &json, &n, &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
}

static void
test_answers(void **state)
{
	static const struct {
		const char *from, *to;
	} bad[] = {
	    {"\"decision\"", "\"Decision\""},
	    {"holdfast-answer-v1", "holdfast-answer-v9"},
	    {"{", "{\"a\":{},"},
	    {"\"approver\":\"bob\"", "\"approver\":[\"bob\"]"},
	    {PLAN_ID, "short"},
	    {"20:31:02Z", "20:31:02 "},
	    {"}", "} "},
	};
	struct arena *a = *state;
	struct answer s = {"deny", PLAN_ID, "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z",
			  "not this one", "QUJD"},
		      back;
	struct err e = {0};
	char *json, *mutant;
	size_t n, i;

	assert_int_equal(answer_encode(a, &s, &json, &n, &e), 0);
	assert_int_equal(answer_decode(a, json, n, &back, &e), 0);
	assert_string_equal(back.comment, "not this one");
	assert_string_equal(back.decision, "deny");
	s.comment = NULL;
	assert_int_equal(answer_encode(a, &s, &mutant, &n, &e), 0);
	assert_int_equal(answer_decode(a, mutant, n, &back, &e), 0);
	assert_string_equal(back.comment, "");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		mutant = swap(a, json, bad[i].from, bad[i].to);
		if (answer_decode(a, mutant, strlen(mutant), &back, &e) != -1)
			fail_msg("taken: %s -> %s", bad[i].from, bad[i].to);
	}
	mutant = arena_alloc(a, ANSWER_MAX_BYTES + 10);
	memset(mutant, 'A', ANSWER_MAX_BYTES + 1);
	s.sig = mutant;
	assert_int_equal(answer_encode(a, &s, &json, &n, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_oversize_plan, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
