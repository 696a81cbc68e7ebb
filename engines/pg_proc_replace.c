/*
 * A table whose definition was changed, and values with it: it is made again as it was, with all
 * that hung on it, and rows that came since go in again. Where something newer hangs on it, or a
 * row of it was changed since, nothing is done: that would be lost. One transaction.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "text.h"
#include "banned.h"

#define ASIDE "pg_temp.holdfast_undo_aside"

/* What hangs on it now must be what hung on it then, or it would go without coming back. */
static int
check_newer(struct undo *u, uint32_t oid, struct err *e)
{
	struct undo_item *now, *then;
	size_t nnow, nthen, i, k;

	if (undo_items(u, u->dst, oid, &now, &nnow, e) < 0 ||
	    undo_items(u, u->src, u->oid, &then, &nthen, e) < 0)
		return -1;
	for (i = 0; i < nnow; i++) {
		for (k = 0; k < nthen; k++)
			if (strcmp(now[i].what, then[k].what) == 0)
				break;
		if (k < nthen || now[i].column != 0 ||
		    (now[i].relkind == '\0' && now[i].contype == '\0'))
			continue;
		err_set(e, ERR_REFUSED, "%s was made since, and would be lost; nothing was done",
		    now[i].what);
		return err_hint(e, "drop it, plan the undo again, and make it again afterwards");
	}
	return 0;
}

/* The columns with their types, one a line; and the key, compared as text. */
static const char shared_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, "
    "pg_catalog.format_type(a.atttypid, a.atttypmod)), chr(1) ORDER BY a.attnum) FILTER (WHERE "
    "a.attgenerated = ''), "
    "(SELECT pg_catalog.string_agg(pg_catalog.format('t.%1$I::pg_catalog.text = "
    "s.%1$I::pg_catalog.text', k.attname), ' AND ') FROM pg_catalog.pg_index AS i JOIN "
    "pg_catalog.pg_attribute AS k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey) WHERE "
    "i.indrelid = pg_catalog.to_regclass($1) AND i.indisprimary) "
    "FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum "
    "> 0 AND NOT a.attisdropped";

struct shared {
	const char *columns; /* of both, quoted, same type */
	const char *match;
};

static int
has_line(const char *all, const char *line, size_t len)
{
	const char *p = all;

	for (; *p != '\0'; p += strcspn(p, "\1"), p += *p == '\1')
		if (strcspn(p, "\1") == len && strncmp(p, line, len) == 0)
			return 1;
	return 0;
}

static int
find_shared(struct undo *u, struct shared *out, struct err *e)
{
	CLEAN_RESULT PGresult *then = NULL, *now = NULL;
	const char *p, *types, *is;
	size_t len, name;

	if (undo_do(u, u->src, shared_sql, 1, &u->full, &then, e) < 0 ||
	    undo_do(u, u->dst, shared_sql, 1, &u->full, &now, e) < 0)
		return -1;
	out->match = look_text(u->a, then, 0, 1);
	out->columns = "";
	types = look_text(u->a, then, 0, 0);
	is = look_text(u->a, now, 0, 0);
	for (p = types == NULL ? "" : types; *p != '\0'; p += len, p += *p == '\1') {
		len = strcspn(p, "\1");
		/* A quoted name may hold a blank: it ends at its closing quote. */
		name = *p == '"' ? 1 + strcspn(p + 1, "\"") + 1 : strcspn(p, " ");
		if (is != NULL && has_line(is, p, len))
			out->columns = arena_printf(u->a, "%s%s%.*s", out->columns,
			    out->columns[0] == '\0' ? "" : ", ", (int)name, p);
	}
	if (out->match != NULL)
		return 0;
	err_set(e, ERR_REFUSED,
	    "%s has no primary key, so what was written since cannot be told; nothing was done",
	    u->full);
	return err_hint(e, "bring it back from %s by hand", u->from->name);
}

static int
count_of(struct undo *u, const char *sql, int64_t *out, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (undo_do(u, u->dst, sql, 0, NULL, &r, e) < 0)
		return -1;
	*out = PQntuples(r) == 1 ? look_int(r, 0, 0, 0) : strtoll(PQcmdTuples(r), NULL, 10);
	return 0;
}

/* Rows that are there now and differ, in what was not changed by the act: written since. */
static int
check_changed(struct undo *u, const struct shared *x, struct err *e)
{
	int64_t n = 0;

	if (x->columns[0] != '\0' &&
	    count_of(u,
		arena_printf(u->a,
		    "SELECT pg_catalog.count(*) FROM " ASIDE " AS s JOIN ONLY %s AS t ON %s WHERE "
		    "(SELECT q FROM (SELECT %s FROM (SELECT t.*) AS o) AS q)::pg_catalog.text IS "
		    "DISTINCT FROM (SELECT q FROM (SELECT %s FROM (SELECT s.*) AS o) AS q)::"
		    "pg_catalog.text",
		    u->full, x->match, x->columns, x->columns),
		&n, e) < 0)
		return -1;
	if (n == 0)
		return 0;
	err_set(e, ERR_REFUSED, "%s of %s changed since, which would be lost; rolled back",
	    text_many(u->a, n, "row"), u->full);
	return err_hint(e, "keep them in a table of their own, then plan the undo again");
}

static int
add_newer(struct undo *u, const struct shared *x, struct err *e)
{
	int64_t n;

	if (x->columns[0] == '\0')
		return 0;
	if (count_of(u,
		arena_printf(u->a,
		    "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM " ASIDE
		    " AS s WHERE NOT EXISTS (SELECT FROM ONLY %s AS t WHERE %s)",
		    u->full, x->columns, x->columns, u->full, x->match),
		&n, e) < 0) {
		err_wrap(
		    e, "rows that came to %s since do not fit what it was; rolled back", u->full);
		return err_hint(e, "move them to a table of their own, then plan the undo again");
	}
	if (n > 0)
		undo_say(
		    u, "%s: %s that came since put in again", u->full, text_many(u->a, n, "row"));
	return 0;
}

int
undo_replace(struct undo *u, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct shared x;

	if (undo_do(u, u->dst,
		arena_printf(u->a, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", u->full), 0, NULL,
		NULL, e) < 0 ||
	    undo_do(u, u->dst, "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid", 1, &u->full, &r,
		e) < 0 ||
	    check_newer(u, (uint32_t)look_int(r, 0, 0, 0), e) < 0 || find_shared(u, &x, e) < 0)
		return -1;
	if (undo_do(u, u->dst,
		arena_printf(u->a,
		    "CREATE TEMPORARY TABLE holdfast_undo_aside ON COMMIT DROP AS "
		    "SELECT * FROM ONLY %s",
		    u->full),
		0, NULL, NULL, e) < 0 ||
	    undo_do(u, u->dst, arena_printf(u->a, "DROP TABLE %s CASCADE", u->full), 0, NULL, NULL,
		e) < 0 ||
	    undo_make(u, e) < 0 || undo_compare(u, e) < 0 || check_changed(u, &x, e) < 0 ||
	    add_newer(u, &x, e) < 0)
		return -1;
	return undo_do(u, u->dst, arena_printf(u->a, "ANALYZE %s", u->full), 0, NULL, NULL, e);
}
