/*
 * What reading a relation runs: the functions in the rules of views, in the row security of tables,
 * in the checks of domains, however deep, and foreign tables. May only raise a class. Must never
 * ask about what reads the catalogues alone: a prompt that asks about itself is slow.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "engines/ask.h"
#include "engines/pg_look.h"
#include "engines/pg_walk.h"
#include "engines/pg_words.h"
#include "banned.h"

#define NAMES_MAX 4000

/*
 * Objects below 16384 came with the server: a rule that reaches them is followed no further. Trees
 * are read as the server writes them; a name in one cannot look like a field, since its blanks are
 * written with a backslash in front.
 */
static const char reads_sql[] =
    "WITH RECURSIVE named AS (SELECT u.n, pg_catalog.to_regclass(u.name)::pg_catalog.oid AS oid "
    "FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u(name, n)), "
    "tree(n, oid) AS (SELECT n, oid FROM named WHERE oid >= 16384 UNION "
    "SELECT t.n, x.oid FROM tree AS t CROSS JOIN LATERAL ("
    "SELECT m.id[1]::pg_catalog.oid AS oid FROM pg_catalog.pg_class AS c "
    "JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.ev_type = '1' "
    "CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::pg_catalog.text, "
    "' :relid ([0-9]+)', 'g') AS m(id) WHERE c.oid = t.oid AND c.relkind = 'v' "
    "UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid "
    "UNION ALL SELECT m.id[1]::pg_catalog.oid FROM pg_catalog.pg_policy AS p "
    "CROSS JOIN LATERAL pg_catalog.regexp_matches(p.polqual::pg_catalog.text, "
    "' :relid ([0-9]+)', 'g') AS m(id) WHERE p.polrelid = t.oid AND p.polcmd IN ('r', '*')"
    ") AS x WHERE x.oid >= 16384), "
    "rules AS (SELECT t.n, t.oid, r.ev_action::pg_catalog.text AS rule FROM tree AS t "
    "JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'v' "
    "JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.ev_type = '1' "
    "UNION ALL SELECT t.n, t.oid, p.polqual::pg_catalog.text FROM tree AS t "
    "JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relrowsecurity "
    "JOIN pg_catalog.pg_policy AS p ON p.polrelid = c.oid AND p.polcmd IN ('r', '*')), "
    "checked AS (SELECT * FROM rules UNION ALL "
    "SELECT r.n, r.oid, k.conbin::pg_catalog.text FROM rules AS r CROSS JOIN LATERAL "
    "pg_catalog.regexp_matches(r.rule, ' :resulttype ([0-9]+)', 'g') AS m(id) "
    "JOIN pg_catalog.pg_constraint AS k ON k.contypid = m.id[1]::pg_catalog.oid), "
    "found AS (SELECT DISTINCT r.n, r.oid AS reader, p.oid AS function FROM checked AS r "
    "CROSS JOIN LATERAL pg_catalog.regexp_matches(r.rule, "
    "' :(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g') AS m(id) "
    "JOIN pg_catalog.pg_proc AS p ON p.oid = m.id[1]::pg_catalog.oid "
    "JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang "
    "WHERE p.provolatile = 'v' OR p.prosecdef OR NOT (l.lanpltrusted OR l.lanname IN "
    "('internal', 'c')) OR EXISTS (SELECT FROM pg_catalog.pg_aggregate AS g "
    "JOIN pg_catalog.pg_proc AS q ON q.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, "
    "g.aggmtransfn, g.aggmfinalfn) "
    "WHERE g.aggfnoid = p.oid AND (q.provolatile = 'v' OR q.prosecdef)) "
    "UNION ALL SELECT t.n, t.oid, NULL FROM tree AS t "
    "JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'f') "
    "SELECT f.n, ns.nspname, c.relname, fs.nspname, p.proname, p.oid < 16384 FROM found AS f "
    "JOIN pg_catalog.pg_class AS c ON c.oid = f.reader "
    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = f.function "
    "LEFT JOIN pg_catalog.pg_namespace AS fs ON fs.oid = p.pronamespace "
    "ORDER BY f.n, f.reader, f.function LIMIT 1000";

/* Is any of them more than a table by itself? The long question takes the server milliseconds. */
static const char plain_sql[] =
    "SELECT 1 FROM pg_catalog.unnest($1::pg_catalog.text[]) AS u(name) "
    "JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(u.name) "
    "WHERE c.oid >= 16384 AND (c.relkind NOT IN ('r', 'm', 'S', 't') OR c.relrowsecurity "
    "OR c.relhassubclass) LIMIT 1";

enum {
	COL_N,
	COL_SCHEMA,
	COL_READER,
	COL_FUNCTION_SCHEMA,
	COL_FUNCTION,
	COL_IS_BUILT_IN,
};

struct reading {
	struct arena *a;
	struct script *s;
	const char *names[NAMES_MAX];
	struct statement *by[NAMES_MAX]; /* who reads it */
	size_t n;
};

static int
by_name(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static int
is_among(const char *name, const char *const *list, size_t n)
{
	return bsearch(name, list, n, sizeof(*list), by_name) != NULL;
}

/* The server looks into pg_catalog first, unless the path itself names it. */
static int
is_catalog_name(const struct object *o, const char *search_path)
{
	if (o->schema != NULL || (search_path != NULL && strstr(search_path, "pg_catalog") != NULL))
		return 0;
	return is_among(o->name, pg_catalog_names, pg_ncatalog_names);
}

static int
gather(struct reading *x, const char *search_path, struct err *e)
{
	struct statement *st;
	size_t i, k;

	for (i = 0; i < x->s->nstatements; i++) {
		st = &x->s->statements[i];
		for (k = 0; k < st->nreads; k++) {
			if (is_catalog_name(&st->reads[k], search_path))
				continue;
			if (x->n == NAMES_MAX)
				return err_set(e, ERR_USAGE,
				    "the text reads more than %d relations; it was not run",
				    NAMES_MAX);
			x->names[x->n] = pg_quote_object(x->a, &st->reads[k]);
			x->by[x->n++] = st;
		}
	}
	return 0;
}

/* The action that says it, made once for each statement. Actions are moved: room was not kept. */
static struct action *
say(struct reading *x, struct statement *st, const char *kind, const char *why)
{
	struct action *list, *act;
	size_t i;

	for (i = 0; i < st->nactions; i++)
		if (strcmp(st->actions[i].kind, kind) == 0 &&
		    strncmp(st->actions[i].why, "reads ", 6) == 0)
			return &st->actions[i];
	list = arena_array(x->a, st->nactions + 1, sizeof(*list));
	for (i = 0; i < st->nactions; i++)
		list[i] = st->actions[i];
	act = &list[st->nactions++];
	st->actions = list;
	act->danger = DANGER_OPAQUE;
	act->kind = kind;
	act->flags = ACTION_REFINABLE;
	act->why = why;
	if (st->danger < DANGER_OPAQUE)
		st->danger = DANGER_OPAQUE;
	if (x->s->danger < DANGER_OPAQUE)
		x->s->danger = DANGER_OPAQUE;
	return act;
}

static void
take(struct reading *x, const PGresult *r, int row)
{
	size_t n = (size_t)look_int(r, row, COL_N, 0), i;
	const char *reader, *function = look_text(x->a, r, row, COL_FUNCTION);
	struct action *act;

	if (n < 1 || n > x->n)
		return;
	reader = arena_printf(
	    x->a, "%s.%s", PQgetvalue(r, row, COL_SCHEMA), PQgetvalue(r, row, COL_READER));
	if (function == NULL) {
		say(x, x->by[n - 1], "read-foreign",
		    arena_printf(x->a,
			"reads %s, a foreign table: what answers for it is not in the text",
			reader));
		return;
	}
	if (PQgetvalue(r, row, COL_IS_BUILT_IN)[0] == 't') {
		if (is_among(function, pg_harmless, pg_nharmless))
			return;
	} else
		function =
		    arena_printf(x->a, "%s.%s", PQgetvalue(r, row, COL_FUNCTION_SCHEMA), function);
	act = say(x, x->by[n - 1], "call-unknown",
	    arena_printf(x->a, "reads %s, and that calls %s: what it does is not in the text",
		reader, function));
	for (i = 0; i < act->nfunctions; i++)
		if (strcmp(act->functions[i], function) == 0)
			return;
	act->functions = arena_grow(x->a, act->functions, act->nfunctions, sizeof(*act->functions));
	act->functions[act->nfunctions++] = function;
}

int
pg_ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct reading *x;
	const char *list;
	size_t i, n = 0;
	int row;

	for (i = 0; i < s->nstatements; i++)
		n += s->statements[i].nreads;
	if (n == 0 || !look_is_possible(c))
		return 0;
	x = arena_alloc(a, sizeof(*x));
	x->a = a;
	x->s = s;
	if (gather(x, search_path, e) < 0)
		return -1;
	if (x->n == 0)
		return 0;
	list = look_array(a, x->names, x->n);
	if (look(c, w, plain_sql, 1, &list, &r, e) < 0)
		return err_wrap(e, "looking up what the statement reads on %s", c->operator_node);
	if (PQntuples(r) == 0)
		return 0;
	pg_clear_result(&r);
	if (look(c, w, reads_sql, 1, &list, &r, e) < 0)
		return err_wrap(e, "looking up what the statement reads on %s", c->operator_node);
	for (row = 0; row < PQntuples(r); row++)
		take(x, r, row);
	return 0;
}
