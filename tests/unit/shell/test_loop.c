/*
 * The loop: watches and timers run while something else is waited for; Ctrl-C cancels one wait; it
 * does not spin.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "shell/loop.h"

struct count {
	struct loop *loop;
	int fd, n, waited;
};

static void
tick(void *ctx)
{
	struct count *c = ctx;

	c->n++;
}

static void
drain(void *ctx)
{
	struct count *c = ctx;
	char buf[8];

	c->n += (int)read(c->fd, buf, sizeof(buf));
}

static void
test_timers_run_during_a_wait(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);
	struct count c = {0};

	(void)state;
	loop_every(l, 20, tick, &c);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 150), 0);
	assert_in_range(c.n, 3, 8);
	loop_free(l);
}

static void
test_watches_run_during_a_wait(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);
	struct count c = {0};
	int fds[2], other[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(other), 0);
	c.fd = fds[0];
	loop_watch(l, fds[0], drain, &c);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	assert_int_equal(w->wait(w, other[0], POLLIN, now_ms() + 60), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(write(other[1], "x", 1), 1);
	assert_int_equal(w->wait(w, other[0], POLLIN, now_ms() + 1000), 1);
	loop_unwatch(l, fds[0]);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 30), 0);
	assert_int_equal(c.n, 3);
	loop_free(l);
}

static void
test_interrupt_cancels_once(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);
	int64_t from = now_ms();

	(void)state;
	raise(SIGINT);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 5000), -1);
	assert_in_range(now_ms() - from, 0, 500);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 30), 0);
	raise(SIGINT);
	assert_int_equal(loop_turn(l, -1, 0, now_ms() + 1000), -1);
	loop_free(l);
}

static void
test_term_asks_to_leave(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);

	(void)state;
	assert_false(loop_is_leaving(l));
	raise(SIGTERM);
	assert_int_equal(loop_turn(l, -1, 0, now_ms() + 1000), -2);
	assert_true(loop_is_leaving(l));
	/* What has to be put in order can still wait. */
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 30), 0);
	loop_free(l);
}

static void
test_resize(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	raise(SIGWINCH);
	loop_turn(l, -1, 0, now_ms() + 100);
	assert_true(loop_resized(l));
	assert_false(loop_resized(l));
	loop_free(l);
}

static void
wait_inside(void *ctx)
{
	struct count *c = ctx;
	struct waiter *w = loop_waiter(c->loop);

	drain(c);
	c->waited = w->wait(w, -1, 0, now_ms() + 3000);
}

/* Ctrl-C while a watch waits by itself cancels that wait and the one around it. */
static void
test_interrupt_reaches_the_outer_wait(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);
	struct count c = {.loop = l};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	c.fd = fds[0];
	loop_watch(l, fds[0], wait_inside, &c);
	assert_int_equal(write(fds[1], "x", 1), 1);
	raise(SIGINT);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 5000), -1);
	assert_int_equal(c.waited, -1);
	loop_free(l);
}

/* A watch whose descriptor was closed behind its back must not keep the loop awake. */
static void
test_no_spin(void **state)
{
	struct loop *l = loop_new();
	struct waiter *w = loop_waiter(l);
	struct count c = {0};
	struct rusage before, after;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	loop_watch(l, fds[0], tick, &c);
	loop_every(l, 100, tick, &c);
	close(fds[0]);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(w->wait(w, -1, 0, now_ms() + 600), 0);
	getrusage(RUSAGE_SELF, &after);
	assert_in_range(c.n, 4, 8);
	assert_in_range(
	    (after.ru_utime.tv_usec + after.ru_stime.tv_usec + 1000000 * after.ru_utime.tv_sec) -
		(before.ru_utime.tv_usec + before.ru_stime.tv_usec +
		    1000000 * before.ru_utime.tv_sec),
	    0, 100000);
	loop_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timers_run_during_a_wait),
	    cmocka_unit_test(test_watches_run_during_a_wait),
	    cmocka_unit_test(test_interrupt_cancels_once),
	    cmocka_unit_test(test_term_asks_to_leave),
	    cmocka_unit_test(test_resize),
	    cmocka_unit_test(test_interrupt_reaches_the_outer_wait),
	    cmocka_unit_test(test_no_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
