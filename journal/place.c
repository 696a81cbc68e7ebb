/*
 * Where journal files are made. Refuses directories in which somebody else could replace the
 * evidence. Must never open an existing file for writing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "text.h"
#include "wait.h"
#include "banned.h"

#define LOCK_WAIT_MS 2000

static int
refuse(struct err *e, const char *dir, const char *what)
{
	return err_set(e, ERR_JOURNAL, "could not keep a journal in %s: %s", dir, what);
}

/* A new directory's name is durable only when the directory above it is synced. */
static int
keep_entry(const char *dir, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), up;

	up = fd < 0 ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (up < 0 || fsync(up) != 0) {
		refuse(e, dir, strerror(errno));
		if (fd >= 0)
			close(fd);
		if (up >= 0)
			close(up);
		return -1;
	}
	close(fd);
	close(up);
	return 0;
}

/* One component on the way: made if missing, and nobody else may be able to swap it. */
static int
check_component(const char *dir, const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno != ENOENT || (mkdir(path, 0700) != 0 && errno != EEXIST))
			return refuse(e, dir, strerror(errno));
		return keep_entry(dir, path, e);
	}
	if (S_ISLNK(st.st_mode)) {
		if (st.st_uid != 0 && st.st_uid != geteuid())
			return refuse(e, dir, "a symbolic link of another user is on the way");
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return refuse(e, dir, "a part of the path is not a directory");
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return refuse(e, dir, "everybody can write to a directory on the way");
	return 0;
}

static int
check_way(const char *dir, struct err *e)
{
	char path[PATH_MAX];
	size_t i, n = strlen(dir);

	if (n == 0 || n >= sizeof(path) || dir[0] != '/')
		return refuse(e, dir, "the path is not absolute, or too long");
	for (i = 1; i <= n; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (dir[i - 1] != '/' && check_component(dir, path, e) != 0)
			return -1;
	}
	return 0;
}

int
jplace_open(const char *dir, struct err *e)
{
	struct stat st;
	int fd;

	if (check_way(dir, e) != 0)
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return refuse(e, dir, strerror(errno));
	if (fstat(fd, &st) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())) {
		close(fd);
		return refuse(e, dir, "the directory belongs to another user");
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX)) {
		close(fd);
		refuse(e, dir, "others can replace files in the directory");
		return err_hint(e, "Take the right away: chmod go-w %s", dir);
	}
	return fd;
}

int
jplace_create(int dirfd, const char *dir, const char *name, struct err *e)
{
	int64_t deadline = now_ms() + LOCK_WAIT_MS;
	struct waiter w;
	int fd;

	do
		fd = openat(dirfd, name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC, 0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return refuse(e, dir, strerror(errno));
	if (fchmod(fd, 0600) != 0) {
		unlinkat(dirfd, name, 0);
		close(fd);
		return refuse(e, dir, strerror(errno));
	}
	/* A reader that asks whether the file is alive holds a shared lock for an instant. */
	poll_waiter(&w, -1);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || now_ms() > deadline) {
			unlinkat(dirfd, name, 0);
			close(fd);
			return refuse(e, dir, "could not lock the new file");
		}
		w.wait(&w, -1, 0, now_ms() + 10);
	}
	return fd;
}
