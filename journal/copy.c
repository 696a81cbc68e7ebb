/*
 * The writer's side of the second copy: see copy.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "copy.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

#define AGAIN_MS 5000
#define LAST_MS 3000 /* what the helper may take to end */

struct jcopy {
	char *dir;
	int sock;
	pid_t pid;
	struct copy_ask want; /* the last one */
	uint64_t records;     /* of it that the copy holds */
	int is_asked;	      /* an answer is to come */
	int is_dead;	      /* the helper */
	int64_t again_ms;
	char why[256];
};

/* The helper keeps nothing of the shell but its socket: no terminal, no lock, no signal of it. */
static void
helper(int sock, const char *dir)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (null < 0 || dup2(sock, 3) != 3 || dup2(null, 0) != 0 || dup2(null, 1) != 1 ||
	    dup2(null, 2) != 2)
		_exit(1);
	close_range(4, ~0U, 0);
	copier_run(3, dir);
	_exit(0);
}

struct jcopy *
jcopy_start(const char *dir, struct err *e)
{
	struct jcopy *c = calloc(1, sizeof(*c));
	int s[2];

	if (c == NULL)
		abort();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) != 0) {
		err_set(e, ERR_JOURNAL, "could not start the journal's copy in %s: %s", dir,
		    strerror(errno));
		free(c);
		return NULL;
	}
	c->pid = fork();
	if (c->pid == 0)
		helper(s[1], dir);
	close(s[1]);
	c->sock = s[0];
	c->dir = strdup(dir);
	if (c->dir == NULL)
		abort();
	if (c->pid > 0)
		return c;
	err_set(
	    e, ERR_JOURNAL, "could not start the journal's copy in %s: %s", dir, strerror(errno));
	jcopy_stop(c);
	return NULL;
}

static void
take(struct jcopy *c)
{
	struct copy_answer answer;
	ssize_t n = recv(c->sock, &answer, sizeof(answer), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(answer)) {
		text_copy(c->why, sizeof(c->why), "its helper process ended");
		c->is_dead = 1;
		c->is_asked = 0;
		return;
	}
	c->is_asked = 0;
	answer.why[sizeof(answer.why) - 1] = '\0';
	text_copy(c->why, sizeof(c->why), answer.why);
	c->records = answer.records;
}

static void
ask(struct jcopy *c)
{
	c->again_ms = now_ms() + AGAIN_MS;
	if (c->is_dead)
		return;
	if (send(c->sock, &c->want, sizeof(c->want), MSG_DONTWAIT | MSG_NOSIGNAL) ==
	    (ssize_t)sizeof(c->want))
		c->is_asked = 1;
}

void
jcopy_upto(struct jcopy *c, const char *file, off_t bytes, uint64_t records, int wait_ms)
{
	int64_t deadline = now_ms() + wait_ms;
	struct waiter w;

	take(c);
	text_copy(c->want.file, sizeof(c->want.file), file);
	c->want.bytes = (uint64_t)bytes;
	c->want.records = records;
	/* Still busy with the last one: that is the lag people are told of. */
	if (c->is_asked)
		return;
	ask(c);
	poll_waiter(&w, -1);
	while (c->is_asked && w.wait(&w, c->sock, 1 /* POLLIN */, deadline) == 1) {
		take(c);
		if (c->why[0] != '\0')
			break;
	}
	if (c->is_asked && c->why[0] == '\0')
		text_copy(c->why, sizeof(c->why), "it does not answer");
}

void
jcopy_tick(struct jcopy *c)
{
	take(c);
	if (!c->is_asked && c->records < c->want.records &&
	    (c->why[0] == '\0' || now_ms() >= c->again_ms))
		ask(c);
}

void
jcopy_settle(struct jcopy *c, int wait_ms)
{
	int64_t deadline = now_ms() + wait_ms, step;
	struct waiter w;

	poll_waiter(&w, -1);
	for (jcopy_tick(c); c->is_asked && now_ms() < deadline; jcopy_tick(c)) {
		step = now_ms() + 100;
		w.wait(&w, c->sock, 1 /* POLLIN */, step < deadline ? step : deadline);
	}
}

char *
jcopy_trouble(struct arena *a, const struct jcopy *c)
{
	uint64_t behind = c->want.records - c->records;

	if (c->records >= c->want.records)
		return NULL;
	return arena_printf(a, "the journal's copy in %s is %llu record%s behind: %s", c->dir,
	    (unsigned long long)behind, behind == 1 ? "" : "s",
	    c->why[0] == '\0' ? "it is being written" : c->why);
}

void
jcopy_stop(struct jcopy *c)
{
	int64_t deadline = now_ms() + LAST_MS;
	struct waiter w;

	if (c == NULL)
		return;
	close(c->sock);
	poll_waiter(&w, -1);
	/* A helper that hangs in a mount is left to the kernel. */
	while (c->pid > 0 && waitpid(c->pid, NULL, WNOHANG) == 0 && now_ms() < deadline)
		w.wait(&w, -1, 0, now_ms() + 5);
	free(c->dir);
	free(c);
}
