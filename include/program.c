/*
 * A program of the site's: its own words, no shell, a deadline, and what it says when it fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "program.h"
#include "wait.h"
#include "banned.h"

extern char **environ;

struct running {
	pid_t pid;
	int err_fd;
	char said[200]; /* the beginning of its standard error */
	size_t nsaid;
};

static int
spawn(struct running *c, char **argv)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return errno;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, fds[1], 2);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	error = posix_spawnp(&c->pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	close(fds[1]);
	c->err_fd = fds[0];
	if (error != 0)
		close(fds[0]);
	return error;
}

/* Reads what it says until it ends or the deadline. 1 ended, 0 not. */
static int
watch(struct running *c, int64_t deadline)
{
	int pid_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	struct pollfd p[2] = {{pid_fd, POLLIN, 0}, {c->err_fd, POLLIN, 0}};
	char buf[512];
	int64_t left;
	ssize_t n;

	while (pid_fd >= 0 && (left = deadline - now_ms()) > 0) {
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			break;
		if (p[1].fd >= 0 && p[1].revents != 0) {
			n = read(c->err_fd, buf, sizeof(buf));
			if (n <= 0)
				p[1].fd = -1;
			for (ssize_t i = 0; i < n && c->nsaid < sizeof(c->said) - 1; i++)
				c->said[c->nsaid++] = buf[i];
		} else if (p[0].revents != 0) {
			close(pid_fd);
			return 1;
		}
	}
	if (pid_fd >= 0)
		close(pid_fd);
	return 0;
}

int
program_run(const char *const *words, size_t n, const char *last, const char *what, int deadline_ms,
    struct err *e)
{
	struct arena *a = arena_new();
	char **argv = arena_array(a, n + 2, sizeof(*argv));
	struct running c = {.err_fd = -1};
	int error, status = 0, ended;
	size_t i;

	for (i = 0; i < n; i++)
		argv[i] = arena_strdup(a, words[i]);
	argv[n] = arena_strdup(a, last);
	error = spawn(&c, argv);
	if (error != 0) {
		err_set(
		    e, ERR_FAILED, "could not run %s for %s: %s", argv[0], what, strerror(error));
		arena_free(a);
		return -1;
	}
	ended = watch(&c, now_ms() + deadline_ms);
	if (!ended)
		kill(-c.pid, SIGKILL);
	while (waitpid(c.pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c.err_fd);
	c.said[strcspn(c.said, "\n")] = '\0';
	if (!ended)
		err_set(e, ERR_FAILED, "%s did not end within %d s for %s; it was stopped", argv[0],
		    deadline_ms / 1000, what);
	else if (status != 0)
		err_set(e, ERR_FAILED, "%s failed for %s (%s %d)%s%s", argv[0], what,
		    WIFEXITED(status) ? "exit" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
		    c.said[0] == '\0' ? "" : ": ", c.said);
	arena_free(a);
	return ended && status == 0 ? 0 : -1;
}
