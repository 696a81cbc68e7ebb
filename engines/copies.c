/*
 * Safety copies on disk: see copies.h. Must never take a directory for a copy whose files are not
 * what its manifest says.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/copies.h"
#include "text.h"
#include "banned.h"

#define MANIFEST "manifest.json"
#define MANIFEST_MAX (1 << 20)
#define COPIES_MAX 10000

int
copy_digest(const char *path, char out[SHA256_HEX], int64_t *bytes, struct err *e)
{
	static const size_t room = 1 << 20;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	unsigned char *buf = malloc(room);
	struct hasher *h = hasher_new();
	ssize_t n = -1;

	*bytes = 0;
	if (buf == NULL)
		abort();
	while (fd != -1 && (n = read(fd, buf, room)) > 0) {
		hasher_add(h, buf, (size_t)n);
		*bytes += n;
	}
	hasher_finish(h, out);
	free(buf);
	if (fd != -1)
		close(fd);
	if (fd != -1 && n == 0)
		return 0;
	return err_set(e, ERR_FAILED, "could not read %s: %s", path, strerror(errno));
}

const char *
copy_path(struct arena *a, const struct copy *c, const char *name)
{
	return arena_printf(a, "%s/%s", c->dir, name);
}

int
copy_make(struct arena *a, struct copy *c, const char *directory, const char *name, int64_t room,
    struct err *e)
{
	struct statvfs fs;
	struct stat st;

	if (stat(directory, &st) != 0 || !S_ISDIR(st.st_mode)) {
		err_set(
		    e, ERR_REFUSED, "%s, where safety copies go, is no directory here", directory);
		return err_hint(
		    e, "make it, for the operators alone, or name another in the policy");
	}
	if (st.st_mode & S_IWOTH) {
		err_set(e, ERR_REFUSED, "%s, where safety copies go, can be written by everybody",
		    directory);
		return err_hint(e, "chmod o-w it");
	}
	if (statvfs(directory, &fs) == 0 &&
	    (int64_t)fs.f_bavail * (int64_t)fs.f_frsize < room + (64 << 20)) {
		err_set(e, ERR_REFUSED, "%s has %s left, and the safety copy may need %s",
		    directory, text_bytes(a, (int64_t)fs.f_bavail * (int64_t)fs.f_frsize),
		    text_bytes(a, room));
		return err_hint(e, "make room there, or name another directory in the policy");
	}
	c->dir = arena_printf(a, "%s/%s", directory, name);
	if (mkdir(c->dir, 0700) == 0)
		return 0;
	return err_set(e, ERR_FAILED, "could not make %s: %s", c->dir, strerror(errno));
}

static int
sync_path(const char *path, int flags, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags), rc = fd == -1 ? -1 : fsync(fd);

	if (fd != -1)
		close(fd);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_FAILED, "could not make %s durable: %s", path, strerror(errno));
}

int
copy_add(struct arena *a, struct copy *c, const char *name, const char *what, int64_t rows,
    struct err *e)
{
	const char *path = copy_path(a, c, name);
	struct copy_file *f;

	if (c->nfiles == COPY_FILES_MAX)
		return err_set(
		    e, ERR_REFUSED, "a copy of more than %d files is too much", COPY_FILES_MAX);
	c->files = arena_grow(a, c->files, c->nfiles, sizeof(*c->files));
	f = &c->files[c->nfiles];
	memset(f, 0, sizeof(*f));
	f->name = arena_strdup(a, name);
	f->what = arena_strdup(a, what);
	f->rows = rows;
	if (sync_path(path, O_NOFOLLOW, e) != 0 || copy_digest(path, f->sha256, &f->bytes, e) != 0)
		return -1;
	c->nfiles++;
	return 0;
}

static json_t *
manifest(const struct copy *c)
{
	json_t *files = json_array();
	size_t i;

	for (i = 0; i < c->nfiles; i++)
		json_array_append_new(files,
		    json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", c->files[i].name, "what",
			c->files[i].what, "sha256", c->files[i].sha256, "bytes",
			(json_int_t)c->files[i].bytes, "rows", (json_int_t)c->files[i].rows));
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I, "
			 "s:o}",
	    "v", 1, "engine", c->engine, "identity", c->identity, "node", c->node, "database",
	    c->database, "plan", c->plan, "mode", c->mode, "schema", c->schema, "table", c->table,
	    "where", c->where, "major", c->major, "taken", (json_int_t)c->taken, "expires",
	    (json_int_t)c->expires, "ms", (json_int_t)c->ms, "files", files);
}

/* Every file as its manifest has it. */
static int
check_files(struct arena *a, const struct copy *c, struct err *e)
{
	char sha256[SHA256_HEX];
	int64_t bytes;
	size_t i;

	for (i = 0; i < c->nfiles; i++) {
		if (copy_digest(copy_path(a, c, c->files[i].name), sha256, &bytes, e) != 0)
			return -1;
		if (bytes != c->files[i].bytes || strcmp(sha256, c->files[i].sha256) != 0)
			return err_set(e, ERR_FAILED,
			    "%s/%s is not what it was when it was written", c->dir,
			    c->files[i].name);
	}
	return 0;
}

int
copy_seal(struct arena *a, struct copy *c, struct err *e)
{
	const char *path = copy_path(a, c, MANIFEST), *tmp = copy_path(a, c, MANIFEST ".new");
	json_t *m;
	int rc;

	if (check_files(a, c, e) != 0)
		return -1;
	m = manifest(c);
	if (m == NULL)
		return err_set(e, ERR_FAILED, "the manifest of %s could not be made", c->dir);
	rc = json_dump_file(m, tmp, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENSURE_ASCII);
	json_decref(m);
	if (rc != 0 || sync_path(tmp, O_NOFOLLOW, e) != 0 || rename(tmp, path) != 0)
		return err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno));
	return sync_path(c->dir, O_DIRECTORY, e);
}

static int
read_manifest(struct arena *a, const char *path, json_t **out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char *text = arena_alloc(a, MANIFEST_MAX + 1);
	ssize_t n = fd == -1 ? -1 : read(fd, text, MANIFEST_MAX);

	if (fd != -1)
		close(fd);
	if (n < 0)
		return err_set(e, ERR_FAILED, "could not read %s: %s", path, strerror(errno));
	*out = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
	return *out != NULL ? 0 : err_set(e, ERR_FAILED, "%s is no manifest of a copy", path);
}

static const char *
member(struct arena *a, const json_t *m, const char *name)
{
	const char *s = json_string_value(json_object_get(m, name));

	return s == NULL ? NULL : arena_strdup(a, s);
}

static int
take_file(struct arena *a, const json_t *m, struct copy_file *f)
{
	const char *sha256 = json_string_value(json_object_get(m, "sha256"));

	f->name = member(a, m, "name");
	f->what = member(a, m, "what");
	f->bytes = json_integer_value(json_object_get(m, "bytes"));
	f->rows = json_integer_value(json_object_get(m, "rows"));
	if (f->name == NULL || f->what == NULL || sha256 == NULL ||
	    strlen(sha256) != SHA256_HEX - 1 || strchr(f->name, '/') != NULL || f->name[0] == '.')
		return -1;
	text_copy(f->sha256, sizeof(f->sha256), sha256);
	return 0;
}

static int
take(struct arena *a, const json_t *m, struct copy *c)
{
	const json_t *files = json_object_get(m, "files");
	size_t i, n = json_array_size(files);

	c->engine = member(a, m, "engine");
	c->identity = member(a, m, "identity");
	c->node = member(a, m, "node");
	c->database = member(a, m, "database");
	c->plan = member(a, m, "plan");
	c->mode = member(a, m, "mode");
	c->schema = member(a, m, "schema");
	c->table = member(a, m, "table");
	c->where = member(a, m, "where");
	c->major = (int)json_integer_value(json_object_get(m, "major"));
	c->taken = json_integer_value(json_object_get(m, "taken"));
	c->expires = json_integer_value(json_object_get(m, "expires"));
	c->ms = json_integer_value(json_object_get(m, "ms"));
	if (json_integer_value(json_object_get(m, "v")) != 1 || c->engine == NULL ||
	    c->identity == NULL || c->node == NULL || c->database == NULL || c->plan == NULL ||
	    c->mode == NULL || c->schema == NULL || c->table == NULL || c->where == NULL ||
	    n == 0 || n > COPY_FILES_MAX)
		return -1;
	c->files = arena_array(a, n, sizeof(*c->files));
	for (i = 0; i < n; i++)
		if (take_file(a, json_array_get(files, i), &c->files[i]) != 0)
			return -1;
	c->nfiles = n;
	return 0;
}

int
copy_read(struct arena *a, const char *dir, int check, struct copy *out, struct err *e)
{
	const char *path = arena_printf(a, "%s/" MANIFEST, dir);
	json_t *m = NULL;
	int rc;

	memset(out, 0, sizeof(*out));
	out->dir = arena_strdup(a, dir);
	if (read_manifest(a, path, &m, e) != 0)
		return -1;
	rc = take(a, m, out);
	json_decref(m);
	if (rc != 0)
		return err_set(e, ERR_FAILED, "%s is no manifest of a copy", path);
	return check ? check_files(a, out, e) : 0;
}

static int
newer_first(const void *x, const void *y)
{
	const struct copy_seen *a = x, *b = y;

	return a->taken < b->taken ? 1 : a->taken > b->taken ? -1 : 0;
}

static void
see(struct arena *a, const char *dir, const char *name, struct copy_seen *out)
{
	struct err own = {0};
	struct copy c;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->plan = arena_strdup(a, name);
	out->schema = out->table = out->node = "";
	if (copy_read(a, dir, 0, &c, &own) != 0) {
		out->wrong = arena_strdup(a, own.msg);
		return;
	}
	out->plan = c.plan;
	out->schema = c.schema;
	out->table = c.table;
	out->node = c.node;
	out->taken = c.taken;
	out->expires = c.expires;
	for (i = 0; i < c.nfiles; i++)
		out->bytes += c.files[i].bytes;
}

int
ask_copies(struct arena *a, const char *directory, struct copy_seen **out, size_t *n, struct err *e)
{
	DIR *d = opendir(directory);
	struct dirent *x;
	struct stat st;

	*out = NULL;
	*n = 0;
	if (d == NULL)
		return err_set(e, ERR_FAILED, "could not read %s, where safety copies go: %s",
		    directory, strerror(errno));
	while ((x = readdir(d)) != NULL && *n < COPIES_MAX) {
		const char *path = arena_printf(a, "%s/%s", directory, x->d_name);

		if (x->d_name[0] == '.' || lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		*out = arena_grow(a, *out, *n, sizeof(**out));
		see(a, path, x->d_name, &(*out)[(*n)++]);
	}
	closedir(d);
	if (*n > 1)
		qsort(*out, *n, sizeof(**out), newer_first);
	return 0;
}
