/*
 * What a dump of MariaDB or MySQL holds of one table: its definition for a side schema, its
 * triggers, and every byte of its rows read, counted and hashed. Rows that are anything but
 * literals are refused. Changes nothing anywhere.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/backups.h"
#include "engines/my_driver.h"
#include "engines/my_dump.h"
#include "text.h"
#include "banned.h"

struct reading {
	struct arena *a;
	struct my_dump d;
	struct dump_facts *out;
	const char *definition;
	size_t ndefinition;
	struct hasher *hash;
	const char *mode, *client, *collation; /* as triggers are made with */
	int is_of_tool, is_complete, has_place, is_mysql;
	void (*progress)(void *ctx, const char *line);
	void *ctx;
	int64_t said_ms;
};

/* Behind these words at the beginning; NULL: another line. */
static const char *
after(const char *text, size_t len, const char *words)
{
	size_t n = strlen(words);

	return len >= n && memcmp(text, words, n) == 0 ? text + n : NULL;
}

/* "10.11.14-MariaDB" is 1011. */
static int
version_of(struct reading *r, const char *p, const char *end)
{
	const char *text = arena_strndup(r->a, p, (size_t)(end - p));
	char *dot;
	long major, minor;

	text += strcspn(text, "0123456789");
	major = strtol(text, &dot, 10);
	minor = *dot == '.' ? strtol(dot + 1, NULL, 10) : 0;
	return (int)(major * 100 + (minor < 100 ? minor : 99));
}

static void
take_remark(struct reading *r, const char *text, size_t len)
{
	static const char data[] = "-- Dumping data for table `";
	const char *p, *end = text + len;

	if (after(text, len, "-- MariaDB dump ") != NULL ||
	    after(text, len, "-- MySQL dump ") != NULL)
		r->is_of_tool = 1;
	if ((p = after(text, len, "-- Server version\t")) != NULL) {
		r->out->from = version_of(r, p, end);
		r->is_mysql = memmem(p, (size_t)(end - p), "MariaDB", 7) == NULL;
	}
	if ((p = after(text, len, "-- Dump completed")) != NULL) {
		r->is_complete = 1;
		r->out->made = end - p > 4 ? arena_strndup(r->a, p + 4, (size_t)(end - p) - 4) : "";
	}
	if ((p = after(text, len, data)) != NULL && strcmp(r->d.database, r->d.schema) == 0 &&
	    strcmp(arena_strndup(r->a, p, (size_t)(end - p)),
		arena_printf(r->a, "%s`", r->d.table)) == 0)
		r->has_place = 1;
}

static void
take_set(struct reading *r, const struct my_pick *pick)
{
	const char *value = arena_strdup(r->a, pick->value);

	if (strcmp(pick->name, "names") == 0)
		r->out->encoding = value;
	else if (value[0] == '@')
		;
	else if (strcmp(pick->name, "sql_mode") == 0)
		r->mode = value;
	else if (strcmp(pick->name, "collation_connection") == 0)
		r->collation = value;
	else
		r->client = value;
}

const char *
my_trigger_text(struct arena *a, const char *mode, const char *client, const char *collation,
    const char *text, size_t len)
{
	return arena_printf(a,
	    "SET SESSION sql_mode = %s, SESSION character_set_client = %s, SESSION "
	    "collation_connection = %s" MY_TRIGGER_END "%.*s" MY_TRIGGER_END,
	    my_quote_literal(a, mode), my_quote_literal(a, client), my_quote_literal(a, collation),
	    (int)len, text);
}

static int
take_rows(
    struct reading *r, const struct my_pick *pick, const char *text, size_t len, struct err *e)
{
	struct my_tuples t = {.p = text, .len = len, .i = pick->from};
	const char *row;
	size_t n;
	int rc;

	while ((rc = my_tuple(&t, &row, &n)) == 1)
		r->out->rows++;
	if (rc < 0 || memchr(text, '\0', len) != NULL) {
		err_set(e, ERR_REFUSED,
		    "an INSERT of %s.%s in %s is not only literals, behind row %s; nothing was "
		    "done",
		    r->d.schema, r->d.table, r->d.path, text_count(r->a, r->out->rows));
		return err_hint(e, "look at it there; load it by hand into a database of its own");
	}
	hasher_add(r->hash, text, len);
	r->out->data += (int64_t)len;
	if (r->progress != NULL && now_ms() - r->said_ms >= 500) {
		r->said_ms = now_ms();
		r->progress(
		    r->ctx, arena_printf(r->a, "reading the dump: %s rows, %s",
				text_count(r->a, r->out->rows), text_bytes(r->a, r->out->data)));
	}
	return 0;
}

static int
take_statement(
    struct reading *r, const struct my_pick *pick, const char *text, size_t len, struct err *e)
{
	switch (pick->kind) {
	case MY_PICK_TABLE:
		r->definition = arena_strndup(r->a, text, len);
		r->ndefinition = len;
		return 0;
	case MY_PICK_ROWS:
		return take_rows(r, pick, text, len, e);
	case MY_PICK_TRIGGER:
		r->out->triggers = arena_printf(r->a, "%s%s", r->out->triggers,
		    my_trigger_text(r->a, r->mode, r->client, r->collation, text, len));
		return 0;
	case MY_PICK_SET:
		take_set(r, pick);
		return 0;
	case MY_PICK_NOT:
	case MY_PICK_USE:
		return 0;
	}
	return 0;
}

static int
read_all(struct reading *r, struct err *e)
{
	enum my_piece what;
	struct my_pick pick;
	char *text;
	size_t len;

	do {
		if (my_dump_next(&r->d, &what, &text, &len, &pick, e) < 0)
			return err_wrap(e, "%s", r->d.path);
		if (what == MY_PIECE_REMARK)
			take_remark(r, text, len);
		if (what == MY_PIECE_STATEMENT && take_statement(r, &pick, text, len, e) < 0)
			return -1;
	} while (what != MY_PIECE_END);
	return 0;
}

/* mydumper says when it was done, and of which server nothing. */
static int
read_metadata(struct reading *r, struct err *e)
{
	static const char word[] = "Finished dump at: ";
	const char *p;
	size_t len;

	if (!r->d.is_directory)
		return 0;
	p = backup_edge(r->a, arena_printf(r->a, "%s/metadata", r->d.path), 1, &len);
	p = p == NULL ? NULL : memmem(p, len, word, sizeof(word) - 1);
	if (p == NULL) {
		err_set(e, ERR_FAILED, "%s was not finished, its metadata say; nothing was done",
		    r->d.path);
		return err_hint(e, "backups check says which others are whole");
	}
	p += sizeof(word) - 1;
	r->out->made = arena_strndup(r->a, p, strcspn(p, "\n"));
	r->has_place = 1;
	return 0;
}

static int
check(struct reading *r, const struct dump_question *q, struct err *e)
{
	if (r->is_of_tool && !r->is_complete) {
		err_set(
		    e, ERR_FAILED, "%s is no whole dump: it was cut; nothing was done", r->d.path);
		return err_hint(e, "backups check says which others are whole");
	}
	if (r->out->from > 0 && r->is_mysql != q->is_mysql) {
		err_set(e, ERR_REFUSED, "%s is of %s and this server is %s; nothing was done",
		    r->d.path, r->is_mysql ? "MySQL" : "MariaDB",
		    q->is_mysql ? "MySQL" : "MariaDB");
		return err_hint(
		    e, "load it by hand into a database of its own, and look at it there");
	}
	if (r->definition != NULL && (r->out->rows > 0 || r->has_place))
		return 0;
	err_set(e, ERR_FAILED, "%s has no %s of a table %s.%s; nothing was done", r->d.path,
	    r->definition == NULL ? "definition" : "rows", r->d.schema, r->d.table);
	return err_hint(e, "grep it for CREATE TABLE; name database and table as they are there");
}

static int
choose(struct reading *r, struct err *e)
{
	struct dump_facts *f = r->out;
	struct my_definition def;
	char hex[SHA256_HEX];
	const char *all;

	hasher_take(r->hash, f->sha256);
	all = arena_printf(r->a, "%s\n%s\n%s", r->d.schema, r->d.table, f->sha256);
	sha256_hex(all, strlen(all), hex);
	f->side = arena_printf(r->a, RESTORE_SIDE "%.12s", hex);
	if (my_define(
		r->a, r->definition, r->ndefinition, r->d.schema, f->side, r->d.table, &def, e) < 0)
		return -1;
	f->before = def.before;
	f->after = def.after;
	f->nbefore = 1;
	f->nafter = def.nafter;
	return 0;
}

static int
read_dump(struct reading *r, const struct dump_question *q, struct err *e)
{
	if (my_dump_look(&r->d, e) < 0 || read_metadata(r, e) < 0)
		return -1;
	r->out->format = r->d.format;
	r->out->identity = r->d.identity;
	r->out->bytes = r->d.bytes;
	my_dump_open(&r->d);
	if (read_all(r, e) < 0 || check(r, q, e) < 0)
		return -1;
	return choose(r, e);
}

int
my_ask_dump(struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct reading r = {.a = a,
	    .d = {.a = a, .w = w, .path = q->path, .schema = q->schema, .table = q->table},
	    .out = out,
	    .mode = "",
	    .client = "utf8mb4",
	    .collation = "utf8mb4_general_ci",
	    .progress = progress,
	    .ctx = ctx};
	int rc;

	memset(out, 0, sizeof(*out));
	out->left = out->made = out->triggers = out->columns = "";
	out->encoding = "utf8mb4";
	r.hash = hasher_new();
	rc = read_dump(&r, q, e);
	hasher_finish(r.hash, NULL);
	my_dump_close(&r.d);
	return rc;
}
