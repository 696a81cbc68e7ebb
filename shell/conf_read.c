/*
 * Reading a file that decides over safety: see conf.h. What others can write decides nothing here.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "shell/conf.h"
#include "banned.h"

static int
check_stat(const char *file, const struct stat *st, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "%s is no regular file; it was not read", file);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, ERR_CONFIG,
		    "%s belongs to somebody else (user id %ld); it was not read", file,
		    (long)st->st_uid);
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		err_set(e, ERR_CONFIG, "%s can be written by others (mode %04o); it was not read",
		    file, (unsigned)st->st_mode & 07777);
		return err_hint(e, "chmod go-w %.200s", file);
	}
	if (st->st_size > CONF_MAX_BYTES)
		return err_set(e, ERR_CONFIG, "%s is longer than %d bytes; it was not read", file,
		    CONF_MAX_BYTES);
	return 0;
}

static int
read_all(int fd, struct arena *a, const char *file, char **text, size_t *len, struct err *e)
{
	char *p = arena_alloc(a, CONF_MAX_BYTES + 2);
	ssize_t n;

	*len = 0;
	while (*len <= CONF_MAX_BYTES) {
		n = read(fd, p + *len, CONF_MAX_BYTES + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
			    e, ERR_CONFIG, "%s could not be read: %s", file, strerror(errno));
		if (n == 0)
			break;
		*len += (size_t)n;
	}
	*text = p;
	return 0;
}

int
conf_read(struct arena *a, const char *file, char **text, size_t *len, struct err *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), rc = -1;
	struct stat st;

	if (fd < 0)
		return err_set(e, ERR_CONFIG, "%s could not be read: %s", file, strerror(errno));
	if (fstat(fd, &st) != 0)
		err_set(e, ERR_CONFIG, "%s could not be read: %s", file, strerror(errno));
	else if (check_stat(file, &st, e) == 0)
		rc = read_all(fd, a, file, text, len, e);
	close(fd);
	return rc;
}
