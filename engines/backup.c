/*
 * Looking at backups: which there are, and what is wrong with the newest. Each check is a row with
 * its evidence; a check that could not be made is never "ok". Must never change anything there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "text.h"
#include "banned.h"

#define ITEMS_MAX 10000
#define EDGE 65536
#define TINY 1024

static int
newer_first(const void *x, const void *y)
{
	const struct backup_item *a = x, *b = y;

	return a->made < b->made ? 1 : a->made > b->made ? -1 : strcmp(b->name, a->name);
}

int
backup_items(
    struct arena *a, const struct backup_config *b, struct backup_facts *out, struct err *e)
{
	DIR *d = opendir(b->path);
	struct dirent *x;
	struct stat st;

	if (d == NULL)
		return err_set(e, ERR_FAILED, "could not read %s: %s", b->path, strerror(errno));
	while ((x = readdir(d)) != NULL && out->nitems < ITEMS_MAX) {
		const char *path = arena_printf(a, "%s/%s", b->path, x->d_name);

		if (x->d_name[0] == '.' || fnmatch(b->pattern, x->d_name, 0) != 0 ||
		    stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		out->items = arena_grow(a, out->items, out->nitems, sizeof(*out->items));
		out->items[out->nitems++] =
		    (struct backup_item){arena_strdup(a, x->d_name), path, st.st_size, st.st_mtime};
	}
	closedir(d);
	if (out->nitems > 1)
		qsort(out->items, out->nitems, sizeof(*out->items), newer_first);
	return 0;
}

const char *
backup_proof_path(struct arena *a, const struct backup_config *b)
{
	return arena_printf(a, "%s/.holdfast-drill-%s.json", b->path, b->name);
}

void
backup_proof_read(struct arena *a, const struct backup_config *b, struct backup_proof *out)
{
	json_t *o = json_load_file(backup_proof_path(a, b), JSON_REJECT_DUPLICATES, NULL);
	const char *item = json_string_value(json_object_get(o, "item"));

	memset(out, 0, sizeof(*out));
	out->item = item == NULL ? "" : arena_strdup(a, item);
	out->at = json_integer_value(json_object_get(o, "at"));
	out->ms = json_integer_value(json_object_get(o, "ms"));
	out->rows = json_integer_value(json_object_get(o, "rows"));
	out->tables = json_integer_value(json_object_get(o, "tables"));
	out->ok = json_is_true(json_object_get(o, "ok"));
	json_decref(o);
}

int
backup_proof_write(
    struct arena *a, const struct backup_config *b, const struct backup_proof *p, struct err *e)
{
	const char *path = backup_proof_path(a, b);
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:b}", "item", p->item, "at",
	    (json_int_t)p->at, "ms", (json_int_t)p->ms, "rows", (json_int_t)p->rows, "tables",
	    (json_int_t)p->tables, "ok", p->ok);
	int rc = json_dump_file(o, path, JSON_SORT_KEYS);

	json_decref(o);
	return rc == 0
		   ? 0
		   : err_set(e, ERR_FAILED, "the drill's record could not be written to %s", path);
}

static void __attribute__((format(printf, 5, 6))) find(struct arena *a, struct backup_facts *f,
    const char *check, enum backup_state state, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	f->findings = arena_grow(a, f->findings, f->nfindings, sizeof(*f->findings));
	f->findings[f->nfindings++] =
	    (struct backup_finding){check, state, arena_vprintf(a, fmt, ap)};
	va_end(ap);
}

static const char *
age(struct arena *a, int64_t since)
{
	return text_seconds(a, (double)((int64_t)time(NULL) - since));
}

static void
check_age(struct arena *a, const struct backup_config *b, struct backup_facts *f)
{
	int64_t old = (int64_t)time(NULL) - f->items[0].made;
	enum backup_state state = old > 2LL * b->every_h * 3600	     ? BACKUP_FAIL
				  : old > b->every_h * 3600LL + 3600 ? BACKUP_WARN
								     : BACKUP_OK;

	find(a, f, "age", state, "the newest, %s, is %s old; one is expected every %d h",
	    f->items[0].name, age(a, f->items[0].made), b->every_h);
}

static int
by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return a < b ? -1 : a > b;
}

static void
check_size(struct arena *a, struct backup_facts *f)
{
	int64_t sizes[7], is = f->items[0].bytes, median;
	size_t n = 0;

	if (is < TINY) {
		find(a, f, "size", BACKUP_FAIL, "%s is %s: as good as empty", f->items[0].name,
		    text_bytes(a, is));
		return;
	}
	for (; n < 7 && n + 1 < f->nitems; n++)
		sizes[n] = f->items[n + 1].bytes;
	if (n == 0) {
		find(a, f, "size", BACKUP_WARN, "%s, and there is no earlier one to compare with",
		    text_bytes(a, is));
		return;
	}
	qsort(sizes, n, sizeof(sizes[0]), by_size);
	median = sizes[n / 2] > 0 ? sizes[n / 2] : 1;
	find(a, f, "size",
	    is * 100 < median * 20						? BACKUP_FAIL
	    : is * 100 < median * 70 || (is > median * 2 && is - median > TINY) ? BACKUP_WARN
										: BACKUP_OK,
	    "%s, %lld %% of the %zu before it (median %s)", text_bytes(a, is),
	    (long long)(is * 100 / median), n, text_bytes(a, median));
}

char *
backup_edge(struct arena *a, const char *path, int at_end, size_t *len)
{
	char *buf = arena_alloc(a, EDGE + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	off_t end = fd == -1 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n = fd == -1 ? -1 : pread(fd, buf, EDGE, at_end && end > EDGE ? end - EDGE : 0);

	if (fd != -1)
		close(fd);
	*len = n < 0 ? 0 : (size_t)n;
	buf[*len] = '\0';
	return buf;
}

/* A program that mails when it fails tells nobody that it did not run, or that nobody reads. */
static void
check_log(struct arena *a, const struct backup_config *b, struct backup_facts *f)
{
	static const char *const words[] = {"error", "fatal", "failed", "denied", "no space",
	    "mismatch", "not found", "could not", NULL};
	char *text, *line, *rest;
	struct stat st;
	size_t len, i;

	if (b->log == NULL) {
		find(a, f, "log", BACKUP_WARN,
		    "no log is declared, so an error of the job would not be seen");
		return;
	}
	if (stat(b->log, &st) != 0) {
		find(a, f, "log", BACKUP_FAIL, "%s cannot be read: %s", b->log, strerror(errno));
		return;
	}
	text = rest = backup_edge(a, b->log, 1, &len);
	while ((line = strsep(&rest, "\n")) != NULL)
		for (i = 0; words[i] != NULL; i++)
			if (strcasestr(line, words[i]) != NULL) {
				find(a, f, "log", BACKUP_FAIL, "%s says: %s", b->log,
				    text_fit(a, line, strlen(line), 120));
				return;
			}
	(void)text;
	find(
	    a, f, "log", BACKUP_OK, "%s has no error, written %s ago", b->log, age(a, st.st_mtime));
}

static void
check_told(struct arena *a, const struct backup_config *b, struct backup_facts *f)
{
	struct stat st;

	if (b->heartbeat == NULL) {
		find(a, f, "told", BACKUP_FAIL,
		    "nobody is told when it stops: no heartbeat is declared");
		return;
	}
	if (stat(b->heartbeat, &st) != 0 ||
	    (int64_t)time(NULL) - st.st_mtime > 2LL * b->every_h * 3600)
		find(
		    a, f, "told", BACKUP_FAIL, "the heartbeat %s is missing or late", b->heartbeat);
	else
		find(a, f, "told", BACKUP_OK, "heartbeat %s ago", age(a, st.st_mtime));
}

static void
check_disk(struct arena *a, const struct backup_config *b, const struct backup_live *live,
    struct backup_facts *f)
{
	struct stat here, there;

	if (live->data_directory == NULL || stat(b->path, &here) != 0) {
		find(a, f, "place", BACKUP_WARN, "where the server has its data is not known");
		return;
	}
	if (stat(live->data_directory, &there) != 0) {
		find(a, f, "place", errno == ENOENT ? BACKUP_OK : BACKUP_WARN,
		    errno == ENOENT ? "the server has its data on another machine"
				    : "the data directory of the server could not be looked at");
		return;
	}
	if (here.st_dev == there.st_dev)
		find(a, f, "place", BACKUP_FAIL,
		    "%s is on the same disk as the data of the server, %s: both go together",
		    b->path, live->data_directory);
	else
		find(a, f, "place", BACKUP_OK, "not on the disk of %s", live->data_directory);
}

static void
check_proof(struct arena *a, const struct backup_config *b, struct backup_facts *f)
{
	const struct backup_proof *p = &f->proof;

	backup_proof_read(a, b, &f->proof);
	if (p->at == 0)
		find(a, f, "proved", BACKUP_WARN, "never restored in a drill: backups drill %s",
		    b->name);
	else if (!p->ok)
		find(a, f, "proved", BACKUP_FAIL, "the drill of %s failed, %s ago", p->item,
		    age(a, p->at));
	else
		find(a, f, "proved", BACKUP_OK, "%s was restored %s ago in %s: %s in %s", p->item,
		    age(a, p->at), text_seconds(a, (double)p->ms / 1000),
		    text_many(a, p->rows, "row"), text_many(a, p->tables, "table"));
}

int
ask_backup(struct waiter *w, struct arena *a, const struct backup_config *b,
    const struct backup_live *live, int deep, struct backup_facts *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (backup_items(a, b, out, e) != 0) {
		find(a, out, "there", BACKUP_FAIL, "%s", e == NULL ? "unreadable" : e->msg);
		err_clear(e);
		return 0;
	}
	backup_proof_read(a, b, &out->proof);
	if (!deep)
		return 0;
	if (out->nitems == 0)
		find(a, out, "there", BACKUP_FAIL,
		    "%s has no file %s: there was never one, or "
		    "all are gone",
		    b->path, b->pattern);
	else {
		find(a, out, "there", BACKUP_OK, "%zu in %s", out->nitems, b->path);
		check_age(a, b, out);
		check_size(a, out);
		if (backup_decode(w, a, b, live, &out->items[0], out, e) != 0)
			return -1;
	}
	check_log(a, b, out);
	check_told(a, b, out);
	check_disk(a, b, live, out);
	check_proof(a, b, out);
	return 0;
}

void
backup_find(struct arena *a, struct backup_facts *f, const char *check, enum backup_state state,
    const char *evidence)
{
	find(a, f, check, state, "%s", evidence);
}
