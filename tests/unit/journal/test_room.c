/*
 * A full disk and a clock that jumps: what begins finds room for its outcome or does not begin,
 * the session goes on, and the journal says so.
 */
#include <errno.h>
#include <time.h>

#include "fixture.h"

/* fallocate finds no room anywhere, or not in full_dir itself; and the time of day is `shift`
 * seconds beside the real one. */
static int full;
static const char *full_dir;
static time_t shift;

int __real_fallocate(int fd, int mode, off_t at, off_t n);
int __wrap_fallocate(int fd, int mode, off_t at, off_t n);
int
__wrap_fallocate(int fd, int mode, off_t at, off_t n)
{
	char link[64], path[512] = "";
	size_t len = full_dir == NULL ? 0 : strlen(full_dir);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) < 0)
		return -1;
	if (full ||
	    (len > 0 && strncmp(path, full_dir, len) == 0 && strchr(path + len + 1, '/') == NULL)) {
		errno = ENOSPC;
		return -1;
	}
	return __real_fallocate(fd, mode, at, n);
}

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = __real_clock_gettime(id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += shift;
	return r;
}

static json_t *
step(int n)
{
	return json_pack("{s:s,s:i}", "plan", "p", "step", n);
}

static void
test_no_begin_without_room(void **state)
{
	struct fixture f;
	struct journal *j;
	char *file, text[1024];
	struct err e;

	(void)state;
	fixture_init(&f);
	full = 1;
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	put(j, "intent", json_pack("{s:s}", "plan", "p"));
	assert_int_equal(journal_put(j, "begin", step(1), &e), -1);
	assert_int_equal(e.code, ERR_JOURNAL);
	assert_non_null(strstr(e.msg, "full"));
	assert_non_null(strstr(e.hint, "Free 8 MB"));
	/* Everything else goes on, in the same file; and beginning too, once there is room. */
	put(j, "note", json_object());
	full = 0;
	put(j, "begin", step(1));
	put(j, "outcome", step(1));
	journal_tick(j);
	journal_close(j);
	assert_string_equal(file, fixture_only_file(&f));
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	fixture_done(&f);
}

static void
test_room_elsewhere(void **state)
{
	struct fixture f;
	struct journal *j;
	char *first, *two;

	(void)state;
	fixture_init(&f);
	two = arena_printf(f.a, "%s/two", f.dir);
	j = fixture_open(&f, two);
	first = arena_strdup(f.a, journal_file(j));
	full_dir = f.dir;
	put(j, "begin", step(1));
	full_dir = NULL;
	assert_string_not_equal(first, journal_file(j));
	assert_int_equal(strncmp(journal_file(j), two, strlen(two)), 0);
	put(j, "outcome", step(1));
	journal_close(j);
	assert_int_equal(verify(first, NULL, NULL, 0), VERIFY_OPEN);
	fixture_done(&f);
}

static void
test_clock(void **state)
{
	static const time_t jumps[] = {-3600, 315360000, -1800000000, 5};
	struct fixture f;
	struct journal *j;
	char *file, *t, text[1024];
	const char *p;
	size_t n, i, clocks = 0;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	file = arena_strdup(f.a, journal_file(j));
	put_cert(&f, j, f.alice, "alice");
	for (i = 0; i < 4; i++) {
		shift += jumps[i];
		put(j, "note", json_pack("{s:i}", "i", (int)i));
	}
	shift = 0;
	journal_close(j);
	t = slurp(&f, file, &n);
	t[n] = '\0';
	for (p = t; (p = strstr(p, "\"type\":\"clock\"")) != NULL; p++)
		clocks++;
	assert_int_equal(clocks, 5);
	p = strstr(t, "\"step_ms\":");
	assert_in_range(-strtol(p + 10, NULL, 10), 3599000, 3601000);
	/* Order is by number alone. */
	assert_int_equal(verify(file, &f.operators, text, sizeof(text)), VERIFY_SEALED);
	fixture_done(&f);
}

/* A fork holds the same descriptor, and may not write. */
static void
test_fork(void **state)
{
	struct fixture f;
	struct journal *j;
	struct err e;
	int status;
	pid_t p;

	(void)state;
	fixture_init(&f);
	j = fixture_open(&f, NULL);
	p = fork();
	if (p == 0)
		_exit(journal_put(j, "note", json_object(), &e) == -1 && e.code == ERR_JOURNAL ? 7
											       : 1);
	assert_int_equal(waitpid(p, &status, 0), p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	put(j, "note", json_object());
	journal_close(j);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_begin_without_room),
	    cmocka_unit_test(test_room_elsewhere),
	    cmocka_unit_test(test_clock),
	    cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
