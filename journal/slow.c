/*
 * A disk that does not answer. The writer is inside write(2) or fdatasync(2) then and can say
 * nothing, nor be interrupted: a thread of its own looks at the clock and says it. Must never touch
 * the journal, nor let the writer believe that anything is durable.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "slow.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

#define FIRST_MS 2500 /* more than the journal's copy may take */
#define LOOK_MS 250
#define AWAKE_MS 2000 /* a writer that is busy need not wake the thread each time */

struct jslow {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int (*tell)(void *ctx, const char *file, int seconds);
	void *ctx;
	/* under the lock */
	int depth, is_asleep, is_over;
	int64_t since, last, next; /* now_ms() of the outermost call; of the last one; said next */
	char file[1024];
};

/* 2 s, 5, 11, 23, 47 and so on; at least once a minute. */
static int64_t
later(int64_t waited)
{
	return waited < 60000 ? waited : 60000;
}

static void
look(struct jslow *s)
{
	int64_t now = now_ms();

	if (s->depth == 0 || now < s->next)
		return;
	/* Said while the lock is held: the writer says nothing of its own before this is out. */
	if (s->tell(s->ctx, s->file, (int)((now - s->since) / 1000)))
		s->next = now + later(now - s->since);
}

static void *
watch(void *arg)
{
	struct jslow *s = arg;
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	while (!s->is_over) {
		s->is_asleep = s->depth == 0 && now_ms() - s->last > AWAKE_MS;
		if (s->is_asleep) {
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += LOOK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&s->changed, &s->lock, &until);
		look(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

struct jslow *
jslow_start(int (*tell)(void *ctx, const char *file, int seconds), void *ctx)
{
	struct jslow *s = calloc(1, sizeof(*s));
	pthread_condattr_t monotonic;
	sigset_t all, old;
	int rc;

	if (s == NULL)
		abort();
	s->tell = tell;
	s->ctx = ctx;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&s->thread, NULL, watch, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return s;
	free(s); /* a journal without it is as good; only a hanging disk goes unsaid */
	return NULL;
}

void
jslow_stop(struct jslow *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_over = 1;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
jslow_enter(struct jslow *s, const char *file)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->depth++ == 0) {
		s->since = s->last = now_ms();
		s->next = s->since + FIRST_MS;
		text_copy(s->file, sizeof(s->file), file == NULL ? "" : file);
		if (s->is_asleep)
			pthread_cond_signal(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
}

int64_t
jslow_leave(struct jslow *s)
{
	int64_t waited = 0;

	if (s == NULL)
		return 0;
	pthread_mutex_lock(&s->lock);
	if (--s->depth == 0) {
		s->last = now_ms();
		waited = s->last - s->since;
	}
	pthread_mutex_unlock(&s->lock);
	return waited < FIRST_MS ? 0 : waited;
}
