/*
 * What sessions leave behind: holds that still stand, outcomes nobody knows. And rendering: what
 * a record shows is inert.
 */
#include <signal.h>

#include "fixture.h"

struct left {
	struct hold *holds;
	struct unknown *unknowns;
	size_t nholds, nunknowns;
};

static struct left
left_by(struct fixture *f)
{
	const char *dirs[] = {f->dir, "/nonexistent/holdfast"};
	struct left l;
	struct err e;

	if (journal_legacy(
		f->a, dirs, 2, NULL, &l.holds, &l.nholds, &l.unknowns, &l.nunknowns, &e) != 0)
		fail_msg("%s", e.msg);
	return l;
}

static json_t *
begin(int step, const char *kind, const char *node)
{
	return json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:[s]}", "plan", "p1", "step", step, "part",
	    "before", "kind", kind, "node", node, "identity", node, "xid", "77", "texts",
	    "SELECT pg_wal_replay_pause()");
}

static json_t *
outcome(int step, int ok)
{
	return json_pack("{s:s,s:i,s:b}", "plan", "p1", "step", step, "ok", ok);
}

static json_t *
hold(const char *node, const char *hardened)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "node", node, "identity", node, "cluster",
	    "shop", "position", "0/3000000", "plan", "p1", "hardened_at", hardened);
}

/* In a child that is killed, as a shell is. */
static void
in_killed_child(struct fixture *f, void (*story)(struct journal *j))
{
	int status;
	pid_t p = fork();

	if (p == 0) {
		story(fixture_open(f, NULL));
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFSIGNALED(status));
}

static void
story_crash(struct journal *j)
{
	put(j, "begin", begin(1, "hold", "pg2"));
	put(j, "outcome", outcome(1, 1));
	put(j, "hold", hold("pg2", ""));
	put(j, "hold", hold("pg2", "0/3000000"));
	put(j, "begin", begin(2, "hold", "pg3"));
	put(j, "outcome", outcome(2, 1));
	put(j, "begin", begin(3, "hold", "pg4"));
	put(j, "outcome", outcome(3, 0));
	put(j, "begin", begin(4, "statement", "pg1"));
}

static void
test_crash(void **state)
{
	struct fixture f;
	struct left l;
	struct journal *j;

	(void)state;
	fixture_init(&f);
	l = left_by(&f);
	assert_int_equal(l.nholds + l.nunknowns, 0);
	in_killed_child(&f, story_crash);
	l = left_by(&f);
	assert_int_equal(l.nholds, 2);
	assert_string_equal(l.holds[0].node, "pg2");
	assert_int_equal(l.holds[0].is_certain, 1);
	assert_int_equal(l.holds[0].is_hardened, 1);
	assert_string_equal(l.holds[0].hardened_at, "0/3000000");
	assert_string_equal(l.holds[0].person, "alice");
	assert_string_equal(l.holds[0].plan, "p1");
	assert_string_equal(l.holds[1].node, "pg3");
	assert_int_equal(l.holds[1].is_certain, 0);
	assert_int_equal(l.nunknowns, 1);
	assert_string_equal(l.unknowns[0].node, "pg1");
	assert_string_equal(l.unknowns[0].xid, "77");
	assert_string_equal(l.unknowns[0].text, "SELECT pg_wal_replay_pause()");
	/* The next session settles both. */
	j = fixture_open(&f, NULL);
	put(j, "begin", begin(1, "release", "pg2"));
	l = left_by(&f);
	assert_int_equal(l.nholds, 2);
	assert_int_equal(l.holds[0].is_certain, 0);
	put(j, "outcome", outcome(1, 1));
	put(j, "release", hold("pg2", ""));
	put(j, "recover",
	    json_pack("{s:{s:s,s:I},s:s}", "of", "session", l.unknowns[0].session, "seq",
		(json_int_t)l.unknowns[0].seq, "status", "committed"));
	l = left_by(&f);
	assert_int_equal(l.nholds, 1);
	assert_string_equal(l.holds[0].node, "pg3");
	assert_int_equal(l.nunknowns, 0);
	journal_close(j);
	l = left_by(&f);
	assert_int_equal(l.nunknowns, 0);
	fixture_done(&f);
}

/* A hold stands whoever made it, alive or not; a step under way is the living session's own. */
static void
test_live_and_closed(void **state)
{
	struct fixture f;
	struct left l;
	struct journal *j;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	put(j, "begin", begin(1, "hold", "pg2"));
	put(j, "outcome", outcome(1, 1));
	put(j, "hold", hold("pg2", ""));
	put(j, "begin", begin(2, "statement", "pg1"));
	l = left_by(&f);
	assert_int_equal(l.nholds, 1);
	assert_int_equal(l.nunknowns, 0);
	put(j, "outcome", outcome(2, 1));
	journal_close(j);
	l = left_by(&f);
	assert_int_equal(l.nholds, 1);
	assert_int_equal(l.nunknowns, 0);
	fixture_done(&f);
}

/* A session that only writes down what became of another one's statement leaves that behind. */
static void
test_recover_only(void **state)
{
	struct fixture f;
	struct left l;
	struct journal *j;

	(void)state;
	fixture_init(&f);
	in_killed_child(&f, story_crash);
	l = left_by(&f);
	assert_int_equal(l.nunknowns, 1);
	assert_string_equal(l.unknowns[0].identity, "pg1");
	j = fixture_open(&f, NULL);
	put(j, "recover",
	    json_pack("{s:{s:s,s:I},s:s}", "of", "session", l.unknowns[0].session, "seq",
		(json_int_t)l.unknowns[0].seq, "status", "aborted"));
	journal_close(j);
	l = left_by(&f);
	assert_int_equal(l.nunknowns, 0);
	fixture_done(&f);
}

static void
story_undone(struct journal *j)
{
	/* The pause was taken back: the same step, once more, as a release. */
	put(j, "begin", begin(1, "hold", "pg2"));
	put(j, "outcome", outcome(1, 1));
	put(j, "begin", begin(1, "release", "pg2"));
	put(j, "outcome", outcome(1, 0));
	/* The connection broke while a pause and a statement were under way. */
	put(j, "begin", begin(2, "hold", "pg3"));
	put(j, "outcome",
	    json_pack("{s:s,s:i,s:b,s:b}", "plan", "p1", "step", 2, "ok", 0, "unknown", 1));
}

static void
test_release_failed(void **state)
{
	struct fixture f;
	struct left l;

	(void)state;
	fixture_init(&f);
	in_killed_child(&f, story_undone);
	l = left_by(&f);
	assert_int_equal(l.nholds, 2);
	assert_string_equal(l.holds[0].node, "pg2");
	assert_string_equal(l.holds[1].node, "pg3");
	assert_int_equal(l.holds[1].is_certain, 0);
	assert_int_equal(l.nunknowns, 1);
	assert_string_equal(l.unknowns[0].node, "pg3");
	fixture_done(&f);
}

static void
test_render(void **state)
{
	struct fixture f;
	struct journal *j;
	struct journal_reader *r;
	struct record rec;
	struct err e;
	char *file, *out = NULL, raw[] = "a\x9b\xff\0b";
	const char *p;
	size_t lines = 0;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put(j, "note",
	    json_pack("{s:s}", "text",
		"x\x1b[2J\x07\n    1  2026-11-22 03:00:00  approval  by bob\xe2\x80\xae\n"));
	put(j, "input", json_pack("{s:o}", "text", journal_text(raw, sizeof(raw) - 1)));
	journal_close(j);
	assert_int_equal(journal_reader_open(file, &r, &e), 0);
	while (journal_reader_next(r, &rec, &e) == 1) {
		out = record_render(f.a, &rec);
		for (p = out; *p != '\0'; p++)
			assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
		if (strcmp(rec.type, "note") == 0) {
			assert_non_null(strstr(out, "x\\x1b[2J\\x07\n          |     1  2026"));
			assert_non_null(strstr(out, "\\u{202e}"));
		}
		if (strcmp(rec.type, "input") == 0)
			assert_non_null(strstr(out, "not UTF-8"));
		lines++;
	}
	assert_int_equal(lines, 4);
	journal_reader_close(r);
	fixture_done(&f);
}

static void
moves(struct journal *j, const char *plan, const char *proc, const char *quarantine, int ok)
{
	put(j, "begin",
	    json_pack("{s:s,s:i,s:s,s:s,s:{s:s,s:s,s:s}}", "plan", plan, "step", 1, "node", "db1",
		"proc", proc, "args", "above", "/var/lib/pg", "name", "main", "quarantine",
		quarantine));
	if (ok >= 0)
		put(j, "outcome", json_pack("{s:s,s:i,s:b}", "plan", plan, "step", 1, "ok", ok));
}

/* What an rm moved aside stays until it is back or gone; what failed moved nothing. */
static void
test_quarantined(void **state)
{
	struct quarantined *q;
	const char *dirs[1];
	struct fixture f;
	struct journal *j;
	struct err e;
	size_t n;

	(void)state;
	fixture_init(&f);
	dirs[0] = f.dir;
	j = fixture_open(&f, NULL);
	moves(j, "p1", "host-quarantine-v1", ".q1", 1);
	moves(j, "p2", "host-quarantine-v1", ".q2", 0);
	moves(j, "p3", "host-quarantine-v1", ".q3", -1);
	moves(j, "p4", "host-quarantine-v1", ".q4", 1);
	moves(j, "p5", "host-expunge-v1", ".q4", 1);
	moves(j, "p6", "host-quarantine-v1", ".q6", 1);
	moves(j, "p7", "host-restore-v1", ".q6", 0);
	put(j, "note", json_pack("{s:s}", "text", "x"));
	journal_close(j);
	assert_int_equal(journal_quarantined(f.a, dirs, 1, &q, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(q[0].path, "/var/lib/pg/.q1");
	assert_string_equal(q[0].was, "main");
	assert_string_equal(q[0].host, "db1");
	assert_string_equal(q[0].plan, "p1");
	j = fixture_open(&f, NULL);
	moves(j, "p8", "host-restore-v1", ".q1", 1);
	moves(j, "p9", "host-restore-v1", ".q6", -1);
	journal_close(j);
	assert_int_equal(journal_quarantined(f.a, dirs, 1, &q, &n, &e), 0);
	assert_int_equal(n, 2);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crash),
	    cmocka_unit_test(test_recover_only),
	    cmocka_unit_test(test_live_and_closed),
	    cmocka_unit_test(test_release_failed),
	    cmocka_unit_test(test_render),
	    cmocka_unit_test(test_quarantined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
