/*
 * Backups in a repository of pgBackRest, through its own program alone: what it lists, whether it
 * has every segment of the log from the newest backup's start to now, and a restore into a scratch
 * server that replays all of them. Must never let it write where a live server's files are.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engines/backups.h"
#include "engines/reach.h"
#include "text.h"
#include "banned.h"

#define PROGRAM "/usr/bin/pgbackrest"
#define ASK_MS (10 * 60 * 1000)
#define WORDS_MAX 20
#define SHOWN_MAX 4 /* segments named in a sentence */

static size_t
words(struct arena *a, const struct backup_config *b, const char **argv)
{
	size_t n = 0;

	argv[n++] = PROGRAM;
	if (b->tool != NULL && b->tool[0] != '\0')
		argv[n++] = arena_printf(a, "--config=%s", b->tool);
	argv[n++] = arena_printf(a, "--stanza=%s", b->stanza);
	argv[n++] = "--log-level-console=off";
	argv[n++] = "--log-level-stderr=error";
	argv[n++] = "--log-level-file=off";
	return n;
}

static int
ask(struct backup_look *x, const char *command, const char *argument, json_t **out, struct err *e)
{
	const char *argv[WORDS_MAX], *text;
	size_t n = words(x->a, x->b, argv);

	argv[n++] = "--output=json";
	if (argument != NULL)
		argv[n++] = "--recurse";
	argv[n++] = command;
	argv[n++] = argument;
	argv[n] = NULL;
	if (access(PROGRAM, X_OK) != 0)
		return err_set(e, ERR_FAILED, "pgbackrest is not installed here");
	if (backup_tool(x->w, x->a, argv, &text, ASK_MS, e) != 0)
		return -1;
	*out = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	return *out != NULL
		   ? 0
		   : err_set(e, ERR_FAILED, "pgbackrest %s said nothing that can be read", command);
}

static int64_t
number(const json_t *o, const char *outer, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(o, outer), name));
}

int
backup_pgbackrest_items(struct backup_look *x, struct err *e)
{
	json_t *all = NULL, *stanza, *status;
	const json_t *list;
	const char *label, *what;
	size_t i;
	int rc = 0;

	if (ask(x, "info", NULL, &all, e) != 0)
		return -1;
	stanza = json_array_get(all, 0);
	status = json_object_get(stanza, "status");
	what = json_string_value(json_object_get(status, "message"));
	list = json_object_get(stanza, "backup");
	/* 2: there is the stanza, and no backup yet. */
	if (stanza == NULL || (json_integer_value(json_object_get(status, "code")) != 0 &&
				  json_integer_value(json_object_get(status, "code")) != 2))
		rc = err_set(e, ERR_FAILED, "pgbackrest cannot use stanza %s: %s", x->b->stanza,
		    what == NULL ? "it does not say why" : text_inert(x->a, what, strlen(what), 0));
	for (i = 0; rc == 0 && i < json_array_size(list); i++) {
		const json_t *b = json_array_get(list, i);

		label = json_string_value(json_object_get(b, "label"));
		if (label != NULL && !json_is_true(json_object_get(b, "error")))
			backup_add(x, label, arena_strdup(x->a, label), number(b, "info", "size"),
			    number(b, "timestamp", "stop"));
	}
	json_decref(all);
	backup_sort(x->out);
	return rc;
}

/* The entry of `info` for one backup; *all is what it lies in. */
static const json_t *
entry(const json_t *all, const char *label)
{
	const json_t *list = json_object_get(json_array_get(all, 0), "backup");
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const char *is =
		    json_string_value(json_object_get(json_array_get(list, i), "label"));

		if (is != NULL && strcmp(is, label) == 0)
			return json_array_get(list, i);
	}
	return NULL;
}

/* The server's version is that of the stanza's newest database. */
int
backup_pgbackrest_look(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	const char *argv[WORDS_MAX], *text, *version;
	size_t n = words(x->a, x->b, argv);
	struct err own = {0};
	json_t *all = NULL;
	const json_t *db;

	if (ask(x, "info", NULL, &all, e) != 0)
		return e != NULL && e->code == ERR_CANCELLED ? -1 : 0;
	db = json_object_get(json_array_get(all, 0), "db");
	version = json_string_value(json_object_get(
	    json_array_get(db, json_array_size(db) == 0 ? 0 : json_array_size(db) - 1), "version"));
	backup_judge_versions(x, version == NULL ? 0 : (int)strtol(version, NULL, 10), 0);
	json_decref(all);
	argv[n++] = "verify";
	argv[n] = NULL;
	if (backup_tool(x->w, x->a, argv, &text, 6LL * 3600 * 1000, &own) == 0)
		backup_find(x, "decode", BACKUP_OK,
		    "pgbackrest read every file of the repository, and each is what it was");
	else if (own.code == ERR_CANCELLED) {
		*e = own;
		return -1;
	} else
		backup_find(x, "decode", BACKUP_FAIL, "%s: %s", item->name, own.msg);
	return 0;
}

/* The number of a segment by its name, on whatever timeline; -1 it is none. */
static int64_t
segment_of(const char *name, int64_t bytes)
{
	int64_t per = bytes > 0 ? (1LL << 32) / bytes : 256;
	char log[9], seg[9];

	if (strspn(name, "0123456789ABCDEF") != 24 || (name[24] != '\0' && name[24] != '-'))
		return -1;
	memcpy(log, name + 8, 8);
	memcpy(seg, name + 16, 8);
	log[8] = seg[8] = '\0';
	return strtoll(log, NULL, 16) * per + strtoll(seg, NULL, 16);
}

/* Marks which of the segments first..first+n-1 the repository has. */
static void
mark(const json_t *files, const struct backup_live *live, int64_t first, unsigned char *has,
    size_t n)
{
	const char *name, *base;
	json_t *ignored;

	json_object_foreach((json_t *)(uintptr_t)files, name, ignored)
	{
		int64_t s;

		base = strrchr(name, '/');
		s = segment_of(base == NULL ? name : base + 1, live->segment);
		if (s >= first && (uint64_t)(s - first) < n)
			has[s - first] = 1;
	}
}

static const char *
segment_name(struct arena *a, int64_t s, int64_t bytes)
{
	int64_t per = bytes > 0 ? (1LL << 32) / bytes : 256;

	return arena_printf(
	    a, "%08llX%08llX", (unsigned long long)(s / per), (unsigned long long)(s % per));
}

static void
judge_gap(struct backup_look *x, const json_t *files, const char *start, int64_t first, int64_t now)
{
	size_t n = (size_t)(now - first), i, missing = 0;
	unsigned char *has = arena_alloc(x->a, n + 1);
	const char *names = "";

	memset(has, 0, n + 1);
	mark(files, x->live, first, has, n);
	for (i = 0; i < n; i++) {
		if (has[i])
			continue;
		if (missing++ < SHOWN_MAX)
			names = arena_printf(x->a, "%s%s%s", names, names[0] == '\0' ? "" : ", ",
			    segment_name(x->a, first + (int64_t)i, x->live->segment));
	}
	if (missing == 0)
		backup_find(x, "logs", BACKUP_OK,
		    "every segment of the log from %s to now is there, %zu", start, n);
	/* The last one may be on its way. */
	else if (missing == 1 && n > 0 && !has[n - 1])
		backup_find(
		    x, "logs", BACKUP_WARN, "the last segment, %s, is not there yet", names);
	else
		backup_find(x, "logs", BACKUP_FAIL,
		    "%zu of %zu segments of the log between %s and now are missing: %s%s; a "
		    "restore "
		    "ends before the first of them",
		    missing, n, start, names, missing > SHOWN_MAX ? ", ..." : "");
}

int
backup_pgbackrest_gap(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	json_t *all = NULL, *files = NULL;
	const char *start, *id;
	int64_t first, now;

	if (x->live->archiving != NULL)
		backup_find(x, "archiving", BACKUP_FAIL, "%s", x->live->archiving);
	if (ask(x, "info", NULL, &all, e) != 0)
		return e != NULL && e->code == ERR_CANCELLED ? -1 : 0;
	start = json_string_value(
	    json_object_get(json_object_get(entry(all, item->name), "archive"), "start"));
	id = json_string_value(json_object_get(
	    json_array_get(json_object_get(json_array_get(all, 0), "archive"), 0), "id"));
	first = start == NULL ? -1 : segment_of(start, x->live->segment);
	now = x->live->log == NULL ? -1 : segment_of(x->live->log, x->live->segment);
	if (first < 0 || now < first || now - first > (1 << 24) || id == NULL)
		backup_find(x, "logs", BACKUP_WARN,
		    "where the server's log is now is not known, so nothing says that all of it "
		    "since is there");
	else if (ask(x, "repo-ls", arena_printf(x->a, "archive/%s/%s", x->b->stanza, id), &files,
		     e) == 0)
		judge_gap(x, files, arena_strdup(x->a, start), first, now);
	json_decref(files);
	json_decref(all);
	return e != NULL && e->code == ERR_CANCELLED ? -1 : 0;
}

int
backup_pgbackrest_take(struct backup_job *j, struct err *e)
{
	const char *argv[WORDS_MAX], *log;
	size_t n = words(j->a, j->b, argv);

	argv[n++] = "backup";
	argv[n] = NULL;
	backup_say(j, "pgbackrest backs up stanza %s", j->b->stanza);
	if (backup_tool(j->w, j->a, argv, &log, 12LL * 3600 * 1000, e) < 0)
		return -1;
	backup_report(j, "pgbackrest has one more of stanza %s", j->b->stanza);
	return 0;
}

/* How the server asks for a segment while it recovers: a shell's line, by PostgreSQL's rules. */
static const char *
archive_get(struct backup_job *j, struct err *e)
{
	const char *argv[WORDS_MAX], *line = NULL;
	size_t n = words(j->a, j->b, argv);
	struct buf b;

	argv[n++] = arena_printf(j->a, "--lock-path=%s", j->db.dir);
	argv[n++] = "--no-archive-async";
	argv[n++] = arena_printf(j->a, "--pg1-path=%s", j->db.data);
	argv[n++] = "archive-get";
	argv[n] = NULL;
	buf_init(&b, HOST_LINE_MAX);
	if (host_quote(&b, argv, e) == 0) {
		if (memchr(buf_str(&b), '%', b.len) != NULL)
			err_set(e, ERR_FAILED,
			    "a name with a %% cannot stand in restore_command: %s", buf_str(&b));
		else
			line = arena_printf(j->a, "%s %%f \"%%p\"", buf_str(&b));
	}
	buf_free(&b);
	return line;
}

int
backup_pgbackrest_restore(struct backup_job *j, struct err *e)
{
	const char *argv[WORDS_MAX], *command;
	size_t n = words(j->a, j->b, argv);

	j->is_whole = 1;
	if (scratch_db_dir(&j->db, j->a, j->item->bytes + j->item->bytes / 4, e) != 0)
		return -1;
	argv[n++] = arena_printf(j->a, "--set=%s", j->item->name);
	argv[n++] = arena_printf(j->a, "--pg1-path=%s", j->db.data);
	argv[n++] = arena_printf(j->a, "--lock-path=%s", j->db.dir);
	argv[n++] = arena_printf(j->a, "--spool-path=%s", j->db.dir);
	/* Never where the live server has them. */
	argv[n++] = arena_printf(j->a, "--tablespace-map-all=%s/spaces", j->db.dir);
	argv[n++] = "--archive-mode=off";
	argv[n++] = "--type=default";
	argv[n++] = "restore";
	argv[n] = NULL;
	backup_say(
	    j, "pgbackrest restores %s (%s)", j->item->name, text_bytes(j->a, j->item->bytes));
	if (backup_run(j, argv, NULL, e) < 0 || (command = archive_get(j, e)) == NULL ||
	    backup_isolate(j, command, e) < 0)
		return -1;
	backup_say(j, "replaying the log that was archived since");
	return scratch_db_whole(&j->db, j->a, j->w, j->version, e);
}
