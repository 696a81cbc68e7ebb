/*
 * What lies there of a method: files, or directories with all that is in them. Nothing is opened.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "banned.h"

#define ITEMS_MAX 10000
#define DEPTH_MAX 32

static int
newer_first(const void *x, const void *y)
{
	const struct backup_item *a = x, *b = y;

	return a->made < b->made ? 1 : a->made > b->made ? -1 : strcmp(b->name, a->name);
}

void
backup_sort(struct backup_facts *f)
{
	if (f->nitems > 1)
		qsort(f->items, f->nitems, sizeof(*f->items), newer_first);
}

void
backup_add(struct backup_look *x, const char *name, const char *path, int64_t bytes, int64_t made)
{
	struct backup_facts *f = x->out;

	f->items = arena_grow(x->a, f->items, f->nitems, sizeof(*f->items));
	f->items[f->nitems++] =
	    (struct backup_item){arena_strdup(x->a, name), arena_strdup(x->a, path), bytes, made};
}

static int64_t
tree_bytes(struct arena *a, int fd, const char *path, int depth, const char **link)
{
	DIR *d = depth > DEPTH_MAX ? NULL : fdopendir(fd);
	int64_t sum = 0;
	struct dirent *x;
	struct stat st;
	int sub;

	if (d == NULL) {
		close(fd);
		return 0;
	}
	while ((x = readdir(d)) != NULL) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0 ||
		    fstatat(dirfd(d), x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (*link == NULL && (S_ISLNK(st.st_mode) || fnmatch("*.isl", x->d_name, 0) == 0))
			*link = arena_printf(a, "%s/%s", path, x->d_name);
		if (S_ISREG(st.st_mode))
			sum += st.st_size;
		sub = S_ISDIR(st.st_mode) ? openat(dirfd(d), x->d_name,
						O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
					  : -1;
		if (sub != -1)
			sum += tree_bytes(
			    a, sub, arena_printf(a, "%s/%s", path, x->d_name), depth + 1, link);
	}
	closedir(d);
	return sum;
}

int64_t
backup_tree_bytes(struct arena *a, const char *path, const char **link)
{
	const char *ignored = NULL;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd == -1 ? 0 : tree_bytes(a, fd, path, 0, link == NULL ? &ignored : link);
}

static int
collect(struct backup_look *x, mode_t kind, struct err *e)
{
	const struct backup_config *b = x->b;
	DIR *d = opendir(b->path);
	struct dirent *entry;
	struct stat st;

	if (d == NULL)
		return err_set(e, ERR_FAILED, "could not read %s: %s", b->path, strerror(errno));
	while ((entry = readdir(d)) != NULL && x->out->nitems < ITEMS_MAX) {
		const char *path = arena_printf(x->a, "%s/%s", b->path, entry->d_name);

		if (entry->d_name[0] == '.' || fnmatch(b->pattern, entry->d_name, 0) != 0 ||
		    stat(path, &st) != 0 || (st.st_mode & S_IFMT) != kind)
			continue;
		backup_add(x, entry->d_name, path,
		    kind == S_IFREG ? st.st_size : backup_tree_bytes(x->a, path, NULL),
		    st.st_mtime);
	}
	closedir(d);
	backup_sort(x->out);
	return 0;
}

int
backup_files(struct backup_look *x, struct err *e)
{
	return collect(x, S_IFREG, e);
}

int
backup_trees(struct backup_look *x, struct err *e)
{
	return collect(x, S_IFDIR, e);
}
