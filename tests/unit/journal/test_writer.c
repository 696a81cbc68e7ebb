/*
 * The writer: what it writes, what it refuses, and what it does when the disk fails. Failing
 * disks are real ones: file size limits, directories without rights, changed files.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "fixture.h"

/* fdatasync as the writer sees it: fails as often as asked. Everything else goes to the kernel. */
static int failing_syncs;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int
__wrap_fdatasync(int fd)
{
	if (failing_syncs > 0) {
		failing_syncs--;
		errno = EIO;
		return -1;
	}
	return __real_fdatasync(fd);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
test_first_bytes(void **state)
{
	struct fixture f;
	struct journal *j;
	struct stat st;
	char *text, *file;
	size_t n;
	int fd;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	put(j, "note", json_pack("{s:s}", "text", "del \x7f esc \x1b uml \xc3\xa4 line\n"));
	text = slurp(&f, file, &n);
	assert_int_equal(
	    strncmp(text,
		"{\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\","
		"\"seq\":0,\"t\":\"2",
		89),
	    0);
	assert_non_null(strstr(text, "\",\"seq\":1,\"t\":\""));
	assert_non_null(strstr(text, "del \\u007f esc \\u001B uml \\u00E4 line\\n\"}\n"));
	for (; n > 0; n--)
		assert_true(text[n - 1] == '\n' || (text[n - 1] >= 0x20 && text[n - 1] < 0x7f));
	/* One writer: the lock is held, and a second one is told so. */
	fd = open(file, O_RDONLY);
	assert_int_equal(verify(file, &f.operators, NULL, 0), VERIFY_OPEN);
	close(fd);
	journal_close(j);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	fixture_done(&f);
}

static void
test_refused_bodies(void **state)
{
	struct fixture f;
	struct journal *j;
	char *big = malloc(2 << 20);
	struct err e;
	uint64_t seq;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	seq = journal_seq(j);
	memset(big, 'a', 2 << 20);
	big[(2 << 20) - 1] = '\0';
	assert_int_equal(journal_put(j, "note", json_pack("{s:s}", "text", big), &e), -1);
	assert_non_null(strstr(e.msg, "longer than"));
	assert_int_equal(journal_put(j, "note", json_pack("{s:f}", "x", 1.5), &e), -1);
	assert_int_equal(
	    journal_put(j, "note", json_pack("{s:I}", "x", (json_int_t)1 << 53), &e), -1);
	assert_int_equal(journal_put(j, "note", json_pack("{s:i}", "seq", 1), &e), -1);
	assert_int_equal(journal_put(j, "note", json_pack("{s:s}", "sig", "x"), &e), -1);
	assert_int_equal(journal_put(j, "other", json_pack("{}"), &e), -1);
	assert_int_equal(journal_put(j, "note", json_array(), &e), -1);
	assert_int_equal(
	    journal_put(j, "note", json_pack("{s:s#}", "x", "a\0b", (size_t)3), &e), -1);
	assert_int_equal(journal_seq(j), seq);
	assert_true(journal_is_writable(j));
	/* The longest that fits does. */
	big[JOURNAL_LINE_MAX - 4096] = '\0';
	put(j, "note", json_pack("{s:s}", "text", big));
	assert_int_equal(journal_seq(j), seq + 1);
	free(big);
	journal_close(j);
	fixture_done(&f);
}

static void
test_bad_directories(void **state)
{
	struct fixture f;
	const char *dirs[1];
	struct journal_setup s = {.dirs = dirs, .ndirs = 1, .person = "alice"};
	struct journal *j;
	char *dir, *other;
	struct err e;

	(void)state;
	fixture_init(&f);
	s.key = f.session;
	dir = arena_printf(f.a, "%s/a", f.dir);
	dirs[0] = dir;
	mkdir(dir, 0700);
	chmod(dir, 0777);
	assert_int_equal(journal_open(&s, &j, &e), -1);
	assert_int_equal(e.code, ERR_JOURNAL);
	assert_non_null(strstr(e.msg, "everybody can write"));
	chmod(dir, 0770);
	assert_int_equal(journal_open(&s, &j, &e), -1);
	assert_non_null(strstr(e.msg, "others can replace"));
	/* Sticky: others can add, and not replace. */
	chmod(dir, 01770);
	assert_int_equal(journal_open(&s, &j, &e), 0);
	journal_close(j);
	/* A file in the place of the directory; a relative path; a missing one is made. */
	other = arena_printf(f.a, "%s/file", f.dir);
	spill(other, "x", 1);
	dirs[0] = other;
	assert_int_equal(journal_open(&s, &j, &e), -1);
	dirs[0] = "relative";
	assert_int_equal(journal_open(&s, &j, &e), -1);
	dirs[0] = arena_printf(f.a, "%s/new/deeper", f.dir);
	assert_int_equal(journal_open(&s, &j, &e), 0);
	journal_close(j);
	s.ndirs = 0;
	assert_int_equal(journal_open(&s, &j, &e), -1);
	fixture_done(&f);
}

/* A link of somebody else on the way could lead anywhere. Needs root to make one. */
static void
test_foreign_link(void **state)
{
	struct fixture f;
	const char *dirs[1];
	struct journal_setup s = {.dirs = dirs, .ndirs = 1, .person = "alice"};
	struct journal *j;
	char *real, *link_name;
	struct err e;

	(void)state;
	fixture_init(&f);
	s.key = f.session;
	real = arena_printf(f.a, "%s/real", f.dir);
	link_name = arena_printf(f.a, "%s/link", f.dir);
	mkdir(real, 0700);
	assert_int_equal(symlink(real, link_name), 0);
	dirs[0] = link_name;
	assert_int_equal(journal_open(&s, &j, &e), 0);
	journal_close(j);
	if (geteuid() == 0) {
		assert_int_equal(lchown(link_name, 65534, 65534), 0);
		assert_int_equal(journal_open(&s, &j, &e), -1);
		assert_non_null(strstr(e.msg, "symbolic link of another user"));
		assert_int_equal(chown(real, 65534, 65534), 0);
		dirs[0] = real;
		assert_int_equal(journal_open(&s, &j, &e), -1);
		assert_non_null(strstr(e.msg, "belongs to another user"));
	}
	fixture_done(&f);
}

/* The file fails at `limit` bytes; the second directory takes over, and nothing is lost. */
static void
test_second_directory(void **state)
{
	struct rlimit old, small;
	struct fixture f;
	struct journal *j;
	char *first, *second, *dir2, text[1024], *t;
	size_t n, i;

	(void)state;
	fixture_init(&f);
	dir2 = arena_printf(f.a, "%s/two", f.dir);
	getrlimit(RLIMIT_FSIZE, &old);
	j = fixture_open(&f, dir2);
	first = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	put(j, "begin", json_pack("{s:s,s:i,s:s}", "plan", "p", "step", 1, "node", "pg1"));
	small = old;
	small.rlim_cur = 4096;
	setrlimit(RLIMIT_FSIZE, &small);
	for (i = 0; journal_seq(j) != 0 && strcmp(first, journal_file(j)) == 0; i++)
		put(j, "note",
		    json_pack("{s:i,s:s}", "n", (int)i, "text",
			"0123456789012345678901234567890123456789012345678901234567890123456789"));
	setrlimit(RLIMIT_FSIZE, &old);
	put(j, "outcome", json_pack("{s:s,s:i,s:b}", "plan", "p", "step", 1, "ok", 1));
	second = arena_strdup(f.a, journal_file(j));
	assert_int_equal(strncmp(second, dir2, strlen(dir2)), 0);
	journal_close(j);
	t = slurp(&f, second, &n);
	t[n] = '\0';
	assert_int_equal(count(t, "\"type\":\"degraded\""), 1);
	assert_int_equal(count(t, arena_printf(f.a, "\"n\":%zu,", i - 1)), 1);
	assert_non_null(strstr(t, "\"begun\":[[\"p\",1]]"));
	assert_int_equal(verify(second, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	/* The first one stays as it was: a torn line at its end, an outcome it does not know. */
	assert_int_equal(verify(first, &f.operators, text, sizeof(text)), VERIFY_CRASH);
	/* Every note is in one of the two. */
	t = slurp(&f, first, &n);
	t[n] = '\0';
	assert_int_equal(count(t, arena_printf(f.a, "\"n\":%zu,\"text\":\"0123", i - 2)), 1);
	fixture_done(&f);
}

static void
test_failing_sync(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *first, *second, *dir2, text[1024], *t;
	size_t n;

	(void)state;
	fixture_init(&f);
	dir2 = arena_printf(f.a, "%s/two", f.dir);
	j = fixture_open(&f, dir2);
	first = arena_strdup(f.a, journal_file(j));
	assert_int_equal(journal_add(j, "note", json_pack("{s:s}", "text", "unsynced"), &e), 0);
	failing_syncs = 1;
	assert_int_equal(journal_sync(j, &e), 0);
	assert_int_equal(failing_syncs, 0);
	second = arena_strdup(f.a, journal_file(j));
	assert_string_not_equal(first, second);
	put(j, "note", json_pack("{s:s}", "text", "later"));
	journal_close(j);
	t = slurp(&f, second, &n);
	t[n] = '\0';
	assert_int_equal(count(t, "unsynced"), 1);
	assert_int_equal(count(t, "later"), 1);
	assert_non_null(strstr(t, "\"parent\":{\"session\""));
	assert_int_equal(verify(second, NULL, text, sizeof(text)), VERIFY_UNTRUSTED);
	t = slurp(&f, first, &n);
	t[n] = '\0';
	assert_null(strstr(t, "later"));
	fixture_done(&f);
}

static void
test_nowhere(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *file, *t, text[1024];
	size_t n;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	put(j, "begin", json_pack("{s:s,s:i}", "plan", "p", "step", 1));
	failing_syncs = 1;
	assert_int_equal(
	    journal_put(j, "begin", json_pack("{s:s,s:i}", "plan", "p", "step", 2), &e), -1);
	assert_int_equal(e.code, ERR_JOURNAL);
	assert_non_null(strstr(e.msg, "no other directory"));
	assert_false(journal_is_writable(j));
	/* What happened meanwhile is kept; what was about to happen is refused for good. */
	assert_int_equal(journal_put(j, "outcome",
			     json_pack("{s:s,s:i,s:b}", "plan", "p", "step", 1, "ok", 1), &e),
	    -1);
	assert_int_equal(
	    journal_put(j, "begin", json_pack("{s:s,s:i}", "plan", "p", "step", 3), &e), -1);
	assert_int_equal(e.code, ERR_JOURNAL);
	/* close finds room again. */
	journal_close(j);
	file = NULL;
	{
		const char *dirs[] = {f.dir};
		struct journal_entry *list;

		assert_int_equal(journal_list(f.a, dirs, 1, &list, &n, &e), 0);
		assert_int_equal(n, 2);
		file = arena_strdup(
		    f.a, strstr(list[0].file, ".1.jsonl") != NULL ? list[0].file : list[1].file);
	}
	t = slurp(&f, file, &n);
	t[n] = '\0';
	assert_int_equal(count(t, "\"type\":\"begin\""), 0);
	assert_int_equal(count(t, "\"type\":\"outcome\""), 1);
	assert_non_null(strstr(t, "\"lost\":2"));
	assert_int_equal(verify(file, NULL, text, sizeof(text)), VERIFY_UNTRUSTED);
	fixture_done(&f);
}

/* Somebody else changes, moves or removes the file: it is not written again. */
static void
test_meddled(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, *dir2;
	int how;

	(void)state;
	for (how = 0; how < 4; how++) {
		fixture_init(&f);
		dir2 = arena_printf(f.a, "%s/two", f.dir);
		j = fixture_open(&f, dir2);
		file = arena_strdup(f.a, journal_file(j));
		if (how == 0)
			assert_int_equal(truncate(file, 10), 0);
		else if (how == 1)
			assert_int_equal(unlink(file), 0);
		else if (how == 2)
			assert_int_equal(rename(file, arena_printf(f.a, "%s.1", file)), 0);
		else
			spill(file, "x", 1);
		put(j, "note", json_pack("{s:s}", "text", "after"));
		assert_string_not_equal(file, journal_file(j));
		assert_true(journal_is_writable(j));
		journal_close(j);
		fixture_done(&f);
	}
}

static void
test_tick(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	char *t, *file;
	size_t n, i;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	for (i = 0; i < 1000; i++)
		assert_int_equal(journal_add(j, "note", json_pack("{s:i}", "n", (int)i), &e), 0);
	journal_tick(j);
	journal_tick(j);
	journal_close(j);
	t = slurp(&f, file, &n);
	t[n] = '\0';
	assert_int_equal(count(t, "\"type\":\"checkpoint\""), 1);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_bytes),
	    cmocka_unit_test(test_refused_bodies),
	    cmocka_unit_test(test_bad_directories),
	    cmocka_unit_test(test_foreign_link),
	    cmocka_unit_test(test_second_directory),
	    cmocka_unit_test(test_failing_sync),
	    cmocka_unit_test(test_nowhere),
	    cmocka_unit_test(test_meddled),
	    cmocka_unit_test(test_tick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
