/*
 * The other half of the launcher: finding the server of a data directory, stopping it, removing
 * what is left. Must never signal by name, nor a pid that was not seen to be that very server.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define MAX_DEPTH 32

/* postmaster.pid: pid, data directory, start time, port, socket, address, shared memory, state. */
static pid_t
read_pid_file(const char *data, char *state)
{
	char path[PATH_MAX], text[2048], *line, *rest = text;
	long pid = 0;
	ssize_t n;
	int fd, i;

	text_copy(state, 32, "starting");
	snprintf(path, sizeof(path), "%s/postmaster.pid", data);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (i = 1; (line = strsep(&rest, "\n")) != NULL; i++) {
		if (i == 1)
			pid = strtol(line, NULL, 10);
		if (i == 8)
			text_copy(state, 32, line);
	}
	state[strcspn(state, " ")] = '\0';
	return pid > 1 ? (pid_t)pid : 0;
}

/* mysqld.pid is written once the server takes connections. master.info is a replica's. */
static pid_t
read_my_pid_file(const char *data, char *state)
{
	char path[PATH_MAX], text[32];
	long pid;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/mysqld.pid", data);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	snprintf(path, sizeof(path), "%s/relay-log.info", data);
	text_copy(state, 32, access(path, F_OK) == 0 ? "standby" : "ready");
	return pid > 1 ? (pid_t)pid : 0;
}

/* The programs that are servers, and how each is asked to stop. */
static const struct program {
	const char *name;
	int fast; /* signal */
} programs[] = {
    {"postgres", SIGINT},
    {"mariadbd", SIGTERM},
    {"mysqld", SIGTERM},
};

/* A server's working directory is its data directory. NULL: it is another process. */
static const struct program *
is_that_server(pid_t pid, const char *data)
{
	char link[64], cwd[PATH_MAX], exe[PATH_MAX], real[PATH_MAX];
	const char *name;
	ssize_t n;
	size_t i;

	snprintf(link, sizeof(link), "/proc/%ld/cwd", (long)pid);
	n = readlink(link, cwd, sizeof(cwd) - 1);
	if (n <= 0 || realpath(data, real) == NULL)
		return NULL;
	cwd[n] = '\0';
	snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid);
	n = readlink(link, exe, sizeof(exe) - 1);
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	name = strrchr(exe, '/');
	for (i = 0; name != NULL && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(cwd, real) == 0 && strcmp(name + 1, programs[i].name) == 0)
			return &programs[i];
	return NULL;
}

pid_t
scratch_server(const char *data, char *state, int *pidfd)
{
	char scrap[32];
	pid_t pid;
	int fd;

	pid = read_pid_file(data, state == NULL ? scrap : state);
	if (pid == 0)
		pid = read_my_pid_file(data, state == NULL ? scrap : state);
	if (pid == 0)
		return 0;
	fd = pidfd_open(pid, 0);
	if (fd == -1)
		return 0;
	if (is_that_server(pid, data) == NULL) {
		close(fd);
		return 0;
	}
	if (pidfd != NULL)
		*pidfd = fd;
	else
		close(fd);
	return pid;
}

int
scratch_stop(const char *data, struct waiter *w, struct err *e)
{
	static const struct {
		int signal, wait_ms;
	} ways[] = {{SIGINT, 10000}, {SIGQUIT, 5000}, {SIGKILL, 5000}};
	const struct program *is;
	int pidfd, rc = 0, sig;
	pid_t pid;
	size_t i;

	pid = scratch_server(data, NULL, &pidfd);
	if (pid == 0)
		return 0;
	is = is_that_server(pid, data);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && rc != 1; i++) {
		sig = i == 0 && is != NULL ? is->fast : ways[i].signal;
		if (pidfd_send_signal(pidfd, sig, NULL, 0) != 0 && errno != ESRCH) {
			close(pidfd);
			return err_set(e, ERR_FAILED,
			    "could not stop the server of %s (pid %ld): %s", data, (long)pid,
			    strerror(errno));
		}
		/* A stopped process cannot answer a polite signal. */
		pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
		rc = w->wait(w, pidfd, POLLIN, now_ms() + ways[i].wait_ms);
	}
	close(pidfd);
	waitpid(pid, NULL, WNOHANG);
	if (rc == -1)
		return err_set(e, ERR_CANCELLED, "cancelled while the server of %s stopped", data);
	if (rc == 0)
		return err_set(
		    e, ERR_FAILED, "the server of %s (pid %ld) does not stop", data, (long)pid);
	return 0;
}

static int
remove_below(int fd, int depth)
{
	struct dirent *d;
	int rc = 0, sub;
	DIR *dir;

	dir = depth > MAX_DEPTH ? NULL : fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return -1;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, d->d_name, 0) == 0 || errno == ENOENT)
			continue;
		sub = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub == -1 || remove_below(sub, depth + 1) != 0 ||
		    unlinkat(fd, d->d_name, AT_REMOVEDIR) != 0)
			rc = -1;
	}
	closedir(dir);
	return rc;
}

int
scratch_remove(const char *dir, struct err *e)
{
	const struct timespec pause = {0, 50 * 1000 * 1000};
	int fd, try;

	/* Children of a killed program may still write their last files: then a second round helps.
	 */
	for (try = 0; try < 40; try++) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd == -1)
			return err_set(
			    e, ERR_FAILED, "could not open %s: %s", dir, strerror(errno));
		if (remove_below(fd, 0) == 0 && rmdir(dir) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return err_set(
	    e, ERR_FAILED, "could not remove everything in %s: %s", dir, strerror(errno));
}
