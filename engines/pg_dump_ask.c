/*
 * What a dump holds of one table: its definitions, moved to a side schema, and every byte of its
 * rows read, counted and hashed. A list of contents would prove nothing. Changes nothing anywhere.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/ask.h"
#include "engines/pg_driver.h"
#include "engines/pg_dump.h"
#include "engines/pg_words.h"
#include "text.h"
#include "banned.h"

#define DEFINITIONS_MAX ((size_t)256 << 20)
#define SENT_MAX ((size_t)4 << 20) /* of one table: it is signed and journaled */

struct reading {
	struct arena *a;
	struct dump d;
	struct pick pick;
	struct dump_facts *out;
	char **texts; /* all statements */
	size_t *lens, n, bytes;
	struct hasher *hash;
	int has_inserts;
	void (*progress)(void *ctx, const char *line);
	void *ctx;
	int64_t said_ms;
};

static int
version_after(const char *text, size_t len, const char *words)
{
	const char *p = memmem(text, len, words, strlen(words));

	for (p = p == NULL ? "" : p + strlen(words); p < text + len && p >= text; p++)
		if (isdigit((unsigned char)*p))
			return (int)strtol(p, NULL, 10);
	return 0;
}

static void
take_remark(struct reading *r, const char *text, size_t len)
{
	int from = version_after(text, len, "Dumped from database version "),
	    by = version_after(text, len, "Dumped by pg_dump version ");

	r->out->from = from != 0 ? from : r->out->from;
	r->out->by = by != 0 ? by : r->out->by;
}

/* What the bytes of its texts are is said in the first lines. */
static void
take_encoding(struct reading *r, const char *text, size_t len)
{
	static const char set[] = "SET client_encoding = '";
	size_t n = sizeof(set) - 1;
	const char *end;

	if (len > n && memcmp(text, set, n) == 0 && (end = memchr(text + n, '\'', len - n)) != NULL)
		r->out->encoding = arena_strndup(r->a, text + n, (size_t)(end - text) - n);
}

static int
take_statement(struct reading *r, const char *text, size_t len, struct err *e)
{
	if (len > 12 && memcmp(text, "INSERT INTO ", 12) == 0) {
		r->has_inserts = 1;
		return 0;
	}
	take_encoding(r, text, len);
	r->bytes += len;
	if (r->bytes > DEFINITIONS_MAX)
		return err_set(e, ERR_REFUSED, "%s has more than %s of definitions", r->d.path,
		    text_bytes(r->a, DEFINITIONS_MAX));
	r->texts = arena_grow(r->a, r->texts, r->n, sizeof(*r->texts));
	r->lens = arena_grow(r->a, r->lens, r->n, sizeof(*r->lens));
	r->texts[r->n] = arena_strndup(r->a, text, len);
	r->lens[r->n++] = len;
	return 0;
}

static void
take_rows(struct reading *r, const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	hasher_add(r->hash, text, len);
	r->out->data += (int64_t)len;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		r->out->rows++;
		p++;
	}
	if (r->progress == NULL || now_ms() - r->said_ms < 500)
		return;
	r->said_ms = now_ms();
	r->progress(r->ctx, arena_printf(r->a, "reading the dump: %s rows, %s",
				text_count(r->a, r->out->rows), text_bytes(r->a, r->out->data)));
}

/* All of one stream. Each piece is of the table, or is read and forgotten. */
static int
read_pieces(struct reading *r, struct err *e)
{
	enum script_piece what;
	int is_ours = 0, is_one;
	char *text;
	size_t len;

	for (;;) {
		if (script_next(&r->d.script, &what, &text, &len, e) < 0)
			return -1;
		if (what == SCRIPT_END)
			return 0;
		if (what == SCRIPT_REMARK)
			take_remark(r, text, len);
		if (what == SCRIPT_STATEMENT && take_statement(r, text, len, e) < 0)
			return -1;
		if (what == SCRIPT_COPY) {
			is_one = pick_is_copy(&r->pick, text, len, &r->out->columns);
			is_ours = is_one;
		}
		if (what == SCRIPT_ROWS && is_ours)
			take_rows(r, text, len);
	}
}

static int
read_stream(struct reading *r, const char *const *options, struct err *e)
{
	struct err why = {0};
	int rc;

	if (dump_open(&r->d, options, e) < 0) {
		dump_close(&r->d, 0, NULL);
		return -1;
	}
	rc = read_pieces(r, e);
	/* The program's own words say more than that its stream ended. */
	if (dump_close(&r->d, rc == 0 || e->code != ERR_CANCELLED, &why) < 0) {
		*e = why;
		return -1;
	}
	return rc < 0 ? err_wrap(e, "%s", r->d.path) : 0;
}

static int
learn(struct reading *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (pick_learn(&r->pick, r->texts[i], r->lens[i], e) < 0)
			return -1;
	return 0;
}

static const char *
side_of(struct reading *r)
{
	char hex[SHA256_HEX];
	const char *all =
	    arena_printf(r->a, "%s\n%s\n%s", r->pick.schema, r->pick.table, r->out->sha256);

	sha256_hex(all, strlen(all), hex);
	return arena_printf(r->a, RESTORE_SIDE "%.12s", hex);
}

static int
choose(struct reading *r, struct err *e)
{
	struct buf before, after;
	struct dump_facts *f = r->out;
	enum pick_part part;
	const char *sent;
	size_t i;

	buf_init(&before, SENT_MAX);
	buf_init(&after, SENT_MAX);
	for (i = 0; i < r->n; i++) {
		part = pick_judge(&r->pick, r->texts[i], r->lens[i]);
		if (part == PICK_LEFT)
			f->left = arena_printf(r->a, "%s%s%s", f->left, f->left[0] ? "; " : "",
			    text_fit(r->a, r->texts[i], r->lens[i], 120));
		if (part != PICK_BEFORE && part != PICK_AFTER)
			continue;
		sent = pick_move(&r->pick, r->texts[i], r->lens[i], f->side);
		buf_printf(part == PICK_BEFORE ? &before : &after, "%s;\n", sent);
		f->nbefore += part == PICK_BEFORE;
		f->nafter += part == PICK_AFTER;
	}
	f->before = arena_strdup(r->a, buf_str(&before));
	f->after = arena_strdup(r->a, buf_str(&after));
	i = before.overflow || after.overflow;
	buf_free(&before);
	buf_free(&after);
	return i == 0 ? 0
		      : err_set(e, ERR_REFUSED, "the table has more than %s of definitions",
			    text_bytes(r->a, SENT_MAX));
}

static int
check_there(struct reading *r, struct err *e)
{
	if (r->has_inserts && r->out->rows == 0) {
		err_set(e, ERR_REFUSED,
		    "%s has its rows as INSERT statements, which are not read here; nothing was "
		    "done",
		    r->d.path);
		return err_hint(e, "load it with psql into a database of its own");
	}
	if (r->out->nbefore > 0 && r->out->columns != NULL)
		return 0;
	err_set(e, ERR_FAILED, "%s has no %s of a table %s.%s; nothing was done", r->d.path,
	    r->out->nbefore == 0 ? "definition" : "rows", r->pick.schema, r->pick.table);
	return err_hint(e, "pg_restore --list says what is in it; name the table as it is there");
}

static int
read_dump(struct reading *r, const struct dump_question *q, struct err *e)
{
	static const char *const schema[] = {"--schema-only", NULL};
	const char *list;

	if (dump_look(&r->d, q->major, e) < 0 || read_stream(r, schema, e) < 0 || learn(r, e) < 0)
		return -1;
	r->out->format = r->d.format;
	r->out->identity = r->d.identity;
	r->out->bytes = r->d.bytes;
	if (r->d.program != NULL && (dump_list(&r->d, &r->pick, &list, e) < 0 ||
					read_stream(r, dump_rows_options(&r->d, list), e) < 0))
		return -1;
	r->out->made = r->d.made;
	hasher_take(r->hash, r->out->sha256);
	r->out->side = side_of(r);
	r->out->roles = r->pick.roles;
	if (choose(r, e) < 0)
		return -1;
	r->out->roles = r->pick.roles;
	r->out->nroles = r->pick.nroles;
	return check_there(r, e);
}

int
pg_ask_dump(struct waiter *w, struct arena *a, const struct dump_question *q,
    struct dump_facts *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	const char *base = getenv("TMPDIR");
	char *dir = arena_printf(
	    a, "%s/holdfast-dump.XXXXXX", base == NULL || base[0] != '/' ? "/var/tmp" : base);
	struct reading r = {.a = a,
	    .d = {.a = a, .w = w, .path = q->path, .dir = dir, .fd = -1},
	    .pick = {.a = a, .schema = q->schema, .table = q->table},
	    .out = out,
	    .progress = progress,
	    .ctx = ctx};
	int rc;

	memset(out, 0, sizeof(*out));
	out->left = out->made = out->triggers = "";
	out->encoding = "UTF8";
	if (mkdtemp(dir) == NULL)
		return err_set(e, ERR_FAILED, "could not make %s: %s", dir, strerror(errno));
	r.hash = hasher_new();
	rc = read_dump(&r, q, e);
	hasher_finish(r.hash, NULL);
	scratch_remove(dir, NULL);
	return rc;
}
