/*
 * Workers: all arguments are visited once, at the same time, and a cancel reaches every one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include "engines/members.h"

struct job {
	int visits, rc, ms, blocked;
};

static void
nap(void *arg, struct waiter *w)
{
	struct job *j = arg;
	sigset_t set;

	j->visits++;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	j->blocked = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM);
	j->rc = w->wait(w, -1, 0, now_ms() + j->ms);
}

static void
all_at_once(void **state)
{
	struct job jobs[200] = {0};
	struct waiter w;
	int64_t start = now_ms();
	size_t i;

	(void)state;
	poll_waiter(&w, -1);
	for (i = 0; i < 200; i++)
		jobs[i].ms = 50;
	assert_int_equal(fanout(&w, nap, jobs, sizeof(jobs[0]), 200), 0);
	for (i = 0; i < 200; i++) {
		assert_int_equal(jobs[i].visits, 1);
		assert_int_equal(jobs[i].rc, 0);
		assert_true(jobs[i].blocked);
	}
	assert_true(now_ms() - start < 2000); /* one by one it is ten seconds */
}

static void
cancel_reaches_all(void **state)
{
	struct job jobs[100] = {0};
	struct waiter w;
	int64_t start = now_ms();
	int fd = eventfd(1, EFD_CLOEXEC);
	size_t i, cancelled = 0;

	(void)state;
	poll_waiter(&w, fd);
	for (i = 0; i < 100; i++)
		jobs[i].ms = 30000;
	assert_int_equal(fanout(&w, nap, jobs, sizeof(jobs[0]), 100), -1);
	for (i = 0; i < 100; i++)
		cancelled += jobs[i].rc == -1;
	assert_int_equal(cancelled, 100);
	assert_true(now_ms() - start < 5000);
	close(fd);
}

static void
none_and_one(void **state)
{
	struct job job = {.ms = 1};
	struct waiter w;

	(void)state;
	poll_waiter(&w, -1);
	assert_int_equal(fanout(&w, nap, NULL, sizeof(job), 0), 0);
	assert_int_equal(fanout(&w, nap, &job, sizeof(job), 1), 0);
	assert_int_equal(job.visits, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(cancel_reaches_all),
	    cmocka_unit_test(none_and_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
