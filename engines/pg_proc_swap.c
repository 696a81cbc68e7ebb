/*
 * restore-swap-v1 and restore-swap-back-v1: what was restored takes the place of what stands, which
 * goes aside with its indexes, constraints and counters under their own names; foreign keys and
 * views of others are turned to the new one. One short transaction under a lock limit. Must never
 * drop anything but an empty schema.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/pg_look.h"
#include "engines/pg_proc.h"
#include "engines/pg_words.h"
#include "text.h"
#include "banned.h"

struct swap {
	struct undo u;
	const char *in;	 /* schema it comes out of; "": nothing comes */
	const char *out; /* schema what stands goes to; "": nothing stands */
	uint32_t oid;	 /* of what stood when it was planned; 0: nothing */
	int is_back;
	PGresult *keys, *views;
	const char *own; /* statements that give what comes back its own foreign keys, one a line */
	const char *report; /* what did not fit, for the end */
};

static const char *
given(const struct step *s, const char *name)
{
	const char *v = undo_argument(s, name);

	return v == NULL ? "" : v;
}

static const char *
full(struct swap *x, const char *schema)
{
	struct arena *a = x->u.a;

	return arena_printf(a, "%s.%s", pg_quote_name(a, schema), pg_quote_name(a, x->u.table));
}

static int
run(struct swap *x, const char *sql, struct err *e)
{
	return undo_do(&x->u, x->u.dst, sql, 0, NULL, NULL, e);
}

static int
oid_of(struct swap *x, const char *schema, uint32_t *oid, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[1] = {full(x, schema)};

	if (undo_do(&x->u, x->u.dst, "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid", 1, params,
		&r, e) < 0)
		return -1;
	*oid = (uint32_t)look_int(r, 0, 0, 0);
	return 0;
}

static int
take_arguments(struct swap *x, const struct step *s, struct err *e)
{
	struct undo *u = &x->u;

	u->from = u->to = cluster_member(u->c, s->node);
	u->schema = given(s, "schema");
	u->table = given(s, "table");
	x->oid = (uint32_t)strtoul(given(s, "oid"), NULL, 10);
	x->in = given(s, x->is_back ? "aside" : "side");
	x->out = given(s, x->is_back ? "undone" : "aside");
	if (x->oid == 0 && x->is_back)
		x->in = "";
	if (x->oid == 0 && !x->is_back)
		x->out = "";
	if (u->to == NULL || u->schema[0] == '\0' || u->table[0] == '\0')
		return err_set(e, ERR_FAILED, "the step does not say what to swap");
	u->full = full(x, u->schema);
	return 0;
}

/* Under the lock: what stands, and what comes, are what was planned with. */
static int
check(struct swap *x, struct err *e)
{
	uint32_t stands = 0, comes = 0;

	if (oid_of(x, x->u.schema, &stands, e) < 0)
		return -1;
	if (stands != 0 &&
	    run(x, arena_printf(x->u.a, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", x->u.full), e) <
		0)
		return -1;
	if (x->in[0] != '\0' && oid_of(x, x->in, &comes, e) < 0)
		return -1;
	if (!x->is_back && stands != x->oid) {
		err_set(e, ERR_STALE,
		    "%s is another table now (oid %u, planned with %u); nothing "
		    "was swapped",
		    x->u.full, stands, x->oid);
		return err_hint(e, "type the restore again: what was loaded is gone on with");
	}
	if (x->in[0] != '\0' && (comes == 0 || (x->is_back && comes != x->oid)))
		return err_set(
		    e, ERR_STALE, "%s is not there any more; nothing was swapped", full(x, x->in));
	if (x->is_back && stands == 0)
		x->out = "";
	return 0;
}

static const char keys_sql[] =
    "SELECT pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I', n.nspname, c.relname, "
    "k.conname), pg_catalog.format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s%s', n.nspname, "
    "c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid), CASE WHEN k.convalidated THEN "
    "' NOT VALID' ELSE '' END), CASE WHEN k.convalidated THEN pg_catalog.format('ALTER TABLE %I.%I "
    "VALIDATE CONSTRAINT %I', n.nspname, c.relname, k.conname) END, pg_catalog.format('%s on "
    "%I.%I', k.conname, n.nspname, c.relname) FROM pg_catalog.pg_constraint AS k JOIN "
    "pg_catalog.pg_class AS c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = "
    "c.relnamespace WHERE k.contype = 'f' AND k.confrelid = pg_catalog.to_regclass($1) AND "
    "k.conrelid <> k.confrelid AND k.conparentid = 0 ORDER BY 1";

static const char views_sql[] =
    "SELECT DISTINCT pg_catalog.format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, "
    "v.relname, CASE WHEN v.reloptions IS NOT NULL THEN ' WITH (' || "
    "pg_catalog.array_to_string(v.reloptions, ', ') || ')' ELSE '' END, "
    "pg_catalog.pg_get_viewdef(v.oid)) FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_rewrite "
    "AS w ON w.oid = d.objid JOIN pg_catalog.pg_class AS v ON v.oid = w.ev_class JOIN "
    "pg_catalog.pg_namespace AS n ON n.oid = v.relnamespace WHERE d.classid = "
    "'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = "
    "pg_catalog.to_regclass($1)::pg_catalog.oid AND v.oid <> d.refobjid AND v.relkind = 'v'";

/*
 * The foreign keys of the table itself. One that stands aside must keep nobody from deleting rows
 * elsewhere, so it loses them; how they are made again stands in the comment of its schema.
 */
static const char own_sql[] =
    "SELECT pg_catalog.string_agg(pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', "
    "$1::pg_catalog.text, "
    "k.conname), E'\\n'), pg_catalog.string_agg(pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT "
    "%I %s%s', $1, k.conname, pg_catalog.pg_get_constraintdef(k.oid), CASE WHEN k.convalidated "
    "THEN E' NOT VALID\\n' || pg_catalog.format('ALTER TABLE %s VALIDATE CONSTRAINT %I', $1, "
    "k.conname) ELSE '' END), E'\\n') FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'f' AND "
    "k.conrelid = pg_catalog.to_regclass($1) AND k.confrelid <> k.conrelid";

/* The lines that begin so; each is one message, hence one statement. */
static int
run_lines(struct swap *x, const char *lines, const char *word, struct err *e)
{
	const char *begin = arena_printf(x->u.a, "ALTER TABLE %s %s CONSTRAINT ", x->u.full, word);
	size_t n;

	for (; lines != NULL && *lines != '\0'; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		if (strncmp(lines, begin, strlen(begin)) == 0 &&
		    run(x, arena_strndup(x->u.a, lines, n), e) < 0)
			return -1;
	}
	return 0;
}

static int
free_own(struct swap *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct arena *a = x->u.a;
	const char *back;

	if (undo_do(&x->u, x->u.dst, own_sql, 1, &x->u.full, &r, e) < 0)
		return -1;
	if ((back = look_text(a, r, 0, 1)) == NULL)
		return 0;
	return run_lines(x, look_text(a, r, 0, 0), "DROP", e) < 0 ||
		       run(x,
			   arena_printf(a, "COMMENT ON SCHEMA %s IS %s", pg_quote_name(a, x->out),
			       pg_quote_literal(a, back)),
			   e) < 0
		   ? -1
		   : 0;
}

static int
read_own(struct swap *x, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;

	if (!x->is_back || x->in[0] == '\0')
		return 0;
	if (undo_do(&x->u, x->u.dst,
		"SELECT pg_catalog.obj_description(n.oid, 'pg_namespace') FROM "
		"pg_catalog.pg_namespace AS n WHERE n.nspname = $1",
		1, &x->in, &r, e) < 0)
		return -1;
	x->own = PQntuples(r) == 1 ? look_text(x->u.a, r, 0, 0) : NULL;
	return 0;
}

static int
run_column(struct swap *x, const PGresult *r, int column, struct err *e)
{
	int i;

	for (i = 0; i < PQntuples(r); i++)
		if (run(x, PQgetvalue(r, i, column), e) < 0)
			return -1;
	return 0;
}

/* One transaction: both tables, and what others have on the one that stands. */
static int
swap(struct swap *x, struct err *e)
{
	struct arena *a = x->u.a;
	struct undo *u = &x->u;

	if (run(x, "BEGIN", e) < 0 || check(x, e) < 0 ||
	    undo_do(u, u->dst, keys_sql, 1, &u->full, &x->keys, e) < 0 ||
	    undo_do(u, u->dst, views_sql, 1, &u->full, &x->views, e) < 0 || read_own(x, e) < 0)
		return -1;
	undo_say(u, "swapping: %s comes from %s, what stands goes to %s", u->full,
	    x->in[0] == '\0' ? "nowhere" : x->in, x->out[0] == '\0' ? "nowhere" : x->out);
	if ((x->in[0] != '\0' && run_column(x, x->keys, 0, e) < 0) ||
	    (x->out[0] != '\0' &&
		(run(x, arena_printf(a, "CREATE SCHEMA %s", pg_quote_name(a, x->out)), e) < 0 ||
		    free_own(x, e) < 0 ||
		    run(x,
			arena_printf(
			    a, "ALTER TABLE %s SET SCHEMA %s", u->full, pg_quote_name(a, x->out)),
			e) < 0)))
		return -1;
	if (x->in[0] != '\0' &&
	    (run(x,
		 arena_printf(a, "ALTER TABLE %s SET SCHEMA %s", full(x, x->in),
		     pg_quote_name(a, u->schema)),
		 e) < 0 ||
		run_lines(x, x->own, "ADD", e) < 0 || run_column(x, x->keys, 1, e) < 0 ||
		run_column(x, x->views, 0, e) < 0 ||
		run(x, arena_printf(a, "DROP SCHEMA %s", pg_quote_name(a, x->in)), e) < 0))
		return -1;
	return run(x, "COMMIT", e);
}

/* Whether rows of others still fit is seen afterwards, without keeping anybody out. */
static void
validate(struct swap *x)
{
	struct err why = {0};
	int i;

	if (run_lines(x, x->own, "VALIDATE", &why) < 0)
		x->report = arena_printf(x->u.a, "%s; REPORT: it stays NOT VALID: %s %s", x->report,
		    why.msg, why.detail);
	for (i = 0; x->in[0] != '\0' && i < PQntuples(x->keys); i++) {
		if (PQgetisnull(x->keys, i, 2))
			continue;
		err_clear(&why);
		if (run(x, PQgetvalue(x->keys, i, 2), &why) < 0)
			x->report = arena_printf(x->u.a, "%s; REPORT: %s stays NOT VALID: %s %s",
			    x->report, PQgetvalue(x->keys, i, 3), why.msg, why.detail);
	}
}

static int
proc_swap(struct swap *x, const struct step *s, struct err *e)
{
	struct undo *u = &x->u;
	int64_t start = now_ms();
	int rc = -1;

	x->report = "";
	if (take_arguments(x, s, e) == 0 && cluster_settle(u->c, u->w, e) == 0 &&
	    undo_open(u, u->to, given(s, "database"), &u->dst, 0, e) == 0 && (rc = swap(x, e)) == 0)
		validate(x);
	PQclear(x->keys);
	PQclear(x->views);
	undo_report(u, x->report);
	pg_close(u->dst); /* without a COMMIT that rolls everything back */
	outcome_swapped(u->out, rc, x->is_back, start, e);
	return rc;
}

int
proc_restore_swap(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct swap x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx}};

	return proc_swap(&x, s, e);
}

int
proc_restore_swap_back(struct cluster *c, struct waiter *w, const struct step *s, struct arena *a,
    struct outcome *out, void (*progress)(void *ctx, const char *line), void *ctx, struct err *e)
{
	struct swap x = {
	    .u = {.c = c, .w = w, .a = a, .out = out, .progress = progress, .progress_ctx = ctx},
	    .is_back = 1};

	return proc_swap(&x, s, e);
}
