/*
 * backup-take-v1 and backup-drill-v1, for every method: one more is made; the newest is restored
 * into a scratch server, read as a whole, compared with the live server, and what came of it is
 * recorded. Must never write to a live server.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/copies.h"
#include "engines/members.h"
#include "text.h"
#include "banned.h"

#define TOOL_MS (12LL * 3600 * 1000)
#define COMMAND_WORDS 40
#define NOTE_MAX 300

void
backup_say(struct backup_job *j, const char *fmt, ...)
{
	char line[300];
	va_list ap;

	if (j->progress == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	j->progress(j->ctx, line);
}

void
backup_report(struct backup_job *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	outcome_report(j->out, j->a, arena_vprintf(j->a, fmt, ap));
	va_end(ap);
}

const char *
backup_new_name(struct backup_job *j, const char *ending)
{
	const char *dot = strrchr(j->b->pattern, '.');
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	return arena_printf(j->a, "%s-%s%s", j->b->name, stamp, dot == NULL ? ending : dot);
}

int
backup_run(struct backup_job *j, const char *const *argv, const char *input, struct err *e)
{
	struct scratch s = {.argv = argv,
	    .user = &j->db.user,
	    .dir = j->db.dir,
	    .input = input,
	    .log = arena_printf(j->a, "%s/tool.log", j->db.dir)};

	return scratch_run(&s, j->w, now_ms() + TOOL_MS, e);
}

static const char *
given(const struct step *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nargs; i++)
		if (strcmp(s->args[i].name, name) == 0)
			return s->args[i].value;
	return "";
}

static void
config_of(struct arena *a, const struct step *s, struct backup_config *b)
{
	memset(b, 0, sizeof(*b));
	b->name = given(s, "backup");
	b->method = given(s, "method");
	b->path = given(s, "path");
	b->pattern = given(s, "pattern");
	b->database = given(s, "database");
	b->stanza = given(s, "stanza");
	b->tool = given(s, "config");
	b->proofs = given(s, "proofs");
	b->command = arena_array(a, COMMAND_WORDS + 1, sizeof(*b->command));
	while (b->ncommand < COMMAND_WORDS &&
	       (b->command[b->ncommand] =
		       given(s, arena_printf(a, "word%zu", b->ncommand + 1)))[0] != '\0')
		b->ncommand++;
	b->command[b->ncommand] = NULL;
}

/* The site's own program; what it must leave is a new file that the pattern catches. */
int
backup_take_command(struct backup_job *j, struct err *e)
{
	struct backup_facts before = {0}, after = {0};
	struct backup_look look = {j->w, j->a, j->b, NULL, &before};
	const struct backup_item *was, *is;
	const char *log;

	if (backup_files(&look, e) != 0)
		return -1;
	backup_say(j, "running %s", j->b->command[0]);
	if (backup_tool(j->w, j->a, j->b->command, &log, TOOL_MS, e) != 0)
		return -1;
	look.out = &after;
	if (backup_files(&look, e) != 0)
		return -1;
	was = before.nitems > 0 ? &before.items[0] : NULL;
	is = after.nitems > 0 ? &after.items[0] : NULL;
	if (is == NULL || is->bytes == 0 ||
	    (was != NULL && strcmp(was->name, is->name) == 0 && was->made == is->made &&
		was->bytes == is->bytes)) {
		err_set(e, ERR_FAILED,
		    "%s ended well and left no new file %s in %s: there is no backup",
		    j->b->command[0], j->b->pattern, j->b->path);
		return err_hint(e, "look at what it wrote, then at where it writes to");
	}
	backup_report(j, "%s, %s", is->path, text_bytes(j->a, is->bytes));
	return 0;
}

int
backup_finish(struct backup_job *j, const char *part, const char *name, int rc, struct err *e)
{
	const char *path = arena_printf(j->a, "%s/%s", j->b->path, name);
	char sha256[SHA256_HEX];
	int64_t bytes;

	if (rc == 0)
		rc = copy_digest(part, sha256, &bytes, e);
	if (rc == 0 && rename(part, path) != 0)
		rc = err_set(e, ERR_FAILED, "could not name %s: %s", path, strerror(errno));
	if (rc != 0)
		unlink(part);
	else
		backup_report(j, "%s, %s, sha256 %s", path, text_bytes(j->a, bytes), sha256);
	return rc;
}

static const char *
count_text(struct arena *a, int64_t rows)
{
	return rows < 0 ? "no such table" : arena_printf(a, "%lld", (long long)rows);
}

int
backup_count(struct backup_job *j, const char *full, int64_t rows, int64_t live, struct err *e)
{
	struct backup_proof *p = &j->proof;

	p->tables += rows >= 0;
	p->rows += rows > 0 ? rows : 0;
	if (rows == 0 && live > 0)
		return err_set(e, ERR_FAILED,
		    "%s is empty in it, and has %s on the live server: it is no backup of that",
		    full, text_many(j->a, live, "row"));
	if (rows != live && strlen(p->note) < NOTE_MAX)
		p->note = arena_printf(j->a, "%s%s%s: %s in it, %s live", p->note,
		    p->note[0] == '\0' ? "" : "; ", full, count_text(j->a, rows),
		    count_text(j->a, live));
	return 0;
}

int
backup_counted(struct backup_job *j, struct err *e)
{
	if (j->proof.tables == 0)
		return err_set(e, ERR_FAILED, "there is no table in it");
	backup_report(j, "%s restored in %s; %s, %s read; %s", j->item->name,
	    text_seconds(j->a, (double)j->proof.ms / 1000),
	    text_many(j->a, j->proof.tables, "table"), text_many(j->a, j->proof.rows, "row"),
	    j->proof.note[0] == '\0' ? "counts as live" : j->proof.note);
	return 0;
}

/* It restores, and yet it may be cut off behind a whole statement, be another version's, or what
 * was written since may not be there to follow. */
static int
see_rest(struct backup_job *j, const struct backup_method *m, struct err *e)
{
	struct backup_facts f = {0};
	struct backup_look look = {j->w, j->a, j->b, &j->facts, &f};
	size_t i;

	if ((!j->is_whole && m->look != NULL && m->look(&look, j->item, e) != 0) ||
	    (m->gap != NULL && m->gap(&look, j->item, e) != 0))
		return -1;
	for (i = 0; i < f.nfindings; i++)
		if (f.findings[i].state == BACKUP_FAIL)
			return err_set(e, ERR_FAILED, "%s restores, but %s", j->item->name,
			    f.findings[i].evidence);
	return 0;
}

static int
prove(struct backup_job *j, struct err *e)
{
	const struct backup_method *m = backup_method(j->b->method);
	int64_t start = now_ms();
	int rc;

	if (m->restore == NULL)
		m = backup_by_content(j->a, j->item->path);
	if (m == NULL || (m->engine != NULL && strcmp(m->engine, j->engine) != 0))
		return err_set(e, ERR_REFUSED,
		    "%s is %s, and there is no way to restore one for a drill here", j->item->name,
		    m == NULL ? "of a kind that is not known"
			      : arena_printf(j->a, "for %s", m->engine));
	j->db.engine = strcmp(j->engine, "postgresql") == 0 ? "postgresql" : "mariadb";
	if (m->restore(j, e) < 0)
		return err_wrap(e, "%s could not be restored", j->item->name);
	j->proof.ms = now_ms() - start;
	backup_say(j, "restored in %s", text_seconds(j->a, (double)j->proof.ms / 1000));
	rc =
	    strcmp(j->db.engine, "postgresql") == 0 ? pg_backup_prove(j, e) : my_backup_prove(j, e);
	j->out->rows = j->proof.rows;
	return rc == 0 ? see_rest(j, m, e) : rc;
}

/* A failed drill is a record, too: it is what the next one at the prompt must know. */
static int
drill_newest(struct backup_job *j, struct err *e)
{
	struct backup_facts f = {0};
	struct backup_look look = {j->w, j->a, j->b, NULL, &f};
	struct err own = {0};
	int rc;

	if (backup_method(j->b->method)->items(&look, e) != 0)
		return -1;
	if (f.nitems == 0)
		return err_set(e, ERR_FAILED, "%s has nothing called %s: nothing to drill",
		    j->b->path, j->b->pattern);
	j->item = &f.items[0];
	j->proof =
	    (struct backup_proof){.at = (int64_t)time(NULL), .item = j->item->name, .note = ""};
	rc = prove(j, e);
	scratch_db_stop(&j->db);
	j->proof.ok = rc == 0;
	if (rc != 0 && e != NULL && e->code == ERR_CANCELLED)
		return rc;
	if (rc != 0 && e != NULL)
		j->proof.note = arena_strdup(j->a, e->msg);
	if (backup_proof_write(j->a, j->b, &j->proof, &own) != 0 && rc == 0) {
		*e = own;
		rc = -1;
	}
	return rc;
}

static int
take_one(struct backup_job *j, struct err *e)
{
	const struct backup_method *m = backup_method(j->b->method);

	if (m->take == NULL) {
		err_set(e, ERR_REFUSED,
		    "a backup of the method %s is made by the site, not here; nothing was done",
		    m->name);
		return err_hint(e, "declare a section with method = command");
	}
	return m->take(j, e);
}

static int
live_version(struct backup_job *j, struct err *e)
{
	CLEAN_MEMBERS struct cluster *held = NULL;

	if (members_enter(j->c, j->w, &held, e) < 0 ||
	    j->c->driver->logs(j->c, j->w, j->a, j->live, &j->facts, e) < 0)
		return -1;
	j->version = j->facts.major;
	return 0;
}

static int
run(struct backup_job *j, const struct step *s, int (*what)(struct backup_job *j, struct err *e),
    const char *tag, struct err *e)
{
	struct backup_config b;
	int64_t start = now_ms();
	int rc = 0;

	config_of(j->a, s, &b);
	j->b = &b;
	j->engine = j->c->driver->engine;
	j->live = cluster_member(j->c, s->node);
	if (j->live == NULL)
		rc = err_set(e, ERR_FAILED, "no node is called %s; nothing was done", s->node);
	else if (backup_method(b.method) == NULL)
		rc = err_set(e, ERR_FAILED, "no method is called %s; nothing was done", b.method);
	if (rc == 0 && (rc = cluster_settle(j->c, j->w, e)) == 0 && (rc = live_version(j, e)) == 0)
		rc = what(j, e);
	if (rc == 0)
		text_copy(j->out->tag, sizeof(j->out->tag), tag);
	j->out->ms = now_ms() - start;
	return rc;
}

int
backup_proc_take(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct backup_job j = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .ctx = ctx};

	return run(&j, s, take_one, "BACKUP TAKEN", e);
}

int
backup_proc_drill(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct backup_job j = {
	    .c = c, .w = w, .a = a, .out = out, .progress = progress, .ctx = ctx};

	return run(&j, s, drill_newest, "BACKUP PROVED", e);
}
