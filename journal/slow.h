/* Says that the journal's disk does not answer, while the writer waits for it. */
#ifndef JOURNAL_SLOW_H
#define JOURNAL_SLOW_H

#include <stdint.h>

struct jslow;

/* `tell` is called from another thread while the writer waits, seldom and never at other times: it
 * may write a line where people look, and nothing else; false: not now, it is asked again. NULL
 * where no thread can be had. */
struct jslow *jslow_start(int (*tell)(void *ctx, const char *file, int seconds), void *ctx);
void jslow_stop(struct jslow *s); /* accepts NULL, as all here */
/* Around whatever may wait for a disk; may be nested. */
void jslow_enter(struct jslow *s, const char *file);
/* Milliseconds that the outermost took, where that was worth a word; else 0. */
int64_t jslow_leave(struct jslow *s);

#endif
