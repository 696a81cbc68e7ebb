/*
 * Copies of a data directory: snapshots, and what mariadb-backup made. A drill copies one again,
 * takes away what would bind it to the cluster, and starts a server on that. Must never start one
 * on files that lie outside of the copy: those could be the live server's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "text.h"
#include "banned.h"

/* What must be there, by engine: without one of these it is no whole data directory. */
static const struct part {
	const char *engine, *file;
} parts[] = {
    {"postgresql", "PG_VERSION"},
    {"postgresql", "global/pg_control"},
    {"postgresql", "pg_wal"},
    {"mariadb", "ibdata1"},
    {"mariadb", "mysql"},
};

static const char *
engine_of(struct arena *a, const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (access(arena_printf(a, "%s/%s", path, parts[i].file), F_OK) == 0)
			return parts[i].engine;
	return NULL;
}

static const char *
lacking(struct arena *a, const char *path, const char *engine)
{
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].engine, engine) == 0 &&
		    access(arena_printf(a, "%s/%s", path, parts[i].file), F_OK) != 0)
			return parts[i].file;
	return NULL;
}

int
backup_look_tree(struct backup_look *x, const struct backup_item *item, struct err *e)
{
	const char *engine = engine_of(x->a, item->path), *lacks, *link = NULL;
	size_t len;

	(void)e;
	if (engine == NULL) {
		backup_find(x, "decode", BACKUP_FAIL, "%s is no data directory", item->name);
		return 0;
	}
	backup_tree_bytes(x->a, item->path, &link);
	lacks = lacking(x->a, item->path, engine);
	if (lacks != NULL)
		backup_find(x, "decode", BACKUP_FAIL, "%s has no %s", item->name, lacks);
	else if (link != NULL)
		backup_find(x, "decode", BACKUP_FAIL,
		    "%s leads out of it: what lies there is not in the copy", link);
	else
		backup_find(x, "decode", BACKUP_OK,
		    "the parts of a data directory are there; only a drill proves more");
	if (strcmp(engine, "postgresql") == 0)
		backup_judge_versions(x,
		    (int)strtol(
			backup_edge(x->a, arena_printf(x->a, "%s/PG_VERSION", item->path), 0, &len),
			NULL, 10),
		    0);
	return 0;
}

static int
write_file(const char *path, const char *text, struct err *e)
{
	FILE *f = fopen(path, "we");
	int bad = f == NULL || fputs(text, f) < 0;

	bad |= f != NULL && fclose(f) != 0;
	return bad ? err_set(e, ERR_FAILED, "could not write %s: %s", path, strerror(errno)) : 0;
}

/* As it stands between single quotes in postgresql.conf. */
static const char *
conf_text(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, 2 * strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		if (*s == '\'' || *s == '\\')
			*p++ = *s;
		*p++ = *s;
	}
	*p = '\0';
	return out;
}

/* All that could make it a part of the cluster again, and the settings of another machine. */
int
backup_isolate(struct backup_job *j, const char *restore_command, struct err *e)
{
	static const char *const gone[] = {
	    "postmaster.pid", "postmaster.opts", "standby.signal", NULL};
	const char *conf = restore_command == NULL ? ""
						   : arena_printf(j->a, "restore_command = '%s'\n",
							 conf_text(j->a, restore_command));
	size_t i;

	for (i = 0; gone[i] != NULL; i++)
		if (unlink(arena_printf(j->a, "%s/%s", j->db.data, gone[i])) != 0 &&
		    errno != ENOENT)
			return err_set(e, ERR_FAILED, "could not remove %s/%s: %s", j->db.data,
			    gone[i], strerror(errno));
	if (write_file(arena_printf(j->a, "%s/postgresql.conf", j->db.data), conf, e) != 0 ||
	    write_file(arena_printf(j->a, "%s/postgresql.auto.conf", j->db.data), "", e) != 0 ||
	    write_file(arena_printf(j->a, "%s/pg_ident.conf", j->db.data), "", e) != 0)
		return -1;
	return write_file(
	    arena_printf(j->a, "%s/pg_hba.conf", j->db.data), "local all all trust\n", e);
}

static int
copy(struct backup_job *j, struct err *e)
{
	const char *argv[] = {"/usr/bin/cp", "-R", "--preserve=mode,timestamps,links",
	    "--reflink=auto", "--", j->item->path, NULL, NULL};
	const char *link = NULL, *engine = engine_of(j->a, j->item->path);

	if (engine == NULL || strcmp(engine, j->db.engine) != 0)
		return err_set(
		    e, ERR_FAILED, "%s is no data directory of %s", j->item->name, j->engine);
	backup_tree_bytes(j->a, j->item->path, &link);
	if (link != NULL)
		return err_set(e, ERR_FAILED,
		    "%s leads out of the copy, perhaps to the live server's files; no server was "
		    "started on it",
		    link);
	if (scratch_db_dir(&j->db, j->a, j->item->bytes + j->item->bytes / 4, e) != 0)
		return -1;
	argv[6] = j->db.data;
	backup_say(j, "copying %s (%s)", j->item->name, text_bytes(j->a, j->item->bytes));
	if (backup_run(j, argv, NULL, e) < 0)
		return -1;
	return chmod(j->db.data, 0700) == 0
		   ? 0
		   : err_set(e, ERR_FAILED, "could not make %s private: %s", j->db.data,
			 strerror(errno));
}

static int
start(struct backup_job *j, struct err *e)
{
	j->is_whole = 1;
	backup_say(j, "starting a server on it, on a socket of its own");
	if (strcmp(j->db.engine, "postgresql") == 0 && backup_isolate(j, NULL, e) != 0)
		return -1;
	return scratch_db_whole(&j->db, j->a, j->w, j->version, e);
}

int
backup_restore_tree(struct backup_job *j, struct err *e)
{
	return copy(j, e) < 0 ? -1 : start(j, e);
}

/* A backup of mariadb-backup, prepared or not: preparing one again changes nothing. */
int
backup_restore_prepared(struct backup_job *j, struct err *e)
{
	const char *argv[] = {"/usr/bin/mariadb-backup", "--no-defaults", "--prepare", NULL, NULL};

	if (copy(j, e) < 0)
		return -1;
	argv[3] = arena_printf(j->a, "--target-dir=%s", j->db.data);
	backup_say(j, "preparing it");
	return backup_run(j, argv, NULL, e) < 0 ? -1 : start(j, e);
}
