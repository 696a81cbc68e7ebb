/*
 * The rows of an undo: streamed from the replica in the order of the primary key, written to the
 * primary in batches, and compared by count and two sums over every byte. Values travel as bytes,
 * whatever their character set. Must never call tables equal that were not compared in full.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "engines/my_undo.h"
#include "text.h"
#include "banned.h"

#define BATCH_BYTES (512 * 1024)
#define BATCH_MAX (64 << 20) /* one row may be large */
#define SAY_MS 1000

static enum my_kind
kind_of(const char *type, int is_mariadb)
{
	static const char *const plain[] = {"tinyint", "smallint", "mediumint", "int", "bigint",
	    "decimal", "float", "double", "year", NULL};
	static const char *const quoted[] = {"date", "datetime", "timestamp", "time", NULL};
	int i;

	for (i = 0; plain[i] != NULL; i++)
		if (strcmp(type, plain[i]) == 0)
			return MY_PLAIN;
	for (i = 0; quoted[i] != NULL; i++)
		if (strcmp(type, quoted[i]) == 0)
			return MY_QUOTED;
	return !is_mariadb && strcmp(type, "json") == 0 ? MY_TEXT : MY_BYTES;
}

int
my_undo_columns(struct my_undo *u, struct err *e)
{
	struct my_rows r;
	unsigned char *kinds;
	size_t i;

	if (my_ask(u->src, u->w, now_ms() + 30000, u->a,
		arena_printf(u->a,
		    "SELECT COLUMN_NAME, LOWER(DATA_TYPE), COLUMN_KEY FROM "
		    "information_schema.COLUMNS WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND "
		    "UPPER(EXTRA) NOT LIKE '%%GENERATED' ORDER BY ORDINAL_POSITION",
		    my_quote_literal(u->a, u->schema), my_quote_literal(u->a, u->table)),
		&r, e) < 0)
		return -1;
	if (r.n == 0) {
		err_set(e, ERR_STALE, "%s does not have %s.%s; nothing was brought back",
		    u->from->name, u->schema, u->table);
		return err_hint(e, "choose another replica that is still held");
	}
	kinds = arena_alloc(u->a, r.n + 1);
	u->columns = u->order = "";
	for (i = 0; i < r.n; i++) {
		const char *name = my_quote_name(u->a, r.cells[i * 3]);

		u->columns = arena_printf(u->a, "%s%s%s", u->columns, i > 0 ? ", " : "", name);
		kinds[i] = (unsigned char)kind_of(r.cells[i * 3 + 1], u->src->is_mariadb);
		if (strcmp(r.cells[i * 3 + 2], "PRI") == 0)
			u->order = arena_printf(u->a, "%s%s%s", u->order,
			    u->order[0] == '\0' ? " ORDER BY " : ", ", name);
	}
	u->ncolumns = r.n;
	u->kinds = kinds;
	return 0;
}

struct loading {
	struct my_undo *u;
	struct sink sink;
	struct buf b;
	size_t in_batch;
	int64_t said;
	struct err *e;
	int rc;
};

static void
add_hex(struct buf *b, const char *data, int len)
{
	static const char digits[] = "0123456789ABCDEF";
	char pair[2];
	int i;

	buf_puts(b, "0x");
	for (i = 0; i < len; i++) {
		pair[0] = digits[(unsigned char)data[i] >> 4];
		pair[1] = digits[(unsigned char)data[i] & 15];
		buf_add(b, pair, 2);
	}
}

static int
flush(struct loading *l)
{
	if (l->in_batch == 0)
		return 0;
	if (l->b.overflow)
		return err_set(
		    l->e, ERR_FAILED, "a row of %s is too large to be written", l->u->source);
	if (my_undo_do(l->u, l->u->dst, buf_str(&l->b), NULL, l->e) < 0)
		return -1;
	l->u->rows += (int64_t)l->in_batch;
	l->in_batch = 0;
	buf_reset(&l->b);
	if (now_ms() - l->said > SAY_MS) {
		l->said = now_ms();
		my_undo_say(l->u, "%s: %s", l->u->source, text_many(l->u->a, l->u->rows, "row"));
	}
	return 0;
}

static int
take_row(struct sink *s, size_t n, const char *const *cells, const int *lengths)
{
	struct loading *l = s->ctx;
	size_t i;

	if (l->in_batch++ == 0)
		buf_printf(&l->b, "INSERT INTO %s (%s) VALUES ", l->u->target, l->u->columns);
	else
		buf_puts(&l->b, ",");
	for (i = 0; i < n; i++) {
		buf_puts(&l->b, i == 0 ? "(" : ",");
		if (cells[i] == NULL)
			buf_puts(&l->b, "NULL");
		else if (l->u->kinds[i] == MY_PLAIN)
			buf_add(&l->b, cells[i], (size_t)lengths[i]);
		else if (l->u->kinds[i] == MY_QUOTED)
			buf_printf(&l->b, "'%.*s'", lengths[i], cells[i]);
		else if (lengths[i] == 0)
			buf_puts(&l->b, "''");
		else if (l->u->kinds[i] == MY_TEXT) {
			buf_puts(&l->b, "CONVERT(");
			add_hex(&l->b, cells[i], lengths[i]);
			buf_puts(&l->b, " USING utf8mb4)");
		} else
			add_hex(&l->b, cells[i], lengths[i]);
	}
	buf_puts(&l->b, ")");
	if (l->b.len < BATCH_BYTES && !l->b.overflow)
		return 0;
	l->rc = flush(l);
	return l->rc;
}

int
my_undo_copy(struct my_undo *u, struct err *e)
{
	struct loading l = {.u = u, .e = e, .said = now_ms()};
	int64_t rows;
	int rc;

	l.sink.row = take_row;
	l.sink.ctx = &l;
	buf_init(&l.b, BATCH_MAX);
	my_undo_say(u, "copying the rows of %s from %s", u->source, u->from->name);
	rc = my_stream(u->src, u->w, INT64_MAX,
	    arena_printf(u->a, "SELECT %s FROM %s%s", u->columns, u->source, u->order), &l.sink,
	    &rows, l.rc == 0 ? e : NULL);
	if (rc == 0)
		rc = flush(&l);
	buf_free(&l.b);
	return rc < 0 || l.rc < 0 ? -1 : 0;
}

/* Every value as its bytes, NULL apart from the empty one; the order of rows does not matter. */
static const char *
sum_sql(struct my_undo *u, const char *table)
{
	const char *all = "", *p = u->columns, *end;

	/* Names are quoted, and a comma inside of one stands between back quotes. */
	while (*p != '\0') {
		for (end = p + 1; *end != '\0'; end++)
			if (*end == '`') {
				if (end[1] != '`')
					break;
				end++;
			}
		all = arena_printf(u->a, "%s%sIFNULL(HEX(CAST(%.*s AS BINARY)), 'N')", all,
		    all[0] == '\0' ? "" : ", ", (int)(end + 1 - p), p);
		p = end + 1;
		p += strncmp(p, ", ", 2) == 0 ? 2 : 0;
	}
	return arena_printf(u->a,
	    "SELECT COUNT(*), COALESCE(SUM(CRC32(x.v)), 0), COALESCE(BIT_XOR(CAST(CONV(LEFT(MD5("
	    "x.v), 16), 16, 10) AS UNSIGNED)), 0) FROM (SELECT CONCAT_WS('#', %s) AS v FROM %s) AS "
	    "x",
	    all, table);
}

static int
sum(struct my_undo *u, struct my_conn *x, const char *table, const char **out, struct err *e)
{
	struct my_rows r;
	int i;

	if (my_ask(x, u->w, INT64_MAX, u->a, sum_sql(u, table), &r, e) < 0)
		return -1;
	if (r.n != 1)
		return err_set(e, ERR_FAILED, "%s was not counted", table);
	for (i = 0; i < 3; i++)
		out[i] = r.cells[i] == NULL ? "" : r.cells[i];
	return 0;
}

int
my_undo_compare(struct my_undo *u, struct err *e)
{
	const char *here[3], *there[3];

	my_undo_say(u, "comparing %s on %s and %s", u->source, u->from->name, u->to->name);
	if (sum(u, u->src, u->source, there, e) < 0 || sum(u, u->dst, u->target, here, e) < 0)
		return -1;
	if (strcmp(here[0], there[0]) != 0 || strcmp(here[1], there[1]) != 0 ||
	    strcmp(here[2], there[2]) != 0)
		return err_set(e, ERR_FAILED,
		    "%s is not equal after loading: %s rows (sums %s, %s) on %s, %s rows (sums %s, "
		    "%s) on %s; taken away again",
		    u->source, here[0], here[1], here[2], u->to->name, there[0], there[1], there[2],
		    u->from->name);
	u->out->rows = strtoll(here[0], NULL, 10);
	return 0;
}
