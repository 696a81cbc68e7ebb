/*
 * The pager: $PAGER, else less, for results taller than the screen. Its words are split at blanks
 * and executed without a shell. Writing to it waits in the loop, so that watches go on while
 * somebody reads. Must never be started where nobody looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "shell/app.h"
#include "shell/out.h"
#include "shell/out_inside.h"
#include "banned.h"

#define PAGER_WORDS 16

void
pager_none(struct pager *p, struct app *app)
{
	*p = (struct pager){.fd = -1, .app = app};
}

static const char *
wish(void)
{
	const char *s = getenv("PAGER");

	/* -R: our own colours; everything else that is not text is inert before it gets there. */
	return s != NULL && strspn(s, " \t") < strlen(s) ? s : "less -SR";
}

int
pager_scrolls(void)
{
	const char *s = wish();

	return (strncmp(s, "less", 4) == 0 && strstr(s, "-S") != NULL) ||
	       strncmp(s, "pspg", 4) == 0;
}

/* The environment, and LESSSECURE: what less shows is inert, and it is no way to a shell. */
static char **
surroundings(struct arena *a)
{
	char **env;
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	env = arena_array(a, n + 2, sizeof(*env));
	memcpy(env, environ, n * sizeof(*env));
	env[n] = arena_strdup(a, "LESSSECURE=1");
	return env;
}

/* posix_spawn: says whether the program could be executed, and is safe beside worker threads. */
static int
spawn(struct pager *p, char **argv, char **env, int in)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, pipes;
	int rc;

	sigemptyset(&none);
	sigemptyset(&pipes);
	sigaddset(&pipes, SIGPIPE);
	posix_spawnattr_init(&at);
	posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&at, &none);
	posix_spawnattr_setsigdefault(&at, &pipes);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	rc = posix_spawnp(&p->pid, argv[0], &fa, &at, argv, env);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	if (rc != 0)
		p->pid = 0;
	return rc == 0;
}

int
pager_start(struct pager *p)
{
	struct arena *a = arena_new();
	char *argv[PAGER_WORDS + 1], *save = NULL, *w;
	int fds[2], n = 0, ok;

	for (w = strtok_r(arena_strdup(a, wish()), " \t", &save); w != NULL && n < PAGER_WORDS;
	     w = strtok_r(NULL, " \t", &save))
		argv[n++] = w;
	argv[n] = NULL;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		arena_free(a);
		return 0;
	}
	fflush(stdout);
	ok = spawn(p, argv, surroundings(a), fds[0]);
	arena_free(a);
	close(fds[0]);
	if (!ok) {
		close(fds[1]);
		return 0;
	}
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	p->fd = fds[1];
	p->app->is_paging = 1;
	p->app->pager = p->pid;
	return 1;
}

/* One that ended and was not waited for yet has it no more. */
int
pager_has_screen(const struct app *app)
{
	siginfo_t ended = {0};
	pid_t pid = app->pager;

	return pid > 0 && waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       ended.si_pid == 0;
}

/* Ctrl-C belongs to the pager while it has the screen. */
static int
wait_for(struct pager *p, int fd, short events, int64_t ms)
{
	int64_t deadline = now_ms() + ms;
	struct waiter plain, *w = &plain;

	poll_waiter(&plain, -1);
	if (p->app->loop != NULL)
		w = loop_waiter(p->app->loop);
	return w->wait(w, fd, events, deadline);
}

int
pager_write(struct pager *p, const char *s, size_t n)
{
	ssize_t did;

	if (p->fd < 0)
		return fwrite(s, 1, n, stdout) == n ? 0 : -1;
	while (n > 0 && !p->is_gone) {
		did = write(p->fd, s, n);
		if (did > 0) {
			s += did;
			n -= (size_t)did;
		} else if (did < 0 && errno == EAGAIN)
			wait_for(p, p->fd, POLLOUT, 60000);
		else if (did < 0 && errno != EINTR)
			p->is_gone = 1;
		if (p->app->loop != NULL && loop_is_leaving(p->app->loop))
			p->is_gone = 1;
	}
	return p->is_gone ? -1 : 0;
}

void
pager_finish(struct pager *p)
{
	int status, fd, tries = 0;

	if (p->pid <= 0) {
		fflush(stdout);
		return;
	}
	close(p->fd);
	fd = pidfd_open(p->pid, 0);
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		/* Who leaves does not wait for a reader who may be gone. */
		if (p->app->loop != NULL && loop_is_leaving(p->app->loop))
			kill(p->pid, tries++ < 5 ? SIGTERM : SIGKILL);
		wait_for(p, fd, POLLIN, fd < 0 || tries > 0 ? 100 : 60000);
	}
	if (fd >= 0)
		close(fd);
	p->app->pager = 0;
	p->app->is_paging = 0;
	pager_none(p, p->app);
}
