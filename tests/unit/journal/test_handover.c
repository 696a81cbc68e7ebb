/* journal verify: a handover counts only by the signature of who took over, over what its record
 * says. */
#include "fixture.h"

static const struct {
	const char *namespace;
	int by_bob, is_signed;
	const char *held, *want; /* want NULL: it holds */
} cases[] = {
    {NS_HANDOVER, 1, 1, "pg2", NULL},
    {NS_SESSION, 1, 1, "pg2", "a handover does not hold"},
    {NS_HANDOVER, 0, 1, "pg2", "a handover does not hold"},
    {NS_HANDOVER, 1, 1, "nothing", "not what its record says"},
    {NS_HANDOVER, 1, 0, "pg2", "a handover does not hold"},
};

static void
test_handovers(void **state)
{
	struct verify_report out;
	const char *said, *want;
	struct fixture f;
	struct journal *j;
	char *file, *text, *sig;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		want = cases[i].want;
		fixture_init(&f);
		j = fixture_open(&f, NULL);
		file = arena_strdup(f.a, journal_file(j));
		put_cert(&f, j, f.alice, "alice");
		text = arena_printf(f.a,
		    "holdfast-handover-v1\nincident: DB-1\njournal: %s\nfrom: alice\nto: bob\n"
		    "held: pg2\nissued: 2026-11-22T03:02:00Z\n",
		    journal_head(f.a, j));
		assert_int_equal(sshsig_sign(f.a, cases[i].by_bob ? f.bob : f.session,
				     cases[i].namespace, text, strlen(text), &sig, &e),
		    0);
		put(j, "incident",
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "action", "handover", "name", "DB-1",
			"person", "alice", "to", "bob", "held", cases[i].held, "statement", text,
			"signature", cases[i].is_signed ? sig : ""));
		journal_close(j);
		assert_int_equal(journal_verify(f.a, file, &f.operators, &out, &e), 0);
		assert_int_equal(out.code, want == NULL ? VERIFY_SEALED : VERIFY_UNTRUSTED);
		said = want == NULL ? out.witnessed : out.sentence;
		assert_non_null(strstr(said, want == NULL ? "record 1 by bob" : want));
		fixture_done(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
