/*
 * The plain waiter for worker threads and programs without a terminal: see wait.h.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "wait.h"
#include "banned.h"

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
plain_wait(struct waiter *w, int fd, short events, int64_t deadline)
{
	struct pollfd p[2] = {{.fd = fd, .events = events}, {.fd = w->cancel_fd, .events = POLLIN}};
	int64_t left;
	int n;

	for (;;) {
		left = deadline - now_ms();
		if (left < 0)
			left = 0;
		n = poll(p, 2, left > 60000 ? 60000 : (int)left);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0 && p[1].revents != 0)
			return -1;
		if (n > 0 && p[0].revents != 0)
			return 1;
		if (now_ms() >= deadline)
			return 0;
	}
}

void
poll_waiter(struct waiter *w, int cancel_fd)
{
	w->wait = plain_wait;
	w->ctx = NULL;
	w->cancel_fd = cancel_fd;
}
