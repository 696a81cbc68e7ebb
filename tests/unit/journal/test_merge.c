/*
 * Several journals as one: each in its own order, causes before effects whatever the clocks say,
 * every record exactly once whatever the files claim. And what a word on the command line means.
 */
#include "fixture.h"

#define S1 "aaaaaaaaaaaaaaaaaaaaaaaaaa"
#define S2 "bbbbbbbbbbbbbbbbbbbbbbbbbb"

/* One record; `at` is seconds after 10:00:00. Reading does not check the chain. */
static const char *
line(struct fixture *f, int seq, int at, const char *type, const char *rest)
{
	return arena_printf(f->a,
	    "{\"prev\":\"%064d\",\"seq\":%d,\"t\":\"2026-11-22T10:%02d:%02d.000000Z\",\"boot\":"
	    "\"1\","
	    "\"type\":\"%s\"%s}\n",
	    0, seq, at / 60, at % 60, type, rest);
}

static const char *
open_line(struct fixture *f, const char *session, int at, int part, const char *parent)
{
	return line(f, 0, at, "open",
	    arena_printf(f->a,
		",\"session\":\"%s\",\"part\":%d,\"person\":\"p\",\"host\":\"h\",\"cluster\":\"c\"%"
		"s",
		session, part, parent));
}

static const char *
file(struct fixture *f, const char *name, const char *text)
{
	const char *path = arena_printf(f->a, "%s/%s.jsonl", f->dir, name);

	spill(path, text, strlen(text));
	return path;
}

/* "0.0 1.0 0.1": source and seq of every record, in order. */
static const char *
order(struct fixture *f, const char *const *files, size_t n, int64_t *behind)
{
	struct journal_merge *m;
	struct merged r;
	struct err e;
	const char *out = "";

	if (journal_merge_open(files, n, &m, &e) != 0)
		fail_msg("%s", e.msg);
	while (journal_merge_next(m, &r) == 1) {
		out =
		    arena_printf(f->a, "%s%zu.%llu ", out, r.source, (unsigned long long)r.rec.seq);
		if (behind != NULL && r.behind_us > *behind)
			*behind = r.behind_us;
	}
	journal_merge_close(m);
	return out;
}

static void
test_time_orders_what_nothing_else_does(void **state)
{
	struct fixture f;
	const char *files[2], *turned[2];

	(void)state;
	fixture_init(&f);
	/* The second record of the first file has a clock set back: its place in its file stands.
	 */
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s%s", open_line(&f, S1, 1, 0, ""), line(&f, 1, 5, "note", ""),
		line(&f, 2, 3, "note", "")));
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s%s", open_line(&f, S2, 2, 0, ""), line(&f, 1, 4, "note", ""),
		line(&f, 2, 6, "note", "")));
	assert_string_equal(order(&f, files, 2, NULL), "0.0 1.0 1.1 0.1 0.2 1.2 ");
	turned[0] = files[1];
	turned[1] = files[0];
	assert_string_equal(order(&f, turned, 2, NULL), "0.0 1.0 1.1 0.1 0.2 1.2 ");
	/* Named twice is there once. */
	turned[0] = files[0];
	assert_string_equal(order(&f, turned, 2, NULL), "0.0 0.1 0.2 ");
	fixture_done(&f);
}

static void
test_causes_come_first(void **state)
{
	struct fixture f;
	const char *files[2];
	int64_t behind = 0;

	(void)state;
	fixture_init(&f);
	/* b's clock is 5 minutes behind, but its open names a's record 2 as its predecessor. */
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s%s", open_line(&f, S1, 400, 0, ""), line(&f, 1, 410, "note", ""),
		line(&f, 2, 420, "note", "")));
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s",
		open_line(&f, S2, 100, 0, ",\"parent\":{\"session\":\"" S1 "\",\"seq\":2}"),
		line(&f, 1, 110, "note", "")));
	assert_string_equal(order(&f, files, 2, &behind), "0.0 0.1 0.2 1.0 1.1 ");
	assert_int_equal(behind, 320 * 1000000LL);

	/* An approval signs a head: what it approves came before it. */
	behind = 0;
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s", open_line(&f, S2, 100, 0, ""),
		line(&f, 1, 110, "approval",
		    ",\"statement\":\"holdfast-approval-v1\\njournal: " S1 ":1:00\\nx: y\\n\"")));
	assert_string_equal(order(&f, files, 2, &behind), "1.0 0.0 0.1 1.1 0.2 ");
	assert_int_equal(behind, 300 * 1000000LL);

	/* So does what an unknown outcome was found to be. */
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s", open_line(&f, S2, 100, 0, ""),
		line(&f, 1, 110, "recover", ",\"of\":{\"session\":\"" S1 "\",\"seq\":0}")));
	assert_string_equal(order(&f, files, 2, NULL), "1.0 0.0 1.1 0.1 0.2 ");
	fixture_done(&f);
}

static void
test_lies_lose_nothing(void **state)
{
	struct fixture f;
	const char *files[2];

	(void)state;
	fixture_init(&f);
	/* Each claims to follow the other's end. */
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s",
		open_line(&f, S1, 5, 0, ",\"parent\":{\"session\":\"" S2 "\",\"seq\":1}"),
		line(&f, 1, 6, "note", "")));
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s",
		open_line(&f, S2, 7, 0, ",\"parent\":{\"session\":\"" S1 "\",\"seq\":1}"),
		line(&f, 1, 8, "note", "")));
	assert_string_equal(order(&f, files, 2, NULL), "0.0 0.1 1.0 1.1 ");
	/* A record that never comes is not waited for, nor one of a session that is not here. */
	files[1] = file(&f, "b",
	    arena_printf(f.a, "%s%s",
		open_line(&f, S2, 1, 0, ",\"parent\":{\"session\":\"" S1 "\",\"seq\":900}"),
		line(&f, 1, 2, "note", "")));
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s",
		open_line(&f, S1, 5, 0,
		    ",\"parent\":{\"session\":\"cccccccccccccccccccccccccc\",\"seq\":1}"),
		line(&f, 1, 6, "note", "")));
	assert_string_equal(order(&f, files, 2, NULL), "0.0 0.1 1.0 1.1 ");
	fixture_done(&f);
}

static void
test_parts_copies_and_damage(void **state)
{
	struct fixture f;
	const struct merge_source *src;
	const char *files[3];
	struct journal_merge *m;
	struct merged r;
	struct err e;
	size_t n, given = 0;

	(void)state;
	fixture_init(&f);
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s", open_line(&f, S1, 5, 0, ""), line(&f, 1, 6, "note", "")));
	/* The same session goes on in another file, whose clock was set back. */
	files[1] = file(
	    &f, "a1", open_line(&f, S1, 1, 1, ",\"parent\":{\"session\":\"" S1 "\",\"seq\":1}"));
	/* A copy of the first that has less of it. */
	files[2] = file(&f, "z-copy", open_line(&f, S1, 5, 0, ""));
	assert_string_equal(order(&f, files, 3, NULL), "0.0 0.1 1.0 ");

	/* A line that is no record ends its file, and the others go on; a torn tail is no damage.
	 */
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s%s", open_line(&f, S1, 5, 0, ""), "{\"prev\":\x1b[2J}\n",
		line(&f, 1, 6, "note", "")));
	files[1] = file(
	    &f, "b", arena_printf(f.a, "%s%s", open_line(&f, S2, 7, 0, ""), "{\"prev\":\"0000"));
	assert_int_equal(journal_merge_open(files, 2, &m, &e), 0);
	while (journal_merge_next(m, &r) == 1)
		given++;
	src = journal_merge_sources(m, &n);
	assert_int_equal(n, 2);
	assert_int_equal(given, 2);
	assert_non_null(src[0].damage);
	assert_null(src[1].damage);
	journal_merge_close(m);
	fixture_done(&f);
}

static void
test_incident_of_a_record(void **state)
{
	struct fixture f;
	const char *files[1], *seen = "";
	struct journal_merge *m;
	struct merged r;
	struct err e;

	(void)state;
	fixture_init(&f);
	files[0] = file(&f, "a",
	    arena_printf(f.a, "%s%s%s%s%s", open_line(&f, S1, 1, 0, ""),
		line(&f, 1, 2, "incident", ",\"action\":\"open\",\"name\":\"DB-1\""),
		line(&f, 2, 3, "note", ""),
		line(&f, 3, 4, "incident", ",\"action\":\"close\",\"name\":\"DB-1\""),
		line(&f, 4, 5, "note", "")));
	assert_int_equal(journal_merge_open(files, 1, &m, &e), 0);
	while (journal_merge_next(m, &r) == 1)
		seen = arena_printf(f.a, "%s[%s]", seen, r.incident);
	journal_merge_close(m);
	assert_string_equal(seen, "[][DB-1][DB-1][DB-1][]");
	fixture_done(&f);
}

static void
test_what_a_word_means(void **state)
{
	struct fixture f;
	const char *dirs[1], *one, **files;
	struct err e;
	size_t n;

	(void)state;
	fixture_init(&f);
	dirs[0] = f.dir;
	one = file(&f, "a",
	    arena_printf(f.a, "%s%s", open_line(&f, S1, 1, 0, ""),
		line(&f, 1, 2, "incident", ",\"action\":\"open\",\"name\":\"DB-1\"")));
	file(&f, "b",
	    arena_printf(f.a, "%s%s", open_line(&f, S2, 1, 0, ""),
		line(&f, 1, 2, "incident", ",\"action\":\"open\",\"name\":\"DB-1\"")));
	file(&f, "c",
	    arena_printf(f.a, "%s%s", open_line(&f, "bbbbcccccccccccccccccccccc", 1, 0, ""),
		line(&f, 1, 2, "note", ",\"text\":\"DB-1\"")));
	assert_int_equal(journal_resolve(f.a, dirs, 1, "DB-1", &files, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(files[0], one);
	assert_int_equal(journal_resolve(f.a, dirs, 1, "aaaa", &files, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(files[0], one);
	assert_int_equal(journal_resolve(f.a, dirs, 1, one, &files, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(journal_resolve(f.a, dirs, 1, "bbbb", &files, &n, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_int_equal(journal_resolve(f.a, dirs, 1, "aaa", &files, &n, &e), -1);
	assert_int_equal(journal_resolve(f.a, dirs, 1, "DB-2", &files, &n, &e), -1);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_time_orders_what_nothing_else_does),
	    cmocka_unit_test(test_causes_come_first),
	    cmocka_unit_test(test_lies_lose_nothing),
	    cmocka_unit_test(test_parts_copies_and_damage),
	    cmocka_unit_test(test_incident_of_a_record),
	    cmocka_unit_test(test_what_a_word_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
