/*
 * `lab down` and `lab status`. Must never stop or remove what is not below a directory with the
 * lab's marker.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/lab_plan.h"
#include "text.h"
#include "banned.h"

/* True where dir carries a marker that the caller or root wrote. */
static int
is_lab(const char *dir)
{
	char path[PATH_MAX], text[sizeof(LAB_MAGIC)];
	struct stat st;
	ssize_t n;
	int fd, ok;

	snprintf(path, sizeof(path), "%s/%s", dir, LAB_MARKER);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text));
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	     (st.st_uid == geteuid() || st.st_uid == 0) && n == (ssize_t)sizeof(LAB_MAGIC) - 1 &&
	     memcmp(text, LAB_MAGIC, sizeof(LAB_MAGIC) - 1) == 0;
	close(fd);
	return ok;
}

static int
no_lab(const char *dir, struct err *e)
{
	err_set(e, ERR_USAGE, "%s is no lab of yours: it has no %s; nothing was stopped or removed",
	    dir, LAB_MARKER);
	return err_hint(e, "`holdfast lab status` lists the labs that run.");
}

int
lab_down(const char *dir, struct waiter *w, struct err *e)
{
	char real[PATH_MAX], servers[PATH_MAX + 16], data[PATH_MAX + 300];
	struct dirent *d;
	int rc = 0;
	DIR *p;

	if (realpath(dir, real) == NULL || !is_lab(real))
		return no_lab(dir, e);
	snprintf(servers, sizeof(servers), "%s/servers", real);
	p = opendir(servers);
	while (p != NULL && rc == 0 && (d = readdir(p)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(data, sizeof(data), "%s/%s", servers, d->d_name);
		rc = scratch_stop(data, w, e);
	}
	if (p != NULL)
		closedir(p);
	lab_hosts_down(real, w);
	return rc == 0 ? scratch_remove(real, e) : -1;
}

static const char *
state_of(const char *data, pid_t *pid)
{
	char state[32], signal[PATH_MAX];

	*pid = scratch_server(data, state, NULL);
	if (*pid == 0)
		return access(data, X_OK) != 0 && errno == EACCES ? "not yours to see" : "stopped";
	/* postmaster.pid may say "ready" of both; the signal file goes away with a promotion. */
	if (strcmp(state, "ready") == 0 || strcmp(state, "standby") == 0) {
		snprintf(signal, sizeof(signal), "%s/standby.signal", data);
		return access(signal, F_OK) == 0 || strcmp(state, "standby") == 0 ? "standby"
										  : "primary";
	}
	return strcmp(state, "stopping") == 0 ? "stopping" : "starting";
}

/* The file `nodes`: one line a node, "pg2 20123 pg1". */
static void
add_nodes(struct arena *a, const char *dir, struct lab_node **out, size_t *n)
{
	char path[PATH_MAX], line[256], name[64], upstream[64];
	struct lab_node *node;
	int port;
	FILE *f;

	snprintf(path, sizeof(path), "%s/nodes", dir);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63s %d %63s", name, &port, upstream) != 3 ||
		    !text_is_name(name, 63))
			continue;
		*out = arena_grow(a, *out, *n, sizeof(**out));
		node = &(*out)[(*n)++];
		node->dir = arena_strdup(a, dir);
		node->name = arena_strdup(a, name);
		node->upstream = strcmp(upstream, "-") == 0 ? NULL : arena_strdup(a, upstream);
		node->port = port;
		node->state = state_of(arena_printf(a, "%s/servers/%s", dir, name), &node->pid);
	}
	if (f != NULL)
		fclose(f);
}

static int
is_listed(const struct lab_node *nodes, size_t n, const char *dir)
{
	while (n-- > 0)
		if (strcmp(nodes[n].dir, dir) == 0)
			return 1;
	return 0;
}

/* The lab whose server this process is: its working directory is LAB/servers/NODE. */
static int
lab_of_process(const char *pid, char *dir, size_t size)
{
	char link[300], *end;
	ssize_t n;
	int i;

	snprintf(link, sizeof(link), "/proc/%s/cwd", pid);
	n = readlink(link, dir, size - 1);
	if (n <= 0)
		return 0;
	dir[n] = '\0';
	for (i = 0; i < 2; i++) {
		end = strrchr(dir, '/');
		if (end == NULL || end == dir || (i == 1 && strcmp(end, "/servers") != 0))
			return 0;
		*end = '\0';
	}
	return is_lab(dir);
}

int
lab_status(struct arena *a, const char *dir, struct lab_node **out, size_t *n, struct err *e)
{
	char real[PATH_MAX];
	struct dirent *d;
	DIR *p;

	*out = NULL;
	*n = 0;
	if (dir != NULL) {
		if (realpath(dir, real) == NULL || !is_lab(real))
			return no_lab(dir, e);
		add_nodes(a, real, out, n);
		return 0;
	}
	p = opendir("/proc");
	if (p == NULL)
		return err_set(e, ERR_FAILED, "could not read /proc: %s", strerror(errno));
	while ((d = readdir(p)) != NULL)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' &&
		    lab_of_process(d->d_name, real, sizeof(real)) && !is_listed(*out, *n, real))
			add_nodes(a, real, out, n);
	closedir(p);
	return 0;
}
