/*
 * Files a command wants made (init): see struct new_file. Must never write over a file, nor leave
 * one of two behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "shell/new_files.h"
#include "banned.h"

static int
make_parents(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	char *copy = arena_strdup(a, path), *slash;
	int rc = 0;

	for (slash = strchr(copy + 1, '/'); slash != NULL && rc == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			rc = err_set(e, ERR_FAILED, "could not make directory %s: %s", copy,
			    strerror(errno));
		*slash = '/';
	}
	arena_free(a);
	return rc;
}

static int
write_one(const struct new_file *f, struct err *e)
{
	size_t len = strlen(f->text), did = 0;
	ssize_t n;
	int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(e, ERR_FAILED, "could not make %s: %s", f->path, strerror(errno));
	while (did < len && (n = write(fd, f->text + did, len - did)) > 0)
		did += (size_t)n;
	if (did < len || fsync(fd) != 0) {
		err_set(e, ERR_FAILED, "could not write %s: %s", f->path, strerror(errno));
		close(fd);
		unlink(f->path);
		return -1;
	}
	close(fd);
	return 0;
}

int
new_files_write(const struct new_file *files, size_t n, struct err *e)
{
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++)
		if (lstat(files[i].path, &st) == 0) {
			err_set(e, ERR_FAILED, "%s is there already; nothing was written",
			    files[i].path);
			return err_hint(e, "Name another file, or move that one away.");
		}
	for (i = 0; i < n; i++)
		if (make_parents(files[i].path, e) != 0 || write_one(&files[i], e) != 0) {
			while (i-- > 0)
				unlink(files[i].path);
			return -1;
		}
	return 0;
}
