/*
 * The one launcher for scratch servers and their tools. A program gets an argument vector, never a
 * shell; a server never runs as root; it listens where its own configuration says, and the lab's
 * says loopback only. Must never signal a process it did not recognise as the server of the data
 * directory it was given.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <grp.h>

#include "engines/scratch.h"
#include "banned.h"

#define MAX_ENV 16

int
scratch_user(const char *name, struct scratch_user *out, struct err *e)
{
	const struct passwd *pw;

	memset(out, 0, sizeof(*out));
	if (name == NULL && geteuid() != 0) {
		out->uid = geteuid();
		out->gid = getegid();
		return 0;
	}
	pw = getpwnam(name == NULL ? "postgres" : name);
	if (pw == NULL) {
		err_set(e, ERR_USAGE, "there is no OS user %s to run servers as",
		    name == NULL ? "postgres" : name);
		return err_hint(e, "Install the package postgresql, or name a user with --user.");
	}
	if (pw->pw_uid == 0) {
		err_set(e, ERR_USAGE, "servers never run as root");
		return err_hint(e, "Name an unprivileged user with --user.");
	}
	if (geteuid() != 0 && pw->pw_uid != geteuid())
		return err_set(
		    e, ERR_USAGE, "only root can run servers as another user (%s)", name);
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	out->is_other = geteuid() != pw->pw_uid;
	return 0;
}

/* In the child, between fork and exec: async-signal-safe calls only. */
static void
become(const struct scratch *s, int log, pid_t parent)
{
	const struct rlimit none = {0, 0};
	struct rlimit limit;
	struct sigaction deflt = {.sa_handler = SIG_DFL};
	sigset_t empty;
	int i, null;

	sigemptyset(&empty);
	for (i = 1; i < NSIG; i++)
		sigaction(i, &deflt, NULL);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setsid();
	setrlimit(RLIMIT_CORE, &none);
	limit.rlim_cur = limit.rlim_max = (rlim_t)s->memory;
	if (s->memory > 0)
		setrlimit(RLIMIT_AS, &limit);
	umask(077);
	null = open(s->input == NULL ? "/dev/null" : s->input, O_RDONLY);
	if (null == -1 || dup2(null, 0) == -1 || dup2(log, 1) == -1 || dup2(log, 2) == -1)
		_exit(126);
	close_range(3, ~0U, 0);
	if (s->user != NULL && s->user->is_other)
		if (setgroups(0, NULL) != 0 || setgid(s->user->gid) != 0 ||
		    setuid(s->user->uid) != 0)
			_exit(126);
	if (geteuid() == 0 && s->is_server)
		_exit(126);
	if (chdir(s->dir) != 0)
		_exit(125);
	if (s->is_server)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
}

static int
open_log(const struct scratch *s, struct err *e)
{
	int fd;

	fd = open(s->log, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd == -1)
		return err_set(e, ERR_FAILED, "could not open %s: %s", s->log, strerror(errno));
	/* A server that is restarted by hand goes on writing to it. */
	if (s->is_server && s->user->is_other && fchown(fd, s->user->uid, s->user->gid) != 0) {
		close(fd);
		return err_set(
		    e, ERR_FAILED, "could not give %s away: %s", s->log, strerror(errno));
	}
	return fd;
}

int
scratch_start(struct scratch *s, struct err *e)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8",
		    tz[] = "TZ=UTC";
	const char *env[MAX_ENV] = {path, lang, tz};
	pid_t parent = getpid();
	size_t n = 3, i;
	int log;

	s->pid = 0;
	s->pidfd = -1;
	for (i = 0; s->env != NULL && s->env[i] != NULL && n < MAX_ENV - 1; i++)
		env[n++] = s->env[i];
	log = open_log(s, e);
	if (log == -1)
		return -1;
	s->pid = fork();
	if (s->pid == 0) {
		become(s, log, parent);
		execve(
		    s->argv[0], (char *const *)(uintptr_t)s->argv, (char *const *)(uintptr_t)env);
		_exit(127);
	}
	close(log);
	if (s->pid == -1) {
		s->pid = 0;
		return err_set(
		    e, ERR_FAILED, "could not start %s: %s", s->argv[0], strerror(errno));
	}
	s->pidfd = pidfd_open(s->pid, 0);
	return 0;
}

/* The line of a log's end that says why: a server's FATAL, a tool's error, else the last one. */
static void
last_words(const char *log, char *out, size_t size)
{
	char text[4096], *line, *rest = text;
	int is_reason = 0, is_this;
	ssize_t n;
	off_t end;
	int fd;

	out[0] = '\0';
	fd = open(log, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	end = lseek(fd, 0, SEEK_END) - (off_t)sizeof(text) + 1;
	n = pread(fd, text, sizeof(text) - 1, end > 0 ? end : 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		is_this = strstr(line, "FATAL:") != NULL || strstr(line, "ERROR:") != NULL;
		if (line[0] == '\0' || (is_reason && !is_this))
			continue;
		is_reason = is_this;
		snprintf(out, size, "%.400s", line);
	}
}

static int
failed(const struct scratch *s, int status, struct err *e)
{
	const char *name = strrchr(s->argv[0], '/') + 1;
	char line[512];

	last_words(s->log, line, sizeof(line));
	if (WIFSIGNALED(status))
		return err_set(
		    e, ERR_FAILED, "%s was ended by signal %d: %s", name, WTERMSIG(status), line);
	if (WEXITSTATUS(status) == 127)
		return err_set(e, ERR_FAILED, "could not run %s", s->argv[0]);
	if (WEXITSTATUS(status) == 125) {
		err_set(e, ERR_FAILED, "the servers' OS user could not enter %s", s->dir);
		return err_hint(e, "Let others pass through the directories above it (chmod o+x).");
	}
	return err_set(e, ERR_FAILED, "%s failed (%d): %s", name, WEXITSTATUS(status), line);
}

/* With its group: what it started itself must not write on behind our back. The group is not there
 * yet when the child has not run. */
static void
kill_tool(pid_t pid)
{
	kill(pid, SIGKILL);
	kill(-pid, SIGKILL);
}

int
scratch_wait(struct scratch *s, struct waiter *w, int64_t deadline, struct err *e)
{
	const char *name = strrchr(s->argv[0], '/') + 1;
	int rc, status;

	rc = w->wait(w, s->pidfd, POLLIN, deadline);
	if (rc != 1)
		kill_tool(s->pid);
	while (waitpid(s->pid, &status, 0) == -1 && errno == EINTR)
		;
	s->pid = 0;
	scratch_drop(s);
	if (rc == -1)
		return err_set(e, ERR_CANCELLED, "cancelled while %s ran", name);
	if (rc == 0)
		return err_set(e, ERR_FAILED, "%s did not end in time and was stopped", name);
	return status == 0 ? 0 : failed(s, status, e);
}

int
scratch_run(struct scratch *s, struct waiter *w, int64_t deadline, struct err *e)
{
	if (scratch_start(s, e) != 0)
		return -1;
	return scratch_wait(s, w, deadline, e);
}

void
scratch_drop(struct scratch *s)
{
	if (s->pid > 0 && !s->is_server) {
		kill_tool(s->pid);
		while (waitpid(s->pid, NULL, 0) == -1 && errno == EINTR)
			;
		s->pid = 0;
	}
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
}
