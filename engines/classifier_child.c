/*
 * The classifier's own processes. The first, forked before any thread, only makes workers and kills
 * them; a worker parses. Both lose the terminal and every descriptor, and die with their parent.
 * A worker may crash at any time: nothing here may be worth more than the answer it was making.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "engines/classifier_wire.h"
#include "engines/dialect.h"
#include "wait.h"
#include "banned.h"

/* Measured: a chain of 500,000 terms, the longest that fits a statement, needs 70 MB. */
#define STACK_BYTES ((size_t)256 << 20)
#define MEMORY_BYTES ((rlim_t)3 << 30)
#define FLUSH_MS 200

struct job {
	int fd;
	struct json_events scratch;
};

/* Descriptors: only `fd`, as number 3, and /dev/null for the first three. */
static int
shed(int fd)
{
	int null = open("/dev/null", O_RDWR), i;

	if (null < 0)
		return -1;
	for (i = 0; i < 3; i++)
		dup2(null, i);
	if (fd != 3) {
		dup2(fd, 3);
		fd = 3;
	}
	close_range(4, ~0U, 0);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static void
plain_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < 32; i++)
		signal(i, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
limit(int what, rlim_t n)
{
	struct rlimit r = {n, n};

	setrlimit(what, &r);
}

/* Seconds of processor time the next request may use, on top of what is used already. */
static void
limit_cpu(size_t len)
{
	struct rusage u;
	struct rlimit r;

	getrusage(RUSAGE_SELF, &u);
	getrlimit(RLIMIT_CPU, &r);
	r.rlim_cur = (rlim_t)u.ru_utime.tv_sec + (rlim_t)u.ru_stime.tv_sec + 60 + (len >> 16);
	setrlimit(RLIMIT_CPU, &r);
}

static int
flush(int fd, struct buf *b, int is_last)
{
	struct wire_frame f = {(uint32_t)b->len, (uint32_t)is_last};

	if (b->overflow || wire_write(fd, &f, sizeof(f)) != 0 ||
	    wire_write(fd, b->data, b->len) != 0)
		return -1;
	buf_reset(b);
	return 0;
}

static int
answer(struct job *job, const struct wire_request *r, const char *text)
{
	struct lexical lx = {.version = r->version,
			   .standard_conforming_strings = r->standard_conforming_strings,
			   .mode = r->mode},
		       now;
	const struct dialect *d = &dialects[r->dialect];
	struct my_split sp = {0};
	struct statement s;
	struct buf b;
	struct arena *a;
	uint32_t skip = r->skip;
	int64_t sent = now_ms();
	int ok = 0;
	char in = '-';

	buf_init(&b, WIRE_FRAME_MAX);
	while (ok == 0 && d->next(text, r->len, &lx, &sp, &s, &in, &now)) {
		if (skip > 0 && skip-- > 0)
			continue;
		a = arena_new();
		d->judge(text, &now, in, &job->scratch, a, &s);
		wire_put(&b, &s);
		arena_free(a);
		if (r->is_careful || b.len >= WIRE_BATCH || now_ms() - sent >= FLUSH_MS) {
			ok = flush(job->fd, &b, 0);
			sent = now_ms();
		}
	}
	if (ok == 0)
		ok = flush(job->fd, &b, 1);
	buf_free(&b);
	return ok;
}

static void *
work(void *arg)
{
	struct job *job = arg;
	struct wire_request r;
	char *text;

	while (wire_read(job->fd, &r, sizeof(r)) == 0) {
		limit_cpu(r.len);
		text = malloc((size_t)r.len + 1);
		if (text == NULL || r.dialect >= ndialects || wire_read(job->fd, text, r.len) != 0)
			break;
		text[r.len] = '\0';
		if (answer(job, &r, text) != 0)
			break;
		free(text);
	}
	_exit(0);
}

void
worker_main(int fd)
{
	struct job job = {.fd = fd};
	pthread_attr_t attr;
	pthread_t t;

#ifndef __SANITIZE_ADDRESS__
	limit(RLIMIT_AS, MEMORY_BYTES);
#endif
	limit(RLIMIT_FSIZE, 0);
	if (pthread_attr_init(&attr) != 0 || pthread_attr_setstacksize(&attr, STACK_BYTES) != 0 ||
	    pthread_create(&t, &attr, work, &job) != 0)
		_exit(1);
	pthread_join(t, NULL);
	_exit(0);
}

/* One command byte, and with 'F' the worker's end of a socket pair in *passed. */
static int
command(int fd, char *c, int *passed)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {c, 1};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *h;
	ssize_t n;

	*passed = -1;
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return -1;
	h = CMSG_FIRSTHDR(&m);
	if (h != NULL && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(passed, CMSG_DATA(h), sizeof(int));
	return 0;
}

static pid_t
make_worker(int fd)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, "holdfast-parse");
	if (dup2(fd, 3) != 3)
		_exit(1);
	close_range(4, ~0U, 0);
	worker_main(3);
}

static void
end_worker(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

void
zygote_main(int fd)
{
	pid_t worker = 0;
	int passed;
	char c;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "holdfast-zygote");
	plain_signals();
	limit(RLIMIT_CORE, 0);
	if ((fd = shed(fd)) < 0)
		_exit(1);
	while (command(fd, &c, &passed) == 0) {
		end_worker(&worker);
		if (c == 'F' && passed >= 0)
			worker = make_worker(passed);
		if (passed >= 0)
			close(passed);
		c = worker >= 0 ? 'Y' : 'N';
		if (wire_write(fd, &c, 1) != 0)
			break;
	}
	end_worker(&worker);
	_exit(0);
}
