/*
 * The loop: the only place that waits. Signals are taken from a descriptor (signalfd) like
 * everything else, so there is no handler and nothing global; they stay blocked for good and a
 * Ctrl-C is noticed in ppoll and nowhere else. Watches and timers run whatever is waited for.
 * Must never spin: a turn without a reason sleeps.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "shell/loop.h"
#include "banned.h"

struct watch {
	int fd; /* -1: removed, taken out when no callback runs */
	int is_ready, is_busy;
	void (*fn)(void *ctx);
	void *ctx;
};

struct timer {
	int64_t ms, next;
	int is_busy;
	void (*fn)(void *ctx);
	void *ctx;
};

struct loop {
	int signal_fd;
	sigset_t before; /* mask to put back */
	struct watch *watches;
	struct timer *timers;
	struct pollfd *polls;
	size_t nwatches, ntimers, npolls;
	void (*idle)(void *ctx); /* NULL: none */
	void *idle_ctx;
	int depth; /* callbacks may wait themselves */
	int is_interrupted, is_leaving, is_told, is_resized;
	struct waiter waiter;
};

static int loop_wait(struct waiter *w, int fd, short events, int64_t deadline);

static void *
grow(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n, size);
	if (p == NULL)
		abort();
	return p;
}

struct loop *
loop_new(void)
{
	struct loop *l = grow(NULL, 1, sizeof(*l));
	sigset_t set;

	memset(l, 0, sizeof(*l));
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, &l->before);
	signal(SIGPIPE, SIG_IGN);
	l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signal_fd < 0)
		abort();
	l->waiter.wait = loop_wait;
	l->waiter.ctx = l;
	l->waiter.cancel_fd = -1;
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	close(l->signal_fd);
	sigprocmask(SIG_SETMASK, &l->before, NULL);
	free(l->watches);
	free(l->timers);
	free(l->polls);
	free(l);
}

struct waiter *
loop_waiter(struct loop *l)
{
	return &l->waiter;
}

void
loop_watch(struct loop *l, int fd, void (*fn)(void *ctx), void *ctx)
{
	l->watches = grow(l->watches, l->nwatches + 1, sizeof(*l->watches));
	l->watches[l->nwatches++] = (struct watch){.fd = fd, .fn = fn, .ctx = ctx};
}

void
loop_unwatch(struct loop *l, int fd)
{
	size_t i;

	for (i = 0; i < l->nwatches; i++)
		if (l->watches[i].fd == fd)
			l->watches[i].fd = -1;
}

void
loop_idle(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	l->idle = fn;
	l->idle_ctx = ctx;
}

void
loop_every(struct loop *l, int64_t ms, void (*fn)(void *ctx), void *ctx)
{
	l->timers = grow(l->timers, l->ntimers + 1, sizeof(*l->timers));
	l->timers[l->ntimers++] =
	    (struct timer){.ms = ms < 1 ? 1 : ms, .next = now_ms() + ms, .fn = fn, .ctx = ctx};
}

int
loop_resized(struct loop *l)
{
	int was = l->is_resized;

	l->is_resized = 0;
	return was;
}

int
loop_is_leaving(const struct loop *l)
{
	return l->is_leaving;
}

/* Takes out what was removed. Only between turns: a running callback's index must stay true. */
static void
sweep(struct loop *l)
{
	size_t i, n = 0;

	for (i = 0; i < l->nwatches; i++)
		if (l->watches[i].fd >= 0)
			l->watches[n++] = l->watches[i];
	l->nwatches = n;
	if (l->npolls < n + 2) {
		l->npolls = n + 8;
		l->polls = grow(l->polls, l->npolls, sizeof(*l->polls));
	}
}

static void
take_signals(struct loop *l)
{
	struct signalfd_siginfo si;

	while (read(l->signal_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGINT:
			l->is_interrupted = 1;
			break;
		case SIGTERM:
		case SIGHUP:
			l->is_leaving = 1;
			l->is_told = 0;
			break;
		default:
			l->is_resized = 1;
		}
	}
}

static void
run_watches(struct loop *l)
{
	size_t i;

	for (i = 0; i < l->nwatches; i++) {
		if (!l->watches[i].is_ready || l->watches[i].is_busy || l->watches[i].fd < 0)
			continue;
		l->watches[i].is_ready = 0;
		l->watches[i].is_busy = 1;
		l->watches[i].fn(l->watches[i].ctx);
		l->watches[i].is_busy = 0; /* by index: the array may have moved */
	}
}

static int
run_timers(struct loop *l)
{
	int64_t now = now_ms();
	size_t i;
	int n = 0;

	for (i = 0; i < l->ntimers; i++) {
		if (l->timers[i].is_busy || l->timers[i].next > now)
			continue;
		/* Not "+= ms": after a long block it runs once, not many times. */
		l->timers[i].next = now + l->timers[i].ms;
		l->timers[i].is_busy = 1;
		l->timers[i].fn(l->timers[i].ctx);
		l->timers[i].is_busy = 0;
		n++;
	}
	return n;
}

/* Until the deadline or the next timer, at most an hour (a deadline may be the end of time). */
static struct timespec
time_left(const struct loop *l, int64_t deadline)
{
	int64_t left, now = now_ms();
	size_t i;

	for (i = 0; i < l->ntimers; i++)
		if (!l->timers[i].is_busy && l->timers[i].next < deadline)
			deadline = l->timers[i].next;
	left = deadline <= now ? 0 : deadline - now;
	if (left > 3600 * 1000)
		left = 3600 * 1000;
	return (struct timespec){left / 1000, left % 1000 * 1000000};
}

static size_t
fill(struct loop *l, int fd, short events)
{
	size_t i, n = 2;

	l->polls[0] = (struct pollfd){.fd = l->signal_fd, .events = POLLIN};
	l->polls[1] = (struct pollfd){.fd = fd, .events = events};
	for (i = 0; i < l->nwatches; i++) {
		l->watches[i].is_ready = 0;
		l->polls[n++] = (struct pollfd){
		    .fd = l->watches[i].is_busy ? -1 : l->watches[i].fd, .events = POLLIN};
	}
	return n;
}

/* What came in, copied out of polls[], because a callback that waits uses polls[] again. */
static int
collect(struct loop *l)
{
	size_t i;
	int is_ready = l->polls[1].revents != 0;

	for (i = 0; i < l->nwatches; i++) {
		l->watches[i].is_ready = l->polls[i + 2].revents != 0;
		if (l->polls[i + 2].revents & POLLNVAL)
			l->watches[i].fd = -1; /* closed under us: would be ready for ever */
	}
	if (l->polls[0].revents != 0)
		take_signals(l);
	return is_ready;
}

/* A wait inside a callback is cancelled too, and leaves the news to the wait around it. */
static int
news(struct loop *l, int is_ready)
{
	if (l->is_leaving && !l->is_told) {
		l->is_told = l->depth == 0;
		return -2;
	}
	if (l->is_interrupted) {
		l->is_interrupted = l->depth > 0;
		return -1;
	}
	return is_ready;
}

int
loop_turn(struct loop *l, int fd, short events, int64_t deadline)
{
	struct timespec left;
	size_t n;
	int is_ready = 0;

	if (l->depth == 0)
		sweep(l);
	else if (l->npolls < l->nwatches + 2) {
		l->npolls = l->nwatches + 8;
		l->polls = grow(l->polls, l->npolls, sizeof(*l->polls));
	}
	if (l->idle != NULL)
		l->idle(l->idle_ctx);
	n = fill(l, fd, events);
	left = time_left(l, deadline);
	if (ppoll(l->polls, n, &left, NULL) > 0)
		is_ready = collect(l);
	l->depth++;
	run_watches(l);
	run_timers(l);
	l->depth--;
	return news(l, is_ready);
}

static int
loop_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	int rc;

	for (;;) {
		rc = loop_turn(w->ctx, fd, events, deadline);
		if (rc < 0)
			return -1;
		if (rc > 0)
			return 1;
		if (now_ms() >= deadline)
			return 0;
	}
}
