/*
 * The signed texts, byte for byte, and who counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static char *
statement(struct arena *a, const struct request *r, const char *decision, const char *comment)
{
	struct err e = {0};
	char *out = NULL;

	assert_int_equal(
	    approval_statement(a, r, decision, "bob", r->issued, r->expires, comment, &out, &e), 0);
	return out;
}

static void
test_statement_bytes(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	struct request *r = world_request(a, p);
	char objects[SHA256_HEX];

	assert_non_null(r);
	plan_objects_digest(p, objects);
	assert_string_equal(
	    statement(a, r, "approve", NULL), arena_printf(a,
						  "holdfast-approval-v1\n"
						  "decision: approve\n"
						  "request: " PLAN_ID "\n"
						  "plan: sha256:%s\n"
						  "policy: sha256:" HEX_A "\n"
						  "cluster: pg:7312\n"
						  "node: pg:7312:0123456789ab\n"
						  "role: primary\n"
						  "database: 73686f70\n"
						  "objects: sha256:%s\n"
						  "topology: sha256:" HEX_A "\n"
						  "journal: " PLAN_ID ":17:" HEX_A "\n"
						  "requester: alice\n"
						  "approver: bob\n"
						  "issued: 2026-11-21T20:31:02Z\n"
						  "expires: 2026-11-21T20:46:02Z\n",
						  p->digest, objects));
	assert_non_null(strstr(statement(a, r, "deny", "no"), "\ncomment: 6e6f\n"));
	assert_null(strstr(statement(a, r, "deny", ""), "comment"));
	assert_string_equal(
	    cert_statement(a, PLAN_ID, "ssh-ed25519 AAAA", "alice", "h\nx", "2026-11-21T20:31:02Z"),
	    "holdfast-session-v1\nsession: " PLAN_ID
	    "\nkey: ssh-ed25519 AAAA\nperson: alice\nhost: hex:680a78\nissued: "
	    "2026-11-21T20:31:02Z\n");
}

/* Whatever changes in the plan or around it changes the text. */
static void
test_everything_is_bound(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	const char *before = statement(a, world_request(a, p), "approve", NULL), *after;
	struct request *r;

#define CHANGED(change, back)                                                                      \
	do {                                                                                       \
		change;                                                                            \
		r = world_request(a, p);                                                           \
		assert_non_null(r);                                                                \
		after = statement(a, r, "approve", NULL);                                          \
		assert_string_not_equal(before, after);                                            \
		back;                                                                              \
	} while (0)
	CHANGED(p->session.database = "shop2", p->session.database = "shop");
	CHANGED(p->session.role = ROLE_REPLICA, p->session.role = ROLE_PRIMARY);
	CHANGED(p->session.identity = "x", p->session.identity = "pg:7312:0123456789ab");
	CHANGED(p->session.cluster = "x", p->session.cluster = "pg:7312");
	CHANGED(p->steps[0].texts[0] = "DROP TABLE a", p->steps[0].texts[0] = TEXT_DROP);
	CHANGED(p->steps[0].timeout_ms = 2, p->steps[0].timeout_ms = 1000);
	CHANGED(p->topology[0] = 'b', p->topology[0] = 'a');
	CHANGED(p->policy[0] = 'b', p->policy[0] = 'a');
	CHANGED(p->requester = "carol", p->requester = "alice");
	CHANGED(p->statements[0].actions[0].objects[0].oid++,
	    p->statements[0].actions[0].objects[0].oid--);
	CHANGED(p->statements[0].actions[0].objects[0].relfilenode++,
	    p->statements[0].actions[0].objects[0].relfilenode--);
	CHANGED(p->id[0] = 'b', p->id[0] = 'a');
	r = world_request(a, p);
	assert_string_equal(before, statement(a, r, "approve", NULL));
	r->journal = PLAN_ID ":18:" HEX_A;
	assert_string_not_equal(before, statement(a, r, "approve", NULL));
}

static void
test_no_value_breaks_out(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	struct request *r;
	char *out;

	p->session.identity = "x\nrole: replica";
	p->session.cluster = "hex:00";
	p->session.database = "a\nb";
	r = world_request(a, p);
	out = statement(a, r, "approve", NULL);
	assert_null(strstr(out, "replica"));
	assert_non_null(strstr(out, "\nnode: hex:780a726f6c653a207265706c696361\n"));
	assert_non_null(strstr(out, "\ncluster: hex:6865783a3030\n"));
	assert_non_null(strstr(out, "\ndatabase: 610a62\n"));
}

static void
test_choices_are_checked(void **state)
{
	static const struct {
		const char *decision, *approver, *issued, *expires, *comment;
	} bad[] = {
	    {"maybe", "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", NULL},
	    {"approve", "bob\nx", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", NULL},
	    {"approve", "", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", NULL},
	    {"approve", "bob", "2026-11-21T20:31:02", "2026-11-21T20:46:02Z", NULL},
	    {"approve", "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:31:02Z", NULL},
	    {"approve", "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", "but"},
	    {"deny", "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", "caf\303\251"},
	    {"deny", "bob", "2026-11-21T20:31:02Z", "2026-11-21T20:46:02Z", "a\nb"},
	};
	struct arena *a = *state;
	struct request *r = world_request(a, world_plan(a));
	struct err e = {0};
	char *out;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(approval_statement(a, r, bad[i].decision, bad[i].approver,
				     bad[i].issued, bad[i].expires, bad[i].comment, &out, &e),
		    -1);
}

static void
test_too_long_is_refused(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	char *name = arena_alloc(a, 2001);
	struct err e = {0};
	struct request *r;
	char *out;

	memset(name, 'x', 2000);
	p->session.database = name;
	r = world_request(a, p);
	assert_int_equal(
	    approval_statement(a, r, "approve", "bob", r->issued, r->expires, NULL, &out, &e), -1);
	assert_int_equal(e.code, ERR_REFUSED);
}

/* --- who counts ---------------------------------------------------------------------------- */

static struct verified
says(const char *person, const char *decision)
{
	struct verified v = {
	    person, decision, "2026-11-21T20:32:00Z", "2026-11-21T20:46:02Z", "SHA256:x", ""};

	return v;
}

static void
test_judge(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	struct request *r = world_request(a, p);
	struct operators *o = world_operators(a);
	struct verified v[4] = {says("alice", "approve")};
	const char *s;

	assert_int_equal(request_judge(a, r, v, 0, o, NOW, &s), REQUEST_OPEN);
	assert_string_equal(s, "0 of 1 approvals; may still approve: bob, carol");
	/* The requester never counts. */
	assert_int_equal(request_judge(a, r, v, 1, o, NOW, &s), REQUEST_OPEN);
	v[0] = says("dave", "approve");
	v[1] = says("erin", "approve");
	v[2] = says("mallory", "approve");
	assert_int_equal(request_judge(a, r, v, 3, o, NOW, &s), REQUEST_OPEN);
	v[0] = says("bob", "approve");
	assert_int_equal(request_judge(a, r, v, 1, o, NOW, &s), REQUEST_APPROVED);
	assert_string_equal(s, "approved by bob");
	v[0].expires = "2026-11-21T20:31:02Z";
	assert_int_equal(request_judge(a, r, v, 1, o, NOW, &s), REQUEST_OPEN);
	v[0] = says("bob", "approve");
	assert_int_equal(request_judge(a, r, v, 1, o, NOW + 900, &s), REQUEST_EXPIRED);
	assert_int_equal(request_judge(a, r, v, 1, o, NOW + 899, &s), REQUEST_APPROVED);
	assert_int_equal(request_judge(a, r, v, 1, NULL, NOW, &s), REQUEST_OPEN);
}

static void
test_quorum_counts_persons(void **state)
{
	struct arena *a = *state;
	struct plan *p = world_plan(a);
	struct operators *o = world_operators(a);
	struct verified v[3] = {
	    says("bob", "approve"), says("bob", "approve"), says("carol", "approve")};
	struct request *r;
	const char *s;

	p->verdict.approvals = 2;
	r = world_request(a, p);
	/* bob has two keys and is one person. */
	assert_int_equal(request_judge(a, r, v, 2, o, NOW, &s), REQUEST_OPEN);
	assert_string_equal(s, "1 of 2 approvals, by bob; may still approve: carol");
	assert_int_equal(request_judge(a, r, v, 3, o, NOW, &s), REQUEST_APPROVED);
	assert_string_equal(s, "approved by bob, carol");
	p->verdict.approvals = 3;
	r = world_request(a, p);
	assert_int_equal(request_judge(a, r, v, 3, o, NOW, &s), REQUEST_OPEN);
	assert_non_null(strstr(s, "too few persons"));
	/* A plan that asks for none still needs one. */
	p->verdict.approvals = 0;
	r = world_request(a, p);
	assert_int_equal(request_judge(a, r, v, 0, o, NOW, &s), REQUEST_OPEN);
}

static void
test_deny_blocks(void **state)
{
	struct arena *a = *state;
	struct request *r = world_request(a, world_plan(a));
	struct operators *o = world_operators(a);
	struct verified v[2] = {says("bob", "approve"), says("carol", "deny")};
	const char *s;

	v[1].comment = "wrong \x1b[2Jnode";
	assert_int_equal(request_judge(a, r, v, 2, o, NOW, &s), REQUEST_DENIED);
	assert_string_equal(s, "denied by carol: wrong \\x1b[2Jnode");
	assert_int_equal(request_judge(a, r, v, 2, o, NOW + 9000, &s), REQUEST_DENIED);
	v[1].person = "dave"; /* may not approve, so may not deny */
	assert_int_equal(request_judge(a, r, v, 2, o, NOW, &s), REQUEST_APPROVED);
	v[1].person = "erin"; /* may, or might have when she signed: a denial stays */
	assert_int_equal(request_judge(a, r, v, 2, o, NOW, &s), REQUEST_DENIED);
	v[1].person = "alice";
	assert_int_equal(request_judge(a, r, v, 2, o, NOW, &s), REQUEST_APPROVED);
}

static void
test_time(void **state)
{
	static const char *const bad[] = {"", "2026-11-21T20:31:02", "2026-11-21T20:31:02z",
	    "2026-11-21 20:31:02Z", "2026-11-21T20:31:02.5Z", "2026-11-21T20:31:02+00:00",
	    "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
	    "2026-11-21T20:31:60Z", "2026-00-10T00:00:00Z", " 2026-11-21T20:31:02Z",
	    "2026-11-21T20:31:02Z\n", "1969-12-31T23:59:59Z", "+026-11-21T20:31:02Z"};
	struct arena *a = *state;
	size_t i;

	assert_int_equal(rfc3339_parse("2026-11-21T20:31:02Z"), NOW);
	assert_string_equal(rfc3339(a, NOW), "2026-11-21T20:31:02Z");
	assert_string_equal(rfc3339(a, 0), "1970-01-01T00:00:00Z");
	assert_int_equal(rfc3339_parse("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(rfc3339_parse("2024-02-29T00:00:00Z"), 1709164800);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (rfc3339_parse(bad[i]) != -1)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(rfc3339_parse(NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_statement_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_everything_is_bound, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_value_breaks_out, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_choices_are_checked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_too_long_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_judge, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_quorum_counts_persons, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_deny_blocks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_time, setup, teardown),
	};

	return cmocka_run_group_tests_name("approval", tests, NULL, NULL);
}
