/*
 * Dumps of pg_dump as a script: see pg_dump.h. pg_restore writes into a pipe of ours, which costs
 * no disk and no second reading; a plain dump is read as it lies there. Must never write anything
 * but in its own directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/pg_dump.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (24LL * 3600 * 1000)
#define LIST_MS 600000
#define PIPE_BYTES (1 << 20)
#define NEWEST 30

/* The newest that is installed reads all that older ones wrote. */
static const char *
newest_program(struct arena *a, int major)
{
	const char *p = NULL;
	int v;

	for (v = NEWEST; p == NULL && v > major; v--)
		p = access(arena_printf(a, "/usr/lib/postgresql/%d/bin/pg_restore", v), X_OK) == 0
			? backup_program(a, "pg_restore", v)
			: NULL;
	return p != NULL ? p : backup_program(a, "pg_restore", major);
}

static int64_t
directory_bytes(struct arena *a, const char *path)
{
	DIR *d = opendir(path);
	struct dirent *x;
	struct stat st;
	int64_t bytes = 0;

	while (d != NULL && (x = readdir(d)) != NULL)
		if (stat(arena_printf(a, "%s/%s", path, x->d_name), &st) == 0 &&
		    S_ISREG(st.st_mode))
			bytes += st.st_size;
	if (d != NULL)
		closedir(d);
	return bytes;
}

static const char *
format_of(struct arena *a, const char *path, int is_directory)
{
	static const char gzip[] = "\x1f\x8b";
	size_t len;
	const char *head;

	if (is_directory)
		return access(arena_printf(a, "%s/toc.dat", path), R_OK) == 0 ? "directory" : NULL;
	head = backup_edge(a, path, 0, &len);
	if (len >= 5 && memcmp(head, "PGDMP", 5) == 0)
		return "custom";
	if (len >= 262 && memcmp(head + 257, "ustar", 5) == 0)
		return "tar";
	if (len >= 2 && memcmp(head, gzip, 2) == 0)
		return "gzip";
	return len >= 2 && (memcmp(head, "--", 2) == 0 || memcmp(head, "\\r", 2) == 0) ? "plain"
										       : NULL;
}

static const char *
time_text(struct arena *a, time_t t)
{
	char s[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(s, sizeof(s), "%Y-%m-%d %H:%M:%S UTC", &tm);
	return arena_strdup(a, s);
}

int
dump_look(struct dump *d, int major, struct err *e)
{
	struct stat st, toc;

	d->fd = -1;
	if (stat(d->path, &st) != 0)
		return err_set(e, ERR_FAILED, "%s cannot be read: %s; nothing was done", d->path,
		    strerror(errno));
	if ((!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) || access(d->path, R_OK) != 0)
		return err_set(e, ERR_FAILED, "%s cannot be read here; nothing was done", d->path);
	d->format = format_of(d->a, d->path, S_ISDIR(st.st_mode));
	if (d->format == NULL || strcmp(d->format, "gzip") == 0) {
		err_set(e, ERR_REFUSED, "%s is %s; nothing was done", d->path,
		    d->format == NULL ? "no dump of pg_dump" : "a compressed script");
		return err_hint(e,
		    d->format == NULL ? "backups list shows which there are" : "gunzip it first");
	}
	d->made = time_text(d->a, st.st_mtim.tv_sec);
	d->bytes = st.st_size;
	if (S_ISDIR(st.st_mode)) {
		d->bytes = directory_bytes(d->a, d->path);
		if (stat(arena_printf(d->a, "%s/toc.dat", d->path), &toc) == 0)
			st = toc;
	}
	d->identity = arena_printf(d->a, "%llu:%llu %lld bytes of %lld.%09ld",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, (long long)d->bytes,
	    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (strcmp(d->format, "plain") == 0)
		return 0;
	d->program = newest_program(d->a, major);
	if (d->program != NULL)
		return 0;
	err_set(e, ERR_CONFIG,
	    "no pg_restore of version %d or later is installed here; nothing "
	    "was done",
	    major);
	return err_hint(e, "install postgresql-client-%d", major);
}

int
dump_open(struct dump *d, const char *const *options, struct err *e)
{
	const char *pipe = arena_printf(d->a, "%s/pipe", d->dir);
	const char **argv = arena_array(d->a, 16, sizeof(*argv));
	size_t n = 0, i;

	if (d->program == NULL) {
		d->fd = open(d->path, O_RDONLY | O_CLOEXEC);
		if (d->fd < 0)
			return err_set(
			    e, ERR_FAILED, "could not read %s: %s", d->path, strerror(errno));
		script_init(&d->script, d->fd, -1, d->w);
		return 0;
	}
	argv[n++] = d->program;
	for (i = 0; options[i] != NULL && n < 13; i++)
		argv[n++] = options[i];
	argv[n++] = arena_printf(d->a, "--file=%s", pipe);
	argv[n++] = d->path;
	d->log = arena_printf(d->a, "%s/log", d->dir);
	d->tool = (struct scratch){.argv = argv, .dir = d->dir, .log = d->log};
	if (access(pipe, F_OK) != 0 && mkfifo(pipe, 0600) != 0)
		return err_set(e, ERR_FAILED, "could not make %s: %s", pipe, strerror(errno));
	d->fd = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (d->fd < 0)
		return err_set(e, ERR_FAILED, "could not open %s: %s", pipe, strerror(errno));
	fcntl(d->fd, F_SETPIPE_SZ, PIPE_BYTES);
	script_init(&d->script, d->fd, -1, d->w);
	if (scratch_start(&d->tool, e) != 0)
		return -1;
	d->script.pidfd = d->tool.pidfd;
	return 0;
}

int
dump_close(struct dump *d, int is_whole, struct err *e)
{
	struct err why = {0};
	int rc = 0;

	script_free(&d->script);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	if (d->program == NULL || d->tool.pid <= 0)
		return 0;
	if (is_whole)
		rc = scratch_wait(&d->tool, d->w, now_ms() + TOOL_MS, &why);
	scratch_drop(&d->tool);
	if (rc == 0)
		return 0;
	if (why.code == ERR_CANCELLED) {
		*e = why;
		return -1;
	}
	err_set(e, ERR_FAILED, "%s is no whole dump: %.600s", d->path, why.msg);
	return err_hint(e, strstr(why.msg, "unsupported version") != NULL
			       ? "it is of a newer pg_dump: install the client of that version"
			       : "backups check says which others are whole");
}

const char *const *
dump_rows_options(struct dump *d, const char *list)
{
	const char **o = arena_array(d->a, 3, sizeof(*o));

	o[0] = "--data-only";
	o[1] = arena_printf(d->a, "--use-list=%s", list);
	return o;
}

/* "3225; 0 16421 TABLE DATA public orders postgres": behind the numbers. */
static const char *
entry_of(char *line)
{
	int i;

	line = strchr(line, ';');
	for (i = 0; line != NULL && i < 3; i++)
		line = strchr(line + 1, ' ');
	return line == NULL ? "" : line + 1;
}

static int
is_wanted(struct dump *d, const struct pick *x, const char *entry)
{
	const char *name = arena_printf(d->a, "TABLE DATA %s %s ", x->schema, x->table);
	size_t i;

	if (strncmp(entry, name, strlen(name)) == 0)
		return 1;
	for (i = 0; i < x->nown; i++) {
		name = arena_printf(d->a, "SEQUENCE SET %s %s ", x->schema, x->own[i]);
		if (strncmp(entry, name, strlen(name)) == 0)
			return 1;
	}
	return 0;
}

int
dump_list(struct dump *d, const struct pick *x, const char **out, struct err *e)
{
	const char *toc = arena_printf(d->a, "%s/toc", d->dir);
	const char *const argv[] = {
	    d->program, "--list", arena_printf(d->a, "--file=%s", toc), d->path, NULL};
	struct scratch s = {
	    .argv = argv, .dir = d->dir, .log = arena_printf(d->a, "%s/log", d->dir)};
	static const char created[] = "; Archive created at ";
	char *line = NULL;
	size_t room = 0;
	FILE *from, *to;
	int ok;

	*out = NULL;
	if (d->program == NULL)
		return 0;
	if (scratch_run(&s, d->w, now_ms() + LIST_MS, e) < 0)
		return err_wrap(e, "%s is no whole dump", d->path);
	*out = arena_printf(d->a, "%s/list", d->dir);
	from = fopen(toc, "re");
	to = fopen(*out, "we");
	ok = from != NULL && to != NULL;
	while (ok && getline(&line, &room, from) > 0) {
		if (strncmp(line, created, sizeof(created) - 1) == 0)
			d->made = arena_strndup(d->a, line + sizeof(created) - 1,
			    strcspn(line + sizeof(created) - 1, "\n"));
		if (line[0] >= '0' && line[0] <= '9' && is_wanted(d, x, entry_of(line)))
			fputs(line, to);
	}
	free(line);
	if (from != NULL)
		fclose(from);
	if (to != NULL && fclose(to) != 0)
		ok = 0;
	return ok ? 0 : err_set(e, ERR_FAILED, "could not write in %s", d->dir);
}
