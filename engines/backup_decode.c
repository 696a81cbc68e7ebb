/*
 * Is it a dump, and a whole one? Magic, end, the versions it names, and for the formats of pg_dump
 * every byte decoded: a list of contents proves nothing. Must never take a file's own word where it
 * can be tried.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define DECODE_MS (6LL * 3600 * 1000)
#define OUTPUT_MAX (32 << 20)

const char *
backup_program(struct arena *a, const char *name, int major)
{
	const char *chosen = getenv("HOLDFAST_PG_BIN"), *path;
	int v;

	if (chosen != NULL && chosen[0] == '/')
		return arena_printf(a, "%s/%s", chosen, name);
	for (v = major > 0 ? major : 12; v <= 30; v++) {
		path = arena_printf(a, "/usr/lib/postgresql/%d/bin/%s", v, name);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* All that a tool wrote, as far as it is bounded; what is cut cannot be read as JSON any more. */
static const char *
output(struct arena *a, const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	off_t end = fd == -1 ? 0 : lseek(fd, 0, SEEK_END);
	size_t room = end <= 0 ? 0 : end > OUTPUT_MAX ? OUTPUT_MAX : (size_t)end;
	char *text = arena_alloc(a, room + 1);
	ssize_t n = fd == -1 ? 0 : pread(fd, text, room, 0);

	if (fd != -1)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

int
backup_tool(struct waiter *w, struct arena *a, const char *const *argv, const char **log,
    int64_t limit_ms, struct err *e)
{
	const char *base = getenv("TMPDIR");
	char *dir = arena_printf(
	    a, "%s/holdfast-look.XXXXXX", base == NULL || base[0] != '/' ? "/var/tmp" : base);
	struct scratch s = {.argv = argv, .dir = dir};
	int rc;

	if (mkdtemp(dir) == NULL)
		return err_set(e, ERR_FAILED, "could not make %s: %s", dir, strerror(errno));
	s.log = arena_printf(a, "%s/log", dir);
	rc = scratch_run(&s, w, now_ms() + limit_ms, e);
	*log = output(a, s.log);
	scratch_remove(dir, NULL);
	return rc;
}

/* The number behind the words, "15" of "15.18 (Debian ...)"; 0 none. */
static int
version_after(const char *text, const char *words)
{
	const char *p = text == NULL ? NULL : strstr(text, words);

	if (p == NULL)
		return 0;
	for (p += strlen(words); *p != '\0' && *p != '\n' && !isdigit((unsigned char)*p); p++)
		;
	return isdigit((unsigned char)*p) ? (int)strtol(p, NULL, 10) : 0;
}

/* 15, or 1011 as "10.11". */
static const char *
version_text(struct arena *a, int v)
{
	return v < 100 ? arena_printf(a, "%d", v) : arena_printf(a, "%d.%d", v / 100, v % 100);
}

void
backup_judge_versions(struct backup_look *x, int from, int by)
{
	int is = x->live->major;
	const char *live = is == 0 ? "not known" : version_text(x->a, is);
	enum backup_state state =
	    is != 0 && (from != is || (by != 0 && by < is)) ? BACKUP_FAIL : BACKUP_OK;

	if (from == 0)
		backup_find(x, "version", BACKUP_WARN, "it does not say of which server it is");
	else if (by == 0)
		backup_find(x, "version", state, "taken from version %s; the server is %s",
		    version_text(x->a, from), live);
	else
		backup_find(x, "version", state,
		    "dumped from version %s by a client of version %s; the server is %s",
		    version_text(x->a, from), version_text(x->a, by), live);
}

static int
decode_custom(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	const char *program = backup_program(x->a, "pg_restore", x->live->major), *log;
	const char *const list[] = {program, "--list", item->path, NULL};
	const char *const all[] = {program, "--file=/dev/null", item->path, NULL};
	struct err own = {0};

	if (program == NULL) {
		backup_find(x, "decode", BACKUP_WARN,
		    "no pg_restore of the server's version is installed here");
		return 0;
	}
	if (backup_tool(x->w, x->a, list, &log, 60000, &own) == 0)
		backup_judge_versions(x, version_after(log, "Dumped from database version"),
		    version_after(log, "Dumped by pg_dump version"));
	if (own.code == ERR_NONE && backup_tool(x->w, x->a, all, &log, DECODE_MS, &own) == 0) {
		backup_find(x, "decode", BACKUP_OK, "every byte was decoded");
		return 0;
	}
	if (own.code == ERR_CANCELLED) {
		*e = own;
		return -1;
	}
	backup_find(x, "decode", BACKUP_FAIL, "%s", own.msg);
	return 0;
}

/* Plain SQL ends with a sentence of the program; without it, it was cut. Necessary, not sufficient.
 */
static void
check_ends(struct backup_look *x, const char *path, const char *end)
{
	size_t len;
	const char *tail = backup_edge(x->a, path, 1, &len);

	if (strstr(tail, end) == NULL)
		backup_find(x, "decode", BACKUP_FAIL, "it has no end: it was cut off");
	else
		backup_find(x, "decode", BACKUP_OK,
		    "it begins and ends as it should; only a drill proves more");
}

int
backup_look_pg_dump(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	size_t len;
	const char *head = backup_edge(x->a, item->path, 0, &len);

	if (len >= 5 && memcmp(head, "PGDMP", 5) == 0)
		return decode_custom(x, item, e);
	if (strncmp(head, "--", 2) != 0) {
		backup_find(x, "decode", BACKUP_FAIL, "it does not begin like a dump");
		return 0;
	}
	backup_judge_versions(x, version_after(head, "Dumped from database version"),
	    version_after(head, "Dumped by pg_dump version"));
	check_ends(x, item->path, "PostgreSQL database dump complete");
	return 0;
}

/* 1011 of "-- Server version	10.11.19-MariaDB"; 0 it does not say. */
static int
my_version(const char *head, const char *words)
{
	const char *p = strstr(head, words);
	char *end;
	long major;

	if (p == NULL)
		return 0;
	p += strlen(words);
	p += strcspn(p, "0123456789\n");
	major = strtol(p, &end, 10);
	return *end != '.' || major <= 0 || major > 99
		   ? 0
		   : (int)(major * 100 + strtol(end + 1, NULL, 10) % 100);
}

int
backup_look_my_dump(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	size_t len;
	const char *head = backup_edge(x->a, item->path, 0, &len);

	(void)e;
	if (strncmp(head, "--", 2) != 0 && strncmp(head, "/*", 2) != 0) {
		backup_find(x, "decode", BACKUP_FAIL, "it does not begin like a dump");
		return 0;
	}
	backup_judge_versions(
	    x, my_version(head, "-- Server version"), my_version(head, "Distrib "));
	check_ends(x, item->path, "-- Dump completed");
	return 0;
}

int
backup_look_mydumper(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	const char *path = arena_printf(x->a, "%s/metadata", item->path);

	(void)e;
	if (access(path, R_OK) != 0)
		backup_find(
		    x, "decode", BACKUP_FAIL, "%s has no metadata: it never ended", item->name);
	else
		check_ends(x, path, "Finished dump at");
	return 0;
}

/* The file that a dump says was written to when it was taken: CHANGE MASTER ... LOG_FILE='x'. */
static const char *
position_of(struct backup_look *x, const struct backup_item *item)
{
	size_t len;
	const char *head = backup_edge(x->a, item->path, 0, &len),
		   *at = strstr(head, "MASTER_LOG_FILE='");

	if (at == NULL)
		return NULL;
	at += strlen("MASTER_LOG_FILE='");
	len = strcspn(at, "'\n");
	return at[len] == '\'' && len > 0 && len < 200 ? arena_strndup(x->a, at, len) : NULL;
}

int
backup_gap_my_dump(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	const char *file = position_of(x, item);
	const struct backup_live *live = x->live;
	size_t i;

	(void)e;
	if (file == NULL) {
		backup_find(x, "logs", BACKUP_WARN,
		    "it names no position of the binary log (--master-data): what was written "
		    "since cannot be replayed onto it");
		return 0;
	}
	for (i = 0; i < live->nlogs && strcmp(live->logs[i], file) != 0; i++)
		;
	if (live->nlogs == 0)
		backup_find(x, "logs", live->log == NULL ? BACKUP_WARN : BACKUP_FAIL,
		    "which binary logs the server has is not known, so nothing says that %s and "
		    "all "
		    "since are there",
		    file);
	else if (i == live->nlogs)
		backup_find(x, "logs", BACKUP_FAIL,
		    "%s, where it begins, is gone from the server, which has %s and later: what "
		    "was "
		    "written between it and now is lost",
		    file, live->logs[0]);
	else
		backup_find(x, "logs", BACKUP_OK, "the server has every binary log since, %s to %s",
		    file, live->logs[live->nlogs - 1]);
	return 0;
}
