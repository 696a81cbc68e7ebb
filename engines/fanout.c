/*
 * Workers: the same function over many items at once, one thread each up to a bound. The caller
 * waits through its own waiter, so that the terminal stays alive; its cancel reaches every worker.
 * A worker owns what its item points to, and never touches journal, terminal or other arenas.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engines/members.h"
#include "banned.h"

#define MAX_WORKERS 64

struct pool {
	fanout_fn fn;
	char *items;
	size_t size, n, next; /* next: under lock */
	pthread_mutex_t lock;
	int cancel_fd; /* readable once cancelled, never drained */
	int done_fd;   /* a semaphore: one post for each worker that ended */
};

static void
post(int fd)
{
	uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0)
		;
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	struct waiter w;
	size_t i;

	poll_waiter(&w, p->cancel_fd);
	for (;;) {
		pthread_mutex_lock(&p->lock);
		i = p->next < p->n ? p->next++ : p->n;
		pthread_mutex_unlock(&p->lock);
		if (i == p->n)
			break;
		p->fn(p->items + i * p->size, &w);
	}
	post(p->done_fd);
	return NULL;
}

/* Signals stay with the main thread, whose ppoll takes them. */
static size_t
start(struct pool *p, pthread_t *threads, size_t want)
{
	sigset_t all, old;
	size_t n = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (n < want && pthread_create(&threads[n], NULL, work, p) == 0)
		n++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return n;
}

int
fanout(struct waiter *w, fanout_fn fn, void *items, size_t size, size_t n)
{
	struct pool p = {
	    .fn = fn, .items = items, .size = size, .n = n, .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t threads[MAX_WORKERS];
	size_t i, started, ended = 0;
	uint64_t one;
	int rc = 0;

	if (n == 1) {
		fn(items, w);
		return 0;
	}
	p.cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p.done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (p.cancel_fd < 0 || p.done_fd < 0)
		abort();
	started = n == 0 ? 0 : start(&p, threads, n < MAX_WORKERS ? n : MAX_WORKERS);
	if (started == 0) /* no thread to be had: one after the other */
		for (i = 0; i < n; i++)
			fn(p.items + i * size, w);
	while (ended < started) {
		/* After a cancel the workers end by themselves, and soon. */
		if (rc == 0 && w->wait(w, p.done_fd, POLLIN, INT64_MAX) < 0) {
			rc = -1;
			post(p.cancel_fd);
		}
		if (rc != 0)
			poll(&(struct pollfd){.fd = p.done_fd, .events = POLLIN}, 1, 1000);
		if (read(p.done_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
			ended++;
	}
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	close(p.cancel_fd);
	close(p.done_fd);
	return rc;
}
