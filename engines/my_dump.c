/*
 * Dumps of MariaDB and MySQL as a stream of statements: see my_dump.h. A script is read as it lies
 * there; of mydumper's directory only the files of the table. Must never write anything.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/my_dump.h"
#include "banned.h"

#define FILES_MAX 100000
#define TMP_MAX ((size_t)4 << 20)

static const char *
format_of(struct my_dump *d)
{
	static const char *const heads[] = {"-- ", "/*!", "/*M!", NULL};
	size_t len, i;
	const char *head;

	if (d->is_directory)
		return access(arena_printf(d->a, "%s/metadata", d->path), R_OK) == 0 ? "mydumper"
										     : NULL;
	head = backup_edge(d->a, d->path, 0, &len);
	if (len >= 2 && memcmp(head, "\x1f\x8b", 2) == 0)
		return "gzip";
	for (i = 0; heads[i] != NULL; i++)
		if (len >= strlen(heads[i]) && memcmp(head, heads[i], strlen(heads[i])) == 0)
			return "script";
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "shop.orders.sql", "shop.orders.00001.sql": its rows; nothing else of the same beginning. */
static int
is_rows(const char *rest)
{
	size_t n = strspn(rest, ".0123456789");

	return n > 0 && rest[n - 1] == '.' && strcmp(rest + n, "sql") == 0;
}

static void
add_path(struct my_dump *d, const char *name)
{
	d->paths = arena_grow(d->a, d->paths, d->npaths, sizeof(*d->paths));
	d->paths[d->npaths++] = arena_printf(d->a, "%s/%s", d->path, name);
}

/* The definition first, then the rows in their order, then triggers. */
static int
list_files(struct my_dump *d, struct err *e)
{
	const char *stem = arena_printf(d->a, "%s.%s", d->schema, d->table), **names = NULL, *rest;
	const char *schema = arena_printf(d->a, "%s-schema.sql", stem),
		   *triggers = arena_printf(d->a, "%s-schema-triggers.sql", stem);
	DIR *dir = opendir(d->path);
	struct dirent *x;
	size_t n = 0, i, len = strlen(stem);

	if (dir == NULL)
		return err_set(e, ERR_FAILED, "could not read %s: %s", d->path, strerror(errno));
	while ((x = readdir(dir)) != NULL && n < FILES_MAX) {
		rest = x->d_name + len;
		if (strncmp(x->d_name, stem, len) != 0 || !is_rows(rest))
			continue;
		names = arena_grow(d->a, names, n, sizeof(*names));
		names[n++] = arena_strdup(d->a, x->d_name);
	}
	closedir(dir);
	if (access(arena_printf(d->a, "%s/%s", d->path, schema), R_OK) == 0)
		add_path(d, schema);
	if (n > 0)
		qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++)
		add_path(d, names[i]);
	if (access(arena_printf(d->a, "%s/%s", d->path, triggers), R_OK) == 0)
		add_path(d, triggers);
	return 0;
}

static int
no_dump(struct my_dump *d, struct err *e)
{
	if (d->format != NULL) {
		err_set(e, ERR_REFUSED, "%s is a compressed script; nothing was done", d->path);
		return err_hint(e, "gunzip it first");
	}
	err_set(e, ERR_REFUSED,
	    "%s is no dump of mariadb-dump, mysqldump or mydumper; nothing was done", d->path);
	return err_hint(e, "backups list shows which there are");
}

/* Size and time of all that is read of it. */
static int
identify(struct my_dump *d, struct err *e)
{
	struct stat st, last = {0};
	size_t i;

	for (i = 0; i < d->npaths; i++) {
		if (stat(d->paths[i], &st) != 0 || !S_ISREG(st.st_mode) ||
		    access(d->paths[i], R_OK) != 0)
			return err_set(
			    e, ERR_FAILED, "%s cannot be read here; nothing was done", d->paths[i]);
		d->bytes += st.st_size;
		if (i == 0 || st.st_mtim.tv_sec > last.st_mtim.tv_sec ||
		    (st.st_mtim.tv_sec == last.st_mtim.tv_sec &&
			st.st_mtim.tv_nsec > last.st_mtim.tv_nsec))
			last = st;
	}
	d->identity = arena_printf(d->a, "%llu:%llu %lld bytes of %lld.%09ld",
	    (unsigned long long)last.st_dev, (unsigned long long)last.st_ino, (long long)d->bytes,
	    (long long)last.st_mtim.tv_sec, last.st_mtim.tv_nsec);
	return 0;
}

int
my_dump_look(struct my_dump *d, struct err *e)
{
	struct stat st;

	if (stat(d->path, &st) != 0)
		return err_set(e, ERR_FAILED, "%s cannot be read: %s; nothing was done", d->path,
		    strerror(errno));
	d->is_directory = S_ISDIR(st.st_mode);
	if ((!S_ISREG(st.st_mode) && !d->is_directory) || access(d->path, R_OK) != 0)
		return err_set(e, ERR_FAILED, "%s cannot be read here; nothing was done", d->path);
	d->format = format_of(d);
	if (d->format == NULL || strcmp(d->format, "gzip") == 0)
		return no_dump(d, e);
	if (d->is_directory && list_files(d, e) < 0)
		return -1;
	if (!d->is_directory) {
		d->paths = arena_array(d->a, 1, sizeof(*d->paths));
		d->paths[d->npaths++] = d->path;
	}
	return identify(d, e);
}

void
my_dump_open(struct my_dump *d)
{
	my_script_init(&d->script, d->paths, d->npaths, d->w);
	d->tmp = arena_new();
	d->database = d->is_directory ? d->schema : "";
}

void
my_dump_close(struct my_dump *d)
{
	my_script_free(&d->script);
	arena_free(d->tmp);
	d->tmp = NULL;
}

/* "-- Host: localhost    Database: shop": of a dump of one database nothing else says it. */
static void
take_database(struct my_dump *d, const char *text, size_t len)
{
	static const char word[] = "Database: ";
	const char *p = memmem(text, len, word, sizeof(word) - 1);

	if (p == NULL || len < 9 || memcmp(text, "-- Host: ", 9) != 0)
		return;
	p += sizeof(word) - 1;
	d->database = arena_strndup(d->a, p, len - (size_t)(p - text));
}

int
my_dump_next(struct my_dump *d, enum my_piece *what, char **text, size_t *len, struct my_pick *pick,
    struct err *e)
{
	if (arena_used(d->tmp) > TMP_MAX) {
		arena_free(d->tmp);
		d->tmp = arena_new();
	}
	memset(pick, 0, sizeof(*pick));
	if (my_script_next(&d->script, what, text, len, e) < 0)
		return -1;
	if (*what == MY_PIECE_REMARK && !d->is_directory)
		take_database(d, *text, *len);
	if (*what != MY_PIECE_STATEMENT)
		return 0;
	my_pick(d->tmp, *text, *len, d->database, d->schema, d->table, pick);
	if (pick->kind == MY_PICK_USE)
		d->database = arena_strdup(d->a, pick->name);
	return 0;
}
