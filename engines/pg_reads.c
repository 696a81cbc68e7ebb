/*
 * What reading a relation runs: the functions in the rules of views, in the row security of tables,
 * in the checks of domains, however deep, and foreign tables. And what a call or an operator may
 * mean beside the server's own of that name. May only raise a class. Must never ask about what
 * reads the catalogues alone: a prompt that asks about itself is slow.
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

/* A function that may change something, as its row in the catalog has it: p, of language l. */
#define MAY_ACT                                                                                    \
	"(p.provolatile = 'v' OR p.prosecdef OR NOT (l.lanpltrusted OR l.lanname IN "              \
	"('internal', 'c')) OR EXISTS (SELECT FROM pg_catalog.pg_aggregate AS g "                  \
	"JOIN pg_catalog.pg_proc AS q ON q.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, "   \
	"g.aggmtransfn, g.aggmfinalfn) "                                                           \
	"WHERE g.aggfnoid = p.oid AND (q.provolatile = 'v' OR q.prosecdef))) "
/* Somebody's own, and no extension's: those of the known ones are in the classifier's table. */
#define IS_OWN(class, oid)                                                                         \
	oid " >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = "   \
	    "'pg_catalog." class "'::pg_catalog.regclass AND d.objid = " oid                       \
				 " AND d.deptype = 'e') "

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
    "WHERE " MAY_ACT "UNION ALL SELECT t.n, t.oid, NULL FROM tree AS t "
    "JOIN pg_catalog.pg_class AS c ON c.oid = t.oid AND c.relkind = 'f') "
    "SELECT f.n, ns.nspname, c.relname, fs.nspname, p.proname, p.oid < 16384 FROM found AS f "
    "JOIN pg_catalog.pg_class AS c ON c.oid = f.reader "
    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = f.function "
    "LEFT JOIN pg_catalog.pg_namespace AS fs ON fs.oid = p.pronamespace "
    "ORDER BY f.n, f.reader, f.function LIMIT 1000";

/*
 * Is any of $1 more than a table by itself? Is there another than the server's own among the
 * functions $2, the operators $3? The long questions take the server milliseconds.
 */
static const char plain_sql[] =
    "SELECT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.text[]) AS u(name) "
    "JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(u.name) "
    "WHERE c.oid >= 16384 AND (c.relkind NOT IN ('r', 'm', 'S', 't') OR c.relrowsecurity "
    "OR c.relhassubclass)), "
    "EXISTS (SELECT FROM pg_catalog.pg_proc AS p WHERE p.oid >= 16384 "
    "AND p.proname = ANY ($2::pg_catalog.name[])) OR "
    "EXISTS (SELECT FROM pg_catalog.pg_operator AS o WHERE o.oid >= 16384 "
    "AND o.oprname = ANY ($3::pg_catalog.name[]))";

/* Which of the functions $1 and operators $2 may be somebody's own that act? */
static const char own_sql[] =
    "SELECT DISTINCT u.n, ns.nspname, 'f' FROM pg_catalog.unnest($1::pg_catalog.name[]) "
    "WITH ORDINALITY AS u(name, n) JOIN pg_catalog.pg_proc AS p ON p.proname = u.name "
    "JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang "
    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = p.pronamespace "
    "WHERE " IS_OWN(
	"pg_proc", "p.oid") "AND pg_catalog.pg_function_is_visible(p.oid) AND " MAY_ACT
			    "UNION ALL SELECT DISTINCT u.n, ns.nspname, 'o' "
			    "FROM pg_catalog.unnest($2::pg_catalog.name[]) "
			    "WITH ORDINALITY AS u(name, n) JOIN pg_catalog.pg_operator AS o ON "
			    "o.oprname = u.name "
			    "JOIN pg_catalog.pg_proc AS p ON p.oid = o.oprcode "
			    "JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang "
			    "JOIN pg_catalog.pg_namespace AS ns ON ns.oid = o.oprnamespace "
			    "WHERE " IS_OWN("pg_operator",
				"o.oid") "AND pg_catalog.pg_operator_is_visible(o.oid) AND " MAY_ACT
					 "LIMIT 100";

enum {
	COL_N,
	COL_SCHEMA,
	COL_READER,
	COL_FUNCTION_SCHEMA,
	COL_FUNCTION,
	COL_IS_BUILT_IN,
};

/* Names of one type, and the statements they stand in. */
struct names {
	const char *names[NAMES_MAX];
	struct statement *by[NAMES_MAX];
	size_t n;
};

struct reading {
	struct arena *a;
	struct script *s;
	struct names relations, functions, operators;
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
gather_one(struct reading *x, struct statement *st, const struct object *o, struct err *e)
{
	int is_function = strcmp(o->type, "function") == 0,
	    is_operator = strcmp(o->type, "operator") == 0;
	struct names *list = is_function   ? &x->functions
			     : is_operator ? &x->operators
					   : &x->relations;

	if (list->n == NAMES_MAX)
		return err_set(e, ERR_USAGE,
		    "the text reads more than %d relations; it was not run", NAMES_MAX);
	list->names[list->n] = is_function || is_operator ? o->name : pg_quote_object(x->a, o);
	list->by[list->n++] = st;
	return 0;
}

static int
gather(struct reading *x, const char *search_path, struct err *e)
{
	struct statement *st;
	size_t i, k;

	for (i = 0; i < x->s->nstatements; i++) {
		st = &x->s->statements[i];
		for (k = 0; k < st->nreads; k++)
			if ((strcmp(st->reads[k].type, "relation") != 0 ||
				!is_catalog_name(&st->reads[k], search_path)) &&
			    gather_one(x, st, &st->reads[k], e) < 0)
				return -1;
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

	if (n < 1 || n > x->relations.n)
		return;
	reader = arena_printf(
	    x->a, "%s.%s", PQgetvalue(r, row, COL_SCHEMA), PQgetvalue(r, row, COL_READER));
	if (function == NULL) {
		say(x, x->relations.by[n - 1], "read-foreign",
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
	act = say(x, x->relations.by[n - 1], "call-unknown",
	    arena_printf(x->a, "reads %s, and that calls %s: what it does is not in the text",
		reader, function));
	for (i = 0; i < act->nfunctions; i++)
		if (strcmp(act->functions[i], function) == 0)
			return;
	act->functions = arena_grow(x->a, act->functions, act->nfunctions, sizeof(*act->functions));
	act->functions[act->nfunctions++] = function;
}

/* A function or operator of somebody's own that goes by the name of a harmless one. */
static void
take_own(struct reading *x, const PGresult *r, int row)
{
	size_t n = (size_t)look_int(r, row, 0, 0);
	int is_operator = PQgetvalue(r, row, 2)[0] == 'o';
	const struct names *list = is_operator ? &x->operators : &x->functions;
	const char *full;
	struct action *act;

	if (n < 1 || n > list->n)
		return;
	full = arena_printf(x->a, "%s%s.%s", is_operator ? "operator " : "", PQgetvalue(r, row, 1),
	    list->names[n - 1]);
	act = say(x, list->by[n - 1], "call-unknown",
	    arena_printf(x->a,
		"calls %s%s, which may be %s here: what that does is not in the text",
		is_operator ? "operator " : "", list->names[n - 1], full));
	act->functions = arena_grow(x->a, act->functions, act->nfunctions, sizeof(*act->functions));
	act->functions[act->nfunctions++] = full;
}

static int
ask_own(struct cluster *c, struct waiter *w, struct reading *x, const char *const *params,
    struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	int row;

	if (look(c, w, own_sql, 2, params, &r, e) < 0)
		return -1;
	for (row = 0; row < PQntuples(r); row++)
		take_own(x, r, row);
	return 0;
}

/* The short question; *is_more: reading a relation may run something, ask the long one. */
static int
ask_plain(struct cluster *c, struct waiter *w, struct reading *x, const char *relations,
    int *is_more, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	const char *params[3] = {relations, look_array(x->a, x->functions.names, x->functions.n),
	    look_array(x->a, x->operators.names, x->operators.n)};

	*is_more = 0;
	if (look(c, w, plain_sql, 3, params, &r, e) < 0 || PQntuples(r) != 1)
		return err_wrap(e, "looking up what the statement reads on %s", c->operator_node);
	*is_more = PQgetvalue(r, 0, 0)[0] == 't';
	if (PQgetvalue(r, 0, 1)[0] == 't' && ask_own(c, w, x, params + 1, e) < 0)
		return err_wrap(e, "looking up what the statement calls on %s", c->operator_node);
	return 0;
}

int
pg_ask_reads(struct cluster *c, struct waiter *w, struct arena *a, const char *search_path,
    struct script *s, struct err *e)
{
	CLEAN_RESULT PGresult *r = NULL;
	struct reading *x;
	const char *list;
	size_t i, n = 0;
	int row, is_more;

	for (i = 0; i < s->nstatements; i++)
		n += s->statements[i].nreads;
	if (n == 0 || !look_is_possible(c))
		return 0;
	x = arena_alloc(a, sizeof(*x));
	x->a = a;
	x->s = s;
	if (gather(x, search_path, e) < 0)
		return -1;
	if (x->relations.n + x->functions.n + x->operators.n == 0)
		return 0;
	list = look_array(a, x->relations.names, x->relations.n);
	if (ask_plain(c, w, x, list, &is_more, e) < 0)
		return -1;
	if (!is_more)
		return 0;
	if (look(c, w, reads_sql, 1, &list, &r, e) < 0)
		return err_wrap(e, "looking up what the statement reads on %s", c->operator_node);
	for (row = 0; row < PQntuples(r); row++)
		take(x, r, row);
	return 0;
}
