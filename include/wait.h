/*
 * Waiting. Engine calls never block by themselves: they ask a waiter. On the main thread it is
 * the shell's loop, so that the terminal stays alive and Ctrl-C cancels; in a worker thread it
 * is a plain poll with the same deadline and a cancel descriptor.
 */
#ifndef WAIT_H
#define WAIT_H

#include <stdint.h>

struct waiter {
	/*
	 * Waits until fd is ready for the poll(2) events, or until deadline (now_ms clock).
	 * fd -1 only sleeps. Returns 1 ready, 0 deadline passed, -1 cancelled by the operator.
	 */
	int (*wait)(struct waiter *w, int fd, short events, int64_t deadline);
	void *ctx;
	int cancel_fd; /* poll_waiter: readable means cancelled; -1 for none */
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
/* A waiter over plain poll(2). */
void poll_waiter(struct waiter *w, int cancel_fd);

#endif
