/*
 * safety-copy-v1, and a safety copy as a source: mariadb-dump writes the definitions of the
 * database and the rows a statement touches, the copy is read again before it counts; undo loads it
 * into a scratch server. Must never change the server that is copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "engines/copies.h"
#include "engines/my_undo.h"
#include "engines/scratch_db.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (6LL * 3600 * 1000)
#define COUNT_MS (3600 * 1000)

size_t
my_tool(struct my_undo *u, const char **argv, const char *name, const struct my_conn *conn)
{
	size_t n = 0;

	/* Where the person's secret is: a file, never an argument. */
	argv[n++] = arena_printf(u->a, "/usr/bin/%s", name);
	if (conn->passfile != NULL)
		argv[n++] = arena_printf(u->a, "--defaults-file=%s", conn->passfile);
	if (conn->place.socket[0] != '\0')
		argv[n++] = arena_printf(u->a, "--socket=%s", conn->place.socket);
	else {
		argv[n++] = "--protocol=TCP";
		argv[n++] = arena_printf(u->a, "--host=%s", conn->place.host);
		argv[n++] = arena_printf(u->a, "--port=%d", conn->place.port);
	}
	if (conn->login != NULL)
		argv[n++] = arena_printf(u->a, "--user=%s", conn->login);
	argv[n++] = "--default-character-set=utf8mb4";
	return n;
}

int
my_tool_run(
    struct my_undo *u, const char *dir, const char *const *argv, const char *input, struct err *e)
{
	const char *env[] = {
	    arena_printf(u->a, "HOME=%s", getenv("HOME") == NULL ? "/" : getenv("HOME")), NULL};
	struct scratch s = {.argv = argv,
	    .env = env,
	    .dir = dir,
	    .input = input,
	    .log = arena_printf(u->a, "%s/tool.log", dir)};

	return scratch_run(&s, u->w, now_ms() + TOOL_MS, e);
}

static int
dump_definitions(struct my_undo *u, struct copy *c, struct err *e)
{
	const char *argv[24];
	size_t n = my_tool(u, argv, "mariadb-dump", u->src);

	my_undo_say(u, "copying the definitions of %s", u->schema);
	argv[n++] = "--no-data";
	argv[n++] = "--routines";
	argv[n++] = "--triggers";
	argv[n++] = "--single-transaction";
	argv[n++] = arena_printf(u->a, "--result-file=%s", copy_path(u->a, c, "schema.sql"));
	argv[n++] = "--databases";
	argv[n++] = u->schema;
	argv[n] = NULL;
	if (my_tool_run(u, c->dir, argv, NULL, e) < 0)
		return -1;
	return copy_add(u->a, c, "schema.sql", "definitions", -1, e);
}

static int
dump_rows(struct my_undo *u, struct copy *c, const char *schema, const char *table,
    const char *where, size_t no, struct err *e)
{
	const char *argv[24], *name = arena_printf(u->a, "data.%zu.sql", no);
	const char *full =
	    arena_printf(u->a, "%s.%s", my_quote_name(u->a, schema), my_quote_name(u->a, table));
	size_t n = my_tool(u, argv, "mariadb-dump", u->src);
	int64_t rows;

	if (my_undo_count(u, u->src,
		arena_printf(u->a, "SELECT COUNT(*) FROM %s%s%s", full,
		    where[0] == '\0' ? "" : " WHERE ", where),
		&rows, e) < 0)
		return -1;
	my_undo_say(u, "copying %s of %s", text_many(u->a, rows, "row"), full);
	argv[n++] = "--no-create-info";
	argv[n++] = "--skip-triggers";
	argv[n++] = "--complete-insert";
	argv[n++] = "--hex-blob";
	argv[n++] = "--quick";
	argv[n++] = "--single-transaction";
	argv[n++] = arena_printf(u->a, "--result-file=%s", copy_path(u->a, c, name));
	if (where[0] != '\0')
		argv[n++] = arena_printf(u->a, "--where=%s", where);
	argv[n++] = "--";
	argv[n++] = schema;
	argv[n++] = table;
	argv[n] = NULL;
	if (my_tool_run(u, c->dir, argv, NULL, e) < 0)
		return -1;
	u->out->rows += rows;
	return copy_add(u->a, c, name, arena_printf(u->a, "rows of %s.%s", schema, table), rows, e);
}

static int
copy_all(struct my_undo *u, struct copy *c, struct err *e)
{
	const char **tables;
	size_t n, i;

	if (dump_definitions(u, c, e) < 0 || my_undo_touched(u, &tables, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (dump_rows(u, c, tables[2 * i], tables[2 * i + 1], i == 0 ? c->where : "", i + 1,
			e) < 0)
			return -1;
	return 0;
}

static void
describe(struct my_undo *u, const struct step *s, struct copy *c)
{
	c->engine = "mariadb";
	c->identity = u->from->identity;
	c->node = u->from->name;
	c->database = u->schema;
	c->plan = my_undo_argument(s, "plan");
	c->mode = my_undo_argument(s, "mode");
	c->schema = u->schema;
	c->table = u->table;
	c->where = my_undo_argument(s, "where");
	c->taken = (int64_t)time(NULL);
	c->expires = c->taken + strtoll(my_undo_argument(s, "days"), NULL, 10) * 86400;
}

int
my_proc_safety_copy(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct my_undo u = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx};
	struct copy copy = {0};
	int rc = -1;

	u.start_ms = now_ms();
	out->rows = 0;
	u.from = u.to = cluster_member(c, my_undo_argument(s, "from"));
	if (u.from == NULL || my_undo_argument(s, "directory")[0] != '/' ||
	    my_undo_mode_parse(my_undo_argument(s, "mode"), &u.mode) != 0)
		err_set(e, ERR_FAILED, "the step does not say what to copy, and where to");
	else {
		my_undo_name(&u, my_undo_argument(s, "schema"), my_undo_argument(s, "table"));
		describe(&u, s, &copy);
		if (cluster_settle(c, w, e) == 0 && my_undo_open(&u, u.from, NULL, &u.src, e) == 0)
			rc = copy_make(a, &copy, my_undo_argument(s, "directory"),
			    my_undo_argument(s, "name"),
			    strtoll(my_undo_argument(s, "bytes"), NULL, 10), e);
	}
	if (rc == 0) {
		rc = copy_all(&u, &copy, e);
		copy.major = u.src->version / 10000;
		copy.ms = now_ms() - u.start_ms;
		if (rc == 0)
			rc = copy_seal(a, &copy, e);
		if (rc != 0)
			scratch_remove(copy.dir, NULL);
	}
	my_conn_close(u.src);
	if (rc == 0)
		text_copy(out->tag, sizeof(out->tag), "SAFETY COPY");
	out->ms = now_ms() - u.start_ms;
	return rc;
}

static int
load(struct my_undo *u, const char *path, struct err *e)
{
	const char *argv[16];
	size_t n = my_tool(u, argv, "mariadb", u->src);

	argv[n++] = "--batch";
	argv[n++] = "--binary-mode";
	argv[n++] = u->schema;
	argv[n] = NULL;
	return my_tool_run(u, u->db->dir, argv, path, e);
}

static int
start(struct my_undo *u, struct err *e)
{
	static const struct person_config root = {.name = "root", .user = "root"};

	my_undo_say(u, "starting a scratch server");
	u->db = arena_alloc(u->a, sizeof(*u->db));
	u->db->engine = "mariadb";
	if (scratch_db_start(u->db, u->a, u->w, 0, e) != 0)
		return -1;
	u->from = arena_alloc(u->a, sizeof(*u->from));
	text_copy(u->from->name, sizeof(u->from->name), "the safety copy");
	if (my_conn_open(&u->src, u->w, u->db->address, &root, NULL, "holdfast scratch", 0,
		now_ms() + 20000, e) < 0)
		return err_wrap(e, "%s", u->from->name);
	if (my_undo_settings(u, u->src, e) < 0)
		return -1;
	return my_undo_do(u, u->src,
	    arena_printf(u->a, "CREATE DATABASE %s", my_quote_name(u->a, u->schema)), NULL, e);
}

int
my_undo_source_copy(struct my_undo *u, const char *dir, struct err *e)
{
	struct copy c;
	size_t i;

	if (copy_read(u->a, dir, 1, &c, e) != 0)
		return -1;
	if (strcmp(c.engine, "mariadb") != 0 || strcmp(c.identity, u->to->identity) != 0 ||
	    strcmp(c.schema, u->schema) != 0) {
		err_set(e, ERR_REFUSED,
		    "%s is a copy of %s of another server (%s); nothing was done", dir, c.schema,
		    c.identity);
		return err_hint(e, "restore it by hand if that is meant");
	}
	if (start(u, e) < 0)
		return -1;
	my_undo_say(u, "loading the copy");
	for (i = 0; i < c.nfiles; i++)
		if (load(u, copy_path(u->a, &c, c.files[i].name), e) < 0)
			return err_wrap(e, "loading %s", c.files[i].what);
	return my_undo_do(
	    u, u->src, arena_printf(u->a, "USE %s", my_quote_name(u->a, u->schema)), NULL, e);
}
