/*
 * Is it a dump, and a whole one? Magic, end, the versions it names, and for the formats of pg_dump
 * every byte decoded: a list of contents proves nothing. Must never take a file's own word where it
 * can be tried.
 */
#include <ctype.h>
#include <errno.h>
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

int
backup_tool(struct waiter *w, struct arena *a, const char *const *argv, const char **log,
    int64_t limit_ms, struct err *e)
{
	const char *base = getenv("TMPDIR");
	char *dir = arena_printf(
	    a, "%s/holdfast-look.XXXXXX", base == NULL || base[0] != '/' ? "/var/tmp" : base);
	struct scratch s = {.argv = argv, .dir = dir};
	size_t len;
	int rc;

	if (mkdtemp(dir) == NULL)
		return err_set(e, ERR_FAILED, "could not make %s: %s", dir, strerror(errno));
	s.log = arena_printf(a, "%s/log", dir);
	rc = scratch_run(&s, w, now_ms() + limit_ms, e);
	*log = backup_edge(a, s.log, 0, &len);
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

static void
judge_versions(
    struct arena *a, struct backup_facts *f, const struct backup_live *live, int from, int by)
{
	const char *what;

	if (from == 0) {
		backup_find(a, f, "version", BACKUP_WARN, "it does not say of which server it is");
		return;
	}
	what = arena_printf(a, "dumped from version %d by a client of version %d; the server is %d",
	    from, by, live->major);
	backup_find(a, f, "version",
	    live->major != 0 && (from != live->major || (by != 0 && by < live->major)) ? BACKUP_FAIL
										       : BACKUP_OK,
	    what);
}

static int
decode_custom(struct waiter *w, struct arena *a, const struct backup_live *live,
    const struct backup_item *x, struct backup_facts *f, struct err *e)
{
	const char *program = backup_program(a, "pg_restore", live->major), *log;
	const char *const list[] = {program, "--list", x->path, NULL};
	const char *const all[] = {program, "--file=/dev/null", x->path, NULL};
	struct err own = {0};

	if (program == NULL) {
		backup_find(a, f, "decode", BACKUP_WARN,
		    "no pg_restore of the server's version is installed here");
		return 0;
	}
	if (backup_tool(w, a, list, &log, 60000, &own) == 0)
		judge_versions(a, f, live, version_after(log, "Dumped from database version"),
		    version_after(log, "Dumped by pg_dump version"));
	if (own.code == ERR_NONE && backup_tool(w, a, all, &log, DECODE_MS, &own) == 0) {
		backup_find(a, f, "decode", BACKUP_OK, "every byte was decoded");
		return 0;
	}
	if (own.code == ERR_CANCELLED) {
		*e = own;
		return -1;
	}
	backup_find(a, f, "decode", BACKUP_FAIL, arena_strdup(a, own.msg));
	return 0;
}

/* Plain SQL ends with a sentence of the program; without it, it was cut. Necessary, not sufficient.
 */
static void
decode_plain(struct arena *a, const struct backup_live *live, const struct backup_item *x,
    struct backup_facts *f, int is_pg)
{
	size_t len;
	const char *head = backup_edge(a, x->path, 0, &len), *tail;

	if (strncmp(head, "--", 2) != 0 && strncmp(head, "/*", 2) != 0) {
		backup_find(a, f, "decode", BACKUP_FAIL, "it does not begin like a dump");
		return;
	}
	judge_versions(a, f, live,
	    version_after(head, is_pg ? "Dumped from database version" : "Server version"),
	    is_pg ? version_after(head, "Dumped by pg_dump version") : 0);
	tail = backup_edge(a, x->path, 1, &len);
	if (strstr(tail, is_pg ? "PostgreSQL database dump complete" : "-- Dump completed") == NULL)
		backup_find(a, f, "decode", BACKUP_FAIL, "it has no end: it was cut off");
	else
		backup_find(a, f, "decode", BACKUP_OK,
		    "it begins and ends as a dump does; only a drill proves more");
}

int
backup_decode(struct waiter *w, struct arena *a, const struct backup_config *b,
    const struct backup_live *live, const struct backup_item *x, struct backup_facts *out,
    struct err *e)
{
	int is_pg = strcmp(b->method, "pg_dump") == 0;
	size_t len;
	const char *head = backup_edge(a, x->path, 0, &len);

	if (is_pg && len >= 5 && memcmp(head, "PGDMP", 5) == 0)
		return decode_custom(w, a, live, x, out, e);
	if (is_pg || strcmp(b->method, "mariadb-dump") == 0)
		decode_plain(a, live, x, out, is_pg);
	return 0;
}
