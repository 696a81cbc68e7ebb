/*
 * Bringing back from what is no server: a scratch server is started, what the copy or the dump
 * holds is loaded into it, and from there on it is a source like a held standby. Must never load
 * anything whose files are not what its manifest says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/copies.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

#define SOURCE_HINT                                                                                \
	"`topology` shows which replicas are still held; the same undo, planned again, takes one " \
	"of those"
#define LOAD_MS (12LL * 3600 * 1000)

/* A script, as the scratch server's administrator. Roles may be there already: that is no error. */
int
undo_psql(struct undo *u, const char *database, const char *path, int may_fail, struct err *e)
{
	const char *const argv[] = {undo_program(u, "psql", e), "-X", "-q", "-v",
	    may_fail ? "ON_ERROR_STOP=0" : "ON_ERROR_STOP=1", "-d",
	    arena_printf(u->a, "%s dbname=%s", u->db->address, pg_quote_conninfo(u->a, database)),
	    "-f", path, NULL};

	return argv[0] == NULL
		   ? -1
		   : undo_tool(u, argv, arena_printf(u->a, "%s/load.log", u->db->dir), LOAD_MS, e);
}

int
undo_load(struct undo *u, const char *dump, const char *const *options, struct err *e)
{
	const char **argv = arena_array(u->a, 24, sizeof(*argv));
	size_t n = 0, i;

	argv[n++] = undo_program(u, "pg_restore", e);
	if (argv[0] == NULL)
		return -1;
	argv[n++] = arena_printf(u->a, "--dbname=%s dbname=postgres", u->db->address);
	argv[n++] = "--create";
	for (i = 0; options[i] != NULL && n < 22; i++)
		argv[n++] = options[i];
	argv[n++] = dump;
	return undo_tool(u, argv, arena_printf(u->a, "%s/load.log", u->db->dir), LOAD_MS, e);
}

/* The scratch server as the member that things come from. */
int
undo_source_ready(struct undo *u, const char *name, const char *database, struct err *e)
{
	u->from = arena_alloc(u->a, sizeof(*u->from));
	text_copy(u->from->name, sizeof(u->from->name), name);
	u->from->address = arena_strdup(u->a, u->db->address);
	if (pg_open(&u->src, u->w, u->db->address, NULL, database, "holdfast scratch",
		now_ms() + 20000, e) < 0)
		return err_wrap(e, "%s", name);
	return undo_settings(u, u->src, e);
}

int
undo_source_start(struct undo *u, int major, int64_t room, struct err *e)
{
	u->db = arena_alloc(u->a, sizeof(*u->db));
	u->db->engine = "postgresql";
	u->major = major;
	undo_say(u, "starting a scratch server");
	if (scratch_db_dir(u->db, u->a, room, e) != 0)
		return -1;
	text_copy(u->dir, sizeof(u->dir), u->db->dir);
	return scratch_db_start(u->db, u->a, u->w, major, e);
}

int
undo_source_copy(struct undo *u, const char *dir, const char *database, struct err *e)
{
	static const char *const options[] = {"--exit-on-error", NULL};
	struct copy c;
	int64_t bytes = 0;
	size_t i;

	undo_say(u, "reading the safety copy in %s", dir);
	if (copy_read(u->a, dir, 1, &c, e) != 0)
		return -1;
	if (strcmp(c.engine, "postgresql") != 0 || strcmp(c.database, database) != 0 ||
	    strcmp(c.identity, u->to->identity) != 0) {
		err_set(e, ERR_REFUSED,
		    "%s is a copy of database %s of another server (%s); nothing was done", dir,
		    c.database, c.identity);
		return err_hint(e, "restore it by hand if that is meant");
	}
	for (i = 0; i < c.nfiles; i++)
		bytes += c.files[i].bytes;
	if (undo_source_start(u, c.major, bytes * 3, e) < 0)
		return -1;
	undo_say(u, "loading the copy");
	if (undo_psql(u, "postgres", copy_path(u->a, &c, "roles.sql"), 1, e) < 0 ||
	    undo_load(u, copy_path(u->a, &c, "schema.dump"), options, e) < 0)
		return err_wrap(e, "loading the copy of %s", dir);
	for (i = 0; i < c.nfiles; i++)
		if ((strncmp(c.files[i].name, "data.", 5) == 0 ||
			strcmp(c.files[i].name, "sequences.sql") == 0) &&
		    undo_psql(u, database, copy_path(u->a, &c, c.files[i].name), 0, e) < 0)
			return err_wrap(e, "loading %s", c.files[i].what);
	return undo_source_ready(u, "the safety copy", database, e);
}

void
undo_source_failed(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct pg_conn *again = NULL;
	struct err own = {0};
	const char *was;

	if (u->db != NULL || u->src == NULL || u->is_committing || e == NULL ||
	    e->code == ERR_CANCELLED || e->code == ERR_STALE || e->code == ERR_REFUSED)
		return;
	was = arena_strdup(u->a, e->msg);
	if (pg_session_open(u->c, u->w, u->from->address, PQdb(u->src->pq), &again, &own) < 0) {
		err_set(e, ERR_CONN,
		    "%s went away while %s was read from it; nothing of it was brought back, and "
		    "%s is as it was (%s)",
		    u->from->name, u->full, u->to->name, was);
		err_hint(e, SOURCE_HINT);
	} else if (undo_do(u, again,
		       "SELECT pg_catalog.pg_is_in_recovery() AND (SELECT "
		       "pg_catalog.pg_is_wal_replay_paused())",
		       0, NULL, &r, &own) == 0 &&
		   PQgetvalue(r, 0, 0)[0] == 'f') {
		err_set(e, ERR_STALE,
		    "somebody released %s while %s was read from it; nothing of it was brought "
		    "back, and %s is as it was (%s)",
		    u->from->name, u->full, u->to->name, was);
		err_hint(e, SOURCE_HINT);
	}
	pg_close(again);
}

void
undo_source_stop(struct undo *u)
{
	if (u->db == NULL)
		return;
	scratch_db_stop(u->db);
	u->dir[0] = '\0';
	u->db = NULL;
}
