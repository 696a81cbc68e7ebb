/*
 * Small files in a directory that several people write to: see store_file.h. A file is looked at
 * through one descriptor and read once; what is verified later are the bytes read here. Must never
 * block on what somebody else put there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdio.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/store_file.h"
#include "hash.h"
#include "text.h"
#include "banned.h"

static const char *
owner_name(struct arena *a, uid_t uid)
{
	struct passwd pw, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(uid, &pw, buffer, sizeof(buffer), &found) == 0 && found != NULL)
		return text_inert(a, pw.pw_name, strlen(pw.pw_name), 0);
	return arena_printf(a, "uid %u", (unsigned)uid);
}

static int
check_stat(const struct stat *st, const char *name, size_t max, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_FAILED, "%s is not a regular file", name);
	if (st->st_nlink != 1)
		return err_set(e, ERR_FAILED, "%s has more than one name", name);
	if (st->st_size <= 0 || (size_t)st->st_size > max)
		return err_set(e, ERR_FAILED, "%s has %lld bytes; 1 to %zu were expected", name,
		    (long long)st->st_size, max);
	return 0;
}

static int
read_whole(int fd, char *p, size_t max, size_t *len)
{
	ssize_t got;

	for (*len = 0; *len <= max; *len += (size_t)got) {
		got = read(fd, p + *len, max + 1 - *len);
		if (got == -1 && errno == EINTR)
			got = 0;
		else if (got == -1)
			return -1;
		else if (got == 0)
			return 0;
	}
	return -1; /* it grew while it was read */
}

int
store_read(struct arena *a, int dir, const char *name, size_t max, char **data, size_t *len,
    const char **owner, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int rc = -1, no = errno;

	if (fd == -1) {
		err_set(e, ERR_FAILED, "could not open %s: %s", name,
		    no == ELOOP ? "it is a symbolic link" : strerror(no));
		errno = no;
		return -1;
	}
	if (fstat(fd, &st) == -1) {
		err_set(e, ERR_FAILED, "could not look at %s: %s", name, strerror(errno));
	} else if (check_stat(&st, name, max, e) == 0) {
		*data = arena_alloc(a, (size_t)st.st_size + 2);
		rc = read_whole(fd, *data, (size_t)st.st_size, len);
		if (rc == -1)
			err_set(
			    e, ERR_FAILED, "could not read %s: it changes, or an I/O error", name);
		(*data)[rc == 0 ? *len : 0] = '\0';
		*owner = owner_name(a, st.st_uid);
	}
	close(fd);
	errno = 0;
	return rc;
}

static int
write_all(int fd, const char *p, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = write(fd, p, n);
		if (put == -1 && errno != EINTR)
			return -1;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

/* Gives the finished file its name. A file system without RENAME_NOREPLACE gets link and unlink. */
static int
give_name(int dir, const char *temporary, const char *name, enum store_mode mode)
{
	if (mode == STORE_REPLACE)
		return renameat(dir, temporary, dir, name);
	if (renameat2(dir, temporary, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(dir, temporary, dir, name, 0) == -1)
		return -1;
	return unlinkat(dir, temporary, 0);
}

int
store_write(int dir, gid_t group, const char *name, const void *data, size_t len,
    enum store_mode mode, int *held, struct err *e)
{
	char id[ID_CHARS + 1], temporary[ID_CHARS + 8];
	int fd, no, rc;

	id_new(id);
	snprintf(temporary, sizeof(temporary), ".%s.tmp", id);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return err_set(e, ERR_FAILED, "could not write %s: %s", name, strerror(errno));
	rc = write_all(fd, data, len);
	if (rc == 0 && fchown(fd, (uid_t)-1, group) == -1)
		rc = -1;
	/* Nobody else can open it yet, so the lock is free. */
	if (rc == 0 && held != NULL && flock(fd, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK)
		rc = -1;
	if (rc == 0 && (fchmod(fd, 0640) == -1 || fsync(fd) == -1))
		rc = -1;
	if (rc == 0)
		rc = give_name(dir, temporary, name, mode);
	no = errno;
	if (rc == 0 && fsync(dir) == -1) {
		no = errno;
		rc = -1;
	} else if (rc == -1) {
		unlinkat(dir, temporary, 0);
	}
	if (rc == 0 && held != NULL)
		*held = fd;
	else
		close(fd);
	if (rc == -1)
		err_set(e, ERR_FAILED, "could not write %s: %s", name, strerror(no));
	errno = no;
	return rc;
}

int
store_is_member(gid_t group)
{
	gid_t list[1024];
	int n = getgroups(1024, list), i;

	for (i = 0; i < n; i++)
		if (list[i] == group)
			return 1;
	return geteuid() == 0 || getegid() == group;
}
