/*
 * What no file shows by itself: a head that somebody else holds, heads this user saw before, and
 * what each of several directories holds.
 */
#include "fixture.h"

struct asked {
	struct fixture f;
	char *file, *dir2, *seen;
	const char *paths[2];
	size_t npaths;
	const char *expect[1];
	struct verify_ask ask;
	struct verify_result r;
};

static void
init(struct asked *x)
{
	memset(x, 0, sizeof(*x));
	fixture_init(&x->f);
	x->file = fixture_story(&x->f, fixture_open(&x->f, NULL));
	x->dir2 = arena_printf(x->f.a, "%s/copy", x->f.dir);
	x->seen = arena_printf(x->f.a, "%s/state/deeper/heads", x->f.dir);
	x->paths[0] = x->f.dir;
	x->paths[1] = x->dir2;
	x->npaths = 1;
	x->ask.operators = &x->f.operators;
	x->ask.expect = x->expect;
}

static enum verify_code
all(struct asked *x)
{
	struct err e;

	if (journal_verify_all(x->f.a, x->paths, x->npaths, &x->ask, &x->r, &e) != 0)
		fail_msg("%s", e.msg);
	return x->r.worst;
}

static const char *
sentence(const struct asked *x)
{
	return x->r.items[0].report.sentence;
}

static void
cut(struct asked *x, size_t lines)
{
	size_t n, i;
	char *p = slurp(&x->f, x->file, &n);

	for (i = 0; lines > 0; i++)
		lines -= p[i] == '\n';
	assert_int_equal(truncate(x->file, (off_t)i), 0);
}

static void
test_expect(void **state)
{
	struct verify_ask one;
	struct asked x;
	struct err e;

	(void)state;
	init(&x);
	assert_int_equal(all(&x), VERIFY_SEALED);
	x.expect[0] = x.r.items[0].report.head;
	x.ask.nexpect = 1;
	assert_int_equal(all(&x), VERIFY_SEALED);
	/* The same number with another hash; a number that is not there; another session. */
	x.expect[0] = arena_printf(x.f.a, "%.26s:3:%064d", x.r.items[0].report.head, 7);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_non_null(strstr(sentence(&x), "replaced: record 3"));
	x.expect[0] = arena_printf(x.f.a, "%.26s:30:%064d", x.r.items[0].report.head, 7);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_non_null(strstr(sentence(&x), "rolled back"));
	x.expect[0] = arena_printf(x.f.a, "%.26s:3:%064d", "aaaaaaaaaaaaaaaaaaaaaaaaaa", 7);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_int_equal(x.r.nfailed, 1);
	assert_non_null(strstr(x.r.failed[0], "no file is here"));
	one = x.ask;
	x.expect[0] = "nonsense";
	assert_int_equal(journal_verify_all(x.f.a, x.paths, 1, &one, &x.r, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	fixture_done(&x.f);
}

/* Cut after the last signature: nothing in the file says so; an approver's head, or ours, does. */
static void
test_cut_is_remembered(void **state)
{
	struct asked x;
	struct stat st;

	(void)state;
	init(&x);
	x.ask.seen_file = x.seen;
	assert_int_equal(all(&x), VERIFY_SEALED);
	assert_int_equal(stat(x.seen, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(all(&x), VERIFY_SEALED);
	chmod(x.file, 0600);
	cut(&x, 20);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_non_null(strstr(sentence(&x), "rolled back: you saw record"));
	/* And it is not forgotten by being seen. */
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	x.ask.seen_file = NULL;
	assert_int_equal(all(&x), VERIFY_OPEN);
	assert_non_null(strstr(x.r.items[0].report.witnessed, "unwitnessed"));
	fixture_done(&x.f);
}

/* Another whole story under the same session id: the one thing that differs is what was seen. */
static void
test_replaced_is_remembered(void **state)
{
	struct asked x;
	char *text, *p;
	size_t n;

	(void)state;
	init(&x);
	x.ask.seen_file = x.seen;
	assert_int_equal(all(&x), VERIFY_SEALED);
	text = slurp(&x.f, x.seen, &n);
	text[n] = '\0';
	p = strrchr(text, ' ') + 1;
	*p = *p == '0' ? '1' : '0';
	spill(x.seen, text, n);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_non_null(strstr(sentence(&x), "another than the one you saw before"));
	/* Lines that are none are passed over; a file of somebody else's is said. */
	spill(x.seen, "x\n\n1 2 3\n", 9);
	assert_int_equal(all(&x), VERIFY_SEALED);
	unlink(x.seen);
	assert_int_equal(symlink("/etc/passwd", x.seen), 0);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	assert_int_equal(x.r.nfailed, 1);
	fixture_done(&x.f);
}

/* A live file: only what is signed must stay, as a power cut may take the rest. */
static void
test_live(void **state)
{
	struct asked x;
	struct journal *j;
	struct err e;
	const char *head;
	size_t i;

	(void)state;
	init(&x);
	x.ask.seen_file = x.seen;
	unlink(x.file);
	j = fixture_open(&x.f, NULL);
	put(j, "note", json_object());
	assert_int_equal(all(&x), VERIFY_OPEN);
	assert_int_not_equal(access(x.seen, F_OK), 0);
	assert_int_equal(journal_checkpoint(j, &e), 0);
	head = journal_head(x.f.a, j);
	put(j, "note", json_object());
	assert_int_equal(all(&x), VERIFY_OPEN);
	assert_string_equal(x.r.items[0].report.lasting, head);
	assert_int_equal(access(x.seen, F_OK), 0);
	for (i = 0; i < 3; i++)
		put(j, "note", json_object());
	assert_int_equal(all(&x), VERIFY_OPEN);
	journal_close(j);
	assert_int_equal(all(&x), VERIFY_UNTRUSTED);
	fixture_done(&x.f);
}

static void
test_places(void **state)
{
	struct asked x;
	char *copy, *p;
	size_t n, i, lines = 12;

	(void)state;
	init(&x);
	x.ask.seen_file = x.seen;
	x.npaths = 2;
	assert_int_equal(mkdir(x.dir2, 0700), 0);
	p = slurp(&x.f, x.file, &n);
	assert_int_equal(all(&x), VERIFY_SEALED);
	assert_int_equal(x.r.nplaces, 2);
	assert_int_equal(x.r.places[0].files, 1);
	assert_int_equal(x.r.places[0].nlacks, 0);
	assert_int_equal(x.r.places[1].files, 0);
	assert_non_null(strstr(x.r.places[1].lacks[0], "has not "));
	/* A copy that lags: no rollback and no fork, but said. */
	for (i = 0; lines > 0; i++)
		lines -= p[i] == '\n';
	copy = arena_printf(x.f.a, "%s%s", x.dir2, strrchr(x.file, '/'));
	spill(copy, p, i);
	assert_int_equal(all(&x), VERIFY_OPEN);
	assert_non_null(strstr(x.r.places[1].lacks[0], "has 12 of the "));
	/* A copy that tells another story is a fork. */
	p[i - 40] ^= 1;
	spill(copy, p, n);
	assert_int_equal(all(&x), VERIFY_TAMPERED);
	fixture_done(&x.f);
}

static void
test_witnesses(void **state)
{
	struct asked x;

	(void)state;
	init(&x);
	assert_int_equal(all(&x), VERIFY_SEALED);
	assert_int_equal(x.r.items[0].report.nwitnesses, 1);
	assert_string_equal(x.r.items[0].report.witnesses[0].person, "bob");
	assert_int_equal(x.r.items[0].report.witnesses[0].seq, 5);
	assert_int_equal(x.r.items[0].report.witnesses[0].answers, 2);
	assert_non_null(strstr(x.r.items[0].report.witnessed, " s) unwitnessed"));
	fixture_done(&x.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expect),
	    cmocka_unit_test(test_cut_is_remembered),
	    cmocka_unit_test(test_replaced_is_remembered),
	    cmocka_unit_test(test_live),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_witnesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
