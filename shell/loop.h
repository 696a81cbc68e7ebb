/*
 * The loop: the only place that waits. Watches descriptors and timers while anything waits, so that
 * the prompt, an approval, a hold's watch and a running statement live side by side.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>

#include "wait.h"

struct loop;

struct loop *loop_new(
    void); /* blocks SIGINT, SIGWINCH, SIGTERM, SIGHUP; they arrive only in ppoll */
void loop_free(struct loop *l);
/* The main thread's waiter: runs watches and timers while it waits; Ctrl-C makes it return -1. */
struct waiter *loop_waiter(struct loop *l);
/* Called whenever fd is readable, until removed. */
void loop_watch(struct loop *l, int fd, void (*fn)(void *ctx), void *ctx);
void loop_unwatch(struct loop *l, int fd);
/* Called every ms milliseconds; first after ms. */
void loop_every(struct loop *l, int64_t ms, void (*fn)(void *ctx), void *ctx);
/* Called before each sleep: work that was put off costs nothing there. Must not wait. */
void loop_idle(struct loop *l, void (*fn)(void *ctx), void *ctx);
/* One turn: waits until something happened or deadline. Returns 1 when fd became ready, 0
 * otherwise, -1 on SIGINT, -2 on SIGTERM or SIGHUP (asks the program to leave in a known state). */
int loop_turn(struct loop *l, int fd, short events, int64_t deadline);
/* True once after a SIGWINCH. */
int loop_resized(struct loop *l);
int loop_is_leaving(const struct loop *l);

#endif
