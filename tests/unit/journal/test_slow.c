/*
 * A disk that does not answer: it is said while the writer hangs, nothing is acknowledged, and
 * afterwards the journal tells of it. fdatasync hangs for as long as the test lets it.
 */
#include <poll.h>

#include "fixture.h"

/* Where the writer waits, and what it was told meanwhile. */
static int gate = -1, told = -1;

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int
__wrap_fdatasync(int fd)
{
	char c;

	if (gate >= 0) {
		assert_int_equal(read(gate, &c, 1), 0);
		close(gate);
		gate = -1;
	}
	return __real_fdatasync(fd);
}

static int
tell(void *ctx, const char *file, int seconds)
{
	static int is_asked;

	(void)ctx;
	/* Something else has the screen at first: asked again soon, and not after as long again. */
	if (!is_asked++)
		return 0;
	return dprintf(told, "%d %s\n", seconds, file) > 0;
}

static struct journal *
open_slow(struct fixture *f)
{
	const char *dirs[] = {f->dir};
	struct journal_setup s = {.dirs = dirs,
	    .ndirs = 1,
	    .person = "alice",
	    .cluster = "shop",
	    .operators_file = "",
	    .policy_digest = "",
	    .key = f->session,
	    .slow = tell};
	struct journal *j;
	struct err e;

	if (journal_open(&s, &j, &e) != 0)
		fail_msg("%s", e.msg);
	return j;
}

/* A child hangs, as a program does; the parent sees what it says, and then lets it go on. */
static void
test_hangs(void **state)
{
	int hold[2], said[2], done[2], status;
	struct fixture f;
	struct journal *j;
	struct pollfd p;
	struct err e;
	char text[256], *t;
	size_t n;
	pid_t pid;

	(void)state;
	fixture_init(&f);
	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		told = said[1];
		/* A fork has no key of what it is a fork of. */
		if (session_key_new(&f.session, &e) != 0)
			_exit(1);
		j = open_slow(&f);
		put(j, "note", json_pack("{s:i}", "n", 1)); /* quick: nothing is said */
		gate = hold[0];
		put(j, "note", json_pack("{s:i}", "n", 2));
		if (write(done[1], "x", 1) != 1)
			_exit(1);
		journal_tick(j);
		if (journal_waited(j) < 2 || journal_waited(j) != 0)
			_exit(1);
		journal_close(j);
		_exit(0);
	}
	close(hold[0]);
	close(said[1]);
	close(done[1]);
	p = (struct pollfd){.fd = said[0], .events = POLLIN};
	assert_int_equal(poll(&p, 1, 60000), 1);
	n = (size_t)read(said[0], text, sizeof(text) - 1);
	text[n] = '\0';
	assert_true(text[0] >= '2' && text[0] <= '9');
	assert_non_null(strstr(text, fixture_only_file(&f)));
	assert_int_equal(strchr(text, '\n') - text, n - 1); /* once, not again and again */
	/* Nothing was acknowledged. */
	p = (struct pollfd){.fd = done[0], .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	close(hold[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	t = slurp(&f, fixture_only_file(&f), &n);
	t[n] = '\0';
	assert_non_null(strstr(t, "the disk of the journal took "));
	assert_int_equal(verify(fixture_only_file(&f), NULL, text, sizeof(text)), VERIFY_UNTRUSTED);
	close(said[0]);
	close(done[0]);
	fixture_done(&f);
}

/* A disk that answers: not a word, however long the session. */
static void
test_answers(void **state)
{
	struct fixture f;
	struct journal *j;
	int said[2], i;
	struct pollfd p;

	(void)state;
	fixture_init(&f);
	assert_int_equal(pipe(said), 0);
	told = said[1];
	j = open_slow(&f);
	for (i = 0; i < 200; i++)
		put(j, "note", json_pack("{s:i}", "n", i));
	journal_tick(j);
	assert_int_equal(journal_waited(j), 0);
	journal_close(j);
	p = (struct pollfd){.fd = said[0], .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	close(said[0]);
	close(said[1]);
	fixture_done(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hangs),
	    cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
