/*
 * Hosts reached by a program of this machine: `local` runs the command itself, `openssh` runs the
 * system's ssh, for certificates, tokens, GSSAPI and all of ssh_config. Arguments are words, never
 * shell text of ours; ssh never asks anything. Must never leave a program running behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines/reach.h"
#include "banned.h"

#define STOP_MS 5000
#define WORDS 24 /* of one ssh */
#define SSH "/usr/bin/ssh"
#define SSH_BROKE 255 /* ssh's own exit status */

struct job {
	struct host_conn *h;
	struct waiter *w;
	struct host_command *cmd;
	struct host_start start;
	int is_remote;
	pid_t pid;
	int in, out, err, poll; /* -1 closed */
	int64_t deadline;
	struct host_feed *feed; /* NULL: none */
};

#define FEED_MS 10 /* a pipe without room or data is looked at again after this */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child: async-signal-safe calls only. */
static void
become(const char *const *argv, char *const *env, int in, int out, int err)
{
	const struct sigaction deflt = {.sa_handler = SIG_DFL};
	sigset_t empty;
	int i;

	sigemptyset(&empty);
	for (i = 1; i < NSIG; i++)
		sigaction(i, &deflt, NULL);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setsid();
	if (dup2(in, 0) == -1 || dup2(out, 1) == -1 || dup2(err, 2) == -1)
		_exit(126);
	close_range(3, ~0U, 0);
	execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(127);
}

static int
watch(struct job *j, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return epoll_ctl(j->poll, EPOLL_CTL_ADD, fd, &ev);
}

static int
start(struct job *j, const char *const *argv, char *const *env, struct err *e)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};

	j->poll = epoll_create1(EPOLL_CLOEXEC);
	if (j->poll == -1 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
	    pipe2(err, O_CLOEXEC) != 0) {
		close_fd(&in[0]), close_fd(&in[1]), close_fd(&out[0]), close_fd(&out[1]);
		return err_set(e, ERR_FAILED, "no pipes: %s", strerror(errno));
	}
	j->in = in[1];
	j->out = out[0];
	j->err = err[0];
	j->pid = fork();
	if (j->pid == 0)
		become(argv, env, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	if (j->pid == -1 || watch(j, j->out) != 0 || watch(j, j->err) != 0)
		return err_set(e, ERR_FAILED, "could not start %s: %s", argv[0], strerror(errno));
	return 0;
}

/* The far side said its process id: from this byte on the command counts as run. */
static int
go(struct job *j, struct err *e)
{
	j->cmd->is_started = j->cmd->is_unknown = 1;
	if (write(j->in, "go\n", 3) != 3)
		return err_set(e, ERR_CONN, "it broke when the command was to start");
	if (j->feed == NULL)
		close_fd(&j->in);
	return 0;
}

static int
take(struct job *j, int fd, const char *data, size_t n, struct err *e)
{
	ssize_t own;

	if (fd == j->err || j->cmd->is_started) {
		host_take(j->cmd, fd == j->err, data, n);
		return 0;
	}
	own = host_started(&j->start, data, n);
	if (own < 0)
		return err_set(e, ERR_CONN,
		    "its login shell says too much before a command starts; nothing was run");
	return j->start.pid == 0 ? 0 : go(j, e);
}

static int
read_one(struct job *j, int *fd, struct err *e)
{
	char data[16384];
	ssize_t n;

	while (*fd >= 0) {
		n = read(*fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			close_fd(fd);
			return 0;
		}
		if (take(j, *fd, data, (size_t)n, e) != 0)
			return -1;
	}
	return 0;
}

/* Sends what there is of its input; true where something went. Who reads no more has its reason,
 * and says it by its end. */
static int
feed_some(struct job *j)
{
	struct host_feed *f = j->feed;
	ssize_t n;

	if (f == NULL || j->in < 0 || !j->cmd->is_started)
		return 0;
	if (!host_fill(f, j->cmd->input)) {
		if (f->is_over)
			close_fd(&j->in);
		return 0;
	}
	n = write(j->in, f->data + f->at, f->n - f->at);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_fd(&j->in);
	f->at += n > 0 ? (size_t)n : 0;
	return n > 0;
}

static int
pump(struct job *j, struct err *e)
{
	int64_t until;
	int rc;

	while (j->out >= 0 || j->err >= 0) {
		until = j->deadline;
		if (feed_some(j))
			until = 0;
		else if (j->feed != NULL && j->in >= 0 && now_ms() + FEED_MS < until)
			until = now_ms() + FEED_MS;
		rc = j->w->wait(j->w, j->poll, POLLIN, until);
		if (rc < 0)
			return err_set(e, ERR_CANCELLED, "cancelled");
		if (rc == 0 && now_ms() >= j->deadline)
			return err_set(e, ERR_FAILED, "it did not end in time");
		if (read_one(j, &j->out, e) != 0 || read_one(j, &j->err, e) != 0)
			return -1;
	}
	return 0;
}

static void
reap(struct job *j)
{
	int status = 0;

	if (j->pid <= 0)
		return;
	while (waitpid(j->pid, &status, 0) == -1 && errno == EINTR)
		;
	j->pid = 0;
	if (WIFSIGNALED(status))
		snprintf(j->cmd->signal, sizeof(j->cmd->signal), "%s",
		    sigabbrev_np(WTERMSIG(status)) == NULL ? "?" : sigabbrev_np(WTERMSIG(status)));
	else
		j->cmd->status = WEXITSTATUS(status);
}

/* Output that ended is not a program that ended. */
static int
wait_end(struct job *j, struct err *e)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)j->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
		    info.si_pid != 0)
			break;
		if (now_ms() >= j->deadline)
			return err_set(e, ERR_FAILED, "it did not end in time");
		if (j->w->wait(j->w, -1, 0, now_ms() + 10) < 0)
			return err_set(e, ERR_CANCELLED, "cancelled");
	}
	reap(j);
	return 0;
}

static void
kill_here(struct job *j, struct waiter *plain)
{
	struct err ignored = {0};

	if (j->pid <= 0)
		return;
	kill(-j->pid, SIGTERM);
	j->w = plain;
	j->deadline = now_ms() + STOP_MS;
	if (pump(j, &ignored) == 0 && wait_end(j, &ignored) == 0)
		return;
	kill(-j->pid, SIGKILL);
	kill(j->pid, SIGKILL);
	reap(j);
}

static int run_remote(
    struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e);

/* Over a second connection, by the process id the first one said. */
static void
kill_there(struct job *j, struct waiter *plain)
{
	char pid[32];
	/* ssh says 255 of a command that a signal ended, as of a connection that broke: the far
	 * side is asked whether it is gone. */
	static const char script[] = "kill -s TERM -- \"-$1\"; i=0; while [ $i -lt 40 ]; do "
				     "kill -0 -- \"-$1\" 2>/dev/null || exit 0; i=$((i+1)); "
				     "sleep 0.1; done; exit 1";
	const char *const argv[] = {"/bin/sh", "-c", script, "stop", pid, NULL};
	struct host_command stop = {.argv = argv, .timeout_ms = STOP_MS};
	int is_gone;
	struct err ignored = {0};

	snprintf(pid, sizeof(pid), "%ld", j->start.pid);
	buf_init(&stop.out, 4096);
	buf_init(&stop.err, 4096);
	is_gone = run_remote(j->h, plain, &stop, &ignored) == 0 && stop.status == 0;
	host_command_free(&stop);
	j->w = plain;
	j->deadline = now_ms() + STOP_MS;
	if (pump(j, &ignored) == 0 && wait_end(j, &ignored) == 0 &&
	    (is_gone || j->cmd->status != SSH_BROKE))
		j->cmd->is_unknown = 0;
}

static int
ended_early(struct job *j, const struct err *why, struct err *e)
{
	int was_cancelled = why->code == ERR_CANCELLED;
	struct waiter plain;

	poll_waiter(&plain, -1);
	if (j->is_remote && j->cmd->is_started)
		kill_there(j, &plain);
	kill_here(j, &plain);
	if (!j->is_remote)
		j->cmd->is_unknown = 0;
	if (j->cmd->is_unknown)
		return err_set(e, ERR_CONN,
		    "the command was %s, and the host did not say that it ended",
		    was_cancelled ? "cancelled" : "given up");
	return err_set(e, was_cancelled ? ERR_CANCELLED : ERR_FAILED, "the command was %s and %s",
	    was_cancelled ? "cancelled" : "too slow",
	    j->cmd->is_started ? "ended there" : "never started");
}

static int
finish(struct job *j, struct err *e)
{
	const char *said = buf_str(&j->cmd->err);

	if (wait_end(j, e) != 0)
		return ended_early(j, e, e);
	if (!j->is_remote) {
		j->cmd->is_unknown = 0;
		return 0;
	}
	if (j->cmd->is_started && j->cmd->status != SSH_BROKE) {
		j->cmd->is_unknown = 0;
		return 0;
	}
	return err_set(e, ERR_CONN, "%s%s%.300s",
	    j->cmd->is_started ? "the connection broke before the command ended"
			       : "ssh could not start it",
	    said[0] == '\0' ? "" : ": ", said);
}

static void
job_free(struct job *j)
{
	close_fd(&j->in);
	close_fd(&j->out);
	close_fd(&j->err);
	close_fd(&j->poll);
	buf_free(&j->start.head);
}

static int
run_job(struct job *j, const char *const *argv, char *const *env, struct err *e)
{
	struct host_feed feed = {.at = 0};
	struct err own = {0};
	int rc;

	j->in = j->out = j->err = j->poll = -1;
	j->deadline = now_ms() + j->cmd->timeout_ms;
	j->feed = j->cmd->input == NULL ? NULL : &feed;
	rc = start(j, argv, env, e);
	if (rc == 0 && j->feed != NULL)
		fcntl(j->in, F_SETFL, O_NONBLOCK);
	if (rc == 0 && !j->is_remote) {
		j->cmd->is_started = j->cmd->is_unknown = 1;
		if (j->feed == NULL)
			close_fd(&j->in);
	}
	if (rc == 0)
		rc = pump(j, &own) == 0 ? finish(j, e) : ended_early(j, &own, e);
	job_free(j);
	return rc;
}

static int
run_local(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e)
{
	struct job j = {.h = h, .w = w, .cmd = cmd};
	const char *argv[HOST_ARGV_MAX + 1];

	return host_words(cmd->argv, argv, e) != 0 ? -1 : run_job(&j, argv, environ, e);
}

/* ssh's own words for one host; what a section does not say, ssh_config says. */
static size_t
section_words(struct host_conn *h, const struct host_config *c, const char **argv)
{
	size_t n = 0;

	argv[n++] = SSH;
	argv[n++] = "-oBatchMode=yes";
	argv[n++] = "-oStrictHostKeyChecking=yes";
	argv[n++] = "-oClearAllForwardings=yes";
	argv[n++] = "-oRequestTTY=no";
	argv[n++] = arena_printf(h->arena, "-oConnectTimeout=%d", (c->timeout_ms + 999) / 1000);
	argv[n++] = arena_printf(h->arena, "-oPort=%d", c->port);
	if (c->user != NULL)
		argv[n++] = arena_printf(h->arena, "-oUser=%s", c->user);
	if (c->key != NULL)
		argv[n++] = arena_printf(h->arena, "-oIdentityFile=\"%s\"", c->key);
	if (c->known_hosts != NULL)
		argv[n++] = arena_printf(h->arena, "-oUserKnownHostsFile=\"%s\"", c->known_hosts);
	return n;
}

/* The way to a host through others: each step as strict as the last. ssh's own ProxyJump would take
 * neither keys nor strictness along. What % means to ssh is doubled. */
static int
way(struct host_conn *h, const struct host_config *c, const char **out, struct err *e)
{
	const struct host_config *via = host_find(h->cluster, c->jump);
	const char *argv[WORDS], *inner = NULL, *p;
	struct buf line, twice;
	size_t n = section_words(h, via, argv);
	int rc = 0;

	if (via->jump != NULL) {
		if (way(h, via, &inner, e) != 0)
			return -1;
		argv[n++] = inner;
	}
	argv[n++] = "-W";
	argv[n++] = arena_printf(
	    h->arena, strchr(c->address, ':') == NULL ? "%s:%d" : "[%s]:%d", c->address, c->port);
	argv[n++] = "--";
	argv[n++] = via->address;
	argv[n] = NULL;
	buf_init(&line, HOST_LINE_MAX);
	buf_init(&twice, HOST_LINE_MAX);
	rc = host_quote(&line, argv, e);
	for (p = buf_str(&line); rc == 0 && *p != '\0'; p++)
		buf_puts(&twice, *p == '%' ? "%%" : (char[]){*p, '\0'});
	*out = arena_printf(h->arena, "-oProxyCommand=%s", buf_str(&twice));
	buf_free(&line);
	buf_free(&twice);
	return rc;
}

static int
run_remote(struct host_conn *h, struct waiter *w, struct host_command *cmd, struct err *e)
{
	struct job j = {.h = h, .w = w, .cmd = cmd, .is_remote = 1};
	const char *argv[WORDS];
	struct buf line;
	size_t n = section_words(h, h->config, argv);
	int rc;

	buf_init(&line, HOST_LINE_MAX);
	rc = cmd->input == NULL ? host_line(&line, cmd->argv, e)
				: host_line_fed(&line, cmd->argv, e);
	if (rc == 0 && h->config->jump != NULL)
		rc = way(h, h->config, &argv[n++], e);
	if (rc == 0) {
		argv[n++] = "--";
		argv[n++] = h->config->address;
		argv[n++] = buf_str(&line);
		argv[n] = NULL;
		rc = run_job(&j, argv, environ, e);
	}
	buf_free(&line);
	return rc;
}

static int
open_nothing(struct host_conn *h, struct waiter *w, struct err *e)
{
	(void)h;
	(void)w;
	(void)e;
	return 0;
}

static void
close_nothing(struct host_conn *h)
{
	(void)h;
}

const struct transport transport_openssh = {"openssh", open_nothing, run_remote, close_nothing};
const struct transport transport_local = {"local", open_nothing, run_local, close_nothing};
