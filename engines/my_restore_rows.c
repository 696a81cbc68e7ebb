/*
 * The rows of a dump into the side schema, INSERT by INSERT as the dump has them. How many are in
 * is written in the transaction of each, so what was stopped goes on behind the last. A row that
 * does not fit is kept as text, with the reason; none is lost. Must never send what is not
 * literals.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/my_restore.h"
#include "text.h"
#include "banned.h"

#define COMMIT_BYTES ((size_t)1 << 20)
#define STATEMENT_MAX ((size_t)1 << 30)

/* One INSERT of the dump, and its rows. */
struct insert {
	const char *columns;
	const char **rows;
	size_t *lens, n;
};

static int
is_about_rows(const struct err *e)
{
	return strncmp(e->sqlstate, "22", 2) == 0 || strncmp(e->sqlstate, "23", 2) == 0;
}

/* A row that the table does not take. */
static int
keep(struct my_restoring *x, const char *row, size_t len, const struct err *why, struct err *e)
{
	struct buf b;
	char *hex = malloc(2 * len + 1);
	int rc;

	if (hex == NULL)
		abort();
	hex_encode(row, len, hex);
	buf_init(&b, STATEMENT_MAX);
	buf_printf(&b, "INSERT INTO %s." MY_UNFIT " (reason, row_text) VALUES (%s, X'%s')",
	    my_quote_name(x->u.a, x->side),
	    my_quote_literal(x->u.a, arena_strndup(x->u.a, why->msg, 500)), hex);
	free(hex);
	rc = my_restore_do(x, buf_str(&b), e);
	buf_free(&b);
	x->unfit += rc == 0;
	return rc;
}

/* What the server changed on its way in is said; which rows those are, it does not say. */
static void
note_warnings(struct my_restoring *x)
{
	struct err ignored = {0};
	struct my_rows r;

	if (mysql_warning_count(x->u.dst->my) == 0)
		return;
	x->warned += mysql_warning_count(x->u.dst->my);
	if (x->report[0] == '\0' &&
	    my_ask(x->u.dst, x->u.w, now_ms() + 30000, x->u.a, "SHOW WARNINGS LIMIT 1", &r,
		&ignored) == 0 &&
	    r.n == 1)
		x->report = arena_printf(x->u.a, "%s", r.cells[2]);
}

/* Rows from..end of the INSERT in one statement; halves of it where one of them does not fit. */
static int
send(struct my_restoring *x, const struct insert *in, size_t from, size_t end, struct err *e)
{
	struct err why = {0};
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, STATEMENT_MAX);
	buf_printf(&b, "INSERT INTO %s %s VALUES ", x->full, in->columns);
	for (i = from; i < end; i++) {
		buf_add(&b, i == from ? "" : ",", i > from);
		buf_add(&b, in->rows[i], in->lens[i]);
	}
	rc = b.overflow ? err_set(&why, ERR_FAILED, "an INSERT of more than 1 GB")
			: my_restore_do(x, buf_str(&b), &why);
	buf_free(&b);
	if (rc == 0) {
		x->p.rows_done += (int64_t)mysql_affected_rows(x->u.dst->my);
		note_warnings(x);
		return 0;
	}
	if (!is_about_rows(&why)) {
		*e = why;
		return -1;
	}
	if (end - from == 1)
		return keep(x, in->rows[from], in->lens[from], &why, e);
	return send(x, in, from, from + (end - from) / 2, e) < 0
		   ? -1
		   : send(x, in, from + (end - from) / 2, end, e);
}

static int
read_rows(struct my_restoring *x, struct arena *a, const struct my_pick *pick, const char *text,
    size_t len, struct insert *in, struct err *e)
{
	struct my_tuples t = {.p = text, .len = len, .i = pick->from};
	const char *row;
	size_t n;
	int rc;

	memset(in, 0, sizeof(*in));
	in->columns = arena_strdup(a, pick->columns);
	while ((rc = my_tuple(&t, &row, &n)) == 1) {
		in->rows = arena_grow(a, in->rows, in->n, sizeof(*in->rows));
		in->lens = arena_grow(a, in->lens, in->n, sizeof(*in->lens));
		in->rows[in->n] = row;
		in->lens[in->n++] = n;
	}
	if (rc == 0 && memchr(text, '\0', len) == NULL)
		return 0;
	return err_set(e, ERR_STALE,
	    "%s is not what was planned with: an INSERT is not only "
	    "literals",
	    x->d.path);
}

/* With how far that is, in one transaction. */
static int
commit(struct my_restoring *x, struct err *e)
{
	if (my_restore_mark(x, "made", e) < 0 || my_restore_do(x, "COMMIT", e) < 0)
		return -1;
	x->committed = x->p.rows_done;
	x->pending = 0;
	return 0;
}

static int
load_one(
    struct my_restoring *x, const struct my_pick *pick, const char *text, size_t len, struct err *e)
{
	struct arena *a = arena_new();
	struct insert in;
	int rc;

	rc = read_rows(x, a, pick, text, len, &in, e);
	if (rc == 0)
		rc = send(x, &in, 0, in.n, e);
	arena_free(a);
	x->pending += len;
	x->statements += rc == 0;
	return rc < 0 || (x->pending >= COMMIT_BYTES && commit(x, e) < 0) ? -1 : 0;
}

/* Behind the last: what was read is what was planned with, and all of it is somewhere. */
static int
check(struct my_restoring *x, struct err *e)
{
	char sha256[SHA256_HEX];
	int64_t unfit;

	hasher_take(x->hash, sha256);
	if (strcmp(sha256, x->sha256) != 0)
		return err_set(e, ERR_STALE, "%s has other rows than were planned with", x->d.path);
	if (my_undo_count(&x->u, x->u.dst,
		arena_printf(
		    x->u.a, "SELECT COUNT(*) FROM %s." MY_UNFIT, my_quote_name(x->u.a, x->side)),
		&unfit, e) < 0)
		return -1;
	if (x->p.rows_done + unfit != x->p.rows)
		return err_set(e, ERR_FAILED,
		    "%s rows are in and %s were put aside, of %s in the dump",
		    text_count(x->u.a, x->p.rows_done), text_count(x->u.a, unfit),
		    text_count(x->u.a, x->p.rows));
	x->unfit = unfit;
	return 0;
}

static int
read_on(struct my_restoring *x, struct err *e)
{
	enum my_piece what;
	struct my_pick pick;
	char *text;
	size_t len;

	do {
		if (my_dump_next(&x->d, &what, &text, &len, &pick, e) < 0)
			return -1;
		if (what != MY_PIECE_STATEMENT || pick.kind != MY_PICK_ROWS)
			continue;
		hasher_add(x->hash, text, len);
		if (x->seen++ >= x->statements && load_one(x, &pick, text, len, e) < 0)
			return -1;
		x->p.data_done += (int64_t)len;
		pace_say(&x->p);
	} while (what != MY_PIECE_END);
	return check(x, e);
}

int
my_restore_rows(struct my_restoring *x, struct err *e)
{
	int rc;

	x->hash = hasher_new();
	x->p.rows_ms = now_ms();
	my_dump_open(&x->d);
	rc = my_restore_do(x, "SET SESSION autocommit = 0", e);
	if (rc == 0)
		rc = read_on(x, e);
	my_dump_close(&x->d);
	hasher_finish(x->hash, NULL);
	if (rc == 0)
		rc = my_restore_mark(x, "loaded", e) < 0 ? -1 : my_restore_do(x, "COMMIT", e);
	if (rc < 0) {
		x->p.rows_done = x->committed;
		return -1;
	}
	x->stage = MY_STAGE_LOADED;
	x->p.is_loaded = 1;
	return my_restore_do(x, "SET SESSION autocommit = 1", e);
}
