/*
 * The second copy and the site's program: what they hold, and that nothing of theirs stops a
 * session.
 */
#include <signal.h>

#include "fixture.h"
#include "journal/closed.h"
#include "wait.h"

struct copied {
	struct fixture f;
	char *dir2;
	struct journal *j;
	const char *program[4];
	size_t nprogram;
};

static void
start(struct copied *x)
{
	const char *dirs[] = {x->f.dir};
	struct journal_setup s = {.dirs = dirs,
	    .ndirs = 1,
	    .person = "alice",
	    .cluster = "shop",
	    .operators_file = "",
	    .policy_digest = "",
	    .key = x->f.session,
	    .copy = x->dir2,
	    .closed = x->program,
	    .nclosed = x->nprogram};
	struct err e;

	if (journal_open(&s, &x->j, &e) != 0)
		fail_msg("%s", e.msg);
}

static void
init(struct copied *x)
{
	memset(x, 0, sizeof(*x));
	fixture_init(&x->f);
	x->dir2 = arena_printf(x->f.a, "%s/copy", x->f.dir);
}

static char *
copy_of(struct copied *x, const char *file)
{
	return arena_printf(x->f.a, "%s%s", x->dir2, strrchr(file, '/'));
}

static void
assert_same(struct copied *x, const char *one, const char *two)
{
	size_t n, m;
	char *p = slurp(&x->f, one, &n), *q = slurp(&x->f, two, &m);

	assert_int_equal(n, m);
	assert_memory_equal(p, q, n);
}

/* Until the copy is whole, or a minute. */
static void
wait_for_copy(struct copied *x)
{
	int64_t end = now_ms() + 60000;
	struct waiter w;

	poll_waiter(&w, -1);
	while (journal_trouble(x->f.a, x->j) != NULL && now_ms() < end) {
		journal_tick(x->j);
		w.wait(&w, -1, 0, now_ms() + 20);
	}
	assert_null(journal_trouble(x->f.a, x->j));
}

static void
wait_for_trouble(struct copied *x, const char *what)
{
	int64_t end = now_ms() + 60000;
	struct waiter w;
	char *trouble = journal_trouble(x->f.a, x->j);

	poll_waiter(&w, -1);
	while ((trouble == NULL || strstr(trouble, what) == NULL) && now_ms() < end) {
		journal_tick(x->j);
		w.wait(&w, -1, 0, now_ms() + 20);
		trouble = journal_trouble(x->f.a, x->j);
	}
	assert_non_null(trouble);
	assert_non_null(strstr(trouble, what));
}

static void
test_same_bytes(void **state)
{
	struct copied x;
	char *file;

	(void)state;
	init(&x);
	start(&x);
	file = arena_strdup(x.f.a, journal_file(x.j));
	put(x.j, "note", json_object());
	wait_for_copy(&x);
	assert_same(&x, file, copy_of(&x, file));
	fixture_story(&x.f, x.j);
	assert_same(&x, file, copy_of(&x, file));
	assert_int_equal(verify(copy_of(&x, file), &x.f.operators, NULL, 0), VERIFY_SEALED);
	fixture_done(&x.f);
}

/* No directory there, then one: the session goes on, says so, and the copy catches up. */
static void
test_no_directory(void **state)
{
	struct copied x;
	struct err e;
	char *file;

	(void)state;
	init(&x);
	spill(x.dir2, "x", 1);
	start(&x);
	file = arena_strdup(x.f.a, journal_file(x.j));
	put(x.j, "note", json_object());
	wait_for_trouble(&x, "could not keep");
	journal_tick(x.j);
	unlink(x.dir2);
	wait_for_copy(&x);
	put(x.j, "note", json_object());
	assert_same(&x, file, copy_of(&x, file));
	assert_int_equal(journal_finish(x.j, &e), 0);
	{
		size_t n;
		char *t = slurp(&x.f, file, &n);

		t[n] = '\0';
		assert_non_null(strstr(t, "records behind"));
		assert_non_null(strstr(t, "copy is whole again"));
	}
	fixture_done(&x.f);
}

/* Somebody changes the copy: it is left, and a new one is made. */
static void
test_meddled_copy(void **state)
{
	struct copied x;
	char *file, *again;
	struct err e;

	(void)state;
	init(&x);
	start(&x);
	file = arena_strdup(x.f.a, journal_file(x.j));
	wait_for_copy(&x);
	chmod(copy_of(&x, file), 0600);
	assert_int_equal(truncate(copy_of(&x, file), 5), 0);
	put(x.j, "note", json_object());
	wait_for_copy(&x);
	assert_int_equal(journal_finish(x.j, &e), 0);
	again = arena_strndup(x.f.a, file, strlen(file) - 6);
	assert_same(&x, file, copy_of(&x, arena_printf(x.f.a, "%s.copy1.jsonl", again)));
	assert_int_not_equal(access(copy_of(&x, file), F_OK), 0);
	fixture_done(&x.f);
}

static pid_t
helper_pid(void)
{
	char path[64];
	int pid = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	in = fopen(path, "r");
	assert_non_null(in);
	assert_int_equal(fscanf(in, "%d", &pid), 1);
	fclose(in);
	return pid;
}

/* A mount that hangs, as seen from here: the helper does not answer. */
static void
test_hanging(void **state)
{
	struct copied x;
	int64_t before;
	struct err e;
	pid_t pid;
	int i;

	(void)state;
	init(&x);
	start(&x);
	wait_for_copy(&x);
	pid = helper_pid();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	before = now_ms();
	for (i = 0; i < 50; i++)
		put(x.j, "note", json_object());
	/* One deadline, not one for each. */
	assert_in_range(now_ms() - before, 1000, 80000);
	assert_non_null(strstr(journal_trouble(x.f.a, x.j), " records behind"));
	assert_int_equal(kill(pid, SIGCONT), 0);
	wait_for_copy(&x);
	assert_int_equal(journal_finish(x.j, &e), 0);
	fixture_done(&x.f);
}

/* The helper is killed: said, and the session is as good. */
static void
test_killed(void **state)
{
	struct copied x;
	struct err e;

	(void)state;
	init(&x);
	start(&x);
	wait_for_copy(&x);
	assert_int_equal(kill(helper_pid(), SIGKILL), 0);
	put(x.j, "note", json_object());
	wait_for_trouble(&x, "helper process ended");
	assert_true(journal_is_writable(x.j));
	assert_int_equal(journal_finish(x.j, &e), -1);
	assert_non_null(strstr(e.msg, "helper process ended"));
	fixture_done(&x.f);
}

static void
test_behind_at_the_end(void **state)
{
	struct copied x;
	struct err e;

	(void)state;
	init(&x);
	spill(x.dir2, "x", 1);
	start(&x);
	assert_int_equal(journal_finish(x.j, &e), -1);
	assert_non_null(strstr(e.msg, "records behind"));
	fixture_done(&x.f);
}

static void
test_program(void **state)
{
	struct copied x;
	struct err e;
	char *file, *text;
	size_t n;

	(void)state;
	init(&x);
	x.program[0] = "/bin/sh";
	x.program[1] = "-c";
	x.program[2] =
	    arena_printf(x.f.a, "cp \"$0\" %s/handed; echo no space >&2; exit 3", x.f.dir);
	x.nprogram = 3;
	start(&x);
	file = arena_strdup(x.f.a, journal_file(x.j));
	assert_int_equal(journal_finish(x.j, &e), -1);
	assert_non_null(strstr(e.msg, "exit 3): no space"));
	assert_same(&x, file, arena_printf(x.f.a, "%s/handed", x.f.dir));
	text = slurp(&x.f, file, &n);
	assert_int_equal(text[n - 1], '\n');
	fixture_done(&x.f);
}

static void
test_program_that_is_none(void **state)
{
	static const char *const none[] = {"/nowhere/program"}, *const fine[] = {"true"},
				 *const killed[] = {"sh", "-c", "kill -9 $$"},
				 *const hangs[] = {"sh", "-c", "sleep 1000 & wait"};
	struct err e;

	(void)state;
	assert_int_equal(closed_run(fine, 1, "x", 60000, &e), 0);
	assert_int_equal(closed_run(none, 1, "x", 60000, &e), -1);
	assert_non_null(strstr(e.msg, "could not run /nowhere/program"));
	assert_int_equal(closed_run(killed, 3, "x", 60000, &e), -1);
	assert_non_null(strstr(e.msg, "signal 9"));
	assert_int_equal(closed_run(hangs, 3, "x", 1000, &e), -1);
	assert_non_null(strstr(e.msg, "did not end within 1 s"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_bytes),
	    cmocka_unit_test(test_no_directory),
	    cmocka_unit_test(test_meddled_copy),
	    cmocka_unit_test(test_hanging),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_behind_at_the_end),
	    cmocka_unit_test(test_program),
	    cmocka_unit_test(test_program_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
