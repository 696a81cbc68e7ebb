/*
 * The definitions of what went, taken from the held standby with pg_dump and selected entry by
 * entry with pg_restore, then run on the primary one statement a message. Programs are executed
 * by path, without a shell, and find the password by PGPASSFILE only. Must never write outside
 * of the procedure's own private directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "engine.h"
#include "engines/pg_proc.h"
#include "engines/pg_wire.h"
#include "engines/pg_words.h"
#include "engines/scratch.h"
#include "text.h"
#include "banned.h"

#define SCRIPT_MAX (256 << 20)
#define NEWEST_MAJOR 30
#define DUMP_MS (600 * 1000)
#define SPACE_MIN (64 << 20) /* definitions are small; a full disk is not */

/* The newest-enough pg_dump or pg_restore: the server's own version, else a later one. */
const char *
undo_program(struct undo *u, const char *name, struct err *e)
{
	int major = u->major > 0 ? u->major : PQserverVersion(u->src->pq) / 10000, v;
	const char *path, *chosen = getenv("HOLDFAST_PG_BIN");

	/* Of a version too old for the server pg_dump says so itself, and nothing is done. */
	if (chosen != NULL && chosen[0] == '/')
		return arena_printf(u->a, "%s/%s", chosen, name);
	for (v = major; v <= NEWEST_MAJOR; v++) {
		path = arena_printf(u->a, "/usr/lib/postgresql/%d/bin/%s", v, name);
		if (access(path, X_OK) == 0)
			return path;
		path = arena_printf(u->a, "/usr/pgsql-%d/bin/%s", v, name);
		if (access(path, X_OK) == 0)
			return path;
	}
	err_set(e, ERR_CONFIG, "no %s of version %d or later is installed here; nothing was done",
	    name, major);
	err_hint(e, "install postgresql-client-%d", major);
	return NULL;
}

int
undo_dir(struct undo *u, int64_t room, struct err *e)
{
	const char *base = getenv("TMPDIR");
	struct statvfs fs;

	if (base == NULL || base[0] != '/' || strlen(base) > 60)
		base = "/var/tmp";
	if (room < SPACE_MIN)
		room = SPACE_MIN;
	if (statvfs(base, &fs) == 0 && (int64_t)fs.f_bavail * (int64_t)fs.f_frsize < room) {
		err_set(e, ERR_FAILED, "%s has less than %s left; nothing was done", base,
		    text_bytes(u->a, room));
		return err_hint(e, "make room there, or set TMPDIR to a directory with room");
	}
	snprintf(u->dir, sizeof(u->dir), "%s/holdfast-undo.XXXXXX", base);
	if (mkdtemp(u->dir) != NULL) /* made 0700 */
		return 0;
	u->dir[0] = '\0';
	return err_set(
	    e, ERR_FAILED, "could not make a directory in %s: %s", base, strerror(errno));
}

const char *
undo_path(struct undo *u, const char *name)
{
	return arena_printf(u->a, "%s/%s", u->dir, name);
}

static void
add_env(struct undo *u, const char **env, size_t *n, const char *name, const char *value)
{
	if (value != NULL && value[0] != '\0')
		env[(*n)++] = arena_printf(u->a, "%s=%s", name, value);
}

/* argv holds no secret: the address is stripped of them. */
int
undo_tool(struct undo *u, const char *const *argv, const char *log, int64_t limit_ms, struct err *e)
{
	const char *env[8] = {NULL};
	const struct person_config *p = u->c->setup.person;
	struct scratch s = {.argv = argv, .env = env, .dir = u->dir, .log = log};
	size_t n = 0;

	add_env(u, env, &n, "PGPASSFILE",
	    p != NULL && p->passfile != NULL ? p->passfile : getenv("PGPASSFILE"));
	add_env(u, env, &n, "HOME", getenv("HOME"));
	add_env(u, env, &n, "PGSSLMODE", getenv("PGSSLMODE"));
	add_env(u, env, &n, "PGSSLROOTCERT", getenv("PGSSLROOTCERT"));
	add_env(u, env, &n, "PGSERVICEFILE", getenv("PGSERVICEFILE"));
	add_env(u, env, &n, "PGAPPNAME", "holdfast undo");
	if (scratch_run(&s, u->w, now_ms() + limit_ms, e) < 0)
		return err_wrap(e, "%s", argv[0]);
	return 0;
}

const char *
undo_conninfo(
    struct undo *u, const struct member *m, const struct pg_conn *conn, const char *database)
{
	char *plain = pg_plain_address(m->address);
	const char *out = arena_printf(u->a, "%s user=%s dbname=%s", plain,
	    pg_quote_conninfo(u->a, PQuser(conn->pq)), pg_quote_conninfo(u->a, database));

	free(plain);
	return out;
}

static int
dump(struct undo *u, struct err *e)
{
	const char *argv[12] = {undo_program(u, "pg_dump", e)};
	size_t n = 1;

	if (argv[0] == NULL)
		return -1;
	argv[n++] = "--schema-only";
	argv[n++] = "--format=custom";
	argv[n++] = "--no-password";
	argv[n++] = "--lock-wait-timeout=5000";
	argv[n++] = arena_printf(u->a, "--file=%s", undo_path(u, "schema.dump"));
	argv[n++] =
	    arena_printf(u->a, "--dbname=%s", undo_conninfo(u, u->from, u->src, PQdb(u->src->pq)));
	argv[n] = NULL;
	return undo_tool(u, argv, undo_path(u, "dump.log"), DUMP_MS, e);
}

static int
restore(struct undo *u, const char *const *options, const char *out, struct err *e)
{
	const char *argv[10] = {undo_program(u, "pg_restore", e)};
	size_t n = 1;

	if (argv[0] == NULL)
		return -1;
	while (options[n - 1] != NULL && n < 7) {
		argv[n] = options[n - 1];
		n++;
	}
	argv[n++] = arena_printf(u->a, "--file=%s", out);
	argv[n++] = undo_path(u, "schema.dump");
	argv[n] = NULL;
	return undo_tool(u, argv, undo_path(u, "restore.log"), DUMP_MS, e);
}

static int
read_file(struct undo *u, const char *path, char **out, size_t *len, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	size_t got = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size > SCRIPT_MAX) {
		if (fd >= 0)
			close(fd);
		return err_set(e, ERR_FAILED, "could not read %s", path);
	}
	*out = arena_alloc(u->a, (size_t)st.st_size + 1);
	while (got < (size_t)st.st_size && (n = read(fd, *out + got, (size_t)st.st_size - got)) > 0)
		got += (size_t)n;
	close(fd);
	*len = got;
	return 0;
}

static int
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* True where `rest` names x after its kind: "TABLE orders owner", with the name plain or quoted. */
static int
names_after(struct undo *u, const char *rest, const char *kind, const char *name, const char *end)
{
	if (!starts(rest, kind))
		return 0;
	rest += strlen(kind);
	return starts(rest, arena_printf(u->a, "%s%s", name, end)) ||
	       starts(rest, arena_printf(u->a, "%s%s", pg_quote_name(u->a, name), end));
}

/* Entries without an oid of their own (comments, grants, labels) belong to what they name. */
static int
belongs_to(struct undo *u, const char *rest, const struct undo_item *x)
{
	static const char *const kinds[] = {"TABLE ", "VIEW ", "MATERIALIZED VIEW ", "SEQUENCE ",
	    "INDEX ", "FOREIGN TABLE ", "", NULL};
	const char *on;
	size_t i;

	if (x->schema == NULL || !starts(rest, x->schema) || rest[strlen(x->schema)] != ' ')
		return 0;
	rest += strlen(x->schema) + 1;
	if (x->constraint != NULL)
		return names_after(
		    u, rest, "CONSTRAINT ", x->constraint, arena_printf(u->a, " ON %s ", x->on));
	for (i = 0; kinds[i] != NULL; i++)
		if (names_after(u, rest, kinds[i], x->name, " "))
			return 1;
	if (names_after(u, rest, "COLUMN ", x->name, "."))
		return 1;
	/* "TRIGGER name ON orders": of the table that went. */
	for (on = strstr(rest, " ON "); on != NULL; on = strstr(on + 1, " ON "))
		if (names_after(u, on, " ON ", x->name, " "))
			return 1;
	return 0;
}

static const char *
skip_words(const char *rest)
{
	static const char *const nameless[] = {"ACL ", "COMMENT ", "SECURITY LABEL ",
	    "SEQUENCE OWNED BY ", "TABLE ATTACH ", "INDEX ATTACH ", NULL};
	size_t i;

	for (i = 0; nameless[i] != NULL; i++)
		if (starts(rest, nameless[i]))
			return rest + strlen(nameless[i]);
	return NULL;
}

/* Comments and grants of what was in the schema, and of itself. */
static int
is_in_schema(struct undo *u, const char *rest)
{
	if (u->mode != UNDO_SCHEMA)
		return 0;
	return starts(rest, arena_printf(u->a, "%s ", u->schema)) ||
	       starts(rest, arena_printf(u->a, "- SCHEMA %s ", u->schema)) ||
	       starts(rest, arena_printf(u->a, "- SCHEMA %s ", pg_quote_name(u->a, u->schema)));
}

/* One line of pg_restore --list: "3225; 1259 16421 INDEX public order_items_order postgres". */
static int
is_wanted(struct undo *u, const char *line)
{
	unsigned long classid, oid;
	const char *rest;
	char *p;
	size_t i;

	if (*line < '0' || *line > '9' || (p = strchr(line, ';')) == NULL)
		return 0;
	classid = strtoul(p + 1, &p, 10);
	oid = strtoul(p, &p, 10);
	rest = *p == ' ' ? p + 1 : p;
	for (i = 0; i < u->nitems; i++) {
		struct undo_item *x = &u->items[i];

		if (x->is_skipped || x->column != 0)
			continue;
		if (oid != 0 && x->oid == oid && (classid == 0 || x->classid == classid)) {
			x->is_in_toc |= classid != 0;
			return 1;
		}
		if (classid == 0 && oid == 0 && skip_words(rest) != NULL &&
		    is_in_schema(u, skip_words(rest)))
			return 1;
		if (classid == 0 && oid == 0 && skip_words(rest) != NULL &&
		    (x->name != NULL || x->constraint != NULL) &&
		    belongs_to(u, skip_words(rest), x))
			return 1;
	}
	return 0;
}

/* Tables, views, foreign keys of other tables: each must be in the dump, or nothing is done. */
static int
check_complete(struct undo *u, struct err *e)
{
	size_t i;

	for (i = 0; i < u->nitems; i++) {
		const struct undo_item *x = &u->items[i];

		if (x->is_skipped || x->is_in_toc || x->column != 0)
			continue;
		if (x->contype != 'f' &&
		    (x->relkind == '\0' || strchr("rpvmf", x->relkind) == NULL))
			continue;
		return err_set(e, ERR_FAILED,
		    "%s is not in the dump of %s; nothing was brought back", x->what,
		    u->from->name);
	}
	return 0;
}

static int
select_entries(struct undo *u, struct err *e)
{
	char *toc, *line, *next;
	size_t len;
	FILE *f;

	if (read_file(u, undo_path(u, "toc"), &toc, &len, e) < 0)
		return -1;
	f = fopen(undo_path(u, "selected"), "wxe");
	if (f == NULL)
		return err_set(e, ERR_FAILED, "could not write in %s: %s", u->dir, strerror(errno));
	for (line = toc; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next == '\n')
			*next++ = '\0';
		if (is_wanted(u, line))
			fprintf(f, "%s\n", line);
	}
	if (fclose(f) != 0)
		return err_set(e, ERR_FAILED, "could not write in %s: %s", u->dir, strerror(errno));
	return check_complete(u, e);
}

int
undo_dump(struct undo *u, struct err *e)
{
	static const char *const list[] = {"--list", NULL};

	if (u->dir[0] == '\0' && undo_dir(u, 0, e) < 0)
		return -1;
	undo_say(u, "reading the definitions from %s", u->from->name);
	if (dump(u, e) < 0 || restore(u, list, undo_path(u, "toc"), e) < 0)
		return -1;
	return select_entries(u, e);
}

/*
 * True for what the script says before its first entry and what is said for psql only. The
 * procedure's session has its own settings, and its lock limit must stand.
 */
static int
is_preamble(const char *s, size_t len)
{
	static const char *const lines[] = {"SET statement_timeout", "SET lock_timeout",
	    "SET idle_in_transaction_session_timeout", "SET transaction_timeout",
	    "SET client_encoding", NULL};
	size_t i;

	for (i = 0; lines[i] != NULL; i++)
		if (len >= strlen(lines[i]) && starts(s, lines[i]))
			return 1;
	return 0;
}

/* Blanks the lines psql alone understands; they stand before the first and after the last entry. */
static void
blank_psql_lines(char *text)
{
	char *line, *end;

	for (line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!starts(line, "\\restrict ") && !starts(line, "\\unrestrict "))
			continue;
		end = line + strcspn(line, "\n");
		memset(line, ' ', (size_t)(end - line));
	}
}

static int
run_statements(struct undo *u, char *text, size_t len, struct err *e)
{
	struct lexical lx = {
	    .version = PQserverVersion(u->dst->pq), .standard_conforming_strings = 1};
	struct scan s;

	while (len > 0) {
		engine_postgresql.scan(text, len, &lx, &s);
		if (s.state != SCAN_COMPLETE)
			break; /* comments and blanks at the end */
		/* Comments in front of a statement go with it, except where it is dropped. */
		char *start = text, *stop = text + s.len;

		while (start < stop && (*start == '\n' || *start == ' ' || starts(start, "--")))
			start += starts(start, "--") ? strcspn(start, "\n") : 1;
		if (start < stop && !is_preamble(start, (size_t)(stop - start)) &&
		    undo_do(u, u->dst, arena_strndup(u->a, start, (size_t)(stop - start)), 0, NULL,
			NULL, e) < 0)
			return err_wrap(e, "making %s again (rolled back)", u->full);
		text += s.end;
		len -= s.end;
	}
	if (s.state == SCAN_INCOMPLETE)
		return err_set(e, ERR_FAILED,
		    "the dump of %s ends in the middle of a statement; rolled back", u->from->name);
	return 0;
}

int
undo_script(struct undo *u, const char *section, struct err *e)
{
	const char *options[] = {arena_printf(u->a, "--section=%s", section),
	    arena_printf(u->a, "--use-list=%s", undo_path(u, "selected")), NULL};
	const char *path = undo_path(u, arena_printf(u->a, "%s.sql", section));
	size_t len;
	char *text;

	if (restore(u, options, path, e) < 0 || read_file(u, path, &text, &len, e) < 0)
		return -1;
	blank_psql_lines(text);
	return run_statements(u, text, len, e);
}
